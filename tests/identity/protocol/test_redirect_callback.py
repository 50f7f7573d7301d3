"""Reading callbacks: whatever a browser brings, only typed refusals come of it."""

from urllib.parse import urlencode

import multidict as aiohttp_dict
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from werkzeug.datastructures import MultiDict

from govcomponents.errors import InvalidInput, SignInReason
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.pending import PendingSignIn
from govcomponents.identity.protocol.redirect_callback import MAX_SKEW, ProviderError, code_of, redirect_parameters
from govcomponents.privacy import Secret

PENDING = PendingSignIn(
    provider="P",
    issuer="https://op.example.com/",
    client_id="c",
    redirect_url="https://rp.example.gov.uk/back",
    state=Secret("the-state"),
    nonce=Secret("n"),
    code_verifier=Secret("v"),
    created_at=1000,
)


def code(parameters, now=1000.0, *, iss=False, pending=PENDING, life=600):
    ours = {"provider": "P", "issuer": "https://op.example.com/", "client_id": "c"}
    return code_of(parameters, pending, **ours, now=now, life=life, iss=iss)


def test_what_is_not_of_this_flow_is_left_alone():
    assert redirect_parameters("https://rp.example.gov.uk/back?service=a&code=c&state=s&service=b&x#f?code=d") == {
        "code": "c",
        "state": "s",
    }


def test_plus_signs_and_escapes_are_decoded_once():
    assert redirect_parameters("?error=a+b%2Bc%2520&state=%C3%A9") == {"error": "a b+c%20", "state": "é"}


def test_m2_the_issuer_parameter():
    good = {"code": "c", "state": "the-state", "iss": "https://op.example.com/"}
    assert code(good) == code(good, iss=True) == "c"
    assert code({"code": "c", "state": "the-state"}) == "c"
    for bad in ({}, {"iss": "https://op.example.com"}, {"iss": "https://evil.example.com/"}):
        with pytest.raises(TokenRefused) as caught:
            code({"code": "c", "state": "the-state"} | bad, iss=True)
        assert caught.value.reason is SignInReason.BAD_ISSUER
    with pytest.raises(TokenRefused):  # in errors as well
        code({"error": "access_denied", "state": "the-state", "iss": "https://evil.example.com/"})


@pytest.mark.parametrize(
    ("now", "good"), [(1000, True), (1600, True), (1600.5, False), (1000 - MAX_SKEW, True), (900, False)]
)
def test_c5_the_edges_of_its_life(now, good):
    parameters = {"code": "c", "state": "the-state"}
    if good:
        assert code(parameters, now) == "c"
        return
    with pytest.raises(TokenRefused) as caught:
        code(parameters, now)
    assert caught.value.reason is SignInReason.BAD_STATE


def test_c17_what_an_error_says_is_made_harmless():
    said = "line\r\nSet-Cookie: a=b\x00\u2028" + "x" * 1000
    with pytest.raises(ProviderError) as caught:
        code({"error": "e" * 500 + "\r\n", "error_description": said, "state": "the-state"})
    assert len(caught.value.code) == 64
    assert len(caught.value.description) == 256
    assert (caught.value.code + caught.value.description).isprintable()


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(url):
    refused = None
    read = {}
    try:
        read = redirect_parameters(url)
    except TokenRefused as error:
        refused = error
    assert refused is None or refused.reason is SignInReason.MALFORMED
    assert all(isinstance(value, str) for value in read.values())


@given(st.lists(st.tuples(st.sampled_from(["code", "state", "error", "iss", "x"]), st.text(max_size=20)), max_size=6))
def test_each_parameter_at_most_once(pairs):
    known = [name for name, _ in pairs if name != "x"]
    try:
        read = redirect_parameters("?" + urlencode(pairs))
    except TokenRefused:
        assert len(known) != len(set(known))
    else:
        assert read == {name: value for name, value in pairs if name != "x"}
        assert len(known) == len(set(known))


@given(
    st.dictionaries(
        st.text(max_size=10) | st.sampled_from(["code", "state"]),
        st.none()
        | st.integers()
        | st.text(max_size=10)
        | st.lists(st.text(max_size=3) | st.integers(), max_size=3)
        | st.binary(),
    )
    | st.none()
    | st.integers()
    | st.lists(st.text())
)
def test_no_mapping_breaks_the_reader(parameters):
    refused = None
    try:
        redirect_parameters(parameters)
    except (TokenRefused, InvalidInput) as error:
        refused = error
    assert isinstance(refused, InvalidInput) == (not isinstance(parameters, dict))
    assert not isinstance(refused, TokenRefused) or refused.reason is SignInReason.MALFORMED


@given(st.dictionaries(st.sampled_from(["code", "state", "error", "iss", "error_description"]), st.text(max_size=20)))
def test_a_code_comes_only_with_the_state(parameters):
    try:
        found = code(parameters)
    except (TokenRefused, ProviderError):
        return
    assert parameters["state"] == "the-state"
    assert found == parameters["code"]
    assert found


class Django(dict):
    """As QueryDict and Werkzeug's MultiDict: one of the values, and getlist for all."""

    def __getitem__(self, name):
        return super().__getitem__(name)[-1]

    def items(self):
        return [(name, self[name]) for name in self]

    def getlist(self, name):
        return super().__getitem__(name)


TWICE = {"code": ["a", "b"], "state": ["the-state"]}
PAIRS = [("code", "a"), ("code", "b"), ("state", "the-state")]


@pytest.mark.parametrize(
    "callback",
    [TWICE, Django(TWICE), MultiDict(PAIRS), QueryParams(PAIRS), aiohttp_dict.MultiDict(PAIRS)],
    ids=lambda callback: type(callback).__module__,
)
def test_no_multi_dict_hides_a_parameter_that_came_twice(callback):
    """F6."""
    with pytest.raises(TokenRefused, match="twice"):
        redirect_parameters(callback)
    good = type(callback)({"code": ["a"], "state": ["s"]} if isinstance(callback, dict) else PAIRS[1:])
    assert redirect_parameters(good)["code"] in ("a", "b")


@pytest.mark.parametrize(
    "callback",
    [{"code": "\ud800", "state": "the-state"}, "?code=\ud800&state=the-state", {7: "x"}, {"code": 7}, {"code": None}],
    ids=ascii,
)
def test_text_that_is_none_is_refused(callback):
    """F8, F15."""
    with pytest.raises(TokenRefused) as caught:
        redirect_parameters(callback)
    assert caught.value.reason is SignInReason.MALFORMED
