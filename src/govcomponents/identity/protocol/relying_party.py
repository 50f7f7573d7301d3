"""A relying party of one OpenID provider that publishes what it is: discovery, keys, and the sign-in from end to end.

What an adapter adds is how levels and claims are asked for, and what the answer means. The checks are those of OpenID
Connect Core 3.1.3.7 and 5.3, RFC 9207 and RFC 9700, in the order in which one protects the next.
"""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from govcomponents.core.client import HttpClient
from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.errors import ConfigurationError, SignInReason, SignInRejected
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.keys import DocumentCache, KeyCache, read_jwks
from govcomponents.identity.jose.signing import KeySigner, client_assertion
from govcomponents.identity.jose.tokens import Rules, TokenRefused
from govcomponents.identity.protocol import flow, logout
from govcomponents.identity.protocol.callback import ProviderError, code_of, read_callback
from govcomponents.identity.protocol.discovery import DiscoveryUnfit, discovery_url, read_metadata
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.messages import Response
    from govcomponents.core.runtime import Runtime
    from govcomponents.identity.jose.signing import Signer
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import Callback, LogoutBody, StartSignIn
    from govcomponents.identity.protocol.discovery import DiscoveryPolicy, Metadata
    from govcomponents.identity.protocol.error_mapping import ErrorMapping
    from govcomponents.identity.protocol.flow import Tokens
    from govcomponents.identity.protocol.logout import LogoutNotice
    from govcomponents.identity.protocol.logout_stores import LogoutStore
    from govcomponents.privacy import Secret

