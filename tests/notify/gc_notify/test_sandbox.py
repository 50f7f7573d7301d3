"""The sandbox's GC Notify: the adapter fulfils its contract over it, and it refuses as the real service does."""

from __future__ import annotations

import json

import pytest

from govcomponents import GovComponents
from govcomponents.contracts.notify.suite import NotifyDouble, NotifySubject, NotifySuite
from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.errors import (
    DailyLimitReached,
    NotFound,
    PermissionRefused,
    RateLimited,
    RequestRefused,
)
from govcomponents.notify import attach
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.providers.gc_notify.world import Service
from govcomponents.settings import NotifySettings

from .support import as_arrived

NOW = "2026-03-02T15:00:00Z"
SERVICE = Service()
EMAIL, TEXT = (one.id for one in SERVICE.templates)
TEST, LIVE, TEAM = (SERVICE.key_text(key) for key in SERVICE.api_keys)
VALUES = {"name": "Canary Nightingale", "reference": "RENEW-7", "refund": False}


REPLY_TO, SENDER = "6c0de5ec-0000-4000-8000-0000000000a1", "6c0de5ec-0000-4000-8000-0000000000b1"
TOKEN = "canary-callback-token"


def connect():
    service = {"reply_to_ids": [REPLY_TO], "sms_sender_ids": [SENDER]}
    service |= {"callback_url": "https://service.example.gov.uk/receipts", "callback_token": TOKEN}
    sandbox = Sandbox({"gc_notify": {"services": [service]}})
    sent, calls = [], []
    sandbox.callbacks.receive(lambda call: calls.append((call.body, call.headers)) or 200)

    def answer(request):
        reply = sandbox.handle(request)
        if request.method == "POST" and reply.status == 201:
            sent.append(json.loads(request.body))
        return reply

    def callbacks():
        sandbox.clock.advance(3600)
        return calls

    return NotifyDouble(
        transport=InProcessTransport(answer, sandbox.clock.advance),
        clock=sandbox.clock.time,
        count=lambda: len(sandbox.gc_notify.messages.all()),
        arrived=lambda: [as_arrived(fields) for fields in sent],
        callbacks=callbacks,
    )


def build(runtime):
    base_url = "https://sandbox.example.gov.uk/gc-notify"
    own = NotifySettings(adapter="gc_notify", api_key=TEST, base_url=base_url, callback_tokens=(TOKEN,))
    return GcNotify.from_settings(own, runtime)


class TestOverTheSandbox(NotifySuite):
    subject = NotifySubject(
        build=build,
        connect=connect,
        canaries=("canary@example.com", "+16135550123", "6135550123", "Nightingale", TEST[-36:], "ApiKey-v1"),
        email={
            "to": "canary@example.com",
            "template": EMAIL,
            "personalisation": VALUES,
            "reference": "RENEW-7-receipt",
        },
        sms={"to": "+16135550123", "template": TEXT, "personalisation": VALUES, "reference": "RENEW-7-text"},
        bad_input=[{"extra": {"field": ...}}],
        file={
            "to": "canary@example.com",
            "template": EMAIL,
            "personalisation": {**VALUES, "document": attach(b"%PDF-1.4 permit", "permit.pdf", as_link=False)},
        },
        reply_to=REPLY_TO,
        sender=SENDER,
        job={
            "rows": [
                {"to": "canary@example.com", "name": "Nightingale", "reference": "R-1", "refund": "no"},
                {"to": "ben@example.com", "name": "Ben", "reference": "R-2", "refund": "no"},
            ],
            "template": EMAIL,
            "channel": "email",
            "name": "Renewals, March",
        },
    )


def on(world=None, key=TEST):
    """The components on a sandbox of a world, by a key."""
    section = world or {}
    section = section if key == TEST else _only(section, key)
    gov = GovComponents.sandbox({"gc_notify": section}, now=NOW, retry=RetryPolicy.none())
    return gov, gov.simulator


def _only(world, key):
    wanted = key[-36:]
    (service,) = world.get("services", [{}])
    keys = [one.model_dump() for one in SERVICE.api_keys if one.secret == wanted]
    return {**world, "services": [{**service, "api_keys": keys}]}


