"""All operations of the GOV.UK Notify adapter, on the wire and against the sandbox."""

import io
import json

import pytest

from govcomponents import (
    ConfigurationError,
    InvalidInput,
    NotFound,
    PermissionRefused,
    RequestRefused,
    Unavailable,
    WrongAnswer,
)
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify import Channel, Status, attach
from notify.doubles import (
    ADDRESS,
    EMAIL,
    FILE,
    LETTER,
    LIVE_KEY,
    NOW,
    TEAM_KEY,
    TEXT,
    VALUES,
    answer,
    on_sandbox,
    over,
    scripted,
)

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
ACCEPTED = {
    "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
    "reference": None,
    "content": {"body": "x", "subject": "s", "from_email": "a@example.gov.uk"},
    "uri": "https://example.gov.uk/",
    "template": {"id": EMAIL, "version": 2, "uri": "https://example.gov.uk/"},
}


def accepted(template):
    return {**ACCEPTED, "template": {**ACCEPTED["template"], "id": template}}


@pytest.mark.parametrize(
    "changed",
    [{"reference": "canary-of-another"}, {"template": {**ACCEPTED["template"], "id": TEXT}}],
    ids=["reference", "template"],
)
def test_an_answer_to_another_message_is_an_error_that_tells_nothing_of_it(changed):
    body = {**ACCEPTED, "reference": "R-1", "content": {**ACCEPTED["content"], "body": "canary of another"}, **changed}
    transport, notify = scripted(answer(201, body))

    with pytest.raises(WrongAnswer) as caught:
        notify.send_email("sam@example.com", EMAIL, reference="R-1")

    assert caught.value.operation == "notify.send_email"
    assert "canary" not in repr(caught.value)
    assert len(transport.sent) == 1


def test_another_messages_state_is_not_told_as_that_of_the_one_that_is_followed():
    asked, told = "740e5834-3a29-46b4-9a6f-16142fde533a", "740e5834-3a29-46b4-9a6f-000000000000"
    body = {"id": told, "type": "email", "status": "delivered", "template": ACCEPTED["template"], "body": "canary"}
    for call in (lambda notify: notify.get(asked), lambda notify: list(notify.follow_up([asked]))):
        _, notify = scripted(answer(200, {**body, "created_at": "2026-03-02T09:00:00.000000Z"}))
        with pytest.raises(WrongAnswer):
            call(notify)


def test_an_email_is_on_the_wire_as_documented_and_what_is_not_given_is_not_there():
    transport, notify = scripted(answer(201, ACCEPTED), answer(201, ACCEPTED))

    notify.send_email("sam@example.com", EMAIL)
    notify.send_email(
        "sam@example.com",
        EMAIL.upper(),
        {"name": "Sâm", "count": 2, "yes": True, "list": ["a", 1]},
        "",
        reply_to="5ab1ec0d-0000-4000-8000-0000000000a1",
        one_click_unsubscribe_url="https://service.example.gov.uk/stop",
        sanitise=["name"],
        extra={"scheduled_for": None},
    )

    first, second = transport.sent
    assert json.loads(first.body) == {"email_address": "sam@example.com", "template_id": EMAIL}
    assert first.url == "https://api.notifications.service.gov.uk/v2/notifications/email"
    assert first.headers["Content-Type"] == "application/json"
    assert json.loads(second.body) == {
        "email_address": "sam@example.com",
        "template_id": EMAIL,
        "personalisation": {"name": "Sâm", "count": 2, "yes": "yes", "list": ["a", 1]},
        "reference": "",
        "email_reply_to_id": "5ab1ec0d-0000-4000-8000-0000000000a1",
        "one_click_unsubscribe_url": "https://service.example.gov.uk/stop",
        "sanitise_content_for": ["name"],
        "scheduled_for": None,
    }


