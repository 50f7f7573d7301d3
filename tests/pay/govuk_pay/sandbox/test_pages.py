"""The card pages: a person and a headless client get through, and no real card number is kept."""

import pytest

from govcomponents.sandbox import payer

from .raw import Raw

REAL_LOOKING = "4012888888881881"
TYPED = {
    "card_number": payer.GOOD_CARD,
    "expiry_month": "12",
    "expiry_year": "2039",
    "cvc": "123",
    "cardholder_name": "Sam Example",
}


def at_the_card_page(**changed):
    world = changed.pop("world", {})
    raw = Raw(**world)
    payment = raw.new(**changed)
    return raw, payment, raw.person.open(payment["_links"]["next_url"]["href"])


def test_the_link_works_once():
    raw = Raw()
    payment = raw.new()
    link = payment["_links"]["next_url"]["href"]
    assert raw.person.open(link).status == 200
    again = raw.person.open(link)
    assert (again.status, "This link does not work" in again.text) == (400, True)
    assert raw.person.open(raw.get(payment["payment_id"])["_links"]["next_url"]["href"]).status == 200
    assert raw.person.open(raw.sandbox.base_url + "/secure/unknown").status == 404
    assert raw.person.open(raw.sandbox.base_url + "/card_details/unknown").status == 404


def test_each_read_of_an_unfinished_payment_makes_a_new_link():
    raw = Raw()
    payment = raw.new()
    links = {raw.get(payment["payment_id"])["_links"]["next_url"]["href"] for _ in range(3)}
    assert len({payment["_links"]["next_url"]["href"], *links}) == 4


def test_the_link_can_be_posted_to():
    raw = Raw()
    link = raw.new()["_links"]["next_url_post"]
    assert link["type"] == "application/x-www-form-urlencoded"
    assert raw.person.open(link["href"], link["params"]).form_with("card_number")


def test_a_person_pays_and_comes_back_with_nothing_added():
    raw = Raw()
    payment = raw.new(return_url="https://service.example.gov.uk/return?id=1")
    page = raw.pay(payment)
    assert (page.left, page.url) == (True, "https://service.example.gov.uk/return?id=1")


def test_the_page_shows_what_is_paid_and_keeps_what_was_given_beforehand():
    details = {
        "cardholder_name": "Wren Ashdown",
        "billing_address": {"line1": "14 Tollgate Row", "postcode": "ZZ1 4XX"},
    }
    _, _, page = at_the_card_page(email="wren@example.com", prefilled_cardholder_details=details)
    assert "£30.00" in page.text
    assert "A thing" in page.text
    values = page.form_with("card_number").values
    assert values["cardholder_name"] == "Wren Ashdown"
    assert values["address_line1"] == "14 Tollgate Row"
    assert values["email"] == "wren@example.com"


