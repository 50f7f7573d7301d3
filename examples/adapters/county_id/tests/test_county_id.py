"""County ID keeps the contract of govcomponents over a fake provider, hostile tokens among it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from county_id.adapter import ISSUER, CountyId
from govcomponents.adapters import IdentitySettings
from govcomponents.identity import Authentication
from govcomponents.testing import FakeOpenIdProvider, FakeProfile, IdentityDouble, IdentitySubject, IdentitySuite

SETTINGS = IdentitySettings.model_validate(
    {
        "client_id": "licences",
        "client_secret": "canary-client-secret",
        "redirect_url": "https://service.example.gov.uk/signed-in",
    }
)


def answer_to(profile: FakeProfile, query: Mapping[str, str]) -> FakeProfile:
    """Give the level that the service asked for, as County ID does."""
    return replace(profile, id_token={"acr": query["acr_values"]})


PROFILE = FakeProfile(
    issuer=ISSUER,
    client_id="licences",
    algorithm="ES256",
    jwks=f"{ISSUER}/keys",
    token=f"{ISSUER}/token",
    userinfo=f"{ISSUER}/userinfo",
    id_token={"acr": "county:two-factor"},
    level="acr",
    one_factor={"acr": "county:password"},
    client_secret="canary-client-secret",
    for_request=answer_to,
    about={"email": "canary@example.com", "email_verified": True},
    documents={
        f"{ISSUER}/.well-known/openid-configuration": {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
            "end_session_endpoint": f"{ISSUER}/end",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "acr_values_supported": ["county:password", "county:two-factor"],
        }
    },
)


class TestCountyId(IdentitySuite):
    subject = IdentitySubject(
        build=lambda runtime: CountyId.from_settings(SETTINGS, runtime),
        connect=lambda: IdentityDouble.of_fake(FakeOpenIdProvider(PROFILE, lambda: 1_790_000_000)),
        ask={"authentication": Authentication.TWO_FACTOR},
        fake=PROFILE,
        canaries=("canary@example.com", "canary-client-secret"),
    )
