"""Webhooks: verified over raw bytes with any of the secrets, then read; everything else is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents.errors import CallbackRefused
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.callbacks import sign
from govcomponents.pay.states import FailureReason, PaymentStatus, merge_states
from govcomponents.privacy import Secret

from .calls import pay_on, told

SECRET = "webhook_test_k3exampleonly0govcomponents"
MESSAGE = {
    "webhook_message_id": "0v2nq6example5m1",
    "created_date": "2026-03-02T09:15:27.104Z",
    "resource_id": "11g0s484q2qgekdt6jn9d0j5gf",
    "api_version": 1,
    "resource_type": "PAYMENT",
    "event_type": "card_payment_succeeded",
    "resource": {
        "payment_id": "11g0s484q2qgekdt6jn9d0j5gf",
        "amount": 4250,
        "reference": "ROD-1",
        "description": "Trwydded bysgota: £42.50",
        "state": {"status": "success", "finished": True},
    },
}


def parse(message, *, secrets=(SECRET,), signed_with=SECRET, headers=None):
    body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
    pay, _ = pay_on(secrets=tuple(Secret(secret) for secret in secrets))
    return pay.parse_callback(body, {"Pay-Signature": sign(body, signed_with)} if headers is None else headers)


def test_a_message_is_read():
    event = parse(MESSAGE)
    assert event.key == "0v2nq6example5m1"
    assert (told(event), event.raw_type) == ("succeeded", "card_payment_succeeded")
    assert (event.payment_id, event.reference, event.amount) == ("11g0s484q2qgekdt6jn9d0j5gf", "ROD-1", Money(4250))
    assert event.occurred_at.isoformat() == "2026-03-02T09:15:27.104000+00:00"
    assert event.state.is_paid
    assert not event.state.is_captured
    assert event.raw == MESSAGE


def test_the_bytes_as_received_are_signed_not_the_json():
    body = json.dumps(MESSAGE, ensure_ascii=False).encode()
    escaped = json.dumps(MESSAGE).encode()
    with pytest.raises(CallbackRefused):
        parse(escaped, headers={"Pay-Signature": sign(body, SECRET)})


def test_any_of_several_secrets_may_have_signed_it():
    assert parse(MESSAGE, secrets=("webhook_test_old", SECRET))
    assert parse(MESSAGE, secrets=(SECRET, "webhook_test_new"))
    with pytest.raises(CallbackRefused) as caught:
        parse(MESSAGE, secrets=("webhook_test_new",))
    assert caught.value.fix
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["Pay-Signature", "pay-signature", "PAY-SIGNATURE", "pAy-SiGnAtUrE"])
def test_the_headers_name_is_written_in_any_case(name):
    body = json.dumps(MESSAGE).encode()
    assert parse(body, headers={"Content-Type": "application/json", name: sign(body, SECRET)})


@pytest.mark.parametrize(
    "headers",
    [{}, {"Pay-Signature": ""}, {"Pay-Signature": "é"}, {"Pay-Signature": "x" * 100_000}, {"Other": "x"}],
    ids=lambda headers: str(headers)[:40],
)
def test_a_missing_or_strange_signature_is_refused(headers):
    with pytest.raises(CallbackRefused):
        parse(MESSAGE, headers=headers)


def test_every_digit_of_the_signature_counts():
    body = json.dumps(MESSAGE).encode()
    good = sign(body, SECRET)
    wrong = [good[:place] + ("1" if good[place] == "0" else "0") + good[place + 1 :] for place in range(len(good))]
    for signature in (*wrong, good[:-1], good + "0", good[:32], good.upper() + " "):
        with pytest.raises(CallbackRefused):
            parse(body, headers={"Pay-Signature": signature})


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"not json", b'{"webhook_message_id": 1}', b"\xff\xfe", b"[" * 100_000],
    ids=lambda body: repr(body)[:30],
)
def test_a_signed_message_that_cannot_be_read_is_refused(body):
    with pytest.raises(CallbackRefused):
        parse(body)


def test_an_event_about_no_payment_is_unknown():
    for name in (None, 7, "", {}):
        event = parse({**MESSAGE, "resource_id": name})
        assert (told(event), event.key, event.payment_id) == ("unknown", "0v2nq6example5m1", None)


def test_a_huge_body_is_refused_before_it_is_hashed():
    with pytest.raises(CallbackRefused) as caught:
        parse(b"x" * 10_000_000, headers={"Pay-Signature": "x"})
    assert "larger" in str(caught.value)


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=3))
def test_nothing_unsigned_gets_through(body, headers):
    with pytest.raises(CallbackRefused):
        parse(body, headers={"a": "b", **headers})


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        ("declined", "P0010", FailureReason.DECLINED),
        ("timedout", "P0020", FailureReason.EXPIRED),
        ("cancelled", "P0030", FailureReason.CANCELLED),
    ],
)
def test_the_names_that_webhooks_have_for_failures_are_mapped(status, code, failure):
    state = {"status": status, "finished": True, "code": code}
    kind = "card_payment_expired" if status == "timedout" else "card_payment_failed"
    event = parse({**MESSAGE, "event_type": kind, "resource": {**MESSAGE["resource"], "state": state}})
    assert (event.state.status, event.state.failure) == (PaymentStatus.FAILED, failure)
    assert (event.state.raw_status, event.state.code, event.state.is_finished) == (status, code, True)


def test_what_is_not_known_is_kept_as_it_is():
    event = parse({**MESSAGE, "event_type": "card_payment_celebrated", "resource": None, "created_date": "soon"})
    assert (told(event), event.raw_type) == ("unknown", "card_payment_celebrated")
    assert event.order == (0.0, event.key)


def test_a_message_delivered_again_has_the_same_key_and_the_order_is_when_it_happened():
    earlier = {**MESSAGE, "webhook_message_id": "zzz"}
    captured = {**MESSAGE["resource"], "settlement_summary": {"captured_date": "2026-03-02"}}
    later = {
        **MESSAGE,
        "webhook_message_id": "aaa",
        "event_type": "card_payment_captured",
        "created_date": "2026-03-02T10:00:00.000Z",
        "resource": captured,
    }
    arrived = [parse(later), parse(earlier), parse(later)]
    assert arrived[0].key == arrived[2].key
    assert [event.key for event in sorted(set(arrived_keys(arrived)), key=lambda event: event.order)] == ["zzz", "aaa"]
    assert merge_states(event.state for event in arrived).is_captured


def arrived_keys(events):
    return {event.key: event for event in events}.values()


def test_an_event_can_be_queued_without_what_it_holds_of_the_person():
    import copy
    import pickle

    message = {**MESSAGE, "resource": {**MESSAGE["resource"], "email": "canary@example.com"}}
    event = parse(message)
    stored = pickle.dumps(event)
    assert b"canary" not in stored
    assert pickle.loads(stored) == event
    assert copy.copy(event) == event
    assert "canary" not in repr(event)
