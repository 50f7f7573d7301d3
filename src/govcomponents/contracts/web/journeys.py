"""The contract of a whole service for what people do: a service's tests subclass `JourneySuite`.

They click twice, go back, come back in another browser or not at all, and the provider's webhook comes before they do.
Whatever they do, there is one payment and one receipt, and nobody else's page tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.contracts.web.whole_service import WholeService, WholeServiceSuite
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.payer import pay_by_card

if TYPE_CHECKING:
    from govcomponents.sandbox.app import Sandbox


class JourneySuite(WholeServiceSuite):
    """The contract of a service that signs people in, takes a payment and sends a receipt, for what people do."""

    @staticmethod
    def recorded_once(service: WholeService) -> None:
        """Check that there is one payment, and one receipt after all the work that is due."""
        service.work()
        service.work()
        assert len(JourneySuite.payments(service.simulator)) == 1
        assert len(service.simulator.messages()) == 1

    def test_two_clicks_on_pay(self, whole_service: WholeService, browser: Browser, simulator: Sandbox) -> None:
        self.signed_in(whole_service, browser)
        form = self.pay_form(whole_service, browser)
        first, second = browser.press(form), browser.press(form)
        self.told(whole_service, second)
        back = path_of(pay_by_card(FormBrowser(simulator.visit), first.header("location") or "").url)
        assert whole_service.paid in browser.get(back).text
        self.recorded_once(whole_service)

    def test_the_back_button_after_paying(self, whole_service: WholeService, browser: Browser) -> None:
        self.signed_in(whole_service, browser)
        kept = self.pay_form(whole_service, browser)
        back = self.pays(whole_service, browser, kept)
        for _ in range(2):
            assert whole_service.paid in browser.get(back).text
            assert browser.get(whole_service.start_at).status in (200, 302, 303)
            assert browser.press(kept).status < 500  # of the page that the browser had kept
        self.recorded_once(whole_service)

    def test_pay_in_one_tab_takes_nothing_for_who_signed_in_in_another(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox
    ) -> None:
        """A form that names what is paid for cannot pay for another: it tells so, and takes nothing."""
        self.signed_in(whole_service, browser)
        first = self.pay_form(whole_service, browser)
        self.somebody_else_signs_in(whole_service, browser)
        second = self.pay_form(whole_service, browser)
        reply = browser.press(first)
        self.told(whole_service, reply)
        assert 400 <= reply.status < 500, f"it went on, to {reply.header('location')}"
        assert self.payments(simulator) == []
        assert whole_service.paid in browser.get(self.pays(whole_service, browser, second)).text
        self.recorded_once(whole_service)

    def test_a_return_without_a_session(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox
    ) -> None:
        back = self.paid(whole_service, browser)
        another = Browser(whole_service.client)
        sent = another.get(back)
        self.told(whole_service, sent)
        way_back = path_of(FormBrowser(simulator.visit).open(sent.header("location") or "").url)
        assert path_of(another.get(way_back).header("location")) == back
        assert whole_service.paid in another.get(back).text
        self.recorded_once(whole_service)

    def test_the_webhook_comes_before_the_person(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox
    ) -> None:
        webhooks = self.webhooks_of(simulator)
        back = self.paid(whole_service, browser)
        simulator.clock.advance(2)
        assert webhooks
        for one in [*webhooks, *webhooks]:  # it may come twice
            assert whole_service.client.send("POST", "/gov/events/pay", dict(one.headers), one.body).status == 200
        whole_service.work()
        assert whole_service.paid in browser.get(back).text
        self.recorded_once(whole_service)

    def test_who_pays_and_goes_away_without_a_webhook(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox
    ) -> None:
        self.webhooks_of(simulator)  # which are lost
        self.paid(whole_service, browser)
        whole_service.let_hours_pass(4)
        self.recorded_once(whole_service)

    def test_who_leaves_the_page_to_pay_on_may_come_back(
        self, whole_service: WholeService, browser: Browser, simulator: Sandbox
    ) -> None:
        self.signed_in(whole_service, browser)
        browser.press(self.pay_form(whole_service, browser))
        simulator.clock.advance(3 * 3600)
        whole_service.let_hours_pass(4)
        whole_service.work()
        self.told(whole_service, browser.get(whole_service.start_at))
        assert simulator.messages() == []
        back = self.pays(whole_service, browser, self.pay_form(whole_service, browser))
        assert whole_service.paid in browser.get(back).text
        whole_service.work()
        assert [one.is_paid for one in self.payments(simulator)].count(True) == 1
        assert len(simulator.messages()) == 1
