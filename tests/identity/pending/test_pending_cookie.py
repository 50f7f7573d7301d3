"""Sealing a pending sign-in into a cookie."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.errors import ConfigurationError, InvalidInput
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.identity.pending_cookie import MAX_SEALED, PendingCookie, new_cookie_key
from govcomponents.privacy import Secret
from identity.kit import Desk

KEY, OTHER = new_cookie_key(), new_cookie_key()


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pending():
    started = Desk().identity.start(confidence=Confidence.MEDIUM, claims=list(Claim), return_to="/licences?page=2")
    return started.pending


def test_what_is_sealed_is_opened(pending, clock):
    seal = PendingCookie([KEY], clock=clock)
    sealed = seal.seal(pending)
    assert seal.open(sealed) == pending
    assert seal.seal(pending) != sealed
    assert len(sealed) < 1200


def test_what_no_cookie_holds_is_not_sealed(pending, clock):
    long = replace(pending, return_to="/" + "x" * 3000)
    with pytest.raises(InvalidInput) as caught:
        PendingCookie([KEY], clock=clock).seal(long)
    assert "return_to" in caught.value.fix


def test_the_text_fits_a_cookie_and_shows_nothing(pending, clock):
    sealed = PendingCookie([KEY], clock=clock).seal(pending)
    assert set(sealed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    opened = base64.urlsafe_b64decode(sealed + "==")
    for secret in (pending.state, pending.nonce, pending.code_verifier):
        assert secret.reveal() not in sealed
        assert secret.reveal().encode() not in opened


def test_several_keys_let_them_be_changed(pending, clock):
    old = PendingCookie([KEY], clock=clock).seal(pending)
    both = PendingCookie([OTHER, KEY], clock=clock)
    assert both.open(old) == pending
    new = both.seal(pending)
    assert PendingCookie([OTHER], clock=clock).open(new) == pending
    with pytest.raises(InvalidInput):
        PendingCookie([KEY], clock=clock).open(new)


def test_it_expires(pending, clock):
    seal = PendingCookie([KEY], life=600, clock=clock)
    sealed = seal.seal(pending)
    clock.now += 599
    assert seal.open(sealed) == pending
    clock.now += 1
    with pytest.raises(InvalidInput) as caught:
        seal.open(sealed)
    assert "too old" in str(caught.value)


def test_every_changed_sign_is_noticed(pending, clock):
    seal = PendingCookie([KEY], clock=clock)
    sealed = seal.seal(pending)
    for place in range(0, len(sealed), 7):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(InvalidInput):
            seal.open(changed)


@given(st.text(max_size=200) | st.binary(max_size=200) | st.none() | st.integers())
def test_nothing_else_is_opened(sealed):
    with pytest.raises(InvalidInput):
        PendingCookie([KEY]).open(sealed)


def test_a_very_long_text_is_not_even_decoded():
    with pytest.raises(InvalidInput):
        PendingCookie([KEY]).open("A" * (MAX_SEALED + 1))


@pytest.mark.parametrize(
    "keys", [[], [Secret("short")], [Secret("é" * 43)], ["plain"], [KEY, Secret("")], KEY, "A" * 44]
)
def test_keys_that_are_none(keys):
    with pytest.raises(ConfigurationError):
        PendingCookie(keys)


@pytest.mark.parametrize("life", [0, -1, "60", 60.0, None, True])
def test_a_life_that_is_none(life):
    with pytest.raises(ConfigurationError, match="life"):
        PendingCookie([KEY], life=life)


@pytest.mark.parametrize("pending", [None, "text", 7, {}])
def test_what_is_no_pending_sign_in_is_not_sealed(pending):
    """F15."""
    with pytest.raises(InvalidInput) as caught:
        PendingCookie([KEY]).seal(pending)
    assert caught.value.field == "pending"


def test_a_key_does_not_show_itself():
    assert KEY.reveal() not in repr(KEY) + repr(PendingCookie([KEY]).__dict__.get("_life"))


def test_a_key_of_zeros_is_none():
    """F15."""
    with pytest.raises(ConfigurationError):
        PendingCookie([Secret("A" * 43 + "=")])
