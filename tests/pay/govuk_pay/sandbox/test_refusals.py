"""The sandbox refuses as the real one does: status and body are those of the published answers."""

import json

import pytest

from pay.govuk_pay.recorded import golden

from .raw import NEW, Raw

MOTO_API = {**NEW, "authorisation_mode": "moto_api", "return_url": ...}
CHARGE = {**NEW, "authorisation_mode": "agreement", "return_url": ...}
CARD = {
    "one_time_token": "none",
    "card_number": "4242424242424242",
    "cvc": "123",
    "expiry_date": "12/39",
    "cardholder_name": "Sam Example",
}
NOBODY = "z" * 26


def create(body, headers=None, **world):
    """A new payment that is refused."""

    def provoke():
        fields = body if isinstance(body, bytes) else {name: one for name, one in body.items() if one is not ...}
        return Raw(**world)("POST", "/v1/payments", fields, headers)

    return provoke


def changed(world=None, headers=None, **fields):
    return create({**NEW, **fields}, headers, **(world or {}))


def agreement(body, **world):
    return lambda: Raw(**world)("POST", "/v1/agreements", body)


def ask(method, path, body=None):
    return lambda: Raw()(method, path, body)


def refund(body, *, before=0, world=None, card="4242424242424242", paid=True):
    def provoke():
        raw = Raw(**(world or {}))
        payment = raw.paid(card) if paid else raw.new()
        raw.later(seconds=1)
        path = f"/v1/payments/{payment['payment_id']}/refunds"
        if before:
            raw("POST", path, {"amount": before})
        return raw("POST", path, body)

    return provoke


def authorise(times=1, **fields):
    def provoke():
        raw = Raw()
        made = raw("POST", "/v1/payments", {name: one for name, one in MOTO_API.items() if one is not ...})[1]
        token = made["_links"]["auth_url_post"]["params"]["one_time_token"]
        for _ in range(times):
            result = raw("POST", "/v1/auth", {**CARD, "one_time_token": token, **fields})
        return result

    return provoke


def on_payment(action, state=None):
    def provoke():
        raw = Raw()
        payment = raw.new()
        if state:
            state(raw, payment)
        return raw("POST", f"/v1/payments/{payment['payment_id']}/{action}")

    return provoke


def cancelled_agreement():
    raw = Raw()
    identifier = raw.agreement()
    raw("POST", f"/v1/agreements/{identifier}/cancel")
    return raw("POST", f"/v1/agreements/{identifier}/cancel")


def charge_of_inactive_agreement():
    raw = Raw()
    identifier = raw("POST", "/v1/agreements", {"reference": "A-1", "description": "Instalments"})[1]["agreement_id"]
    fields = {name: one for name, one in CHARGE.items() if one is not ...}
    return raw("POST", "/v1/payments", {**fields, "agreement_id": identifier})


def used_key():
    raw = Raw()
    fields = {name: one for name, one in CHARGE.items() if one is not ...} | {"agreement_id": raw.agreement()}
    raw("POST", "/v1/payments", fields, {"Idempotency-Key": "one"})
    return raw("POST", "/v1/payments", {**fields, "amount": 1}, {"Idempotency-Key": "one"})


def past_the_end(path):
    return lambda: Raw()("GET", f"{path}?page=2")


