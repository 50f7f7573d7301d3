"""A suite with a fault at each method of the service, written once, runs on every built-in adapter."""

from __future__ import annotations

import pytest

from govcomponents.components import GovComponents
from govcomponents.identity import IdentityService
from govcomponents.identity import adapters as identity
from govcomponents.notify import NotifyService
from govcomponents.notify import adapters as notify
from govcomponents.pay import PayService
from govcomponents.pay import adapters as pay
from govcomponents.sandbox.providers import built_in_specs
from govcomponents.sandbox.world import default_world
from plain_pytest import PLAIN
from pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]

SUITE = """
from datetime import timedelta

import pytest
from govcomponents import GovComponentsError, Money, NotSupported
from govcomponents.pay import Unfinished

BACK = "https://service.example.gov.uk/back"
FEE = Money.gbp("1.00")
ADDRESS = ["Sam Example", "1 High Street", "SW1A 1AA"]


def paid(gov, person, **more):
    payment = gov.pay.create(FEE, "R-1", "A licence", BACK, **more)
    person.pay(payment.redirect_url())
    return gov.pay.get(payment.id)


def agreement(gov, person):
    made = gov.pay.create_agreement("A-1", "Instalments")
    paid(gov, person, set_up_agreement=made.id)
    return made.id


def template(gov, channel):
    found = (gov.notify.list_templates(channel) or gov.notify.list_templates())[0]
    return found.id, dict.fromkeys(found.placeholders, "x")


def sent(gov):
    return gov.notify.send_email("sam@example.com", *template(gov, "email"), "R-1").id


def rows(gov, channel="email"):
    found, values = template(gov, channel)
    return [{"email address": "sam@example.com", **values}], found


def pay_create(gov, person):
    return lambda: gov.pay.create(FEE, "R-1", "A licence", BACK)

def pay_check(gov, person):
    return gov.pay.check

def pay_get(gov, person):
    payment = gov.pay.create(FEE, "R-1", "A licence", BACK)
    return lambda: gov.pay.get(payment.id)

def pay_complete(gov, person):
    payment = paid(gov, person)
    return lambda: gov.pay.complete(payment.id)

def pay_list_events(gov, person):
    payment = paid(gov, person)
    return lambda: gov.pay.list_events(payment.id)

def pay_cancel(gov, person):
    payment = gov.pay.create(FEE, "R-1", "A licence", BACK)
    return lambda: gov.pay.cancel(payment.id)

def pay_capture(gov, person):
    payment = paid(gov, person, delayed_capture=True)
    return lambda: gov.pay.capture(payment.id)

def pay_mop_up(gov, person):
    payment = gov.pay.create(FEE, "R-1", "A licence", BACK)
    begun = Unfinished(payment_id=payment.id, created_at=payment.created_at)
    def mop_up():
        if gov.pay.mop_up([begun], print, older_than=timedelta(0)).failed:
            raise GovComponentsError("it could not be read")
    return mop_up

def pay_search(gov, person):
    return lambda: list(gov.pay.search())

def pay_refund(gov, person):
    payment = paid(gov, person)
    return lambda: gov.pay.refund(payment.id, Money(50), available=payment.refundable.available)

def pay_get_refund(gov, person):
    payment = paid(gov, person)
    refund = gov.pay.refund(payment.id, Money(50), available=payment.refundable.available)
    return lambda: gov.pay.get_refund(payment.id, refund.id)

def pay_list_refunds(gov, person):
    payment = paid(gov, person)
    return lambda: gov.pay.list_refunds(payment.id)

def pay_search_refunds(gov, person):
    return lambda: list(gov.pay.search_refunds())

def pay_search_disputes(gov, person):
    return lambda: list(gov.pay.search_disputes())

def pay_create_agreement(gov, person):
    return lambda: gov.pay.create_agreement("A-1", "Instalments")

def pay_get_agreement(gov, person):
    made = agreement(gov, person)
    return lambda: gov.pay.get_agreement(made)

def pay_charge_agreement(gov, person):
    made = agreement(gov, person)
    return lambda: gov.pay.charge_agreement(made, FEE, "R-2", "A licence")

def pay_cancel_agreement(gov, person):
    made = agreement(gov, person)
    return lambda: gov.pay.cancel_agreement(made)

def pay_search_agreements(gov, person):
    return lambda: list(gov.pay.search_agreements())

def pay_create_by_telephone(gov, person):
    return lambda: gov.pay.create_by_telephone(FEE, "R-1", "A licence")

def pay_authorise(gov, person):
    token = gov.pay.create_by_telephone(FEE, "R-1", "A licence").one_time_token
    return lambda: gov.pay.authorise(
        token, card_number="4242424242424242", cvc="123", expiry="12/39", cardholder_name="Sam Example"
    )

def notify_check(gov, person):
    return gov.notify.check

def notify_send_email(gov, person):
    chosen = template(gov, "email")
    return lambda: gov.notify.send_email("sam@example.com", *chosen, "R-1")

def notify_send_sms(gov, person):
    chosen = template(gov, "sms")
    return lambda: gov.notify.send_sms("+16132532222" if "GC" in repr(gov) else "07700900123", *chosen, "R-1")

def notify_send_letter(gov, person):
    chosen = template(gov, "letter")
    return lambda: gov.notify.send_letter(ADDRESS, *chosen, "R-1")

def notify_send_precompiled_letter(gov, person):
    return lambda: gov.notify.send_precompiled_letter(b"%PDF-1.4 x", "R-1")

def notify_send_many(gov, person):
    many, chosen = rows(gov)
    def send():
        if not gov.notify.send_many(many, chosen, channel="email", batch="B-1").is_complete:
            raise GovComponentsError("it is not complete")
    return send

def notify_send_job(gov, person):
    many, chosen = rows(gov)
    return lambda: gov.notify.send_job(many, chosen, channel="email", name="Job")

def notify_get(gov, person):
    message = sent(gov)
    return lambda: gov.notify.get(message)

def notify_follow_up(gov, person):
    message = sent(gov)
    return lambda: list(gov.notify.follow_up([message]))

def notify_search(gov, person):
    return lambda: list(gov.notify.search())

def notify_search_inbound_sms(gov, person):
    return lambda: list(gov.notify.search_inbound_sms())

def notify_get_letter_pdf(gov, person):
    letter = gov.notify.send_letter(ADDRESS, *template(gov, "letter"), "R-1")
    return lambda: gov.notify.get_letter_pdf(letter.id)

def notify_list_templates(gov, person):
    return gov.notify.list_templates

def notify_get_template(gov, person):
    chosen, _ = template(gov, "email")
    return lambda: gov.notify.get_template(chosen)

def notify_preview(gov, person):
    chosen = template(gov, "email")
    return lambda: gov.notify.preview(*chosen)

def identity_start(gov, person):
    return gov.identity.start

def identity_check(gov, person):
    return gov.identity.check

def identity_complete(gov, person):
    started = gov.identity.start()
    back = person.sign_in(started.url)
    return lambda: gov.identity.complete(started.pending, back)


PREPARED = {
    name.replace("_", ".", 1): one
    for name, one in list(globals().items())
    if name.startswith(("pay_", "notify_", "identity_"))
}


@pytest.mark.parametrize("method", [one for one in PREPARED if one.startswith(COMPONENT)])
def test_a_fault_reaches_the_service(gov_sandbox, gov_person, gov_faults, method):
    if method in LACKING:
        with pytest.raises(NotSupported):
            PREPARED[method](gov_sandbox, gov_person)()
        return
    act = PREPARED[method](gov_sandbox, gov_person)
    if method in UNASKED:
        act()
        return
    gov_faults.at(method, "unavailable", times=9)
    with pytest.raises(GovComponentsError):
        act()


@pytest.mark.gov_fault(FIRST, "unavailable", times=9)
def test_a_mark_arms_it_too(gov_sandbox, gov_person):
    with pytest.raises(GovComponentsError):
        PREPARED[FIRST](gov_sandbox, gov_person)()
"""
FIRST = {"pay": "pay.create", "notify": "notify.send_email", "identity": "identity.check"}
BUILT_IN = {
    **dict.fromkeys(pay.BUILT_IN, "pay"),
    **dict.fromkeys(notify.BUILT_IN, "notify"),
    **dict.fromkeys(identity.BUILT_IN, "identity"),
}
AGREEMENTS = {f"pay.{one}_agreement" for one in ("create", "get", "charge", "cancel")} | {"pay.search_agreements"}
LETTERS = {"notify.send_letter", "notify.send_precompiled_letter", "notify.get_letter_pdf"}
LACKING = {
    "stripe": {*AGREEMENTS, "pay.create_by_telephone", "pay.authorise", "pay.list_events"},
    "govuk_notify": {"notify.send_job"},
    "gc_notify": {*LETTERS, "notify.search_inbound_sms"},
    "smtp": {
        *LETTERS, "notify.send_sms", "notify.send_job", "notify.get", "notify.follow_up", "notify.search",
        "notify.search_inbound_sms",
    },
}  # fmt: skip
"""The methods that an adapter does not support."""
UNASKED = {
    "smtp": {"notify.list_templates", "notify.get_template", "notify.preview"},
    "one_login": {"identity.start"},
}
"""The methods for which an adapter asks the provider nothing."""


