"""The contract of a whole service while a provider is down: a service's tests subclass `OutageSuite`.

At each step, from signing in to the webhook, the person sees a page that says what is known: never a traceback, and
never that they paid when nobody knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.contracts.web.whole_service import WholeService, WholeServiceSuite

if TYPE_CHECKING:
    from govcomponents.sandbox.app import Sandbox

DOWN: Final = ("unavailable", "time_out_before_acceptance", "time_out_after_acceptance", "malformed_response")
"""How providers fail, by the names of the sandbox's faults."""


class OutageSuite(WholeServiceSuite):
    """The contract of a service that signs people in, takes a payment and sends a receipt, while a provider is down."""

    @pytest.mark.parametrize("fault", DOWN)
    def test_at_the_sign_in(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        self.arm(simulator, "identity", fault)
        self.told(whole_service, browser.get(whole_service.start_at))
        simulator.control.clear_faults()
        simulator.clock.advance(60)  # a provider that was down is not asked again at once
        self.signed_in(whole_service, browser)
        assert browser.get(whole_service.start_at).status == 200

    @pytest.mark.parametrize("fault", DOWN)
    def test_at_the_way_back_from_signing_in(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        back = self.way_back(whole_service, browser)
        self.arm(simulator, "identity", fault)
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
        form = self.pay_form(whole_service, browser)
        self.arm(simulator, "pay", fault)
        for _ in range(2):  # they try again
            reply = browser.press(form)
            self.told(whole_service, reply)
            place = reply.header("location")
            self.told(whole_service, reply if place is None else browser.get(path_of(place)))
        whole_service.work()
        assert simulator.messages() == []
        simulator.control.clear_faults()
        assert len(self.payments(simulator)) <= 1
        self.told(whole_service, browser.get(whole_service.start_at))

    @pytest.mark.parametrize("fault", [*DOWN, "rate_limited", "outage_not_found", "key_revoked"])
    def test_at_the_return_from_paying(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox, fault: str
    ) -> None:
        back = self.paid(whole_service, browser)
        self.arm(simulator, "pay", fault)
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
        webhooks = self.webhooks_of(simulator)
        back = self.paid(whole_service, browser)
        simulator.clock.advance(2)
        self.arm(simulator, "pay", fault)
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
        self.arm(simulator, "notify", fault)
        for _ in range(2):
            assert whole_service.paid in browser.get(back).text  # it is known, and the receipt waits
            whole_service.work()
        assert len(simulator.messages()) <= 1
