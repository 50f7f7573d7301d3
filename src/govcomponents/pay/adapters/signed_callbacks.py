"""The proof that a callback is a provider's: an HMAC with a secret that both know, over the bytes as they came."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.core.canonical_json import NotCanonical, parse
from govcomponents.errors import CallbackRefused

if TYPE_CHECKING:
    from govcomponents.privacy import Secret

MAX_BODY: Final = 1024 * 1024


class SignedCallbacks:
    """Verifies one provider's callbacks. `header` is the name of the header with the signature.

    Several secrets are accepted, because while one is replaced messages come with either.
    """

    def __init__(self, provider: str, header: str, secrets: Iterable[Secret]) -> None:
        self._provider = provider
        self._header = header
        self._secrets = tuple(secrets)

    def signature(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the header with the signature. Raises CallbackRefused if nothing can be proved by it."""
        if not self._secrets:
            raise self.refused(
                "no webhook secret is configured", "set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS", code=NOT_CONFIGURED
            )
        if len(body) > MAX_BODY:
            raise self.refused(f"the body is larger than {MAX_BODY} bytes")
        found = headers.get(self._header.lower())
        if not found:
            raise self.refused(
                f"there is no {self._header} header",
                f"pass the request's headers; a request without it is not from {self._provider}",
            )
        return found

    def prove(self, sign: Callable[[str], str], given: Iterable[str]) -> None:
        """Raise CallbackRefused unless one of the signatures `given` is made with one of the secrets.

        Each is compared with each, in constant time, so that nothing is learned from how long it takes.
        """
        made = [sign(secret.reveal()).encode() for secret in self._secrets]
        theirs = [signature.encode("utf-8", "replace") for signature in given]
        matches = [hmac.compare_digest(ours, other) for ours in made for other in theirs]
        if not any(matches):
            raise self.refused(
                "no signature fits the body",
                "pass the raw bytes of the request; check the secrets, each whole with its prefix, for an old one may "
                "have been dropped at once; answer the sender with an error status",
            )

    def read(self, body: bytes, name_of_id: str) -> tuple[str, dict[str, object]]:
        """Return the id and the members of a message that is proved. Of the rest nothing is certain yet.

        What has an id can be acknowledged, whatever else it holds: a provider repeats for days what is refused, and
        then stops sending. Raises CallbackRefused for what has none, or can be read in two ways.
        """
        try:
            message = parse(body)
        except NotCanonical as error:
            raise self._unreadable(f": {error}") from None
        identifier = message.get(name_of_id) if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(identifier, str) or not identifier:
            raise self._unreadable("")
        return identifier, message

    def _unreadable(self, why: str) -> CallbackRefused:
        return self.refused(
            f"the message is signed, but not of the documented form{why}",
            "answer the sender with an error status, and report it",
        )

    def refused(
        self, happened: str, fix: str = "answer the sender with an error status", code: str | None = None
    ) -> CallbackRefused:
        """Return the error for a message that is not to be believed."""
        return CallbackRefused(happened, fix=fix, code=code, operation="pay.parse_callback", provider=self._provider)
