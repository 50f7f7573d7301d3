"""What a person reads of a payment while it is not known how it stands: lost answers, outages, a broken database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from renewal import records
from test_service import CASEWORKER, SITE, Service

from govcomponents import AsyncGovComponents
from govcomponents.pytest_plugin import Faults, Outbox, Person
from govcomponents.testing import Sandbox

pytestmark = [
    pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback"),
    pytest.mark.gov_adapters("govuk_notify"),  # which has the templates
]


@pytest.fixture
def service(gov_async_sandbox: AsyncGovComponents, gov_person: Person, tmp_path: Path) -> Iterator[Service]:
    made = Service(gov_async_sandbox, gov_person, tmp_path)
    with made.browser:
        yield made


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
def test_a_lost_answer_makes_no_second_payment(service: Service, gov_faults: Faults, gov_simulator: Sandbox) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "time_out_after_acceptance")
    told = service.post(service.pay_at)
    assert (told.status_code, "not finished" in told.text) == (503, True)
    found = service.get(go_on_of(told.text))
    assert "not finished" in found.text
    assert len(gov_simulator.pay.charges()) == 1
    assert "Licence renewed" in service.get(service.person.pay(go_on_of(found.text))).text


@pytest.mark.gov_adapters("govuk_pay")  # with Stripe the call is made again, by its key
def test_after_a_payment_that_was_never_made_a_person_may_soon_try_again(
    service: Service, gov_faults: Faults, gov_simulator: Sandbox, monkeypatch: pytest.MonkeyPatch
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
    assert len(gov_simulator.pay.charges()) == 1


def test_who_makes_a_payment_for_so_long_that_it_was_given_up_gives_nobody_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.sign_in()
    monkeypatch.setattr("renewal.components.GIVEN_UP_AFTER", 0.0)
    components = service.app.state.components
    make, ask = components.later.pay.create, components.ask
    asked: list[Any] = []

    async def slow(*given: Any, **more: Any) -> Any:
        async with components.engine.connect() as connection:
            renewal = await records.by_payment(connection, given[1])
        assert renewal is not None
        asked.append(await ask(renewal))  # the other tab
        return await make(*given, **more)

    monkeypatch.setattr(components.later.pay, "create", slow)
    assert service.go_to_pay().startswith("/renewals/")
    assert asked == [None]


def test_a_provider_that_is_down_makes_no_payment_and_can_be_tried_again(service: Service, gov_faults: Faults) -> None:
    service.sign_in()
    gov_faults.at("pay.create", "rate_limited", times=9)
    told = service.post(service.pay_at)
    assert (told.status_code, "Traceback" in told.text) == (503, False)
    gov_faults.clear()
    assert "Check your details" in service.get("/renew").text


def test_while_the_database_is_broken_nobody_is_told_that_they_did_not_pay(service: Service) -> None:
    def rename(*tables: str) -> None:
        async def renamed() -> None:
            async with service.app.state.components.engine.begin() as connection:
                for table in tables:
                    await connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))

        assert service.browser.portal
        service.browser.portal.call(renamed)

    service.sign_in()
    back_at = service.person.pay(service.go_to_pay())
    rename("renewal")
    told = service.get(back_at)
    assert (told.status_code, "If you have paid, do not pay again" in told.text) == (500, True)
    rename("gov_once", "gov_ended")
    for path in ("/", "/renew", back_at):
        told = service.get(path)
        assert (told.status_code, "If you have paid, do not pay again" in told.text) == (503, True), path
    assert service.browser.get("/casework", auth=CASEWORKER).status_code == 500
