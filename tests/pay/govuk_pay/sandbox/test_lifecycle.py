"""The payments of the stub live by the sandbox's clock as the real ones do."""

from itertools import pairwise

import pytest

from govcomponents.sandbox.app import Sandbox
from pay.govuk_pay.context import bodies, world

from .raw import NEW, Raw

MINUTES_90 = {"seconds": 5401}


def test_an_unfinished_payment_expires_after_90_minutes():
    raw = Raw()
    payment = raw.new()
    raw.later(seconds=5399)
    assert raw.state(payment["payment_id"])["status"] == "created"
    raw.later(seconds=2)
    state = raw.state(payment["payment_id"])
    assert (state["status"], state["code"], state["finished"]) == ("failed", "P0020", True)
    assert "next_url" not in raw.get(payment["payment_id"])["_links"]


def test_a_payment_that_was_just_touched_does_not_expire_yet():
    raw = Raw()
    payment = raw.new()
    link = raw.get(payment["payment_id"])["_links"]["next_url"]["href"]
    raw.later(seconds=5300)
    raw.person.open(link)
    raw.later(seconds=200)
    assert raw.state(payment["payment_id"])["status"] == "started"
    raw.later(seconds=101)
    assert raw.state(payment["payment_id"])["status"] == "failed"


def test_held_money_is_released_five_days_after_creation():
    raw = Raw()
    payment = raw.paid(delayed_capture=True)
    raw.later(days=4, hours=23)
    assert raw.state(payment["payment_id"])["status"] == "capturable"
    raw.later(hours=2)
    assert raw.state(payment["payment_id"])["code"] == "P0020"


def test_the_sandbox_provider_takes_the_money_at_once_and_others_later():
    assert "captured_date" in Raw().paid()["settlement_summary"]
    raw = Raw(payment_provider="stripe")
    payment = raw.paid()
    assert payment["refund_summary"]["status"] == "pending"
    assert list(payment["settlement_summary"]) == ["capture_submit_time"]
    assert "fee" not in payment
    raw.later(hours=1)
    payment = raw.get(payment["payment_id"])
    assert payment["refund_summary"]["status"] == "available"
    assert (payment["fee"], payment["net_amount"]) == (65, 2935)


def test_a_stripe_payment_is_settled_two_working_days_later_in_searches_only():
    sandbox = Sandbox(world(payment_provider="stripe"), now="2026-03-06T10:00:00Z")  # a Friday
    raw = Raw(sandbox)
    payment = raw.paid()
    raw.later(days=3)
    assert "settled_date" not in raw("GET", "/v1/payments")[1]["results"][0]["settlement_summary"]
    raw.later(days=1)
    assert raw("GET", "/v1/payments")[1]["results"][0]["settlement_summary"]["settled_date"] == "2026-03-10"
    assert "settled_date" not in raw.get(payment["payment_id"])["settlement_summary"]
    for query, found in (
        ("from_settled_date=2026-03-10&to_settled_date=2026-03-10", 1),
        ("from_settled_date=2026-03-11", 0),
        ("to_settled_date=2026-03-09", 0),
    ):
        assert raw("GET", f"/v1/payments?{query}")[1]["total"] == found


def test_a_failed_stripe_payment_can_cost_a_fee():
    payment = Raw(payment_provider="stripe").paid("4000000000000002")
    assert payment["net_amount"] == -payment["fee"]


def test_a_corporate_card_costs_a_surcharge_which_is_refundable():
    payment = Raw(corporate_surcharge=250).paid("4988080000000000")
    assert (payment["corporate_card_surcharge"], payment["total_amount"]) == (250, 3250)
    assert payment["refund_summary"]["amount_available"] == 3250


def test_a_refund_is_submitted_first_where_the_provider_takes_its_time():
    raw = Raw(payment_provider="stripe")
    payment = raw.paid()["payment_id"]
    raw.later(hours=1)
    refund = raw("POST", f"/v1/payments/{payment}/refunds", {"amount": 100})[1]
    assert refund["status"] == "submitted"
    raw.later(hours=1)
    path = f"/v1/payments/{payment}/refunds/{refund['refund_id']}"
    assert raw("GET", path)[1]["status"] == "success"
    raw.later(days=7)
    assert raw("GET", path)[1]["settlement_summary"] == {}
    assert "settled_date" in raw("GET", "/v1/refunds")[1]["results"][0]["settlement_summary"]


def test_a_refund_that_the_provider_fails_counts_no_more():
    raw = Raw(payment_provider="stripe")
    payment = raw.paid()["payment_id"]
    raw.later(hours=1)
    refund = raw("POST", f"/v1/payments/{payment}/refunds", {"amount": 100})[1]["refund_id"]
    raw.sandbox.pay.fail_refund(refund)
    assert raw("GET", f"/v1/payments/{payment}/refunds/{refund}")[1]["status"] == "error"
    assert raw.get(payment)["refund_summary"]["amount_available"] == 3000
    with pytest.raises(LookupError):
        raw.sandbox.pay.fail_refund(refund)


