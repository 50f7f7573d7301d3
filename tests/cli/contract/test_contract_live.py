"""`govcomponents contract run --live` asks an account for tests, says before what it does, and refuses what is live."""

from __future__ import annotations

import json

import pytest

from govcomponents.cli.main import main


def test_a_message_goes_to_the_providers_own_recipients_alone(gov_sandbox_url, gov_simulator, capsys):
    before = len(gov_simulator.notify.messages.all())
    assert main(["contract", "run", "govuk_notify", "--live", "--format", "json"]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert {"email", "text_messages", "templates", "preview"} <= set(told["proved"])
    assert "letters" in told["not_proved"]
    assert told["against"] == "GOV.UK Notify, with an account for tests"
    assert told["failed"] == []
    assert len(gov_simulator.notify.messages.all()) == before, "smoke tests are not kept"
    assert shown.err.startswith("This will be done, and nothing else:\n")
    assert "simulate-delivered@notifications.service.gov.uk" in shown.err
    assert "07700900000" in shown.err


def test_a_payment_is_made_for_nobody_and_cancelled(gov_sandbox_url, gov_simulator, capsys):
    assert main(["contract", "run", "govuk_pay", "--live", "--format", "junit"]) == 0
    shown = capsys.readouterr()
    assert 'failures="0"' in shown.out
    assert 'name="pay.create"' in shown.out
    assert "make a payment of 1 pound" in shown.err


def test_nobody_is_sent_to_sign_in(gov_sandbox_url, capsys):
    assert main(["contract", "run", "one_login", "--live"]) == 0
    assert "  proved: check\n" in capsys.readouterr().out


def test_what_fails_is_told(gov_sandbox_url, gov_faults, capsys):
    gov_faults.at("pay.cancel", "server_error")
    assert main(["contract", "run", "govuk_pay", "--live"]) == 1
    told = capsys.readouterr().out
    assert "failed: pay.cancel: OutcomeUnknown" in told
    assert "\n  disproved: cancelling_payments (1 test)\n" in told


@pytest.mark.parametrize(
    ("name", "operation", "fault"),
    [
        ("govuk_pay", "pay.create", "key_revoked"),
        ("govuk_pay", "pay.get", "unavailable"),
        ("govuk_notify", "notify.send_email", "rate_limited"),
        ("one_login", "identity.check", "unavailable"),
    ],
)
def test_an_account_that_cannot_be_asked_disproves_nothing(gov_sandbox_url, gov_faults, capsys, name, operation, fault):
    gov_faults.at(operation, fault, times=9)
    assert main(["contract", "run", name, "--live", "--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the account cannot be asked, so that nothing is known of the adapter: " in shown.err


def test_a_provider_that_is_not_reached_disproves_nothing(gov_sandbox_url, monkeypatch, capsys):
    monkeypatch.setenv("GOVCOMPONENTS_PAY__BASE_URL", "http://127.0.0.1:9")
    assert main(["contract", "run", "govuk_pay", "--live"]) == 2
    assert "nothing is known of the adapter: NotSent" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GOVCOMPONENTS_PAY__API_KEY", "api_live_7Hq2vXw9Lk3mNp4rSt6uVy8zAb1cDe5f", "live key"),
        ("GOVCOMPONENTS_ENVIRONMENT", "production", "production"),
        ("GOVCOMPONENTS_PAY__ADAPTER", "stripe", "configures no account of govuk_pay"),
    ],
)
def test_what_is_live_is_refused_and_nothing_is_asked(
    gov_sandbox_url, gov_simulator, monkeypatch, capsys, name, value, told
):
    monkeypatch.setenv(name, value)
    assert main(["contract", "run", "govuk_pay", "--live"]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "This will be done" not in shown.err
    assert shown.out == ""
