"""The Stripe adapter's operations on PaymentIntents and refunds run against `localstripe`, which others wrote.

It is GPL, so it runs as a process of its own from a throwaway virtual environment: it is never imported, and no
dependency of the package. Where it cannot be installed these tests are skipped and say so. GOVCOMPONENTS_LOCALSTRIPE
names an executable that is installed already.

It has no Checkout Sessions, ignores idempotency keys and gives errors no codes, so it proves transport, credentials,
forms, capture, cancel, refunds and the signatures of webhooks; for the rest there is the sandbox's own Stripe.
"""

import os
import queue
import socket
import subprocess
import threading
import time
import venv
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.errors import (
    CallbackRefused,
    Conflict,
    CredentialsRefused,
    NotFound,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.adapters.request_parts import flatten
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.async_service import AsyncPayService
from govcomponents.pay.events import PaymentChange
from govcomponents.pay.service import PayService
from govcomponents.pay.states import FailureReason, PaymentStatus, RefundableStatus, RefundStatus
from govcomponents.settings import PaySettings

VERSION = "1.15.10"
KEY = "sk_test_localstripe"
SECRET = "whsec_localstripe0of0the0tests"
STATE = Path("/tmp/localstripe.pickle")  # it writes there at every change, and with --from-scratch never reads it


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The executable, in an environment of its own."""
    if ready := os.environ.get("GOVCOMPONENTS_LOCALSTRIPE"):
        return Path(ready)
    folder = tmp_path_factory.mktemp("localstripe")
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"localstripe=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"pip could not install localstripe: {done.stderr[-300:]}")
    return folder / "bin" / "localstripe"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return chosen.getsockname()[1]


@pytest.fixture(scope="session")
def server(program):
    """The address of the running server. The file that it writes, always in the same place, is taken away again."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("localstripe needs IPv6 sockets, which this machine has not")
    port = free_port()
    was_there = STATE.exists()
    command = [program, "--port", str(port), "--from-scratch"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)
            if not was_there:
                STATE.unlink(missing_ok=True)


def _await(port, process):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "localstripe did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return
    raise AssertionError("localstripe did not listen")


@pytest.fixture
def connect(server, gov_mode, gov_runner):
    """Make a pay object in the mode of the test."""
    opened = []

    async def make_async():
        return AiohttpTransport()

    def make(key=KEY):
        settings = PaySettings(api_key=key, base_url=server, webhook_secrets=(SECRET,))
        transport = RequestsTransport() if gov_mode is Mode.BLOCKING else gov_runner.run(make_async())
        opened.append(transport)
        runtime = Runtime(transport)
        port = Stripe.from_settings(settings, runtime)
        if gov_mode is Mode.BLOCKING:
            return PayService(port, runtime)
        return BlockingView(AsyncPayService(port, runtime), gov_runner)

    yield make
    for transport in opened:
        gov_runner.run(transport.aclose())


@pytest.fixture
def pay(connect):
    return connect()


@pytest.fixture
def person_pays(server):
    """Pay as a person does at Stripe's page: the PaymentIntent is what comes of a Checkout Session."""

    def pay(card="pm_card_visa", **changed):
        form = {
            "amount": 4250,
            "currency": "gbp",
            "payment_method": card,
            "confirm": True,
            "metadata": {"reference": "PERMIT-1"},
            **changed,
        }
        body = urlencode(list(flatten(form)))
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
            answer = session.post(f"{server}/v1/payment_intents", data=body, headers=headers, timeout=30)
        return answer.json()

    return pay


def test_a_paid_payment_is_read_with_its_fee_and_what_is_left(pay, person_pays):
    payment = pay.get(person_pays()["id"])
    assert (payment.status, payment.is_captured, payment.reference) == (PaymentStatus.SUCCEEDED, True, "PERMIT-1")
    assert (payment.amount, payment.fee, payment.net) == (Money(4250), Money(0), Money(4250))
    assert payment.refundable.status is RefundableStatus.AVAILABLE
    assert payment.refundable.available == Money(4250)


def test_held_money_is_captured(pay, person_pays):
    held = pay.get(person_pays(capture_method="manual")["id"])
    assert (held.status, held.is_paid, held.delayed_capture) == (PaymentStatus.CAPTURABLE, False, True)
    assert held.refundable.status is RefundableStatus.PENDING
    pay.capture(held.id)
    assert pay.get(held.id).is_captured


def test_held_money_is_let_go(pay, person_pays):
    held = pay.get(person_pays(capture_method="manual")["id"])
    pay.cancel(held.id)
    found = pay.get(held.id)
    assert (found.status, found.failure) == (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE)
    with pytest.raises(Conflict):
        pay.cancel(held.id)


def test_refunds_respect_what_is_left_and_are_found(pay, person_pays):
    payment = pay.get(person_pays()["id"])
    left = payment.refundable.available
    refund = pay.refund(payment.id, Money(1000), available=left, idempotency_key="refund-1")
    assert (refund.amount, refund.payment_id, refund.status) == (Money(1000), payment.id, RefundStatus.SUCCEEDED)
    assert pay.get_refund(payment.id, refund.id) == refund
    # It would refund again and again: what is left, and what is written on each refund, guard against it.
    with pytest.raises(Conflict):
        pay.refund(payment.id, Money(1000), available=left)
    assert pay.refund(payment.id, Money(1000), available=left, idempotency_key="refund-1").id == refund.id
    now = pay.get(payment.id).refundable
    assert (now.available, now.submitted) == (Money(3250), Money(1000))
    rest = pay.refund(payment.id, Money(3250), available=Money(3250))
    assert pay.get(payment.id).refundable.status is RefundableStatus.FULL
    assert {found.id for found in pay.list_refunds(payment.id)} == {refund.id, rest.id}


def test_every_refund_is_found_page_by_page(pay, person_pays):
    made = []
    for _ in range(3):
        payment = pay.get(person_pays()["id"])
        made.append(pay.refund(payment.id, Money(100), available=Money(4250)).id)
    found = [refund.id for refund in pay.search_refunds(page_size=2)]
    assert set(made) <= set(found)
    assert len(set(found)) == len(found)


def test_what_does_not_exist_is_not_found(pay):
    with pytest.raises(NotFound):
        pay.get("pi_nobody")


def test_a_wrong_key_is_refused(connect):
    with pytest.raises(CredentialsRefused):
        connect("rk_test_of_somebody").get("pi_nobody")


def test_it_has_no_sessions_and_that_is_not_taken_for_an_answer_of_stripe(pay):
    with pytest.raises(UnexpectedReply):
        pay.create(Money(4250), "PERMIT-1", "Permit", "https://permits.example.gov.uk/return")


@pytest.fixture
def receiver():
    """A service's webhook endpoint on loopback, and what it was sent."""
    came = queue.Queue()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.put((body, dict(self.headers.items())))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/", came
        running.shutdown()
        thread.join()


def test_its_webhooks_verify(server, pay, person_pays, receiver):
    url, came = receiver
    wanted = {"url": url, "secret": SECRET, "events": ["payment_intent.succeeded"]}
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{server}/_config/webhooks/ours", json=wanted, timeout=30).raise_for_status()
    intent = person_pays()
    event = None
    while event is None or event.payment_id != intent["id"]:  # those of other payments may still be on their way
        body, headers = came.get(timeout=30)
        event = pay.parse_callback(body, headers)
    assert (event.change, event.reference) == (PaymentChange.CAPTURED, "PERMIT-1")
    assert event.state.is_captured
    changed = bytearray(body)
    changed[len(changed) // 2] ^= 1
    with pytest.raises(CallbackRefused):
        pay.parse_callback(bytes(changed), headers)
