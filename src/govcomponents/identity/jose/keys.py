"""Keeps a provider's documents and keys: fetched when needed, refreshed in time, used stale through an outage."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.canonical_json import NotCanonical, parse_object
from govcomponents.core.http.messages import Response
from govcomponents.core.refreshed_value import RefreshedValue, Unusable
from govcomponents.errors import SignInReason
from govcomponents.identity.jose.jwk import MAX_KEYS, Unfit, key_id, public_key
from govcomponents.identity.jose.shared_documents import SharedDocument
from govcomponents.identity.jose.tokens import KEY_FOR, PublicKey, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from govcomponents.core.times import Clock
    from govcomponents.identity.jose.shared_documents import Shared

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
EARLY_WINDOW: Final = 5
MAX_UNKNOWN: Final = 64


class DocumentCache(RefreshedValue[T]):
    """A cache of one JSON document at one configured address.

    `fetch` gets the document, `read` turns it into what is kept and raises Unusable; `name` is for logs. A document
    stays fresh as its Cache-Control says, within 5 minutes and a day.
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
        shared: Shared | None = None,
    ) -> None:
        async def fetch_and_read() -> tuple[T, float]:
            if shared is not None:
                return await self._shared(shared)
            response = await fetch()
            return self._read_document(response), _freshness(response, default_fresh)

        self._read = read
        self._fetch_document = fetch
        self._default_fresh = default_fresh
        self._version = -float("inf")
        self._is_borrowed = False
        self._is_forced = False
        super().__init__(fetch_and_read, clock, name=name, stale_limit=stale_limit)

    async def renewed(self) -> T:
        """Fetch the document now, whatever is kept here or shared. Raises NothingToUse unless that succeeds."""
        self._is_forced = True
        return await super().renewed()

    async def _shared(self, shared: Shared) -> tuple[T, float]:
        """Take what another process has fetched, or fetch it for all; a stale copy serves while that fails."""
        is_forced, self._is_forced = self._is_forced, False
        now = self._clock()
        held = await shared.get(now)
        if held is not None and (held.fetched_at <= self._version or held.fetched_at > now + MIN_FRESH):
            held = None  # nothing new, or put down by a clock that is wrong
        # One that is not due here is asked for because of a key that is not in it: any newer one may have that.
        is_due = self._kept is None or now >= self._fresh_until
        if held is not None and not is_forced and (held.fresh_until > now or not is_due):
            usable: SharedDocument | None = held
        else:
            usable = None if is_forced else await shared.others(self._version, self._clock)
        if usable is not None and (found := self._borrowed(usable)) is not None:
            return found, max(min(usable.fresh_until - now, MAX_FRESH), UNKNOWN_KEY_WINDOW)
        try:
            response = await self._fetch_document()
            value = self._read_document(response)
        except Exception:
            if held is None or is_forced or (found := self._borrowed(held)) is None:
                raise
            return found, UNKNOWN_KEY_WINDOW
        now, fresh_for = self._clock(), _freshness(response, self._default_fresh)
        self._version, self._is_borrowed = now, False
        await shared.put(SharedDocument(response.body, now, now + fresh_for), now + fresh_for + self._stale_limit)
        return value, fresh_for

    def _borrowed(self, held: SharedDocument) -> T | None:
        """Read another process's copy, by the same rules as one from the provider; None if it cannot be used."""
        try:
            value = self._read_document(Response(200, {}, held.body))
        except Unusable as error:
            log.warning("a shared copy of the %s cannot be used: %s", self._name, error)
            return None
        self._version, self._is_borrowed = held.fetched_at, True
        return value

    def _read_document(self, response: Response) -> T:
        if response.status != 200:
            raise Unusable(f"it was answered with status {response.status}")
        if len(response.body) > MAX_DOCUMENT:
            raise Unusable("it is too large")
        try:
            document = parse_object(response.body)
        except NotCanonical as error:
            raise Unusable(str(error)) from None
        return self._usable(self._read(document))

    def _usable(self, content: T) -> T:
        return content


