"""Runs Stripe's own client, unmodified, against a sandbox, and prints what it got: run by test_stripe_client.py.

python stripe_client.py BASE_URL API_KEY
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import stripe

base_url, key = sys.argv[1:]
client = stripe.StripeClient(key, base_addresses={"api": f"{base_url}/stripe"}, max_network_retries=2)
got = {}


def person_pays(url, number):
    """Send the payment page's form, as a browser would."""
    card = {"card_number": number, "cardholder_name": "Sam Example", "email": "sam@example.com"}
    body = urllib.parse.urlencode(card).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    try:
        return opener.open(urllib.request.Request(url, data=body), timeout=30).status
    except urllib.error.HTTPError as answer:
        return answer.code


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def create(**changed):
    return client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "client_reference_id": "PERMIT-1",
            "success_url": "https://permits.example.gov.uk/return?s={CHECKOUT_SESSION_ID}",
            "line_items": [
                {
                    "quantity": 2,
                    "price_data": {"currency": "gbp", "unit_amount": 2125, "product_data": {"name": "Permit"}},
                }
            ],
            "adaptive_pricing": {"enabled": False},
            "metadata": {"reference": "PERMIT-1"},
            **changed,
        }
    )


def refused(call):
    """The class, status, code and parameter of the error that a call raises."""
    try:
        call()
    except stripe.StripeError as error:
        return [type(error).__name__, error.http_status, error.code, getattr(error, "param", None)]
    return None


opened = create()
got["created"] = [opened.object, opened.status, opened.amount_total, opened.metadata["reference"]]
got["declined"] = person_pays(opened.url, "4000000000000002")
got["paid"] = person_pays(opened.url, "4242424242424242")
whole = client.v1.checkout.sessions.retrieve(
    opened.id, params={"expand": ["payment_intent.latest_charge.balance_transaction"]}
)
charge = whole.payment_intent.latest_charge
got["expanded"] = [whole.status, whole.payment_intent.status, charge.captured, charge.balance_transaction.net]

intent = whole.payment_intent.id
refund = client.v1.refunds.create(params={"payment_intent": intent, "amount": 1000})
got["refunded"] = [refund.object, refund.status, refund.amount]
got["over_refund"] = refused(lambda: client.v1.refunds.create(params={"payment_intent": intent, "amount": 3251}))
got["refunds"] = [one.amount for one in client.v1.refunds.list(params={"payment_intent": intent}).auto_paging_iter()]

held = create(payment_intent_data={"capture_method": "manual"})
person_pays(held.url, "4242424242424242")
held = client.v1.checkout.sessions.retrieve(held.id)
got["held"] = [held.status, held.payment_status]
got["captured"] = client.v1.payment_intents.capture(held.payment_intent).status
got["captured_again"] = refused(lambda: client.v1.payment_intents.capture(held.payment_intent))
got["found"] = [
    one.id == held.id for one in client.v1.checkout.sessions.list(params={"payment_intent": held.payment_intent})
]

left = create()
client.v1.checkout.sessions.update(left.id, params={"metadata": {"cancelled": "yes"}})
got["expired"] = [
    client.v1.checkout.sessions.expire(left.id).status,
    refused(lambda: client.v1.checkout.sessions.expire(left.id)),
]

for _ in range(12):
    create()
pages = client.v1.checkout.sessions.list(params={"limit": 5})
got["listed"] = len({one.id for one in pages.auto_paging_iter()})

options = {"idempotency_key": "key-1"}
items = [{"quantity": 1, "price_data": {"currency": "gbp", "unit_amount": 500, "product_data": {"name": "A"}}}]
form = {"mode": "payment", "success_url": "https://a.example.com/", "line_items": items}
first = client.v1.checkout.sessions.create(params=form, options=options)
got["keyed"] = client.v1.checkout.sessions.create(params=form, options=options).id == first.id
other = {**form, "client_reference_id": "another"}
got["key_reused"] = refused(lambda: client.v1.checkout.sessions.create(params=other, options=options))

got["unknown_parameter"] = refused(lambda: create(reference="R-1"))
got["not_found"] = refused(lambda: client.v1.checkout.sessions.retrieve("cs_test_nobody"))
got["wrong_key"] = refused(
    lambda: stripe.StripeClient("sk_test_wrong", base_addresses={"api": f"{base_url}/stripe"}).v1.refunds.list()
)
got["disputes"] = len(client.v1.disputes.list().data)

for line in sys.stdin:  # events, each with its header and secret
    message = json.loads(line)
    event = client.construct_event(message["body"].encode(), message["signature"], message["secret"])
    got.setdefault("events", []).append([event.type, event.data.object.object])

sys.stdout.write(json.dumps(got))
