"""A pending sign-in as the value of a cookie: encrypted, authenticated, and good for a time only.

With it a service needs no store of its own on the server. The format is Fernet's, of the package cryptography.

The browser can still bring the same cookie twice: delete it in the answer to the callback. A second use fails at the
provider anyway, because the code in the callback counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from govcomponents.core.canonical_json import NotCanonical, decode_base64url
from govcomponents.core.guessing import KEY, is_guessable
from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.frames import shield
from govcomponents.identity.inputs import check_pending
from govcomponents.identity.pending import PENDING_LIFE, PendingSignIn
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

MAX_SEALED: Final = 4096


def new_cookie_key() -> Secret:
    """Make a key for `PendingCookie`, to keep with the service's other secrets and to use for nothing else."""
    from cryptography.fernet import Fernet

    return Secret(Fernet.generate_key().decode("ascii"))


@shield
class PendingCookie:
    """Seals pending sign-ins into cookie values, and opens them.

    `keys` come from `new_cookie_key`. Several let keys be changed: the first seals, all of them open. `life` is how
    old a cookie may be, in seconds. Raises ConfigurationError for a key or a life that is none.
    """

    def __init__(
        self, keys: Sequence[Secret], *, life: int = PENDING_LIFE, clock: Callable[[], float] = time.time
    ) -> None:
        if type(life) is not int or life < 1:
            raise ConfigurationError(
                "the life of a cookie is no number of seconds", fix="give a whole number from 1 on"
            )
        self._fernet = _fernet(keys)
        self._life = life
        self._clock = clock

    def seal(self, pending: PendingSignIn) -> str:
        """Encrypt a pending sign-in: a text that is safe in a cookie. Raises InvalidInput if it is above 4 KiB."""
        check_pending(pending, "PendingCookie.seal")
        sealed = self._fernet.encrypt_at_time(pending.dump().encode(), int(self._clock())).rstrip(b"=")
        if len(sealed) > MAX_SEALED:
            raise InvalidInput(
                field="pending",
                problem="it is too large for a cookie",
                fix="start with a shorter return_to, or keep pending.dump() in a session on the server",
                operation="identity.start",
            )
        return sealed.decode("ascii")

    def open(self, sealed: str) -> PendingSignIn:
        """Decrypt a sealed sign-in. Raises InvalidInput if it is too old, spoilt, or sealed with another key."""
        from cryptography.fernet import InvalidToken

        text = _canonical(sealed)
        try:  # Fernet lets the last second in
            content = self._fernet.decrypt_at_time(text, ttl=self._life - 1, current_time=int(self._clock()))
        except InvalidToken:
            raise _not_open("it is too old or spoilt, or was sealed with another key") from None
        return PendingSignIn.load(content.decode())


def _canonical(sealed: object) -> str:
    """Return the text as Fernet writes it. Fernet itself reads several spellings of one text."""
    try:
        if isinstance(sealed, str) and len(sealed) <= MAX_SEALED:
            decode_base64url(sealed.encode("utf-8", "surrogatepass"))
            return sealed + "=" * (-len(sealed) % 4)
    except NotCanonical:
        pass
    raise _not_open("it is no sealed text")


def _fernet(keys: Sequence[Secret]) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    try:
        if any(is_guessable(decode_base64url(key.reveal().rstrip("=").encode()), fewest=KEY) for key in keys):
            raise ValueError("a key that is made by a simple rule, such as of zeros, is none")
        return MultiFernet([Fernet(key.reveal()) for key in keys])
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationError(
            "the keys to seal with are not a list of at least one key, each 32 random bytes as base64url",
            fix="make a key with new_cookie_key(), keep it, and give it as [Secret(...)]",
        ) from None


def _not_open(why: str) -> InvalidInput:
    return InvalidInput(
        field="sealed",
        problem=f"it cannot be opened: {why}",
        fix="let the person start the sign-in again",
        operation="identity.complete",
    )