log = logging.getLogger("govcomponents.identity")

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PRIVATE_KEY_JWT: Final = "private_key_jwt"
BASIC: Final = "client_secret_basic"
POST: Final = "client_secret_post"
PUBLIC: Final = "none"
DISCOVERY_FRESH: Final = 86_400
MAX_LIFE: Final = 86_400
_FRESH: Final = 600


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """How a service is registered with a provider.

    `authentication` is private_key_jwt, client_secret_basic, client_secret_post or none (PKCE alone).
    `assertion_audience` is a configured address, or None for the issuer: never one that was only read from the
    discovery document, because a hostile provider could name another's there.
    """

    client_id: str
    redirect_url: str
    authentication: str
    signer: Signer | None = field(default=None, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    assertion_audience: str | None = None
    pending_life: int = 3600

    def plain_proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """The form fields and the headers that prove who sends without a key (RFC 6749 section 2.3)."""
        if self.secret is None:
            return {"client_id": self.client_id}, {}
        if self.authentication == POST:
            return {"client_id": self.client_id, "client_secret": self.secret.reveal()}, {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret.reveal())}".encode("ascii")
        return {}, {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What tokens of a provider must be, besides what the standard says.

    `key_id`: they must name their key. `hashes`: the ID token must hold `at_hash` and `c_hash`. `signed_claims`: the
    userinfo answer is a signed token, not JSON.
    """

    algorithms: frozenset[str]
    leeway: int
    key_id: bool = True
    hashes: bool = False
    extra_audiences: bool = False
    signed_claims: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said about who came back: `id_token` are its checked claims, `claims` those of userinfo."""

    metadata: Metadata
    given: Tokens
    id_token: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def subject(self) -> str:
        """Who it is."""
        subject: str = self.id_token["sub"]
        return subject


class RelyingParty:
    """One client at one provider. Safe to share between threads and tasks; sends nothing when it is made.

    `issuer` is where the discovery document is looked for.
    """

    def __init__(
        self,
        runtime: Runtime,
        registration: ClientRegistration,
        *,
        provider: str,
        issuer: str,
        discovery_policy: DiscoveryPolicy,
        token_policy: TokenPolicy,
        error_mapping: ErrorMapping,
    ) -> None:
        self.registration = registration
        self.clock = runtime.clock
        self.http = HttpClient(runtime, provider=provider, base_url=issuer.rstrip("/"))
        self._provider = provider
        self._issuer = issuer
        self._discovery_policy = discovery_policy
        self._token_policy = token_policy
        self._error_mapping = error_mapping
        # A code is burnt by the first token request that arrives, so not even a 429 lets it be sent again.
        self._token_http = HttpClient(
            runtime, provider=provider, base_url=issuer.rstrip("/"), is_rate_limit=lambda _: False
        )
        self._published: DocumentCache[Metadata] = DocumentCache(
            self._fetch_discovery,
            self._read_discovery,
            runtime.clock,
            name=f"discovery document of {provider}",
            default_fresh=DISCOVERY_FRESH,
        )
        self._last: Metadata | None = None
        self.keys = KeyCache(self._fetch_keys, read_jwks, runtime.clock, name=f"key set of {provider}")

    async def metadata(self, operation: str) -> Metadata:
        """Return what the provider publishes: the last good document, fetched when it is needed.

        Raises NothingToUse if there is none, ConfigurationError if what it says contradicts the settings, and
        SignInRejected with BLOCKED_URL if it names addresses that are not allowed.
        """
        try:
            return await self._published.current()
        except NothingToUse:
            self._complain(operation)
            raise

    async def check(self) -> None:
        """Fetch the discovery document and the keys. Raises what `metadata` raises, and SignInUnavailable."""
        operation = "identity.check"
        with flow.sign_in_errors(self._provider, operation):
            await self.metadata(operation)
            self._complain(operation)
            await self.keys.current()

    def _complain(self, operation: str) -> None:
        """Raise the error of the newest document, if there was one and it cannot be used."""
        unfit = self._published.failure
        if not isinstance(unfit, DiscoveryUnfit):
            return
        happened = f"the discovery document cannot be used: {unfit}"
        if unfit.reason is None:
            raise ConfigurationError(happened, fix=unfit.fix, operation=operation, provider=self._provider)
        raise SignInRejected(happened, reason=unfit.reason, fix=unfit.fix, operation=operation, provider=self._provider)

    async def begin(self, request: StartSignIn) -> tuple[Metadata, PendingSignIn]:
        """Make the record of a new sign-in. Raises SignInUnavailable, and what `metadata` raises."""
        with flow.sign_in_errors(self._provider, "identity.start"):
            metadata = await self.metadata("identity.start")
        return metadata, flow.begin(
            request,
            provider=self._provider,
            issuer=metadata.issuer,
            client_id=self.registration.client_id,
            redirect_url=self.registration.redirect_url,
            now=self.clock(),
        )

    async def complete(self, pending: PendingSignIn, callback: Callback) -> Answer:
        """Check how the person came back, exchange the code, check what came.

        Raises TokenRefused and NothingToUse, which `flow.sign_in_errors` turns into errors for callers, and what
        the provider's refusals are turned into.
        """
        parameters = read_callback(callback)
        metadata = await self.metadata("identity.complete")
        try:
            code = code_of(
                parameters,
                pending,
                provider=self._provider,
                issuer=metadata.issuer,
                now=self.clock(),
                life=self.registration.pending_life,
                iss=metadata.names_itself,
            )
        except ProviderError as error:
            raise self._error_mapping.of_callback(error, pending, self._provider) from None
        given = await self._exchange(metadata, pending, code)
        id_token = await self._check_id_token(metadata, pending, given, code)
        claims = await self._claims(metadata, given, id_token["sub"])
        return Answer(metadata, given, id_token, claims)

    async def _exchange(self, metadata: Metadata, pending: PendingSignIn, code: str) -> Tokens:
        fields, headers = await self._proof(metadata)
        request = flow.token_request(metadata.token_endpoint, pending, code, fields, headers)
        response = await self._token_http.send(request)
        try:
            return flow.read_tokens(response)
        except flow.EndpointError as error:
            raise self._error_mapping.of_token(error, self._provider) from None

    async def _proof(self, metadata: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        """The form fields and the headers that prove who sends, for one token request."""
        if self.registration.signer is None:
            return self.registration.plain_proof()
        assertion = await self.assertion(self.registration.assertion_audience or metadata.issuer)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}

    async def assertion(self, audience: str) -> str:
        """A signed token that proves to `audience` who sends (RFC 7523). Raises ConfigurationError without a key.

        A key that is here signs here; a signer that has to ask elsewhere must not hold up an event loop.
        """
        signer, client_id, now = self.registration.signer, self.registration.client_id, self.clock()
        if signer is None:
            raise ConfigurationError("this client has no key to sign with", fix="set a private key")
        if isinstance(signer, KeySigner):
            return client_assertion(signer, client_id=client_id, audience=audience, now=now)
        return await self.http.transport.run_blocking(
            lambda: client_assertion(signer, client_id=client_id, audience=audience, now=now)
        )

    async def parse_logout(self, body: LogoutBody, content_type: str | None, store: LogoutStore) -> LogoutNotice:
        """Check a notice of OpenID Connect Back-Channel Logout 1.0. Raises CallbackRefused, and what a store does."""
        operation = "identity.parse_logout"
        try:
            token = logout.token_of(body, content_type)
            rules = replace(
                self.rules(await self.metadata(operation)),
                name="logout token",
                types=frozenset({"logout+jwt", "jwt"}),
                max_age=logout.MAX_AGE,
            )
            claims, _ = await self.verify(token, rules)
            subject, session, notice_id = logout.check_notice(claims, rules, subject_required=False, one_event=False)
            now, until = self.clock(), claims["exp"] + rules.leeway
            await self.http.transport.run_blocking(
                lambda: logout.remember(store, rules.issuer, notice_id, until=until, now=now, provider=self._provider)
            )
        except TokenRefused as error:
            raise logout.refused(error, self._provider) from None
        except NothingToUse as missing:
            raise flow.unavailable(self._provider, str(missing), fix="answer 503", operation=operation) from None
        return logout.LogoutNotice(
            provider=self._provider,
            issuer=rules.issuer,
            subject=None if subject is None else Personal(subject),
            session=None if session is None else Personal(session),
            issued_at=logout.moment(claims),
            id=notice_id,
        )

    def rules(self, metadata: Metadata) -> Rules:
        """What an ID token of this provider must be."""
        return Rules(
            name="ID token",
            algorithms=self._token_policy.algorithms,
            issuer=metadata.issuer,
            audience=self.registration.client_id,
            leeway=self._token_policy.leeway,
            max_life=MAX_LIFE,
            max_age=_FRESH,
            extra_audiences=self._token_policy.extra_audiences,
        )

    async def _check_id_token(
        self, metadata: Metadata, pending: PendingSignIn, given: Tokens, code: str
    ) -> Mapping[str, Any]:
        rules = self.rules(metadata)
        claims, algorithm = await self.verify(given.id_token, rules)
        if "events" in claims or "vc" in claims:
            raise TokenRefused(SignInReason.BAD_TYPE, "the ID token is a token of another type")
        tokens.check_nonce(claims, pending.nonce.reveal(), rules.name)
        required = self._token_policy.hashes
        tokens.check_half_hash(claims, "at_hash", given.access_token, algorithm, required=required)
        tokens.check_half_hash(claims, "c_hash", code, algorithm, required=required)
        subject = tokens.check_subject(claims, rules.name)
        if pending.subject is not None and not tokens.same(subject, pending.subject.reveal()):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "another person came back than the one who is expected")
        if pending.max_age is not None:
            tokens.check_auth_time(claims, pending.max_age, self.clock(), rules)
        return claims

    async def verify(self, token: object, rules: Rules) -> tuple[dict[str, Any], str]:
        """Verify a token with the provider's keys; return its claims and its algorithm. Raises TokenRefused."""
        parsed = tokens.read(token, rules)
        if parsed.kid is None and self._token_policy.key_id:
            raise TokenRefused(SignInReason.UNKNOWN_KEY, f"the {rules.name} names no key")
        return await tokens.verify(token, rules, self.keys, self.clock()), parsed.algorithm

    async def _claims(self, metadata: Metadata, given: Tokens, subject: str) -> Mapping[str, Any]:
        if not self._discovery_policy.userinfo or metadata.userinfo_endpoint is None:
            return {}
        accept = {"Accept": "application/jwt"} if self._token_policy.signed_claims else None
        response = await self.http.send(flow.userinfo_request(metadata.userinfo_endpoint, given.access_token, accept))
        try:
            claims = await self._read_claims(metadata, response)
        except flow.EndpointError as error:
            raise self._error_mapping.of_userinfo(error, self._provider) from None
        if not tokens.same(tokens.check_subject(claims, "userinfo answer"), subject):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "the userinfo answer is about another person")
        return claims

    async def _read_claims(self, metadata: Metadata, response: Response) -> dict[str, Any]:
        """Read userinfo in the one form that is configured; a signed one must say from whom and for whom it is."""
        if not self._token_policy.signed_claims:
            return flow.read_claims(response)
        rules = replace(self.rules(metadata), name="userinfo token", optional=frozenset({"exp", "iat"}))
        claims, _ = await self.verify(flow.read_claims_token(response), rules)
        if "nonce" in claims or "events" in claims:
            raise TokenRefused(SignInReason.BAD_TYPE, "the userinfo token is a token of another type")
        return claims

    async def _fetch_discovery(self) -> Response:
        response = await self.http.send(flow.key_request(discovery_url(self._issuer)))
        if 300 <= response.status < 400:
            raise DiscoveryUnfit("it is a redirect", fix="set the issuer at which the document itself is", blocked=True)
        media = (response.header("content-type") or "").partition(";")[0].strip().lower()
        if response.status == 200 and media != "application/json":
            raise DiscoveryUnfit("it is not JSON", fix="set the issuer whose document is at its well-known address")
        return response

    def _read_discovery(self, document: Mapping[str, object]) -> Metadata:
        found = read_metadata(document, self._discovery_policy)
        if self._last is not None and found != self._last:
            log.warning("the discovery document of %s says something else than before", self._provider)
        self._last = found
        return found

    async def _fetch_keys(self) -> Response:
        metadata = await self._published.current()
        return await self.http.send(flow.key_request(metadata.jwks_uri))
