"""The admin pages: staff read the rows of the durable layer, try them again and give them up, and see no person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("django")

from web.on_django.test_django_later import (  # configures Django; the fixtures make its tables
    components,
    database,
    kept,
    send,
)

pytest.importorskip("django.contrib.auth")

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Field, Model
from django.test import Client

from govcomponents import Money
from govcomponents.durable.storage.schema import METADATA
from govcomponents.integrations.django import gov
from govcomponents.integrations.django.models import Callback, LaterCall, RecordedPayment

__all__ = ["components", "database"]

PAGES = "/admin/govcomponents"
PASSWORD = "a password of the tests"


def staff(name: str, *permissions: str) -> Client:
    made = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    kind = ContentType.objects.get_for_model(LaterCall)
    made.user_permissions.set(Permission.objects.filter(content_type=kind, codename__in=permissions))
    client = Client(headers={"host": "service.example.gov.uk"})
    assert client.login(username=name, password=PASSWORD)
    return client


@pytest.fixture(autouse=True)
def no_people() -> Iterator[None]:
    yield
    for model in (LogEntry, User, Session):
        model.objects.all().delete()


def state(reference: str) -> tuple[int, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, problem FROM gov_outbox WHERE reference = %s", [reference])
        found: tuple[int, str | None] = cursor.fetchone()
    return found


def act(client: Client, action: str) -> str:
    numbers = list(LaterCall.objects.values_list("pk", flat=True))
    form = {"action": action, "_selected_action": numbers}
    return client.post(f"{PAGES}/latercall/", form, follow=True, secure=True).content.decode()


@pytest.mark.parametrize("model", [LaterCall, Callback, RecordedPayment])
def test_the_models_have_columns_of_the_tables_and_none_that_is_sealed(model: type[Model]) -> None:
    table = METADATA.tables[model._meta.db_table]
    columns = {field.column for field in model._meta.get_fields() if isinstance(field, Field)}
    assert columns <= set(table.columns.keys())
    assert columns & {"payload", "content", "key", "subject"} == set()


@pytest.mark.usefixtures("components")
def test_staff_read_the_rows_and_no_page_shows_a_person() -> None:
    with transaction.atomic():
        send("licence-7-receipt")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE gov_outbox SET journey = 'journey-7'")
    client = staff("reader", "view_latercall")
    page = client.get(f"{PAGES}/latercall/?q=licence-7-receipt", secure=True).content.decode()
    row = client.get(f"{PAGES}/latercall/{LaterCall.objects.get().pk}/change/", secure=True).content.decode()
    assert "licence-7-receipt" in page
    assert "licence-7-receipt" in row
    for text in (page, row):
        assert "sam@example.com" not in text
        assert "£145" not in text
    assert (">Try again now<" in page, ">Give up<" in page, 'name="_save"' in row) == (False, False, False)
    assert f"{PAGES}/latercall/journey/journey-7/" in page
    assert client.get(f"{PAGES}/latercall/journey/journey-7/", secure=True).status_code == 200
    for other in ("callback", "recordedpayment"):
        assert client.get(f"{PAGES}/{other}/", secure=True).status_code == 403
    for way in ("add/", f"{LaterCall.objects.get().pk}/delete/"):
        assert client.get(f"{PAGES}/latercall/{way}", secure=True).status_code == 403


@pytest.mark.usefixtures("components")
def test_a_row_is_given_up_and_tried_again_and_it_is_kept_who_did_so() -> None:
    with transaction.atomic():
        send("licence-7-receipt")
    reader, operator = staff("reader", "view_latercall"), staff("operator", "change_latercall")
    act(reader, "give_up")
    assert state("licence-7-receipt") == (0, None)
    assert "1 given up" in act(operator, "give_up")
    assert state("licence-7-receipt") == (5, "GivenUp")
    assert "1 cannot be given up" in act(operator, "give_up")
    assert "1 tried again" in act(operator, "try_again")
    assert gov.later.run_due().done == 1
    assert (state("licence-7-receipt")[0], kept("licence-7-receipt")) == (3, 1)
    told = LogEntry.objects.order_by("pk").values_list("user__username", "change_message")
    assert list(told) == [("operator", "given up"), ("operator", "tried again")]


@pytest.mark.usefixtures("components")
def test_every_page_can_be_read_by_whoever_may() -> None:
    User.objects.create_superuser("chief", password=PASSWORD)
    client = Client(headers={"host": "service.example.gov.uk"})
    assert client.login(username="chief", password=PASSWORD)
    gov.later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/paid")
    for name in ("latercall", "callback", "recordedpayment"):
        assert client.get(f"{PAGES}/{name}/", secure=True).status_code == 200
    assert "£145.00" in client.get(f"{PAGES}/recordedpayment/", secure=True).content.decode()
