"""Keeps a provider's documents and keys: fetched when needed, refreshed in time, used stale through an outage."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.refreshed_value import RefreshedValue, Unusable
from govcomponents.errors import SignInReason
from govcomponents.identity.jose.canonical_json import NotCanonical, parse_object
from govcomponents.identity.jose.jwk import MAX_KEYS, Unfit, key_id, public_key
from govcomponents.identity.jose.tokens import KEY_FOR, PublicKey, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from govcomponents.core.http.messages import Response
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


class DocumentCache(RefreshedValue[T]):
    """The content of one JSON document at one configured address.

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
    ) -> None:
        async def fetch_and_read() -> tuple[T, float]:
            response = await fetch()
            return self._read_document(response), _freshness(response, default_fresh)

        self._read = read
        super().__init__(fetch_and_read, clock, name=name, stale_limit=stale_limit)

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
    """The keys of one document at one configured place, by their id.

    A withdrawn key is trusted no longer after the next refresh. An unknown key id causes at most one request in
    `UNKNOWN_KEY_WINDOW` seconds, however many tokens come with one, and ids that are not there take no room.
    """

    async def find(self, kid: str | None, algorithm: str) -> PublicKey:
        """Return the key with that id, fit for that algorithm.

        Without an id, returns the only key that fits. Raises TokenRefused with UNKNOWN_KEY if there is no such key
        after at most one refresh, and NothingToUse if there are no keys at all.
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
    """Read a JSON Web Key Set. Raises Unusable.

    Keys that are not fit are left out one by one; keys of one type under one id are all left out, because it cannot
    be known which is meant.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise Unusable("it has no list of keys")
    if len(listed) > MAX_KEYS:
        raise Unusable("it holds too many keys")
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
            raise Unusable("it is about another DID")
        methods = document.get("assertionMethod")
        if not isinstance(methods, list) or len(methods) > MAX_KEYS:
            raise Unusable("it has no list of assertion methods, or too long a one")
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
