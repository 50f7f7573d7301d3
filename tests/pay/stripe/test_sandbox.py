"""The imitated Stripe by itself: what its own rules say, seen on the wire."""

import base64
import json
import threading
from urllib.parse import urlencode

import pytest

from govcomponents import GovComponents
from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox import payer
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.providers.stripe.idempotency import IdempotencyKeys
from govcomponents.sandbox.providers.stripe.validation import Problem

from .ground import KEY, NOW, SECRET, Desk, world

SESSION = {
    "mode": "payment",
    "line_items[0][quantity]": "2",
    "line_items[0][price_data][currency]": "gbp",
    "line_items[0][price_data][unit_amount]": "2125",
    "line_items[0][price_data][product_data][name]": "Permit",
    "success_url": "https://permits.example.gov.uk/return?s={CHECKOUT_SESSION_ID}",
    "client_reference_id": "PERMIT-1",
    "payment_intent_data[metadata][reference]": "PERMIT-1",
}
START = 1772442000  # NOW


class Raw:
    """The imitated API as a plain HTTP client sees it."""

    def __init__(self, state=None, **changed):
        self.sandbox = Sandbox(world(**changed), now=NOW, state=state)
        self.browser = FormBrowser(self.sandbox.visit)

    def call(self, method, path, form=None, *, key=KEY, headers=None):
        url = f"{self.sandbox.base_url}/stripe{path}"
        body = None
        if form is not None:
            if method == "GET":
                url += "?" + urlencode(form)
            else:
                body = urlencode(form).encode()
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        answer = self.sandbox.handle(Request("raw", method, url, Replay.UNSENT, sent, body))
        return answer, json.loads(answer.body)

    def get(self, path, form=None):
        return self.call("GET", path, form)[1]

    def post(self, path, form=None, **options):
        return self.call("POST", path, form or {}, **options)[1]

    def new(self, **changed):
        return self.post("/v1/checkout/sessions", {**SESSION, **changed})

    def paid(self, card=payer.GOOD_CARD, **changed):
        session = self.new(**changed)
        payer.pay_by_card(self.browser, session["url"], card)
        return self.get(f"/v1/checkout/sessions/{session['id']}")


@pytest.fixture
def raw():
    return Raw()


def test_a_new_session_is_open_and_has_no_intent(raw):
    session = raw.new()
    assert (session["status"], session["payment_status"], session["payment_intent"]) == ("open", "unpaid", None)
    assert (session["amount_total"], session["currency"]) == (4250, "gbp")
    assert session["expires_at"] == session["created"] + 86_400
    assert session["id"].startswith("cs_test_")
    assert len(session["id"]) <= 66
    assert session["url"].startswith("https://sandbox.example.gov.uk/stripe/c/pay/cs_test_")


def test_every_answer_has_a_request_id(raw):
    ids = {raw.call("GET", path)[0].header("request-id") for path in ("/v1/refunds", "/v1/refunds/re_1", "/v1/nothing")}
    assert len(ids) == 3
    assert all(found.startswith("req_") for found in ids)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer sk_test_wrong", "Basic !!!", "Basic /w==", "Digest x", f"Token {KEY}"]
)
def test_without_the_key_nothing_is_told(raw, authorization):
    answer, body = raw.call("GET", "/v1/refunds", headers={"Authorization": authorization})
    assert (answer.status, body["error"]["type"]) == (401, "invalid_request_error")


