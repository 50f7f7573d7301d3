"""Fifty threads drive all three providers at once: no update is lost, no state crossed, and the counts agree.

It runs for two seconds; SANDBOX_SOAK_SECONDS gives it longer (a minute is a good soak).
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter

import pytest

from govcomponents import GovComponents, Money
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.server import serving
from sandbox.people import create, enter_card, sign_in

SECONDS = float(os.environ.get("SANDBOX_SOAK_SECONDS", "2"))
THREADS = 50
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"


class Worker:
    """One thread's work, and what it saw."""

    def __init__(self, number, gov, until):
        self.number, self.gov, self.until = number, gov, until
        self.seen = Counter()
        self.payments, self.messages, self.people = {}, {}, Counter()
        self.failure = None

    def run(self):
        try:
            steps = (self.pay, self.notify, self.identify)
            turn = self.number
            while True:
                steps[turn % 3](turn)
                turn += 1
                if time.monotonic() > self.until:
                    return
        except BaseException as error:  # noqa: BLE001  # told in the test's thread
            self.failure = error

    def pay(self, turn):
        reference = f"SOAK-{self.number}-{turn}"
        payment = create(self.gov, reference, f"{self.number + 1}.00")
        assert payment.id not in self.payments
        self.payments[payment.id] = reference
        if turn % 2:
            enter_card(FormBrowser.over_http(), payment.next_url.reveal())
            assert self.gov.pay.get(payment.id).is_paid
            refund = self.gov.pay.refund(payment.id, Money.gbp("0.50"), available=payment.amount)
            assert self.gov.pay.get_refund(payment.id, refund.id).amount == Money.gbp("0.50")
            self.seen["refunds"] += 1
        else:
            self.gov.pay.cancel(payment.id)
            self.seen["cancelled"] += 1
        found = self.gov.pay.get(payment.id)
        assert (found.reference, found.amount) == (reference, Money.gbp(f"{self.number + 1}.00"))

    def notify(self, turn):
        reference = f"SOAK-{self.number}-{turn}-text"
        words = {"name": f"Person {self.number}", "amount": f"£{turn}", "reference": reference}
        sent = self.gov.notify.send_sms("07700900123", RECEIPT, words, reference)
        assert sent.id not in self.messages
        self.messages[sent.id] = reference
        found = self.gov.notify.get(sent.id)
        assert found.reference == reference
        assert f"Person {self.number}" in found.body.reveal()

    def identify(self, turn):
        started = self.gov.identity.start(confidence=Confidence.MEDIUM)
        identity = self.gov.identity.complete(started.pending, sign_in(FormBrowser.over_http(), started.url))
        assert identity.confidence is Confidence.MEDIUM
        self.people[identity.subject.reveal()] += 1
        self.seen["sign-ins"] += 1


@pytest.mark.parametrize("is_kept", [False, True], ids=["in memory", "with a state file"])
def test_counts_agree_with_what_clients_saw(tmp_path, is_kept):
    state = tmp_path / "state.db" if is_kept else None
    with serving(state=state) as server:
        settings = server.sandbox.settings()
        with GovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov:
            until = time.monotonic() + SECONDS
            workers = [Worker(number, gov, until) for number in range(THREADS)]
            threads = [threading.Thread(target=worker.run) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        failures = [worker.failure for worker in workers if worker.failure is not None]
        assert failures == []
        check(server.sandbox, workers)
        summary = Control.over_http(server.base_url).state().providers["one_login"].facts
        sign_ins = sum(worker.seen["sign-ins"] for worker in workers)
        assert [fact.value for fact in summary if "finished" in fact.name] == [str(sign_ins)]
    if is_kept:
        with serving(state=state, port=int(server.base_url.rpartition(":")[2])) as server:
            check(server.sandbox, workers)


def check(sandbox, workers):
    payments = {identity: reference for worker in workers for identity, reference in worker.payments.items()}
    messages = {identity: reference for worker in workers for identity, reference in worker.messages.items()}
    assert {charge.id: charge.reference for charge in sandbox.pay.charges()} == payments
    assert {message.id: message.reference for message in sandbox.messages()} == messages
    assert len(payments) == sum(len(worker.payments) for worker in workers)
    assert len(messages) == sum(len(worker.messages) for worker in workers)
    assert len({subject for worker in workers for subject in worker.people}) == 1