def test_a_message_goes_its_way_by_the_clock_and_is_on_the_outbox():
    gov, sandbox = on()
    file = attach(b"%PDF-1.4 receipt", filename="receipt.pdf", as_link=False)
    sent = gov.notify.send_email("sam@example.com", EMAIL, {**VALUES, "receipt": file}, "RENEW-7-email")
    assert "Dear Canary Nightingale" in sent.body.reveal()
    seen = [gov.notify.get(sent.id).raw_status]
    for _ in range(2):
        sandbox.clock.advance(1.5)
        seen.append(gov.notify.get(sent.id).raw_status)
    assert seen == ["created", "sending", "delivered"]
    (message,) = sandbox.messages()
    assert (message.to, message.subject, message.reference) == (
        "sam@example.com",
        "Your permit RENEW-7",
        "RENEW-7-email",
    )
    assert [(one.name, one.data) for one in message.attachments] == [("receipt.pdf", b"%PDF-1.4 receipt")]
    sandbox.gc_notify.mark_message(message.id, "permanent-failure")  # a delivered one can bounce later
    assert gov.notify.get(sent.id).raw_status == "permanent-failure"
    text = gov.notify.send_sms("613 555 0123", TEXT, {**VALUES, "name": "é" * 150})
    assert gov.notify.get(text.id).reference is None
    assert sandbox.messages()[-1].fragments == 3


def test_receipts_come_as_the_service_sends_them():
    world = {"services": [{"callback_url": "https://service.example.gov.uk/hook"}]}
    gov, sandbox = on(world)
    got = []
    sandbox.callbacks.receive(lambda callback: got.append(callback) or 200)
    gov.notify.send_email("perm-fail@simulator.notify", EMAIL, VALUES, "RENEW-7")
    sandbox.clock.advance(10)
    (receipt,) = got
    body = json.loads(receipt.body)
    assert (body["status"], body["status_description"]) == ("permanent-failure", "No such address")
    assert "template_id" not in body
    event = gov.notify.parse_callback(receipt.body, receipt.headers)
    assert event.reference == "RENEW-7"


def test_a_message_may_not_be_found_yet_when_it_was_accepted():
    gov, sandbox = on({"saved_after_seconds": 60})
    sent = gov.notify.send_email("sam@example.com", EMAIL, VALUES, "RENEW-7")
    with pytest.raises(NotFound):
        gov.notify.get(sent.id)
    assert list(gov.notify.search(reference="RENEW-7")) == []
    sandbox.clock.advance(60)
    assert gov.notify.get(sent.id).id == sent.id


@pytest.mark.parametrize(
    ("limits", "error"),
    [({"daily_limits": {"email": 1}}, DailyLimitReached), ({"annual_limits": {"email": 1}}, RateLimited)],
)
def test_the_limits_of_the_day_and_of_the_fiscal_year(limits, error):
    gov, sandbox = on({"services": [limits]}, key=LIVE)
    gov.notify.send_email("sam@example.com", EMAIL, VALUES)
    with pytest.raises(error) as raised:
        gov.notify.send_email("sam@example.com", EMAIL, VALUES)
    if error is RateLimited:
        assert raised.value.retry_after > 29 * 86_400
        sandbox.control.set_clock("2026-04-01T00:00:01Z")
    else:
        sandbox.control.set_clock("2026-03-03T00:00:01Z")
    gov.notify.send_email("sam@example.com", EMAIL, VALUES)


def test_the_year_is_used_up_by_scenario_and_by_fault():
    gov, _ = on()
    gov.simulator.play("yearly-limit")
    for _ in range(10):
        gov.notify.send_email("sam@example.com", EMAIL, VALUES)
    with pytest.raises(RateLimited, match="year"):
        gov.notify.send_email("sam@example.com", EMAIL, VALUES)


def test_trial_and_team_send_to_the_safelist_only():
    service = {"restricted": True, "safelist": ["pat@example.com"]}
    gov, _ = on({"services": [service]}, key=LIVE)
    gov.notify.send_email("pat@example.com", EMAIL, VALUES)
    with pytest.raises(PermissionRefused):
        gov.notify.send_email("sam@example.com", EMAIL, VALUES)
    gov, _ = on({}, key=TEAM)
    with pytest.raises(PermissionRefused):
        gov.notify.send_email("sam@example.com", EMAIL, VALUES)


def test_a_job_is_refused_whole():
    gov, sandbox = on()
    rows = [{"to": "sam@example.com", "name": "Sam", "reference": "1", "refund": "no"}, {"to": "nobody", "name": "Ben"}]
    rows[1] |= {"reference": "2", "refund": "no"}
    with pytest.raises(RequestRefused, match="some rows"):
        gov.notify.send_job(rows, EMAIL, channel="email", name="March")
    assert sandbox.messages() == []


