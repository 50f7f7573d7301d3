"""What the tests of the generic adapter share: a client of an invented provider, and that provider as a fake one."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

from govcomponents.contracts.identity.fake_provider import KEYS, FakeOpenIdProvider, FakeProfile
from govcomponents.contracts.identity.suite import IdentityDouble
from govcomponents.core.canonical_json import encode_base64url
from govcomponents.core.http.runtime import Runtime
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.settings import IdentitySettings
from identity.kit import service_of

NOW = 1_790_000_000
ISSUER = "https://id.example.com"
CLIENT = "licences"
REDIRECT = "https://service.example.gov.uk/signed-in"
STRONG, PROVED, SURE = "urn:example:two-factor", "urn:example:proved", "urn:example:sure"
LEVELS = {
    STRONG: {"authentication": "two_factor"},
    PROVED: {"authentication": "two_factor", "confidence": "medium"},
    SURE: {"authentication": "two_factor", "confidence": "high"},
}


def service_key():
    """A private key of a service, as a JWK."""
    key = KEYS.stranger
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return json.dumps(public_members(key.public_key()) | {"d": encode_base64url(secret)})


def document(**changes):
    found = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "userinfo_endpoint": f"{ISSUER}/me",
        "jwks_uri": f"{ISSUER}/keys",
        "end_session_endpoint": f"{ISSUER}/end",
        "response_types_supported": ["code", "id_token"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
    } | changes
    return {name: value for name, value in found.items() if value is not ...}


def profile(algorithm="RS256", *, changes=None, **members):
    return FakeProfile(
        issuer=ISSUER,
        client_id=CLIENT,
        algorithm=algorithm,
        jwks=f"{ISSUER}/keys",
        token=f"{ISSUER}/token",
        userinfo=f"{ISSUER}/me",
        level="acr",
        extra_audiences=True,
        documents={f"{ISSUER}/.well-known/openid-configuration": document(**(changes or {}))},
        **({"id_token": {"acr": PROVED}, "about": ABOUT} | members),
    )


def faithful(algorithm="RS256", **members):
    """The provider as it is when it gives the levels and the claims that it is asked for, and no others."""
    return profile(algorithm, for_request=answer_to, one_factor={"acr": "urn:example:password"}, **members)


def answer_to(found, query):
    level = query.get("acr_values", "urn:example:password").split(" ", maxsplit=1)[0]
    scopes = {"phone": "phone_number", "address": "address"}
    hidden = {name for scope, name in scopes.items() if scope not in query["scope"].split()}
    about = {name: value for name, value in found.about.items() if name not in hidden}
    return replace(found, id_token={**found.id_token, "acr": level}, about=about)


ABOUT = {
    "email": "canary@example.com",
    "email_verified": True,
    "given_name": "CANARYNAME",
    "family_name": "EXAMPLE",
    "birthdate": "1984-02-29",
    "phone_number": "+447700900123",
    "phone_number_verified": True,
    "address": {"formatted": "7 CANARY ROAD\nEX1 1AA", "postal_code": "EX1 1AA", "country": "GB"},
}
CANARIES = ("canary@example.com", "CANARYNAME", "1984-02-29", "+447700900123", "CANARY ROAD", "EX1 1AA")


def settings(**changes):
    values = {
        "adapter": "oidc",
        "client_id": CLIENT,
        "redirect_url": REDIRECT,
        "issuer": ISSUER,
        "private_key": service_key(),
        "signing_algorithm": "ES256",
        "claim_scopes": {"phone": "phone", "address": "address"},
        "levels": LEVELS,
    } | changes
    return IdentitySettings(**{name: value for name, value in values.items() if value is not ...})


def with_secret(method="client_secret_basic", **changes):
    secret = {"client_authentication": method, "client_secret": "s3cret:of/the+client"}
    return settings(**secret, private_key=..., signing_algorithm=..., **changes)


def build(runtime, **changes):
    return OpenIdConnect.from_settings(settings(**changes), runtime)


def connect(found):
    return IdentityDouble.of_fake(FakeOpenIdProvider(found, lambda: NOW))


def port_on(fake, own=None):
    return OpenIdConnect.from_settings(own or settings(), Runtime(fake, clock=lambda: NOW))


SINGLE = {"authentication": Authentication.SINGLE_FACTOR}

MEDIUM = {"confidence": Confidence.MEDIUM}


def desk(own=None, found=None):
    fake = FakeOpenIdProvider(found or profile(), lambda: NOW)
    port = OpenIdConnect.from_settings(own or settings(), Runtime(fake, clock=lambda: NOW))
    return fake, service_of(port)


def sign_in(fake, service, **ask):
    started = service.start(**ask)
    return service.complete(started.pending, fake.visit(started.url))


def asked(service, **ask):
    return dict(parse_qsl(urlsplit(service.start(**ask).url).query))


def token_form(fake):
    (request,) = [request for request in fake.sent if request.url == f"{ISSUER}/token"]
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}, request.headers
