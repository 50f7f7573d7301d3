"""Keeps a provider's documents and keys: fetched when needed, refreshed in time, used stale through an outage.

One `DocumentCache` serves blocking threads and asyncio tasks with one implementation. Its lock is held only while state
is read or changed, never during a request. When a copy has gone stale, one caller refreshes it and the others go on
with the stale one. When there is no copy at all, one caller fetches and the others wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from govcomponents.errors import GovComponentsError, SignInReason
from govcomponents.identity.jose.canonical_json import NotStrict, parse_object
from govcomponents.identity.jose.jwk import MAX_KEYS, Unfit, key_id, public_key
from govcomponents.identity.jose.tokens import KEY_FOR, PublicKey, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from govcomponents.core.messages import Response
    from govcomponents.core.runtime import Clock

    Fetch = Callable[[], Awaitable[Response]]
    KeyMap = Mapping[str, tuple[PublicKey, ...]]
    Read = Callable[[Mapping[str, object]], KeyMap]

T = TypeVar("T")

log = logging.getLogger("govcomponents.identity")

MAX_DOCUMENT: Final = 256 * 1024
DEFAULT_FRESH: Final = 3600
MIN_FRESH: Final = 300
MAX_FRESH: Final = 86_400
STALE_LIMIT: Final = 7 * 86_400
UNKNOWN_KEY_WINDOW: Final = 60
_FIRST_BACK_OFF: Final = 5
_MAX_BACK_OFF: Final = 300
_WAIT_FOR_OTHER: Final = 60.0


class KeysUnavailable(Exception):
    """There are no keys to verify with: none could be fetched, or the kept ones are too old. Safe to log."""


class DocumentUnfit(ValueError):
    """A document is not what it should be; the message says how."""


@dataclass(slots=True)
class _Flight:
    """One refresh that is under way, and who waits for it."""

    thread: int
    loop: asyncio.AbstractEventLoop | None
    landed: threading.Event = field(default_factory=threading.Event)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class DocumentCache(Generic[T]):
    """What one document at one configured place says. Safe to share between threads and between tasks of a loop.

    `fetch` gets the document, `read` turns it into what is kept and raises DocumentUnfit; `name` is for logs.
    A document stays fresh as its Cache-Control says, within 5 minutes and a day. Each good refresh replaces all that
    was kept; a failed one changes nothing, and what was kept serves for `stale_limit` seconds more.
    """

    def __init__(
        self,
        fetch: Fetch,
        read: Callable[[Mapping[str, object]], T],
        clock: Clock,
        *,
        name: str,
        stale_limit: int = STALE_LIMIT,
        default_fresh: int = DEFAULT_FRESH,
    ) -> None:
        self._fetch = fetch
        self._read = read
        self._clock = clock
        self._name = name
        self._stale_limit = stale_limit
        self._default_fresh = default_fresh
        self._lock = threading.Lock()
        self._kept: T | None = None
        self._fetched_at: float | None = None
        self._fresh_until = 0.0
        self._last_attempt = -float("inf")
        self._failures = 0
        self._flight: _Flight | None = None
        self.failure: Exception | None = None
        """Why the last refresh failed; None if it did not."""

    async def current(self) -> T:
        """Return what the document says. Raises KeysUnavailable if there is no copy that may be used."""
        if self._kept is None or self._clock() >= self._fresh_until:
            await self._refresh_if(self._is_due, wait=self._kept is None)
        kept = self._kept
        if kept is None or self._clock() >= self._fresh_until + self._stale_limit:
            raise KeysUnavailable(f"the {self._name} cannot be fetched")
        return kept

    def _is_due(self, now: float) -> bool:
        if self._fetched_at is not None and now < self._fresh_until:
            return False
        longest = _FIRST_BACK_OFF if self._fetched_at is None else _MAX_BACK_OFF
        back_off = min(_FIRST_BACK_OFF * 2 ** min(self._failures - 1, 10), longest) if self._failures else 0
        return now >= self._last_attempt + back_off

    async def _refresh_if(self, due: Callable[[float], bool], *, wait: bool) -> None:
        """Refresh if that is due; if another caller is at it, `wait` for that one or go on."""
        mine = _Flight(threading.get_ident(), _running_loop())
        with self._lock:
            other = self._flight
            if other is None:
                now = self._clock()
                if not due(now):
                    return
                self._flight, self._last_attempt = mine, now
        if other is not None:
            if wait:
                await self._wait(other)
            return
        try:
            response = await self._fetch()
            content = self._read_document(response)
        except (GovComponentsError, DocumentUnfit) as error:
            self._failed(error)
        else:
            self._landed(content, _freshness(response, self._default_fresh))
        finally:
            self._abandon(mine)
            with self._lock:
                waiters = list(mine.waiters)
            mine.landed.set()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _abandon(self, flight: _Flight) -> None:
        """Let others fetch: this one has ended, or nobody is left who could end it, as in a forked process."""
        with self._lock:
            if self._flight is flight:
                self._flight = None

    async def _wait(self, flight: _Flight) -> None:
        """Wait until another caller's fetch has ended, whatever came of it.

        A fetch under way on this same thread is a suspended task of this thread's event loop: only a future lets it
        go on. On another thread it is a blocking caller's, and so is this one.
        """
        if flight.thread != threading.get_ident():
            if not flight.landed.wait(_WAIT_FOR_OTHER):
                self._abandon(flight)
            return
        loop = _running_loop()
        if loop is None or loop is not flight.loop:
            self._abandon(flight)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._flight is not flight:
                return
            flight.waiters.append(waiter)
        await waiter

    def _read_document(self, response: Response) -> T:
        if response.status != 200:
            raise DocumentUnfit(f"it was answered with status {response.status}")
        if len(response.body) > MAX_DOCUMENT:
            raise DocumentUnfit("it is too large")
        try:
            document = parse_object(response.body)
        except NotStrict as error:
            raise DocumentUnfit(str(error)) from None
        return self._usable(self._read(document))

    def _usable(self, content: T) -> T:
        return content

    def _landed(self, content: T, fresh_for: float) -> None:
        with self._lock:
            self.failure = None
            self._kept = content
            self._fetched_at = self._clock()
            self._fresh_until = self._fetched_at + fresh_for
            self._failures = 0

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._failures += 1
            self.failure = error
            age = None if self._fetched_at is None else int(self._clock() - self._fetched_at)
        kept = "there is no older copy" if age is None else f"a copy of {age} seconds ago is used"
        why = str(error) if isinstance(error, DocumentUnfit) else type(error).__name__
        log.warning("the %s could not be refreshed (%s); %s", self._name, why, kept)


class KeyCache(DocumentCache["KeyMap"]):
    """The keys of one document at one configured place, by their id.

    A withdrawn key is trusted no longer after the next refresh. An unknown key id causes at most one request in
    `UNKNOWN_KEY_WINDOW` seconds, however many tokens come with one, and ids that are not there take no room.
    """

    async def find(self, kid: str | None, algorithm: str) -> PublicKey:
        """Return the key with that id, fit for that algorithm.

        Without an id, returns the only key that fits. Raises TokenRefused with UNKNOWN_KEY if there is no such key
        after at most one refresh, and KeysUnavailable if there are no keys at all.
        """
        found = _pick(await self.current(), kid, algorithm)
        if found is None:
            await self._refresh_if(self._may_look_for_unknown, wait=True)
            found = _pick(await self.current(), kid, algorithm)
        if found is None:
            raise TokenRefused(SignInReason.UNKNOWN_KEY, f"no key of the {self._name} has the key id of the token")
        return found

    def _may_look_for_unknown(self, now: float) -> bool:
        return now - self._last_attempt >= UNKNOWN_KEY_WINDOW

    def _usable(self, content: KeyMap) -> KeyMap:
        if not content:
            raise DocumentUnfit("it holds no key that can be used")
        return content


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _freshness(response: Response, default: int) -> float:
    """For how many seconds Cache-Control lets the document be used, within bounds (RFC 9111 section 5.2.2)."""
    for directive in (response.header("cache-control") or "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        value = value.strip('"')
        if name == "max-age" and value.isascii() and value.isdigit():
            return float(min(max(int(value[:10]), MIN_FRESH), MAX_FRESH))
        if name in ("no-store", "no-cache"):
            return float(MIN_FRESH)
    return float(default)


def _pick(keys: KeyMap, kid: str | None, algorithm: str) -> PublicKey | None:
    kind = KEY_FOR[algorithm]
    if kid is None:
        fitting = [key for same_id in keys.values() for key in same_id if _fits(key, kind, algorithm)]
        return fitting[0] if len(fitting) == 1 else None
    candidates = keys.get(kid, ())
    if len(candidates) == 1:
        return candidates[0]
    fitting = [key for key in candidates if key.kind == kind]
    return fitting[0] if len(fitting) == 1 else None


def _fits(key: PublicKey, kind: str, algorithm: str) -> bool:
    return key.kind == kind and key.algorithm in (None, algorithm)


def read_jwks(document: Mapping[str, object]) -> KeyMap:
    """Read a JSON Web Key Set. Raises DocumentUnfit.

    Keys that are not fit are left out one by one; keys of one type under one id are all left out, because it cannot
    be known which is meant.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise DocumentUnfit("it has no list of keys")
    if len(listed) > MAX_KEYS:
        raise DocumentUnfit("it holds too many keys")
    by_id: dict[str, list[PublicKey]] = {}
    for number, jwk in enumerate(listed):
        try:
            key = public_key(jwk)
        except Unfit as error:
            log.info("key %d of a key set is left out: %s", number, error)
            continue
        by_id.setdefault(key_id(jwk) or f"\0{number}", []).append(key)
    return {kid: fit for kid, keys in by_id.items() if (fit := _unambiguous(keys))}


