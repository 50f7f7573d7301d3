"""Signing as a client: keys from PEM, JWK and files, checked at the start; signers that hold no key here."""

import json
import logging
import pickle

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.errors import ConfigurationError
from govcomponents.identity.jose.signing import (
    CallableSigner,
    Signer,
    client_assertion,
    load_signer,
    read_key_file,
    signed_jwt,
)
from govcomponents.privacy import Secret
from identity.kit import test_key as service_key

RSA_ONLY = frozenset({"RS256", "PS256", "RS512"})
ANY = RSA_ONLY | {"ES256", "ES384"}


def pem(key, password=None, form=serialization.PrivateFormat.PKCS8):
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, protection).decode()


def load(text, algorithm="RS256", allowed=RSA_ONLY, **more):
    return load_signer(Secret(text), algorithm=algorithm, allowed=allowed, setting="THE_SETTING", **more)


def refused(text, *args, **more):
    with pytest.raises(ConfigurationError) as caught:
        load(text, *args, **more)
    assert "THE_SETTING" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "RS512"])
def test_t22_an_assertion_is_what_any_verifier_takes(algorithm):
    signer = load(service_key(), algorithm)
    token = client_assertion(signer, client_id="c", audience="https://op.example.com/", now=1_790_000_000)
    key = jwt.PyJWK(json.loads(service_key())).key.public_key()
    claims = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience="https://op.example.com/",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["iss"] == claims["sub"] == "c"
    assert claims["exp"] - claims["iat"] <= 300
    other = client_assertion(signer, client_id="c", audience="https://op.example.com/", now=1_790_000_000)
    assert jwt.decode(other, options={"verify_signature": False})["jti"] != claims["jti"]
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": signer.key_id, "typ": "JWT"}


def test_keys_of_every_form():
    key = KEYS.rsa
    traditional = pem(key, form=serialization.PrivateFormat.TraditionalOpenSSL)
    forms = [pem(key), traditional, pem(key).replace("\n", "\\n"), f"\n  {pem(key)}  \n"]
    ids = {load(form).key_id for form in forms}
    assert len(ids) == 1
    assert load(pem(KEYS.ec), "ES256", ANY).algorithm == "ES256"
    assert load(pem(ec.generate_private_key(ec.SECP384R1())), "ES384", ANY)


def test_ec_keys_as_jwk():
    numbers = KEYS.ec.private_numbers()
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEYS.ec))
    signer = load(json.dumps(jwk), "ES256", ANY)
    assert signer.public_key().public_numbers() == numbers.public_numbers


def test_t23_the_id_of_a_key():
    jwk = json.loads(service_key())
    assert load(json.dumps(jwk | {"kid": "own"})).key_id == "own"
    assert load(json.dumps(jwk | {"kid": "own"}), key_id="set").key_id == "set"
    for odd in ("a\nb", "\ud800", "é", "x" * 257):
        assert "kid" in refused(json.dumps(jwk | {"kid": odd}))
    assert load(service_key()).key_id == load(pem(jwt.PyJWK(jwk).key)).key_id


def test_t23_only_public_members_are_published():
    published = load(service_key(), key_id="k").public_jwk()
    assert set(published) == {"kty", "n", "e", "kid", "use", "alg"}
    assert json.loads(service_key())["d"] not in json.dumps(published)


def test_t21_keys_that_are_not_fit():
    assert "2048" in refused(pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    assert "another kind" in refused(pem(KEYS.ec))
    assert "another kind" in refused(pem(KEYS.ec), "ES384", ANY)
    assert "does not take" in refused(pem(KEYS.ec), "ES256")
    assert "another kind" in refused(pem(ed25519.Ed25519PrivateKey.generate()))
    assert "neither" in refused(pem(ed448.Ed448PrivateKey.generate()))
    assert "passphrase" in refused(pem(KEYS.rsa, b"secret"))
    assert "PEM" in refused(KEYS.rsa.public_key().public_bytes(*PUBLIC).decode())
    assert "too large" in refused("x" * 100_000)
    public = {name: value for name, value in json.loads(service_key()).items() if name in ("kty", "n", "e")}
    assert "not a private" in refused(json.dumps(public))
    assert "readable" in refused("{}x")
    assert "readable" in refused(json.dumps({"kty": "RSA", "d": "AQAB", "n": "AQAB", "e": "AQAB"}))
    assert "not a private" in refused(json.dumps({"kty": "oct", "k": "AAAA"}))
    assert "readable" in refused(json.dumps({"kty": "EC", "d": "AQ", "x": "AQ", "y": "AQ", "crv": "P-256"}))
    assert refused(pem(ec.generate_private_key(ec.SECP256K1())), "ES256", ANY)


PUBLIC = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_t21_a_key_whose_parts_do_not_belong_together():
    mine, other = json.loads(service_key()), json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS.rsa))
    mixed = mine | {name: other[name] for name in ("p", "q", "dp", "dq", "qi", "d")}
    assert "THE_SETTING" in refused(json.dumps(mixed))


@given(st.text(max_size=200))
def test_no_other_text_is_a_key_and_none_is_shown(text):
    shown = refused("canary" + text)
    assert "canary" not in shown


def test_key_files(tmp_path, caplog):
    path = tmp_path / "key.pem"
    path.write_text(pem(KEYS.rsa))
    path.chmod(0o600)
    assert "PRIVATE" in read_key_file(path, setting="S")
    assert not caplog.records
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        read_key_file(path, setting="S")
    assert "every user" in caplog.text
    for bad in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(ConfigurationError):
            read_key_file(bad, setting="S")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError):
        read_key_file(path, setting="S")
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(ConfigurationError):
        read_key_file(path, setting="S")


def test_a_signer_may_be_a_function():
    held_elsewhere = load(service_key())
    signer = CallableSigner("RS256", "vault-key", held_elsewhere.sign)
    assert isinstance(signer, Signer)
    token = signed_jwt(signer, {"a": "é"})
    assert jwt.decode(token, held_elsewhere.public_key(), algorithms=["RS256"]) == {"a": "é"}
    assert "sign" not in repr(signer).replace("CallableSigner", "")


def test_a_signer_does_not_show_or_give_away_its_key():
    signer = load(service_key())
    assert "RSAPrivateKey" not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)
