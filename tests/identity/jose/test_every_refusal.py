"""Every refusal of a token, on both sides of its limit: its reason, the text that an operator reads, and its cure."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWS

from govcomponents.contracts.identity.fake_provider import KEYS, compact, encode
from govcomponents.core.driver import drive
from govcomponents.errors import SignInReason
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.tokens import PublicKey, Rules, TokenRefused

NOW = 1_790_000_000
ISSUER, CLIENT, OTHER = "https://op.example.com/", "client-1", "client-2"
MALFORMED, EXPIRED, EARLY = SignInReason.MALFORMED, SignInReason.EXPIRED, SignInReason.NOT_YET_VALID
TYPE, AUDIENCE, LEVEL = SignInReason.BAD_TYPE, SignInReason.BAD_AUDIENCE, SignInReason.BAD_LEVEL
SIGNED_ONLY = "let the provider register the client for tokens that are signed and not encrypted"


class TheKey:
    """A key set of one key, which notes how it was asked."""

    def __init__(self, public=None, kind="P-256", algorithm=None):
        self.key = PublicKey(kind, algorithm, public or KEYS.ec.public_key())
        self.asked = []

    async def find(self, kid, algorithm, *, from_anybody=True):
        self.asked.append((kid, algorithm, from_anybody))
        return self.key


def rules(**changes):
    values = {"name": "ID token", "algorithms": frozenset({"ES256"}), "issuer": ISSUER, "audience": CLIENT}
    return Rules(**(values | changes))


def claims(**changes):
    made = {"iss": ISSUER, "aud": CLIENT, "sub": "s", "iat": NOW, "exp": NOW + 120} | changes
    return {name: value for name, value in made.items() if value is not ...}


def sign(body=None, **header):
    return compact({"alg": "ES256", "kid": "k"} | header, claims() if body is None else body, KEYS.ec, "ES256")


def read(token, keys=None, now=NOW, **changes):
    asked = rules(**changes)
    return drive(tokens.verify(tokens.read(token, asked), asked, keys or TheKey(), now))


def refusal(work):
    with pytest.raises(TokenRefused) as caught:
        work()
    assert str(caught.value) == caught.value.happened
    return caught.value.reason, caught.value.happened, caught.value.fix


def parts(header=None, payload=b"{}", signature=b"s"):
    head = json.dumps({"alg": "ES256"} if header is None else header).encode()
    return f"{encode(head)}.{encode(payload)}.{encode(signature)}"


def of_length(length):
    """A token whose header and signature are as they should be, and so long as a whole."""
    begin = f"{encode(json.dumps({'alg': 'ES256'}).encode())}."
    return f"{begin}{'A' * (length - len(begin) - 3)}.AA"


FORMS = {
    "nothing": (None, "is not text"),
    "bytes": (b"a.b.c", "is not text"),
    "too long": (of_length(32 * 1024 + 1), "is too large"),
    "an accent": ("\u00e9.b.c", "is not ASCII"),
    "one part": ("YQ", "has not three parts"),
    "two parts": ("YQ.YQ", "has not three parts"),
    "four parts": ("YQ.YQ.YQ.YQ", "has not three parts"),
    "five parts, none of them the text": ("YQ.YQ.YQ.YQ.", "has not three parts"),
    "five parts, the first of them empty": (".YQ.YQ.YQ.YQ", "has not three parts"),
    "no header": (".YQ.YQ", "has not three parts"),
    "no payload": ("YQ..YQ", "has not three parts"),
    "no signature": ("YQ.YQ.", "has not three parts"),
    "a long header": (f"{'A' * (4 * 1024 + 1)}.YQ.YQ", "has too large a header"),
    "a critical header": (parts({"alg": "ES256", "crit": ["exp"]}), "has the header crit"),
    "an unencoded payload": (parts({"alg": "ES256", "b64": True}), "has the header b64"),
    "a compressed payload": (parts({"alg": "ES256", "zip": "DEF"}), "has the header zip"),
    "an encryption": (parts({"alg": "ES256", "enc": "A256GCM"}), "has the header enc"),
    **{
        f"a key id of {kid!r}"[:40]: (
            parts({"alg": "ES256", "kid": kid}),
            "has a key id that is not a short printable text",
        )
        for kid in (7, "", "k" * 257, "cl\u00e9", "a\nb")
    },
}  # fmt: skip


@pytest.mark.parametrize(("token", "told"), FORMS.values(), ids=FORMS)
def test_a_token_of_another_form(token, told):
    assert refusal(lambda: read(token)) == (MALFORMED, f"the ID token {told}", "")


@pytest.mark.parametrize("which", ["header", "payload", "signature"])
def test_a_part_that_cannot_be_read(which):
    broken = {"header": "e30=.YQ.YQ", "payload": parts().replace(".e30.", ".e30=."), "signature": parts() + "="}[which]
    reason, happened, fix = refusal(lambda: read(broken))
    assert (reason, fix) == (MALFORMED, "")
    assert happened.startswith("the ID token cannot be read: ")
    assert not happened.endswith(("None", ": "))


def test_claims_that_cannot_be_read():
    for payload in (b"not JSON", b"[]", b'{"iss":1,"iss":2}'):
        token = PyJWS().encode(payload, KEYS.ec, "ES256", headers={"kid": "k"})
        reason, happened, fix = refusal(lambda token=token: read(token))
        assert (reason, fix) == (MALFORMED, "")
        assert happened.startswith("the ID token cannot be read: ")
        assert not happened.endswith(("None", ": "))


def test_the_limits_themselves_are_let_in():
    assert tokens.read(of_length(32 * 1024), rules()).algorithm == "ES256"
    head = json.dumps({"alg": "ES256", "x": ""})
    head = head.replace('""', f'"{"x" * (4 * 1024 * 3 // 4 - len(head))}"').encode()
    assert len(encode(head)) == 4 * 1024
    assert tokens.read(f"{encode(head)}.YQ.YQ", rules()).kid is None
    for kid in ("k", "k" * 256):
        assert tokens.read(parts({"alg": "ES256", "kid": kid}), rules()).kid == kid


def test_what_was_read_is_kept_as_it_came():
    token = sign(claims(sub="t"), typ="JWT")
    found = tokens.read(token, rules())
    assert (found.algorithm, found.kid) == ("ES256", "k")
    assert found.header == {"alg": "ES256", "kid": "k", "typ": "JWT"}
    assert found.signed == token.rpartition(".")[0].encode()
    assert json.loads(found.payload) == claims(sub="t")
    assert encode(found.signature) == token.rpartition(".")[2]


ENCRYPTED = (MALFORMED, "the ID token is encrypted, and encrypted tokens are not read here", SIGNED_ONLY)
WITHIN = (MALFORMED, "the ID token holds another token", SIGNED_ONLY)
OTHER_ALGORITHM = (SignInReason.BAD_ALGORITHM, "the ID token is signed with another algorithm than ES256", "")
OTHER_TYPE = (TYPE, "the ID token says that it is another type of token", "")
CURE = "set GOV_IDENTITY__ALGORITHM"
HEADERS = {
    "encrypted": ("YQ.YQ.YQ.YQ.YQ", {}, ENCRYPTED),
    "encrypted with the key itself": ("YQ..YQ.YQ.YQ", {}, ENCRYPTED),
    "encrypted, of nothing": ("YQ..YQ..YQ", {}, ENCRYPTED),
    "another token within": (parts({"alg": "ES256", "cty": "JWT"}), {}, WITHIN),
    "no algorithm": (parts({"kid": "k"}), {}, OTHER_ALGORITHM),
    "another algorithm, with its cure": (
        parts({"alg": "none"}),
        {"algorithms": frozenset({"RS256", "ES256"}), "algorithm_fix": CURE},
        (SignInReason.BAD_ALGORITHM, "the ID token is signed with another algorithm than ES256 or RS256", CURE),
    ),
    "an algorithm that is no text": (parts({"alg": ["ES256"]}), {}, OTHER_ALGORITHM),
    "another type": (parts({"alg": "ES256", "typ": "at+jwt"}), {}, OTHER_TYPE),
    "a type that is no text": (parts({"alg": "ES256", "typ": 7}), {}, OTHER_TYPE),
    "the prefix of a type at its end": (parts({"alg": "ES256", "typ": "jwtapplication/"}), {}, OTHER_TYPE),
    "no type where one is needed": (
        parts(),
        {"type_required": True},
        (TYPE, "the ID token does not say that it is one", ""),
    ),
    "no key where one must be named": (
        parts(),
        {"key_id": True, "key_id_fix": "ask the provider for key ids"},
        (SignInReason.UNKNOWN_KEY, "the ID token names no key", "ask the provider for key ids"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("token", "changes", "told"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_is_not_taken(token, changes, told):
    assert refusal(lambda: read(token, **changes)) == told


@pytest.mark.parametrize("kind", ["JWT", "jwt", "application/jwt", "Application/JWT"])
def test_a_type_may_be_written_in_these_ways(kind):
    assert read(sign(typ=kind), type_required=True)["sub"] == "s"


def test_a_type_and_a_key_id_that_are_needed_and_there_are_taken():
    assert read(sign(typ="JWT"), type_required=True, key_id=True)["sub"] == "s"
    assert read(compact({"alg": "ES256"}, claims(), KEYS.ec, "ES256"))["sub"] == "s"


@pytest.mark.parametrize("from_anybody", [True, False])
def test_the_key_set_is_asked_by_the_header_and_the_sender(from_anybody):
    keys = TheKey()
    read(sign(), keys, from_anybody=from_anybody)
    assert keys.asked == [("k", "ES256", from_anybody)]


@pytest.mark.parametrize(
    ("key", "reason", "told"),
    [
        (TheKey(kind="RSA"), SignInReason.BAD_ALGORITHM, "the key of the ID token is not for its algorithm"),
        (TheKey(algorithm="ES384"), SignInReason.BAD_ALGORITHM, "the key of the ID token is not for its algorithm"),
        (
            TheKey(ec.generate_private_key(ec.SECP256R1()).public_key()),
            SignInReason.BAD_SIGNATURE,
            "the signature of the ID token does not verify",
        ),
    ],
)
def test_a_key_that_does_not_prove_the_token(key, reason, told):
    assert refusal(lambda: read(sign(), key)) == (reason, told, "")


def test_a_key_for_that_algorithm_alone_proves_it():
    assert read(sign(), TheKey(algorithm="ES256"))["sub"] == "s"


NO_AUDIENCE = "has no audience, or one that is neither text nor a list of texts"
NO_END, NO_BEGINNING = "has no exp, or one that is not a number", "has no iat, or one that is not a number"
OTHERS = "is meant for another service"


def without(*names):
    """The rules of a token that need not have these claims."""
    return {"optional": frozenset(names)}


CLAIMS = {
    "no issuer": ({"iss": ...}, {}, MALFORMED, "has no iss, or one that is not text"),
    "an issuer that is no text": ({"iss": [ISSUER]}, {}, MALFORMED, "has no iss, or one that is not text"),
    "another issuer": ({"iss": ISSUER[:-1]}, {}, SignInReason.BAD_ISSUER, "is from another issuer"),
    "no audience": ({"aud": ...}, {}, MALFORMED, NO_AUDIENCE),
    "no audience, where the times are optional": ({"aud": ...}, without("exp", "iat"), MALFORMED, NO_AUDIENCE),
    "an audience that is a number": ({"aud": 7}, without("aud"), MALFORMED, NO_AUDIENCE),
    "an audience with a number in it": ({"aud": [CLIENT, 7]}, {}, MALFORMED, NO_AUDIENCE),
    "another audience": ({"aud": OTHER}, {}, AUDIENCE, OTHERS),
    "another audience, where none is needed": ({"aud": OTHER}, without("aud"), AUDIENCE, OTHERS),
    "other audiences alone": ({"aud": [OTHER], "azp": CLIENT}, {"extra_audiences": True}, AUDIENCE, OTHERS),
    "an audience of nobody": ({"aud": []}, {}, AUDIENCE, OTHERS),
    "more audiences than ours": ({"aud": [CLIENT, OTHER], "azp": CLIENT}, {}, AUDIENCE, OTHERS),
    "more audiences, issued to nobody": ({"aud": [CLIENT, OTHER]}, {"extra_audiences": True}, AUDIENCE, OTHERS),
    "issued to another": ({"azp": OTHER}, {}, AUDIENCE, "was issued to another service"),
    "issued to a number": ({"azp": 7}, {}, AUDIENCE, "was issued to another service"),
    "over": ({"exp": NOW - 30}, {}, EXPIRED, "has expired"),
    "over, where no end is needed": ({"exp": NOW - 30}, without("exp"), EXPIRED, "has expired"),
    "without an end": ({"exp": ...}, {}, MALFORMED, NO_END),
    "an end that is a text": ({"exp": str(NOW + 9)}, {}, MALFORMED, NO_END),
    "an end that is true": ({"exp": True}, {}, MALFORMED, NO_END),
    "an end of null, where none is needed": ({"exp": None}, without("exp"), MALFORMED, NO_END),
    "without a beginning": ({"iat": ...}, {}, MALFORMED, NO_BEGINNING),
    "from the future": ({"iat": NOW + 31}, {}, EARLY, "was issued in the future"),
    "from the future, where it need not say": ({"iat": NOW + 31}, without("iat"), EARLY, "was issued in the future"),
    "not yet to be used": ({"nbf": NOW + 31}, {}, EARLY, "is not valid yet"),
    "to be used at no time": ({"nbf": "now"}, {}, MALFORMED, "has no nbf, or one that is not a number"),
    "of a life too long": ({"exp": NOW + 61}, {"max_life": 60}, EXPIRED, "lives longer than such tokens do"),
    "too old": ({"iat": NOW - 91}, {"max_age": 60}, EXPIRED, "was issued too long ago"),
    "too old, at another leeway": ({"iat": NOW - 66}, {"max_age": 60, "leeway": 5}, EXPIRED, "was issued too long ago"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "changes", "reason", "told"), CLAIMS.values(), ids=CLAIMS)
def test_claims_that_are_refused(changed, changes, reason, told):
    assert refusal(lambda: read(sign(claims(**changed)), **changes)) == (reason, f"the ID token {told}", "")


TAKEN = {
    "our audience alone in a list": ({"aud": [CLIENT]}, {}),
    "an audience that need not be there": ({"aud": ...}, without("aud")),
    "more audiences, issued to us": ({"aud": [OTHER, CLIENT], "azp": CLIENT}, {"extra_audiences": True}),
    "issued to us": ({"azp": CLIENT}, {}),
    "the last second": ({"exp": NOW - 29}, {}),
    "no end, where none is needed": ({"exp": ...}, without("exp") | {"max_life": 60}),
    "no beginning, where none is needed": ({"iat": ...}, without("iat") | {"max_life": 60, "max_age": 60}),
    "the first second": ({"iat": NOW + 30, "nbf": NOW + 30}, {}),
    "the longest life": ({"exp": NOW + 60}, {"max_life": 60}),
    "the oldest": ({"iat": NOW - 90}, {"max_age": 60}),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "changes"), TAKEN.values(), ids=TAKEN)
def test_claims_that_are_taken(changed, changes):
    assert read(sign(claims(**changed)), **changes)["sub"] == "s"


def test_texts_that_no_text_should_be_are_compared_too():
    assert tokens.same("\ud800", "\ud800")
    assert not tokens.same("\ud800", "\udfff")


def test_a_nonce():
    tokens.check_nonce({"nonce": "n"}, "n", "ID token")
    told = (SignInReason.BAD_NONCE, "the ID token does not answer this sign-in", "")
    for body in ({}, {"nonce": None}, {"nonce": 7}, {"nonce": "m"}):
        assert refusal(lambda body=body: tokens.check_nonce(body, "n", "ID token")) == told


@pytest.mark.parametrize("required", [True, False])
def test_a_half_hash(required):
    right = tokens.half_hash("code", "ES384")
    tokens.check_half_hash({"c_hash": right}, "c_hash", "code", "ES384", required=required)
    told = (SignInReason.BAD_HASH, "c_hash is not the hash of what came with the token", "")
    wrong = [{"c_hash": 7}, {"c_hash": tokens.half_hash("code", "ES256")}, *([{}] if required else [])]
    for body in wrong:
        assert (
            refusal(lambda body=body: tokens.check_half_hash(body, "c_hash", "code", "ES384", required=required))
            == told
        )


# The left halves of `printf x | openssl dgst -sha256` and its like, as base64url.
@pytest.mark.parametrize(
    ("algorithm", "hashed"),
    [
        ("PS256", "LXEWQrcmsEQBYnyp-6wy9Q"),
        ("ES384", "11LCxR-6DimqGQVwqdQlPkQHegWNMpf6"),
        ("RS512", "pKvURIxJVi2CgRXROh_M6pJ_UrTVRZKX-LQ-QtqJI4s"),
        ("EdDSA", "pKvURIxJVi2CgRXROh_M6pJ_UrTVRZKX-LQ-QtqJI4s"),
    ],
)
def test_the_hash_of_each_algorithm(algorithm, hashed):
    assert tokens.half_hash("x", algorithm) == hashed


def test_no_hash_goes_with_an_unknown_algorithm():
    told = (SignInReason.BAD_HASH, "no hash goes with the algorithm of the token", "")
    assert refusal(lambda: tokens.half_hash("x", "none")) == told
    assert tokens.half_hash("\ud800", "ES256") != tokens.half_hash("\udfff", "ES256")


@pytest.mark.parametrize("subject", [None, 7, "", "s" * 256, "s\u00e9", "a\nb"])
def test_a_subject_that_cannot_be_used(subject):
    told = (SignInReason.BAD_SUBJECT, "the ID token has no usable subject", "")
    assert refusal(lambda: tokens.check_subject({"sub": subject}, "ID token")) == told


@pytest.mark.parametrize("subject", ["s", "s" * 255])
def test_a_subject_that_can_be_used(subject):
    assert tokens.check_subject({"sub": subject}, "ID token") == subject


@pytest.mark.parametrize("value", [None, 7, "", "i" * 257, "a\nb"])
def test_an_id_that_cannot_be_used(value):
    told = (MALFORMED, "the ID token has no usable jti", "")
    assert refusal(lambda: tokens.check_id({"jti": value}, "jti", rules())) == told


@pytest.mark.parametrize("value", ["i", "i" * 256, "\u00e9"])
def test_an_id_that_can_be_used(value):
    assert tokens.check_id({"jti": value}, "jti", rules()) == value


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (None, "the ID token does not say when the person signed in"),
        (True, "the ID token does not say when the person signed in"),
        (str(NOW), "the ID token does not say when the person signed in"),
        (NOW - 91, "the person signed in longer ago than was asked for"),
        (NOW + 31, "the ID token says that the person signed in in the future"),
    ],
)
def test_a_sign_in_at_another_time(at, told):
    assert refusal(lambda: tokens.check_auth_time({"auth_time": at}, 60, NOW, rules())) == (LEVEL, told, "")


@pytest.mark.parametrize("at", [NOW - 90, NOW, NOW + 0.5, NOW + 30])
def test_a_sign_in_at_a_time_that_is_taken(at):
    tokens.check_auth_time({"auth_time": at}, 60, NOW, rules())
