"""What people do, and what they see while a provider is down at each step, by the contracts of whole services."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client as DjangoClient

from govcomponents import GovComponents
from govcomponents.integrations.django import gov
from govcomponents.testing import JourneySuite, OutageSuite, Reply, WholeService, let_time_pass

SITE = "https://service.example.gov.uk"

pytestmark = pytest.mark.gov_adapters("govuk_notify")  # which has the templates


class Client:
    """Sends one request to the service."""

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        client = DjangoClient(headers={"host": "service.example.gov.uk"})
        given = client.generic(method, path, body, secure=True, headers=headers)
        pairs = [(name.lower(), value) for name, value in given.headers.items()]
        pairs += [("set-cookie", cookie.OutputString()) for cookie in given.cookies.values()]
        return Reply(given.status_code, tuple(pairs), given.content)


@pytest.mark.usefixtures("gov_webhook")
@pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")
class Made:
    """Makes the service."""

    @pytest.fixture
    def whole_service(self, gov_sandbox: GovComponents) -> WholeService:
        gov.use(gov_sandbox)

        def work() -> None:
            call_command("govcomponents_work", "--once")

        def let_hours_pass(hours: float) -> None:
            let_time_pass(gov.later.engine, hours=hours)

        return WholeService(
            gov_sandbox.simulator,
            Client(),
            start_at="/renew",
            pay_at="/renewals/",
            paid="Licence renewed",
            work=work,
            let_hours_pass=let_hours_pass,
        )


class TestJourneys(Made, JourneySuite):
    """What people do."""


class TestOutages(Made, OutageSuite):
    """What they see while a provider is down."""