def test_the_key_may_be_a_user_name(raw):
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    assert raw.call("GET", "/v1/refunds", headers={"Authorization": f"Basic {basic}"})[0].status == 200


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"mode": None}, "parameter_missing", "mode"),
        ({"mode": "setup"}, None, "mode"),
        ({"mode": ""}, "parameter_invalid_empty", "mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "ftp://a"}, "url_invalid", "success_url"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"customer_email": ""}, "parameter_invalid_empty", "customer_email"),
        ({"reference": "R-1"}, "parameter_unknown", "reference"),
        ({"payment_intent_data[x]": "1"}, "parameter_unknown", "payment_intent_data[x]"),
        (
            {"line_items[0][price_data][unit_amount]": "29", "line_items[0][quantity]": "1"},
            "amount_too_small",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items[0][price_data][unit_amount]": "99999999"},
            "amount_too_large",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items[0][price_data][unit_amount]": "1.5"},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"line_items[0][price_data][currency]": "pounds"}, None, "line_items[0][price_data][currency]"),
        ({"line_items[0][quantity]": None}, "parameter_missing", "line_items[0][quantity]"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"client_reference_id[a]": "x", "client_reference_id": None}, None, "client_reference_id"),
        ({"metadata": "x"}, None, "metadata"),
        ({f"metadata[{'x' * 41}]": "x"}, None, f"metadata[{'x' * 40}]"),
        ({f"metadata[n{number}]": "x" for number in range(51)}, None, "metadata"),
        ({"expires_at": str(START + 1799)}, None, "expires_at"),
        ({"expires_at": str(START + 86_401)}, None, "expires_at"),
        ({"payment_intent_data[capture_method]": "later"}, None, "payment_intent_data[capture_method]"),
        ({"expand[0]": "customer.default_source"}, None, "expand"),
        ({"expand[0]": "a.b.c.d.e"}, None, "expand"),
        ({"a]b": "x"}, None, ""),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_by_its_name(raw, change, code, param):
    form = {name: value for name, value in {**SESSION, **change}.items() if value is not None}
    answer, body = raw.call("POST", "/v1/checkout/sessions", form)
    assert answer.status == 400
    assert (body["error"].get("code"), body["error"]["param"]) == (code, param)
    if "expand" not in param:
        assert raw.sandbox.stripe.sessions() == []


def test_no_items_are_a_missing_parameter(raw):
    form = {name: value for name, value in SESSION.items() if not name.startswith("line_items")}
    assert raw.post("/v1/checkout/sessions", form)["error"]["param"] == "line_items"


class TestKeys:
    def test_a_key_gives_the_first_answer_again(self, raw):
        first, body = raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
        payer.pay_by_card(raw.browser, body["url"])
        again, replayed = raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
        assert replayed == body
        assert again.header("idempotent-replayed") == "true"
        assert first.header("idempotent-replayed") is None
        assert len(raw.sandbox.stripe.sessions()) == 1

    def test_other_parameters_are_refused(self, raw):
        raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
        changed = {**SESSION, "line_items[0][quantity]": "3"}
        for path, form in (("/v1/checkout/sessions", changed), ("/v1/refunds", SESSION)):
            answer, body = raw.call("POST", path, form, headers={"Idempotency-Key": "k-1"})
            assert (answer.status, body["error"]["type"]) == (400, "idempotency_error")

    def test_what_failed_before_anything_began_is_not_kept(self, raw):
        wrong = {**SESSION, "mode": "setup"}
        assert raw.call("POST", "/v1/checkout/sessions", wrong, headers={"Idempotency-Key": "k-1"})[0].status == 400
        assert raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})[0].status == 200

    def test_a_refusal_of_the_state_is_kept(self, raw):
        session = raw.new(**{"payment_intent_data[capture_method]": "manual"})
        payer.pay_by_card(raw.browser, session["url"])
        intent = raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
        refund = {"payment_intent": intent}
        assert raw.call("POST", "/v1/refunds", refund, headers={"Idempotency-Key": "k-1"})[0].status == 400
        raw.post(f"/v1/payment_intents/{intent}/capture")
        again = raw.call("POST", "/v1/refunds", refund, headers={"Idempotency-Key": "k-1"})[0]
        assert (again.status, again.header("idempotent-replayed")) == (400, "true")

    def test_keys_are_forgotten_after_a_day(self, raw):
        raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
        raw.sandbox.clock.advance(86_401)
        raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
        assert len(raw.sandbox.stripe.sessions()) == 2

    def test_a_key_has_at_most_255_characters(self, raw):
        answer, _ = raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k" * 256})
        assert answer.status == 400

    def test_a_key_in_use_is_a_conflict(self):
        keys = IdempotencyKeys(lambda: 0.0)

        def act():
            with pytest.raises(Problem) as caught:
                keys.run("k", "same", lambda: None)
            assert (caught.value.status, caught.value.code) == (409, "idempotency_key_in_use")
            raise LookupError

        with pytest.raises(LookupError):
            keys.run("k", "same", act)
        assert keys.run("k", "other", lambda: ("answer", False)) == "answer"

    def test_fifty_at_once_make_one(self, raw):
        statuses = []

        def create():
            answer, _ = raw.call("POST", "/v1/checkout/sessions", SESSION, headers={"Idempotency-Key": "k-1"})
            statuses.append(answer.status)

        threads = [threading.Thread(target=create) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 409}
        assert len(raw.sandbox.stripe.sessions()) == 1


