"""Callbacks: the token first, in constant time and with several at once; then typed events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents import CallbackRefused
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify import Channel, Status
from govcomponents.notify.events import (
    Complaint,
    DeliveryReceipt,
    InboundSms,
    LetterReturned,
    NotifyEventKind,
    UnknownEvent,
)
from govcomponents.web import Answer
from notify.doubles import over
from notify.golden import FOLDER, IS_THERE, needs_golden

RECEIPT = {
    "id": "5a3b0f9e-5f4b-4f57-8a0a-1d5a1c8c9a01",
    "reference": "case-1",
    "to": "07700 900123",
    "status": "delivered",
    "created_at": "2026-03-02T09:10:00.000000Z",
    "completed_at": "2026-03-02T09:10:07.000000Z",
    "sent_at": None,
    "notification_type": "sms",
    "template_id": "0f6c2f0a-2f0e-4a0b-9a53-6a1f3a2b7c10",
    "template_version": 4,
}


def receiver(*tokens):
    return over(ScriptedTransport(), callback_tokens=tokens or ("first-token", "second-token"))


def headers_of(authorization):
    return {} if authorization is None else {"AUTHORIZATION": authorization}


def read(body, authorization="Bearer second-token"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return receiver().parse_callback(content, headers_of(authorization))


def test_a_delivery_receipt():
    event = read(RECEIPT)

    assert isinstance(event, DeliveryReceipt)
    assert (event.channel, event.status, event.reference) == (Channel.SMS, Status.DELIVERED, "case-1")
    assert event.key == f"{RECEIPT['id']}:delivered"
    assert event.recipient.reveal() == "07700 900123"
    assert "07700" not in repr(event)
    assert event.raw == RECEIPT


def test_an_unknown_status_is_kept_and_not_taken_for_another():
    event = read({**RECEIPT, "status": "brand-new", "notification_type": "pigeon"})

    assert (event.status, event.raw_status, event.channel) == (Status.UNKNOWN, "brand-new", Channel.UNKNOWN)


def test_a_received_text():
    body = {
        "id": "1",
        "source_number": "447700900123",
        "destination_number": "07700900456",
        "message": "YES",
        "date_received": "2026-03-02T09:15:02.000000Z",
    }
    event = read(body)

    assert isinstance(event, InboundSms)
    assert (event.sender.reveal(), event.content.reveal(), event.key) == ("447700900123", "YES", "1:received")


def test_a_returned_letter():
    body = {
        "notification_id": "1", "reference": None, "date_sent": "2026-03-02T09:15:02.000000Z", "sent_by": "API",
        "template_name": None, "template_id": "None", "template_version": None, "spreadsheet_file_name": None,
        "spreadsheet_row_number": None, "upload_letter_file_name": None,
    }  # fmt: skip
    event, by_hand = read(body), read({**body, "sent_by": "ama@example.gov.uk", "template_id": "2"})

    assert isinstance(event, LetterReturned)
    assert (event.sent_by, event.template_id, event.key) == (None, None, "1:returned")
    assert (by_hand.sent_by.reveal(), by_hand.template_id) == ("ama@example.gov.uk", "2")


def test_a_complaint():
    event = read(
        {"notification_id": "1", "complaint_id": "2", "reference": None, "to": "a@example.com", "complaint_date": None}
    )

    assert isinstance(event, Complaint)
    assert (event.key, event.occurred_at) == ("2:complaint", None)


@pytest.mark.parametrize("authorization", ["Bearer first-token", "bearer second-token"])
def test_every_configured_token_is_taken(authorization):
    assert read(RECEIPT, authorization).status is Status.DELIVERED


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer first-toke", "Basic first-token", "first-token", "Bearer é"],
)
def test_a_wrong_token_is_refused_before_the_body_is_looked_at(authorization):
    with pytest.raises(CallbackRefused, match="token") as caught:
        read(b"not even JSON", authorization)

    assert "first-token" not in str(caught.value)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}, {"Authorization": ""}])
def test_a_header_that_is_missing_is_not_called_a_wrong_token(headers):
    with pytest.raises(CallbackRefused, match="there is no Authorization header") as caught:
        receiver().parse_callback(json.dumps(RECEIPT).encode(), headers)

    assert "headers" in caught.value.fix


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer forged-forged"}], ids=str)
def test_what_is_forged_is_refused_and_what_cannot_be_proved_yet_comes_again(headers):
    for tokens, status in ((("first-token", "second-token"), 400), ((), 503)):
        with pytest.raises(CallbackRefused) as caught:
            over(ScriptedTransport(), callback_tokens=tokens).parse_callback(json.dumps(RECEIPT).encode(), headers)
        assert Answer.for_error(caught.value).status == status


def test_without_a_configured_token_everything_is_refused():
    with pytest.raises(CallbackRefused, match="configured"):
        over(ScriptedTransport()).parse_callback(b"{}", headers_of("Bearer "))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"[" * 60_000, b"\xff", b" " * 10_000_000, b"7",
        b'"text"', b'{"id": "1", "id": "2"}',
    ],
    ids=lambda body: str(body)[:30],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_without_showing_it(body):
    with pytest.raises(CallbackRefused) as caught:
        read(body)

    assert "07700" not in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    "body",
    [
        {}, {**RECEIPT, "to": 7}, {**RECEIPT, "created_at": "soon"}, {"source_number": "1"}, {"complaint_id": 1},
        {**RECEIPT, "status": None}, {**RECEIPT, "id": {}}, {**RECEIPT, "notification_type": 7},
        {**RECEIPT, "template_version": "new"}, {"date_sent": "soon", "notification_id": "1"}, {"date_sent": None},
        {"source_number": 1, "date_received": 5}, {"complaint_id": "1", "complaint_date": "32 March"},
        {"id": "1", "notification_type": []},
    ],
    ids=lambda body: str(body)[-40:],
)  # fmt: skip
def test_what_is_proved_but_not_understood_is_acknowledged_as_unknown(body):
    event = read(body)

    assert isinstance(event, UnknownEvent)
    assert event.key == read(body).key
    assert "07700" not in repr(event)


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(body):
    try:
        event = read(body)
    except CallbackRefused:
        return
    assert isinstance(event, UnknownEvent)


def test_a_kind_that_is_not_known_is_an_event_too():
    body = {"pigeon_id": "1", "colour": "grey"}
    event, again = read(body), read(dict(reversed(body.items())))

    assert isinstance(event, UnknownEvent)
    assert event.kind is NotifyEventKind.UNKNOWN
    assert event.key == again.key != read({"pigeon_id": "2"}).key
    assert (event.raw, event.occurred_at) == (body, None)


@needs_golden
@pytest.mark.parametrize(
    "callback",
    json.loads((FOLDER / "callbacks.json").read_text())["callbacks"] if IS_THERE else [],
    ids=lambda c: c["cause"],
)
def test_the_recorded_callbacks_are_read(callback):
    text = json.dumps(callback["request"]["body"]).replace("<time>", "2026-03-02T09:15:02.000000Z")
    event = read(json.loads(text))

    kinds = {
        "delivery_status": DeliveryReceipt, "inbound_sms": InboundSms, "complaint": Complaint,
        "returned_letter": LetterReturned,
    }  # fmt: skip
    assert type(event) is kinds[callback["kind"]]
    if isinstance(event, DeliveryReceipt):
        assert event.raw_status == callback["request"]["body"]["status"]
        assert event.status is not Status.UNKNOWN
