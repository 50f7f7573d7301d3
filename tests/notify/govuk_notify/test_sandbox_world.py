"""The GOV.UK Notify stub's world: keys, callbacks, the outbox, costs and what becomes of letters."""

import pytest

from govcomponents import ConfigurationError
from govcomponents.notify.events import Complaint, DeliveryReceipt, InboundSms, LetterReturned
from govcomponents.sandbox.app import Sandbox
from notify.doubles import ADDRESS, EMAIL, LETTER, LIVE_KEY, SERVICE, TEST_KEY, TEXT, VALUES, on_sandbox

from .requests_by_hand import get, messages, world


def test_services_without_keys_or_with_a_prefix_or_revoked_keys():
    assert Sandbox(world(api_keys=[])).notify.client_settings() is None
    keys = world()["notify"]["services"][0]["api_keys"]
    revoked = Sandbox(world(api_keys=[{**key, "revoked": True} for key in keys]))
    assert "revoked" in messages(get(revoked, "/v2/templates"))[0][1]
    other = {**world()["notify"]["services"][0], "id": "5ab1ec0d-0000-4000-8000-000000000002", "api_keys": []}
    section = world()
    section["notify"]["services"].append(other)
    keyless = TEST_KEY.replace(SERVICE, other["id"])
    assert "no API keys" in messages(get(Sandbox(section), "/v2/templates", key=keyless))[0][1]

    sandbox, notify = on_sandbox(world=world(sms_prefix=True))
    sent = notify.send_sms("07700900123", TEXT, VALUES)
    assert sent.body.reveal().startswith("Sam,")
    assert sandbox.notify.outbox()[0].text.startswith("Renew a licence: Sam,")


def test_an_absent_section_is_an_absent_provider():
    sandbox = Sandbox({})
    assert sandbox.settings().notify is None
    with pytest.raises(ConfigurationError, match=r"no GOV\.UK Notify"):
        sandbox.notify.call_back("complaint", "https://x.example", "token")


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ({}, "notify.services"),
        ({"services": [{"id": "x"}]}, "notify.services.0.name"),
        ({"services": [], "x": 1}, "notify"),
    ],
)
def test_a_wrong_world_is_told_by_its_place(section, place):
    with pytest.raises(ConfigurationError, match=place):
        Sandbox({"notify": section})


def test_all_kinds_of_callback_reach_the_service_and_are_read():
    sandbox, notify = on_sandbox(callback_tokens=("a-long-token",))
    for kind in ("delivery_status", "inbound_sms", "complaint", "returned_letter"):
        sandbox.notify.call_back(kind, f"https://service.example.gov.uk/{kind}", "a-long-token")
    events, answers = [], iter([503, *[200] * 20])

    def receive(callback):
        status = next(answers)
        if status == 200:
            events.append(notify.parse_callback(callback.body, callback.headers))
        return status

    email = notify.send_email("sam@example.com", EMAIL, VALUES, "r-1")
    notify.send_sms("07700900002", TEXT, VALUES)
    letter = notify.send_letter(ADDRESS, LETTER, VALUES)
    ready_made = notify.send_precompiled_letter(b"%PDF-1.4", "pre")
    sandbox.notify._context.callbacks.receive(receive)
    sandbox.clock.advance(5)
    sandbox.clock.advance(300)
    text_id = sandbox.notify.receive_text("447700900201", "STOP")
    sandbox.notify.complain(email.id)
    sandbox.notify.return_letter(letter.id)
    sandbox.notify.return_letter(ready_made.id)
    sandbox.notify._context.callbacks.deliver_due()

    kinds = [type(event) for event in events]
    assert kinds.count(DeliveryReceipt) == 2
    assert kinds.count(LetterReturned) == 2
    assert {InboundSms, Complaint} <= set(kinds)
    assert {event.raw_status for event in events if isinstance(event, DeliveryReceipt)} == {
        "delivered",
        "permanent-failure",
    }
    assert [one.id for one in notify.search(raw_status="returned-letter")] == [ready_made.id, letter.id]
    assert notify.get(letter.id).raw_status == "received"
    assert next(notify.search_inbound_sms()).id == text_id
    with pytest.raises(ConfigurationError):
        sandbox.notify.complain(letter.id)
    with pytest.raises(ConfigurationError):
        sandbox.notify.call_back("other", "https://x.example", "t")
    with pytest.raises(ConfigurationError):
        sandbox.notify.receive_text("1", "x", service_id="none")


def test_the_outbox_shows_messages_as_their_readers_see_them():
    sandbox, notify = on_sandbox()
    notify.send_email("sam@example.com", EMAIL, {**VALUES, "name": "<b>Sam</b>"}, "r-1")
    notify.send_letter(ADDRESS, LETTER, VALUES)
    notify.send_precompiled_letter(b"%PDF-1.4", "pre")

    email, letter, ready_made = sandbox.notify.outbox()
    assert "&lt;b&gt;Sam" in email.html
    assert (email.kind, email.to, email.reference) == ("email", "sam@example.com", "r-1")
    assert letter.text.startswith("Sam Example\n1 Example Street\nSW1A 1AA")
    assert ready_made.template == "Ready-made letter"
    assert [fact.value for fact in sandbox.notify.summary()] == ["Renew a licence", "3"]
    assert [event.reference for event in sandbox.timeline.events("r-1")] == ["r-1"]


def test_the_cost_is_known_once_it_is_counted():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    text = notify.send_sms("+7 900 900 1234", TEXT, VALUES)
    letter = notify.send_letter(ADDRESS, LETTER, VALUES)
    assert (notify.get(text.id).cost, notify.get(letter.id).cost) == (None, None)
    sandbox.clock.advance(3)
    assert notify.get(text.id).cost == 0.227
    assert notify.get(letter.id).sheets == 1
    assert notify.get_letter_pdf(letter.id).startswith(b"%PDF-")


def test_letters_that_failed_have_no_pdf():
    sandbox, notify = on_sandbox()
    letter = notify.send_precompiled_letter(b"%PDF-1.4", "pre")
    for status, message in (("virus-scan-failed", "virus scan"), ("technical-failure", "technical-failure")):
        sandbox.notify.messages.get(letter.id).steps = ((0.0, status),)
        assert message in messages(get(sandbox, f"/v2/notifications/{letter.id}/pdf"))[0][1]


@pytest.mark.parametrize(
    ("moment", "postage", "expected"),
    [
        ("2026-03-02T09:00:00Z", "first", "2026-03-04T16:00"),
        ("2026-03-02T18:00:00Z", "first", "2026-03-05T16:00"),
        ("2026-03-06T18:00:00Z", "second", "2026-03-16T16:00"),
        ("2026-07-01T09:00:00Z", "europe", "2026-07-10T15:00"),
        ("2026-03-02T09:00:00Z", "rest-of-world", "2026-03-13T16:00"),
    ],
)
def test_when_a_letter_is_expected(moment, postage, expected):
    from datetime import datetime

    from govcomponents.sandbox.providers.govuk_notify.messages import estimated_delivery

    found = estimated_delivery(datetime.fromisoformat(moment).timestamp(), postage)
    assert found.isoformat().startswith(expected)