def test_metadata_is_merged_by_name(raw):
    session = raw.new(**{"metadata[a]": "1", "metadata[b]": "2"})
    path = f"/v1/checkout/sessions/{session['id']}"
    changed = raw.post(path, {"metadata[a]": "", "metadata[c]": "3", "metadata[d]": ""})
    assert changed["metadata"] == {"b": "2", "c": "3"}


def test_a_session_is_expired_once_and_only_while_open(raw):
    session = raw.new()
    path = f"/v1/checkout/sessions/{session['id']}/expire"
    assert raw.post(path)["status"] == "expired"
    assert raw.call("POST", path, {})[0].status == 400
    assert raw.get(f"/v1/checkout/sessions/{session['id']}")["url"] is None


def test_time_expires_a_session_and_cancels_what_was_tried(raw):
    session = raw.new(expires_at=str(START + 1800))
    payer.enter_card(raw.browser, session["url"], payer.DECLINED_CARD)
    raw.sandbox.clock.advance(1800)
    expired = raw.get(f"/v1/checkout/sessions/{session['id']}", {"expand[0]": "payment_intent"})
    assert expired["status"] == "expired"
    assert (expired["payment_intent"]["status"], expired["payment_intent"]["cancellation_reason"]) == (
        "canceled",
        "automatic",
    )


def test_ids_become_objects_where_asked(raw):
    session = raw.paid()
    deep = raw.get(
        f"/v1/checkout/sessions/{session['id']}", {"expand[]": "payment_intent.latest_charge.balance_transaction"}
    )
    charge = deep["payment_intent"]["latest_charge"]
    assert (charge["captured"], charge["balance_transaction"]["fee"]) == (True, 83)
    listed = raw.get("/v1/checkout/sessions", {"expand[0]": "data.payment_intent", "expand[1]": "data"})
    assert listed["data"][0]["payment_intent"]["status"] == "succeeded"


def test_lists_go_by_cursor_newest_first(raw):
    ids = [raw.new()["id"] for _ in range(5)][::-1]

    def page(**form):
        found = raw.get("/v1/checkout/sessions", form)
        return [item["id"] for item in found["data"]], found["has_more"]

    assert page(limit=2) == (ids[:2], True)
    assert page(limit=2, starting_after=ids[1]) == (ids[2:4], True)
    assert page(limit=2, starting_after=ids[3]) == (ids[4:], False)
    assert page(limit=2, ending_before=ids[3]) == (ids[1:3], True)
    assert page(status="complete") == ([], False)
    for wrong in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"starting_after": "cs_x"}, {"page": "2"}):
        assert raw.call("GET", "/v1/checkout/sessions", wrong)[0].status in (400, 404)


def test_lists_go_by_time(raw):
    first = raw.new()
    raw.sandbox.clock.advance(10)
    second = raw.new()

    def found(**limits):
        form = {f"created[{name}]": value for name, value in limits.items()}
        return [item["id"] for item in raw.get("/v1/checkout/sessions", form)["data"]]

    assert found(gt=START) == found(gte=START + 1) == [second["id"]]
    assert found(lt=START + 10) == found(lte=START) == [first["id"]]


def test_what_is_there_can_be_read_by_its_id(raw):
    session = raw.paid("4000000000000259")
    intent = session["payment_intent"]
    dispute = raw.get("/v1/disputes", {"payment_intent": intent})["data"][0]
    assert raw.get(f"/v1/disputes/{dispute['id']}") == dispute
    assert [item["id"] for item in raw.get("/v1/payment_intents")["data"]] == [intent]
    assert raw.get("/v1/checkout/sessions", {"payment_intent": intent})["data"][0]["id"] == session["id"]
    for path in ("checkout/sessions/x", "payment_intents/x", "refunds/x", "disputes/x"):
        answer, body = raw.call("GET", f"/v1/{path}")
        assert (answer.status, body["error"]["code"]) == (404, "resource_missing")
    assert raw.call("DELETE", f"/v1/disputes/{dispute['id']}")[0].status == 404
    raw.sandbox.stripe.close_dispute(dispute["id"], won=True)
    assert raw.get(f"/v1/disputes/{dispute['id']}")["status"] == "won"