def asked(sandbox, method, path, body, **headers):
    sent = {"authorization": f"ApiKey-v1 {TEST}", "content-type": "application/json", **headers}
    url = f"{sandbox.base_url}/gc-notify{path}"
    return sandbox.handle(Request("x", method, url, Replay.UNSENT, sent, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        ({}, {"authorization": ""}, 401, "Unauthorized, authentication token must be provided"),
        ({}, {"authorization": "Bearer x"}, 401, "Unauthorized, Authorization header is invalid."),
        ({}, {"authorization": "ApiKey-v1 gcntfy-x"}, 403, "Invalid token: Enter your full API key"),
        ({}, {"authorization": f"ApiKey-v1 {TEST[:-1]}9"}, 403, "Invalid token: API key not found"),
        ({}, {"content-type": "text/plain"}, 415, "UnsupportedMediaType error"),
        ({}, {}, 400, "email_address is a required property"),
        ({"email_address": "a@b.ca", "template_id": "x"}, {}, 400, "template_id is not a valid UUID"),
        (
            {"email_address": "a@b.ca", "template_id": EMAIL, "one_click_unsubscribe_url": "https://x"},
            {},
            400,
            "Additional properties are not allowed (one_click_unsubscribe_url was unexpected)",
        ),
        ({"email_address": "a", "template_id": EMAIL, "personalisation": VALUES}, {}, 400, "Not a valid email address"),
        ({"email_address": "a@b.ca", "template_id": EMAIL}, {}, 400, "Missing personalisation: reference, name"),
        ({"email_address": "a@b.ca", "template_id": TEXT}, {}, 400, "sms template is not suitable for email"),
        (
            {"email_address": "a@b.ca", "template_id": EMAIL, "scheduled_for": "2026-02-01T00:00:00"},
            {},
            400,
            "scheduled_for datetime cannot be in the past",
        ),
        (
            {"email_address": "a@b.ca", "template_id": EMAIL, "scheduled_for": "2026-04-01T00:00:00"},
            {},
            400,
            "scheduled_for datetime can only be up to 96 hours in the future",
        ),
        (
            {"email_address": "a@b.ca", "template_id": EMAIL, "personalisation": {"x": {"file": "AA=="}}},
            {},
            400,
            "sending_method is a required property",
        ),
    ],
)
def test_it_refuses_in_the_words_of_the_service(body, headers, status, message):
    sandbox = Sandbox({"gc_notify": {}}, now=NOW)
    answer = asked(sandbox, "POST", "/v2/notifications/email", body, **headers)
    told = json.loads(answer.body)
    assert (answer.status, told["status_code"]) == (status, status)
    assert message in told["errors"][0]["message"]
    (entry,) = sandbox.requests.requests()
    assert entry.is_refused


@pytest.mark.parametrize(
    ("text", "number"),
    [("613 253 2255", "+16132532255"), ("(613) 253-2255", "+16132532255"), ("call 613-253-2255 now", "+16132532255")],
)
def test_a_number_is_found_anywhere_in_a_text(text, number):
    sandbox = Sandbox({"gc_notify": {}}, now=NOW)
    body = {"phone_number": text, "template_id": TEXT, "personalisation": VALUES}
    assert asked(sandbox, "POST", "/v2/notifications/sms", body).status == 201
    assert sandbox.messages()[0].to == number


def test_a_template_keeps_its_versions_and_the_newest_is_sent():
    template = {
        "id": EMAIL,
        "name": "Permit",
        "type": "email",
        "version": 3,
        "subject": "New",
        "content": "Hello ((name))",
    }
    template["earlier"] = [{"version": 1, "subject": "Old", "content": "Dear ((name))"}]
    with GovComponents.sandbox({"gc_notify": {"services": [{"templates": [template]}]}}, now=NOW) as gov:
        sent = gov.notify.send_email("sam@example.com", EMAIL, {"name": "Sam"})
        assert (sent.template_version, sent.body.reveal()) == (3, "Hello Sam")
        assert gov.notify.get(sent.id).template_version == 3
        shown = [gov.notify.get_template(EMAIL, version=number) for number in (None, 3, 1)]
        assert [(one.version, one.subject, one.body) for one in shown] == [
            (3, "New", "Hello ((name))"),
            (3, "New", "Hello ((name))"),
            (1, "Old", "Dear ((name))"),
        ]
        with pytest.raises(NotFound):
            gov.notify.get_template(EMAIL, version=2)
        assert "Version" in gov.simulator.visit(f"/_sandbox/templates/gc_notify/{EMAIL}").body.decode()
