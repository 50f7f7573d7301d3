"""Cookies of a sign-in: sealed under the service's own secret, each `Secure`, `HttpOnly` and of this host alone."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from govcomponents.core.canonical_json import NotCanonical, decode_base64url
from govcomponents.core.inputs import callable_argument, instance_argument, number_argument
from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.frames import shield
from govcomponents.privacy import Secret
from govcomponents.web.person import Person, reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.fernet import MultiFernet

    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.pending_cookie import PendingCookie

SIGNED_IN_FOR: Final = 12 * 3600
"""For how many seconds a person stays signed in, where the service does not say."""

_PERSON: Final = "__Host-gov-signed-in"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"
_MAX_COOKIE: Final = 4096
_LEAST_SECRET: Final = 32


@shield
class SignInCookies:
    """The cookies of one service, and the seal of its sign-ins. What they hold is encrypted and authenticated.

    `secrets` are the service's own, such as the framework's SECRET_KEY, each of at least 32 characters: the first seals
    and all of them open, so that one can be changed. Other keys are derived from them, one for each kind of cookie, so
    that none can stand in for another. `life` is for how many seconds a person stays signed in.
    """

    def __init__(
        self, secrets: Sequence[Secret], *, life: int = SIGNED_IN_FOR, clock: Callable[[], float] = time.time
    ) -> None:
        fix, operation = 'give a list such as [Secret(os.environ["SECRET_KEY"])]', "web.SignInCookies"
        given: object = secrets
        if not isinstance(given, Sequence) or not all(isinstance(secret, Secret) for secret in given):
            raise InvalidInput(field="secrets", problem="they are no list of Secrets", fix=fix, operation=operation)
        lasting = "give the whole seconds for which a person stays signed in"
        instance_argument(life, int, field="life", fix=lasting, operation=operation)
        number_argument(life, field="life", fix=lasting, operation=operation, least=1)
        callable_argument(clock, field="clock", fix="give a function such as time.time", operation=operation)
        if not secrets or any(len(secret.reveal()) < _LEAST_SECRET for secret in secrets):
            raise ConfigurationError(
                f"the secret of the sign-in's cookies has fewer than {_LEAST_SECRET} characters, or there is none",
                fix='make one with python -c "import secrets; print(secrets.token_urlsafe(48))", and keep it secret; '
                "Flask and Django have it in SECRET_KEY",
            )
        self.clock = clock
        self.life = life
        self._secrets = tuple(secrets)

    # Ciphers are slow to import: a process starts without them, and so does a page that nobody is signed in for.
    @cached_property
    def _pendings(self) -> PendingCookie:
        from govcomponents.identity.pending_cookie import PendingCookie

        keys = [_derived(secret, b"pending sign-in") for secret in self._secrets]
        return PendingCookie(keys, clock=self.clock)

    @cached_property
    def _people(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(_derived(secret, b"person").reveal()) for secret in self._secrets])

    def prepare(self) -> None:
        """Import the ciphers, make the keys and what reads people: the first cookie need not wait for it then."""
        _ = self._pendings, self._people, reader()

    def seal_pending(self, pending: PendingSignIn) -> str:
        """Return a sign-in that is under way as text that tells nobody anything, and fits a cookie.

        Raises InvalidInput if it would not fit.
        """
        return self._pendings.seal(pending)

    def open_pending(self, sealed: str) -> PendingSignIn:
        """Return what was sealed. Raises InvalidInput if it is too old, spoilt, or sealed under another secret."""
        return self._pendings.open(sealed)

    def keep_person(self, person: Person) -> tuple[str, ...]:
        """Return the cookie that keeps a person signed in. Raises InvalidInput if it is too large for one."""
        now = int(self.clock())
        sealed = self._people.encrypt_at_time(person.dump().encode(), now).rstrip(b"=").decode("ascii")
        if len(sealed) > _MAX_COOKIE:
            raise InvalidInput(
                field="person",
                problem="it is too large for a cookie",
                fix="keep person.dump() in a session on the server",
                operation="web.callback",
            )
        return (set_cookie(_PERSON, sealed, self.life),)

    def person(self, cookies: Mapping[str, str]) -> Person | None:
        """Return the person whom the cookie names, or None if there is none, or it is spoilt or too old."""
        sealed = cookies.get(_PERSON, "")
        if not 0 < len(sealed) <= _MAX_COOKIE:
            return None
        from cryptography.fernet import InvalidToken

        try:
            decode_base64url(sealed.encode())  # Fernet itself reads several spellings of one text
            whole = sealed + "=" * (-len(sealed) % 4)
            text = self._people.decrypt_at_time(whole, ttl=self.life, current_time=int(self.clock()))
            return Person.load(text.decode())
        except (NotCanonical, InvalidToken, InvalidInput, ValueError):
            return None

    @staticmethod
    def end_person(cookies: Mapping[str, str]) -> tuple[str, ...]:
        """Return the end of the cookie that keeps a person signed in; nothing if the request has none.

        A browser sends none with what a page of another site makes it post, and is to keep it then.
        """
        fix = "give the request's cookies, by their names"
        instance_argument(cookies, Mapping, field="cookies", fix=fix, operation="SignInCookies.end_person")  # type: ignore[type-abstract]  # it is only asked whether it is one
        return (end_cookie(_PERSON),) if _PERSON in cookies else ()


def set_cookie(name: str, value: str, seconds: int) -> str:
    """Return the header that keeps a value in the browser for a time, out of reach of scripts and of other sites."""
    return f"{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}"


def end_cookie(name: str) -> str:
    """Return the header that ends a cookie."""
    return set_cookie(name, "", 0)


def name_of_state(state: str) -> str:
    """Return a name for a sign-in that does not tell its state: names of cookies come into logs."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _derived(secret: Secret, purpose: bytes) -> Secret:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    kdf = HKDF(SHA256(), 32, salt=None, info=b"govcomponents " + purpose)
    return Secret(base64.urlsafe_b64encode(kdf.derive(secret.reveal().encode())).decode("ascii"))