def test_the_events_hold_the_refunds_too():
    raw = Raw()
    payment = raw.paid()["payment_id"]
    raw("POST", f"/v1/payments/{payment}/refunds", {"amount": 100})
    events = raw("GET", f"/v1/payments/{payment}/events")[1]["events"]
    statuses = [event["state"]["status"] for event in events]
    assert statuses == ["created", "started", "submitted", "success", "submitted", "success"]
    assert [event["updated"] for event in events] == sorted(event["updated"] for event in events)


def test_capture_may_be_repeated():
    raw = Raw()
    payment = raw.paid(delayed_capture=True)["payment_id"]
    assert [raw("POST", f"/v1/payments/{payment}/capture")[0] for _ in range(2)] == [204, 204]
    assert raw.state(payment)["status"] == "success"


def test_capture_of_what_waited_for_nobody_is_a_success_but_in_the_queue():
    raw = Raw()
    paid = raw.paid()["payment_id"]
    assert raw("POST", f"/v1/payments/{paid}/capture")[0] == 204
    raw = Raw(payment_provider="worldpay")
    charge = {"authorisation_mode": "agreement", "agreement_id": raw.agreement()}
    made = raw.new(**charge, return_url=...)["payment_id"]
    raw.later(minutes=2)
    assert raw.state(made)["status"] == "success"
    assert raw("POST", f"/v1/payments/{made}/capture")[1]["code"] == "P1003"
    raw.later(days=2)
    assert raw("POST", f"/v1/payments/{made}/capture")[0] == 204


def test_held_money_can_be_released_by_cancelling():
    raw = Raw()
    payment = raw.paid(delayed_capture=True)["payment_id"]
    assert raw("POST", f"/v1/payments/{payment}/cancel")[0] == 204
    assert raw.state(payment)["code"] == "P0040"


def test_a_charge_to_an_agreement_ends_after_a_moment():
    raw = Raw()
    agreement = raw.agreement()
    fields = {"amount": 500, "reference": "C-1", "description": "x"}
    fields |= {"authorisation_mode": "agreement", "agreement_id": agreement}
    status, charge = raw("POST", "/v1/payments", fields, {"Idempotency-Key": "one"})
    assert (status, charge["state"]["status"]) == (201, "created")
    assert {"next_url", "cancel"}.isdisjoint(charge["_links"])
    assert raw("POST", f"/v1/payments/{charge['payment_id']}/cancel")[0] == 400
    raw.later(days=2)
    again = raw("POST", "/v1/payments", fields, {"Idempotency-Key": "one"})
    assert again[0] == 201  # the key is forgotten after a day
    assert raw.state(charge["payment_id"])["status"] == "success"
    raw.later(hours=1)
    status, replay = raw("POST", "/v1/payments", fields, {"Idempotency-Key": "one"})
    assert (status, replay["state"]["status"]) == (200, "success")
    assert raw("GET", f"/v1/payments?agreement_id={agreement}")[1]["total"] == 3


def test_a_charge_that_fails_for_good_makes_the_agreement_inactive_until_it_is_set_up_again():
    raw = Raw()
    agreement = raw.agreement("5105105105105100")
    fields = {"amount": 500, "reference": "C-1", "description": "x"}
    fields |= {"authorisation_mode": "agreement", "agreement_id": agreement}
    charge = raw("POST", "/v1/payments", fields)[1]["payment_id"]
    raw.later(minutes=1)
    assert raw.state(charge)["can_retry"] is False
    assert raw("GET", f"/v1/agreements/{agreement}")[1]["status"] == "inactive"
    assert raw("POST", "/v1/payments", fields)[1]["code"] == "P0102"
    raw.paid(set_up_agreement=agreement)
    assert raw("GET", f"/v1/agreements/{agreement}")[1]["status"] == "active"


def test_a_payment_by_card_details_can_be_held():
    raw = Raw()
    fields = {**NEW, "authorisation_mode": "moto_api", "delayed_capture": True}
    del fields["return_url"]
    made = raw("POST", "/v1/payments", fields)[1]
    token = made["_links"]["auth_url_post"]["params"]["one_time_token"]
    card = {"card_number": "4242424242424242", "cvc": "123", "expiry_date": "12/39", "cardholder_name": "Sam Example"}
    assert raw("POST", "/v1/auth", {"one_time_token": token, **card})[0] == 204
    assert raw.state(made["payment_id"])["status"] == "capturable"