BAD_DATES = (
    "from_date=x&to_date=2026-01-01&from_settled_date=1/1/2026&to_settled_date=2026-99-99&page=0&display_size=501"
)
PROVOKED = {
    "error-authorise-p1211": ask("POST", "/v1/auth", CARD),
    "error-authorise-p1212": authorise(2),
    "error-authorise-p0010": authorise(card_number="4000000000000002"),
    "error-authorise-p0010-2": authorise(card_number="4242424242424241"),
    "error-authorise-p0101-one-time-token": ask("POST", "/v1/auth", {**CARD, "one_time_token": " "}),
    "error-authorise-p0050": authorise(card_number="4000000000000119"),
    "error-cancel-agreement-p2501": cancelled_agreement,
    "error-cancel-agreement-p2500": ask("POST", f"/v1/agreements/{NOBODY}/cancel"),
    "error-cancel-payment-p0501": on_payment("cancel", Raw.pay),
    "error-cancel-payment-p0500": ask("POST", f"/v1/payments/{NOBODY}/cancel"),
    "not-envelope-405-integer-code": ask("GET", f"/v1/payments/{NOBODY}/cancel"),
    "error-capture-payment-p1000": ask("POST", f"/v1/payments/{NOBODY}/capture"),
    "error-capture-payment-p1003": on_payment("capture"),
    "error-create-agreement-p2101-description": agreement({"reference": "A-1"}),
    "error-create-agreement-p2101-reference": agreement({"description": "Instalments"}),
    "error-create-agreement-p2102-reference": agreement({"reference": 1, "description": "Instalments"}),
    "error-create-agreement-p2197": agreement(b"{"),
    "error-create-agreement-p0102-user-identifier": agreement(
        {"reference": "A-1", "description": "x", "user_identifier": "x" * 256}
    ),
    "error-create-agreement-p0942": agreement({"reference": "A-1", "description": "x"}, allow_recurring=False),
    "error-create-payment-p0101-amount": changed(amount=...),
    "error-create-payment-p0101-no-field": changed(return_url=...),
    "error-create-payment-p0101-reference": changed(reference=" "),
    "error-create-payment-p0102-agreement-id": create({**CHARGE, "agreement_id": NOBODY}),
    "error-create-payment-p0102-agreement-id-2": charge_of_inactive_agreement,
    "error-create-payment-p0102-amount-3": changed(amount="3000"),
    "error-create-payment-p0102-line1": changed(prefilled_cardholder_details={"billing_address": {"line1": 1}}),
    "error-create-payment-p0102-reference-2": changed(reference=1),
    "error-create-payment-p0104": create({**MOTO_API, "set_up_agreement": NOBODY}),
    "error-create-payment-p0104-2": changed(agreement_payment_type="recurring"),
    "error-create-payment-p0197": create(b"amount=3000"),
    "error-create-payment-p0940": changed({"configured": False}),
    "error-create-payment-p0941": changed({"disabled": True}),
    "error-create-payment-p0191": used_key,
    "not-envelope-415-integer-code": lambda: Raw()("POST", "/v1/payments", NEW, content_type="text/plain"),
    "error-create-payment-p0102-amount": changed(amount=10_000_001),
    "error-create-payment-p0102-amount-2": changed(amount=-123),
    "error-create-payment-p0102-amount-4": changed({"payment_provider": "stripe"}, amount=29),
    "error-create-payment-p0102-cardholder-name": changed(prefilled_cardholder_details={"cardholder_name": "x" * 256}),
    "error-create-payment-p0102-email": changed(email="x" * 255),
    "error-create-payment-p0102-header": changed(headers={"Idempotency-Key": "x" * 256}),
    "error-create-payment-p0102-header-2": changed(headers={"Idempotency-Key": "a_b"}),
    "error-create-payment-p0102-metadata": changed(metadata="x"),
    "error-create-payment-p0102-metadata-2": changed(metadata=None),
    "error-create-payment-p0102-no-field": changed(return_url="no url"),
    "error-create-payment-p0102-reference": changed(reference="x" * 256),
    "error-create-payment-p0102-set-up-agreement": changed(set_up_agreement="short"),
    "error-create-payment-p0195": create(MOTO_API, allow_authorisation_api=False),
    "error-create-payment-p0196": changed({"allow_moto": False}, moto=True),
    "error-create-payment-p0920-return-url": lambda: Raw(
        key="api_live_only0in0tests", api_keys=[{"key": "api_live_only0in0tests"}]
    )("POST", "/v1/payments", {**NEW, "return_url": "http://service.example.gov.uk/"}),
    "error-create-payment-p0942": changed({"allow_recurring": False}, set_up_agreement=NOBODY),
    "error-create-refund-p0601-amount": refund({}),
    "error-create-refund-p0602-amount-2": refund({"amount": "1"}),
    "error-create-refund-p0603": refund({"amount": 1}, before=3000),
    "error-create-refund-p0603-2": refund({"amount": 1}, paid=False),
    "error-create-refund-p0603-3": refund({"amount": 3001}),
    "error-create-refund-p0603-4": refund({"amount": 1}, card="4000000000000002"),
    "error-create-refund-p0603-5": refund(
        {"amount": 1}, card="4000000000000259", world={"payment_provider": "stripe", "capture_after_seconds": 0}
    ),
    "error-create-refund-p0697": refund(b"["),
    "error-create-refund-p0600": ask("POST", f"/v1/payments/{NOBODY}/refunds", {"amount": 1}),
    "error-create-refund-p0604": refund({"amount": 1, "refund_amount_available": 2999}),
    "error-create-refund-p0602-amount": refund({"amount": 0}),
    "error-get-agreement-p2200": ask("GET", f"/v1/agreements/{NOBODY}"),
    "error-get-payment-p0200": ask("GET", f"/v1/payments/{NOBODY}"),
    "not-envelope-404-integer-code": ask("GET", "/v1/nowhere"),
    "error-get-payment-events-p0300": ask("GET", f"/v1/payments/{NOBODY}/events"),
    "error-get-refund-p0700": ask("GET", f"/v1/payments/{NOBODY}/refunds/{NOBODY}"),
    "error-list-refunds-p0800": ask("GET", f"/v1/payments/{NOBODY}/refunds"),
    "error-search-agreements-p2402": past_the_end("/v1/agreements"),
    "error-search-agreements-p2401": ask("GET", "/v1/agreements?status=ACTIVE"),
    "error-search-disputes-p0402": past_the_end("/v1/disputes"),
    "error-search-disputes-p0401": ask("GET", f"/v1/disputes?{BAD_DATES}&status=x"),
    "error-search-payments-p0402": past_the_end("/v1/payments"),
    "error-search-payments-p0401": ask("GET", "/v1/payments?state=capturable"),
    "error-search-payments-p0401-3": ask("GET", "/v1/payments?display_size=501"),
    "error-search-refunds-p1100": past_the_end("/v1/refunds"),
    "error-search-refunds-p1101": ask("GET", f"/v1/refunds?{BAD_DATES}"),
    "not-envelope-401-text": lambda: Raw(key="api_test_unknown")("GET", f"/v1/payments/{NOBODY}"),
}
ANSWERS = {one["name"]: one for one in golden.answers()}


