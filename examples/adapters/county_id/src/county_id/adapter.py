"""The adapter of County ID, an OpenID provider whose level says how strongly the person proved to be the same."""

from __future__ import annotations

from typing import Self

from govcomponents import ConfigurationError, Personal, Secret, SignInReason, identity
from govcomponents import adapters as sdk
from govcomponents.adapters import IdentityCapability as Can
from govcomponents.identity import Authentication

ISSUER = "https://id.county.example"
LEVELS = {Authentication.SINGLE_FACTOR: "county:password", Authentication.TWO_FACTOR: "county:two-factor"}
SIGN_OUT = "identity.sign_out_url"


class CountyId(sdk.IdentityPort):
    """Signs people in with County ID. Its settings are CLIENT_ID, CLIENT_SECRET and REDIRECT_URL."""

    provider = "County ID"
    capabilities = frozenset(
        {Can.SIGN_IN, Can.SINGLE_FACTOR, Can.TWO_FACTOR, Can.MAX_AGE, Can.LOGIN_HINT, Can.SIGN_OUT, Can.CHECK}
    )

    def __init__(self, runtime: sdk.Runtime, registration: sdk.ClientRegistration) -> None:
        self._client = sdk.RelyingParty(
            runtime,
            registration,
            provider=self.provider,
            issuer=ISSUER,
            metadata=sdk.DiscoveryPolicy(
                issuers=frozenset({ISSUER}),
                hosts=frozenset({"id.county.example"}),
                client_authentication=registration.authentication,
                signing_algorithm=None,
                id_token_algorithms=frozenset({"ES256"}),
                userinfo=True,
            ),
            token_policy=sdk.TokenPolicy(algorithms=frozenset({"ES256"}), leeway=30),
        )

    @classmethod
    def from_settings(cls, settings: sdk.IdentitySettings, runtime: sdk.Runtime) -> Self:
        secret = settings.own_settings(["client_secret"]).get("client_secret")
        if settings.client_id is None or settings.redirect_url is None or not isinstance(secret, Secret):
            names = ", ".join(settings.variable(name) for name in ("client_id", "redirect_url", "client_secret"))
            raise ConfigurationError(f"one of {names} is not set", fix="copy them from your registration")
        return cls(
            runtime,
            sdk.ClientRegistration(settings.client_id, settings.redirect_url, "client_secret_basic", secret=secret),
        )

    async def start(self, request: sdk.StartSignIn) -> identity.SignIn:
        metadata, pending = await self._client.begin(request)
        parameters = sdk.authorization_parameters(pending, "openid email")
        parameters["acr_values"] = LEVELS[request.authentication]
        if request.max_age is not None:
            parameters["max_age"] = str(request.max_age)
        if request.login_hint is not None:
            parameters["login_hint"] = request.login_hint.reveal()
        return identity.SignIn(url=sdk.with_query(metadata.authorization_endpoint, parameters), pending=pending)

    async def complete(self, pending: identity.PendingSignIn, callback: sdk.RedirectCallback) -> identity.Identity:
        with sdk.sign_in_errors(self.provider):
            tokens = await self._client.redeem(pending, callback)
            level = next((one for one, acr in LEVELS.items() if tokens.id_token.get("acr") == acr), None)
            if level is None or level < pending.authentication:
                raise sdk.TokenRefused(SignInReason.BAD_LEVEL, "the sign-in is weaker than was asked for")
            about = await self._client.userinfo(tokens)
        told = about.get("email")
        email = Personal(told) if isinstance(told, str) else None
        return identity.Identity(
            provider=self.provider,
            issuer=tokens.metadata.issuer,
            subject=Personal(tokens.subject),
            authentication=level,
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
        with sdk.sign_in_errors(self.provider, SIGN_OUT):
            metadata = await self._client.metadata(SIGN_OUT)
        if metadata.end_session_endpoint is None:
            raise self.unsupported(Can.SIGN_OUT, operation=SIGN_OUT)
        return sdk.with_query(metadata.end_session_endpoint, parameters)

    async def check(self) -> None:
        await self._client.check()
