"""The port that every identity adapter implements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input
from govcomponents.core.port import Port
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.urls import is_safe_return_path
from govcomponents.privacy import Personal, Secret
from govcomponents.settings import IdentitySettings

if TYPE_CHECKING:
    from govcomponents.identity.account_events import AccountEvent
    from govcomponents.identity.models import Identity, SignIn
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.protocol.logout import LogoutNotice

Callback: TypeAlias = "str | Mapping[str, str | Sequence[str]]"
"""How a person came back: the whole URL, its query, or its parameters, each with one value or a list of values."""

LogoutBody: TypeAlias = "bytes | str | Mapping[str, str | Sequence[str]]"
"""The body of a logout notice's request as it came, or its parameters."""


class IdentityCapability(StrEnum):
    """What an identity adapter may declare that it can do. Each of them is proved by the contract."""

    SIGN_IN = "sign_in"
    SINGLE_FACTOR = "single_factor"
    TWO_FACTOR = "two_factor"
    LOW_CONFIDENCE = "low_confidence"
    MEDIUM_CONFIDENCE = "medium_confidence"
    HIGH_CONFIDENCE = "high_confidence"
    PHONE = "phone"
    WALLET_SUBJECT = "wallet_subject"
    ADDRESS = "address"
    PASSPORT = "passport"
    DRIVING_PERMIT = "driving_permit"
    RETURN_CODES = "return_codes"
    MAX_AGE = "max_age"
    REAUTHENTICATION = "reauthentication"
    LOGIN_HINT = "login_hint"
    SIGN_OUT = "sign_out"
    LOGOUT_NOTICES = "logout_notices"
    ACCOUNT_EVENTS = "account_events"
    CHECK = "check"


MAX_LOGIN_HINT = 256
OF_CONFIDENCE = {
    Confidence.LOW: IdentityCapability.LOW_CONFIDENCE,
    Confidence.MEDIUM: IdentityCapability.MEDIUM_CONFIDENCE,
    Confidence.HIGH: IdentityCapability.HIGH_CONFIDENCE,
}
OF_AUTHENTICATION = {
    Authentication.SINGLE_FACTOR: IdentityCapability.SINGLE_FACTOR,
    Authentication.TWO_FACTOR: IdentityCapability.TWO_FACTOR,
}


def _levels(levels: tuple[Confidence, ...]) -> tuple[Confidence, ...]:
    if len(set(levels)) != len(levels):
        raise ValueError("a level is there twice")
    if len(levels) > 1 and Confidence.NONE in levels:
        raise ValueError("Confidence.NONE cannot stand beside other levels")
    return tuple(level for level in sorted(levels, key=lambda level: level.rank) if level is not Confidence.NONE)


def _claims(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return tuple(dict.fromkeys(claims))


def _hint(hint: Personal[str] | None) -> Personal[str] | None:
    if hint is not None and not 0 < len(hint.reveal()) <= MAX_LOGIN_HINT:
        raise ValueError("it is empty or too long")
    return hint


def _path(path: str | None) -> str | None:
    if path is not None and not is_safe_return_path(path):
        raise ValueError("it could lead to another site")
    return path


class StartSignIn(Input):
    """What a sign-in asks for."""

    confidence: Annotated[tuple[Confidence, ...], AfterValidator(_levels)] = Field(
        description="give Confidence.NONE, one level, or the levels of which any will do"
    )
    authentication: Authentication = Field(description="give Authentication.SINGLE_FACTOR or TWO_FACTOR")
    claims: Annotated[tuple[Claim, ...], AfterValidator(_claims)] = Field(
        description="give members of Claim, such as [Claim.ADDRESS]"
    )
    language: str = Field(description='give a language code that the provider has, such as "en"')
    max_age: int | None = Field(None, ge=0, le=86_400, description="give seconds, from 0 to 86400")
    sign_in_again: Secret | None = Field(None, description="give the person's Identity, or its id_token")
    expect: Personal[str] | None = Field(None, description="give the person's Identity, or its subject")
    login_hint: Annotated[Personal[str] | None, AfterValidator(_hint)] = Field(
        None, description="give an email address of at most 256 characters"
    )
    return_to: Annotated[str | None, AfterValidator(_path)] = Field(
        None, description="give a path of this site, such as /licences; urls.safe_return_path() makes one of any text"
    )


class IdentityPort(Port[IdentitySettings]):
    """Signs people in with one provider. What an adapter does not override raises NotSupported, and sends nothing.

    `languages` are the codes of the languages in which the provider's pages can be asked for.
    """

    capabilities: frozenset[StrEnum] = frozenset()
    languages: frozenset[str] = frozenset({"en"})

    async def start(self, request: StartSignIn) -> SignIn:
        """Make the URL to send the person to, and what to keep until they come back."""
        raise self.unsupported(IdentityCapability.SIGN_IN, operation="identity.start")

    async def complete(self, pending: PendingSignIn, callback: Callback) -> Identity:
        """Turn the way in which the person came back into a checked identity, or raise a SignInError."""
        raise self.unsupported(IdentityCapability.SIGN_IN, operation="identity.complete")

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:
        """Make the URL that ends the person's session with the provider."""
        raise self.unsupported(IdentityCapability.SIGN_OUT, operation="identity.sign_out_url")

    async def parse_logout(self, body: LogoutBody, content_type: str | None) -> LogoutNotice:
        """Check a notice that the provider sent to this service, or raise CallbackRefused."""
        raise self.unsupported(IdentityCapability.LOGOUT_NOTICES, operation="identity.parse_logout")

    async def parse_account_event(self, body: bytes | str, content_type: str | None) -> AccountEvent:
        """Check an event that the provider sent about a person's account, or raise CallbackRefused."""
        raise self.unsupported(IdentityCapability.ACCOUNT_EVENTS, operation="identity.parse_account_event")

    async def check(self) -> None:
        """Compare what the provider publishes with what this adapter expects, or raise ConfigurationError."""
        raise self.unsupported(IdentityCapability.CHECK, operation="identity.check")
