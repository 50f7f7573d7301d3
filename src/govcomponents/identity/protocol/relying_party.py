"""A relying party of one OpenID provider: the sign-in from end to end.

What an adapter adds is how levels and claims are asked for, and what the answer means. The checks are those of OpenID
Connect Core 3.1.3.7 and 5.3, RFC 9207 and RFC 9700, in the order in which one protects the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.http.client import HttpClient
from govcomponents.core.observe import Happening, tell
from govcomponents.errors import ConfigurationError, SignInReason
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.keys import KeyCache, read_jwks
from govcomponents.identity.jose.shared_documents import Shared
from govcomponents.identity.jose.signing import KeySigner, SecretSigner, client_assertion
from govcomponents.identity.jose.tokens import Rules, TokenRefused
from govcomponents.identity.protocol import flow
from govcomponents.identity.protocol.discovery import Metadata
from govcomponents.identity.protocol.error_mapping import STANDARD
from govcomponents.identity.protocol.metadata import DiscoveredMetadata, KnownMetadata
from govcomponents.identity.protocol.redirect_callback import ProviderError, code_of, redirect_parameters
from govcomponents.identity.protocol.registration import ASSERTION_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.jose.signing import Signer
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.port import RedirectCallback
    from govcomponents.identity.protocol.discovery import DiscoveryPolicy
    from govcomponents.identity.protocol.error_mapping import ErrorMapping
    from govcomponents.identity.protocol.flow import Tokens
    from govcomponents.identity.protocol.metadata import MetadataSource
    from govcomponents.identity.protocol.registration import ClientRegistration

MAX_LIFE: Final = 86_400
_FRESH: Final = 600


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Requirements on a provider's tokens, besides those of the standard.

    `key_id`: they must name their key. `hashes`: the hashes that the ID token must hold, of `at_hash` and `c_hash`;
    one that it holds must be right in any case. `extra_audiences`: it may be meant for others as well. `max_life` is
    in seconds. `signed_userinfo`: the userinfo answer is a signed token, not JSON. `logout_algorithms`: those of
    logout tokens, where they are others. `logout_names_person`: a logout token is about a person, and nothing else.
    `algorithm_fix`, `key_id_fix`, `level_fix` and `userinfo_fix` name the settings that cure a token with another
    algorithm or without a key id, a level that is too low, and a userinfo answer of the other form.
    """

    algorithms: frozenset[str]
    leeway: int
    key_id: bool = True
    hashes: frozenset[str] = frozenset()
    extra_audiences: bool = False
    max_life: int = MAX_LIFE
    signed_userinfo: bool = False
    logout_algorithms: frozenset[str] | None = None
    logout_names_person: bool = False
    algorithm_fix: str = ""
    key_id_fix: str = ""
    level_fix: str = ""
    userinfo_fix: str = ""


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A checked answer of the token endpoint: the tokens, and the claims of the ID token."""

    metadata: Metadata
    given: Tokens
    id_token: Mapping[str, Any] = field(repr=False)

    @property
    def subject(self) -> str:
        """The person's identifier at the provider."""
        subject: str = self.id_token["sub"]
        return subject


def tell_of_keys(runtime: Runtime, provider: str, source: str, news: str) -> None:
    """Tell the observers of a provider's keys: "keys.fetched" and "keys.rotated", of its "jwks" or its "did"."""
    tell(runtime.observers, Happening(news, provider, runtime.account, {"source": source}))


