"""What the plugin does to a run of pytest: it fails tests with words that help, and leaves all others alone."""

from __future__ import annotations

import pytest

from plain_pytest import PLAIN
from pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]


def test_what_no_assertion_named_fails_the_test(run: Run) -> None:
    outcomes, told = run(
        """
def test_one(gov_sandbox, gov_outbox):
    send(gov_sandbox)

@pytest.mark.gov_sandbox(strict=False)
def test_lenient(gov_sandbox, gov_outbox):
    send(gov_sandbox)

def test_not_asked(gov_sandbox):
    send(gov_sandbox)
""",
    )
    assert outcomes == {"passed": 3, "errors": 1}
    assert "email to sam@example.com: Renewal receipt (email) (RENEW-7-receipt)" in told
    assert "gov_sandbox(strict=False)" in told


def test_the_configuration_makes_every_test_with_a_sandbox_strict(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ngov_strict_outbox = true\n")
    outcomes, told = run(
        """
import asyncio
from govcomponents import GovComponents

@pytest.fixture
def service(gov_sandbox):
    return gov_sandbox

def test_fixture_of_its_own(service):
    send(service, reference="R-1")

def test_async(gov_async_sandbox):
    asyncio.run(gov_async_sandbox.notify.send_email("sam@example.com", TEMPLATE, VALUES, "R-2"))

def test_served(gov_sandbox_url):
    with GovComponents.from_settings() as gov:
        send(gov, reference="R-3")

def test_named(gov_sandbox, gov_outbox):
    send(gov_sandbox)
    gov_outbox.assert_sent(to="sam@example.com")

@pytest.mark.gov_sandbox(strict=False)
def test_lenient(gov_sandbox):
    send(gov_sandbox)

def test_without():
    pass
""",
    )
    assert outcomes == {"passed": 6, "errors": 3}
    for reference in ("R-1", "R-2", "R-3"):
        assert f"email to sam@example.com: Renewal receipt (email) ({reference})" in told


def test_a_message_that_was_not_sent_is_told_beside_those_that_were(run: Run) -> None:
    outcomes, told = run(
        """
def test_one(gov_sandbox, gov_outbox):
    send(gov_sandbox)
    gov_outbox.assert_sent(to="nia@example.com", contains="nothing like it")

def test_none(gov_outbox):
    gov_outbox.assert_sent(to="nia@example.com")

def test_twice(gov_sandbox, gov_outbox):
    send(gov_sandbox)
    send(gov_sandbox)
    gov_outbox.assert_sent(to="sam@example.com")

def test_too_much(gov_sandbox, gov_outbox):
    send(gov_sandbox)
    gov_outbox.assert_sent(to="sam@example.com")
    gov_outbox.assert_not_sent(kind="email")
""",
        "--tb=short",
    )
    assert outcomes["failed"] == 4
    for line in (
        "- to: 'nia@example.com'",
        "+ to: 'sam@example.com'",
        "- contains: 'nothing like it'",
        "Nothing was sent.",
        "2 messages fit, and 1 should: {'to': 'sam@example.com'}",
        "sent, and it should not have been:",
    ):
        assert line in told


def test_a_person_does_not_come_back_signed_in_at_any_provider(run: Run) -> None:
    outcomes, _ = run(
        """
from govcomponents.errors import SignInDenied, SignInUnavailable

@pytest.mark.parametrize(("outcome", "error"), [("left", SignInDenied), ("unavailable", SignInUnavailable)])
def test_one(gov_sandbox, gov_person, outcome, error):
    started = gov_sandbox.identity.start()
    with pytest.raises(error):
        gov_sandbox.identity.complete(started.pending, gov_person.sign_in(started.url, outcome=outcome))
    again = gov_sandbox.identity.start()
    assert gov_sandbox.identity.complete(again.pending, gov_person.sign_in(again.url)).subject
""",
        *(f"--gov-adapter={adapter}" for adapter in ("one_login", "login_gov", "oidc")),
    )
    assert outcomes == {"passed": 6}


def test_a_fault_that_never_struck_fails_the_test(run: Run) -> None:
    outcomes, told = run(
        """
def test_one(gov_sandbox, gov_faults):
    gov_faults.at("pay.create", "server_error")

def test_taken_back(gov_sandbox, gov_faults):
    gov_faults.at("pay.create", "server_error")
    gov_faults.clear()
""",
    )
    assert outcomes == {"passed": 2, "errors": 1}
    assert "armed, and never struck: server_error at pay.create" in told


def test_the_timeline_is_below_a_test_by_whichever_fixture_it_has_its_sandbox(run: Run) -> None:
    _, told = run(
        """
from govcomponents import GovComponents

def test_one(gov_sandbox):
    send(gov_sandbox, reference="RENEW-1")
    assert False

def test_async(gov_async_sandbox):
    import asyncio
    asyncio.run(gov_async_sandbox.notify.send_email("sam@example.com", TEMPLATE, VALUES, "RENEW-2"))
    assert False

def test_served(gov_sandbox_url):
    with GovComponents.from_settings() as gov:
        send(gov, reference="RENEW-3")
    assert False
""",
    )
    assert told.count("What the sandbox saw") == 3
    for reference in ("RENEW-1 ", "RENEW-2 ", "RENEW-3 "):
        assert f"notify     {reference}" in told


def test_the_timeline_is_below_a_test_that_failed(run: Run) -> None:
    _, told = run(
        """
def test_one(gov_sandbox, gov_person):
    send(gov_sandbox)
    assert False
""",
    )
    assert "What the sandbox saw" in told
    assert "The service sent an email: Renewal receipt (email)" in told


def test_a_suite_runs_on_each_adapter_that_is_named(run: Run) -> None:
    test = """
def test_one(gov_sandbox):
    print("provider:", repr(gov_sandbox))

def test_none():
    pass
"""
    outcomes, told = run(test, "--gov-adapter", "stripe", "--gov-adapter", "openid", "-s")
    assert outcomes == {"passed": 3}
    assert "pay by Stripe, notify by GOV.UK Notify, identity by GOV.UK One Login" in told
    assert "pay by GOV.UK Pay, notify by GOV.UK Notify, identity by OpenID" in told
    outcomes, told = run(test, "--gov-adapter", "strpe")
    assert outcomes == {"passed": 1, "errors": 1}
    assert "\n--gov-adapter strpe: there is no such provider; the sections are pay, notify, " in told
    assert "Error" not in told
    assert "During handling" not in told


def test_the_callbacks_of_each_adapter_come_to_a_test(run: Run) -> None:
    test = """
from govcomponents import Money

def test_one(gov_sandbox, gov_person, gov_webhook):
    gov = gov_sandbox
    payment = gov.pay.create(Money.gbp("20.00"), "R-1", "Renew a licence", "https://service.example.gov.uk/back")
    gov_person.pay(payment.redirect_url())
    told = [gov.pay.parse_callback(one.body, one.headers) for one in gov_webhook.of("pay")]
    assert payment.id in [event.payment_id for event in told]
"""
    outcomes, _ = run(test, "--gov-adapter", "stripe", "--gov-adapter", "govuk_pay")
    assert outcomes == {"passed": 2}


def test_the_configuration_keeps_every_test_on_this_machine(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ngov_no_network = true\ngov_now = 2026-03-02T09:00:00Z\n")
    outcomes, told = run(
        """
import socket

def test_one():
    socket.create_connection(("192.0.2.1", 443), timeout=1)

def test_two(gov_clock):
    assert gov_clock.now.year == 2026
    assert gov_clock.now.hour == 9
""",
    )
    assert outcomes == {"passed": 1, "failed": 1}
    assert "would have connected to 192.0.2.1" in told


def test_workers_of_xdist_have_sandboxes_of_their_own(run: Run) -> None:
    outcomes, _ = run(
        """
@pytest.mark.parametrize("number", range(6))
def test_one(gov_sandbox_url, gov_outbox, number):
    from govcomponents import GovComponents
    with GovComponents.from_settings() as gov:
        send(gov, to=f"sam{number}@example.com")
    gov_outbox.assert_sent(to=f"sam{number}@example.com")
""",
        "-n",
        "2",
    )
    assert outcomes == {"passed": 6}


def test_a_run_that_asks_for_nothing_imports_nothing_of_the_sandbox(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
def test_one():
    import sys
    assert not [name for name in sys.modules if name.startswith(("govcomponents.sandbox", "govcomponents.pay"))]
""")
    pytester.runpytest_subprocess(*PLAIN, "-p", "no:xdist").assert_outcomes(passed=1)


def test_a_test_that_failed_is_told_once_what_is_wrong_with_it(run: Run) -> None:
    outcomes, told = run(
        """
def test_one(gov_sandbox, gov_outbox, gov_faults):
    gov_faults.at("pay.create", "server_error")
    send(gov_sandbox)
    assert "the cause" == "something else"
""",
    )
    assert outcomes == {"failed": 1}
    assert "no assertion of this test" not in told


def test_words_that_a_service_knows_are_understood(run: Run) -> None:
    outcomes, told = run(
        """
def test_template_id(gov_sandbox, gov_outbox):
    send(gov_sandbox)
    gov_outbox.assert_sent(template=TEMPLATE)

def test_nobody(gov_sandbox, gov_person):
    gov_person.sign_in(gov_sandbox.identity.start().url, "NOBODY")
""",
        "--gov-adapter",
        "govuk_notify",
    )
    assert outcomes == {"passed": 1, "failed": 1}
    assert "nobody called NOBODY: it has SAM, NIA" in told


def test_a_test_that_is_about_some_adapters_is_run_on_no_others_of_their_component(run):
    outcomes, told = run(
        """
@pytest.mark.gov_adapters("govuk_pay")
def test_pay(gov_sandbox):
    assert "pay" in {one.spec.section for one in gov_sandbox.simulator.providers}

@pytest.mark.gov_adapters("stripe", "one_login")
class TestBoth:
    def test_it(self, gov_sandbox):
        pass

def test_every(gov_sandbox):
    pass
""",
        *("-rs", "--gov-adapter", "govuk_pay", "--gov-adapter", "stripe", "--gov-adapter", "openid"),
    )
    assert outcomes == {"passed": 6, "skipped": 3}
    assert "the test is about govuk_pay" in told
    assert "the test is about stripe" in told
    assert "the test is about one_login" in told
    assert run("@pytest.mark.gov_adapters('stripe')\ndef test_it(gov_sandbox):\n    pass\n")[0] == {"passed": 1}


@pytest.mark.parametrize("given", ["('govuk_pya')", "()", "(1)", ""])
def test_an_adapter_that_a_mark_misspells_is_told(run, given):
    outcomes, told = run(f"@pytest.mark.gov_adapters{given}\ndef test_it(gov_sandbox):\n    pass\n")
    assert outcomes == {"errors": 1}
    assert "test_it: the mark gov_adapters names adapters such as govuk_pay, and not " in told
