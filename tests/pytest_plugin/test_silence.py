"""What a test gets wrong must not pass in silence: what nothing can fit, what nobody answers, what nobody kills."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from govcomponents import GovComponents, Money
from govcomponents.pytest_plugin import Clock, Outbox, Person, Webhooks
from govcomponents.sandbox.control.client_environment import accounts_of
from pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]

TEXT = "5ab1ec0d-0000-4000-8000-000000000102"
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}


@pytest.mark.parametrize("written", ["07700900123", "+44 7700 900123", "07700-900-123"])
def test_a_number_is_found_however_it_is_written(gov_sandbox: GovComponents, gov_outbox: Outbox, written: str) -> None:
    gov_sandbox.notify.send_sms("07700 900123", TEXT, VALUES, "RENEW-7")
    gov_outbox.assert_sent(to=written)
    with pytest.raises(pytest.fail.Exception, match="should not have been"):
        gov_outbox.assert_not_sent(to=written)
    gov_outbox.assert_not_sent(to="07700 900124")


def test_an_address_is_found_in_whatever_case(gov_sandbox: GovComponents, gov_outbox: Outbox) -> None:
    gov_sandbox.notify.send_email("Sam.Smith@example.com", EMAIL, VALUES, "RENEW-7")
    gov_outbox.assert_sent(to="sam.smith@EXAMPLE.com")
    with pytest.raises(pytest.fail.Exception, match="should not have been"):
        gov_outbox.assert_not_sent(to="sam.smith@example.com")
    gov_outbox.assert_not_sent(to="Sam")


def test_a_kind_that_no_message_has_is_told(gov_outbox: Outbox) -> None:
    for kind in ("Email", "text", "letters"):
        with pytest.raises(pytest.fail.Exception, match="give one of email, sms, letter"):
            gov_outbox.assert_not_sent(kind=kind)
    for times in (0, True, "1"):
        with pytest.raises(pytest.fail.Exception, match="whole number from 1 on"):
            gov_outbox.assert_sent(to="sam@example.com", times=times)


@pytest.mark.parametrize("adapter", ["", "stripe", "gc_notify", "login_gov"])
def test_a_forged_callback_is_refused_whatever_proves_it(run: Run, adapter: str) -> None:
    outcomes, told = run(FORGED, *([f"--gov-adapter={adapter}"] if adapter else []))
    assert outcomes == {"passed": 3}, told


FORGED = """
from contextlib import suppress
from govcomponents import CallbackRefused, Money

def forged_is_refused(component, webhooks):
    assert webhooks
    for one in webhooks:
        component.parse_callback(one.body, one.headers)
        forged = one.rewritten()
        with pytest.raises(CallbackRefused):
            component.parse_callback(forged.body, forged.headers)

def test_pay(gov_sandbox, gov_person, gov_webhook, gov_clock):
    payment = gov_sandbox.pay.create(Money.gbp("20.00"), "R", "Renew", "https://service.example.gov.uk/back")
    gov_person.pay(payment.redirect_url())
    gov_clock.advance(minutes=1)
    forged_is_refused(gov_sandbox.pay, gov_webhook.of("pay"))

def test_notify(gov_sandbox, gov_webhook, gov_clock):
    template = gov_sandbox.notify.list_templates("email")[0]
    values = dict.fromkeys(("name", "amount", "reference", "refund", "other"), "1")
    gov_sandbox.notify.send_email("sam@example.com", template.id, values, "R")
    gov_clock.advance(minutes=10)
    forged_is_refused(gov_sandbox.notify, gov_webhook.of("notify"))

def test_identity(gov_sandbox, gov_person, gov_webhook, gov_clock):
    sign_in = gov_sandbox.identity.start()
    gov_sandbox.identity.complete(sign_in.pending, gov_person.sign_in(sign_in.url))
    stub = next(one.stub for one in gov_sandbox.simulator.providers if one.spec.component == "identity")
    try:
        stub.sign_out_everywhere("SAM")
    except LookupError:
        stub.delete_account("SAM")
    gov_clock.advance(minutes=1)
    forged_is_refused(gov_sandbox.identity, gov_webhook.of("identity"))
"""


@pytest.mark.parametrize("answer", [None, "200", True])
def test_a_service_that_answers_no_status_is_told(
    gov_sandbox: GovComponents, gov_person: Person, gov_webhook: Webhooks, gov_clock: Clock, answer: object
) -> None:
    gov_webhook.send_to(lambda _: answer)
    payment = gov_sandbox.pay.create(Money.gbp("20.00"), "R", "Renew", "https://service.example.gov.uk/back")
    with pytest.raises(pytest.fail.Exception, match=f"such as 200, and .* of the type {type(answer).__name__}"):
        gov_person.pay(payment.redirect_url())
    gov_webhook.send_to(lambda _: HTTPStatus.OK)


def test_two_sandboxes_in_a_test_are_refused(run: Run) -> None:
    outcomes, told = run(
        """
def test_plain(gov_sandbox, gov_sandbox_url, gov_outbox):
    send(gov_sandbox)
    gov_outbox.assert_not_sent()

def test_asyncio(gov_sandbox_url, gov_async_sandbox):
    pass
