"""The adapter of any OpenID provider, driven by what it publishes about itself.

What the provider's levels are worth, which claims it gives and how the client authenticates are settings: nothing is
declared that the settings do not say. Every check of OpenID Connect Core 3.1.3.7 is made whatever they say.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from govcomponents.core.times import time_of
from govcomponents.errors import InvalidInput, SignInReason
from govcomponents.identity.adapters.oidc import attributes, wire
from govcomponents.identity.capabilities import OF_AUTHENTICATION, OF_CONFIDENCE, IdentityCapability
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.levels import Confidence
from govcomponents.identity.models import Identity, SignIn
from govcomponents.identity.port import IdentityPort
from govcomponents.identity.protocol import claims as read
from govcomponents.identity.protocol import error_mapping as standard_errors
from govcomponents.identity.protocol import flow
from govcomponents.identity.protocol.notifications import NotificationReader
from govcomponents.identity.protocol.relying_party import RelyingParty
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.identity.adapters.oidc.settings import Configuration
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.models import Address
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback
    from govcomponents.identity.protocol.relying_party import TokenResponse
    from govcomponents.settings import IdentitySettings


class OpenIdConnect(IdentityPort):
    """Signs people in with any OpenID provider. Its capabilities and languages are what its settings say."""

    provider: str = "OpenID Connect"
    capabilities: frozenset[StrEnum] = frozenset({IdentityCapability.SIGN_IN})

    def __init__(self, configuration: Configuration, runtime: Runtime) -> None:
        self._settings = configuration.settings
        self._levels = configuration.levels
        self.provider = self._settings.name  # the settings name the provider
        self.languages = frozenset(self._settings.languages)  # and its languages
        self.capabilities = _capabilities(configuration)  # and what it can do
        self._client = RelyingParty(
            runtime,
            configuration.registration,
            provider=self.provider,
            issuer=configuration.issuer,
            metadata=configuration.discovery_policy,
            token_policy=configuration.token_policy,
            error_mapping=standard_errors.STANDARD,
        )
        self._notifications = NotificationReader(self._client, configuration.replay_store)

    @classmethod
    def from_settings(cls, settings: IdentitySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no network I/O. Raises ConfigurationError."""
        from govcomponents.identity.adapters.oidc.settings import configure

        return cls(configure(settings, is_production=runtime.is_production), runtime)

    async def start(self, request: StartSignIn) -> SignIn:
        """Make the authorization URL. Fetches the discovery document if there is no fresh copy."""
        levels = self._names_for(request)
        metadata, pending = await self._client.begin(request)
        parameters = dict(self._settings.extra_parameters)
        parameters |= flow.authorization_parameters(
            pending,
            wire.scope(pending, self._settings.scopes, self._settings.confidence_scopes, self._settings.claim_scopes),
        )
        parameters["ui_locales"] = request.language
        parameters |= wire.option_parameters(request)
        parameters |= wire.level_parameters(levels, self._settings.level_parameter)
        return SignIn(url=flow.with_query(metadata.authorization_endpoint, parameters), pending=pending)

    def _names_for(self, request: StartSignIn) -> list[str]:
        """The provider's levels to ask for. Raises InvalidInput if none is worth what is asked for."""
        names = self._levels.names_for(request)
        by_scope = all(level.value in self._settings.confidence_scopes for level in request.confidence)
        is_floor = request.authentication <= self._levels.floor.authentication and by_scope
        if not names and not is_floor:
            raise InvalidInput(
                field="confidence",
                problem="no level of this provider is worth both that confidence and that authentication",
                fix="ask for less, or add the level to the setting LEVELS if the provider has one",
                operation="identity.start",
                provider=self.provider,
            )
        return names

    async def complete(self, pending: PendingSignIn, callback: RedirectCallback) -> Identity:
        """Check everything, in the order in which one check protects the next."""
        with flow.sign_in_errors(self.provider):
            response = await self._client.redeem(pending, callback)
            level = self._levels.of(response.id_token.get(self._settings.level_claim))
            if level.authentication < pending.authentication:
                raise TokenRefused(
                    SignInReason.BAD_LEVEL,
                    "the person signed in with less than was asked for",
                    fix=self._client.token_policy.level_fix,
                )
            if self._settings.userinfo == "attributes":
                verified = await attributes.fetch(self._client, self._settings, response, pending)
                confidence = max(level.confidence, verified.confidence, key=lambda one: one.rank)
                claims: Mapping[str, Any] = verified.claims
                addresses = attributes.addresses(claims.get("address"))
            else:
                about = {} if self._settings.userinfo == "none" else await self._client.userinfo(response)
                confidence, claims = level.confidence, read.merged(response.id_token, about)
                addresses = read.addresses(claims.get("address"))
            self._check_confidence(confidence, pending, response)
            if not pending.confidence:
                confidence = Confidence.NONE
            return self._identity(response, level, confidence, claims, addresses)

    def _check_confidence(self, reached: Confidence, pending: PendingSignIn, response: TokenResponse) -> None:
        if pending.confidence and reached < min(pending.confidence):
            happened = "the person's identity was not proved to the level asked for"
            raise standard_errors.not_proved(happened, response.subject, self.provider)

    def _identity(
        self,
        response: TokenResponse,
        level: wire.Level,
        confidence: Confidence,
        claims: Mapping[str, Any],
        addresses: tuple[Address, ...],
    ) -> Identity:
        """Put together what is known. What nobody checked is not among what is proved."""
        email = read.address_text(claims.get("email"))
        phone = read.address_text(claims.get("phone_number"))
        is_proved = confidence is not Confidence.NONE
        born = read.day(claims.get("birthdate")) if is_proved else None
        return Identity(
            provider=self.provider,
            issuer=response.metadata.issuer,
            subject=Personal(response.subject),
            authentication=level.authentication,
            authenticated_at=time_of(response.id_token.get("auth_time")),
            confidence=confidence,
            email=email,
            email_verified=email is not None and read.flag(claims.get("email_verified")),
            phone=phone,
            phone_verified=phone is not None and read.flag(claims.get("phone_number_verified")),
            names=read.names(claims) if is_proved else (),
            self_asserted_names=() if is_proved else read.names(claims),
            birth_dates=() if born is None else (born,),
            addresses=addresses if is_proved else (),
            id_token=Secret(response.given.id_token),
            raw=read.about_the_person({**response.id_token, **claims}),
        )

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:
        """Make the URL of RP-Initiated Logout 1.0. Fetches the discovery document if there is no fresh copy."""
        operation = "identity.sign_out_url"
        self.require(IdentityCapability.SIGN_OUT, operation=operation)
        parameters = {"client_id": self._client.registration.client_id}
        if self._settings.sign_out == "id_token_hint":
            hint = identity if isinstance(identity, Secret) else identity.id_token
            parameters = {"id_token_hint": hint.reveal()}
        if return_to is not None:
            parameters["post_logout_redirect_uri"] = return_to
        url = self._settings.end_session_endpoint
        if url is None:
            with flow.sign_in_errors(self.provider, operation):
                url = (await self._client.metadata(operation)).end_session_endpoint
        if url is None:
            raise self.unsupported(IdentityCapability.SIGN_OUT, operation=operation)
        return flow.with_query(url, parameters)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> IdentityEvent:
        """Check a notice of Back-Channel Logout 1.0, where the settings say that the provider sends it."""
        self.require(IdentityCapability.LOGOUT_NOTICES, operation="identity.parse_callback")
        return await self._notifications.read(body, headers)

    async def mark_done(self, event: IdentityEvent) -> None:
        """Keep the event's key in the store."""
        self.require(IdentityCapability.LOGOUT_NOTICES, operation="identity.mark_done")
        await self._notifications.mark_done(event)

    async def check(self) -> None:
        """Fetch the discovery document and the keys, and compare them with the settings."""
        await self._client.check()


def _capabilities(configuration: Configuration) -> frozenset[StrEnum]:
    """Read the capabilities of the provider from the settings."""
    settings, levels = configuration.settings, configuration.levels.all
    found: set[StrEnum] = {IdentityCapability.SIGN_IN, IdentityCapability.SINGLE_FACTOR, IdentityCapability.CHECK}
    found |= {IdentityCapability(option) for option in settings.options}
    found |= {OF_AUTHENTICATION[level.authentication] for level in levels}
    found |= {OF_CONFIDENCE[level.confidence] for level in levels if level.confidence is not Confidence.NONE}
    found |= {OF_CONFIDENCE[Confidence(level)] for level in settings.confidence_scopes}
    found |= {IdentityCapability(claim) for claim in settings.claim_scopes}
    if settings.sign_out != "none":
        found.add(IdentityCapability.SIGN_OUT)
    if settings.logout_notices:
        found.add(IdentityCapability.LOGOUT_NOTICES)
    return frozenset(found)
