"""The caches of provider keys: fresh, stale, rotated, flooded, in threads and in tasks."""

import asyncio
import contextlib
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.contracts.identity.fake_provider import KEYS
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Response
from govcomponents.core.refreshed_value import NothingToUse, Unusable
from govcomponents.errors import NotSent, SignInReason
from govcomponents.identity.jose.jwk import public_members
from govcomponents.identity.jose.keys import KeyCache, is_key_of, read_did, read_jwks
from govcomponents.identity.jose.tokens import TokenRefused

DID = "did:web:identity.example.gov.uk"


def jwk(kid="k1", key="ec", **more):
    members = public_members(getattr(KEYS, key).public_key()) | {"kid": kid, **more}
    return {name: value for name, value in members.items() if value is not None}


def jwks(*keys):
    return json.dumps({"keys": list(keys)}).encode()


def answer(body, cache="max-age=3600", status=200):
    return Response(status, {"cache-control": cache} if cache else {}, body)


class Source:
    """A key document that a test changes, and a clock that it moves."""

    def __init__(self, *steps):
        self.now = 1_000_000.0
        self.steps = list(steps)
        self.fetched = 0
        self.keys = KeyCache(lambda: self.fetch(), read_jwks, lambda: self.now, name="key set of a test")

    async def fetch(self):
        self.fetched += 1
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step

    def find(self, kid="k1", algorithm="ES256"):
        return drive(self.keys.find(kid, algorithm))

    def reason(self, kid):
        with pytest.raises(TokenRefused) as caught:
            self.find(kid)
        return caught.value.reason


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
    source.now += 59
    source.reason("unknown")
    assert source.fetched == 2
    source.now += 1
    source.reason("unknown")
    assert source.fetched == 3


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
    assert source.find("k3")


def did_document(**changes):
    method = {
        "type": "JsonWebKey",
        "id": f"{DID}#p1",
        "controller": DID,
        "publicKeyJwk": public_members(KEYS.proof.public_key()),
    }
    return {"id": DID, "assertionMethod": [method | changes]}


def test_a_did_document_gives_its_assertion_keys():
    (keys,) = read_did(DID)(did_document()).items()
    assert keys[0] == f"{DID}#p1"
    assert [key.kind for key in keys[1]] == ["P-256"]


@pytest.mark.parametrize(
    "changes",
    [
        {"controller": "did:web:evil.example.com"},
        {"controller": None},
        {"type": "Ed25519VerificationKey2020"},
        {"id": f"{DID}#"},
        {"id": "did:web:evil.example.com#p1"},
        {"id": 7},
        {"publicKeyJwk": None},
        {"publicKeyJwk": {"kty": "oct", "k": "AAAA"}},
    ],
    ids=str,
)
def test_k20_an_assertion_key_of_somebody_else_is_left_out(changes):
    assert read_did(DID)(did_document(**changes)) == {}


def test_k20_a_document_about_another_did_or_without_assertion_methods_is_unfit():
    for document in (
        did_document() | {"id": "did:web:evil.example.com"},
        {"id": DID},
        {"id": DID, "assertionMethod": "all"},
        {"id": DID, "verificationMethod": did_document()["assertionMethod"]},
        {"id": DID, "authentication": did_document()["assertionMethod"]},
        {"id": DID, "assertionMethods": did_document()["assertionMethod"]},
    ):
        with pytest.raises(Unusable):
            read_did(DID)(document)


def test_k20_two_keys_of_one_id_are_both_left_out():
    document = did_document()
    other = document["assertionMethod"][0] | {"publicKeyJwk": public_members(KEYS.stranger.public_key())}
    document["assertionMethod"].append(other)
    assert read_did(DID)(document) == {}


@given(st.text())
def test_k21_no_other_text_is_a_key_of_a_did(text):
    assert not is_key_of(DID, text) or (
        text.startswith(DID + "#") and text.count("#") == 1 and len(text) > len(DID) + 1
    )
    assert is_key_of(DID, f"{DID}#{text.replace('#', '') or 'x'}")
    assert not is_key_of(DID, None)


