"""Payments: parsing an answer and a webhook beside the bare standard library, and a search in constant memory."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import resource

from bench.stage import PAYMENT
from bench.variants.measuring import URL, choose, cpu_of

COUNT = 40_000
SECRET = "webhook_test_only0for0the0bench"
MANY, FEW = 100_000, 1_000
ANSWER = json.dumps(PAYMENT).encode()
MESSAGE = json.dumps(
    {
        "webhook_message_id": "bench",
        "created_date": "2026-03-04T11:06:31.204Z",
        "resource_id": PAYMENT["payment_id"],
        "api_version": 1,
        "resource_type": "PAYMENT",
        "event_type": "card_payment_succeeded",
        "resource": {**PAYMENT, "metadata": {"filler": "x" * 150}},
    }
).encode()
SIGNATURE = hmac.new(SECRET.encode(), MESSAGE, hashlib.sha256).hexdigest()


def our_webhook() -> None:
    from govcomponents.pay.adapters.govuk_pay.callbacks import parse_callback
    from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
    from govcomponents.privacy import Secret

    callbacks = SignedCallbacks("GOV.UK Pay", "Pay-Signature", [Secret(SECRET)])
    headers = {"content-type": "application/json", "pay-signature": SIGNATURE}
    cpu_of(lambda: parse_callback(MESSAGE, headers, callbacks), COUNT, warm_up=500)


def bare_webhook() -> None:
    key = SECRET.encode()

    def call() -> object:
        assert hmac.compare_digest(hmac.new(key, MESSAGE, hashlib.sha256).hexdigest(), SIGNATURE)
        return json.loads(MESSAGE)

    cpu_of(call, COUNT, warm_up=500)


def our_payment() -> None:
    from govcomponents.core.http.responses import LazyJson
    from govcomponents.pay.adapters.govuk_pay.wire import PAYMENT_READER as READER

    cpu_of(lambda: READER.convert(READER.form.validator.validate_json(ANSWER), LazyJson(ANSWER)), COUNT, warm_up=500)


def our_answer() -> None:
    from govcomponents.core.canonical_json import parse
    from govcomponents.core.http.responses import LazyJson
    from govcomponents.pay.adapters.govuk_pay.adapter import PAYMENT, to_payment

    cpu_of(lambda: to_payment(PAYMENT.form.validate_python(parse(ANSWER)), LazyJson(ANSWER)), COUNT, warm_up=500)


def bare_payment() -> None:
    cpu_of(lambda: json.loads(ANSWER), COUNT, warm_up=500)


def search_many() -> None:
    _search(MANY)


def search_few() -> None:
    _search(FEW)


def _search(count: int) -> None:
    from bench.pay_sandbox import KEY
    from govcomponents import GovComponents, Settings

    with GovComponents.from_settings(Settings(pay={"api_key": KEY, "base_url": URL})) as gov:
        found = sum(1 for _ in itertools.islice(gov.pay.search(), count))
    assert found == count, found
    print(json.dumps({"peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


if __name__ == "__main__":
    choose(globals())
