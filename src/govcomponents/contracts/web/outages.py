"""The contract of a whole service while a provider is down: a service's tests subclass `OutageSuite`.

At each step, from signing in to the webhook, the person sees a page that says what is known: never a traceback, and
never that they paid when nobody knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.contracts.web.browser import Browser, Reply, WebClient, path_of
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.payer import pay_by_card

if TYPE_CHECKING:
    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.callbacks.posting import Callback

DOWN: Final = ("unavailable", "time_out_before_acceptance", "time_out_after_acceptance", "malformed_response")
"""How providers fail, by the names of the sandbox's faults."""


@dataclass(frozen=True, slots=True)
class WholeService:
    """A service under test on a sandbox: where its pages are, and by which words they tell that it is paid.

    `start_at` is the page that asks for an identity and offers to pay, `pay_at` where its form is posted. `work` lets
    the service's worker do all that is due.
    """

    simulator: Sandbox
    client: WebClient
    start_at: str
    pay_at: str
    paid: str
    work: Callable[[], object]


class OutageSuite:
    """The contract of a service that signs people in, takes a payment and sends a receipt, while a provider is down.

    A subclass has a fixture `whole_service` that makes the service on the components of a sandbox whose world has
    webhooks, with the shell's routes below /gov.
    """

    @pytest.fixture
    def simulator(self, whole_service: WholeService) -> Sandbox:
        """The sandbox, where somebody signs in whoever is asked."""
        whole_service.simulator.one_login.sign_in_as("SAM")
        return whole_service.simulator

    @pytest.fixture
    def browser(self, whole_service: WholeService) -> Browser:
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

    @pytest.mark.parametrize("fault", DOWN)
    def test_at_the_sign_in(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        simulator.control.arm("one_login", fault, times=99)
        self.told(whole_service, browser.get(whole_service.start_at))
        simulator.control.clear_faults()
        self.signed_in(whole_service, browser)
        assert browser.get(whole_service.start_at).status == 200

    @pytest.mark.parametrize("fault", DOWN)
    def test_at_the_way_back_from_signing_in(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        back = self.way_back(whole_service, browser)
        simulator.control.arm("one_login", fault, times=99)
        reply = browser.get(back)
        self.told(whole_service, reply)
        assert reply.status >= 400
        simulator.control.clear_faults()
        self.signed_in(whole_service, browser)
        assert browser.get(whole_service.start_at).status == 200

    @pytest.mark.parametrize("fault", [*DOWN, "rate_limited", "outage_not_found", "key_revoked"])
    def test_at_the_form_to_pay(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        self.signed_in(whole_service, browser)
        assert browser.get(whole_service.start_at).status == 200
        simulator.control.arm("pay", fault, times=999)
        for _ in range(2):  # they try again
            reply = browser.post(whole_service.pay_at)
            self.told(whole_service, reply)
            place = reply.header("location")
            self.told(whole_service, reply if place is None else browser.get(path_of(place)))
        whole_service.work()
        assert simulator.messages() == []
        assert len(simulator.pay.charges()) <= 1
        simulator.control.clear_faults()
        self.told(whole_service, browser.get(whole_service.start_at))

    @pytest.mark.parametrize("fault", [*DOWN, "rate_limited", "outage_not_found", "key_revoked"])
    def test_at_the_return_from_paying(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        back = self.paid(whole_service, browser)
        simulator.control.arm("pay", fault, times=999)
        reply = browser.get(back)
        self.told(whole_service, reply)
        assert reply.status >= 400
        whole_service.work()
        assert simulator.messages() == []
        simulator.control.clear_faults()
        for _ in range(2):
            assert whole_service.paid in browser.get(back).text
            whole_service.work()
        assert len(simulator.messages()) == 1

    @pytest.mark.parametrize("fault", DOWN)
    def test_when_the_webhook_comes(
        self,
        whole_service: WholeService,
        browser: Browser,
        simulator: Sandbox,
        fault: str,
    ) -> None:
        came: list[Callback] = []

        def receive(callback: Callback) -> int:
            came.append(callback)
            return 200

        simulator.callbacks.receive(receive)
        back = self.paid(whole_service, browser)
        simulator.clock.advance(2)
        simulator.control.arm("pay", fault, times=999)
        webhooks = [one for one in came if one.component == "pay"]
        assert webhooks
        for one in webhooks:
            answer = whole_service.client.send("POST", "/gov/events/pay", dict(one.headers), one.body)
            assert answer.status in (200, 503), answer.text  # 503 makes the provider come again
        whole_service.work()
        assert simulator.messages() == []
        simulator.control.clear_faults()
        assert whole_service.paid in browser.get(back).text
        whole_service.work()
        assert len(simulator.messages()) == 1

    @pytest.mark.parametrize("fault", ["unavailable", "time_out_after_acceptance", "key_revoked"])
    def test_while_the_receipt_cannot_be_sent(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        back = self.paid(whole_service, browser)
        simulator.control.arm("notify", fault, times=999)
        for _ in range(2):
            assert whole_service.paid in browser.get(back).text  # it is known, and the receipt waits
            whole_service.work()
        assert len(simulator.messages()) <= 1
