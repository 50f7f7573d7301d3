"""Faults of GOV.UK Pay: its own error responses (GOV.UK Pay docs: API error codes, API rate limits)."""

from __future__ import annotations

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults import catalogue as known

FAULTS = (
    known.RATE_LIMITED.at(
        # with the bogus Content-Encoding of alphagov/pay-publicapi's rate limiter
        known.json(429, {"code": "P0900", "description": "Too many requests"}, {"content-encoding": "utf-8"}),
        "GOV.UK Pay: code P0900, no Retry-After, in windows of one second.",
    ),
    known.SERVER_ERROR.at(
        known.json(500, {"code": "P0198", "description": "Downstream system error"}),
        "GOV.UK Pay: a code ending in 98, with its envelope.",
    ),
    known.BAD_GATEWAY.at(known.page(502, "Bad Gateway")),
    known.UNAVAILABLE.at(
        known.json(503, {"code": 503, "message": "HTTP 503 Service Unavailable"}),
        "GOV.UK Pay: it cannot reach its own authentication service and has not acted, so the SDK raises Unavailable.",
    ),
    known.GATEWAY_TIME_OUT.at(known.page(504, "Gateway Time-out")),
    known.OUTAGE_NOT_FOUND.at(known.page(404, "Not Found")),
    known.OUTAGE_BAD_REQUEST.at(known.page(400, "Bad Request")),
    known.KEY_REVOKED.at(
        lambda: Response(
            401,
            {"content-type": "text/plain", "www-authenticate": "Bearer"},
            b"Credentials are required to access this resource.",
        ),
        "GOV.UK Pay: 401 with a body that is not its envelope.",
    ),
)
METHODS = {
    "pay.check": ("pay.get",),
    "pay.complete": ("pay.get",),
    "pay.mop_up": ("pay.get",),
    "pay.list_events": ("pay.events",),
    "pay.charge_agreement": ("pay.create",),
    "pay.create_by_telephone": ("pay.create",),
}
"""The methods of a service that another operation does than the one of their name."""
