"""Faults of Stripe: its own error responses (Stripe docs: Errors, Rate limits)."""

from __future__ import annotations

from collections.abc import Callable

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults import catalogue as known


def _error(status: int, kind: str, message: str, code: str | None = None) -> Callable[[], Response]:
    return known.json(status, {"error": {"type": kind, "message": message} | ({} if code is None else {"code": code})})


FAULTS = (
    known.RATE_LIMITED.at(
        _error(429, "invalid_request_error", "Request rate limit exceeded.", "rate_limit"), "Stripe: code rate_limit."
    ),
    known.SERVER_ERROR.at(_error(500, "api_error", "An unknown error occurred")),
    known.BAD_GATEWAY.at(known.page(502, "Bad Gateway")),
    known.UNAVAILABLE.at(_error(503, "api_error", "Stripe is temporarily unavailable")),
    known.GATEWAY_TIME_OUT.at(known.page(504, "Gateway Time-out")),
    known.KEY_REVOKED.at(
        _error(401, "invalid_request_error", "Expired API key provided", "api_key_expired"), "Stripe: 401."
    ),
)
_READ = ("pay.get_session", "pay.get_intent")
METHODS = {
    "pay.create": ("pay.create_session",),
    "pay.check": ("pay.get_session",),
    "pay.get": _READ,
    "pay.complete": _READ,
    "pay.mop_up": _READ,
    "pay.cancel": ("pay.expire_session", "pay.cancel_intent"),
    "pay.capture": ("pay.capture_intent",),
    "pay.search": ("pay.list_sessions",),
    "pay.refund": ("pay.create_refund",),
    "pay.search_refunds": ("pay.list_refunds",),
    "pay.search_disputes": ("pay.list_disputes",),
}
"""The methods of a service, each with the operations by one of which it is done."""
