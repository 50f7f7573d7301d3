"""The rights that the page on deployment gives are enough for the service, and no more than it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from govcomponents import GovComponents
from govcomponents.durable import Durable

PAGE = Path(__file__).parents[3] / "docs" / "deployment" / "database.md"
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}


def test_the_service_works_with_the_rights_that_the_page_gives(postgres_url: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    statements = [one for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) for one in block.split(";")]
    owner = sa.create_engine(postgres_url)
    service = sa.create_engine(sa.make_url(postgres_url).set(username="service"))
    with GovComponents.sandbox() as gov:
        Durable(gov, owner).migrate()
        with owner.begin() as connection:
            connection.exec_driver_sql("DROP ROLE IF EXISTS service")
            connection.exec_driver_sql("CREATE ROLE service LOGIN")
            for statement in filter(str.strip, statements):
                connection.exec_driver_sql(statement)
        try:
            later = Durable(gov, service)
            later.check()
            later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="RENEW-7-receipt")
            assert later.run_due().done == 1
            with pytest.raises(sa.exc.ProgrammingError), service.begin() as connection:
                connection.exec_driver_sql("DROP TABLE gov_outbox")
        finally:
            service.dispose()
            with owner.begin() as connection:
                connection.exec_driver_sql("DROP OWNED BY service")
                connection.exec_driver_sql("DROP ROLE service")
            owner.dispose()
