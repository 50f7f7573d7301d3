"""Messages of the GOV.UK Notify adapter that are sent once, and followed until nothing more becomes of them."""

import pytest

from govcomponents import (
    InvalidInput,
    NotSent,
    OutcomeUnknown,
    ReferenceReused,
    WrongAnswer,
)
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.notify import Status, attach
from govcomponents.sandbox.app import Sandbox
from notify.doubles import (
    ADDRESS,
    EMAIL,
    FILE,
    LETTER,
    LIVE_KEY,
    TEXT,
    VALUES,
    answer,
    on_sandbox,
    over,
    refused,
    scripted,
)


def test_once_looks_the_reference_up_first():
    sandbox, notify = on_sandbox()
    first = notify.send_email("sam@example.com", EMAIL, VALUES, "once-1", once=True)
    again = notify.send_email("sam@example.com", EMAIL, VALUES, "once-1", once=True)

    assert (first.is_repeat, again.is_repeat, again.id) == (False, True, first.id)
    assert len(sandbox.notify.messages.all()) == 1
    with pytest.raises(InvalidInput, match="reference"):
        notify.send_email("sam@example.com", EMAIL, VALUES, once=True)


def test_once_takes_no_other_message_for_this_one():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    first = notify.send_email("sam@example.com", EMAIL, VALUES, "CASE-1", once=True)
    for to, template in (("other@example.com", EMAIL), ("sam@example.com", FILE)):
        with pytest.raises(ReferenceReused, match="another") as caught:
            notify.send_email(to, template, VALUES, "CASE-1", once=True)
        assert caught.value.field == "reference"
        assert "example.com" not in str(caught.value)
    assert len(sandbox.notify.messages.all()) == 1
    notify.send_email("other@example.com", EMAIL, VALUES, "CASE-1")
    for to in (" SAM@example.com", "sam@example.com"):  # it is older than the other one
        assert notify.send_email(to, EMAIL.upper(), VALUES, "CASE-1", once=True).id == first.id

    text = notify.send_sms("07700 900123", TEXT, VALUES, "CASE-1", once=True)
    assert notify.send_sms("+44 (0)7700-900123", TEXT, VALUES, "CASE-1", once=True).id == text.id
    with pytest.raises(ReferenceReused, match="recipient"):
        notify.send_sms("07700 900124", TEXT, VALUES, "CASE-1", once=True)
    letter = notify.send_letter(ADDRESS, LETTER, VALUES, "CASE-1", once=True)
    again = [ADDRESS[0].upper(), f" {ADDRESS[1]},", "sw1a1aa"]
    assert notify.send_letter(again, LETTER, VALUES, "CASE-1", once=True).id == letter.id
    with pytest.raises(ReferenceReused, match="recipient"):
        notify.send_letter(["Ann Example", *ADDRESS[1:]], LETTER, VALUES, "CASE-1", once=True)


def test_once_takes_no_other_text_for_this_one():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    sent = {
        "email": notify.send_email("sam@example.com", EMAIL, VALUES, "CASE-2", once=True),
        "sms": notify.send_sms("07700900123", TEXT, VALUES, "CASE-2", once=True),
        "letter": notify.send_letter(ADDRESS, LETTER, VALUES, "CASE-2", once=True),
    }

    def send(channel, values):
        to = {"email": "sam@example.com", "sms": "07700900123", "letter": ADDRESS}[channel]
        template = {"email": EMAIL, "sms": TEXT, "letter": LETTER}[channel]
        return getattr(notify, f"send_{channel}")(to, template, values, "CASE-2", once=True)

    for channel, first in sent.items():
        for changed in ({"name": "Ann"}, {"reference": "RENEW-8"}):
            with pytest.raises(ReferenceReused, match="its content is another") as caught:
                send(channel, {**VALUES, **changed})
            assert "Ann" not in str(caught.value)
        again = send(channel, {**VALUES, "refund": "no", "unused": "x"})  # it reads the same
        assert (again.is_repeat, again.id) == (True, first.id)
    assert len(sandbox.notify.messages.all()) == 3


def test_texts_that_cannot_be_compared_are_not_called_others():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    file = {"name": "Sam", "link_to_file": attach(b"%PDF-1.4", "a.pdf")}
    one = notify.send_email("sam@example.com", FILE, file, "CASE-3", once=True)
    assert notify.send_email("sam@example.com", FILE, file, "CASE-3", once=True).id == one.id

    typed = {**VALUES, "name": "https://evil.example/x"}
    two = notify.send_email("sam@example.com", EMAIL, typed, "CASE-4", sanitise=["name"], once=True)
    assert notify.send_email("sam@example.com", EMAIL, typed, "CASE-4", sanitise=["name"], once=True).id == two.id

    pdf = b"%PDF-1.4 one"
    three = notify.send_precompiled_letter(pdf, "CASE-5", once=True)
    assert notify.send_precompiled_letter(b"%PDF-1.4 two", "CASE-5", once=True).id == three.id
    assert notify.send_precompiled_letter(pdf, "CASE-5", postage="second", once=True).id == three.id
    assert len(sandbox.notify.messages.all()) == 3


