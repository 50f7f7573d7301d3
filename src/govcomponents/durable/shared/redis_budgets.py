"""Budgets of requests in Redis, for services that have one: the same rule as in the store, by the clock of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.inputs import text_argument
from govcomponents.durable.shared.budgets import HORIZON, SLACK, Reserved
from govcomponents.durable.shared.redis_clients import blocking
from govcomponents.errors import ConfigurationError, Unavailable
from govcomponents.frames import shield

if TYPE_CHECKING:
    from typing import Self

_KEPT_MS: Final = 3_600_000
# One script is one step for Redis: nobody comes in between. Its numbers come back as text, as it cuts fractions off.
_RESERVE: Final = f"""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local most, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = tonumber(redis.call('GET', KEYS[1]) or '0')
if held > now + {HORIZON} + interval + {SLACK} then held = now end
local start = math.max(held, now - {SLACK})
local room = math.floor((now + {HORIZON} - start) / interval) + 1
if start > now + {HORIZON} or room < 1 then
  return {{0, tostring(math.max(start - now - {HORIZON / 2}, interval))}}
end
local many = math.min(most, room)
redis.call('SET', KEYS[1], string.format('%.6f', start + many * interval), 'PX', {_KEPT_MS})
return {{many, string.format('%.6f', math.max(0, start - now))}}
"""


@shield
class RedisBudgets:
    """Budgets in Redis. `client` is a blocking client of the package redis; needs the extra `redis`.

    What Redis forgets is a wait of at most two seconds: rows, and what became of them, are never kept in it.
    """

    def __init__(self, client: Any, *, prefix: str = "govcomponents") -> None:  # redis types no scripts
        self._reserve = blocking(client, prefix=prefix, operation="RedisBudgets").register_script(_RESERVE)
        self._prefix = prefix

    @classmethod
    def from_url(cls, url: str, *, prefix: str = "govcomponents") -> Self:
        """Make them of a URL, such as "redis://cache:6379". Raises ConfigurationError, and InvalidInput for no text."""
        text_argument(url, field="url", fix="give one such as redis://cache:6379", operation="RedisBudgets.from_url")
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "budgets in Redis need the package redis, which is not installed",
                fix="pip install 'govcomponents[redis]'",
            ) from None
        try:
            return cls(redis.Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=5.0), prefix=prefix)
        except ValueError:
            raise ConfigurationError(
                "the URL of Redis cannot be used", fix="give one such as redis://cache:6379"
            ) from None

    def reserve(self, account: str, scope: str, most: int, per_minute: float) -> Reserved:
        """Book at most so many requests. Raises Unavailable if Redis is away."""
        import redis

        key = f"{self._prefix}:budget:{account}:{scope}"
        try:
            many, wait = self._reserve(keys=[key], args=[most, 60.0 / per_minute])
        except redis.RedisError as error:
            raise Unavailable(
                f"the Redis of the budgets cannot be used ({type(error).__name__})",
                fix="see that it is there; rows wait in the store meanwhile",
            ) from None
        return Reserved(int(many), float(wait))
