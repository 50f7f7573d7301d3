"""The provider's two limits: requests in a minute for each kind of key, and messages in a day for each channel.

Source: GOV.UK Notify docs, "Limits"; alphagov/notifications-api, `app/notifications/validators.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from govcomponents.sandbox.providers.govuk_notify.responses import Refusal

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.govuk_notify.world import ApiKey, Service

_SECONDS_A_DAY = 86_400
_MAX_BUCKET = 1000


class Limits:
    """Counts for all services. Its owner holds a lock round it."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._sent: dict[tuple[str, str, int], int] = {}

    def spend(self, service: Service, key: ApiKey, now: float) -> None:
        """Take a token for one request. Raises Refusal (429) if that leaves less than one."""
        rate = service.rate_limit_per_minute
        capacity = min(math.ceil(rate / 3) + 1, _MAX_BUCKET)
        tokens, since = self._buckets.get((service.id, key.kind), (float(capacity), now))
        left = min(capacity, tokens + max(0.0, now - since) * rate / 60) - 1
        self._buckets[service.id, key.kind] = (max(left, 0.0), now)
        if left < 1:
            name = key.kind.upper()
            message = f"Exceeded rate limit for key type {name} of {rate} requests per 60 seconds"
            raise Refusal(429, [("RateLimitError", message)])

    def check_day(self, service: Service, key: ApiKey, what: str, now: float) -> None:
        """Raise Refusal (429) if the day's messages of that kind are used up. Test keys are not counted."""
        limit = service.daily_limits.get(what)
        if key.kind == "test" or limit is None:
            return
        if self._sent.get((service.id, what, int(now // _SECONDS_A_DAY)), 0) + 1 > limit:
            raise Refusal(429, [("TooManyRequestsError", f"Exceeded send limits ({what}: {limit}) for today")])

    def count(self, service: Service, key: ApiKey, what: str, now: float) -> None:
        """Count a message that was accepted."""
        if key.kind != "test":
            day = (service.id, what, int(now // _SECONDS_A_DAY))
            self._sent[day] = self._sent.get(day, 0) + 1
