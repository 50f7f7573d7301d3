"""What people do, and what they see while a provider is down at each step, by the contracts of whole services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from renewal import create_app
from starlette.testclient import TestClient

from govcomponents import AsyncGovComponents
from govcomponents.testing import JourneySuite, OutageSuite, Reply, WholeService, let_time_pass

SITE = "https://service.example.gov.uk"

pytestmark = pytest.mark.gov_adapters("govuk_notify")  # which has the templates


class Client:
    """Sends one request to the service."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.client.cookies.clear()  # the suite's browser keeps them
        given = self.client.request(method, path, headers=headers, content=body)
        return Reply(given.status_code, tuple(given.headers.multi_items()), given.content)


@pytest.mark.usefixtures("gov_webhook")
@pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")
class Made:
    """Makes the service."""

    @pytest.fixture
    def whole_service(self, gov_async_sandbox: AsyncGovComponents, tmp_path: Path) -> Iterator[WholeService]:
        app = create_app(
            gov_async_sandbox,
            secret_key="a secret of the tests, of forty characters",
            database=f"sqlite+aiosqlite:///{tmp_path / 'renewal.db'}",
            works=False,
        )
        with TestClient(app, base_url=SITE, follow_redirects=False) as client:
            assert client.portal
            portal = client.portal

            def work() -> None:
                portal.call(app.state.components.later.run_due)

            def let_hours_pass(hours: float) -> None:
                let_time_pass(app.state.components.later.engine, hours=hours)

            yield WholeService(
                gov_async_sandbox.simulator,
                Client(client),
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
