"""The sandbox's mail server: the adapter sends to it in its settings, and the outbox shows what a person got."""

from __future__ import annotations

import smtplib

import pytest

from govcomponents import GovComponents
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import (
    ConfigurationError,
    CredentialsRefused,
    NotSent,
    OutcomeUnknown,
    RequestRefused,
    Unavailable,
)
from govcomponents.notify import attach
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.server import serving
from govcomponents.settings import NotifySettings, Settings

VALUES = {"name": "Sam", "reference": "RENEW-7", "refund": True}


@pytest.fixture
def sandbox():
    made = Sandbox({"smtp": {}})
    yield made
    made.close()


@pytest.fixture
def gov(sandbox):
    with GovComponents.from_settings(sandbox.settings(), retry=RetryPolicy.none()) as made:
        yield made


def test_an_email_is_on_the_outbox_as_its_reader_sees_it(sandbox, gov):
    file = attach(b"%PDF-1.4 receipt", filename="receipt.pdf", as_link=False)
    sent = gov.notify.send_email("sam@example.com", "renewed", {**VALUES, "receipt": file}, "RENEW-7-email")
    (message,) = sandbox.messages()
    assert (message.to, message.subject) == ("sam@example.com", "Your licence RENEW-7 is renewed")
    assert (message.kind, message.reference, message.status) == ("email", "RENEW-7-email", "taken")
    assert "Dear Sam" in message.text
    assert "<h2" in message.html
    assert [(one.name, one.data) for one in message.attachments] == [("receipt.pdf", b"%PDF-1.4 receipt")]
    assert sent.subject.reveal() == message.subject
    page = sandbox.visit(f"{sandbox.base_url}/_sandbox/outbox/{message.id}").body.decode()
    assert "Your licence RENEW-7 is renewed" in page
    assert [one.reference for one in sandbox.control.timeline("RENEW-7")] == ["RENEW-7-email"]
    sandbox.smtp.delete_message(message.id)
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    ("recipient", "error"), [("nobody", RequestRefused), ("full", Unavailable), ("busy", Unavailable)]
)
def test_recipients_that_the_world_names_are_refused(sandbox, gov, recipient, error):
    with pytest.raises(error):
        gov.notify.send_email(f"{recipient}@example.com", "renewed", VALUES)
    assert sandbox.messages() == []
    assert "refused a recipient" in sandbox.control.timeline()[-1].happened


def test_only_the_login_of_the_world_is_taken(sandbox, gov):
    assert [one.problem for one in gov.check()] == [None]
    wrong = Settings(notify=NotifySettings(**{**sandbox.smtp.client_settings(), "password": "another"}))
    with GovComponents.from_settings(wrong, retry=RetryPolicy.none()) as other, pytest.raises(CredentialsRefused):
        other.notify.send_email("sam@example.com", "renewed", VALUES)
    listener = sandbox.smtp.client_settings()
    with smtplib.SMTP(listener["host"], int(listener["port"]), timeout=10) as client:
        client.ehlo()
        assert client.docmd("MAIL FROM:<a@example.com>")[0] == 530


def test_the_port_stays_over_a_reset_and_is_free_after_the_end(sandbox, gov):
    port = int(sandbox.smtp.client_settings()["port"])
    gov.notify.send_email("sam@example.com", "renewed", VALUES)
    sandbox.reset()
    assert (int(sandbox.smtp.client_settings()["port"]), sandbox.messages()) == (port, [])
    gov.notify.send_email("sam@example.com", "renewed", VALUES)
    assert len(sandbox.messages()) == 1
    with pytest.raises(ConfigurationError, match="cannot listen on port"):
        Sandbox({"smtp": {"port": port}})
    sandbox.close()
    Sandbox({"smtp": {"port": port}}).close()


def test_a_served_sandbox_prints_settings_that_reach_it(monkeypatch):
    with serving({"smtp": {}}) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with GovComponents.from_settings(require=("notify",)) as gov:
            gov.notify.send_email("sam@example.com", "renewed", VALUES)
        assert [one.to for one in server.sandbox.messages()] == ["sam@example.com"]
        assert server.sandbox.control.catalogue().operations == {
            "smtp": ["smtp.content", "smtp.login", "smtp.recipient"]
        }


def test_it_stands_beside_govuk_notify_as_an_account(sandbox):
    from govcomponents.sandbox.world import default_world

    world = {**default_world(), "smtp": {}}
    made = Sandbox(world)
    try:
        with GovComponents.from_settings(made.settings(), retry=RetryPolicy.none()) as gov:
            gov.account("smtp").notify.send_email("sam@example.com", "renewed", VALUES)
        assert [one.id for one in made.messages()] == ["mail-1"]
    finally:
        made.close()


