"""The adapter reads every recorded answer, and its wire models lose nothing of it that they model."""

import json
import re

import pytest

from govcomponents import GovComponentsError
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.notify import Channel, Status
from govcomponents.notify.adapters.govuk_notify.error_mapping import ERRORS
from govcomponents.notify.adapters.govuk_notify.wire import WIRE, ReceivedState, SentPrecompiled
from govcomponents.notify.adapters.notifications_api import templates, wire
from notify.golden import needs_golden, steps

pytestmark = needs_golden

PLACEHOLDERS = {
    "<time>": "2026-03-02T09:15:02.123456Z",
    "<host>": "https://api.notifications.service.gov.uk",
    "<uuid>": "740e5834-3a29-46b4-9a6f-16142fde533a",
}


def expanded(value):
    """A recorded answer with values in the place of its placeholders."""
    if isinstance(value, dict):
        if "$concat" in value:
            return "".join(expanded(part) for part in value["$concat"])
        if "$repeat" in value:
            return value["$repeat"][0] * value["$repeat"][1]
        return {name: 0.5 if item == "<price>" else expanded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [expanded(item) for item in value]
    if isinstance(value, str):
        for mark, written in PLACEHOLDERS.items():
            value = value.replace(mark, written)
        return re.sub(r"<id of [^>]+>", "5a3b0f9e-5f4b-4f57-8a0a-1d5a1c8c9a01", value)
    return value


def answers(*statuses):
    return [
        pytest.param(step, id=step["name"])
        for step in steps()
        if "response" in step and step["response"]["status"] in statuses
    ]


def kept(model, raw):
    """What a model holds of an answer must be in the answer, and as it is there."""
    dumped = model.model_dump(mode="json", exclude_unset=True)
    assert all(_same(dumped[name], raw[name]) for name in dumped)
    assert set(dumped) >= set(raw) & set(type(model).model_fields)


def _same(model_value, raw_value):
    if isinstance(model_value, dict):
        return all(_same(model_value[name], raw_value[name]) for name in model_value)
    return model_value == raw_value


def exchange(step):
    body = expanded(step["response"]["body"])
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    method = step["request"]["method"]
    replayed = Replay.UNSENT if method == "POST" else Replay.ALWAYS
    return Request("notify.golden", method, "/", replayed), Response(step["response"]["status"], {}, raw), body


@pytest.mark.parametrize("step", answers(201))
def test_every_accepted_message_is_read(step):
    request, response, body = exchange(step)
    channel = Channel(step["request"]["path"].rpartition("/")[2])
    if "content" in body:
        sent = WIRE.to_sent(channel, response, request)
        kept(wire.SentMessage.model_validate(body), body)
        assert sent.body.reveal() == body["content"]["body"]
        assert sent.template_version == body["template"]["version"]
    else:
        sent = WIRE.to_sent_precompiled(response, request)
        kept(SentPrecompiled.model_validate(body), body)
    assert (sent.id, sent.reference, dict(sent.raw)) == (body["id"], body["reference"], body)


@pytest.mark.parametrize("step", answers(200))
def test_everything_that_was_got_is_read(step):
    request, response, body = exchange(step)
    if not isinstance(body, dict) or body.keys() == {"status"}:
        return
    if "notifications" in body:
        found = [WIRE.to_found(raw, response, request) for raw in WIRE.page_items(response, request, "notifications")]
        assert len(found) == len(body["notifications"])
        for raw in body["notifications"]:
            kept(wire.NotificationState.model_validate(raw), raw)
        assert Status.UNKNOWN not in {one.status for one in found}
    elif "received_text_messages" in body:
        for raw in body["received_text_messages"]:
            assert WIRE.to_received_text(raw, response, request).content.reveal() == raw["content"]
            kept(ReceivedState.model_validate(raw), raw)
    elif "templates" in body:
        assert [one.id for one in templates.to_templates(WIRE, response, request)] == [
            one["id"] for one in body["templates"]
        ]
        for raw in body["templates"]:
            kept(templates.TemplateState.model_validate(raw), raw)
    elif "html" in body:
        assert templates.to_rendered(WIRE, response, request).body.reveal() == body["body"]
        kept(templates.Previewed.model_validate(body), body)
    elif "created_by" in body:
        got = templates.to_template(WIRE, response, request)
        assert set(got.placeholders) == set(body["personalisation"])
        kept(templates.TemplateState.model_validate(body), body)
    else:
        found = WIRE.to_notification(response, request)
        kept(wire.NotificationState.model_validate(body), body)
        assert found.raw_status == body["status"]
        assert found.status is not Status.UNKNOWN


@pytest.mark.parametrize("step", answers(400, 401, 403, 404, 405, 429))
def test_every_refusal_is_a_typed_error(step):
    request, response, body = exchange(step)

    error = ERRORS.error(response, request, 1_700_000_000.0)

    assert isinstance(error, GovComponentsError)
    assert error.status == response.status
    assert error.fix
    for told in re.findall(r"amala\S*|07900\S*|0790090012|evil", json.dumps(body)):
        assert told not in str(error)
