"""What the tests of Login.gov share: a client, a fake of the provider, and where its published answers are."""

import json
from dataclasses import replace
from functools import cache

import pytest

from govcomponents.contracts.identity.fake_provider import CODE, FakeOpenIdProvider, FakeProfile
from govcomponents.contracts.identity.suite import IdentityDouble
from govcomponents.core.http.runtime import Runtime
from govcomponents.identity.adapters.login_gov import wire
from govcomponents.identity.adapters.login_gov.adapter import LoginGov
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.settings import IdentitySettings
from shared_folder import SHARED

GOLDEN = SHARED / "golden" / "login-gov" / "answers.json"
needs_golden = pytest.mark.skipif(not GOLDEN.is_file(), reason="the published answers are not on this machine")

NOW = 1_790_000_000
HOST = "https://idp.int.identitysandbox.gov"
CLIENT = "urn:gov:gsa:openidconnect.profiles:sp:sso:example_agency:permits"
REDIRECT = "https://permits.example/auth/callback"
TWO_FACTOR = "http://idmanagement.gov/ns/assurance/aal/2"


@cache
def service_key():
    """A private RSA key of a service, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def settings(**changes):
    values = {
        "adapter": "login_gov",
        "client_id": CLIENT,
        "redirect_url": REDIRECT,
        "environment": "integration",
        "private_key": service_key(),
        "signed_out_url": "https://permits.example/signed-out",
        "events_audience": "https://permits.example/events",
    } | changes
    return IdentitySettings(**{name: value for name, value in values.items() if value is not ...})


def build(runtime, **changes):
    return LoginGov.from_settings(settings(**changes), runtime)


def port_on(transport, now=NOW, **changes):
    return build(Runtime(transport, clock=lambda: now), **changes)


def document(**changes):
    found = {
        "issuer": f"{HOST}/",
        "authorization_endpoint": f"{HOST}/openid_connect/authorize",
        "token_endpoint": f"{HOST}/api/openid_connect/token",
        "userinfo_endpoint": f"{HOST}/api/openid_connect/userinfo",
        "jwks_uri": f"{HOST}/api/openid_connect/certs",
        "end_session_endpoint": f"{HOST}/openid_connect/logout",
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
    } | changes
    return {name: value for name, value in found.items() if value is not ...}


ABOUT = {
    "email": "canary@example.com",
    "email_verified": True,
    "given_name": "CANARYNAME",
    "family_name": "EXAMPLE",
    "birthdate": "1984-02-29",
    "phone": "+12025550123",
    "phone_verified": True,
    "address": {"formatted": "7 Canary Road\nSpringvale, ZZ 00001", "street_address": "7 Canary Road"},
    "ial": wire.FACIAL_MATCH_REQUIRED,
    "aal": TWO_FACTOR,
}
CANARIES = ("canary@example.com", "CANARYNAME", "1984-02-29", "+12025550123", "Canary Road", service_key()[60:120])


def profile(level=wire.FACIAL_MATCH_REQUIRED, **members):
    return FakeProfile(
        issuer=f"{HOST}/",
        client_id=CLIENT,
        algorithm="RS256",
        jwks=f"{HOST}/api/openid_connect/certs",
        token=f"{HOST}/api/openid_connect/token",
        userinfo=f"{HOST}/api/openid_connect/userinfo",
        **(
            {
                "documents": {f"{HOST}/.well-known/openid-configuration": document()},
                "id_token": {"acr": level, "ial": level, "aal": TWO_FACTOR, "c_hash": half_hash(CODE, "RS256")},
                "about": ABOUT | {"ial": level},
            }
            | members
        ),
    )


def faithful():
    """The provider as it is when it gives the levels and the claims that it is asked for, and no others."""
    return profile(
        for_request=answer_to,
        events_audience="https://permits.example/events",
        one_factor={"aal": wire.DEFAULT_AAL},
    )


def answer_to(found, query):
    level, *factors = query["acr_values"].split()
    scopes = query["scope"].split()
    factor = TWO_FACTOR if TWO_FACTOR in factors else wire.DEFAULT_AAL
    hidden = {name for name in ("phone", "address") if name not in scopes}
    hidden |= {"given_name", "family_name", "birthdate"} if "profile" not in scopes else set()
    about = {name: value for name, value in found.about.items() if name not in hidden}
    return replace(
        found,
        id_token=found.id_token | {"acr": level, "ial": level, "aal": factor},
        about=about | {"ial": level, "aal": factor},
    )


@cache
def answers():
    """The published answers, by name."""
    return {case["name"]: case for case in json.loads(GOLDEN.read_text(encoding="utf-8"))["answers"]}


def connect(found):
    return IdentityDouble.of_fake(FakeOpenIdProvider(found, lambda: NOW))