def test_in_process_it_listens_until_the_components_are_closed():
    with GovComponents.sandbox({"smtp": {}}) as gov:
        gov.notify.send_email("sam@example.com", "renewed", VALUES)
        assert len(gov.simulator.messages()) == 1
        port = int(gov.simulator.smtp.client_settings()["port"])
    Sandbox({"smtp": {"port": port}}).close()


FAULTS = [
    ("recipient_refused", "smtp.recipient", RequestRefused, "5.1.1", 0),
    ("greylisted", "smtp.recipient", Unavailable, "4.7.1", 0),
    ("mailbox_full", "smtp.recipient", RequestRefused, "5.2.2", 0),
    ("login_refused", "smtp.login", CredentialsRefused, "5.7.8", 0),
    ("content_refused", "smtp.content", RequestRefused, "5.7.1", 0),
    ("unavailable", "smtp.login", Unavailable, "4.3.2", 0),
    ("server_error", "smtp.recipient", Unavailable, "4.3.0", 0),
    ("connection_dropped_before_acceptance", "smtp.content", OutcomeUnknown, None, 0),
    ("connection_dropped_after_acceptance", "smtp.content", OutcomeUnknown, None, 1),
]


@pytest.mark.parametrize(("fault", "step", "error", "code", "taken"), FAULTS)
def test_each_fault_of_a_mail_server_reaches_the_adapter(sandbox, gov, fault, step, error, code, taken):
    sandbox.control.arm("smtp", fault, times=1)
    with pytest.raises(error) as caught:
        gov.notify.send_email("sam@example.com", "renewed", VALUES)
    assert type(caught.value) is error
    assert getattr(caught.value, "code", None) == code
    assert len(sandbox.messages()) == taken
    assert f"The fault {fault} struck {step}" in [one.happened for one in sandbox.control.timeline()]
    gov.notify.send_email("sam@example.com", "renewed", VALUES)
    assert len(sandbox.messages()) == taken + 1


def test_all_its_faults_are_tried_and_have_a_button_in_their_row(sandbox):
    names = {one.name for one in sandbox.control.catalogue().faults}
    assert names == {one[0] for one in FAULTS}
    page = sandbox.visit(f"{sandbox.base_url}/_sandbox/faults").body.decode()
    assert all(f'value="smtp:{name}"' in page for name in names)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_encrypts_by_a_certificate_that_clients_can_trust(monkeypatch, security):
    sandbox = Sandbox({"smtp": {"security": security}})
    try:
        assert sandbox.smtp.client_settings()["security"] == security
        authority = sandbox.smtp.authority
        with GovComponents.from_settings(sandbox.settings(), retry=RetryPolicy.none()) as gov:
            with pytest.raises(NotSent):  # nobody vouches for it yet
                gov.notify.send_email("sam@example.com", "renewed", VALUES)
            assert sandbox.messages() == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        with GovComponents.from_settings(sandbox.settings(), retry=RetryPolicy.none()) as gov:
            gov.notify.send_email("sam@example.com", "renewed", VALUES)
        sandbox.reset()
        with GovComponents.from_settings(sandbox.settings(), retry=RetryPolicy.none()) as gov:
            gov.notify.send_email("sam@example.com", "renewed", VALUES)
        assert [one.to for one in sandbox.messages()] == ["sam@example.com"]
        assert str(authority) in sandbox.visit(f"{sandbox.base_url}/").body.decode()
    finally:
        sandbox.close()
    assert not authority.parent.exists()


def test_what_a_served_one_prints_reaches_it_encrypted(monkeypatch):
    with serving({"smtp": {"security": "tls"}}) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        with GovComponents.from_settings(require=("notify",), retry=RetryPolicy.none()) as gov:
            gov.notify.send_email("sam@example.com", "renewed", VALUES)
        assert [one.to for one in server.sandbox.messages()] == ["sam@example.com"]


def test_with_starttls_it_takes_nothing_in_the_clear():
    sandbox = Sandbox({"smtp": {"security": "starttls", "username": None, "password": None}})
    try:
        listener = sandbox.smtp.client_settings()
        with smtplib.SMTP(listener["host"], int(listener["port"]), timeout=10) as client:
            client.ehlo()
            assert client.has_extn("starttls")
            assert client.docmd("MAIL FROM:<a@example.com>")[0] == 530
    finally:
        sandbox.close()
