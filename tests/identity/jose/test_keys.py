"""The caches of provider keys: fresh, stale, rotated, flooded."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.core.driver import drive
from govcomponents.core.refreshed_value import NothingToUse, Unusable
from govcomponents.errors import NotSent, SignInReason
from govcomponents.identity.jose.keys import read_did, read_jwks
from govcomponents.identity.jose.tokens import TokenRefused

from .support import DID, Source, answer, jwk, jwks


def test_a_fresh_copy_is_fetched_once():
    source = Source(answer(jwks(jwk())))
    for _ in range(100):
        assert source.find().kind == "P-256"
    assert source.fetched == 1


@pytest.mark.parametrize(
    ("cache", "fresh_for"),
    [
        ("max-age=3600", 3600),
        ("public, max-age=7200", 7200),
        ('max-age="7200"', 7200),
        ("max-age=1", 300),
        ("no-store", 300),
        ("no-cache", 300),
        ("max-age=99999999999999999999", 86_400),
        ("max-age=soon", 3600),
        ("max-age=-5", 3600),
        ("", 3600),
        (None, 3600),
        ("MAX-AGE=7200, private", 7200),
    ],
)
def test_a_copy_is_fresh_as_long_as_it_says_within_bounds(cache, fresh_for):
    source = Source(answer(jwks(jwk()), cache))
    source.find()
    source.now += fresh_for - 1
    source.find()
    assert source.fetched == 1
    source.now += 1
    source.find()
    assert source.fetched == 2


def test_k1_an_unknown_key_id_is_looked_for_once_in_a_window():
    source = Source(answer(jwks(jwk())))
    source.find()
    source.now += 60
    assert {source.reason(f"unknown-{number}") for number in range(1000)} == {SignInReason.UNKNOWN_KEY}
    assert source.fetched == 2
    source.now += 5
    source.reason("unknown")
    assert source.fetched == 3
    source.now += 59
    source.reason("unknown")
    assert source.fetched == 3
    source.now += 1
    source.reason("unknown")
    assert source.fetched == 4


def test_k1_whatever_strangers_ask_for_a_new_key_is_found_within_seconds():
    source = Source(answer(jwks(jwk())))
    source.find()
    for number in range(100):
        source.now += 5
        source.reason(f"forged-{number}")
    source.steps = [answer(jwks(jwk(), jwk("new", "stranger")))]
    source.now += 5
    assert source.find("new")
    assert len(source.keys._unknown) <= 64


def test_k1_what_comes_from_the_provider_itself_need_not_wait_for_strangers():
    source = Source(answer(jwks(jwk())), answer(jwks(jwk())), answer(jwks(jwk("new"))))
    source.find()
    source.now += 5
    source.reason("forged")
    assert drive(source.keys.find("new", "ES256", from_anybody=False))
    assert source.fetched == 3


def test_a_key_that_could_not_be_looked_for_is_not_said_to_be_unknown():
    source = Source(answer(jwks(jwk())), NotSent("down"))
    source.find()
    source.now += 60
    with pytest.raises(NothingToUse, match="down"):
        source.find("new")
    with pytest.raises(NothingToUse, match="down"):
        source.find("new")
    assert source.fetched == 2


def test_k2_h22_a_flood_from_many_threads_causes_one_request_and_hinders_nobody():
    source = Source(answer(jwks(jwk())))
    source.find()
    source.now += 60
    refused = []
    found = []

    def flood(thread):
        for number in range(100):
            try:
                source.find(f"unknown-{thread}-{number}")
            except TokenRefused as error:
                refused.append(error.reason)
            found.append(source.find())

    threads = [threading.Thread(target=flood, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [SignInReason.UNKNOWN_KEY] * 1000
    assert len(found) == 1000
    assert source.fetched == 2


def test_k8_k10_an_outage_leaves_the_old_keys():
    bad = [NotSent("down"), answer(b"", status=503), answer(b"", status=403), answer(b"<html>"), answer(b"")]
    for failure in [*bad, answer(b"[]"), answer(b'{"keys": {}}'), answer(b"{}"), answer(b"x" * 300_000)]:
        source = Source(answer(jwks(jwk())), failure)
        source.find()
        source.now += 4000
        assert source.find()
        assert source.find()
        assert source.fetched == 2


def test_k8_keys_are_used_stale_for_a_week_and_no_longer():
    source = Source(answer(jwks(jwk())), NotSent("down"))
    source.find()
    source.now += 3600 + 7 * 86_400 - 1
    assert source.find()
    source.now += 1
    with pytest.raises(NothingToUse):
        source.find()


def test_k8_a_failed_refresh_is_repeated_less_and_less_often():
    source = Source(answer(jwks(jwk())), NotSent("down"))
    source.find()
    source.now += 3600
    waits = []
    for _ in range(9):
        before, since = source.fetched, source.now
        while source.fetched == before:
            source.find()
            source.now += 1
        waits.append(round(source.now - since) - 1)
    assert waits == [0, 4, 9, 19, 39, 79, 159, 299, 299]


def test_k9_without_any_keys_nothing_is_verified():
    source = Source(NotSent("down"), answer(jwks(jwk())))
    with pytest.raises(NothingToUse):
        source.find()
    with pytest.raises(NothingToUse):
        source.find()
    assert source.fetched == 1
    source.now += 5
    assert source.find()


def test_k11_a_withdrawn_key_is_trusted_no_longer():
    source = Source(answer(jwks(jwk("old"), jwk("new"))), answer(jwks(jwk("new"))))
    assert source.find("old")
    source.now += 3600
    assert source.find("new")
    assert source.reason("old") is SignInReason.UNKNOWN_KEY


def test_k12_a_key_that_was_published_since_is_found():
    source = Source(answer(jwks(jwk("old"))), answer(jwks(jwk("old"), jwk("new"))))
    source.find("old")
    source.now += 61
    assert source.find("new")
    assert source.fetched == 2


def test_k13_an_empty_key_set_is_a_failed_refresh():
    for empty in (jwks(), jwks({"kty": "oct", "k": "AAAA", "kid": "k1"})):
        source = Source(answer(jwks(jwk())), answer(empty))
        source.find()
        source.now += 3600
        assert source.find()


def test_k17_limits():
    with pytest.raises(Unusable):
        read_jwks({"keys": [jwk(str(number)) for number in range(65)]})
    with pytest.raises(Unusable):
        read_did(DID)({"id": DID, "assertionMethod": [{}] * 65})


def test_k5_without_a_key_id_the_only_key_that_fits_is_taken():
    source = Source(answer(jwks(jwk("k1"), jwk("r1", "rsa"))))
    assert source.find(None, "ES256").kind == "P-256"
    assert source.find(None, "RS256").kind == "RSA"
    two = Source(answer(jwks(jwk("k1"), jwk("k2"))))
    assert two.reason(None) is SignInReason.UNKNOWN_KEY


def test_k7_two_keys_of_one_id():
    source = Source(answer(jwks(jwk("k1"), jwk("k1", "rsa"), jwk("k2"), jwk("k2", "stranger"), jwk("k3"))))
    assert source.find("k1", "ES256").kind == "P-256"
    assert source.find("k1", "RS256").kind == "RSA"
    assert source.reason("k2") is SignInReason.UNKNOWN_KEY
    with pytest.raises(TokenRefused, match="no usable key"):  # there are two with that id
        source.find("k2", "ES256")
    assert source.find("k3")


@pytest.mark.parametrize("other", ["rsa", "rsa_stranger"])
def test_keys_of_one_id_are_told_apart_by_their_algorithms(other):
    """W5: keys of two algorithms under one id, whether their numbers are the same or not."""
    twice = [jwk("a", "rsa", alg="RS512", use="sig"), jwk("a", other, alg="RS256", use="sig")]
    source = Source(answer(jwks(*twice)))
    assert source.find("a", "RS256").key.public_numbers() == getattr(KEYS, other).public_key().public_numbers()
    assert source.find("a", "RS512").key.public_numbers() == KEYS.rsa.public_key().public_numbers()


def test_the_same_key_twice_is_one_key():
    source = Source(answer(jwks(jwk("a", "rsa"), jwk("a", "rsa"), jwk("b", "rsa", alg="RS256"), jwk("b", "rsa"))))
    assert source.find("a", "RS256")
    assert source.find("b", "RS256")


def test_a_null_member_is_one_that_is_not_there():
    source = Source(answer(jwks(jwk("k1") | {"use": None, "key_ops": None, "alg": None, "x5c": None})))
    assert source.find("k1", "ES256")


def test_a_key_for_encryption_hides_no_key_of_its_id():
    twice = [jwk("a", "rsa_stranger", use="enc"), jwk("a", "rsa_stranger", alg="RSA-OAEP"), jwk("a", "rsa", use="sig")]
    found = Source(answer(jwks(*twice))).find("a", "RS256")
    assert found.key.public_numbers() == KEYS.rsa.public_key().public_numbers()


def test_a_key_for_another_algorithm_is_said_to_be_that():
    source = Source(answer(jwks(jwk("k1", "rsa", alg="RS512"), jwk("k1"))))
    with pytest.raises(TokenRefused, match="another algorithm") as caught:
        source.find("k1", "RS256")
    assert caught.value.reason is SignInReason.BAD_ALGORITHM


ODD = [[], {}, [[]], {"a": []}, 7, True, None, "", "\0", 10**400]


@pytest.mark.parametrize("name", ["kty", "alg", "crv", "use", "key_ops", "kid", "n", "e", "x", "y"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:10])
def test_a_malformed_member_hides_no_good_key(name, odd):
    good = jwk("good")
    for key in ("ec", "rsa"):
        source = Source(answer(jwks(jwk("bad", key) | {name: odd}, good)))
        found = source.keys._usable(read_jwks({"keys": [jwk("bad", key) | {name: odd}, good]}))
        assert "good" in found
        with contextlib.suppress(TokenRefused, NothingToUse):
            assert source.find("good")


def test_a_set_of_unreadable_keys_is_said_to_be_that():
    source = Source(answer(jwks({"kty": "RSA", "alg": []})))
    with pytest.raises(NothingToUse, match="cannot be used: it holds no key that can be used"):
        source.find()


def test_a_refresh_that_fails_in_any_way_keeps_the_copy_and_is_not_repeated_at_once():
    source = Source(answer(jwks(jwk())), TypeError("a bug of a library"))
    source.find()
    source.now += 4000
    for _ in range(10):
        assert source.find()
    assert source.fetched == 2


def test_a_check_asks_although_there_is_a_fresh_copy():
    source = Source(answer(jwks(jwk())), answer(jwks(jwk())), answer(b"", status=503))
    source.find()
    drive(source.keys.renewed())
    assert source.fetched == 2
    with pytest.raises(NothingToUse, match="status 503"):
        drive(source.keys.renewed())
    assert source.find()


@given(st.binary(max_size=2000))
def test_no_bytes_make_a_key_set_by_accident(body):
    source = Source(answer(body))
    with pytest.raises((NothingToUse, TokenRefused)):
        source.find()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["keys", "id", "assertionMethod"]), json_values | st.lists(json_values)))
def test_no_json_breaks_the_readers(document):
    for read in (read_jwks, read_did(DID)):
        with contextlib.suppress(Unusable):
            assert read(document) == {}
