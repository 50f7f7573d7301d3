"""Tokens and assertions by Ed25519, and clients that sign with the secret that the provider knows too."""

import base64
import json
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govcomponents.contracts.identity.fake_provider import KEYS, FakeOpenIdProvider, compact
from govcomponents.core.http.runtime import Runtime
from govcomponents.errors import ConfigurationError, CredentialsRefused, SignInReason, SignInRejected
from govcomponents.identity import new_private_key, published_jwks, signer_of
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.jose.jwk import Unfit, public_key, public_members, thumbprint
from govcomponents.identity.jose.tokens import half_hash
from govcomponents.privacy import Secret
from identity.kit import service_of
from identity.openid_provider.openid_sandbox import sandbox_of, service_on
from identity.openid_provider.openid_sandbox import sign_in as sign_in_at

from .support import ISSUER, NOW, profile, settings, sign_in, token_form

# RFC 8037, appendix A; the private key as RFC 8032, 7.1, writes it: no private key as a JWK is in what is published.
RFC_PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_PRIVATE = RFC_PUBLIC | {"d": base64.urlsafe_b64encode(RFC_SEED).decode().rstrip("=")}
ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LONG_SECRET = "a-secret-that-is-long-enough-to-sign-with"  # an invented one


def desk(make, **jwk):
    members = public_members(ED.public_key()) | {"kid": "ed"} | jwk
    keys = {"keys": [members, public_members(KEYS.ec.public_key()) | {"kid": "k1"}]}
    found = profile(changes={"id_token_signing_alg_values_supported": ["RS256", "EdDSA"]})
    fake = FakeOpenIdProvider(replace(found, documents={**found.documents, found.jwks: keys}), lambda: NOW)
    fake.corrupt_id_token = lambda _, claims: make(claims | {"at_hash": half_hash(FAKE_ACCESS, "EdDSA")})
    own = settings(id_token_algorithms="EdDSA")
    return fake, service_of(OpenIdConnect.from_settings(own, Runtime(fake, clock=lambda: NOW)))


def signed(claims, key=ED, alg="EdDSA", kid="ed", by="EdDSA"):
    return compact({"alg": alg, "kid": kid}, claims, key, by)


FAKE_ACCESS = "forged-access-token-for-tests"


@pytest.mark.parametrize("jwk", [{}, {"alg": "EdDSA", "use": "sig", "key_ops": ["verify"]}])
def test_a_token_by_ed25519_signs_in(jwk):
    fake, service = desk(signed, **jwk)

    assert sign_in(fake, service).subject


def _flipped(claims):
    head, body, tail = signed(claims).split(".")
    return f"{head}.{body}.{tail[:10]}{'A' if tail[10] != 'A' else 'B'}{tail[11:]}"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda claims: signed(claims, STRANGER), SignInReason.BAD_SIGNATURE),
        (_flipped, SignInReason.BAD_SIGNATURE),
        (lambda claims: signed(claims, KEYS.ec, by="ES256"), SignInReason.BAD_SIGNATURE),
        (lambda claims: signed(claims, KEYS.ec, kid="k1", by="ES256"), SignInReason.BAD_ALGORITHM),
        (lambda claims: signed(claims, KEYS.ec, alg="ES256", kid="k1", by="ES256"), SignInReason.BAD_ALGORITHM),
        (lambda claims: signed(claims, alg="eddsa"), SignInReason.BAD_ALGORITHM),
        (lambda claims: signed(claims, alg="Ed25519"), SignInReason.BAD_ALGORITHM),
        (lambda claims: signed(claims | {"at_hash": half_hash(FAKE_ACCESS, "ES256")}), SignInReason.BAD_HASH),
        (lambda claims: signed(claims | {"nonce": "another"}), SignInReason.BAD_NONCE),
    ],
)
def test_any_other_token_does_not(make, reason):
    fake, service = desk(make)

    with pytest.raises(SignInRejected) as caught:
        sign_in(fake, service)
    assert caught.value.reason is reason