def shortened(value):
    return str(value)[:80]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("send_email", {"to": "a@example.com", "template": "no-uuid"}),
        ("send_email", {"to": "a@example.com", "template": EMAIL, "reply_to": "x"}),
        ("send_email", {"to": "a@example.com", "template": EMAIL, "one_click_unsubscribe_url": "http://x.example"}),
        ("send_email", {"to": "a@example.com", "template": EMAIL, "personalisation": {"name": "\ud800"}}),
        ("send_sms", {"to": "07700900123", "template": EMAIL, "sender": "x"}),
        ("send_sms", {"to": "07700900123", "template": EMAIL, "personalisation": {"file": attach(PDF, "a.pdf")}}),
        ("send_letter", {"address": "one line", "template": LETTER}),
        ("send_letter", {"address": ["1"] * 8, "template": LETTER}),
        ("send_letter", {"address": 7, "template": LETTER}),
        ("send_letter", {"address": ADDRESS, "template": ""}),
        ("send_letter", {"address": ADDRESS, "template": LETTER, "personalisation": {"name": None}}),
        ("send_letter", {"address": ADDRESS, "template": LETTER, "personalisation": "name"}),
        ("send_letter", {"address": ADDRESS, "template": LETTER, "reference": 7}),
        ("send_letter", {"address": ADDRESS, "template": LETTER, "extra": "x"}),
        ("send_precompiled_letter", {"pdf": b"no PDF", "reference": "r"}),
        ("send_precompiled_letter", {"pdf": b"", "reference": "r"}),
        ("send_precompiled_letter", {"pdf": b"%PDF-" + bytes(6 * 1024 * 1024), "reference": "r"}),
        ("send_precompiled_letter", {"pdf": PDF, "reference": ""}),
        ("send_precompiled_letter", {"pdf": PDF, "reference": "r", "postage": 1}),
        ("get", {"notification_id": " "}),
        ("search", {"channel": "fax"}),
        ("search", {"status": 7}),
        ("search", {"older_than": ""}),
        ("get_letter_pdf", {"notification_id": None}),
        ("get_template", {"template": ""}),
        ("preview", {"template": EMAIL, "personalisation": {"name": None}}),
    ],
    ids=shortened,
)
def test_bad_arguments_leave_nothing_sent(operation, arguments):
    transport, notify = scripted()

    with pytest.raises(InvalidInput) as caught:
        getattr(notify, operation)(**arguments)

    assert caught.value.fix
    assert transport.sent == []


@pytest.mark.parametrize("an_id", [".", "..", "../templates?x=1#y", "a/b", "a\n", "%2e%2e", "", " ", "x" * 256])
@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda notify, an_id: notify.get(an_id), "notification_id"),
        (lambda notify, an_id: notify.get_letter_pdf(an_id), "notification_id"),
        (lambda notify, an_id: [*notify.follow_up([an_id])], "notification_ids"),
        (lambda notify, an_id: notify.get_template(an_id), "template"),
        (lambda notify, an_id: notify.preview(an_id), "template"),
        (lambda notify, an_id: notify.send_many([{"to": "a@b.uk"}], an_id, channel="email", batch="b"), "template"),
        (lambda notify, an_id: [*notify.search(older_than=an_id)], "older_than"),
        (lambda notify, an_id: [*notify.search_inbound_sms(older_than=an_id)], "older_than"),
    ],
)
def test_ids_cannot_leave_their_place_in_the_path(call, field, an_id):
    transport, notify = scripted()

    with pytest.raises(InvalidInput) as caught:
        call(notify, an_id)

    assert caught.value.field == field
    assert transport.sent == []


def test_a_message_goes_through_its_states_by_the_clock():
    sandbox, notify = on_sandbox()
    sent = notify.send_email("sam@example.com", EMAIL, VALUES, "RENEW-7-receipt")
    assert sent.sender == "renew.a.licence@notifications.service.gov.uk"
    assert "£145.00" in sent.body.reveal()

    assert notify.get(sent.id).status is Status.QUEUED
    sandbox.clock.advance(1)
    assert notify.get(sent.id).status is Status.SENDING
    sandbox.clock.advance(2)
    found = notify.get(sent.id)
    assert (found.status, found.is_delivered, found.is_finished, found.may_change) == (
        Status.DELIVERED,
        True,
        True,
        False,
    )
    assert found.recipient.reveal() == "sam@example.com"
    assert found.raw["status"] == "delivered"


