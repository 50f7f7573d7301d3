"""Looking things up at GC Notify: pages of messages, templates, previews; and files on the way out."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from govcomponents import InvalidInput, NotSupported, UnexpectedReply
from govcomponents.core.http.messages import Replay, Response
from govcomponents.notify.adapters.gc_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api import templates as wire
from govcomponents.notify.models import Channel, Status
from govcomponents.notify.templates.attachments import attach

from .support import (
    MESSAGE,
    TEMPLATE,
    description,
    golden,
    golden_answers,
    needs_description,
    needs_golden,
    notify_on,
    response_of,
    validate,
)
from .test_requests import accepted


def answer(body: object) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())


def state(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "type": "email",
        "status": "delivered",
        "template": {"id": TEMPLATE, "version": 1, "uri": "https://api.example.com/"},
        "created_at": "2026-09-14T12:15:30.000000Z",
        **changes,
    }


def named(name: str) -> dict[str, Any]:
    return next(one for one in golden()["answers"] if one["name"] == name)


@needs_golden
@pytest.mark.parametrize(
    "page", [case for case in golden_answers("list_notifications") if case.values[0]["status"] == 200]
)
def test_every_published_page_is_read_to_its_end(page):
    notify, transport = notify_on(response_of(page), answer({"notifications": [], "links": {}}))

    found = list(notify.search())

    assert [one.raw for one in found] == page["body"]["notifications"]
    if found:
        assert parse_qs(urlsplit(transport.sent[1].url).query) == {"older_than": [found[-1].id]}


def test_a_search_asks_for_what_it_was_given_on_every_page():
    first, second = [state(1), state(2)], [state(3, status="new")]
    notify, transport = notify_on(*(answer({"notifications": page}) for page in (first, second, [])))

    found = list(
        notify.search(
            channel="email",
            status=[Status.QUEUED, Status.REJECTED],
            raw_status="failed",
            reference="a/b & c",
            older_than=MESSAGE,
            include_jobs=True,
        )
    )

    assert len(found) == 3
    queries = [parse_qs(urlsplit(request.url).query) for request in transport.sent]
    assert [query.pop("older_than") for query in queries] == [[MESSAGE], [first[-1]["id"]], [second[-1]["id"]]]
    for query in queries:
        assert query == {
            "template_type": ["email"],
            "status": [
                "created",
                "pending-virus-check",
                "pii-check-failed",
                "validation-failed",
                "virus-scan-failed",
                "failed",
            ],
            "reference": ["a/b & c"],
            "include_jobs": ["true"],
        }
    assert {request.replay for request in transport.sent} == {Replay.ALWAYS}


@needs_description
def test_a_search_uses_the_parameters_of_the_description():
    notify, transport = notify_on(answer({"notifications": []}))

    list(notify.search(channel="sms", status="delivered", reference="a", older_than=MESSAGE, include_jobs=True))

    described = {one["name"] for one in description()["paths"]["/v2/notifications"]["get"]["parameters"]}
    assert set(parse_qs(urlsplit(transport.sent[0].url).query)) == described


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"notifications": {}}', b'{"notifications": [1]}', b'{"notifications": [{}]}',
             json.dumps({"notifications": [state(1, created_at="x")]}).encode()]
)  # fmt: skip
def test_a_page_that_cannot_be_read_is_an_unexpected_reply(body):
    notify, _ = notify_on(Response(200, {}, body))

    with pytest.raises(UnexpectedReply):
        list(notify.search())


def test_letters_are_not_searched_for():
    notify, transport = notify_on()

    with pytest.raises(NotSupported):
        list(notify.search(channel="letter"))
    with pytest.raises(NotSupported):
        notify.list_templates("letter")

    assert not transport.sent


def test_once_looks_first_and_sends_nothing_that_is_held_already():
    notify, transport = notify_on(answer({"notifications": [state(7, reference="PERMIT-12")]}))

    sent = notify.send_email("amala.roy@example.com", TEMPLATE, reference="PERMIT-12", once=True)

    assert sent.is_repeat
    assert [request.method for request in transport.sent] == ["GET"]


@needs_golden
def test_published_templates_are_read():
    notify, transport = notify_on(response_of(named("templates")), response_of(named("template")))

    templates = notify.list_templates()
    one = notify.get_template(TEMPLATE, 1)

    assert [template.channel for template in templates] == [Channel.EMAIL, Channel.SMS]
    assert templates[0].placeholders == ("name",)
    assert templates[0].subject == "Your permit"
    assert templates[0].updated_at is None
    assert [template.raw for template in templates] == named("templates")["body"]["templates"]
    assert one.raw == named("template")["body"]
    assert one.created_by.reveal() == "template.author@example.com"
    assert [urlsplit(request.url).path for request in transport.sent] == [
        "/v2/templates",
        f"/v2/template/{TEMPLATE}/version/1",
    ]


def test_templates_of_one_channel_are_asked_for():
    notify, transport = notify_on(answer({"templates": []}), answer({"templates": [{"id": "a"}]}))

    assert notify.list_templates("sms") == ()
    assert transport.sent[0].url.endswith("/v2/templates?type=sms")
    with pytest.raises(UnexpectedReply):
        notify.list_templates()


@pytest.mark.parametrize("operation", ["templates", "template"])
def test_a_template_with_a_time_that_is_none_is_an_unexpected_reply(operation):
    template = {"id": TEMPLATE, "type": "sms", "version": 1, "body": "Hi", "created_at": "then"}
    notify, transport = notify_on(answer({**template, "templates": [template]}))

    with pytest.raises(UnexpectedReply, match="a time"):
        notify.list_templates() if operation == "templates" else notify.get_template(TEMPLATE)

    assert len(transport.sent) == 1


@needs_golden
def test_a_published_preview_is_read():
    notify, transport = notify_on(response_of(named("preview")))

    rendered = notify.preview(TEMPLATE, {"name": "Amala", "count": 3})

    assert rendered.body.reveal() == "Hello Amala\nYour permit is ready"
    assert rendered.subject.reveal() == "Your permit"
    assert (rendered.channel, rendered.template_version, rendered.html) == (Channel.EMAIL, 1, None)
    assert rendered.raw == named("preview")["body"]
    [request] = transport.sent
    assert json.loads(request.body) == {"personalisation": {"name": "Amala", "count": "3"}}
    assert request.replay is Replay.ALWAYS


@needs_golden
@pytest.mark.parametrize(
    ("model", "name"),
    [(wire.TemplateState, "template"), (wire.TemplateList, "templates"), (wire.Previewed, "preview")],
)
def test_the_wire_models_lose_nothing(model, name):
    body = named(name)["body"]

    assert json.loads(model.model_validate(body).model_dump_json(exclude_unset=True)) == body


class TestFiles:
    @needs_description
    def test_a_file_is_attached_or_linked_as_the_description_says(self):
        notify, transport = notify_on(accepted(subject="Subject", from_email="permits@example.com"))
        receipt = attach(b"%PDF-1.7", "receipt.pdf", as_link=False)
        terms = attach(b"terms", "terms.txt")

        notify.send_email("amala.roy@example.com", TEMPLATE, {"name": "Amala", "receipt": receipt, "terms": terms})

        validate(transport.sent[0].body, "CreateEmailNotificationRequest")
        assert json.loads(transport.sent[0].body)["personalisation"] == {
            "name": "Amala",
            "receipt": {
                "file": base64.b64encode(b"%PDF-1.7").decode(),
                "filename": "receipt.pdf",
                "sending_method": "attach",
            },
            "terms": {
                "file": base64.b64encode(b"terms").decode(),
                "filename": "terms.txt",
                "sending_method": "link",
            },
        }

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"a": attach(b"x", "receipt.pdf", confirm_email=False)}, NotSupported),
            ({"a": attach(b"x", "receipt.pdf", retention_weeks=4)}, NotSupported),
            ({"a": attach(b"x")}, InvalidInput),
            ({str(number): attach(b"x", "receipt.pdf") for number in range(11)}, InvalidInput),
            ({str(number): attach(b"x" * 1_700_000, "receipt.pdf") for number in range(4)}, InvalidInput),
        ],
        ids=("address asked for", "kept for weeks", "no name", "eleven", "more than 6 MB"),
    )
    def test_what_the_service_would_refuse_is_not_sent(self, values, error):
        notify, transport = notify_on()

        with pytest.raises(error) as caught:
            notify.send_email("amala.roy@example.com", TEMPLATE, values)

        assert caught.value.fix
        assert not transport.sent

    def test_ten_files_and_six_megabytes_are_sent(self):
        notify, transport = notify_on(accepted(subject="Subject", from_email="permits@example.com"))
        values = {str(number): attach(b"x" * 600_000, "receipt.pdf") for number in range(10)}

        notify.send_email("amala.roy@example.com", TEMPLATE, values)

        assert len(json.loads(transport.sent[0].body)["personalisation"]) == 10

    def test_a_text_message_takes_no_file(self):
        notify, transport = notify_on()

        with pytest.raises(InvalidInput) as caught:
            notify.send_sms("+16135550123", TEMPLATE, {"a": attach(b"x", "receipt.pdf")})

        assert caught.value.field == "personalisation"
        assert not transport.sent


def test_the_states_that_can_be_searched_for_are_those_that_a_message_can_have():
    assert set(WIRE.statuses.values()) | {Status.DISPATCHED, Status.UNKNOWN} == set(Status)
