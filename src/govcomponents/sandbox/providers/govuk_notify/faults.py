"""Faults of GOV.UK Notify: its own error responses.

GOV.UK Notify docs: Errors; alphagov/notifications-api: `app/v2/errors.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults import catalogue as known


def _error(status: int, error: str, message: str) -> Callable[[], Response]:
    return known.json(status, {"status_code": status, "errors": [{"error": error, "message": message}]})


FAULTS = (
    known.RATE_LIMITED.at(
        _error(429, "RateLimitError", "Exceeded rate limit for key type TEST of 3000 requests per 60 seconds"),
        "GOV.UK Notify: RateLimitError, no Retry-After, 3,000 messages a minute for each kind of key.",
    ),
    known.FaultKind(
        "daily_limit_reached",
        known.Effect.INSTEAD,
        "429 TooManyRequestsError: the service's messages of the day are used up; the count starts again at midnight "
        "UTC.",
        "DailyLimitReached, at once",
        ("notify.send_email", "notify.send_sms", "notify.send_letter"),
    ).at(_error(429, "TooManyRequestsError", "Exceeded send limits (email: 250000) for today")),
    known.SERVER_ERROR.at(
        _error(500, "Exception", "Internal server error"), "GOV.UK Notify: the name of an exception."
    ),
    known.BAD_GATEWAY.at(known.page(502, "Bad Gateway")),
    known.UNAVAILABLE.at(known.page(503, "Service Unavailable")),
    known.GATEWAY_TIME_OUT.at(
        _error(504, "EventletTimeout", "Timeout serving request"),
        "GOV.UK Notify: it gives up on itself after thirty seconds with EventletTimeout.",
    ),
    known.OUTAGE_NOT_FOUND.at(known.page(404, "Not Found")),
    known.OUTAGE_BAD_REQUEST.at(known.page(400, "Bad Request")),
    known.KEY_REVOKED.at(_error(403, "AuthError", "Invalid token: API key not found"), "GOV.UK Notify: 403 AuthError."),
)
METHODS = {
    "notify.check": ("notify.get",),
    "notify.follow_up": ("notify.get",),
    "notify.get_template": ("notify.get_template", "notify.template_version"),
    "notify.send_many": ("notify.send_email", "notify.send_sms", "notify.send_letter"),
    "notify.send_precompiled_letter": ("notify.send_letter",),
}
"""The methods of a service that other operations do than the one of their name."""