@pytest.mark.parametrize("name", [name for name in PROVOKED if name.startswith("error-")])
def test_a_refusal_has_the_code_of_its_name(name):
    status, body = PROVOKED[name]()
    assert 400 <= status <= 500
    assert body["code"].lower() in name.split("-")
    assert body["description"]


@golden.needs_golden
@pytest.mark.parametrize("name", PROVOKED)
def test_a_refusal_is_the_published_one(name):
    status, body = PROVOKED[name]()
    published = ANSWERS[name]
    assert status == published["status"]
    if published.get("body") is None:
        assert body == published["text"].encode()
    else:
        assert body == published["body"]


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"amount": True}, 400, "P0102", "amount"),
        ({"amount": 12.0}, 400, "P0102", "amount"),
        ({"amount": 2**31}, 400, "P0102", "amount"),
        ({"amount": -1}, 422, "P0102", "amount"),
        ({"description": "a|b"}, 400, "P0102", "description"),
        ({"return_url": 1}, 400, "P0102", "return_url"),
        ({"return_url": "https://[x"}, 422, "P0102", None),
        ({"moto": None}, 400, "P0102", "moto"),
        ({"delayed_capture": "yes"}, 400, "P0102", "delayed_capture"),
        ({"language": ""}, 400, "P0102", "language"),
        ({"language": "fr"}, 422, "P0102", "language"),
        ({"email": 1}, 400, "P0102", "email"),
        ({"authorisation_mode": "external"}, 422, "P0102", "authorisation_mode"),
        ({"agreement_id": 1}, 400, "P0102", "agreement_id"),
        ({"agreement_id": " "}, 400, "P0101", "agreement_id"),
        ({"agreement_id": NOBODY}, 400, "P0104", None),
        ({"agreement_id": "x" * 27}, 400, "P0104", None),
        ({"agreement_id": "x", "authorisation_mode": "web"}, 400, "P0104", None),
        ({"authorisation_mode": "agreement", "return_url": ...}, 400, "P0101", None),
        (
            {"authorisation_mode": "agreement", "return_url": ..., "agreement_id": NOBODY, "moto": True},
            400,
            "P0104",
            None,
        ),
        ({"set_up_agreement": NOBODY}, 400, "P0102", "agreement_id"),
        ({"prefilled_cardholder_details": {"billing_address": {"postcode": "x" * 26}}}, 422, "P0102", "postcode"),
        ({"prefilled_cardholder_details": {"cardholder_name": 1}}, 400, "P0102", "cardholder_name"),
        ({"metadata": {"a": [], "A": None, "x" * 31: "y" * 101}}, 422, "P0102", "metadata"),
        ({"metadata": {str(number): 1 for number in range(16)}}, 422, "P0102", "metadata"),
    ],
    ids=str,
)
def test_a_wrong_field_is_refused_where_the_real_one_finds_it(fields, status, code, field):
    found, body = changed(**fields)()
    assert (found, body["code"], body.get("field")) == (status, code, field)


def test_a_set_up_agreement_that_is_no_text_is_dropped_in_silence():
    assert "agreement_id" not in Raw().new(set_up_agreement=7)


def test_an_amount_of_nothing_is_refused_with_where_to_read_more():
    told = "Must be greater than or equal to 1. Refer to https://docs.payments.service.gov.uk/making_payments/#amount"
    assert changed(amount=0)()[1]["description"] == f"Invalid attribute value: amount. {told}"


