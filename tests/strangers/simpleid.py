"""Signs people in with SimpleID, an invented OpenID provider that proves no identity."""

from __future__ import annotations

from typing import Self

from govcomponents import ConfigurationError, Personal, Secret, identity
from govcomponents import adapters as sdk
from govcomponents.adapters import IdentityCapability as Can

ISSUER = "https://id.simpleid.example"


class SimpleId(sdk.IdentityPort):
    """One client of SimpleID. Its settings are CLIENT_ID, REDIRECT_URL and CLIENT_SECRET."""

    provider = "SimpleID"
    capabilities = frozenset({Can.SIGN_IN, Can.SINGLE_FACTOR, Can.SIGN_OUT, Can.MAX_AGE, Can.CHECK})

    def __init__(self, runtime: sdk.Runtime, client: sdk.ClientRegistration) -> None:
        self._client = sdk.RelyingParty(
            runtime,
            client,
            provider=self.provider,
            issuer=ISSUER,
            metadata=sdk.DiscoveryPolicy(
                issuers=frozenset({ISSUER}),
                hosts=frozenset({"id.simpleid.example"}),
                client_authentication=client.authentication,
                signing_algorithm=None,
                id_token_algorithms=frozenset({"RS256"}),
                userinfo=True,
            ),
            token_policy=sdk.TokenPolicy(algorithms=frozenset({"RS256"}), leeway=30),
        )

    @classmethod
    def from_settings(cls, settings: sdk.IdentitySettings, runtime: sdk.Runtime) -> Self:
        secret = settings.own_settings(["client_secret"]).get("client_secret")
        if settings.client_id is None or settings.redirect_url is None or not isinstance(secret, Secret):
            raise ConfigurationError(
                "CLIENT_ID, REDIRECT_URL or CLIENT_SECRET is not set", fix="copy them from your registration"
            )
        return cls(
            runtime,
            sdk.ClientRegistration(
                settings.client_id, settings.redirect_url, authentication="client_secret_basic", secret=secret
            ),
        )

    async def start(self, request: sdk.StartSignIn) -> identity.SignIn:
        metadata, pending = await self._client.begin(request)
        parameters = sdk.authorization_parameters(pending, "openid email")
        if request.max_age is not None:
            parameters["max_age"] = str(request.max_age)
        return identity.SignIn(url=sdk.with_query(metadata.authorization_endpoint, parameters), pending=pending)

    async def complete(self, pending: identity.PendingSignIn, callback: sdk.RedirectCallback) -> identity.Identity:
        with sdk.sign_in_errors(self.provider):
            tokens = await self._client.redeem(pending, callback)
            about = await self._client.userinfo(tokens)
        told = about.get("email")
        email = Personal(told) if isinstance(told, str) else None
        return identity.Identity(
            provider=self.provider,
            issuer=tokens.metadata.issuer,
            subject=Personal(tokens.subject),
            authentication=identity.Authentication.SINGLE_FACTOR,
            confidence=identity.Confidence.NONE,
            email=email,
            email_verified=email is not None and about.get("email_verified") is True,
            id_token=Secret(tokens.given.id_token),
            raw={"id_token": tokens.id_token, "userinfo": about},
        )

    async def sign_out_url(self, identity: identity.Identity | Secret, return_to: str | None) -> str:
        hint = identity if isinstance(identity, Secret) else identity.id_token
        parameters = {"id_token_hint": hint.reveal()}
        if return_to is not None:
            parameters["post_logout_redirect_uri"] = return_to
        with sdk.sign_in_errors(self.provider, "identity.sign_out_url"):
            metadata = await self._client.metadata("identity.sign_out_url")
        if metadata.end_session_endpoint is None:
            raise self.unsupported(Can.SIGN_OUT, operation="identity.sign_out_url")
        return sdk.with_query(metadata.end_session_endpoint, parameters)

    async def check(self) -> None:
        await self._client.check()
