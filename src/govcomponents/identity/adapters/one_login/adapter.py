"""GOV.UK One Login, the successor of GOV.UK Verify, behind the identity port.

Every check that its documentation and the OpenID Connect standards ask of a relying party is made, in this order:
the callback, the ID token, the userinfo answer, the core identity token, the levels. Source: GOV.UK One Login
technical documentation, "Authenticate your user", "Prove your user's identity" and "Managing your users' sessions".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.client import HttpClient
from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.errors import (
    ConfigurationError,
    IdentityNotProved,
    InvalidInput,
    SignInReason,
)
from govcomponents.identity.adapters.one_login import abilities, error_mapping, published, wire
from govcomponents.identity.adapters.one_login import claims as person
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.keys import KeyCache, is_key_of, read_did, read_jwks
from govcomponents.identity.jose.signing import KeySigner, client_assertion, signed_jwt
from govcomponents.identity.jose.tokens import Rules, TokenRefused
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.identity.models import Identity, SignIn
from govcomponents.identity.port import IdentityCapability, IdentityPort
from govcomponents.identity.protocol import claims as read
from govcomponents.identity.protocol import logout
from govcomponents.identity.protocol.callback import ProviderError, code_of, read_callback
from govcomponents.identity.protocol.flow import (
    EndpointError,
    authorization_parameters,
    begin,
    key_request,
    read_claims,
    read_tokens,
    sign_in_errors,
    token_request,
    unavailable,
    userinfo_request,
    with_query,
)
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from govcomponents.core.messages import Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.identity.adapters.one_login.settings import Configuration
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import Callback, LogoutBody, StartSignIn
    from govcomponents.identity.protocol.flow import Tokens
    from govcomponents.identity.protocol.logout import LogoutNotice
    from govcomponents.settings import IdentitySettings

# How long such tokens may live and how old they may be, in seconds: the provider's are 120 for the ID token, and
# 1800 for the core identity; its simulator gives the latter a day.
_ID_TOKEN_LIFE: Final = 3600
_IDENTITY_LIFE: Final = 86_400
_FRESH: Final = 600


class OneLogin(IdentityPort):
    """Signs people in with GOV.UK One Login.

    High confidence is declared only where the setting `high_confidence` is on: the provider's documentation does not
    offer it, though its service knows it.
    """

    provider: str = "GOV.UK One Login"
    capabilities: frozenset[StrEnum] = abilities.EVERYTHING
    languages: frozenset[str] = frozenset({"en", "cy"})

    def __init__(self, configuration: Configuration, runtime: Runtime) -> None:
        self._settings = configuration
        self._endpoints = configuration.endpoints
        self._clock = runtime.clock
        base = self._endpoints.issuer.rstrip("/")
        self._http = HttpClient(runtime, provider=self.provider, base_url=base)
        # A code is burnt by the first token request that arrives, so not even a 429 lets it be sent again.
        self._token_http = HttpClient(runtime, provider=self.provider, base_url=base, is_rate_limit=lambda _: False)
        self.capabilities = abilities.of_client(configuration)  # its registration decides as well
        self._keys = KeyCache(
            lambda: self._document(self._endpoints.jwks), read_jwks, self._clock, name="key set of GOV.UK One Login"
        )
        self._identity_keys = KeyCache(
            lambda: self._document(self._endpoints.did_document),
            read_did(self._endpoints.did),
            self._clock,
            name="DID document of GOV.UK One Login",
        )
        self._id_token_rules = Rules(
            name="ID token",
            algorithms=frozenset({configuration.id_token_algorithm}),
            issuer=self._endpoints.issuer,
            audience=configuration.client_id,
            leeway=configuration.leeway,
            max_life=_ID_TOKEN_LIFE,
            max_age=_FRESH,
        )
        self._logout_rules = Rules(
            name="logout token",
            algorithms=wire.LOGOUT_ALGORITHMS,
            issuer=self._endpoints.issuer,
            audience=configuration.client_id,
            leeway=configuration.leeway,
            max_life=_ID_TOKEN_LIFE,
            max_age=logout.MAX_AGE,
            types=frozenset({"logout+jwt", "jwt"}),
        )
        self._identity_rules = Rules(
            name="core identity token",
            algorithms=wire.IDENTITY_ALGORITHMS,
            issuer=self._endpoints.identity_issuer,
            audience=configuration.client_id,
            leeway=configuration.leeway,
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
        pending = begin(
            request,
            provider=self.provider,
            issuer=self._endpoints.issuer,
            client_id=self._settings.client_id,
            redirect_url=self._settings.redirect_url,
            now=self._clock(),
        )
        parameters = authorization_parameters(pending, wire.scope(pending))
        parameters |= wire.sign_in_parameters(pending, request.language)
        options = wire.RequestOptions(request.sign_in_again, request.login_hint, self._settings.claims_as_text)
        if self._settings.signed_requests or options.need_signing:
            parameters = await self._signed(parameters, options)
        url = with_query(self._endpoints.authorize, parameters)
        self._check_length(url, wire.MAX_AUTHORIZE_QUERY, "redirect_url")
        return SignIn(url=url, pending=pending)

    async def _signed(self, parameters: Mapping[str, str], options: wire.RequestOptions) -> dict[str, str]:
        signer = self._settings.signer
        if signer is None:
            raise self.unsupported(IdentityCapability.REAUTHENTICATION, operation="identity.start")
        claims = wire.request_object(
            parameters,
            options,
            issuer=self._settings.client_id,
            authorize_url=self._endpoints.authorize,
            now=self._clock(),
        )
        return wire.outer_parameters(parameters, await self._sign(lambda: signed_jwt(signer, claims)))

    async def _sign(self, work: Callable[[], str]) -> str:
        """Sign here with a key that is here; a signer that has to ask elsewhere must not hold up an event loop."""
        if isinstance(self._settings.signer, KeySigner):
            return work()
        return await self._http.transport.run_blocking(work)

    async def complete(self, pending: PendingSignIn, callback: Callback) -> Identity:
        """Check everything, in the order in which one check protects the next."""
        try:
            with sign_in_errors(self.provider):
                code = code_of(
                    read_callback(callback),
                    pending,
                    provider=self.provider,
                    issuer=self._endpoints.issuer,
                    now=self._clock(),
                    life=self._settings.pending_life,
                    iss=False,
                )
                given = await self._exchange(pending, code)
                id_token = await self._check_id_token(pending, given)
                subject: str = id_token["sub"]
                claims = await self._claims(given, subject)
                return await self._identity(pending, given, id_token, claims)
        except ProviderError as error:
            raise error_mapping.of_callback(error, pending, self.provider) from None

    async def sign_out_url(self, identity: Identity | Secret, return_to: str | None) -> str:
        """Make the logout URL. Sends nothing. `return_to` must be registered for the client."""
        hint = identity if isinstance(identity, Secret) else identity.id_token
        parameters = {"id_token_hint": hint.reveal()}
        if return_to is not None:
            parameters["post_logout_redirect_uri"] = return_to
        url = with_query(self._endpoints.logout, parameters)
        self._check_length(url, wire.MAX_LOGOUT_QUERY, "return_to")
        return url

    async def parse_logout(self, body: LogoutBody, content_type: str | None) -> LogoutNotice:
        """Check a logout notice: always ES256, whatever the client's ID tokens are, and always about a person."""
        operation = "identity.parse_logout"
        try:
            token = logout.token_of(body, content_type)
            rules, now = self._logout_rules, self._clock()
            if tokens.read(token, rules).kid is None:
                raise TokenRefused(SignInReason.UNKNOWN_KEY, "the logout token names no key")
            claims = await tokens.verify(token, rules, self._keys, now)
            subject, session, notice_id = logout.check_notice(claims, rules, subject_required=True, one_event=True)
            until = claims["exp"] + rules.leeway
            await self._http.transport.run_blocking(
                lambda: logout.remember(
                    self._settings.logout_store, rules.issuer, notice_id, until=until, now=now, provider=self.provider
                )
            )
        except TokenRefused as error:
            raise logout.refused(error, self.provider) from None
        except NothingToUse as missing:
            raise unavailable(self.provider, str(missing), fix="answer 503", operation=operation) from None
        return logout.LogoutNotice(
            provider=self.provider,
            issuer=rules.issuer,
            subject=None if subject is None else Personal(subject),
            session=None if session is None else Personal(session),
            issued_at=logout.moment(claims),
            id=notice_id,
        )

    async def check(self) -> None:
        """Fetch the discovery document, the key set and the DID document, and compare them with the constants."""
        operation = "identity.check"
        with sign_in_errors(self.provider, operation):
            response = await self._document(self._endpoints.discovery)
            differences = published.differences(response, self._endpoints, self._settings.id_token_algorithm)
            await self._keys.current()
            await self._identity_keys.current()
        if differences:
            raise ConfigurationError(
                f"what the provider publishes differs from what this adapter expects: {'; '.join(differences)}",
                fix="check the environment or the issuer; if they are right, update this library",
                operation=operation,
                provider=self.provider,
            )

    async def _document(self, url: str) -> Response:
        return await self._http.send(key_request(url))

    async def _exchange(self, pending: PendingSignIn, code: str) -> Tokens:
        fields = await self._authentication()
        response = await self._token_http.send(token_request(self._endpoints.token, pending, code, fields))
        try:
            return read_tokens(response)
        except EndpointError as error:
            raise error_mapping.of_token(error, self.provider) from None

    async def _authentication(self) -> dict[str, str]:
        """The fields that prove who sends: made anew for each request."""
        signer, secret = self._settings.signer, self._settings.client_secret
        if signer is None:
            return wire.secret_fields(self._settings.client_id, secret)
        now = self._clock()
        return wire.assertion_fields(
            await self._sign(
                lambda: client_assertion(
                    signer, client_id=self._settings.client_id, audience=self._endpoints.issuer, now=now
                )
            )
        )

    async def _check_id_token(self, pending: PendingSignIn, given: Tokens) -> dict[str, Any]:
        rules = self._id_token_rules
        parsed = tokens.read(given.id_token, rules)
        if parsed.kid is None:
            raise TokenRefused(SignInReason.UNKNOWN_KEY, "the ID token names no key")
        claims = await tokens.verify(given.id_token, rules, self._keys, self._clock())
        if "events" in claims or "vc" in claims:
            raise TokenRefused(SignInReason.BAD_TYPE, "the ID token is a token of another type")
        tokens.check_nonce(claims, pending.nonce.reveal(), rules.name)
        tokens.check_half_hash(claims, "at_hash", given.access_token, parsed.algorithm, required=True)
        subject = tokens.check_subject(claims, rules.name)
        if pending.subject is not None and not tokens.same(subject, pending.subject.reveal()):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "another person came back than the one who is expected")
        if pending.max_age is not None:
            tokens.check_auth_time(claims, pending.max_age, self._clock(), rules)
        level = claims.get("vot")
        reached = wire.CREDENTIAL_OF.get(level) if isinstance(level, str) else None
        if reached is None or reached < pending.authentication:
            raise TokenRefused(SignInReason.BAD_LEVEL, "the person signed in with less than was asked for")
        return claims

    async def _claims(self, given: Tokens, subject: str) -> dict[str, Any]:
        response = await self._http.send(userinfo_request(self._endpoints.userinfo, given.access_token))
        try:
            claims = read_claims(response)
        except EndpointError as error:
            raise error_mapping.of_userinfo(error, self.provider) from None
        if not tokens.same(tokens.check_subject(claims, "userinfo answer"), subject):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "the userinfo answer is about another person")
        return claims

    async def _identity(
        self, pending: PendingSignIn, given: Tokens, id_token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Identity:
        confidence, credential = await self._proof(pending, claims, id_token["sub"])
        phone = read.text(claims.get("phone_number"))
        return Identity(
            provider=self.provider,
            issuer=self._endpoints.issuer,
            subject=Personal(id_token["sub"]),
            authentication=wire.CREDENTIAL_OF[id_token["vot"]],
            authenticated_at=read.moment(id_token.get("auth_time")),
            confidence=confidence,
            email=read.text(claims.get("email")),
            email_verified=claims.get("email_verified") is True,
            phone=phone,
            phone_verified=phone is not None and claims.get("phone_number_verified") is True,
            wallet_subject=read.text(claims.get("wallet_subject_id")),
            names=person.names(credential),
            birth_dates=person.birth_dates(credential),
            addresses=person.addresses(claims.get(wire.ADDRESS)),
            passports=person.passports(claims.get(wire.PASSPORT)),
            driving_permits=person.driving_permits(claims.get(wire.DRIVING_PERMIT)),
            return_codes=person.return_codes(claims.get(wire.RETURN_CODE)),
            id_token=Secret(given.id_token),
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
        token = claims.get(wire.CORE_IDENTITY)
        if token is None:
            raise self._not_proved("the person's identity was not proved", claims, subject)
        rules = self._identity_rules
        parsed = tokens.read(token, rules)
        if not is_key_of(self._endpoints.did, parsed.kid):
            raise TokenRefused(SignInReason.UNKNOWN_KEY, "the core identity token names a key of another controller")
        proof = await tokens.verify(token, rules, self._identity_keys, self._clock())
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
        return IdentityNotProved(
            happened,
            subject=Personal(subject),
            return_codes=person.return_codes(claims.get(wire.RETURN_CODE)),
            operation="identity.complete",
            provider=self.provider,
        )

    def _check_length(self, url: str, longest: int, cause: str) -> None:
        if len(url.partition("?")[2]) > longest:
            raise ConfigurationError(
                f"the URL for {self.provider} has a query of more than {longest} characters, which it refuses",
                fix=f"use a shorter {cause}",
                provider=self.provider,
            )
