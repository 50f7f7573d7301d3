"""The stub by itself: authentication, parameters, objects and lists, seen on the wire."""

import base64

import pytest

from govcomponents.sandbox import payer
from pay.stripe.context import KEY
from pay.stripe.recorded.golden import ANSWERS, needs_golden

from .raw import SESSION, START


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


INVENTED = {"new_part"}  # by those who recorded: a field that is to be passed over
SHOWN_WHEN_EXPANDED = {"refunds"}


def objects(found):
    """Every object that is anywhere in an answer, by its kind."""
    if isinstance(found, dict):
        if isinstance(found.get("object"), str):
            yield found["object"], found
        for part in found.values():
            yield from objects(part)
    elif isinstance(found, list):
        for part in found:
            yield from objects(part)


@needs_golden
def test_objects_have_every_field_that_published_ones_have(raw):
    raw.paid("4000000000000259")
    paid = raw.paid()
    raw.post("/v1/refunds", {"payment_intent": paid["payment_intent"], "amount": 100})
    deep = {"expand[]": "data.payment_intent.latest_charge.balance_transaction"}
    answers = [raw.get("/v1/checkout/sessions", deep), raw.get("/v1/refunds"), raw.get("/v1/disputes")]
    shown = {kind: set(one) for kind, one in objects(answers)}
    assert len(shown) == 7  # lists too
    for kind, published in objects([answer.get("body") for answer in ANSWERS.values()]):
        lacking = set(published) - shown.get(kind, set(published)) - INVENTED - SHOWN_WHEN_EXPANDED
        assert kind == "refund" or not lacking, (kind, lacking)
        assert lacking <= {"failure_reason"}, lacking  # of a refund that failed


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
