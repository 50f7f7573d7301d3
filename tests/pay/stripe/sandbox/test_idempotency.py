"""Idempotency keys of the Stripe stub."""

import threading

import pytest

from govcomponents.sandbox import payer
from govcomponents.sandbox.providers.stripe.idempotency import IdempotencyKeys
from govcomponents.sandbox.providers.stripe.validation import Problem

from .raw import SESSION


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
