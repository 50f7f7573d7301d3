"""GC Notify's callbacks: verified first, then read; repeated, late and hostile ones."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from govcomponents import CallbackRefused
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api.callbacks import Receipt
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.events import Complaint, DeliveryReceipt, HealthCheck, UnknownEvent
from govcomponents.notify.models import Channel, Status
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings
from govcomponents.web import Answer

from .support import KEY, golden, needs_golden

TOKEN = "example-callback-token"
CALLBACKS = [pytest.param(one, id=one["name"]) for one in golden()["callbacks"]]
RECEIPT: dict[str, Any] = {
    "id": "51628744-d95b-4ba7-a2a9-37fd0e72bdeb",
    "reference": None,
    "to": "amala.roy@example.com",
    "status": "delivered",
    "status_description": "Delivered",
    "provider_response": None,
    "created_at": "2017-05-14T12:15:30.000000Z",
    "completed_at": None,
    "sent_at": None,
    "notification_type": "email",
}


def notify(tokens: str = f"an-older-token,{TOKEN}", kind: Any = NotifyService) -> Any:
    settings = NotifySettings.model_validate({"api_key": KEY, "callback_tokens": tokens})
    runtime = Runtime(ScriptedTransport())
    return kind(GcNotify.from_settings(settings, runtime), runtime)


def read(body: Any, authorization: str | None = f"Bearer {TOKEN}") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return notify().parse_callback(content, {} if authorization is None else {"Authorization": authorization})


@needs_golden
@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("kind", [NotifyService, AsyncNotifyService])
def test_every_published_callback_is_read(callback, kind):
    body = callback["body"]

    event = notify(kind=kind).parse_callback(json.dumps(body).encode(), callback["headers"])
    if kind is AsyncNotifyService:
        event = asyncio.run(event)

    assert event.raw == body
    if callback["name"] == "health-check":
        assert isinstance(event, HealthCheck)
        return
    assert isinstance(event, DeliveryReceipt)
    assert event.notification_id == body["id"]
    assert event.reference == body["reference"]
    assert event.recipient.reveal() == body["to"]
    assert event.status is WIRE.statuses[body["status"]]
    assert event.channel is Channel(body["notification_type"])
    assert event.key == f"{body['id']}:{body['status']}"
    assert (event.completed_at is None) == (body["completed_at"] is None)
    assert (event.template_id, event.template_version) == (None, None)


@needs_golden
def test_the_wire_model_loses_nothing():
    for callback in golden()["callbacks"]:
        if callback["name"] != "health-check":
            body = callback["body"]
            assert json.loads(Receipt.model_validate(body).model_dump_json(exclude_unset=True)) == body


def test_a_failure_after_a_delivery_is_another_event():
    delivered, bounced = read(RECEIPT), read({**RECEIPT, "status": "permanent-failure"})

    assert delivered.key == read(RECEIPT).key != bounced.key
    assert bounced.status.has_failed


def test_an_unknown_status_is_kept():
    event = read({**RECEIPT, "status": "teleported"})

    assert (event.status, event.raw_status) == (Status.UNKNOWN, "teleported")


def test_a_health_check_is_known_and_has_one_key():
    assert read({"health_check": "true"}).key == read({"health_check": "true"}).key


def test_a_complaint_is_read():
    event = read(
        {
            "notification_id": RECEIPT["id"],
            "complaint_id": "c-1",
            "reference": "PERMIT-12",
            "to": "amala.roy@example.com",
            "complaint_date": "2026-03-02T14:00:00.000000Z",
        }
    )

    assert isinstance(event, Complaint)
    assert event.key == "c-1:complaint"
    assert event.recipient.reveal() == "amala.roy@example.com"
    assert event.occurred_at.tzinfo is not None


@pytest.mark.parametrize(
    "authorization",
    [None, "", TOKEN, "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN} ", f"Basic {TOKEN}",
     f"Bearer {TOKEN.upper()}", "Bearer \ud800", "Bearer an-older-tokenexample"],
)  # fmt: skip
def test_a_wrong_token_is_refused_whatever_the_body_holds(authorization):
    with pytest.raises(CallbackRefused, match="token") as caught:
        read(b"\x00not even JSON", authorization)

    assert caught.value.provider == "GC Notify"
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize("authorization", [f"bearer {TOKEN}", "Bearer an-older-token"])
def test_each_configured_token_is_good(authorization):
    assert read(RECEIPT, authorization).notification_id == RECEIPT["id"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer forged-forged"}], ids=str)
def test_what_is_forged_is_refused_and_what_cannot_be_proved_yet_comes_again(headers):
    for tokens, status in ((TOKEN, 400), ("", 503)):
        with pytest.raises(CallbackRefused) as caught:
            notify(tokens=tokens).parse_callback(json.dumps(RECEIPT).encode(), headers)
        assert Answer.for_error(caught.value).status == status


def test_without_a_configured_token_nothing_is_accepted():
    with pytest.raises(CallbackRefused, match="no callback token"):
        notify(tokens="").parse_callback(json.dumps(RECEIPT).encode(), {"Authorization": "Bearer "})


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b"[" * 60_000, b" " * (10 * 1024 * 1024)],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_without_showing_it(body):
    with pytest.raises(CallbackRefused) as caught:
        read(body)

    assert "amala" not in repr(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    "body",
    [{}, {**RECEIPT, "id": None}, {**RECEIPT, "status": 7}, {**RECEIPT, "created_at": "then"}, {"complaint_id": "c-1"}],
)
def test_what_is_proved_but_not_understood_is_acknowledged_as_unknown(body):
    assert isinstance(read(body), UnknownEvent)