def test_telephone_payments_taken_elsewhere_are_not_enabled():
    assert Raw(key="nobody")("POST", "/v1/payment_notification", {"amount": 1})[0] == 401
    status, body = Raw()("POST", "/v1/payment_notification", {"amount": 1})
    assert (status, body["code"]) == (403, "P0930")


def test_unknown_fields_are_dropped():
    assert "colour" not in Raw().new(colour="green")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"card_number": "123"}, "P0102", "card_number"),
        ({"cvc": "12345"}, "P0102", "cvc"),
        ({"cvc": ""}, "P0102", "cvc"),
        ({"expiry_date": "12/20"}, "P0102", "expiry_date"),
        ({"expiry_date": "13/39"}, "P0102", "expiry_date"),
        ({"cardholder_name": "x" * 256}, "P0102", "cardholder_name"),
        ({"cvc": 123}, "P0101", "cvc"),
    ],
    ids=str,
)
def test_malformed_card_details_leave_the_token_unused(fields, code, field):
    raw = Raw()
    made = raw("POST", "/v1/payments", {name: one for name, one in MOTO_API.items() if one is not ...})[1]
    token = {"one_time_token": made["_links"]["auth_url_post"]["params"]["one_time_token"]}
    status, body = raw("POST", "/v1/auth", {**CARD, **token, **fields})
    assert (status, body["code"], body["field"]) == (422, code, field)
    assert raw("POST", "/v1/auth", {**CARD, **token})[0] == 204
    assert raw.state(made["payment_id"])["status"] == "success"


def test_a_card_that_may_be_real_is_refused_and_not_kept():
    status, body = authorise(card_number="4012888888881881")()
    assert (status, body["code"]) == (402, "P0010")


def test_auth_takes_json_only():
    assert Raw()("POST", "/v1/auth", CARD, content_type="text/plain")[0] == 415


def test_a_revoked_key_is_refused():
    keys = [{"key": "api_test_good"}, {"key": "api_test_gone", "revoked": True}]
    assert Raw(key="api_test_gone", api_keys=keys)("GET", "/v1/payments")[0] == 401
    assert Raw(key="api_test_good", api_keys=keys)("GET", "/v1/payments")[0] == 200


def test_one_service_does_not_see_the_payments_of_another():
    from govcomponents.sandbox.app import Sandbox

    services = [{"name": name, "api_keys": [{"key": f"api_test_{name}"}]} for name in ("one", "two")]
    sandbox = Sandbox({"pay": {"services": services}})
    mine = Raw(sandbox, key="api_test_one").new()
    assert Raw(sandbox, key="api_test_two")("GET", f"/v1/payments/{mine['payment_id']}")[0] == 404


@pytest.mark.parametrize(
    ("available", "status"), [(None, 202), (3000, 202), ("3000", 202), (3000.0, 202), ("x", 412), (True, 412)], ids=str
)
def test_what_is_believed_to_be_left_is_read_as_the_real_one_reads_it(available, status):
    assert refund({"amount": 1, "refund_amount_available": available})()[0] == status


def test_a_refund_above_the_limit_and_on_a_disabled_account_is_refused():
    assert refund({"amount": 10_000_001})()[1]["code"] == "P0602"


def test_an_empty_user_identifier_is_refused():
    status, body = agreement({"reference": "A-1", "description": "x", "user_identifier": ""})()
    assert (status, body["code"], body["field"]) == (422, "P0102", "user_identifier")
    status, body = agreement({"reference": "A-1", "description": "x", "user_identifier": 7})()
    assert (status, body["code"], body["field"]) == (400, "P2102", "user_identifier")


def test_a_disabled_account_refunds_nothing():
    from govcomponents.sandbox.app import Sandbox
    from pay.govuk_pay.context import world

    sandbox = Sandbox(world(disabled=True, payments=[{"reference": "OLD-1", "amount": 100}]))
    payment = sandbox.pay.charges()[0].id
    status, body = Raw(sandbox)("POST", f"/v1/payments/{payment}/refunds", {"amount": 1})
    assert (status, body["code"]) == (403, "P0941")


@pytest.mark.parametrize("field", ["reference", "description", "email"])
def test_half_of_a_surrogate_pair_is_refused_as_no_json_and_nothing_is_kept(field):
    raw = Raw()
    body = json.dumps({**NEW, field: "\ud83d"}).encode()
    assert raw("POST", "/v1/payments", body) == (400, {"code": "P0197", "description": "Unable to parse JSON"})
    assert raw("GET", "/v1/payments")[1]["total"] == 0
