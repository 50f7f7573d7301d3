"""The adapter of GOV.UK One Login, the successor of GOV.UK Verify.

Every check that its documentation and the OpenID Connect standards ask of a relying party is made, in this order:
the callback, the ID token, the level of authentication, the userinfo answer, the core identity token, the level of
confidence. Source: GOV.UK One Login technical documentation, "Authenticate your user", "Prove your user's identity"
and "Managing your users' sessions".
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.times import time_of
from govcomponents.errors import ConfigurationError, InvalidInput, SignInReason
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.error_mapping import ERROR_MAPPING
from govcomponents.identity.capabilities import IdentityCapability
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.keys import KeyCache, is_key_of, read_did
from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.jose.tokens import Rules, TokenRefused
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.identity.models import Identity, SignIn
from govcomponents.identity.port import IdentityPort
from govcomponents.identity.protocol import claims as read
from govcomponents.identity.protocol import flow
from govcomponents.identity.protocol.discovery import Metadata
from govcomponents.identity.protocol.error_mapping import not_proved
from govcomponents.identity.protocol.notifications import NotificationReader
from govcomponents.identity.protocol.relying_party import RelyingParty, tell_of_keys
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.errors import IdentityNotProved
    from govcomponents.identity.adapters.one_login.settings import Configuration
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback
    from govcomponents.identity.protocol.relying_party import TokenResponse
    from govcomponents.settings import IdentitySettings

# How long a core identity token may live, in seconds: the provider's live for 1800, its simulator's for a day.
_IDENTITY_LIFE: Final = 86_400

# High confidence is known to the provider's service, but its documentation does not offer it.
_EVERYTHING: Final[frozenset[StrEnum]] = frozenset(IdentityCapability) - {
    IdentityCapability.ACCOUNT_EVENTS,
    IdentityCapability.HIGH_CONFIDENCE,
}
_WITHOUT_A_KEY: Final[frozenset[StrEnum]] = frozenset(
    {
        IdentityCapability.SIGN_IN,
        IdentityCapability.SINGLE_FACTOR,
        IdentityCapability.TWO_FACTOR,
        IdentityCapability.PHONE,
        IdentityCapability.WALLET_SUBJECT,
        IdentityCapability.MAX_AGE,
        IdentityCapability.SIGN_OUT,
        IdentityCapability.LOGOUT_NOTICES,
        IdentityCapability.CHECK,
    }
)


class OneLogin(IdentityPort):
    """Signs people in with GOV.UK One Login.

    High confidence is declared only where the setting `high_confidence` is on. A client without a key may only sign
    people in, and signs no requests.
    """

    provider: str = "GOV.UK One Login"
    capabilities: frozenset[StrEnum] = _EVERYTHING
    languages: frozenset[str] = frozenset({"en", "cy"})

    def __init__(self, configuration: Configuration, runtime: Runtime) -> None:
        self._settings = configuration.settings
        self._endpoints = configuration.endpoints
        if self._settings.service_url is not None:
            runtime = replace(runtime, user_agent=f"{runtime.user_agent} ({self._settings.service_url})")
        if configuration.registration.signer is None:
            self.capabilities = _WITHOUT_A_KEY
        elif self._settings.high_confidence:
            self.capabilities = _EVERYTHING | {IdentityCapability.HIGH_CONFIDENCE}
        self._client = RelyingParty(
            runtime,
            configuration.registration,
            provider=self.provider,
            issuer=self._endpoints.issuer,
            metadata=Metadata(
                issuer=self._endpoints.issuer,
                authorization_endpoint=self._endpoints.authorize,
                token_endpoint=self._endpoints.token,
                jwks_uri=self._endpoints.jwks,
                userinfo_endpoint=self._endpoints.userinfo,
                end_session_endpoint=self._endpoints.logout,
                names_itself=False,
            ),
            token_policy=configuration.token_policy,
            error_mapping=ERROR_MAPPING,
        )
        self._notifications = NotificationReader(self._client, configuration.replay_store)
        self._identity_keys = runtime.share(
            ("keys", self._endpoints.did_document, self._endpoints.did),
            lambda: KeyCache(
                lambda: self._client.http.send(flow.key_request(self._endpoints.did_document)),
                read_did(self._endpoints.did),
                runtime.clock,
                name=f"DID document of {self.provider}",
                on_news=partial(tell_of_keys, runtime, self.provider, "did"),
                shared=self._client.shared(runtime, f"did {self._endpoints.did_document} {self._endpoints.did}"),
            ),
        )
        self._identity_rules = Rules(
            name="core identity token",
            algorithms=wire.IDENTITY_ALGORITHMS,
            issuer=self._endpoints.identity_issuer,
            audience=configuration.registration.client_id,
            leeway=configuration.token_policy.leeway,
            max_life=_IDENTITY_LIFE,
        )

    @classmethod
    def from_settings(cls, settings: IdentitySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no network I/O. Raises ConfigurationError."""
        from govcomponents.identity.adapters.one_login.settings import configure

        return cls(configure(settings, is_production=runtime.is_production), runtime)

    async def start(self, request: StartSignIn) -> SignIn:
        """Make the authorization URL. Sends nothing."""
        if request.confidence and request.authentication is not Authentication.TWO_FACTOR:
            raise InvalidInput(
                field="authentication",
                problem="this provider proves identity only with two factors",
                fix="ask for Authentication.TWO_FACTOR as well",
                operation="identity.start",
                provider=self.provider,
            )
        metadata, pending = await self._client.begin(request)
        parameters = flow.authorization_parameters(pending, wire.scope(pending))
        parameters |= wire.sign_in_parameters(pending, request.language)
        if self._settings.channel is not None:
            parameters["channel"] = self._settings.channel
        options = wire.RequestOptions(request.sign_in_again, request.login_hint, self._settings.claims_as_text)
        if self._settings.signed_requests or options.need_signing:
            parameters = await self._signed(parameters, options)
        url = flow.with_query(metadata.authorization_endpoint, parameters)
        self._check_length(url, wire.MAX_AUTHORIZE_QUERY, "redirect_url")
        return SignIn(url=url, pending=pending)

    async def _signed(self, parameters: Mapping[str, str], options: wire.RequestOptions) -> dict[str, str]:
        if self._client.registration.signer is None:
            raise self.unsupported(IdentityCapability.REAUTHENTICATION, operation="identity.start")
        claims = wire.request_object(
            parameters,
            options,
            issuer=self._client.registration.client_id,
            authorize_url=self._endpoints.authorize,
            now=self._client.clock(),
        )
        return wire.outer_parameters(parameters, await self._client.sign(lambda signer: signed_jwt(signer, claims)))

    async def complete(self, pending: PendingSignIn, callback: RedirectCallback) -> Identity:
        """Check everything, in the order in which one check protects the next."""
        with flow.sign_in_errors(self.provider):
            response = await self._client.redeem(pending, callback)
            level = response.id_token.get("vot")
            reached = wire.CREDENTIAL_OF.get(level) if isinstance(level, str) else None
            if reached is None or reached < pending.authentication:
                raise TokenRefused(SignInReason.BAD_LEVEL, "the person signed in with less than was asked for")
            claims = await self._client.userinfo(response)
            confidence, credential = await self._proof(pending, claims, response.subject)
            return self._identity(response, claims, reached, confidence, credential)

    def _identity(
        self,
        response: TokenResponse,
        claims: Mapping[str, Any],
        authentication: Authentication,
        confidence: Confidence,
        credential: Mapping[str, Any],
    ) -> Identity:
        email = read.address_text(claims.get("email"))
        phone = read.address_text(claims.get("phone_number"))
        return Identity(
            provider=self.provider,
            issuer=response.metadata.issuer,
            subject=Personal(response.subject),
            authentication=authentication,
            authenticated_at=time_of(response.id_token.get("auth_time")),
            confidence=confidence,
            email=email,
            email_verified=email is not None and claims.get("email_verified") is True,
            phone=phone,
            phone_verified=phone is not None and claims.get("phone_number_verified") is True,
            wallet_subject=read.address_text(claims.get("wallet_subject_id")),
            names=wire.names(credential),
            birth_dates=wire.birth_dates(credential),
            addresses=wire.addresses(claims.get(wire.ADDRESS)),
            passports=wire.passports(claims.get(wire.PASSPORT)),
            driving_permits=wire.driving_permits(claims.get(wire.DRIVING_PERMIT)),
            return_codes=wire.return_codes(claims.get(wire.RETURN_CODE)),
            id_token=Secret(response.given.id_token),
            raw={name: value for name, value in claims.items() if name != wire.CORE_IDENTITY},
        )

    async def _proof(
        self, pending: PendingSignIn, claims: Mapping[str, Any], subject: str
    ) -> tuple[Confidence, Mapping[str, Any]]:
        """Verify the core identity token if proof was asked for, and return its level and its credential.

        Only it proves anything: neither the levels asked for, nor the ID token, nor the absence of return codes do.
        """
        if not pending.confidence:
            return Confidence.NONE, {}
        given = claims.get(wire.CORE_IDENTITY)
        if given is None:
            raise self._not_proved("the person's identity was not proved", claims, subject)
        rules = self._identity_rules
        token = tokens.read(given, rules)
        if not is_key_of(self._endpoints.did, token.kid):
            raise TokenRefused(SignInReason.UNKNOWN_KEY, "the core identity token names a key of another controller")
        proof = await tokens.verify(token, rules, self._identity_keys, self._client.clock())
        if "nonce" in proof or "events" in proof:
            raise TokenRefused(SignInReason.BAD_TYPE, "the core identity token is a token of another type")
        if not tokens.same(tokens.check_subject(proof, rules.name), subject):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "the core identity token is about another person")
        credential = proof.get("vc")
        if not isinstance(credential, dict):
            raise TokenRefused(SignInReason.MALFORMED, "the core identity token holds no credential")
        level = proof.get("vot")
        reached = wire.CONFIDENCE_OF.get(level) if isinstance(level, str) else None
        if reached is None or reached < min(pending.confidence):
            raise self._not_proved("the person's identity was proved to a lower level than asked for", claims, subject)
        return reached, credential

    def _not_proved(self, happened: str, claims: Mapping[str, Any], subject: str) -> IdentityNotProved:
        return not_proved(happened, subject, self.provider, wire.return_codes(claims.get(wire.RETURN_CODE)))

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:
        """Make the logout URL. Sends nothing. `return_to` must be registered for the client."""
        hint = identity if isinstance(identity, Secret) else identity.id_token
        parameters = {"id_token_hint": hint.reveal()}
        if return_to is not None:
            parameters["post_logout_redirect_uri"] = return_to
        url = flow.with_query(self._endpoints.logout, parameters)
        self._check_length(url, wire.MAX_LOGOUT_QUERY, "return_to")
        return url

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> IdentityEvent:
        """Check a logout notice: always ES256, whatever the client's ID tokens are, and always about a person."""
        return await self._notifications.read(body, headers)

    async def mark_done(self, event: IdentityEvent) -> None:
        """Keep the event's key in the store."""
        await self._notifications.mark_done(event)

    async def check(self) -> None:
        """Fetch the discovery document, the key set and the DID document, and compare them with the constants."""
        await self._client.check()
        with flow.sign_in_errors(self.provider, "identity.check"):
            await self._identity_keys.renewed()

    def _check_length(self, url: str, longest: int, cause: str) -> None:
        if len(url.partition("?")[2]) > longest:
            raise ConfigurationError(
                f"the URL for {self.provider} has a query of more than {longest} characters, which it refuses",
                fix=f"use a shorter {cause}",
                provider=self.provider,
            )
