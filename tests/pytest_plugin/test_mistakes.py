"""What a test of a service gets wrong with the fixtures and marks is told in one line, with what is right."""

from __future__ import annotations

import pytest

from plain_pytest import PLAIN
from pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]


def test_misspelt_names_are_told_with_the_right_ones(run: Run) -> None:
    outcomes, told = run(
        """
def test_operation(gov_faults):
    gov_faults.at("pay.crate", "server_error")

def test_fault(gov_faults):
    gov_faults.at("pay.create", "sever_error")

@pytest.mark.gov_sandbox(wrld={})
def test_mark(gov_sandbox):
    pass

def test_two(gov_sandbox, gov_async_sandbox):
    pass
""",
    )
    assert outcomes == {"failed": 2, "errors": 2}
    for part in ("no operation 'pay.crate'", "pay.create", "no such fault of pay", "has no wrld", "not both"):
        assert part in told


def test_arguments_that_there_are_not_are_told_with_those_that_there_are(run: Run) -> None:
    outcomes, told = run(
        """
def test_clock(gov_clock):
    gov_clock.advance(hour=2)

def test_outbox(gov_outbox):
    gov_outbox.assert_sent(recipient="sam@example.com")

@pytest.mark.gov_fault("pay.create")
def test_mark(gov_sandbox):
    pass

def test_foreign(gov_person):
    gov_person.pay("https://card.payments.service.gov.uk/secure/a-secret")

def test_no_page(gov_sandbox, gov_person):
    gov_person.pay(gov_sandbox.simulator.base_url + "/secure/none")

def test_no_outcome(gov_sandbox, gov_person):
    gov_person.sign_in(gov_sandbox.identity.start().url, outcome="gone")

def test_no_text(gov_sandbox, gov_person):
    gov_person.sign_in(gov_sandbox.identity.start())
""",
    )
    assert outcomes == {"failed": 6, "errors": 1}
    for part in (
        "gov_clock.advance: got an unexpected keyword argument 'hour'; it takes seconds, minutes=, hours=, days=",
        "unexpected keyword argument 'recipient'; it takes to=, template=, kind=, reference=, contains=, times=",
        "and the mark gov_fault: missing a required argument: 'fault'; it takes operation, fault, nth=, times=",
        "which is at https://sandbox.example.gov.uk, and this URL has card.payments.service.gov.uk; give such as",
        "a text, and not of the type SignIn; give such as payment.redirect_url()",
        "no form of the page at /secure/none (status 404, This link does not work) has a field",
        "a sign-in with this provider does not end as 'gone': give one of success, not_proved, left, lost_session",
    ):
        assert part in told
    assert "During handling" not in told


def test_a_mark_that_is_wrong_is_told_in_one_line(run: Run) -> None:
    outcomes, told = run(
        """
@pytest.mark.gov_sandbox("world.json")
def test_argument(gov_sandbox):
    pass

@pytest.mark.gov_sandbox(world={"pay": {"servces": []}})
def test_world(gov_sandbox):
    pass

@pytest.mark.gov_sandbox(now="yesterday")
def test_async(gov_async_sandbox):
    pass

@pytest.mark.gov_sandbox(now="yesterday")
def test_served(gov_sandbox_url):
    pass

@pytest.mark.gov_sandbox(redirect_to="nowhere")
def test_redirect(gov_sandbox):
    pass
""",
    )
    assert outcomes == {"errors": 5}
    for part in (
        "\nthe mark gov_sandbox has no argument without a name: it takes world=",
        "has the sandbox: the world is wrong at pay.servces: there is no such key (is services meant?); mend",
        "\nredirect_to= of the mark gov_sandbox: the address to redirect to is not a URL; give one such as",
    ):
        assert part in told
    assert told.count("has the sandbox: the time for the sandbox's clock is not an ISO 8601 time") == 2
    assert "Traceback" not in told
    assert "Error:" not in told


