"""Jobs: one request to GC Notify that holds many messages."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import pytest

from govcomponents import (
    DailyLimitReached,
    InvalidInput,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    UnexpectedReply,
)
from govcomponents.core.http.messages import Replay, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.gc_notify.wire import JOB_STATUSES, JobState
from govcomponents.notify.async_service import AsyncNotifyService
from govcomponents.notify.inputs import JobInput
from govcomponents.notify.models import Channel, JobStatus
from govcomponents.notify.policy import Policy
from govcomponents.notify.port import NotifyPort
from govcomponents.notify.service import NotifyService
from govcomponents.notify.templates.attachments import attach
from govcomponents.notify.templates.registry import TemplateChoice
from govcomponents.settings import NotifySettings

from .support import (
    KEY,
    TEMPLATE,
    errors,
    golden_answers,
    needs_description,
    needs_golden,
    notify_on,
    port_on,
    response_of,
    validate,
)

JOB: dict[str, Any] = {
    "id": "0ea216ae-4b03-46b7-ab44-893ae85104f5",
    "job_status": "pending",
    "notification_count": 2,
    "original_file_name": "Permits, March",
    "template": TEMPLATE,
    "template_version": 4,
    "template_type": "email",
    "created_at": "2021-06-10T17:14:15.341308+00:00",
    "scheduled_for": None,
}
ROWS = [{"Email address": "amala.roy@example.com", "name": "Amala"}, {"to": "ben@example.com", "Name": "Ben"}]
SENDER = "8e222534-7f05-4972-86e3-17c5d9f894e2"


def taken(**changes: object) -> Response:
    return Response(201, {}, json.dumps({"data": {**JOB, **changes}}).encode())


def send(notify: Any, rows: Any = ROWS, template: Any = TEMPLATE, **arguments: object) -> Any:
    return notify.send_job(rows, template, **{"channel": "email", "name": "Permits, March", **arguments})


@needs_description
def test_a_job_agrees_with_the_description():
    notify, transport = notify_on(taken())
    send_at = dt.datetime(2026, 3, 3, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))

    job = send(notify, reference="MARCH", sender=SENDER, send_at=send_at)

    validate(transport.sent[0].body, "PostBulkRequest")
    assert json.loads(transport.sent[0].body) == {
        "name": "Permits, March",
        "template_id": TEMPLATE,
        "rows": [["email address", "name"], ["amala.roy@example.com", "Amala"], ["ben@example.com", "Ben"]],
        "reference": "MARCH",
        "reply_to_id": SENDER,
        "scheduled_for": "2026-03-03T14:30:00",
    }
    assert transport.sent[0].url.endswith("/v2/notifications/bulk")
    assert transport.sent[0].replay is Replay.UNSENT
    assert (job.id, job.count, job.status, job.channel) == (JOB["id"], 2, JobStatus.PENDING, Channel.EMAIL)
    assert (job.name, job.template_id, job.template_version) == ("Permits, March", TEMPLATE, 4)
    assert job.created_at.year == 2021
    assert job.scheduled_for is None


@needs_golden
@pytest.mark.parametrize("answer", [case for case in golden_answers("send_bulk") if case.values[0]["status"] == 201])
def test_every_published_job_is_read(answer):
    notify, _ = notify_on(response_of(answer))

    job = send(notify)

    data = answer["body"]["data"]
    assert (job.id, job.raw_status, job.count) == (data["id"], data["job_status"], data["notification_count"])
    assert job.raw == answer["body"]
    state = JobState.model_validate(data)
    known = set(JobState.model_fields) & set(data)
    assert json.loads(state.model_dump_json(include=known)) == {name: data[name] for name in known}


@pytest.mark.parametrize("word", [*JOB_STATUSES, "sent to dvla", "teleported"])
def test_every_status_of_a_job_is_read(word):
    notify, _ = notify_on(taken(job_status=word, template_type=None))

    job = send(notify)

    assert job.status is JOB_STATUSES.get(word, JobStatus.UNKNOWN)
    assert (job.raw_status, job.channel) == (word, Channel.EMAIL)


def test_a_job_of_text_messages_is_read_from_a_file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes("\ufeffPhone number,code\r\n+16135550123,1\r\n\r\n+16135550124,2\r\n".encode())
    notify, transport = notify_on(taken(template_type="sms"))

    job = send(notify, path, channel="sms")

    rows = [["phone number", "code"], ["+16135550123", "1"], ["+16135550124", "2"]]
    assert json.loads(transport.sent[0].body)["rows"] == rows
    assert job.channel is Channel.SMS


def test_values_are_written_as_texts_in_the_templates_language():
    row = {"to": "a@example.com", "count": 3, "ratio": 0.5, "urgent": True, "day": dt.date(2026, 3, 2)}
    choice = TemplateChoice("permit", TEMPLATE, Channel.EMAIL, "cy", ("count", "day"))
    notify, transport = notify_on(taken(), taken())

    send(notify, [row])
    send(notify, [row], choice)

    english, welsh = (json.loads(request.body)["rows"][1] for request in transport.sent)
    assert english == ["a@example.com", "3", "0.5", "yes", "2 March 2026"]
    assert welsh[3:] != english[3:]


def test_asyncio_callers_send_jobs_too():
    port, transport = port_on(taken())

    assert asyncio.run(send(AsyncNotifyService(port, Runtime(transport)))).id == JOB["id"]
    assert len(transport.sent) == 1


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"rows": []}, "rows"),
        ({"rows": [{"name": "Amala"}]}, "rows"),
        ({"rows": [{"to": " ", "name": "Amala"}]}, "rows"),
        ({"rows": [*ROWS, {"to": "c@example.com"}]}, "rows"),
        ({"rows": [*ROWS, {"to": "c@example.com", "name": "C", "more": "x"}]}, "rows"),
        ({"rows": [{"to": "c@example.com", "name": ["canary", "b"]}]}, "rows"),
        ({"rows": [{"to": "c@example.com", "name": attach(b"canary", "a.pdf")}]}, "rows"),
        ({"rows": [{"to": "c@example.com", "name": object()}]}, "rows"),
        ({"rows": ["canary"]}, "rows"),
        ({"rows": [{"to": f"{number}@example.com"} for number in range(50_001)]}, "rows"),
        ({"rows": [{"to": "c@example.com", "name": "\ud800"}]}, "rows"),
        ({"rows": "nowhere.csv"}, "rows"),
        ({"channel": "letter"}, "channel"),
        ({"template": "the first"}, "template"),
        ({"template": TemplateChoice("permit", TEMPLATE, Channel.SMS, "en", None)}, "template"),
        ({"template": TemplateChoice("permit", TEMPLATE, Channel.EMAIL, "en", ("date",))}, "rows"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"reference": "x" * 1001}, "reference"),
        ({"sender": 7}, "sender"),
        ({"sender": "the office"}, "sender"),
        ({"send_at": dt.datetime(2026, 3, 2)}, "send_at"),  # noqa: DTZ001  # what is refused
        ({"send_at": "tomorrow"}, "send_at"),
    ],
)
def test_bad_input_is_refused_unsent_and_not_shown(arguments, field):
    notify, transport = notify_on()

    with pytest.raises(InvalidInput) as caught:
        send(notify, **arguments)

    assert caught.value.field == field
    assert caught.value.fix
    assert "canary" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert not transport.sent


def test_fifty_thousand_rows_are_one_request():
    notify, transport = notify_on(taken(notification_count=50_000))

    assert send(notify, ({"to": f"{number}@example.com"} for number in range(50_000))).count == 50_000
    assert len(transport.sent) == 1


def test_the_guard_of_recipients_looks_at_every_row():
    settings = NotifySettings.model_validate(
        {"api_key": KEY, "allowed_recipients": "@example.com", "redirect_emails_to": "team@example.gov.uk"}
    )
    transport = ScriptedTransport([taken()])
    runtime = Runtime(transport, is_production=False)
    port = GcNotify.from_settings(settings, runtime)

    policy = Policy.from_settings(settings, runtime)
    send(NotifyService(port, runtime, policy=policy), [*ROWS, {"to": "sam@example.org", "name": "Sam"}])

    recipients = [row[0] for row in json.loads(transport.sent[0].body)["rows"][1:]]
    assert recipients == ["amala.roy@example.com", "ben@example.com", "team@example.gov.uk"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Some rows have errors. Row 1 - `name`: Missing,`email address`: invalid recipient.", RequestRefused),
        ("Missing column headers: name", RequestRefused),
        ("You only have 50 remaining messages before you reach your daily limit. You've tried …", DailyLimitReached),
        ("You only have 50 remaining sms messages before you reach your annual limit. You've …", RateLimited),
    ],
)
def test_a_job_is_refused_whole(message, expected):
    notify, _ = notify_on(errors(400, "BadRequestError", message))

    with pytest.raises(expected) as caught:
        send(notify)

    assert type(caught.value) is expected


def test_a_lost_answer_is_unknown_and_the_job_is_not_sent_again():
    lost = OutcomeUnknown("the answer was lost")
    notify, transport = notify_on(lost, attempts=3)

    with pytest.raises(OutcomeUnknown):
        send(notify)

    assert len(transport.sent) == 1
    assert "by its name" in transport.sent[0].lookup


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"data": {}}', json.dumps({"data": {**JOB, "created_at": "x"}}).encode()]
)
def test_an_answer_that_cannot_be_read_says_how_to_look(body):
    notify, _ = notify_on(Response(201, {}, body))

    with pytest.raises(UnexpectedReply) as caught:
        send(notify)

    assert "include_jobs" in caught.value.lookup


def test_an_adapter_without_jobs_refuses_unsent():
    class Plain(NotifyPort):
        provider = "plain"

    with pytest.raises(NotSupported):
        send(NotifyService(Plain(), Runtime(ScriptedTransport())))
    with pytest.raises(NotSupported):
        asyncio.run(Plain().send_job(JobInput(name="a", channel=Channel.EMAIL, template=TEMPLATE)))


def test_a_job_does_not_print_what_it_holds():
    rows = (("amala.roy@example.com", "Amala"),)
    job = JobInput(name="a", channel=Channel.EMAIL, template=TEMPLATE, columns=("name",), rows=rows)

    assert "amala" not in repr(job).lower()
