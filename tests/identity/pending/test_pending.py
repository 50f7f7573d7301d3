"""What is kept between start and complete: it survives storage, and nothing else is taken for it."""

import json
import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.errors import InvalidInput
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.pending import PendingSignIn
from govcomponents.privacy import Personal, Secret

text = st.text(max_size=30)
secrets = st.text(min_size=1, max_size=30).map(Secret)
pendings = st.builds(
    PendingSignIn,
    provider=text,
    issuer=text,
    client_id=text,
    redirect_url=text,
    state=secrets,
    nonce=secrets,
    code_verifier=secrets,
    confidence=st.lists(st.sampled_from(list(Confidence)[1:]), unique=True).map(tuple),
    authentication=st.sampled_from(Authentication),
    claims=st.lists(st.sampled_from(Claim), unique=True).map(tuple),
    created_at=st.integers(0, 253_402_300_799),
    max_age=st.none() | st.integers(0, 86_400),
    subject=st.none() | text.map(Personal),
    return_to=st.none() | st.sampled_from(["/", "/licences?page=2"]),
)


@given(pendings)
def test_it_survives_storage(pending):
    assert PendingSignIn.load(pending.dump()) == pending


@given(st.text(max_size=100) | st.binary(max_size=100) | st.none() | st.integers())
def test_nothing_else_is_read(stored):
    with pytest.raises(InvalidInput):
        PendingSignIn.load(stored)


PENDING = PendingSignIn(
    provider="P",
    issuer="i",
    client_id="c",
    redirect_url="r",
    state=Secret("canary-state"),
    nonce=Secret("canary-nonce"),
    code_verifier=Secret("canary-verifier"),
    created_at=1,
    subject=Personal("canary-subject"),
)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": None},
        {"state": None},
        {"state": 7},
        {"confidence": ["highest"]},
        {"claims": "address"},
        {"created_at": "yesterday"},
        {"created_at": 10**400},
        {"created_at": -1},
        {"created_at": 253_402_300_800},
        {"max_age": 10**19},
        {"max_age": -1},
        {"state": ""},
        {"nonce": ""},
        {"code_verifier": ""},
        {"version": True},
        {"version": 1.0},
        {"created_at": True},
        {"created_at": "5"},
        {"created_at": 1.0},
        {"max_age": False},
        {"max_age": "60"},
        {"confidence": ["medium", "medium"]},
        {"confidence": ["none"]},
        {"journey": "\ud800"},
        {"journey": "x" * 65},
        {"journey": ""},
        {"journey": "a\r\nb"},
        {"return_to": "javascript:alert(1)"},
        {"return_to": "//evil.example.com"},
        {"more": 1},
    ],
    ids=str,
)
def test_other_content_is_refused_without_being_shown(change):
    stored = json.dumps(json.loads(PENDING.dump()) | change)
    with pytest.raises(InvalidInput) as caught:
        PendingSignIn.load(stored)
    assert "canary" not in str(caught.value)


def test_a_member_twice_is_refused():
    """F14."""
    with pytest.raises(InvalidInput):
        PendingSignIn.load(PENDING.dump().replace("{", '{"state":"other",', 1))


def test_a_very_long_text_is_not_even_parsed():
    with pytest.raises(InvalidInput):
        PendingSignIn.load(" " * 8193 + PENDING.dump())


def test_it_does_not_show_itself():
    assert "canary" not in repr(PENDING) + str(PENDING)
    assert b"canary" not in pickle.dumps(PENDING)
    with pytest.raises(FrozenInstanceError):
        PENDING.client_id = "x"


def test_levels_compare():
    assert Confidence.NONE < Confidence.LOW < Confidence.MEDIUM < Confidence.HIGH
    assert Confidence.LOW <= Confidence.LOW
    assert max(Confidence) is Confidence.HIGH
    assert Confidence.HIGH > Confidence.NONE
    assert Confidence.HIGH >= Confidence.HIGH
    assert Authentication.SINGLE_FACTOR < Authentication.TWO_FACTOR
    assert Authentication.TWO_FACTOR >= Authentication.SINGLE_FACTOR
    assert Authentication.TWO_FACTOR > Authentication.SINGLE_FACTOR
    assert Authentication.TWO_FACTOR <= Authentication.TWO_FACTOR
    for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
        assert getattr(Confidence.LOW, compare)(1) is NotImplemented
        assert getattr(Authentication.TWO_FACTOR, compare)(1) is NotImplemented