@pytest.mark.parametrize("adapter", BUILT_IN)
def test_a_suite_with_a_fault_at_each_method_runs_on_each_adapter(pytester: pytest.Pytester, adapter: str) -> None:
    component = BUILT_IN[adapter]
    chosen = f"COMPONENT, FIRST = {component!r}, {FIRST[component]!r}\n"
    chosen += f"LACKING, UNASKED = {LACKING.get(adapter, set())}, {UNASKED.get(adapter, set())}\n"
    pytester.makepyfile(chosen + SUITE)
    result = pytester.runpytest_subprocess(*PLAIN, "-p", "no:xdist", "--gov-adapter", adapter)
    assert result.ret == pytest.ExitCode.OK
    outcomes = result.parseoutcomes()
    assert outcomes == {"passed": SUITE.count(f"\ndef {component}_") + 1}


@pytest.mark.parametrize("section", [spec.section for spec in built_in_specs()])
def test_each_name_is_that_of_a_method_and_stands_for_operations_that_there_are(section: str) -> None:
    services = {"pay": PayService, "notify": NotifyService, "identity": IdentityService}
    with GovComponents.sandbox(default_world(section)) as gov:
        known = gov.simulator.control.catalogue()
    assert known.methods[section]
    for method, operations in known.methods[section].items():
        component, _, name = method.partition(".")
        assert callable(getattr(services[component], name))
        assert operations
        assert set(operations) <= set(known.operations[section])