def test_the_pages_are_in_welsh_when_asked():
    raw, payment, page = at_the_card_page(language="cy")
    assert 'lang="cy"' in page.text
    assert "Rhowch fanylion y cerdyn" in page.text
    page = raw.person.send(page.form_with("card_number"), **TYPED)
    assert "Cadarnhau eich taliad" in page.text
    page = raw.person.send(page.form_with("cancel"), "cancel")
    assert "wedi'i ganslo" in page.text.replace("&#39;", "'")
    assert raw.state(payment["payment_id"])["code"] == "P0030"


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"card_number": REAL_LOOKING}, "card_number", "This is not a test card"),
        ({"card_number": "4242424242424241"}, "card_number", "Card number is not valid"),
        ({"card_number": ""}, "card_number", "Enter your card number"),
        ({"card_number": "6759649826438453"}, "card_number", "This type of card is not accepted"),
        ({"expiry_month": "13"}, "expiry_month", "Enter an expiry date in the future"),
        ({"expiry_year": "20"}, "expiry_month", "Enter an expiry date in the future"),
        ({"expiry_year": "never"}, "expiry_month", "Enter an expiry date in the future"),
        ({"cvc": "1"}, "cvc", "Enter a security code"),
        ({"cardholder_name": " "}, "cardholder_name", "Enter the name on the card"),
        ({"email": "x" * 255}, "email", "The email address is too long"),
        ({"address_line1": "x" * 256}, "address_line1", "The address is too long"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_beside_its_field(typed, field, told):
    raw, payment, page = at_the_card_page()
    page = raw.person.send(page.form_with("card_number"), **{**TYPED, **typed})
    assert page.status == 400
    assert "There is a problem" in page.text
    assert page.text.count(told) == 2
    assert f'href="#{field}"' in page.text
    assert f'id="{field}-error"' in page.text
    assert raw.state(payment["payment_id"])["status"] == "started"
    assert raw.person.send(page.form_with("card_number"), **{**TYPED, "email": "", "address_line1": ""}).status == 200


def test_a_number_that_may_be_real_is_kept_nowhere(caplog):
    raw, _, page = at_the_card_page()
    with caplog.at_level("DEBUG"):
        page = raw.person.send(page.form_with("card_number"), **{**TYPED, "card_number": REAL_LOOKING})
    held = repr([raw.sandbox.pay.charges(), raw.sandbox.timeline.events(), raw.sandbox.callbacks.deliveries()])
    assert REAL_LOOKING not in page.text + held + caplog.text
    assert REAL_LOOKING[-4:] not in held


def test_the_number_and_the_code_are_never_shown_again():
    raw, _, page = at_the_card_page()
    page = raw.person.send(page.form_with("card_number"), **{**TYPED, "cvc": "99999"})
    assert "99999" not in page.text
    assert f'value="{payer.GOOD_CARD}"' not in page.text


@pytest.mark.parametrize(
    ("card", "status", "code"),
    [
        ("4000000000000002", "failed", "P0010"),
        ("4000000000000069", "failed", "P0010"),
        ("4000000000000127", "failed", "P0010"),
        ("4000000000000119", "error", "P0050"),
        ("4000000000000259", "error", "P0050"),
    ],
)
def test_each_card_that_does_not_pay_ends_the_payment(card, status, code):
    raw = Raw()
    payment = raw.new()
    page = raw.pay(payment, card)
    assert not page.left
    assert 'href="https://service.example.gov.uk/return"' in page.text
    state = raw.state(payment["payment_id"])
    assert (state["status"], state["code"]) == (status, code)


@pytest.mark.parametrize(
    ("card", "brand", "kind"),
    [
        ("4000 0566 5566 5556", "Visa", "debit"),
        ("4000000000000010", "Visa", None),
        ("371449635398431", "American Express", "credit"),
        ("3566002020360505", "Jcb", "credit"),
        ("222100000000000", "Mastercard", "credit"),
    ],
)
def test_each_card_that_pays_shows_as_itself(card, brand, kind):
    details = Raw().paid(card)["card_details"]
    assert (details["card_brand"], details["card_type"]) == (brand, kind)
    assert details["billing_address"]["line1"] == "1 High Street"


def test_a_bank_that_asks_is_answered():
    raw = Raw(payment_provider="stripe")
    payment = raw.new()
    page = payer.enter_card(raw.person, payment["_links"]["next_url"]["href"], "4000002500003155")
    assert "Confirm with your bank" in page.text
    link = raw.get(payment["payment_id"])["_links"]["next_url"]["href"]
    assert raw.person.open(link).url.endswith("/three-d-secure")
    assert raw.person.open(page.url.removesuffix("/three-d-secure")).url.endswith("/three-d-secure")
    page = raw.person.send(page.form_with("answer"), "approve")
    assert raw.person.send(page.form_with("confirm"), "confirm").left
    assert raw.get(payment["payment_id"])["authorisation_summary"] == {"three_d_secure": {"required": True}}


def test_a_bank_that_is_not_convinced_declines():
    raw = Raw(payment_provider="stripe")
    payment = raw.new()
    page = payer.enter_card(raw.person, payment["_links"]["next_url"]["href"], "4000002500003155")
    raw.person.send(page.form_with("answer"), "refuse")
    assert raw.state(payment["payment_id"])["code"] == "P0010"


def test_a_telephone_payment_has_neither_address_nor_confirmation():
    raw, payment, page = at_the_card_page(moto=True)
    assert "address_line1" not in page.form_with("card_number").values
    assert raw.person.send(page.form_with("card_number"), **TYPED).left
    details = raw.get(payment["payment_id"])["card_details"]
    assert details["billing_address"] is None


def test_a_service_may_not_collect_addresses():
    _, _, page = at_the_card_page(world={"collect_billing_address": False})
    assert "address_line1" not in page.form_with("card_number").values


def test_a_person_can_cancel():
    raw = Raw()
    payment = raw.new()
    assert "cancelled" in payer.cancel_payment(raw.person, payment["_links"]["next_url"]["href"]).text
    assert raw.state(payment["payment_id"])["code"] == "P0030"


def test_going_back_and_forth_changes_nothing():
    raw, payment, page = at_the_card_page()
    card_page = page.url
    page = raw.person.send(page.form_with("card_number"), **TYPED)
    assert raw.person.open(card_page).url == page.url
    assert raw.person.open(card_page, TYPED).url == page.url
    assert raw.person.open(card_page + "/three-d-secure").url == page.url
    assert raw.person.open(card_page + "/three-d-secure", {"answer": "approve"}).url == page.url
    assert raw.person.open(raw.get(payment["payment_id"])["_links"]["next_url"]["href"]).url.endswith("/confirm")
    assert raw.person.send(page.form_with("confirm"), "confirm").left
    after = raw.person.open(card_page)
    assert "Your payment was successful" in after.text
    assert raw.person.open(card_page + "/confirm", {"confirm": "confirm"}).text == after.text


def test_nothing_can_be_confirmed_before_there_is_a_card():
    raw, payment, page = at_the_card_page()
    assert raw.person.open(page.url + "/confirm").url == page.url
    assert raw.person.open(page.url + "/confirm", {"confirm": "confirm"}).url == page.url
    assert raw.state(payment["payment_id"])["status"] == "started"


def test_a_link_opened_too_late_says_that_the_session_is_over():
    raw = Raw()
    link = raw.new()["_links"]["next_url"]["href"]
    raw.later(hours=2)
    assert "session has expired" in raw.person.open(link).text


def test_a_surcharge_is_shown_before_it_is_paid():
    raw = Raw(corporate_surcharge=250)
    page = payer.enter_card(raw.person, raw.new()["_links"]["next_url"]["href"], "4988080000000000")
    assert "£2.50" in page.text
    assert "£32.50" in page.text


def test_what_a_service_sends_is_escaped():
    _, _, page = at_the_card_page(description="Fish & chips", world={"name": "<b>Service</b>"})
    assert "<b>Service</b>" not in page.text
    assert "Fish &amp; chips" in page.text


def test_the_oldest_links_are_forgotten(monkeypatch):
    from govcomponents.sandbox.providers.govuk_pay import store

    monkeypatch.setattr(store, "_MOST_TOKENS", 2)
    raw = Raw()
    oldest = raw.new()["_links"]["next_url"]["href"]
    newest = [raw.new()["_links"]["next_url"]["href"] for _ in range(2)]
    assert [raw.person.open(link).status for link in (oldest, *newest)] == [404, 200, 200]


@pytest.mark.parametrize("mode", ["web", "moto_api"])
def test_a_token_is_good_for_its_own_way_of_paying_only(mode):
    raw = Raw()
    if mode == "web":
        token = raw.new()["_links"]["next_url"]["href"].rpartition("/")[2]
        card = {"card_number": "4242424242424242", "cvc": "123", "expiry_date": "12/39", "cardholder_name": "Sam"}
        assert raw("POST", "/v1/auth", {"one_time_token": token, **card})[1]["code"] == "P1211"
    else:
        made = raw.new(authorisation_mode="moto_api", return_url=...)
        token = made["_links"]["auth_url_post"]["params"]["one_time_token"]
        assert raw.person.open(f"{raw.sandbox.base_url}/secure/{token}").status == 404