@pytest.mark.parametrize(("card", "ends_as"), [("4000000000000259", "lost"), ("4000000000002685", "won")])
def test_a_disputed_payment_is_decided_after_a_fortnight(card, ends_as):
    raw = Raw(payment_provider="stripe")
    payment = raw.paid(card)["payment_id"]
    raw.later(hours=1)
    dispute = raw("GET", "/v1/disputes")[1]["results"][0]
    assert (dispute["payment_id"], dispute["status"]) == (payment, "needs_response")
    raw.later(days=15)
    page = raw("GET", f"/v1/disputes?status={ends_as}")[1]
    assert "links" in page
    assert ("net_amount" in page["results"][0]) == (ends_as == "lost")


def test_webhooks_are_made_as_things_happen():
    raw = Raw()
    raw("POST", f"/v1/payments/{raw.paid()['payment_id']}/refunds", {"amount": 100})
    raw.paid("4000000000000002")
    raw.new(reference="EXPIRES")
    cancelled = raw.new()["payment_id"]
    raw("POST", f"/v1/payments/{cancelled}/cancel")
    raw.later(hours=3)
    sent = []
    raw.sandbox.callbacks.receive(lambda callback: sent.append(callback) or 200)
    kinds = [callback.kind for callback in sent]
    assert sorted(kinds) == [
        "card_payment_captured",
        "card_payment_expired",
        "card_payment_failed",
        "card_payment_failed",
        "card_payment_refunded",
        "card_payment_succeeded",
    ]
    states = {body["event_type"]: body["resource"]["state"] for body in bodies(raw.sandbox)}
    assert states["card_payment_expired"]["status"] == "timedout"
    by_service = [one["resource"]["state"] for one in bodies(raw.sandbox) if one["resource_id"] == cancelled]
    assert (by_service[0]["status"], by_service[0]["code"]) == ("cancelled", "P0030")
    assert all("_links" not in body["resource"] for body in bodies(raw.sandbox))


def test_a_webhook_that_is_not_taken_is_sent_again_as_documented():
    raw = Raw(webhooks=[{"url": "https://a.example/", "secret": "webhook_test_a", "events": ["card_payment_failed"]}])
    raw.paid("4000000000000002")
    raw.sandbox.callbacks.receive(lambda _callback: 500)
    raw.later(days=10)
    (delivery,) = raw.sandbox.callbacks.deliveries()
    times = [attempt.at.timestamp() for attempt in delivery.attempts]
    waits = [round(later - earlier) for earlier, later in pairwise(times)]
    assert waits == [60, 300, 3600, 86_400, 172_800]
    assert delivery.state == "given_up"


def test_an_inactive_webhook_gets_nothing():
    raw = Raw(webhooks=[{"url": "https://a.example/", "secret": "webhook_test_a", "active": False}])
    raw.paid()
    assert raw.sandbox.callbacks.deliveries() == []


def test_a_world_can_hold_payments_already():
    existing = [
        {"reference": "OLD-1", "amount": 100, "minutes_ago": 60},
        {"reference": "OLD-2", "amount": 200, "status": "failed", "email": "sam@example.com"},
        {"reference": "OLD-3", "amount": 300, "status": "created", "metadata": {"a": 1}},
        {"reference": "OLD-4", "amount": 300, "status": "cancelled", "card_number": "1"},
    ]
    raw = Raw(payments=existing)
    found = {one["reference"]: one["state"]["status"] for one in raw("GET", "/v1/payments")[1]["results"]}
    assert found == {"OLD-1": "success", "OLD-2": "failed", "OLD-3": "created", "OLD-4": "cancelled"}
    assert [charge.reference for charge in raw.sandbox.pay.charges("Renew a licence")] == list(found)[::-1]
    with pytest.raises(LookupError):
        raw.sandbox.pay.charges("no such service")


def test_the_same_seed_gives_the_same_ids():
    now = "2026-03-06T10:00:00Z"
    one, two = (Raw(Sandbox(world(), seed=7, now=now)).new() for _ in range(2))
    assert one == two
    assert one["payment_id"] != Raw(Sandbox(world(), seed=8, now=now)).new()["payment_id"]


def test_each_refund_of_a_payment_is_found_by_its_id():
    raw = Raw()
    payment = raw.paid()["payment_id"]
    path = f"/v1/payments/{payment}/refunds"
    refunds = [raw("POST", path, {"amount": amount})[1]["refund_id"] for amount in (100, 200)]
    assert [raw("GET", f"{path}/{refund}")[1]["amount"] for refund in refunds] == [100, 200]
    assert raw("GET", f"{path}/unknown")[1]["code"] == "P0700"


def test_the_payer_of_demonstrations_answers_the_bank():
    assert Raw(payment_provider="stripe").paid("4000002500003155")["state"]["status"] == "success"
