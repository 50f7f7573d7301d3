"""What the exit plan shows is true: the service does the same with another provider, and without the library."""

from __future__ import annotations

import ast
import runpy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from govcomponents.pytest_plugin.webhooks import Webhooks
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.payer import pay_by_card
from govcomponents.sandbox.server import SandboxServer, serving
from govcomponents.sandbox.world import default_world

LEAVING = Path(__file__).parents[2] / "examples" / "leaving"
BACK = "https://service.example.gov.uk/back"
TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}
SECRET = "whsec_exampleonlygovcomponents"
PAY_SECRET = "webhook_test_renewalicence0sandbox0only"

VERSIONS = [("with_the_library", "govuk_pay"), ("with_the_library", "stripe"), ("without_the_library", "govuk_pay")]


def world() -> dict[str, Any]:
    """The sandbox's world, with webhooks of both providers of payments."""
    url = "https://service.example.gov.uk/webhook"
    pay: Any = default_world()["pay"]
    service = {**pay["services"][0], "webhooks": [{"url": url, "secret": PAY_SECRET}]}
    stripe = {"webhooks": [{"url": url, "secret": SECRET}]}
    return {**default_world(), "pay": {**pay, "services": [service]}, "stripe": stripe}


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with serving(world()) as server:
        yield server


def settings(server: SandboxServer, adapter: str) -> dict[str, str]:
    """The variables that the files of settings name, with the sandbox's values, and its addresses."""
    told = {name: value for name, value in server.environment().items() if "__ACCOUNTS__" not in name}
    if adapter == "stripe":
        known: Any = server.sandbox.stripe.client_settings()
        told |= {
            "GOVCOMPONENTS_PAY__ADAPTER": "stripe",
            "GOVCOMPONENTS_PAY__API_KEY": known["api_key"],
            "GOVCOMPONENTS_PAY__BASE_URL": known["base_url"],
            "GOVCOMPONENTS_PAY__WEBHOOK_SECRETS": SECRET,
        }
    else:
        told["GOVCOMPONENTS_PAY__WEBHOOK_SECRETS"] = PAY_SECRET
    return told


@pytest.mark.parametrize(("version", "adapter"), VERSIONS)
def test_each_version_does_the_same(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, version: str, adapter: str
) -> None:
    for name, value in settings(server, adapter).items():
        monkeypatch.setenv(name, value)
    hooks = Webhooks(server.sandbox)
    service = runpy.run_path(str(LEAVING / f"{version}.py"))
    payment_id, page = service["begin"]("RENEW-7", "145.00", BACK)
    assert not service["is_paid"](payment_id)
    pay_by_card(FormBrowser(server.sandbox.visit), page)
    assert service["is_paid"](payment_id)

    wait_for(lambda: payment_id in [service["paid_now"](one.body, one.headers) for one in hooks.of("pay")])
    forged = hooks.of("pay")[0].rewritten()
    with pytest.raises(Exception, match=r"proved|signature"):
        service["paid_now"](forged.body, forged.headers)

    sent = {service["send_receipt"]("sam@example.com", TEMPLATE, VALUES, "RENEW-7-receipt") for _ in range(2)}
    assert len(sent) == len(server.sandbox.messages()) == 1
    if "gov" in service:
        service["gov"].close()


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until a thread of the sandbox has sent what it sends at once, however slow the machine is."""
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until, "the webhook never came"
        time.sleep(0.02)


def test_the_version_without_the_library_does_not_import_it() -> None:
    tree = ast.parse((LEAVING / "without_the_library.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith("govcomponents")]


@pytest.mark.parametrize("adapter", ["govuk_pay", "stripe"])
def test_the_settings_that_are_shown_are_settings(server: SandboxServer, adapter: str) -> None:
    lines = (LEAVING / f"{adapter}.env").read_text(encoding="utf-8").splitlines()
    shown = dict(line.split("=", 1) for line in lines)
    assert shown["GOVCOMPONENTS_PAY__ADAPTER"] == adapter
    assert set(shown) <= {*settings(server, adapter), "GOVCOMPONENTS_ENVIRONMENT", "GOVCOMPONENTS_PAY__ADAPTER"}
