"""What a person reads of a payment while it is not known how it stands: lost answers, outages, a broken database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from test_service import SITE, Service, text

from govcomponents import GovComponents
from govcomponents.integrations.django import gov
from govcomponents.pytest_plugin import Faults, Outbox, Person

pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify"),  # which has the templates
]


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person) -> Service:
    return Service(gov_sandbox, gov_person)


def go_on_of(page: str) -> str:
    """Find where the button of a page leads."""
    found = re.search(r'class="govuk-button" href="([^"]+)"', page)
    assert found
    return found[1]


def test_while_the_provider_is_away_nobody_is_told_that_they_paid(
    service: Service, gov_faults: Faults, gov_outbox: Outbox
) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    gov_faults.at("pay.get", "unavailable", times=9)
    told = service.get(back_at)
    assert (told.status_code, "do not know yet" in text(told), "renewed" in text(told)) == (503, True, False)
    gov_faults.clear()
    assert "Licence renewed" in text(service.get(back_at))
    gov_faults.at("pay.get", "unavailable", times=9)  # what is known here needs nobody to be asked
    assert "Licence renewed" in text(service.get(back_at))
    gov_faults.clear()
    service.work()
    gov_outbox.assert_sent(contains="£145.00")


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the call is made again, by its key
def test_a_lost_answer_makes_no_second_payment(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_after_acceptance")
    told = service.post(service.pay_at)
    assert (told.status_code, "not finished" in text(told)) == (503, True)
    found = text(service.get(go_on_of(text(told))))
    assert "not finished" in found
    assert len(list(gov_sandbox.pay.search())) == 1
    assert "Licence renewed" in text(service.get(service.person.pay(go_on_of(found))))


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the call is made again, by its key
def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_before_acceptance")
    back_at = go_on_of(text(service.post(service.pay_at)))
    assert "not finished" in text(service.get(back_at))
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    told = text(service.get(back_at))
    assert "You have not paid" in told
    assert "Try again" in told
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in text(service.get(back_at))
    assert len(list(gov_sandbox.pay.search())) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    create = gov.later.pay.create

    def slow(*given: Any, **more: Any) -> Any:
        assert "You have not paid" in text(service.get(service.get("/renew")["Location"]))  # the other tab
        return create(*given, **more)

    monkeypatch.setattr(gov.later.pay, "create", slow)
    assert service.go_to_pay().startswith("/renewals/")


def test_a_payment_that_came_while_it_was_looked_for_is_not_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from renewal import components
    from renewal.models import Renewal

    service.sign_in()
    service.go_to_pay()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", timedelta())
    monkeypatch.setattr("renewal.components.look_up", lambda _renewal: None)
    renewal = Renewal.objects.get()
    renewal.payment_id = ""  # as it was before the payment came
    assert components.ask(renewal) is None
    assert (Renewal.objects.get().state, bool(Renewal.objects.get().payment_id)) == ("paying", True)


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    assert service.post(service.pay_at).status_code == 503
    gov_faults.clear()
    assert "Check your details" in text(service.get("/renew"))


def test_while_the_database_is_broken_nobody_is_told_that_they_did_not_pay(
    service: Service, caseworker: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError
    from django.db.models.sql.compiler import SQLCompiler

    of_sql = SQLCompiler.execute_sql
    away = {"renewal_renewal"}

    def broken(compiler: Any, *given: Any, **more: Any) -> Any:
        if compiler.query.get_meta().db_table in away:
            raise OperationalError("disk I/O error")
        return of_sql(compiler, *given, **more)

    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    monkeypatch.setattr(SQLCompiler, "execute_sql", broken)
    service.browser.raise_request_exception = caseworker.raise_request_exception = False
    told = service.get(back_at)
    assert (told.status_code, "If you have paid, do not pay again" in text(told)) == (500, True)
    assert caseworker.get("/casework", secure=True).status_code == 500
    away.add("gov_ended_session")
    for path in ("/", "/renew", back_at):
        told = service.get(path)
        assert (told.status_code, "If you have paid, do not pay again" in text(told)) == (503, True), path
