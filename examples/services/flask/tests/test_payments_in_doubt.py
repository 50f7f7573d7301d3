"""What a person reads of a payment while it is not known how it stands: lost answers, outages, a broken database."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from renewal import records
from test_service import CASEWORKER, SITE, Service

from govcomponents import GovComponents
from govcomponents.pytest_plugin import Faults, Outbox, Person

pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify"),  # which has the templates
]


@pytest.fixture
def service(gov_sandbox: GovComponents, gov_person: Person, tmp_path: Path) -> Service:
    return Service(gov_sandbox, gov_person, tmp_path)


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
    assert (told.status_code, "do not know yet" in told.text, "renewed" in told.text) == (503, True, False)
    gov_faults.clear()
    assert "Licence renewed" in service.get(back_at).text
    gov_faults.at("pay.get", "unavailable", times=9)  # what is known here needs nobody to be asked
    assert "Licence renewed" in service.get(back_at).text
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
    assert (told.status_code, "not finished" in told.text) == (503, True)
    found = service.get(go_on_of(told.text))
    assert "not finished" in found.text
    assert len(list(gov_sandbox.pay.search())) == 1
    assert "Licence renewed" in service.get(service.person.pay(go_on_of(found.text))).text


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the call is made again, by its key
def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_sandbox: GovComponents, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_before_acceptance")
    back_at = go_on_of(service.post(service.pay_at).text)
    assert "not finished" in service.get(back_at).text
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    service.get(back_at)
    told = service.get(back_at).text
    assert "You have not paid" in told
    assert "Try again" in told
    service.person.pay(service.go_to_pay())
    assert "Licence renewed" in service.get(back_at).text
    assert len(list(gov_sandbox.pay.search())) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    pay = service.app.extensions["renewal"].later.pay
    create = pay.create

    def slow(*given: Any, **more: Any) -> Any:
        assert "not finished" in service.get(service.get("/renew").location or "").text  # the other tab
        return create(*given, **more)

    monkeypatch.setattr(pay, "create", slow)
    assert service.go_to_pay().startswith(f"{SITE}/renewals/")


def test_a_payment_that_came_while_it_was_looked_for_is_not_given_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    service.post(service.pay_at)
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    components = service.app.extensions["renewal"]
    with components.engine.connect() as connection:
        (renewal,) = records.newest(connection)
    monkeypatch.setattr(components, "look_up", lambda _renewal: None)
    assert components.ask(replace(renewal, payment_id=None)) is None  # as it was before the payment came
    with components.engine.connect() as connection:
        assert records.newest(connection) == [renewal]


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    told = service.post(service.pay_at)
    assert (told.status_code, "Traceback" in told.text) == (503, False)
    gov_faults.clear()
    assert "Check your details" in service.get("/renew").text


def test_while_the_database_is_broken_nobody_is_told_that_they_did_not_pay(service: Service) -> None:
    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    with service.app.extensions["renewal"].engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE renewal RENAME TO away"))
    told = service.get(back_at)
    assert (told.status_code, "If you have paid, do not pay again" in told.text) == (500, True)
    with service.app.extensions["renewal"].engine.begin() as connection:
        for table in ("gov_once", "gov_ended"):
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    for path in ("/", "/renew", back_at):
        told = service.get(path)
        assert (told.status_code, "If you have paid, do not pay again" in told.text) == (503, True), path
    assert service.browser.get("/casework", base_url=SITE, headers=CASEWORKER).status_code == 500