"""
    )
    assert outcomes == {"errors": 2}
    assert "take gov_sandbox or gov_sandbox_url, and not both: each test has one sandbox" in told
    assert "take gov_async_sandbox or gov_sandbox_url, and not both" in told


def test_a_mark_of_kills_without_its_fixture_and_one_that_is_misspelt_are_one_line(run: Run) -> None:
    outcomes, told = run(
        """
@pytest.mark.gov_kill("outbox.sent")
def test_it_is_killed(tmp_path):
    pass
"""
    )
    assert outcomes == {"errors": 1}
    assert "test_it_is_killed: the mark gov_kill names points at which the fixture gov_kill kills, and this te" in told
    outcomes, told = run(
        """
@pytest.mark.gov_kill("outbox.send")
def test_it_is_killed(gov_kill):
    pass
"""
    )
    assert outcomes == {"errors": 1}
    assert "\ntest_it_is_killed: the mark gov_kill: there is no commit point 'outbox.send'; they are o" in told
    assert "Traceback" not in told


def test_what_is_no_sign_in_is_told(run: Run) -> None:
    outcomes, told = run(
        """
from govcomponents import Money

def test_elsewhere(gov_sandbox, gov_person):
    payment = gov_sandbox.pay.create(Money.gbp("20.00"), "R", "Renew", "https://service.example.gov.uk/back")
    gov_person.sign_in(payment.redirect_url())

def test_refused(gov_sandbox, gov_person):
    url = gov_sandbox.identity.start().url
    gov_person.sign_in(url.replace("redirect_uri=", "redirect_uri=x"))
"""
    )
    assert outcomes == {"failed": 2}
    assert "\nthis is no URL at which people sign in; give such as" in told
    assert "\nthe provider refused the sign-in with 400" in told


def test_accounts_of_the_shell_are_not_those_of_a_test(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVCOMPONENTS_IDENTITY__ENVIRONMENT", "integration")
    monkeypatch.setenv("GOVCOMPONENTS_IDENTITY__PRIVATE_KEY_FILE", "/nowhere.pem")
    monkeypatch.setenv("GOVCOMPONENTS_PAY__ACCOUNTS__MOORINGS__API_KEY", "api_test_of_a_real_account")
    monkeypatch.setenv("GOVCOMPONENTS_PAY__PORTABLE", "true")
    outcomes, told = run(
        """
import os

from govcomponents import ConfigurationError, GovComponents

def test_it(gov_sandbox_url, gov_person):
    assert os.environ["GOVCOMPONENTS_PAY__PORTABLE"] == "true"
    with GovComponents.from_settings() as gov:
        gov_person.sign_in(gov.identity.start().url)
        with pytest.raises(ConfigurationError):
            gov.account("moorings").pay
"""
    )
    assert outcomes == {"passed": 1}, told


def test_what_a_service_does_with_any_account_stays() -> None:
    stays = ["GOVCOMPONENTS_ENVIRONMENT", "GOVCOMPONENTS_NOTIFY__TEMPLATES_FILE", "PATH"]
    assert accounts_of([*stays, "govcomponents_pay__api_key"]) == ["govcomponents_pay__api_key"]


def test_a_connection_that_was_refused_and_caught_fails_the_test(run: Run) -> None:
    outcomes, told = run(
        """
import socket

def caught(host):
    try:
        socket.create_connection((host, 443))
    except Exception:
        pass

def test_caught(gov_no_network):
    caught("192.0.2.1")
    caught("service.example")

def test_meant(gov_no_network):
    caught("192.0.2.1")
    assert gov_no_network.refused == ["192.0.2.1"]
    gov_no_network.refused.clear()

def test_told_once(gov_no_network):
    caught("192.0.2.1")
    assert False, "what the test is about"
"""
    )
    assert outcomes == {"passed": 2, "failed": 1, "errors": 1}
    assert told.count("\nthis test would have connected to 192.0.2.1, service.example, and what it tests caught") == 1


def test_a_test_whose_setup_fails_is_not_asked_at_its_end(run: Run) -> None:
    outcomes, told = run(
        """
@pytest.fixture
def sent(gov_sandbox, gov_outbox, gov_faults):
    gov_faults.at("pay.create", "server_error")
    send(gov_sandbox)
    raise RuntimeError("what the fixture is about")

def test_it(sent):
    pass
"""
    )
    assert outcomes == {"errors": 1}
    assert "no assertion of this test named it" not in told


@pytest.mark.parametrize("adapter", ["govuk_pay", "stripe"])
def test_a_card_that_is_not_taken_is_told_and_one_that_is_declined_is_an_end(run: Run, adapter: str) -> None:
    outcomes, told = run(
        """
from govcomponents import Money
from govcomponents.testing import DECLINED_CARD

@pytest.fixture
def url(gov_sandbox):
    payment = gov_sandbox.pay.create(Money.gbp("20.00"), "R", "Renew", "https://service.example.gov.uk/back")
    return payment.redirect_url()

def test_pay(gov_person, url):
    gov_person.pay(url, "1234")

def test_enter(gov_person, url):
    gov_person.enter_card(url, "")

def test_declined(gov_person, gov_simulator, url):
    assert gov_person.pay(url, DECLINED_CARD).startswith(gov_simulator.base_url)
""",
        f"--gov-adapter={adapter}",
    )
    assert outcomes == {"failed": 2, "passed": 1}
    assert "\nthe card was not taken, and the person is still on the page, which says: " in told
    assert "card number" in told
    assert "Traceback" not in told
