"""Faults of GC Notify: its own error responses.

Sources: GC Notify docs, "Limits"; cds-snc/notification-api, `app/v2/errors.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.faults import catalogue as known


def _error(status: int, error: str, message: str) -> Callable[[], Response]:
    return known.json(status, {"status_code": status, "errors": [{"error": error, "message": message}]})


_SENDS = ("notify.send_email", "notify.send_sms", "notify.send_job")
FAULTS = (
    known.RATE_LIMITED.at(
        _error(429, "RateLimitError", "Exceeded rate limit for key type LIVE of 1000 requests per 60 seconds"),
        "GC Notify: RateLimitError, 1,000 requests a minute for each kind of key.",
    ),
    known.FaultKind(
        "day_used_up",
        known.Effect.INSTEAD,
        "429 with an error of its own: the service's messages of the day are used up until midnight UTC.",
        "DailyLimitReached, at once",
        _SENDS,
    ).at(_error(429, "LiveServiceTooManyEmailRequestsError", "Exceeded email daily sending limit of 10000 messages")),
    known.FaultKind(
        "year_used_up",
        known.Effect.INSTEAD,
        "429 with an error of its own: the service's messages of the fiscal year are used up until 1 April.",
        "RateLimited, at once, with the time until 1 April",
        _SENDS,
    ).at(
        _error(
            429,
            "LiveServiceRequestExceedsEmailAnnualLimitError",
            "Exceeded annual email sending limit of 20000000 messages",
        )
    ),
    known.SERVER_ERROR.at(_error(500, "Exception", "Internal server error"), "GC Notify: the name of an exception."),
    known.BAD_GATEWAY.at(known.page(502, "Bad Gateway")),
    known.UNAVAILABLE.at(known.page(503, "Service Unavailable")),
    known.KEY_REVOKED.at(_error(403, "AuthError", "Invalid token: API key revoked"), "GC Notify: 403 AuthError."),
)
METHODS = {
    "notify.check": ("notify.get",),
    "notify.follow_up": ("notify.get",),
    "notify.get_template": ("notify.get_template", "notify.template_version"),
    "notify.send_many": ("notify.send_email", "notify.send_sms"),
}
"""The methods of a service that other operations do than the one of their name."""
