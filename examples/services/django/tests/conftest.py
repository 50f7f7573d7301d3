"""Sets Django up on a database of the tests, whose tables are empty before each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.test import Client

SITE = "https://service.example.gov.uk"


@pytest.fixture(scope="session", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set Django up, and make the tables."""
    database: Path = tmp_path_factory.mktemp("renewal") / "renewal.db"
    os.environ["DJANGO_SETTINGS_MODULE"] = "renewal.settings"
    os.environ["RENEWAL_SECRET_KEY"] = "a secret of the tests, of forty characters"
    os.environ["RENEWAL_HOSTS"] = "service.example.gov.uk"
    os.environ["RENEWAL_DATABASE_NAME"] = str(database)
    django.setup()


@pytest.fixture(autouse=True)
def tables(project: None) -> Iterator[None]:
    """Make the tables, and empty them afterwards."""
    from django.core.management import call_command
    from django.db import connection

    from govcomponents import GovComponents
    from govcomponents.integrations.django import gov

    with GovComponents.sandbox() as components:
        gov.use(components)
        call_command("migrate", verbosity=0)
        gov.later.engine.dispose()
    yield
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("renewal_", "gov_outbox", "gov_inbox", "gov_payment", "gov_pause", "gov_budget")):
                cursor.execute(f"DELETE FROM {table}")
    gov.later.engine.dispose()
    gov.use(None)
    connection.close()


@pytest.fixture
def caseworker() -> Client:
    """A caseworker's browser."""
    from django.contrib.auth.models import User

    client = Client(headers={"host": "service.example.gov.uk"})
    client.force_login(User.objects.get_or_create(username="another worker", is_staff=True)[0])
    return client
