"""Verifying tokens: known answers, other algorithms, options of the rules, and any bytes at all."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS, compact, encode
from govcomponents.core.driver import drive
from govcomponents.errors import SignInReason
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.tokens import PublicKey, Rules, TokenRefused, half_hash
from govcomponents.identity.protocol.flow import code_challenge

NOW = 1_790_000_000
ISSUER, CLIENT = "https://op.example.com/", "client-1"


class OneKey:
    def __init__(self, key, kind="P-256", algorithm=None):
        self.key = PublicKey(kind, algorithm, key.public_key())
        self.asked = []

    async def find(self, kid, algorithm, *, from_anybody=True):
        self.asked.append((kid, algorithm))
        return self.key


def rules(**changes):
    values = {"name": "token", "algorithms": frozenset({"ES256"}), "issuer": ISSUER, "audience": CLIENT}
    return Rules(**(values | changes))


def claims(**changes):
    return {"iss": ISSUER, "aud": CLIENT, "sub": "s", "iat": NOW, "exp": NOW + 120} | changes


def verify(token, keys=None, **changes):
    demanded = rules(**changes)
    return drive(tokens.verify(tokens.read(token, demanded), demanded, keys or OneKey(KEYS.ec), NOW))


def refused(token, keys=None, **changes):
    with pytest.raises(TokenRefused) as caught:
        verify(token, keys, **changes)
    return caught.value.reason


def sign(body, algorithm="ES256", key=None, **header):
    return compact({"alg": algorithm, "kid": "k"} | header, body, key or KEYS.ec, algorithm)


@pytest.mark.parametrize(
    ("value", "hashed"),
    [
        ("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"),
        ("example-access-token-1", "tTftJEDipkpuDyJZ0YKVSg"),
    ],
)
def test_b11_known_half_hashes(value, hashed):
    assert half_hash(value, "ES256") == half_hash(value, "RS256") == hashed


@pytest.mark.parametrize(
    ("verifier", "challenge"),
    [
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("govcomponents-pkce-verifier-0123456789-ABCDEFGHIJK", "6oT-Zw_l-T5P-wtlhdMIZ3kFd5wEBvbJ_yPL19FrWPQ"),
    ],
)
def test_c10_known_code_challenges(verifier, challenge):
    assert code_challenge(verifier) == challenge


def test_b12_no_hash_goes_with_an_unknown_algorithm():
    with pytest.raises(TokenRefused) as caught:
        half_hash("x", "none")
    assert caught.value.reason is SignInReason.BAD_HASH


@pytest.mark.parametrize(("algorithm", "length"), [("ES256", 22), ("RS384", 32), ("ES512", 43), ("PS256", 22)])
def test_b11_the_hash_is_that_of_the_algorithm(algorithm, length):
    assert len(half_hash("x", algorithm)) == length


def test_b13_a_hash_that_is_not_required_may_be_absent_but_not_wrong():
    tokens.check_half_hash({}, "c_hash", "code", "ES256", required=False)
    tokens.check_half_hash({"c_hash": half_hash("code", "ES256")}, "c_hash", "code", "ES256", required=False)
    for bad in (half_hash("other", "ES256"), 7, "", ["x"]):
        with pytest.raises(TokenRefused):
            tokens.check_half_hash({"c_hash": bad}, "c_hash", "code", "ES256", required=False)


def test_every_algorithm_of_the_table_verifies():
    keys = {
        "RSA": KEYS.rsa,
        "P-256": KEYS.ec,
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "P-521": ec.generate_private_key(ec.SECP521R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    for algorithm, kind in tokens.KEY_FOR.items():
        token = sign(claims(), algorithm, keys[kind])
        chosen = OneKey(keys[kind], kind)
        assert verify(token, chosen, algorithms=frozenset({algorithm}))["sub"] == "s"
        assert chosen.asked == [("k", algorithm)]


def test_a4_a_key_of_another_kind_or_for_another_algorithm():
    token = sign(claims())
    assert refused(token, OneKey(KEYS.rsa, "RSA")) is SignInReason.BAD_ALGORITHM
    assert refused(token, OneKey(KEYS.ec, "P-256", "ES384")) is SignInReason.BAD_ALGORITHM


def test_b3_several_audiences_where_they_are_let_in():
    many = claims(aud=[CLIENT, "other"])
    assert refused(sign(many)) is SignInReason.BAD_AUDIENCE
    assert refused(sign(many), extra_audiences=True) is SignInReason.BAD_AUDIENCE
    assert verify(sign(many | {"azp": CLIENT}), extra_audiences=True)
    assert refused(sign(many | {"azp": "other"}), extra_audiences=True) is SignInReason.BAD_AUDIENCE
    assert refused(sign(many | {"azp": CLIENT})) is SignInReason.BAD_AUDIENCE
    assert verify(sign(claims(aud=[CLIENT], azp=CLIENT)))


def test_types_that_are_let_in():
    assert verify(sign(claims(), typ="JWT"))
    assert verify(sign(claims(), typ="jwt"))
    assert verify(sign(claims(), typ="logout+jwt"), types=frozenset({"logout+jwt"}))
    assert refused(sign(claims(), typ="JWT"), types=frozenset({"logout+jwt"})) is SignInReason.BAD_TYPE


def test_a_token_that_is_not_text():
    for token in (None, b"a.b.c", 7, ["a"]):
        assert refused(token) is SignInReason.MALFORMED
    assert refused("é.b.c") is SignInReason.MALFORMED


def test_times_may_have_fractions():
    assert verify(sign(claims(iat=NOW + 0.5, exp=NOW + 100.25)))


def test_a12_the_text_of_a_refusal_holds_nothing_of_the_token():
    secret = "canary-" + "x" * 100
    for token in (
        secret * 1000,
        f"{secret}.{secret}.{secret}",
        sign(claims(iss=secret)),
        sign(claims(), kid=secret * 9),
    ):
        with pytest.raises(TokenRefused) as caught:
            verify(token)
        assert "canary" not in str(caught.value) + caught.value.happened


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_no_text_is_ever_accepted(text):
    token = text if isinstance(text, str) else text.decode("latin-1")
    assert refused(token) in SignInReason


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=80))
def test_no_bytes_in_three_parts_are_ever_accepted(head, body, signature):
    assert refused(f"{encode(head)}.{encode(body)}.{encode(signature)}") in SignInReason


@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "azp", "sub", "nonce"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.lists(st.text(max_size=3)),
        min_size=1,
    )
)
def test_no_claims_break_the_checks(changed):
    body = claims() | changed
    refusal = None
    try:
        tokens.check_claims(body, rules(), NOW)
        tokens.check_nonce(body, "n", "token")
        tokens.check_subject(body, "token")
    except TokenRefused as error:
        refusal = error
    assert refusal is None or refusal.reason in SignInReason


@given(st.text(max_size=30), st.text(max_size=30))
def test_t18_texts_are_compared_byte_for_byte(left, right):
    assert tokens.same(left, right) == (left == right)


def test_an_encrypted_token_is_told_as_one_with_its_cure():
    header = encode(b'{"alg":"RSA-OAEP-256","enc":"A256GCM"}')
    for token in (f"{header}.a2V5.aXY.dGV4dA.dGFn", f"{header}..aXY.dGV4dA.dGFn"):
        with pytest.raises(TokenRefused, match="is encrypted") as caught:
            verify(token)
        assert caught.value.reason is SignInReason.MALFORMED
        assert "not encrypted" in caught.value.fix
