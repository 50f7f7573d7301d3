"""Cookies of a sign-in: sealed under the service's own secret, each `Secure`, `HttpOnly` and of this host alone."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import TYPE_CHECKING, Final

from govcomponents.core.canonical_json import NotCanonical, decode_base64url
from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.frames import shield
from govcomponents.identity.pending import PENDING_LIFE
from govcomponents.identity.pending_cookie import PendingCookie
from govcomponents.privacy import Secret
from govcomponents.web.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govcomponents.identity.pending import PendingSignIn

MAX_PENDING: Final = 5
"""How many sign-ins one browser may have under way, in tabs of its own: each takes about 1 KiB of every request."""

SIGNED_IN_FOR: Final = 12 * 3600
"""For how many seconds a person stays signed in, where the service does not say."""

_PENDING: Final = "__Host-gov-signing-in."
_PENDING_NAME: Final = re.compile(r"__Host-gov-signing-in\.[0-9]{13}\.[0-9a-f]{24}")
_PERSON: Final = "__Host-gov-signed-in"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"
_MAX_COOKIE: Final = 4096
_LEAST_SECRET: Final = 32


@shield
class SignInCookies:
    """The cookies of one service. What they hold is encrypted and authenticated; nothing is kept on the server.

    `secrets` are the service's own, such as the framework's SECRET_KEY, each of at least 32 characters: the first seals
    and all of them open, so that one can be changed. Other keys are derived from them, one for each kind of cookie, so
    that none can stand in for another. `life` is for how many seconds a person stays signed in.
    """

    def __init__(
        self, secrets: Sequence[Secret], *, life: int = SIGNED_IN_FOR, clock: Callable[[], float] = time.time
    ) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        if not secrets or any(len(secret.reveal()) < _LEAST_SECRET for secret in secrets):
            raise ConfigurationError(
                f"the secret of the sign-in's cookies has fewer than {_LEAST_SECRET} characters, or there is none",
                fix='make one with python -c "import secrets; print(secrets.token_urlsafe(48))" and keep it secret',
            )
        self._clock = clock
        self.life = life
        self._pendings = PendingCookie([_derived(secret, b"pending sign-in") for secret in secrets], clock=clock)
        self._people = MultiFernet([Fernet(_derived(secret, b"person").reveal()) for secret in secrets])

    def add_pending(self, cookies: Mapping[str, str], pending: PendingSignIn) -> tuple[str, ...]:
        """Return the cookie that keeps a sign-in until the person comes back, and the end of those beyond MAX_PENDING.

        Raises InvalidInput if it is too large for a cookie.
        """
        name = f"{_PENDING}{int(self._clock() * 1000):013}.{_digest(pending.state.reveal())}"
        older = sorted(name for name in cookies if _PENDING_NAME.fullmatch(name))  # others are not ours to end
        ended = [_end(name) for name in older[: max(0, len(older) - MAX_PENDING + 1)]]
        return (f"{name}={self._pendings.seal(pending)}; Max-Age={PENDING_LIFE}; {_ATTRIBUTES}", *ended)

    def take_pending(self, cookies: Mapping[str, str], state: str) -> tuple[PendingSignIn | None, tuple[str, ...]]:
        """Return the sign-in of a state that this browser began, and the end of its cookie; None if there is none."""
        for name in (name for name in cookies if name.startswith(_PENDING) and name.endswith(f".{_digest(state)}")):
            try:
                pending = self._pendings.open(cookies[name])
            except InvalidInput:
                continue
            if pending.state.reveal() == state:
                return pending, (_end(name),)
        return None, ()

    def keep_person(self, person: Person) -> tuple[str, ...]:
        """Return the cookie that keeps a person signed in. Raises InvalidInput if it is too large for one."""
        now = int(self._clock())
        sealed = self._people.encrypt_at_time(person.dump().encode(), now).rstrip(b"=").decode("ascii")
        if len(sealed) > _MAX_COOKIE:
            raise InvalidInput(
                field="person",
                problem="it is too large for a cookie",
                fix="keep person.dump() in a session on the server",
                operation="web.callback",
            )
        return (f"{_PERSON}={sealed}; Max-Age={self.life}; {_ATTRIBUTES}",)

    def person(self, cookies: Mapping[str, str]) -> Person | None:
        """Return the person whom the cookie names, or None if there is none, or it is spoilt or too old."""
        from cryptography.fernet import InvalidToken

        sealed = cookies.get(_PERSON, "")
        if not 0 < len(sealed) <= _MAX_COOKIE:
            return None
        try:
            decode_base64url(sealed.encode())  # Fernet itself reads several spellings of one text
            whole = sealed + "=" * (-len(sealed) % 4)
            text = self._people.decrypt_at_time(whole, ttl=self.life, current_time=int(self._clock()))
            return Person.load(text.decode())
        except (NotCanonical, InvalidToken, InvalidInput, ValueError):
            return None

    @staticmethod
    def end_person(cookies: Mapping[str, str]) -> tuple[str, ...]:
        """Return the end of the cookie that keeps a person signed in; nothing if the request has none.

        A browser sends none with what a page of another site makes it post, and is to keep it then.
        """
        return (_end(_PERSON),) if _PERSON in cookies else ()


def _end(name: str) -> str:
    return f"{name}=; Max-Age=0; {_ATTRIBUTES}"


def _digest(state: str) -> str:
    """Return a name for a sign-in that does not tell its state: names of cookies come into logs."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _derived(secret: Secret, purpose: bytes) -> Secret:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    kdf = HKDF(SHA256(), 32, salt=None, info=b"govcomponents " + purpose)
    return Secret(base64.urlsafe_b64encode(kdf.derive(secret.reveal().encode())).decode("ascii"))
