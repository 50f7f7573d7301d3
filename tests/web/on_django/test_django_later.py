"""A Django project's durable layer is in the project's own database, and in its transactions."""

from __future__ import annotations

import io
import json
import unittest
from collections.abc import Iterator

import pytest

pytest.importorskip("django")

from web.on_django.test_django import DjangoClient, database  # configures Django; the fixture makes its tables

pytest.importorskip("sqlalchemy")

from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import TestCase, override_settings

from govcomponents import ConfigurationError, GovComponents
from govcomponents.integrations.django import gov
from govcomponents.integrations.django.models import LaterCall, UsedOnce
from govcomponents.pay import PaymentChanged
from govcomponents.testing import WebSuite

__all__ = ["database"]

WEBHOOK_SECRET = "webhook_test_renewalicence0sandbox0only"
TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}


@pytest.fixture
def components() -> Iterator[GovComponents]:
    with override_settings(GOVCOMPONENTS_DURABLE={}), GovComponents.sandbox() as made:
        gov.use(made)
        call_command("migrate", verbosity=0)
        yield made
        with connection.cursor() as cursor:
            of_django = connection.introspection.django_table_names()
            for name in connection.introspection.table_names(cursor):
                if name.startswith("gov_") and name not in of_django:
                    cursor.execute(f"DROP TABLE {name}")
        gov.later.engine.dispose()
    gov.use(None)


def kept(reference: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gov_outbox WHERE reference = %s", [reference])
        found: int = cursor.fetchone()[0]
    return found


def send(reference: str) -> None:
    gov.later.notify.send_email("sam@example.com", TEMPLATE, VALUES, reference=reference, on=connection)


@pytest.mark.usefixtures("components")
def test_a_message_goes_with_the_transaction_of_the_project() -> None:
    with transaction.atomic():
        send("licence-7-receipt")
    with transaction.atomic():
        send("licence-8-receipt")
        transaction.set_rollback(True)
    assert (kept("licence-7-receipt"), kept("licence-8-receipt")) == (1, 0)
    out = io.StringIO()
    call_command("govcomponents_work", "--once", stdout=out)
    assert out.getvalue() == "1 done\n"


@pytest.mark.usefixtures("components")
def test_a_worker_without_tables_names_djangos_own_command() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gov_outbox RENAME TO gov_outbox_away")
    try:
        with pytest.raises(CommandError, match=r"no table gov_outbox of the durable layer.*python manage.py migrate"):
            call_command("govcomponents_work", "--once")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gov_outbox_away RENAME TO gov_outbox")


def test_health_tells_of_a_durable_layer_without_its_tables(components: GovComponents) -> None:
    assert DjangoClient().send("GET", "/gov/health", {}, b"").status == 200
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gov_outbox RENAME TO gov_outbox_away")
    try:
        components.simulator.clock.advance(5)
        reply = DjangoClient().send("GET", "/gov/health", {}, b"")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gov_outbox_away RENAME TO gov_outbox")
    assert (reply.status, json.loads(reply.body)["store"]) == (503, {"ok": False})


class Renewal(TestCase):
    """As a project's own tests are: what one puts down is gone before the next."""

    __test__ = False  # it is run below, between looks at the table

    def test_it_puts_a_message_down(self) -> None:
        send("licence-10-receipt")
        assert list(LaterCall.objects.values_list("reference", "state")) == [("licence-10-receipt", 0)]

    def test_it_puts_the_same_message_down(self) -> None:
        self.test_it_puts_a_message_down()


@pytest.mark.usefixtures("components")
def test_djangos_testcase_takes_back_what_a_test_put_down() -> None:
    result = unittest.defaultTestLoader.loadTestsFromTestCase(Renewal).run(unittest.TestResult())
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert kept("licence-10-receipt") == 0


@pytest.mark.usefixtures("components")
def test_a_callback_is_stored_before_it_is_answered() -> None:
    body = WebSuite.paid_event()
    headers = WebSuite.signed(body, WEBHOOK_SECRET)
    client = DjangoClient()
    assert [client.send("POST", "/gov/events/pay", headers, body).status for _ in range(2)] == [200, 200]
    forged = WebSuite.signed(body, "webhook_of_somebody_else")
    assert client.send("POST", "/gov/events/pay", forged, body).status == 401
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gov_inbox")
        assert cursor.fetchone() == (1,)


@pytest.mark.usefixtures("components")
def test_a_handler_works_in_the_transaction_that_ends_its_event() -> None:
    fails = [True]

    @gov.when_stored(PaymentChanged)
    def paid(event: PaymentChanged) -> None:
        UsedOnce.objects.create(key=event.key[:60], until=1.0)
        send("licence-9-receipt")
        if fails:
            raise RuntimeError

    body = WebSuite.paid_event()
    DjangoClient().send("POST", "/gov/events/pay", WebSuite.signed(body, WEBHOOK_SECRET), body)
    try:
        report = gov.later.run_due()
        assert (report.failed, report.done, UsedOnce.objects.filter(until=1.0).count(), kept("licence-9-receipt")) == (
            1,
            0,
            0,
            0,
        )
        fails.clear()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE gov_inbox SET due_at = 0")
        report = gov.later.run_due()
        assert (report.handled, UsedOnce.objects.filter(until=1.0).count(), kept("licence-9-receipt")) == (1, 1, 1)
    finally:
        UsedOnce.objects.all().delete()
        gov._stored.clear()


@pytest.mark.usefixtures("components")
def test_a_handler_that_would_never_be_called_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="when_stored"):
        gov.when(PaymentChanged)


def test_a_project_without_a_durable_layer_is_told_how_to_have_one() -> None:
    with pytest.raises(ConfigurationError, match="no durable layer") as told:
        _ = gov.later
    assert "GOVCOMPONENTS_DURABLE" in told.value.fix


def test_a_project_whose_durable_layer_has_no_tables_is_told_to_migrate() -> None:
    with override_settings(GOVCOMPONENTS={}, GOVCOMPONENTS_DURABLE={}), GovComponents.sandbox() as made:
        gov.use(made)
        found = {message.id for message in run_checks(databases=["default"])}
        gov.later.engine.dispose()
    gov.use(None)
    assert found & {"govcomponents.E008", "govcomponents.E009"} == {"govcomponents.E009"}


def test_a_project_whose_durable_layer_has_no_tables_may_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])  # it looks at the database before it makes the tables
    with override_settings(GOVCOMPONENTS={}, GOVCOMPONENTS_DURABLE={}), GovComponents.sandbox() as made:
        gov.use(made)
        found = {message.id for message in run_checks(databases=["default"])}
        gov.later.engine.dispose()
    gov.use(None)
    assert "govcomponents.E009" not in found


@pytest.mark.parametrize("setting", [{"keys": ["short"]}, {"database": "nowhere"}])
def test_a_wrong_setting_stops_a_project(setting: dict[str, object]) -> None:
    with override_settings(GOVCOMPONENTS={}, GOVCOMPONENTS_DURABLE=setting):
        gov.use(None)
        assert "govcomponents.E008" in [message.id for message in run_checks()]
    gov.use(None)