class TestMoney:
    def test_no_more_is_refunded_than_is_left(self, raw):
        intent = raw.paid()["payment_intent"]
        assert raw.post("/v1/refunds", {"payment_intent": intent, "amount": "4000"})["status"] == "succeeded"
        answer, body = raw.call("POST", "/v1/refunds", {"payment_intent": intent, "amount": "251"})
        assert (answer.status, body["error"]["param"]) == (400, "amount")
        charge = raw.get(f"/v1/payment_intents/{intent}")["latest_charge"]
        assert raw.post("/v1/refunds", {"charge": charge})["amount"] == 250
        assert raw.post("/v1/refunds", {"charge": charge})["error"]["code"] == "charge_already_refunded"
        assert len(raw.get("/v1/refunds", {"charge": charge})["data"]) == 2

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({}, 400),
            ({"charge": "ch_x"}, 404),
            ({"payment_intent": "pi_x"}, 404),
            ({"amount": "x"}, 400),
            ({"amount": "0"}, 400),
            ({"other": "x"}, 400),
        ],
    )
    def test_a_wrong_refund_is_refused(self, raw, form, status):
        intent = raw.paid()["payment_intent"]
        if "amount" in form or "other" in form:
            form = {**form, "payment_intent": intent}
        assert raw.call("POST", "/v1/refunds", form)[0].status == status
        assert raw.sandbox.stripe.refunds() == []

    def test_what_nobody_tried_has_no_charge(self, raw):
        session = raw.new()
        page = raw.browser.open(session["url"])
        raw.browser.send(
            page.form_with("card_number"), card_number="4000002760003184", cardholder_name="S", email="s@example.com"
        )
        intent = raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
        assert raw.call("POST", "/v1/refunds", {"payment_intent": intent})[0].status == 400

    def test_held_money_is_captured_whole(self, raw):
        session = raw.paid(**{"payment_intent_data[capture_method]": "manual"})
        path = f"/v1/payment_intents/{session['payment_intent']}"
        assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
        assert raw.post(f"{path}/capture", {"amount_to_capture": "4251"})["error"]["code"] == "amount_too_large"
        assert raw.call("POST", f"{path}/capture", {"amount_to_capture": "4249"})[0].status == 400
        assert raw.post(f"{path}/capture", {"amount_to_capture": "4250"})["status"] == "succeeded"
        for verb in ("capture", "cancel"):
            assert raw.post(f"{path}/{verb}")["error"]["code"] == "payment_intent_unexpected_state"

    def test_an_intent_is_cancelled_only_while_money_is_held(self, raw):
        tried = raw.new()
        payer.enter_card(raw.browser, tried["url"], payer.DECLINED_CARD)
        intent = raw.get(f"/v1/checkout/sessions/{tried['id']}")["payment_intent"]
        assert raw.call("POST", f"/v1/payment_intents/{intent}/cancel", {})[0].status == 400
        held = raw.paid(**{"payment_intent_data[capture_method]": "manual"})
        path = f"/v1/payment_intents/{held['payment_intent']}/cancel"
        assert raw.post(path, {"cancellation_reason": "duplicate"})["cancellation_reason"] == "duplicate"


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
        assert page.status == 400
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


class TestEvents:
    def kinds(self, raw):
        return [json.loads(body)["type"] for body, _ in raw.sandbox.stripe.messages()]

    def test_each_thing_that_happens_is_told(self, raw):
        session = raw.new()
        payer.enter_card(raw.browser, session["url"], payer.DECLINED_CARD)
        payer.pay_by_card(raw.browser, session["url"], "4000000000005126")
        intent = raw.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
        raw.post("/v1/refunds", {"payment_intent": intent})
        raw.sandbox.clock.advance(2 * 86_400)
        assert self.kinds(raw) == [
            "payment_intent.created",
            "payment_intent.payment_failed",
            "payment_intent.succeeded",
            "checkout.session.completed",
            "refund.created",
            "refund.failed",
        ]

    def test_events_are_delivered_signed_by_the_moment(self, raw):
        received = []

        def receive(callback):
            received.append(callback)
            return 500 if len(received) == 1 else 200

        raw.sandbox.callbacks.receive(receive)
        raw.new()
        raw.sandbox.clock.advance(86_400)
        raw.sandbox.clock.advance(600)
        raw.sandbox.callbacks.deliver_due()
        assert [callback.kind for callback in received] == ["checkout.session.expired"] * 2
        assert received[0].body == received[1].body
        assert received[0].headers["Stripe-Signature"] != received[1].headers["Stripe-Signature"]
        assert received[0].reference == "PERMIT-1"

    def test_an_endpoint_gets_what_it_asked_for(self):
        endpoint = {"url": "https://a.example.com/hook", "secret": SECRET, "events": ["checkout.session.completed"]}
        raw = Raw(webhooks=[endpoint])
        raw.paid()
        assert len(raw.sandbox.callbacks.deliveries()) == 1
        assert len(self.kinds(raw)) == 3

    def test_without_an_endpoint_nothing_is_delivered(self):
        raw = Raw(webhooks=[])
        raw.paid()
        assert raw.sandbox.callbacks.deliveries() == []
        with pytest.raises(LookupError):
            raw.sandbox.stripe.messages()


