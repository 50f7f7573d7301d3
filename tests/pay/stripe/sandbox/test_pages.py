"""The pages of the Stripe stub: a card, and its bank."""

import pytest

from govcomponents.sandbox import payer


class TestPages:
    def test_a_person_pays_and_comes_back_with_the_id(self, raw):
        session = raw.new()
        page = payer.pay_by_card(raw.browser, session["url"])
        assert page.left
        assert page.url == f"https://permits.example.gov.uk/return?s={session['id']}"
        ended = raw.browser.open(session["url"])
        assert "complete" in ended.text
        assert page.url in ended.text

    @pytest.mark.parametrize(
        ("card", "code"),
        [
            ("4000000000000002", "generic_decline"),
            ("4000 0000 0000 9995", "insufficient_funds"),
            ("4000-0000-0000-0069", "expired_card"),
            ("4000000000000127", "incorrect_cvc"),
            ("4000000000000119", "processing_error"),
        ],
    )
    def test_a_refused_card_shows_the_form_again_and_nothing_typed(self, raw, card, code):
        session = raw.new()
        page = payer.enter_card(raw.browser, session["url"], card)
        assert page.status == 200
        assert "Your card was refused" in page.text
        assert card not in page.text
        found = raw.get(f"/v1/checkout/sessions/{session['id']}", {"expand[0]": "payment_intent"})
        assert found["payment_intent"]["last_payment_error"]["decline_code"] == code
        assert found["status"] == "open"
        again = raw.browser.open(session["url"])
        assert again.status == 200
        assert "There is a problem" in again.text

    def test_a_card_that_is_no_test_card_is_not_taken(self, raw):
        session = raw.new()
        page = payer.enter_card(raw.browser, session["url"], "4929000000006", cardholder_name="")
        assert "not one of Stripe" in page.text
        assert "Enter the name" in page.text
        assert "4929000000006" not in page.text
        form = raw.browser.open(session["url"]).form_with("card_number")
        assert "Enter an email address" in raw.browser.send(form, card_number=payer.GOOD_CARD).text
        assert raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"] is None

    def test_the_bank_may_refuse(self, raw):
        session = raw.new()
        page = payer.enter_card(raw.browser, session["url"], "4000002500003155")
        assert page.url.endswith("/bank")
        assert raw.browser.open(session["url"]).url.endswith("/bank")
        refused = raw.browser.send(page.form_with("answer"), "refuse")
        assert "Your card was refused" in refused.text
        assert payer.pay_by_card(raw.browser, session["url"], "4000002500003155").left
        assert raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_status"] == "paid"

    def test_the_bank_is_asked_only_when_it_asks(self, raw):
        session = raw.new()
        assert raw.browser.open(f"{session['url']}/bank").url == session["url"]
        assert raw.browser.open(f"{session['url']}/bank", {"answer": "approve"}).url == session["url"]
        payer.enter_card(raw.browser, session["url"], payer.DECLINED_CARD)
        assert raw.browser.open(f"{session['url']}/bank", {"answer": "approve"}).url == session["url"]

    def test_an_expired_page_says_so_and_leads_back(self, raw):
        session = raw.new(cancel_url="https://permits.example.gov.uk/back")
        assert "https://permits.example.gov.uk/back" in raw.browser.open(session["url"]).text
        raw.sandbox.clock.advance(86_400)
        page = raw.browser.open(session["url"])
        assert "expired" in page.text
        assert "https://permits.example.gov.uk/back" in page.text

    def test_an_unknown_page_is_not_found(self, raw):
        for path in ("/stripe/c/pay/cs_test_x", "/stripe/elsewhere", "/stripe"):
            assert raw.browser.open(f"{raw.sandbox.base_url}{path}").status == 404

    def test_what_services_write_is_escaped(self, raw):
        session = raw.new(**{"payment_intent_data[description]": "<script>alert(1)</script>"})
        assert "<script>" not in raw.browser.open(session["url"]).text