def test_a_ready_made_letter_is_no_other_letter():
    sandbox, notify = on_sandbox(key=LIVE_KEY)
    notify.send_letter(ADDRESS, LETTER, VALUES, "CASE-6", once=True)
    with pytest.raises(ReferenceReused, match="its template is another"):
        notify.send_precompiled_letter(b"%PDF-1.4 one", "CASE-6", once=True)
    notify.send_precompiled_letter(b"%PDF-1.4 one", "CASE-7", once=True)
    with pytest.raises(ReferenceReused, match="its postage is another"):
        notify.send_precompiled_letter(b"%PDF-1.4 one", "CASE-7", postage="first", once=True)
    with pytest.raises(ReferenceReused, match="its template is another"):
        notify.send_letter(ADDRESS, LETTER, VALUES, "CASE-7", once=True)
    assert len(sandbox.notify.messages.all()) == 2


HELD = {
    "id": "1", "type": "sms", "reference": "once-3", "phone_number": "07700900123", "status": "created",
    "template": {"id": TEXT, "version": 1}, "created_at": "2026-03-02T09:00:00.000000Z", "body": "Dear Sam",
}  # fmt: skip


@pytest.mark.parametrize(
    "preview",
    [
        answer(200, {"id": TEXT, "type": "sms", "version": 2, "body": "Hello Sam", "subject": None}),
        refused(400, "BadRequestError", "Template has been deleted"),
        refused(404, "NoResultFound", "No result found"),
    ],
)
def test_a_template_that_changed_meanwhile_makes_no_other_message(preview):
    found = answer(200, {"notifications": [HELD], "links": {}})
    transport, notify = scripted(found, preview)

    assert notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True).is_repeat
    assert [request.method for request in transport.sent] == ["GET", "POST"]
    assert transport.sent[1].url.endswith("/preview")


LOOKS = [
    refused(403, "AuthError", "Invalid token: API key not found"),
    refused(429, "RateLimitError", "Exceeded rate limit"),
    refused(400, "BadRequestError", "x"),
    answer(200, b"<html>"),
    answer(404, b"<html>"),
    answer(503, b"<html>"),
    OutcomeUnknown("lost"),
    NotSent("no connection"),
]


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_look_that_fails_ends_no_doubt(look, failures):
    empty = answer(200, {"notifications": [], "links": {}})
    found = answer(200, {"notifications": [HELD], "links": {}})
    transport, notify = scripted(
        empty, OutcomeUnknown("the answer was lost"), *[look] * failures, found, found, retries=False
    )
    if failures < 3:
        assert notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True).is_repeat
    else:
        with pytest.raises(OutcomeUnknown, match="the last look for the message failed") as caught:
            notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True)
        assert caught.value.operation == "notify.send_sms"
        assert "call again with `once`" in str(caught.value)
    assert sum(request.method == "POST" for request in transport.sent) == 1


def test_another_message_with_the_reference_does_not_end_the_doubt():
    held = {
        "id": "1", "type": "sms", "reference": "once-3", "phone_number": "07700900999", "status": "created",
        "template": {"id": TEXT, "version": 1}, "created_at": "2026-03-02T09:00:00.000000Z", "body": "x",
    }  # fmt: skip
    empty, another = (answer(200, {"notifications": found, "links": {}}) for found in ([], [held]))
    _, notify = scripted(empty, OutcomeUnknown("lost"), another, empty, another, empty, another, empty)

    with pytest.raises(OutcomeUnknown, match="cannot be known"):
        notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True)


def test_a_search_that_answers_another_question_ends_once():
    held = {
        "id": "1", "type": "sms", "reference": "somebody's", "phone_number": "07700900123", "status": "created",
        "template": {"id": TEXT, "version": 1}, "created_at": "2026-03-02T09:00:00.000000Z", "body": "x",
    }  # fmt: skip
    _, notify = scripted(answer(200, {"notifications": [held], "links": {}}))

    with pytest.raises(WrongAnswer, match="reference"):
        notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True)


def test_once_finds_what_was_accepted_though_the_answer_was_lost():
    sandbox = Sandbox()
    inner = InProcessTransport(sandbox.handle, sandbox.clock.advance)

    class LosesAnswers:
        async def send(self, request):
            response = await inner.send(request)
            if request.method == "POST":
                raise OutcomeUnknown("the answer was lost", operation=request.operation)
            return response

        async def sleep(self, seconds):
            await inner.sleep(seconds)

        async def aclose(self):
            pass

    notify = over(LosesAnswers(), clock=sandbox.clock.time)
    sent = notify.send_letter(ADDRESS, LETTER, VALUES, "once-2", once=True)
    assert sent.is_repeat
    assert len(sandbox.notify.messages.all()) == 1


def test_once_says_what_it_cannot_know():
    empty = answer(200, {"notifications": [], "links": {}})
    lost = OutcomeUnknown("the answer was lost")
    transport, notify = scripted(empty, lost, empty, empty, empty)

    with pytest.raises(OutcomeUnknown, match="cannot be known"):
        notify.send_sms("07700900123", TEXT, VALUES, "once-3", once=True)

    assert transport.waits == [5.0, 30.0]
    assert [request.method for request in transport.sent] == ["GET", "POST", "GET", "GET", "GET"]


def test_following_up_gives_each_when_it_is_final_and_leaves_out_what_is_gone():
    _, notify = on_sandbox(key=LIVE_KEY)
    email = notify.send_email("sam@example.com", EMAIL, VALUES)
    abroad = notify.send_sms("+1 613 253 2222", TEXT, VALUES)
    gone = "99999999-9999-4999-8999-999999999999"

    found = list(notify.follow_up([email.id, abroad.id, gone], waits=(3, 3)))

    assert [(one.id, one.status) for one in found] == [(email.id, Status.DELIVERED), (abroad.id, Status.SENT)]