@pytest.mark.parametrize(
    ("to", "status", "again"),
    [
        ("07700900003", Status.TEMPORARY_FAILURE, True),
        ("07700900002", Status.PERMANENT_FAILURE, False),
        ("07700 900003", Status.DELIVERED, False),
    ],
)
def test_recipients_that_fail_on_purpose_are_matched_as_they_are_written(to, status, again):
    sandbox, notify = on_sandbox()
    sent = notify.send_sms(to, TEXT, VALUES)
    sandbox.clock.advance(5)

    found = notify.get(sent.id)
    assert (found.status, found.may_send_again, found.has_failed) == (status, again, status is not Status.DELIVERED)
    assert found.meaning
    assert found.fragments == 1


def test_a_text_abroad_may_stay_sent_for_ever_and_says_so():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    silent = notify.send_sms("+1 613 253 2222", TEXT, VALUES)
    telling = notify.send_sms("+33 6 12 34 56 78", TEXT, VALUES)
    sandbox.clock.advance(100_000)

    found = notify.get(silent.id)
    assert (found.status, found.may_change, found.is_delivered) == (Status.SENT, True, False)
    assert "never report more" in found.meaning
    assert notify.get(telling.id).status is Status.DELIVERED


def test_a_letter_is_dispatched_and_never_delivered():
    sandbox, notify = on_sandbox()
    sent = notify.send_letter(ADDRESS, LETTER, VALUES, "letter-1")
    assert sent.channel is Channel.LETTER
    sandbox.clock.advance(5)

    found = notify.get(sent.id)
    assert (found.status, found.raw_status, found.is_delivered) == (Status.DISPATCHED, "received", False)
    assert found.address.reveal() == tuple(ADDRESS)
    assert found.estimated_delivery > found.created_at
    assert found.postage == "second"
    assert found.sheets == 0


def test_a_letters_address_may_be_a_text_and_the_team_key_may_not_send_letters():
    _, notify = on_sandbox(key=TEAM_KEY)

    with pytest.raises(PermissionRefused):
        notify.send_letter("\n".join(ADDRESS), LETTER, VALUES)


def test_a_ready_made_letter_is_accepted_and_checked_later():
    sandbox, notify = on_sandbox()
    sent = notify.send_precompiled_letter(io.BytesIO(PDF), "pre-1", postage="first")
    assert (sent.postage, sent.body, sent.template_id) == ("first", None, None)

    with pytest.raises(Unavailable):
        notify.get_letter_pdf(sent.id)
    assert notify.get_letter_pdf(sent.id, wait=10) == PDF
    sandbox.clock.advance(3)
    assert notify.get(sent.id).status is Status.DISPATCHED


def test_a_file_goes_as_a_link_with_its_options():
    _, notify = on_sandbox()
    sent = notify.send_email(
        "sam@example.com", FILE, {"name": "Sam", "link_to_file": attach(PDF, "licence.pdf", retention_weeks=1)}
    )
    assert "/d/" in sent.body.reveal()

    transport, other = scripted(answer(201, accepted(FILE)))
    file = attach(PDF, "licence.pdf", confirm_email=False, retention_weeks=8)
    other.send_email("sam@example.com", FILE, {"link_to_file": file})
    on_wire = json.loads(transport.sent[0].body)["personalisation"]["link_to_file"]
    assert on_wire["retention_period"] == "8 weeks"
    assert on_wire["confirm_email_before_download"] is False
    assert on_wire["filename"] == "licence.pdf"
    assert PDF.decode() not in repr(file)


def test_a_true_attachment_is_more_than_this_provider_can_do():
    transport, notify = scripted()

    with pytest.raises(InvalidInput):
        notify.send_email("sam@example.com", FILE, {"link_to_file": attach(PDF, "a.pdf", as_link=False)})
    assert transport.sent == []


def test_the_pace_is_kept():
    transport, notify = scripted(*[answer(201, ACCEPTED)] * 4, requests_per_minute=60)

    for _ in range(3):
        notify.send_email("sam@example.com", EMAIL, VALUES)

    assert transport.waits == [1.0, 2.0]


def test_settings_are_checked():
    for wrong in ({"key": "short"}, {"key": ""}, {"base_url": "ftp://x"}, {"unknown_setting": "x"}):
        with pytest.raises(ConfigurationError):
            over(ScriptedTransport(), **wrong)
    with pytest.raises(ConfigurationError, match="API_KEY"):
        over(ScriptedTransport(), key=None)
    assert NOW