class SlowSource(Source):
    """Fetches wait until the test lets them go on."""

    def __init__(self, *steps):
        super().__init__(*steps)
        self.begun = threading.Event()
        self.go_on = threading.Event()

    async def fetch(self):
        self.begun.set()
        assert self.go_on.wait(10)
        return await super().fetch()


def test_k23_threads_that_have_nothing_wait_for_the_one_that_fetches():
    source = SlowSource(answer(jwks(jwk())))
    found = []
    threads = [threading.Thread(target=lambda: found.append(source.find())) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert source.begun.wait(10)
    assert found == []
    source.go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 20
    assert source.fetched == 1


def test_k23_threads_that_have_a_stale_copy_do_not_wait():
    source = SlowSource(answer(jwks(jwk())))
    source.go_on.set()
    source.find()
    source.go_on.clear()
    source.begun.clear()
    source.now += 4000
    slow = threading.Thread(target=source.find)
    slow.start()
    assert source.begun.wait(10)
    assert source.find()  # answers although the refresh hangs
    source.go_on.set()
    slow.join(10)
    assert source.fetched == 2


def test_k12_threads_wait_for_a_refetch_that_may_bring_their_key():
    source = SlowSource(answer(jwks(jwk("old"))), answer(jwks(jwk("old"), jwk("new"))))
    source.go_on.set()
    source.find("old")
    source.go_on.clear()
    source.begun.clear()
    source.now += 100
    found = []
    threads = [threading.Thread(target=lambda: found.append(source.find("new"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert source.begun.wait(10)
    source.go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 5
    assert source.fetched == 2


def test_p7_tasks_that_have_nothing_wait_for_the_one_that_fetches():
    async def run():
        source = Source(answer(jwks(jwk())))
        gate, begun = asyncio.Event(), asyncio.Event()

        async def fetch():
            source.fetched += 1
            begun.set()
            await gate.wait()
            return source.steps[0]

        source.fetch = fetch
        tasks = [asyncio.create_task(source.keys.find("k1", "ES256")) for _ in range(20)]
        await begun.wait()
        gate.set()
        found = await asyncio.gather(*tasks)
        assert len(found) == 20
        assert source.fetched == 1

    asyncio.run(run())


def test_p7_a_cancelled_fetch_hinders_nobody():
    async def run():
        source = Source(answer(jwks(jwk())))
        gate, begun = asyncio.Event(), asyncio.Event()

        async def fetch():
            source.fetched += 1
            begun.set()
            if source.fetched == 1:
                await gate.wait()
            return source.steps[0]

        source.fetch = fetch
        first = asyncio.create_task(source.keys.find("k1", "ES256"))
        await begun.wait()
        others = [asyncio.create_task(source.keys.find("k1", "ES256")) for _ in range(3)]
        quitter = asyncio.create_task(source.keys.find("k1", "ES256"))
        await asyncio.sleep(0)
        quitter.cancel()
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        outcomes = await asyncio.gather(*others, return_exceptions=True)
        assert all(isinstance(outcome, NothingToUse) for outcome in outcomes)
        assert await source.keys.find("k1", "ES256")

    asyncio.run(run())


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


def test_a_fetch_that_nobody_can_end_holds_nobody_up_for_ever(monkeypatch):
    from govcomponents.core import refreshed_value

    source = Source(answer(jwks(jwk())))
    monkeypatch.setattr(refreshed_value, "_WAIT_FOR_OTHER", 0.01)
    source.keys._flight = refreshed_value._Flight(-1, None)  # as a forked process inherits one
    with pytest.raises(NothingToUse):
        source.find()
    assert source.find()


def test_a_fetch_of_an_event_loop_that_is_gone_holds_nobody_up():
    from govcomponents.core import refreshed_value

    source = Source(answer(jwks(jwk())))
    gone = asyncio.new_event_loop()
    gone.close()
    source.keys._flight = refreshed_value._Flight(threading.get_ident(), gone)
    with pytest.raises(NothingToUse):
        source.find()
    assert source.find()

    async def run():
        source.keys._kept = None
        source.keys._flight = refreshed_value._Flight(threading.get_ident(), gone)
        with pytest.raises(NothingToUse):
            await source.keys.find("k1", "ES256")

    asyncio.run(run())