def test_a_name_that_is_none_is_told_with_those_of_the_component(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_one(gov_faults):
            gov_faults.at("pay.crate", "unavailable")

        def test_two(gov_faults):
            gov_faults.at("create", "unavailable")
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN, "-p", "no:xdist", "--gov-adapter", "stripe")
    result.assert_outcomes(failed=2)
    told = result.stdout.str()
    named = told.partition("no operation 'pay.crate'; it has ")[2].partition("\n")[0]
    assert {"pay.create", "pay.create_session", "pay.refund"} <= set(named.split(", "))
    assert "notify.send_email" not in named
    assert "notify.send_email" in told.partition("no operation 'create'; it has ")[2].partition("\n")[0]


@pytest.mark.parametrize("adapter", ["govuk_pay", "stripe"])
@pytest.mark.parametrize("fault", ["server_error", "unavailable", "rate_limited"])
def test_three_faults_outlast_what_the_sdk_repeats(run: Run, adapter: str, fault: str) -> None:
    outcomes, told = run(
        f"""
from govcomponents import GovComponentsError, Money

@pytest.mark.gov_fault("pay.create", "{fault}", times=3)
def test_it(gov_sandbox):
    with pytest.raises(GovComponentsError):
        gov_sandbox.pay.create(Money.gbp("20.00"), "R", "Renew", "https://service.example.gov.uk/back")
""",
        f"--gov-adapter={adapter}",
    )
    assert outcomes == {"passed": 1}, told
