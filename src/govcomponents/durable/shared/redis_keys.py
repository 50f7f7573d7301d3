"""Keys that processes share in Redis: notices that are done, sign-ins under way, sessions that ended too soon."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from govcomponents.durable.shared.redis_clients import as_bytes, blocking
from govcomponents.errors import Unavailable
from govcomponents.frames import shield
from govcomponents.identity.jose.shared_documents import SharedDocument
from govcomponents.identity.replay_stores import key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

# The latest end counts, and is kept for the longer time; numbers go as text, of which Redis cuts nothing off.
_END: Final = """
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > before then redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""


@shield
class RedisReplayStore:
    """A `ReplayStore` in Redis. `client` is a blocking client of the package redis; needs the extra `redis`.

    A Redis that may drop keys before their time (`maxmemory-policy` other than `noeviction`) is not good for this.
    Times are in seconds since the epoch.
    """

    def __init__(self, client: Any, *, prefix: str = "govcomponents") -> None:  # redis types its answers loosely
        self._client = blocking(client, prefix=prefix, operation="RedisReplayStore")
        self._prefix = f"{prefix}:replay:"

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now. Raises Unavailable."""
        with _redis_faults():
            found = self._client.get(self._prefix + key_hash(key).hex())
        return found is not None and float(found) > now

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time; False if it is kept already. Raises Unavailable."""
        kept = max(1, int((until - now) * 1000))
        with _redis_faults():
            return bool(self._client.set(self._prefix + key_hash(key).hex(), repr(until), nx=True, px=kept))


@shield
class RedisEndedSessions:
    """A store of `EndedSessions` in Redis. `client` is a blocking client of the package redis.

    Times are in seconds since the epoch.
    """

    def __init__(self, client: Any, *, prefix: str = "govcomponents") -> None:  # redis types its answers loosely
        self._client = blocking(client, prefix=prefix, operation="RedisEndedSessions")
        self._end = self._client.register_script(_END)
        self._prefix = f"{prefix}:ended:"

    def end(self, key: str, at: float, until: float) -> None:
        """Keep that what the key names ended at a time. Raises Unavailable."""
        with _redis_faults():
            self._end(keys=[self._prefix + key_hash(key).hex()], args=[repr(at), max(1, int((until - at) * 1000))])

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None. Raises Unavailable."""
        if not keys:
            return None
        with _redis_faults():
            found = self._client.mget([self._prefix + key_hash(key).hex() for key in keys])
        return max((float(at) for at in found if at is not None), default=None)


@shield
class RedisPendingStore:
    """A store of sign-ins that are under way, in Redis. See `govcomponents.web.PendingStore`.

    `client` is a blocking client of the package redis. Only hashes of keys are kept. Times are in seconds since the
    epoch.
    """

    def __init__(self, client: Any, *, prefix: str = "govcomponents") -> None:  # redis types its answers loosely
        self._client = blocking(client, prefix=prefix, operation="RedisPendingStore")
        self._prefix = f"{prefix}:signing-in:"

    def keep(self, browser: str, key: str, sealed: str, until: float, now: float, limit: int) -> None:
        """Keep a sign-in until a time, and let go of this browser's older ones beyond a limit. Raises Unavailable."""
        name, whose = self._name(key), f"{self._prefix}browser:{key_hash(browser).hex()}"
        life = max(1, int((until - now) * 1000))
        with _redis_faults(), self._client.pipeline() as both:
            both.set(name, f"{until!r}\n{sealed}", px=life)
            both.zadd(whose, {name: now})
            both.pexpire(whose, life)
            both.zrange(whose, 0, -1)
            # By their times, and not by who came last: of several that begin at once one may be held up.
            held = both.execute()[-1]
            if older := held[: max(0, len(held) - limit)]:
                self._client.delete(*older)
                self._client.zrem(whose, *older)

    def find(self, key: str, now: float) -> str | None:
        """Return what is kept under a key now, or None. Raises Unavailable."""
        with _redis_faults():
            found = as_bytes(self._client.get(self._name(key))).decode()
        until, _, sealed = found.partition("\n")
        return sealed if float(until or 0) > now else None

    def end(self, key: str) -> None:
        """Take out what is kept under a key, if it is there. Raises Unavailable."""
        with _redis_faults():
            self._client.delete(self._name(key))

    def _name(self, key: str) -> str:
        return self._prefix + key_hash(key).hex()


@shield
class RedisDocumentStore:
    """A store of what providers publish, in Redis. `client` is a blocking client of the package redis.

    Times are in seconds since the epoch. What Redis forgets is fetched again. Documents are in base64, as a client that
    decodes what it reads cannot read any bytes.
    """

    def __init__(self, client: Any, *, prefix: str = "govcomponents") -> None:  # redis types its answers loosely
        self._client = blocking(client, prefix=prefix, operation="RedisDocumentStore")
        self._prefix = f"{prefix}:document:"

    def get(self, key: str, now: float) -> SharedDocument | None:
        """Return the newest document that is kept under a key now. Raises Unavailable."""
        with _redis_faults():
            found = as_bytes(self._client.get(self._prefix + key_hash(key).hex()))
        if not found:
            return None
        times, _, body = found.partition(b"\n")
        fetched_at, fresh_until, until = map(float, times.split())
        return SharedDocument(b64decode(body), fetched_at, fresh_until) if until > now else None

    def put(self, key: str, document: SharedDocument, until: float) -> None:
        """Keep a document until a time. Raises Unavailable."""
        name = self._prefix + key_hash(key).hex()
        times = f"{document.fetched_at!r} {document.fresh_until!r} {until!r}\n".encode()
        with _redis_faults():
            self._client.set(
                name, times + b64encode(document.body), px=max(1, int((until - document.fetched_at) * 1000))
            )
            self._client.delete(f"{name}:turn")

    def begin(self, key: str, until: float, now: float) -> bool:
        """Take the turn to fetch until a time; False if another process has it. Raises Unavailable."""
        name = f"{self._prefix}{key_hash(key).hex()}:turn"
        with _redis_faults():
            return bool(self._client.set(name, b"1", nx=True, px=max(1, int((until - now) * 1000))))


@contextmanager
def _redis_faults() -> Iterator[None]:
    import redis

    try:
        yield
    except redis.RedisError as error:
        raise Unavailable(
            f"the Redis of the shared keys cannot be used ({type(error).__name__})",
            fix="see that it is there, and that the URL is right",
        ) from None