class KeyCache(DocumentCache["KeyMap"]):
    """A cache of the keys of one document at one configured address, by their id.

    A withdrawn key is trusted no longer after the next refresh. An unknown key id causes one request in
    `UNKNOWN_KEY_WINDOW` seconds, and all of those that anybody could have made up cause one in `EARLY_WINDOW` seconds:
    so nobody can keep a new key from being found, and what is not there takes no room. `on_news` is called with
    "keys.fetched" after each refresh, and with "keys.rotated" if it brought a key that was not there, or one is gone.
    """

    def __init__(
        self,
        fetch: Fetch,
        read: Read,
        clock: Clock,
        *,
        name: str,
        on_news: Callable[[str], None] | None = None,
        shared: Shared | None = None,
    ) -> None:
        super().__init__(fetch, read, clock, name=name, shared=shared)
        self._unknown: dict[str | None, float] = {}
        self._on_news = on_news

    def _landed(self, value: KeyMap, fresh_for: float) -> None:
        before = self._kept
        super()._landed(value, fresh_for)
        self._tell("keys.fetched")
        if before is not None and before.keys() != value.keys():
            self._tell("keys.rotated")

    def _tell(self, news: str) -> None:
        if self._on_news is not None:
            self._on_news(news)

    async def find(self, kid: str | None, algorithm: str, *, from_anybody: bool = True) -> PublicKey:
        """Return the key with that id, for that algorithm. Without an id, return the only key that fits.

        `from_anybody` says that the token did not come from the provider itself. Raises TokenRefused with UNKNOWN_KEY
        if there is no such key after at most one refresh, with BAD_ALGORITHM if it is for another algorithm, and
        NothingToUse if there are no keys, or the refresh that was needed failed.
        """
        keys = await self.current()
        found = _pick(keys, kid, algorithm)
        if found is None:
            await self._refresh_if(lambda now: self._may_look_for(kid, now, from_anybody=from_anybody), wait=True)
            keys = await self.current()
            found = _pick(keys, kid, algorithm)
            if found is None and self._is_borrowed and self._clock() - self._version >= EARLY_WINDOW:
                # What others fetched has not got it either, and is not new: a key may have come since.
                self._is_forced = True
                await self._refresh_if(lambda _now: self._is_borrowed, wait=True)
                keys = await self.current()
                found = _pick(keys, kid, algorithm)
        if found is not None:
            return found
        if self.failure is not None:
            raise self._nothing()
        self._remember_unknown(kid)
        raise self._refusal(keys, kid, algorithm)

    def _refusal(self, keys: KeyMap, kid: str | None, algorithm: str) -> TokenRefused:
        if kid is None:
            several = any(_fitting(same_id, algorithm) for same_id in keys.values())
            which = "more than one key" if several else "no key"
            return TokenRefused(
                SignInReason.UNKNOWN_KEY, f"the token names no key, and {which} of the {self._name} could be meant"
            )
        if kid in keys:
            return TokenRefused(SignInReason.BAD_ALGORITHM, f"the key of the {self._name} is for another algorithm")
        return TokenRefused(SignInReason.UNKNOWN_KEY, f"no usable key of the {self._name} has the key id of the token")

    def _may_look_for(self, kid: str | None, now: float, *, from_anybody: bool) -> bool:
        if (from_anybody or self.failure is not None) and now - self._last_attempt < EARLY_WINDOW:
            return False
        return now - self._unknown.get(kid, -float("inf")) >= UNKNOWN_KEY_WINDOW

    def _remember_unknown(self, kid: str | None) -> None:
        """Note that the newest keys have no such id, so that it is not looked for again for a while."""
        with self._lock:
            if self._fetched_at is not None and self._unknown.get(kid, -float("inf")) < self._fetched_at:
                self._unknown.pop(kid, None)
                self._unknown[kid] = self._fetched_at
                if len(self._unknown) > MAX_UNKNOWN:
                    del self._unknown[next(iter(self._unknown))]

    def _usable(self, content: KeyMap) -> KeyMap:
        if not content:
            raise Unusable("it holds no key that can be used")
        return content


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
    """Choose by id and algorithm; of several, the one that says that it is for that algorithm. None if none is left."""
    fitting = {one: fit for one in _ids(keys, kid) if (fit := _fitting(keys[one], algorithm))}
    if len(fitting) != 1:
        return None
    (of_one_id,) = fitting.values()
    return next((key for key in of_one_id if key.algorithm == algorithm), of_one_id[0])


def _ids(keys: KeyMap, kid: str | None) -> Sequence[str]:
    """The ids that can be meant: without an id, every one."""
    return tuple(keys) if kid is None else (kid,) if kid in keys else ()


def _fitting(keys: Sequence[PublicKey], algorithm: str) -> list[PublicKey]:
    return [key for key in keys if key.kind == KEY_FOR[algorithm] and key.algorithm in (None, algorithm)]


def read_jwks(document: Mapping[str, object]) -> KeyMap:
    """Read a JSON Web Key Set. Raises Unusable.

    Keys that are not fit are left out one by one. Several may have one id, if they are for different algorithms.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise Unusable("it has no list of keys")
    if len(listed) > MAX_KEYS:
        raise Unusable("it holds too many keys")
    return _by_id(listed, lambda number, jwk: (_id_of(jwk) or f"\0{number}", public_key(jwk)), "key set")


def _id_of(jwk: object) -> str | None:
    return key_id(jwk) if isinstance(jwk, dict) else None


def _by_id(members: list[object], read: Callable[[int, object], tuple[str, PublicKey]], where: str) -> KeyMap:
    """Read each member of a list, and leave out those that cannot be used: an odd one must not hide the good ones."""
    found: dict[str, tuple[PublicKey, ...]] = {}
    for number, member in enumerate(members):
        try:
            kid, key = read(number, member)
        except Unfit as error:
            log.info("key %d of a %s is left out: %s", number, where, error)
        except Exception as error:  # noqa: BLE001  # whatever a library makes of it, the others are still good
            log.warning("key %d of a %s is left out: reading it ended with %s", number, where, type(error).__name__)
        else:
            found[kid] = (*found.get(kid, ()), key)
    return {kid: fit for kid, keys in found.items() if (fit := _unambiguous(keys, where))}


def _unambiguous(keys: tuple[PublicKey, ...], where: str) -> tuple[PublicKey, ...]:
    """Leave out different keys of one id for one algorithm, because it cannot be known which is meant."""
    fit = tuple(
        key
        for key in keys
        if all(key.key == other.key or (key.kind, key.algorithm) != (other.kind, other.algorithm) for other in keys)
    )
    if len(fit) != len(keys):
        log.warning("a %s holds two keys for one algorithm under one key id; neither is used", where)
    return fit


def read_did(did: str) -> Read:
    """Make a reader of the DID document of one configured DID: the keys that it lists as `assertionMethod`.

    The document is where the configuration says, and about that DID, or it is unfit. Its keys are found by their
    whole id, `did#fragment` (W3C DID Core 5.3.2).
    """

    def read(document: Mapping[str, object]) -> KeyMap:
        if document.get("id") != did:
            raise Unusable("it is about another DID")
        methods = document.get("assertionMethod")
        if not isinstance(methods, list) or len(methods) > MAX_KEYS:
            raise Unusable("it has no list of assertion methods, or too long a one")
        return _by_id(methods, lambda _number, method: _assertion_key(method, did), "DID document")

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
