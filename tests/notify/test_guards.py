"""Outside production messages reach only those who are allowed, or the one who gets everything."""

import pytest

from govcomponents import InvalidInput
from govcomponents.core.transports.scripted import ScriptedTransport

from .doubles import ADDRESS, EMAIL, LETTER, TEXT, VALUES, answer, on_sandbox, over

ALLOWED = ("owner@example.gov.uk", "@team.example.gov.uk", "07700900123")


@pytest.mark.parametrize(
    ("operation", "to", "template"),
    [
        ("send_email", "Owner@example.gov.uk", EMAIL),
        ("send_email", "anyone@team.example.gov.uk", EMAIL),
        ("send_sms", "+44 7700 900123", TEXT),
        ("send_sms", "0044 7700900123", TEXT),
    ],
)
def test_those_who_are_allowed_are_reached(operation, to, template):
    sandbox, notify = on_sandbox(allowed_recipients=ALLOWED)

    getattr(notify, operation)(to, template, VALUES)
    assert sandbox.notify.messages.all()[0].to == to


@pytest.mark.parametrize(
    ("operation", "to", "template"),
    [
        ("send_email", "sam@example.com", EMAIL),
        ("send_email", "sam@other.team.example.gov.uk", EMAIL),
        ("send_sms", "07700900124", TEXT),
        ("send_sms", "number", TEXT),
        ("send_letter", ADDRESS, LETTER),
    ],
)
def test_the_others_are_refused_unsent(operation, to, template):
    sandbox, notify = on_sandbox(allowed_recipients=ALLOWED)

    with pytest.raises(InvalidInput, match="production") as caught:
        getattr(notify, operation)(to, template, VALUES)
    assert str(to) not in str(caught.value)
    assert sandbox.notify.messages.all() == []


def test_messages_are_redirected():
    sandbox, notify = on_sandbox(redirect_emails_to="inbox@example.gov.uk", redirect_texts_to="07700900199")
    notify.send_email("sam@example.com", EMAIL, VALUES)
    notify.send_sms("07700900124", TEXT, VALUES)

    assert [message.to for message in sandbox.notify.messages.all()] == ["inbox@example.gov.uk", "07700900199"]


def test_ready_made_letters_are_refused_too():
    _, notify = on_sandbox(allowed_recipients=ALLOWED)
    with pytest.raises(InvalidInput, match="production"):
        notify.send_precompiled_letter(b"%PDF-1.4", "r")


def test_in_production_the_guard_is_off():
    transport = ScriptedTransport([answer(400, {})])
    notify = over(transport, production=True, allowed_recipients=ALLOWED)

    with pytest.raises(Exception, match="400"):
        notify.send_email("sam@example.com", EMAIL, VALUES)
    assert len(transport.sent) == 1