class TestWorlds:
    def test_an_empty_section_is_enough(self):
        with GovComponents.sandbox({"stripe": {"$comment": "all by default"}}) as gov:
            assert list(gov.pay.search()) == []
            assert gov.simulator.visit("https://sandbox.example.gov.uk/").body.count(b"Stripe")

    def test_both_providers_are_there_at_once(self):
        from govcomponents.sandbox.world import default_world

        sandbox = Sandbox({**default_world(), **world()})
        with_key = {"Authorization": f"Bearer {KEY}"}
        url = f"{sandbox.base_url}/stripe/v1/refunds"
        assert sandbox.handle(Request("raw", "GET", url, Replay.ALWAYS, with_key)).status == 200
        assert sandbox.settings().pay.adapter == "govuk_pay"

    def test_it_is_absent_from_the_default_world(self):
        sandbox = Sandbox()
        with pytest.raises(ConfigurationError, match="no Stripe"):
            _ = sandbox.stripe
        answer = sandbox.respond(Call("GET", "/stripe/v1/refunds", "", {}, b"", sandbox.base_url))
        assert answer.status == 404

    @pytest.mark.parametrize(
        ("section", "place"),
        [
            ({"secret_key": "api_test_a"}, "stripe.secret_key"),
            ({"webhooks": [{"url": "x", "secret": SECRET}]}, "stripe.webhooks.0.url"),
            ({"webhooks": [{"url": "https://a.example.com", "secret": "x"}]}, "stripe.webhooks.0.secret"),
            ({"hold_days": 0}, "stripe.hold_days"),
            ({"webhooks": ["https://a.example.com"]}, "stripe.webhooks.0"),
            ({"keys": []}, "stripe.keys"),
        ],
    )
    def test_a_wrong_world_is_told_by_its_place(self, section, place):
        with pytest.raises(ConfigurationError, match=place.replace(".", r"\.")):
            Sandbox({"stripe": section})

    def test_a_live_key_makes_live_objects(self):
        raw = Raw(secret_key="sk_live_a")
        answer, body = raw.call("POST", "/v1/checkout/sessions", SESSION, key="sk_live_a")
        assert (answer.status, body["livemode"]) == (200, True)
        assert body["id"].startswith("cs_live_")

    def test_the_same_seed_gives_the_same_ids(self):
        assert Raw().new()["id"] == Raw().new()["id"]


class TestSafety:
    def test_a_world_with_what_may_be_a_real_key_is_refused(self):
        with pytest.raises(ConfigurationError, match=r"stripe\.secret_key") as caught:
            Sandbox(world(secret_key="sk_live_" + "a1B2" * 6))
        assert "a1B2" not in str(caught.value)

    @pytest.mark.parametrize(("card", "is_kept"), [("5555 5555 5555 4444", True), ("4929 0000 0000 6", False)])
    def test_what_happened_is_kept_over_a_restart_but_no_real_card(self, tmp_path, card, is_kept):
        state = tmp_path / "state.sqlite"
        raw = Raw(state=state)
        session = raw.new()
        payer.enter_card(raw.browser, session["url"], card)
        before = raw.get(f"/v1/checkout/sessions/{session['id']}")
        size = state.stat().st_size
        for _ in range(200):
            raw.get(f"/v1/checkout/sessions/{session['id']}")
        assert state.stat().st_size == size  # what only reads is not kept
        raw.sandbox.close()
        kept = b'"method": "POST", "path": "/stripe/c/pay/'
        assert (kept in state.read_bytes()) is is_kept
        again = Raw(state=state)
        assert again.get(f"/v1/checkout/sessions/{session['id']}") == before
        assert before["payment_status"] == ("paid" if is_kept else "unpaid")
        again.sandbox.close()


def test_only_what_is_paid_can_be_disputed():
    desk = Desk()
    with pytest.raises(LookupError):
        desk.stripe.open_dispute(desk.new().id)


def test_it_is_quick_enough_for_fifty_threads():
    desk = Desk()
    payments = []
    threads = [threading.Thread(target=lambda: payments.append(desk.paid())) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({payment.id for payment in payments if payment.is_captured}) == 50