class RelyingParty:
    """One client at one provider. Safe to share between threads and tasks; sends nothing when it is made.

    `metadata` is the policy by which the discovery document at `issuer` is read, or the metadata itself where it is
    known beforehand.
    """

    def __init__(
        self,
        runtime: Runtime,
        registration: ClientRegistration,
        *,
        provider: str,
        issuer: str,
        metadata: DiscoveryPolicy | Metadata,
        token_policy: TokenPolicy,
        error_mapping: ErrorMapping = STANDARD,
    ) -> None:
        self.registration = registration
        self.clock = runtime.clock
        base = issuer.rstrip("/")
        self.http = HttpClient(runtime, provider=provider, base_url=base)
        # A code is burnt by the first token request that arrives, so not even a 429 lets it be sent again.
        self._token_http = HttpClient(runtime, provider=provider, base_url=base, is_rate_limit=lambda _: False)
        self.provider = provider
        http, clock, policy = self.http, runtime.clock, metadata
        self._source: MetadataSource = (
            KnownMetadata(http, policy, token_policy.algorithms)
            if isinstance(policy, Metadata)
            else runtime.share(
                policy,
                lambda: DiscoveredMetadata(
                    http, clock, issuer=issuer, policy=policy, shared=self.shared(runtime, f"discovery {base}")
                ),
            )
        )
        self.token_policy = token_policy
        self._error_mapping = error_mapping
        name = f"key set of {provider}"
        told = partial(tell_of_keys, runtime, provider, "jwks")
        self.keys = runtime.share(
            ("keys", policy),
            lambda: KeyCache(
                self._fetch_keys,
                read_jwks,
                runtime.clock,
                name=name,
                on_news=told,
                shared=self.shared(runtime, f"keys {base}"),
            ),
        )

    def shared(self, runtime: Runtime, key: str) -> Shared | None:
        """Return the place of one document in the store that processes share; None without one."""
        store = self.registration.documents
        return None if store is None else Shared(store, runtime.transport, key)

    async def metadata(self, operation: str) -> Metadata:
        """Return the provider's metadata. Raises as its source does (`protocol/metadata.py`)."""
        return await self._source.metadata(operation)

    async def check(self) -> None:
        """Compare what the provider publishes with what is expected, and fetch its keys.

        Raises ConfigurationError, SignInRejected and SignInUnavailable.
        """
        operation = "identity.check"
        with flow.sign_in_errors(self.provider, operation):
            await self._source.check(operation)
            await self.keys.renewed()

    async def begin(self, request: StartSignIn) -> tuple[Metadata, PendingSignIn]:
        """Make the record of a new sign-in. Raises SignInUnavailable, and what `metadata` raises."""
        with flow.sign_in_errors(self.provider, "identity.start"):
            metadata = await self.metadata("identity.start")
        return metadata, flow.begin(
            request,
            provider=self.provider,
            issuer=metadata.issuer,
            client_id=self.registration.client_id,
            redirect_url=self.registration.redirect_url,
            now=self.clock(),
        )

    async def redeem(self, pending: PendingSignIn, callback: RedirectCallback) -> TokenResponse:
        """Check how the person came back, exchange the code, and check the ID token.

        Raises TokenRefused and NothingToUse, which `flow.sign_in_errors` turns into errors for callers, and what the
        error mapping makes of the provider's errors.
        """
        parameters = redirect_parameters(callback)
        metadata = await self.metadata("identity.complete")
        try:
            code = code_of(
                parameters,
                pending,
                provider=self.provider,
                issuer=metadata.issuer,
                client_id=self.registration.client_id,
                now=self.clock(),
                life=self.registration.pending_life,
                iss=metadata.names_itself,
            )
        except ProviderError as error:
            raise self._error_mapping.of_callback(error, pending, self.provider) from None
        given = await self._exchange(metadata, pending, code)
        return TokenResponse(metadata, given, await self._check_id_token(metadata, pending, given, code))

    async def _exchange(self, metadata: Metadata, pending: PendingSignIn, code: str) -> Tokens:
        fields, headers = await self._proof(metadata)
        request = flow.token_request(metadata.token_endpoint, pending, code, fields, headers)
        response = await self._token_http.send(request)
        try:
            return flow.read_tokens(response)
        except flow.EndpointError as error:
            raise self._error_mapping.of_token(error, self.provider) from None

    async def _proof(self, metadata: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        """Make the form fields and the headers that prove who sends, for one token request."""
        if self.registration.signer is None:
            return self.registration.plain_proof()
        assertion = await self.assertion(self.registration.assertion_audience or metadata.issuer)
        named = {"client_id": self.registration.client_id} if self.registration.names_itself else {}
        return {**named, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}

    async def assertion(self, audience: str) -> str:
        """Make the token that proves to `audience` who sends (RFC 7523). Raises ConfigurationError without a key."""
        client_id, now = self.registration.client_id, self.clock()
        return await self.sign(lambda signer: client_assertion(signer, client_id=client_id, audience=audience, now=now))

    async def sign(self, make: Callable[[Signer], str]) -> str:
        """Make a signed token with the client's key. Raises ConfigurationError without one.

        A key that is here signs here; a signer that has to ask elsewhere must not hold up an event loop.
        """
        signer = self.registration.signer
        if signer is None:
            raise ConfigurationError("this client has no key to sign with", fix="set a private key")
        if isinstance(signer, (KeySigner, SecretSigner)):
            return make(signer)
        return await self.http.transport.run_blocking(lambda: make(signer))

    def rules(self, metadata: Metadata) -> Rules:
        """Return the rules for ID tokens of this provider."""
        return Rules(
            name="ID token",
            algorithms=self.token_policy.algorithms,
            issuer=metadata.issuer,
            audience=self.registration.client_id,
            leeway=self.token_policy.leeway,
            max_life=self.token_policy.max_life,
            max_age=_FRESH,
            extra_audiences=self.token_policy.extra_audiences,
            key_id=self.token_policy.key_id,
            algorithm_fix=self.token_policy.algorithm_fix,
            key_id_fix=self.token_policy.key_id_fix,
        )

    async def verify(self, token: object, rules: Rules) -> dict[str, Any]:
        """Verify a token with the provider's keys, and return its claims. Raises TokenRefused and NothingToUse."""
        return await tokens.verify(tokens.read(token, rules), rules, self.keys, self.clock())

    async def _check_id_token(
        self, metadata: Metadata, pending: PendingSignIn, given: Tokens, code: str
    ) -> Mapping[str, Any]:
        rules = self.rules(metadata)
        token = tokens.read(given.id_token, rules)
        claims = await tokens.verify(token, rules, self.keys, self.clock())
        if "events" in claims or "vc" in claims:
            raise TokenRefused(SignInReason.BAD_TYPE, "the ID token is a token of another type")
        tokens.check_nonce(claims, pending.nonce.reveal(), rules.name)
        for name, value in (("at_hash", given.access_token), ("c_hash", code)):
            tokens.check_half_hash(claims, name, value, token.algorithm, required=name in self.token_policy.hashes)
        subject = tokens.check_subject(claims, rules.name)
        if pending.subject is not None and not tokens.same(subject, pending.subject.reveal()):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "another person came back than the one who is expected")
        if pending.max_age is not None:
            tokens.check_auth_time(claims, pending.max_age, self.clock(), rules)
        return claims

    async def userinfo(self, response: TokenResponse) -> Mapping[str, Any]:
        """Fetch the claims about the person, and check whom they are about. None where there is no such endpoint.

        Raises as `redeem` does.
        """
        url = response.metadata.userinfo_endpoint
        if url is None:
            return {}
        accept = {"Accept": "application/jwt"} if self.token_policy.signed_userinfo else None
        answer = await self.http.send(flow.userinfo_request(url, response.given.access_token, accept))
        try:
            claims = await self._read_userinfo(response.metadata, answer)
        except flow.EndpointError as error:
            raise self._error_mapping.of_userinfo(error, self.provider) from None
        if not tokens.same(tokens.check_subject(claims, "userinfo answer"), response.subject):
            raise TokenRefused(SignInReason.BAD_SUBJECT, "the userinfo answer is about another person")
        return claims

    async def _read_userinfo(self, metadata: Metadata, answer: Response) -> dict[str, Any]:
        """Read userinfo in the one form that is configured; a signed one must say from whom and for whom it is."""
        other = "application/json" if self.token_policy.signed_userinfo else "application/jwt"
        if answer.status == 200 and flow.media_type(answer) == other:
            form = "JSON, not a signed token" if self.token_policy.signed_userinfo else "a signed token, not JSON"
            raise TokenRefused(
                SignInReason.MALFORMED, f"the userinfo answer is {form}", fix=self.token_policy.userinfo_fix
            )
        if not self.token_policy.signed_userinfo:
            return flow.read_claims(answer)
        rules = replace(self.rules(metadata), name="userinfo token", optional=frozenset({"exp", "iat"}))
        claims = await self.verify(flow.read_claims_token(answer), rules)
        if "nonce" in claims or "events" in claims:
            raise TokenRefused(SignInReason.BAD_TYPE, "the userinfo token is a token of another type")
        return claims

    async def _fetch_keys(self) -> Response:
        metadata = await self.metadata("identity.keys")
        return await self.http.send(flow.key_request(metadata.jwks_uri))
