"""The base of the contracts of whole services: a service under test on a sandbox, and a person at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from govcomponents.contracts.web.browser import Browser, Reply, WebClient, path_of
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.payer import pay_by_card

if TYPE_CHECKING:
    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.callbacks.posting import Callback


@dataclass(frozen=True, slots=True)
class WholeService:
    """A service under test on a sandbox: where its pages are, and by which words they tell that it is paid.

    `start_at` is the page that asks for an identity and offers to pay, `pay_at` where its form is posted. `work` lets
    the service's worker do all that is due, and `let_hours_pass` lets hours go by in its durable layer's store.
    """

    simulator: Sandbox
    client: WebClient
    start_at: str
    pay_at: str
    paid: str
    work: Callable[[], object]
    let_hours_pass: Callable[[float], object]


class WholeServiceSuite:
    """The base of a contract of whole services: it tests nothing by itself.

    A subclass has a fixture `whole_service` that makes the service on the components of a sandbox whose world has
    webhooks, with the shell's routes below /gov.
    """

    @pytest.fixture
    def simulator(self, whole_service: WholeService) -> Sandbox:
        """The sandbox, where somebody signs in whoever is asked."""
        whole_service.simulator.one_login.sign_in_as("SAM")
        return whole_service.simulator

    @pytest.fixture
    def browser(self, whole_service: WholeService, simulator: Sandbox) -> Browser:  # noqa: ARG002  # who signs in
        """A person's browser at the service."""
        return Browser(whole_service.client)

    @staticmethod
    def told(service: WholeService, reply: Reply) -> None:
        """Check that a person reads something that is true."""
        assert reply.status in (200, 303, 302) or 400 <= reply.status < 500 or reply.status == 503, reply.status
        assert "Traceback" not in reply.text
        assert service.paid not in reply.text
        assert reply.status in (302, 303) or reply.text.strip()

    def way_back(self, service: WholeService, browser: Browser) -> str:
        """Sign a person in at the provider, and return the path at which they come back to the service."""
        sent = browser.get(service.start_at).header("location") or ""
        return path_of(FormBrowser(service.simulator.visit).open(sent).url)

    def signed_in(self, service: WholeService, browser: Browser) -> None:
        """Sign a person in."""
        back = browser.get(self.way_back(service, browser))
        assert back.status in (302, 303), back.text

    def paid(self, service: WholeService, browser: Browser) -> str:
        """Sign a person in and let them pay; return the path at which they come back to the service."""
        self.signed_in(service, browser)
        assert browser.get(service.start_at).status == 200
        url = browser.post(service.pay_at).header("location") or ""
        return path_of(pay_by_card(FormBrowser(service.simulator.visit), url).url)

    @staticmethod
    def webhooks_of(simulator: Sandbox) -> list[Callback]:
        """Keep what the provider of payments sends from now on: it gets its 200, and the service nothing."""
        came: list[Callback] = []

        def receive(callback: Callback) -> int:
            if callback.component == "pay":
                came.append(callback)
            return 200

        simulator.callbacks.receive(receive)
        return came
