"""Pay over real HTTP: both transports, many threads, webhooks that are really sent, and Pay's odd 429."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.errors import GovComponentsError, RateLimited
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving
from govcomponents.settings import Settings

from .calls import told
from .context import KEY, SECRET, world

NEW = (Money(3000), "R-1", "A thing", "https://service.example.gov.uk/return")


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers what it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.received.append((body, dict(self.headers)))
            if len(self.server.received) >= self.server.wanted:
                self.server.done.set()
        self.send_response(self.server.status)
        for name, value in self.server.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.wanted, server.done, server.lock = [], 2, threading.Event(), threading.Lock()
    server.status, server.answer_headers, server.answer = 200, {}, b""
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def settings_for(server):
    pay = {"api_key": KEY, "base_url": server.base_url, "webhook_secrets": (SECRET,)}
    return Settings(environment="test", pay=pay)


def test_a_payment_is_made_over_http_by_both_callers():
    with serving(world()) as server:
        with GovComponents.from_settings(settings_for(server)) as gov:
            payment = gov.pay.create(*NEW)
            assert payer.pay_by_card(FormBrowser.over_http(), payment.next_url.reveal()).left
            assert gov.pay.get(payment.id).is_paid

        async def read():
            async with AsyncGovComponents.from_settings(settings_for(server)) as gov:
                return [found.id async for found in gov.pay.search()], await gov.pay.get(payment.id)

        ids, found = asyncio.run(read())
        assert ids == [payment.id]
        assert found.is_paid


def test_fifty_threads_share_one_sandbox_and_one_caller():
    with serving(world()) as server, GovComponents.from_settings(settings_for(server)) as gov:

        def journey(number):
            payment = gov.pay.create(Money(number + 1), f"T-{number}", "x", NEW[3])
            payer.pay_by_card(FormBrowser(server.sandbox.visit), payment.next_url.reveal())
            payment = gov.pay.get(payment.id)
            gov.pay.refund(payment.id, Money(1), available=payment.refundable.available)
            return payment.amount.minor

        with ThreadPoolExecutor(50) as pool:
            amounts = list(pool.map(journey, range(60)))
        assert sorted(amounts) == list(range(1, 61))
        charges = server.sandbox.pay.charges()
        assert len(charges) == 60
        assert all(len(charge.refunds) == 1 for charge in charges)


def test_one_refund_of_many_at_once_gets_through():
    with serving(world()) as server, GovComponents.from_settings(settings_for(server)) as gov:
        payment = gov.pay.create(*NEW)
        payer.pay_by_card(FormBrowser(server.sandbox.visit), payment.next_url.reveal())

        def refund(_number):
            try:
                return gov.pay.refund(payment.id, Money(100), available=Money(3000)).id
            except GovComponentsError as error:
                return type(error).__name__

        with ThreadPoolExecutor(20) as pool:
            outcomes = list(pool.map(refund, range(20)))
        assert outcomes.count("Conflict") == 19
        assert len(server.sandbox.pay.charges()[0].refunds) == 1


def test_webhooks_are_sent_over_http_and_verify(receiver):
    served = world(webhooks=[{"url": receiver.url, "secret": SECRET}])
    with serving(served) as server, GovComponents.from_settings(settings_for(server)) as gov:
        payment = gov.pay.create(*NEW)
        payer.pay_by_card(FormBrowser(server.sandbox.visit), payment.next_url.reveal())
        assert receiver.done.wait(20)
        events = [gov.pay.parse_callback(body, headers) for body, headers in receiver.received]
        assert sorted(told(event) for event in events) == ["captured", "succeeded"]
        assert {event.payment_id for event in events} == {payment.id}


def test_the_429_of_pay_is_read_although_its_content_encoding_is_none(receiver):
    receiver.status = 429
    receiver.answer = b'{"code":"P0900","description":"Too many requests"}'
    receiver.answer_headers = {"Content-Type": "application/json", "Content-Encoding": "utf-8"}
    settings = Settings(pay={"api_key": KEY, "base_url": receiver.url.rstrip("/")})
    with GovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov, pytest.raises(RateLimited) as caught:
        gov.pay.create(*NEW)
    assert (caught.value.code, caught.value.retry_after) == ("P0900", 1.0)

    async def ask():
        async with AsyncGovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov:
            await gov.pay.create(*NEW)

    with pytest.raises(RateLimited) as caught:
        asyncio.run(ask())
    assert caught.value.code == "P0900"
