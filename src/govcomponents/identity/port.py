"""The port that every identity adapter implements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from govcomponents.core.ports.port import Port
from govcomponents.errors import InvalidInput
from govcomponents.identity.capabilities import OF_AUTHENTICATION, OF_CONFIDENCE, IdentityCapability
from govcomponents.settings import IdentitySettings

if TYPE_CHECKING:
    from enum import StrEnum

    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.models import Identity, SignIn
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.privacy import Secret

RedirectCallback: TypeAlias = "str | Mapping[str, str | Sequence[str]]"
"""The way in which a person came back: the URL, its query, or its parameters, each with one value or several."""

_OF_OPTION = {
    "max_age": IdentityCapability.MAX_AGE,
    "sign_in_again": IdentityCapability.REAUTHENTICATION,
    "login_hint": IdentityCapability.LOGIN_HINT,
}


class IdentityPort(Port[IdentitySettings]):
    """Signs people in with one provider. What an adapter does not override raises NotSupported, and sends nothing.

    `languages` are the codes of the languages in which the provider's pages can be asked for.
    """

    capabilities: frozenset[StrEnum] = frozenset()
    languages: frozenset[str] = frozenset({"en"})

    async def start(self, request: StartSignIn) -> SignIn:
        """Make the URL to send the person to, and what to keep until they come back."""
        raise self.unsupported(IdentityCapability.SIGN_IN, operation="identity.start")

    async def complete(self, pending: PendingSignIn, callback: RedirectCallback) -> Identity:
        """Turn the way in which the person came back into a checked identity, or raise a SignInError."""
        raise self.unsupported(IdentityCapability.SIGN_IN, operation="identity.complete")

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:
        """Make the URL that ends the person's session with the provider."""
        raise self.unsupported(IdentityCapability.SIGN_OUT, operation="identity.sign_out_url")

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> IdentityEvent:
        """Check what the provider sent to this service, or raise CallbackRefused. Header names are in lower case."""
        raise self.unsupported(IdentityCapability.LOGOUT_NOTICES, operation="identity.parse_callback")

    async def mark_done(self, event: IdentityEvent) -> None:
        """Refuse an event from now on if it comes again: the service has dealt with it."""
        raise self.unsupported(IdentityCapability.LOGOUT_NOTICES, operation="identity.mark_done")

    async def check(self) -> None:
        """Compare what the provider publishes with what this adapter expects, or raise ConfigurationError."""
        raise self.unsupported(IdentityCapability.CHECK, operation="identity.check")

    def check_request(self, request: StartSignIn) -> None:
        """Raise NotSupported or InvalidInput for a sign-in that the adapter does not declare."""
        operation = "identity.start"
        needs_proof = [claim for claim in request.claims if claim.needs_proof]
        if needs_proof and not request.confidence:
            raise InvalidInput(
                field="claims",
                problem=f"{needs_proof[0].value} comes only with proof of identity, and none is asked for",
                fix="ask for confidence=Confidence.LOW or more as well, or leave that claim out",
                operation=operation,
                provider=self.provider,
            )
        self.require(
            IdentityCapability.SIGN_IN,
            OF_AUTHENTICATION[request.authentication],
            *(OF_CONFIDENCE[level] for level in request.confidence),
            *(IdentityCapability(claim.value) for claim in request.claims),
            *(capability for name, capability in _OF_OPTION.items() if getattr(request, name) is not None),
            operation=operation,
        )
        if request.language not in self.languages:
            raise InvalidInput(
                field="language",
                problem="the provider has no pages in that language",
                fix=f"give one of {', '.join(sorted(self.languages))}",
                operation=operation,
                provider=self.provider,
            )