def test_the_mark_is_described_with_all_that_it_takes(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_subprocess(*PLAIN, "--markers").stdout.str()
    assert "gov_sandbox(world, seed, now, redirect_to, snapshots, strict): how" in shown


def test_a_world_that_cannot_be_read_is_told_with_what_names_it(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ngov_world = nowhere.json\n")
    outcomes, told = run(
        """
@pytest.mark.gov_sandbox(world="missing.json")
def test_mark(gov_sandbox):
    pass

def test_configuration(gov_sandbox):
    pass
""",
    )
    assert outcomes == {"errors": 2}
    assert "\nworld= of the mark gov_sandbox: the world file missing.json cannot be read: No such file" in told
    assert "\ngov_world of pytest's configuration: the world file " in told
    assert "--world" not in told


def test_names_that_nothing_can_have_are_not_taken_for_nothing(run: Run) -> None:
    outcomes, told = run(
        """
def test_template(gov_outbox):
    gov_outbox.assert_not_sent(template="Renewal recipt (email)")

def test_template_id(gov_outbox):
    gov_outbox.assert_not_sent(template="Renewal receipt (email)")
    gov_outbox.assert_not_sent(template=TEMPLATE)

def test_sent(gov_outbox):
    gov_outbox.assert_sent(template="Renewal recipt (email)")

def test_to(gov_outbox):
    gov_outbox.assert_not_sent(to="sam@example")

def test_to_by_email(gov_outbox):
    gov_outbox.assert_not_sent(to="sam.example.com", kind="email")

def test_to_others(gov_outbox):
    for to in ("sam@example.com", "07700 900321", "Sam Example"):
        gov_outbox.assert_not_sent(to=to)

def test_kind(gov_webhook):
    for kind in ("card_payment_succeeded", "card_payment_expired"):
        assert gov_webhook.of("pay", kind) == []
    gov_webhook.of("pay", "card_payment_succeded")
""",
    )
    assert outcomes == {"failed": 5, "passed": 2}
    assert "\ngov_outbox: no email goes to 'sam@example': it is no address" in told
    assert "\ngov_outbox: no email goes to 'sam.example.com': it is no address" in told
    assert told.count("\ngov_outbox: GOV.UK Notify has no template 'Renewal recipt (email)'; it has '") == 2
    assert "'Renewal receipt (email)', " in told
    assert "'card_payment_succeded' is no kind of callback from GOV.UK Pay; there is card_payment_succeeded, c" in told


def test_names_that_another_provider_has_are_told_with_those_of_the_one_that_is_there(run: Run) -> None:
    outcomes, told = run(
        """
def test_template(gov_outbox):
    gov_outbox.assert_not_sent(template=TEMPLATE)

def test_kind(gov_webhook):
    gov_webhook.of("pay", "card_payment_succeeded")

def test_logout(gov_webhook):
    gov_webhook.of("identity", "logout notice")
""",
        *("--gov-adapter", "smtp", "--gov-adapter", "gc_notify", "--gov-adapter", "stripe", "--gov-adapter", "openid"),
    )
    assert outcomes == {"failed": 4, "passed": 8}
    for part in (
        "Mail server has no template '5ab1ec0d-0000-4000-8000-000000000101'; its messages do not say from which",
        "GC Notify has no template '5ab1ec0d-0000-4000-8000-000000000101'; it has 'Permit",
        "from Stripe; there is payment_intent.created, payment_intent.requires_action, ",
        "'logout notice' is no kind of callback from OpenID Connect; there is none",
    ):
        assert part in told


def test_a_page_where_nobody_can_cancel_is_told_in_one_line(run: Run) -> None:
    outcomes, told = run(
        """
from govcomponents import Money

def test_cancel(gov_sandbox, gov_person):
    payment = gov_sandbox.pay.create(Money.gbp("1.00"), "R-1", "Renew", "https://service.example.gov.uk/back")
    gov_person.cancel(payment.redirect_url())
""",
        *("--gov-adapter", "govuk_pay", "--gov-adapter", "stripe"),
    )
    assert outcomes == {"passed": 1, "failed": 1}
    assert "\nnobody can cancel there: no form of the page at /stripe/c/pay/cs_test_" in told


@pytest.mark.parametrize(
    ("fixture", "call", "told"),
    [
        ("gov_faults", "at(None, 'server_error')", "operation is a text, such as pay.create, and not of the type None"),
        ("gov_faults", "at(['pay.create'], 'server_error')", "operation is a text, such as pay.create, and not of the"),
        ("gov_faults", "at('pay.create', None)", "fault is a text, such as server_error, and not of the type NoneType"),
        ("gov_faults", "at('pay.create', 'server_error', times='2')", "mark gov_fault: times: Input should be a valid"),
        (
            "gov_outbox",
            "assert_not_sent(to='')",
            "gov_outbox: to is a text that is not empty, and this is ''; leave",
        ),
        ("gov_outbox", "assert_sent(contains=7)", "gov_outbox: contains is a text that is not empty, and this is 7"),
        ("gov_outbox", "assert_not_sent(kind=['email'])", "gov_outbox: kind is a text that is not empty"),
        ("gov_webhook", "send_to(None)", "takes a function, which is given each callback and returns the service's s"),
        ("gov_webhook", "send_to()", "gov_webhook.send_to: missing a required argument: 'post'; it takes post"),
        ("gov_recording", "__call__('paid', secrets='a secret')", "takes secrets= as a list of texts, none of them e"),
        ("gov_recording", "__call__('paid', secrets=[1])", "takes secrets= as a list of texts, none of them empty"),
        ("gov_clock", "stop_at()", "gov_clock.stop_at: missing a required argument: 'now'; it takes now"),
    ],
)
def test_arguments_of_another_kind_are_one_line(run: Run, fixture: str, call: str, told: str) -> None:
    outcomes, shown = run(f"def test_it({fixture}):\n    {fixture}.{call}\n")
    assert outcomes == {"failed": 1}
    assert told in shown
    assert "Traceback" not in shown
    assert "Error:" not in shown


def test_strict_is_true_or_false(run: Run) -> None:
    outcomes, told = run("@pytest.mark.gov_sandbox(strict='no')\ndef test_it(gov_sandbox):\n    pass\n")
    assert outcomes == {"errors": 1}
    assert "\nthe mark gov_sandbox takes strict=True or strict=False" in told
