"""What people do, and what they see while a provider is down at each step, by the contracts of whole services."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from renewal import create_app

from govcomponents import GovComponents
from govcomponents.testing import JourneySuite, OutageSuite, Reply, WholeService, let_time_pass

SITE = "https://service.example.gov.uk"

pytestmark = pytest.mark.gov_adapters("govuk_notify")  # which has the templates


class Client:
    """Sends one request to the service."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        client = self.app.test_client(use_cookies=False)
        given = client.open(path, method=method, headers=headers, data=body, base_url=SITE)
        return Reply(given.status_code, tuple((name.lower(), value) for name, value in given.headers), given.data)


@pytest.mark.usefixtures("gov_webhook")
@pytest.mark.gov_sandbox(redirect_to=f"{SITE}/gov/callback")
class Made:
    """Makes the service."""

    @pytest.fixture
    def whole_service(self, gov_sandbox: GovComponents, tmp_path: Path) -> WholeService:
        config = {"SECRET_KEY": "a secret of the tests, of forty characters", "CASEWORK_PASSWORD": "of the tests"}
        app = create_app(gov_sandbox, {**config, "DATABASE": f"sqlite:///{tmp_path / 'renewal.db'}"})

        def work() -> None:
            assert app.test_cli_runner().invoke(args=["gov", "work", "--once"]).exit_code == 0

        def let_hours_pass(hours: float) -> None:
            let_time_pass(app.extensions["renewal"].later.engine, hours=hours)

        return WholeService(
            gov_sandbox.simulator,
            Client(app),
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
