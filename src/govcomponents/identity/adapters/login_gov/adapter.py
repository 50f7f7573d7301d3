"""The adapter of Login.gov, the sign-in of the United States government.

It proves identity with plain claims of the ID token and userinfo, and names its levels in `acr`. Every check that its
documentation and the OpenID Connect standards ask of a relying party is made; `at_hash` and `c_hash` must be there.
Source: developers.login.gov, "OpenID Connect"; 18F/identity-idp for what is answered to what is asked.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from govcomponents.core.times import time_of
from govcomponents.errors import InvalidInput, SignInReason
from govcomponents.identity.adapters.login_gov import wire
from govcomponents.identity.adapters.login_gov.error_mapping import ERROR_MAPPING
from govcomponents.identity.capabilities import IdentityCapability
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.models import Identity, SignIn
from govcomponents.identity.port import IdentityPort
from govcomponents.identity.protocol import claims as read
from govcomponents.identity.protocol import flow
from govcomponents.identity.protocol.error_mapping import not_proved
from govcomponents.identity.protocol.notifications import NotificationReader
from govcomponents.identity.protocol.relying_party import RelyingParty
from govcomponents.identity.protocol.security_events import SecurityEventPolicy
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.identity.adapters.login_gov.settings import Configuration
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback
    from govcomponents.identity.protocol.relying_party import TokenResponse
    from govcomponents.settings import IdentitySettings


class LoginGov(IdentityPort):
    """Signs people in with Login.gov, and proves identity with or without a facial match."""

    provider: str = "Login.gov"
    capabilities: frozenset[StrEnum] = frozenset(
        {
            IdentityCapability.SIGN_IN,
            IdentityCapability.SINGLE_FACTOR,
            IdentityCapability.TWO_FACTOR,
            IdentityCapability.LOW_CONFIDENCE,
            IdentityCapability.MEDIUM_CONFIDENCE,
            IdentityCapability.PHONE,
            IdentityCapability.ADDRESS,
            IdentityCapability.SIGN_OUT,
            IdentityCapability.ACCOUNT_EVENTS,
            IdentityCapability.CHECK,
        }
    )
    languages: frozenset[str] = wire.LANGUAGES

    def __init__(self, configuration: Configuration, runtime: Runtime) -> None:
        self._settings = configuration.settings
        self._client = RelyingParty(
            runtime,
            configuration.registration,
            provider=self.provider,
            issuer=configuration.issuer,
            metadata=configuration.discovery_policy,
            token_policy=configuration.token_policy,
            error_mapping=ERROR_MAPPING,
        )
        self._notifications = NotificationReader(
            self._client,
            configuration.replay_store,
            logout=False,
            security_events=SecurityEventPolicy(
                audience=self._settings.events_audience or configuration.registration.client_id,
                issuers=configuration.discovery_policy.issuers,
                max_age=wire.EVENT_LIFE,
                changes=wire.CHANGES,
            ),
        )

    @classmethod
    def from_settings(cls, settings: IdentitySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no network I/O. Raises ConfigurationError."""
        from govcomponents.identity.adapters.login_gov.settings import configure

        return cls(configure(settings, is_production=runtime.is_production), runtime)

    async def start(self, request: StartSignIn) -> SignIn:
        """Make the authorization URL. Fetches the discovery document if there is no fresh copy."""
        if Claim.PHONE in request.claims and not request.confidence:
            raise InvalidInput(
                field="claims",
                problem="this provider gives a phone number only with proof of identity, and none is asked for",
                fix="ask for confidence=Confidence.LOW or more as well, or leave that claim out",
                operation="identity.start",
                provider=self.provider,
            )
        metadata, pending = await self._client.begin(request)
        settings = self._settings
        parameters = flow.authorization_parameters(pending, wire.scope(pending, settings.extra_scopes))
        parameters |= wire.sign_in_parameters(pending, request.language, settings.two_factor, settings.verified_within)
        return SignIn(url=flow.with_query(metadata.authorization_endpoint, parameters), pending=pending)

    async def complete(self, pending: PendingSignIn, callback: RedirectCallback) -> Identity:
        """Check everything, in the order in which one check protects the next."""
        with flow.sign_in_errors(self.provider):
            response = await self._client.redeem(pending, callback)
            claims = await self._client.userinfo(response)
            authentication = self._authentication(response, claims)
            if authentication < pending.authentication:
                raise TokenRefused(SignInReason.BAD_LEVEL, "the person signed in with less than was asked for")
            confidence = self._confidence(response, claims, pending)
            return self._identity(response, claims, authentication, confidence)

    def _authentication(self, response: TokenResponse, claims: Mapping[str, Any]) -> Authentication:
        """Read the level of authentication: the ID token's, or userinfo's, where Login.gov has it."""
        level = response.id_token.get("aal", claims.get("aal"))
        enough = isinstance(level, str) and level in wire.ENOUGH[self._settings.two_factor]
        return Authentication.TWO_FACTOR if enough else Authentication.SINGLE_FACTOR

    def _confidence(self, response: TokenResponse, claims: Mapping[str, Any], pending: PendingSignIn) -> Confidence:
        """Read how far identity was proved: only the signed token counts, and userinfo must not contradict it."""
        level = response.id_token.get("acr")
        reached = wire.CONFIDENCE_OF.get(level) if isinstance(level, str) else None
        if reached is None or claims.get("ial", level) != level:
            raise TokenRefused(SignInReason.BAD_LEVEL, "the level of the ID token is unknown, or userinfo has another")
        if not pending.confidence:
            return Confidence.NONE
        if reached < min(pending.confidence):
            happened = "the person's identity was proved to a lower level than asked for"
            raise not_proved(happened, response.subject, self.provider)
        return reached

    def _identity(
        self,
        response: TokenResponse,
        userinfo: Mapping[str, Any],
        authentication: Authentication,
        confidence: Confidence,
    ) -> Identity:
        claims = read.merged(response.id_token, userinfo)
        is_proved = confidence is not Confidence.NONE
        email = read.address_text(claims.get("email"))
        phone = read.address_text(claims.get("phone")) if is_proved else None
        born = read.day(claims.get("birthdate")) if is_proved else None
        return Identity(
            provider=self.provider,
            issuer=response.metadata.issuer,
            subject=Personal(response.subject),
            authentication=authentication,
            authenticated_at=time_of(claims.get("auth_time")),
            confidence=confidence,
            email=email,
            email_verified=email is not None and claims.get("email_verified") is True,
            phone=phone,
            phone_verified=phone is not None and claims.get("phone_verified") is True,
            names=read.names(claims) if is_proved else (),
            birth_dates=() if born is None else (born,),
            addresses=read.addresses(claims.get("address")) if is_proved else (),
            id_token=Secret(response.given.id_token),
            raw=read.about_the_person({**response.id_token, **userinfo}),
        )

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:  # noqa: ARG002  # the ID token must not be sent
        """Make the logout URL. It names the client and never the ID token, which holds personal data here.

        Without `return_to` the setting `signed_out_url` is used. The person must press a button on a page of the
        provider's: whoever does not, does not come back.
        """
        operation = "identity.sign_out_url"
        back = return_to or self._settings.signed_out_url
        if back is None:
            raise InvalidInput(
                field="return_to",
                problem="this provider needs a registered URL to return to",
                fix="give one, or set GOVCOMPONENTS_IDENTITY__SIGNED_OUT_URL",
                operation=operation,
                provider=self.provider,
            )
        with flow.sign_in_errors(self.provider, operation):
            url = (await self._client.metadata(operation)).end_session_endpoint
        if url is None:
            raise self.unsupported(IdentityCapability.SIGN_OUT, operation=operation)
        parameters = {"client_id": self._client.registration.client_id, "post_logout_redirect_uri": back}
        return flow.with_query(url, parameters)

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> IdentityEvent:
        """Check a security event, which is for the registered address, or for the client where none is set."""
        return await self._notifications.read(body, headers)

    async def mark_done(self, event: IdentityEvent) -> None:
        """Keep the event's key in the store."""
        await self._notifications.mark_done(event)

    async def check(self) -> None:
        """Fetch the discovery document and the keys, and compare them with the settings."""
        await self._client.check()
