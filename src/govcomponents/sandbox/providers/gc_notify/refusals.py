"""Refusals in the forms that GC Notify gives, and the checks of who calls and of the limits.

Sources: cds-snc/notification-api, `app/authentication/auth.py`, `app/dao/api_key_dao.py`,
`app/notifications/validators.py`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.http.messages import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.providers.gc_notify.world import ApiKey, Service

_WHOLE_KEY: Final = re.compile(r"gcntfy-.*-([0-9a-fA-F-]{36})-([0-9a-fA-F-]{36})")
_FIRST_MONTH: Final = 4


class Refusal(Exception):
    """Ends a handler with an error answer."""

    def __init__(self, status: int, *errors: tuple[str, str]) -> None:
        super().__init__()
        self.status = status
        self.errors = errors

    def response(self) -> Response:
        """Make the answer."""
        errors = [{"error": kind, "message": message} for kind, message in self.errors]
        return json_response(self.status, {"errors": errors, "status_code": self.status})


def bad_request(message: str, status: int = 400) -> Refusal:
    """A refusal by a rule of the service."""
    return Refusal(status, ("BadRequestError", message))


def invalid(*messages: str) -> Refusal:
    """A refusal by the form of the request."""
    return Refusal(400, *(("ValidationError", message) for message in messages))


def authenticate(header: str, services: Mapping[str, Service], revoked: Mapping[str, bool]) -> tuple[Service, ApiKey]:
    """Return the service and the key of a call. Raises Refusal."""
    if not header:
        raise Refusal(401, ("AuthError", "Unauthorized, authentication token must be provided"))
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "apikey-v1":
        told = "Unauthorized, Authorization header is invalid. GC Notify supports the following authentication methods."
        raise Refusal(401, ("AuthError", told))
    found = _WHOLE_KEY.fullmatch(text.strip())
    if found is None:
        raise Refusal(403, ("AuthError", "Invalid token: Enter your full API key"))
    service = services.get(found[1])
    keys = [(one, key) for one in services.values() for key in one.api_keys if key.secret == found[2]]
    if not keys:
        raise Refusal(403, ("AuthError", "Invalid token: API key not found"))
    owner, key = keys[0]
    if service is not owner:
        raise Refusal(403, ("AuthError", "Invalid token: Enter your full API key"))
    if not owner.active:
        raise Refusal(403, ("AuthError", "Invalid token: service is archived"))
    if revoked.get(key.secret, key.revoked):
        raise Refusal(403, ("AuthError", "Invalid token: API key revoked"))
    return owner, key


class Limits:
    """Counts of all services. Its owner holds a lock round it."""

    def __init__(self) -> None:
        self._sends: dict[tuple[str, str], list[float]] = {}
        self._sent: dict[tuple[str, str, str], int] = {}

    def spend(self, service: Service, key: ApiKey, now: float) -> None:
        """Count one request in the window of a minute. Raises Refusal (429)."""
        recent = [at for at in self._sends.get((service.id, key.kind), []) if now - 60 < at <= now]
        if len(recent) >= service.rate_limit_per_minute:
            message = (
                f"Exceeded rate limit for key type {key.kind.upper()} of {service.rate_limit_per_minute} requests "
                "per 60 seconds"
            )
            raise Refusal(429, ("RateLimitError", message))
        self._sends[service.id, key.kind] = [*recent, now]

    def left(self, service: Service, key: ApiKey, channel: str, now: float) -> tuple[float, float]:
        """Messages that are left of the day and of the fiscal year. Test keys are not counted."""
        if key.kind == "test":
            return math.inf, math.inf
        day, year = _periods(now)
        daily, annual = service.daily_limits.get(channel), service.annual_limits.get(channel)
        return (
            math.inf if daily is None else daily - self._sent.get((service.id, channel, day), 0),
            math.inf if annual is None else annual - self._sent.get((service.id, channel, year), 0),
        )

    def check(self, service: Service, key: ApiKey, channel: str, now: float) -> None:
        """Raise Refusal (429) if nothing is left of the year or of the day."""
        of_day, of_year = self.left(service, key, channel, now)
        mode = "Trial" if service.restricted else "Live"
        name = "Email" if channel == "email" else "SMS"
        shown = "email" if channel == "email" else "SMS"
        if of_year < 1:
            limit = service.annual_limits[channel]
            message = f"Exceeded annual {shown} sending limit of {limit} messages"
            raise Refusal(429, (f"{mode}ServiceRequestExceeds{name}AnnualLimitError", message))
        if of_day < 1:
            limit = service.daily_limits[channel]
            unit = "messages" if channel == "email" else "fragments"
            message = f"Exceeded {shown} daily sending limit of {limit} {unit}"
            raise Refusal(429, (f"{mode}ServiceTooMany{name}RequestsError", message))

    def count(self, service: Service, key: ApiKey, channel: str, now: float, number: int = 1) -> None:
        """Count messages that were accepted."""
        if key.kind == "test":
            return
        for period in _periods(now):
            told = (service.id, channel, period)
            self._sent[told] = self._sent.get(told, 0) + number


def _periods(now: float) -> tuple[str, str]:
    """Name the day and the fiscal year, which begins on 1 April."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y-%m-%d}", f"year {moment.year - (moment.month < _FIRST_MONTH)}"