def test_accents_of_their_own_are_joined_in_text_messages():
    transport, notify = scripted(answer(201, accepted(TEXT)))

    notify.send_sms("07700900123", TEXT, {"name": "Sia\u0302n", "n": 7})

    assert json.loads(transport.sent[0].body)["personalisation"] == {"name": "Si\u00e2n", "n": 7}


def test_only_texts_can_be_sanitised():
    transport, notify = scripted()

    with pytest.raises(InvalidInput, match="first name"):
        notify.send_email("sam@example.com", EMAIL, {"first name": ["a"], "x": "y"}, sanitise=["First_Name"])
    assert transport.sent == []


@pytest.mark.parametrize(
    "url", ["https://x.uk/ space", "https://xn--p1ai.\u0440\u0444/u", "https://", "https:///x", "https://x\n"]
)
def test_an_unsubscribe_url_that_the_provider_refuses_is_refused_here_and_in_the_sandbox(url):
    _, notify = on_sandbox()
    with pytest.raises(InvalidInput) as caught:
        notify.send_email("sam@example.com", EMAIL, VALUES, one_click_unsubscribe_url=url)
    assert caught.value.field == "one_click_unsubscribe_url"
    with pytest.raises(RequestRefused) as refusal:
        notify.send_email("sam@example.com", EMAIL, VALUES, extra={"one_click_unsubscribe_url": url})
    assert refusal.value.field == "one_click_unsubscribe_url"


@pytest.mark.parametrize("reference", ["\0", "a\0b"])
def test_a_reference_that_the_provider_cannot_keep_is_refused(reference):
    transport, notify = scripted()
    for call in (
        lambda: notify.send_email("sam@example.com", EMAIL, VALUES, reference),
        lambda: notify.send_sms("07700900123", TEXT, VALUES, reference),
        lambda: notify.send_letter(ADDRESS, LETTER, VALUES, reference),
        lambda: notify.send_precompiled_letter(PDF, reference),
        lambda: notify.search(reference=reference),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == "reference"
    assert transport.sent == []


def test_letters_that_came_back_are_found_among_the_dispatched():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    letter = notify.send_letter(ADDRESS, LETTER, VALUES, "back")
    sandbox.clock.advance(5 * 86400)
    sandbox.notify.return_letter(letter.id)
    assert notify.get(letter.id).status is Status.DISPATCHED
    assert [found.id for found in notify.search(status=Status.DISPATCHED)] == [letter.id]


def test_a_ready_made_letter_that_is_none_is_refused_in_the_name_of_its_operation():
    _, notify = scripted()
    for pdf in (b"", b"no PDF"):
        with pytest.raises(InvalidInput) as caught:
            notify.send_precompiled_letter(pdf, "r")
        assert caught.value.operation == "notify.send_precompiled_letter"


def test_a_version_that_is_too_large_is_not_found_as_any_other():
    _, notify = on_sandbox()
    for version in (99, 99_999_999_999):
        with pytest.raises(NotFound) as caught:
            notify.get_template(EMAIL, version=version)
        assert caught.value.code == "NoResultFound"


@pytest.mark.parametrize("asked", [{"reference": "mine"}, {"channel": "email"}])
def test_a_search_hands_out_nothing_that_was_not_searched_for(asked):
    item = {
        "type": "sms", "phone_number": "07700900123", "status": "created", "template": {"id": TEXT, "version": 1},
        "created_at": "2026-03-02T09:00:00.000000Z", "body": "x",
    }  # fmt: skip
    good = {**item, "id": "1", "reference": "mine", **({"type": "email"} if "channel" in asked else {})}
    _, notify = scripted(answer(200, {"notifications": [good, {**item, "id": "2", "reference": "x"}], "links": {}}))
    found = notify.search(**asked)
    assert next(found).id == "1"
    with pytest.raises(WrongAnswer):
        next(found)


def test_a_preview_of_another_template_is_not_handed_out():
    body = {"id": TEXT, "type": "email", "version": 1, "body": "x", "subject": "s", "html": "x"}
    _, notify = scripted(answer(200, body))
    with pytest.raises(WrongAnswer, match="template"):
        notify.preview(EMAIL, VALUES)