def _unambiguous(keys: list[PublicKey]) -> tuple[PublicKey, ...]:
    kinds = [key.kind for key in keys]
    fit = tuple(key for key in keys if kinds.count(key.kind) == 1)
    if len(fit) != len(keys):
        log.warning("a key set holds two keys of one type under one key id; neither is used")
    return fit


def read_did(did: str) -> Read:
    """Make a reader of the DID document of one configured DID: the keys that it lists as `assertionMethod`.

    The document is where the configuration says, and about that DID, or it is unfit. Its keys are found by their
    whole id, `did#fragment` (W3C DID Core 5.3.2).
    """

    def read(document: Mapping[str, object]) -> KeyMap:
        if document.get("id") != did:
            raise DocumentUnfit("it is about another DID")
        methods = document.get("assertionMethod")
        if not isinstance(methods, list) or len(methods) > MAX_KEYS:
            raise DocumentUnfit("it has no list of assertion methods, or too long a one")
        by_id: dict[str, list[PublicKey]] = {}
        for number, method in enumerate(methods):
            try:
                kid, key = _assertion_key(method, did)
            except Unfit as error:
                log.info("assertion method %d of a DID document is left out: %s", number, error)
                continue
            by_id.setdefault(kid, []).append(key)
        return {kid: fit for kid, keys in by_id.items() if (fit := _unambiguous(keys))}

    return read


def _assertion_key(method: object, did: str) -> tuple[str, PublicKey]:
    if not isinstance(method, dict) or method.get("type") != "JsonWebKey":
        raise Unfit("it is not a JsonWebKey")
    if method.get("controller") != did:
        raise Unfit("another DID controls it")
    kid = method.get("id")
    if not isinstance(kid, str) or not is_key_of(did, kid):
        raise Unfit("its id is not one of this DID")
    return kid, public_key(method.get("publicKeyJwk"))


def is_key_of(did: str, kid: str | None) -> bool:
    """Whether a key id is this DID, one "#" and a fragment: the form is exact, and nothing is decoded."""
    if kid is None:
        return False
    controller, mark, fragment = kid.partition("#")
    return controller == did and mark == "#" and fragment != "" and "#" not in fragment
