"""Reading public keys: what is fit for verifying, and what is left out."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.identity.jose.jwk import Unfit, key_id, public_key, public_members, thumbprint

EC = public_members(KEYS.ec.public_key())
RSA = public_members(KEYS.rsa.public_key())


def b64(number, length=None):
    octets = number.to_bytes(length or (number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_keys_that_are_fit():
    assert public_key(EC).kind == "P-256"
    assert public_key(EC | {"alg": "ES256", "use": "sig", "key_ops": ["verify"]}).algorithm == "ES256"
    assert public_key(RSA).kind == "RSA"
    for curve, kind in ((ec.SECP384R1(), "P-384"), (ec.SECP521R1(), "P-521")):
        assert public_key(public_members(ec.generate_private_key(curve).public_key())).kind == kind


def test_what_is_published_reads_back_as_the_same_key():
    for key in (KEYS.ec, KEYS.rsa):
        assert public_key(public_members(key.public_key())).key.public_numbers() == key.public_key().public_numbers()


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(None, id="not an object"),
        pytest.param({"kty": "oct", "k": "AAAA"}, id="K14 symmetric"),
        pytest.param(EC | {"use": "enc"}, id="K15 for encryption"),
        pytest.param(EC | {"key_ops": ["sign"]}, id="K15 not for verifying"),
        pytest.param(EC | {"key_ops": "verify"}, id="K15 operations as text"),
        pytest.param(EC | {"kty": "OKP"}, id="K15 unknown type"),
        pytest.param(EC | {"crv": "secp256k1"}, id="K15 unknown curve"),
        pytest.param(EC | {"alg": "HS256"}, id="A2 symmetric algorithm"),
        pytest.param(EC | {"alg": "RS256"}, id="A4 algorithm of another type"),
        pytest.param(EC | {"alg": "ES384"}, id="A4 algorithm of another curve"),
        pytest.param(EC | {"x": EC["y"]}, id="K16 not on the curve"),
        pytest.param(EC | {"x": b64(0, 31)}, id="K16 short coordinate"),
        pytest.param(EC | {"x": b64(0, 33)}, id="K16 long coordinate"),
        pytest.param(EC | {"x": EC["x"] + "="}, id="padded coordinate"),
        pytest.param(EC | {"x": 7}, id="coordinate that is a number"),
        pytest.param(EC | {"x": "é"}, id="coordinate that is not ASCII"),
        pytest.param({k: v for k, v in EC.items() if k != "y"}, id="no y"),
        pytest.param(RSA | {"e": b64(3)}, id="K16 tiny exponent"),
        pytest.param(RSA | {"e": b64(65538)}, id="K16 even exponent"),
        pytest.param(RSA | {"e": b64(1 << 70 | 1)}, id="huge exponent"),
        pytest.param(RSA | {"n": b64((1 << 1023) + 1)}, id="K16 small modulus"),
        pytest.param(RSA | {"n": b64((1 << 9000) + 1)}, id="K16 large modulus"),
        pytest.param(RSA | {"n": "A" * 5000}, id="a very long text"),
        pytest.param(RSA | {"n": ""}, id="empty modulus"),
    ],
)
def test_keys_that_are_not(jwk):
    with pytest.raises(Unfit):
        public_key(jwk)


def test_k14_private_members_are_not_read():
    numbers = KEYS.ec.private_numbers()
    leaked = EC | {"d": b64(numbers.private_value, 32)}
    key = public_key(leaked)
    assert isinstance(key.key, ec.EllipticCurvePublicKey)
    assert "d" not in public_members(key.key)


def test_k16_a_small_rsa_key():
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(Unfit):
        public_key(public_members(small.public_key()))


def test_k4_key_ids():
    assert key_id({"kid": "k1"}) == "k1"
    for bad in ({}, {"kid": ""}, {"kid": 7}, {"kid": "k" * 257}):
        assert key_id(bad) is None


def test_thumbprint_of_rfc_7638():
    members = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPeb"
        "WKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb"
        "9c7d0zgdAZHzu6q"
        "MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFC"
        "ur-kEgU8awapJ"
        "zKnqDKgw",
        "e": "AQAB",
    }
    assert thumbprint(members) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops"]), st.text() | st.integers()
    )
)
def test_nothing_else_makes_a_key(jwk):
    with pytest.raises(Unfit):
        public_key(jwk)