def test_ed25519_is_not_taken_where_it_was_not_set():
    fake = FakeOpenIdProvider(profile(), lambda: NOW)
    fake.corrupt_id_token = lambda _, claims: signed(claims)
    service = service_of(OpenIdConnect.from_settings(settings(), Runtime(fake, clock=lambda: NOW)))

    with pytest.raises(SignInRejected) as caught:
        sign_in(fake, service)
    assert caught.value.reason is SignInReason.BAD_ALGORITHM


def test_the_example_of_the_standard():
    signer = signer_of(Secret(json.dumps(RFC_PRIVATE)), algorithm="EdDSA")

    assert signer.key_id == thumbprint(RFC_PUBLIC) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signature = signer.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
    assert jwt.utils.base64url_encode(signature).decode() == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
    (published,) = published_jwks([signer])["keys"]
    assert published == RFC_PUBLIC | {"kid": signer.key_id, "use": "sig", "alg": "EdDSA"}
    assert public_key(published).kind == "Ed25519"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"x": ""}, {"x": "AA"}, {"x": None}, {"x": RFC_PUBLIC["x"] + "A"}, {"crv": "Ed448"}, {"crv": "X25519"}),
        *({"crv": []}, {"kty": "EC"}, {"alg": "ES256"}, {"alg": "Ed25519"}, {"use": "enc"}),
    ],
)
def test_a_key_that_is_none_is_left_out(wrong):
    with pytest.raises(Unfit):
        public_key(RFC_PUBLIC | wrong)


@pytest.mark.parametrize("wrong", [{"d": "AA"}, {"x": public_members(STRANGER.public_key())["x"]}, {"crv": "Ed448"}])
def test_a_private_key_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        signer_of(Secret(json.dumps(RFC_PRIVATE | wrong)), algorithm="EdDSA")


def test_a_new_key_of_one_own_proves_the_client():
    pem = new_private_key("EdDSA")
    signer = signer_of(pem, algorithm="EdDSA")
    client = {"authentication": "private_key_jwt", "public_jwk": signer.public_jwk()}
    sandbox = sandbox_of("openid", {"clients": [client]})
    own = {"private_key": pem.reveal(), "signing_algorithm": "EdDSA"}

    assert sign_in_at(sandbox, service_on(sandbox, "openid", **own)).subject
    with pytest.raises(CredentialsRefused):
        sign_in_at(sandbox, service_on(sandbox, "openid", **own | {"private_key": new_private_key("EdDSA").reveal()}))


def test_a_client_proves_itself_by_a_mac_with_its_secret():
    changes = {"token_endpoint_auth_methods_supported": ["client_secret_jwt"]}
    changes["token_endpoint_auth_signing_alg_values_supported"] = ["HS256"]
    fake = FakeOpenIdProvider(profile(changes=changes), lambda: NOW)
    own = settings(
        client_authentication="client_secret_jwt",
        client_secret=LONG_SECRET,
        private_key=...,
        signing_algorithm=...,
    )
    service = service_of(OpenIdConnect.from_settings(own, Runtime(fake, clock=lambda: NOW)))

    sign_in(fake, service)

    form, headers = token_form(fake)
    assert LONG_SECRET not in repr((form, headers))
    assert "Authorization" not in headers
    assert jwt.get_unverified_header(form["client_assertion"]) == {"alg": "HS256", "typ": "JWT"}
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(form["client_assertion"], LONG_SECRET, ["HS256"], options=options, audience=ISSUER)
    assert claims["iss"] == claims["sub"] == form["client_id"]


@pytest.mark.parametrize("secret", [LONG_SECRET, f"{LONG_SECRET}x"])
def test_the_sandbox_takes_a_mac_with_the_right_secret_alone(secret):
    client = {"authentication": "client_secret_jwt", "client_secret": LONG_SECRET}
    sandbox = sandbox_of("openid", {"clients": [client]})
    service = service_on(sandbox, "openid", client_secret=secret)

    if secret == LONG_SECRET:
        assert sign_in_at(sandbox, service).subject
    else:
        with pytest.raises(CredentialsRefused):
            sign_in_at(sandbox, service)
