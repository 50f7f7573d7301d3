"""Every published answer of GC Notify is read: as the model that it describes, or as a typed error."""

from __future__ import annotations

import json

import pytest

from govcomponents import (
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from govcomponents.core.http.messages import Replay, Request
from govcomponents.notify.adapters.gc_notify.error_mapping import ERRORS
from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api import wire
from govcomponents.notify.models import Channel, Status

from .support import MESSAGE, NOW, TEMPLATE, golden_answers, needs_golden, notify_on, response_of

pytestmark = needs_golden

SENDS = ("send_email", "send_sms")


@pytest.mark.parametrize("answer", [case for case in golden_answers(*SENDS) if case.values[0]["status"] == 201])
def test_an_accepted_message_is_read_whole(answer):
    notify, _ = notify_on(response_of(answer))
    body = answer["body"]

    if answer["operation"] == "send_email":
        sent = notify.send_email("amala.roy@example.com", TEMPLATE)
        assert sent.channel is Channel.EMAIL
        assert sent.subject.reveal() == body["content"]["subject"]
        assert sent.sender == body["content"]["from_email"]
    else:
        sent = notify.send_sms("+16135550123", TEMPLATE)
        assert sent.channel is Channel.SMS
        assert sent.subject is None
        assert sent.sender == body["content"]["from_number"]
    assert sent.id == body["id"]
    assert sent.reference == body["reference"]
    assert sent.body.reveal() == body["content"]["body"]
    assert (sent.template_id, sent.template_version) == (body["template"]["id"], body["template"]["version"])
    assert sent.raw == body


@pytest.mark.parametrize(
    "answer", [case for case in golden_answers("get_notification") if case.values[0]["status"] == 200]
)
def test_a_message_is_read_whole_whatever_its_state(answer):
    body = answer["body"]
    notify, _ = notify_on(response_of(answer))

    found = notify.get(body["id"])

    assert found.status is WIRE.statuses[body["status"]]
    assert found.raw_status == body["status"]
    assert found.recipient.reveal() == (body["email_address"] or body["phone_number"])
    assert found.channel is (Channel.EMAIL if body["email_address"] else Channel.SMS)
    assert (found.completed_at is None) == (body["completed_at"] is None)
    assert (found.sent_at is None) == (body["sent_at"] is None)
    assert (found.subject is None) == (body["subject"] is None)
    assert found.raw == body


@pytest.mark.parametrize(
    ("model", "operations"),
    [(wire.SentMessage, SENDS), (wire.NotificationState, ("get_notification",))],
    ids=("sent", "state"),
)
def test_the_wire_models_lose_no_field_that_they_model(model, operations):
    for case in golden_answers(*operations):
        answer = case.values[0]
        if answer["status"] not in (200, 201):
            continue
        body = answer["body"]
        known = {name for name in body if name in model.model_fields}

        written = json.loads(model.model_validate(body).model_dump_json(exclude_unset=True))

        assert {name: written[name] for name in known} == {name: body[name] for name in known}
        assert set(body) - known <= {*(f"line_{number}" for number in range(1, 7)), "postcode"}


def _expected(answer: dict) -> type[GovComponentsError] | tuple[type[GovComponentsError], ...]:
    status = answer["status"]
    first = (answer.get("body") or {}).get("errors", [{}])[0]
    kind, message = first.get("error", ""), first.get("message", "")
    if status == 429:
        return RateLimited if kind.startswith("RateLimit") or "Annual" in kind else DailyLimitReached
    if status >= 500:
        return OutcomeUnknown if answer["method"] == "POST" else Unavailable
    if status == 401 or kind == "AuthError":
        return CredentialsRefused
    if status == 404:
        return NotFound
    if "daily limit" in message:
        return DailyLimitReached
    if "team-only" in message or "trial mode" in message or "safelist" in message or "not allowed" in message:
        return PermissionRefused
    if status == 403:
        return PermissionRefused
    if "Template not found" in message:
        return NotFound
    if "deleted" in message or "archived" in message:
        return Conflict
    if status == 409:
        return Conflict
    return RequestRefused


@pytest.mark.parametrize("answer", [case for case in golden_answers() if case.values[0]["status"] >= 400])
def test_every_published_refusal_is_a_typed_error_that_says_how_to_mend_it(answer):
    request = Request(
        "notify.test",
        answer["method"],
        answer["path"],
        Replay.UNSENT if answer["method"] == "POST" else Replay.ALWAYS,
        lookup="look for it",
    )

    error = ERRORS.error(response_of(answer), request, NOW)

    assert type(error) is _expected(answer)
    assert error.fix
    assert error.status == answer["status"]
    assert error.provider == "GC Notify"


def test_every_state_that_the_service_has_is_known():
    states = {
        case.values[0]["body"]["status"]
        for case in golden_answers("get_notification")
        if case.values[0]["status"] == 200
    }

    assert states <= set(WIRE.statuses)
    assert Status.UNKNOWN not in WIRE.statuses.values()


def test_a_refusal_reaches_the_caller_through_the_service_object():
    answer = next(case.values[0] for case in golden_answers("get_notification") if case.values[0]["status"] == 404)
    notify, _ = notify_on(response_of(answer))

    with pytest.raises(NotFound, match="sent just now"):
        notify.get(MESSAGE)


def test_what_is_published_and_no_operation_reads_is_known():
    """Managing templates and reports need keys of their own kinds; no operation of the port is for them."""
    read_here = {*SENDS, "get_notification"}
    read_elsewhere = {"list_notifications", "get_template", "list_templates", "preview_template", "send_bulk"}
    published = {case.values[0]["operation"] for case in golden_answers() if case.values[0]["status"] < 300}

    assert published - read_here - read_elsewhere == {
        "archive_managed_template",
        "create_managed_template",
        "create_report",
        "get_managed_template",
        "get_report",
        "list_reports",
        "list_template_categories",
        "update_managed_template",
    }
