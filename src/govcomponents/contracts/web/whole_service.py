"""The base of the contracts of whole services: a service under test on a sandbox, and a person at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from govcomponents.components import GovComponents
from govcomponents.contracts.web.browser import Browser, Reply, WebClient, form_at, path_of
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.sandbox.browser import Form, FormBrowser
from govcomponents.sandbox.payer import pay_by_card
from govcomponents.sandbox.plugins.provider import SignsPeopleIn

if TYPE_CHECKING:
    from govcomponents.pay.models import Payment
    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.callbacks.posting import Callback


@dataclass(frozen=True, slots=True)
class WholeService:
    """A service under test on a sandbox: where its pages are, and by which words they tell that it is paid.

    `start_at` is the page that asks for an identity and offers to pay, and `pay_at` how the address begins to which its
    form is posted: what is paid for is in that address, or in the form. `work` lets the service's worker do all that is
    due, and `let_hours_pass` lets hours go by in its durable layer's store.
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
        for stub in self.where_people_sign_in(whole_service):
            stub.sign_in_as("SAM")
        return whole_service.simulator

    @pytest.fixture
    def browser(self, whole_service: WholeService, simulator: Sandbox) -> Browser:  # noqa: ARG002  # who signs in
        """A person's browser at the service."""
        return Browser(whole_service.client)

    @staticmethod
    def arm(simulator: Sandbox, component: str, fault: str) -> None:
        """Let the provider of a component fail until the faults are cleared; skip a fault that this one has not."""
        spec = next(one.spec for one in simulator.providers if one.spec.component == component)
        if fault not in spec.all_faults():
            pytest.skip(f"{spec.name} has no fault {fault}")
        simulator.control.arm(spec.section, fault, times=999)

    @staticmethod
    def payments(simulator: Sandbox) -> list[Payment]:
        """The payments that the provider holds, whichever it is."""
        transport = InProcessTransport(simulator.handle, simulator.clock.advance)
        with GovComponents.from_settings(simulator.settings(), transport=transport) as gov:
            return list(gov.pay.search())

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

    @staticmethod
    def where_people_sign_in(service: WholeService) -> list[SignsPeopleIn]:
        """Return the stubs of the sandbox at which people sign in, whichever of them the service asks."""
        return [one.stub for one in service.simulator.providers if isinstance(one.stub, SignsPeopleIn)]

    def somebody_else_signs_in(self, service: WholeService, browser: Browser) -> None:
        """Sign another person in, in another tab of the same browser."""
        for stub in self.where_people_sign_in(service):
            stub.sign_in_as("NIA" if "NIA" in stub.people else "ALEX")
        page = f"/gov/sign-in?next={service.start_at}"
        for _ in range(2):  # the page itself asks for a proof of who they are
            sent = browser.get(page).header("location") or ""
            back = browser.get(path_of(FormBrowser(service.simulator.visit).open(sent).url))
            if back.status not in (302, 303):
                pytest.skip("nobody else at this provider can prove who they are")
            page = service.start_at

    def paid(self, service: WholeService, browser: Browser) -> str:
        """Sign a person in and let them pay; return the path at which they come back to the service."""
        self.signed_in(service, browser)
        return self.pays(service, browser, self.pay_form(service, browser))

    @staticmethod
    def pay_form(service: WholeService, browser: Browser) -> Form:
        """Open the page that offers to pay, and return its form."""
        return form_at(service.start_at, browser.get(service.start_at), service.pay_at)

    @staticmethod
    def pays(service: WholeService, browser: Browser, form: Form) -> str:
        """Press the button of the form, and pay; return the path at which the person comes back to the service."""
        url = browser.press(form).header("location") or ""
        return path_of(pay_by_card(FormBrowser(service.simulator.visit), url).url)

    @staticmethod
    def webhooks_of(simulator: Sandbox) -> list[Callback]:
        """Keep what the provider of payments sends from now on: it gets its 200, and the service nothing."""
        came: list[Callback] = []
        names = {"pay", *(one.spec.section for one in simulator.providers if one.spec.component == "pay")}

        def receive(callback: Callback) -> int:
            if callback.component in names:
                came.append(callback)
            return 200

        simulator.callbacks.receive(receive)
        return came
