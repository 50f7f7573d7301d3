"""Callbacks: sent when due by the sandbox's clock, repeated as the provider does, disturbed on command."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic

import pytest

from govcomponents.sandbox.callbacks.posting import Callback, DeliveryResult, DeliveryRule, post_over_http
from govcomponents.sandbox.callbacks.queue import Callbacks, Perturbation
from govcomponents.sandbox.callbacks.worker import CallbackWorker
from govcomponents.sandbox.state.clock import SandboxClock
from govcomponents.sandbox.state.timeline import Timeline

RULE = DeliveryRule(
    timeout=2,
    waits=(60, 300),
    is_taken=lambda status: 200 <= status < 300,
    is_repeated=lambda status: status is None or status >= 500,
)
ONE = Callback("pay", "captured", "http://127.0.0.1:9/x", {"X-Sign": "s"}, b"canary-body", RULE, "RENEW-7")


class Setting:
    def __init__(self):
        self.clock = SandboxClock("2026-03-02T12:00:00Z")
        self.timeline = Timeline(self.clock)
        self.callbacks = Callbacks(self.clock, self.timeline)
        self.got = []
        self.answers = []

    def receive(self):
        def receiver(callback):
            self.got.append(callback)
            return self.answers.pop(0) if self.answers else 200

        self.callbacks.receive(receiver)
        return self

    def send(self, what, after=0.0):
        ids = self.callbacks.send(what, after=after)
        self.callbacks.deliver_if_received()
        return ids

    @property
    def only(self):
        (delivery,) = self.callbacks.deliveries()
        return delivery


@pytest.fixture
def here():
    return Setting().receive()


def test_a_callback_is_delivered_at_once(here):
    assert here.send(ONE) == ["callback-1"]
    assert here.got == [ONE]
    assert here.only.state == "delivered"
    assert [(a.status, a.at) for a in here.only.attempts] == [(200, here.clock.now())]
    (event,) = here.timeline.events("RENEW-7")
    assert (event.component, event.happened) == ("pay", "The provider sent the callback captured: answered 200")


def test_one_for_later_waits_for_the_clock(here):
    here.send(ONE, after=10)
    here.clock.advance(9)
    assert here.got == []
    here.clock.advance(1)
    assert here.got == [ONE]


def test_a_failure_is_repeated_by_the_providers_schedule_and_given_up(here):
    here.answers = [500, 503, 500]
    here.send(ONE)
    here.clock.advance(59)
    assert len(here.got) == 1
    here.clock.advance(1)
    assert len(here.got) == 2
    assert here.only.state == "waiting"
    here.clock.advance(300)
    assert len(here.got) == 3
    assert here.only.state == "given_up"
    here.clock.advance(86400)
    assert len(here.got) == 3


def test_one_great_step_of_the_clock_makes_all_repetitions_at_their_times(here):
    here.answers = [500, 500, 200]
    here.send(ONE)
    start = here.clock.time()
    here.clock.advance(86400)
    assert [a.at.timestamp() - start for a in here.only.attempts] == [0, 60, 360]
    assert here.only.state == "delivered"


def test_a_final_refusal_is_not_repeated(here):
    here.answers = [404]
    here.send(ONE)
    here.clock.advance(86400)
    assert len(here.got) == 1
    assert here.only.state == "given_up"


def test_what_must_be_fresh_is_made_for_each_attempt(here):
    here.answers = [500]
    here.send(lambda number: replace(ONE, body=b"attempt %d" % number))
    here.clock.advance(60)
    assert [one.body for one in here.got] == [b"attempt 1", b"attempt 2"]


def test_what_turns_out_to_be_nothing_is_dropped(here):
    here.send(lambda number: None)
    assert here.callbacks.deliveries() == []


def test_in_process_nothing_is_sent_unasked():
    there = Setting()
    there.send(ONE)
    there.clock.advance(10)
    assert there.only.state == "waiting"
    assert there.only.attempts == []
    there.receive()
    assert there.got == [ONE]


def test_resending_starts_from_the_first_attempt(here):
    here.answers = [404, 500, 500, 500]
    here.send(ONE)
    here.callbacks.resend("callback-1")
    here.clock.advance(1000)
    assert len(here.got) == 4
    assert here.only.state == "given_up"
    here.callbacks.resend("callback-1")
    assert here.only.state == "delivered"
    with pytest.raises(KeyError):
        here.callbacks.resend("callback-9")


def test_copies_delays_and_pauses(here):
    here.callbacks.perturb(Perturbation(copies=3, delay_seconds=30))
    assert len(here.send(ONE)) == 3
    here.clock.advance(30)
    assert len(here.got) == 3
    here.callbacks.perturb(Perturbation(paused=True))
    assert here.callbacks.perturbation.paused
    here.send(ONE)
    here.clock.advance(1000)
    assert len(here.got) == 3
    assert here.callbacks.next_due() is None
    here.callbacks.perturb(Perturbation())
    assert len(here.got) == 4


def test_shuffled_callbacks_come_out_of_order_in_the_same_way_for_the_same_seed():
    def order(seed):
        there = Setting().receive()
        there.callbacks.perturb(Perturbation(shuffle_seconds=100, seed=seed))
        for number in range(10):
            there.send(replace(ONE, kind=str(number)))
        there.clock.advance(100)
        return [one.kind for one in there.got]

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == [str(number) for number in range(10)] != order(1)


@pytest.mark.parametrize(
    "wrong",
    [Perturbation(copies=0), Perturbation(copies=11), Perturbation(delay_seconds=-1), Perturbation(shuffle_seconds=-1)],
)
def test_a_disturbance_out_of_range_is_refused(here, wrong):
    with pytest.raises(ValueError, match="1 to 10 copies"):
        here.callbacks.perturb(wrong)


def test_queueing_does_not_call_the_receiver_on_the_spot(here):
    here.callbacks.send(ONE)
    assert here.callbacks.has_new
    assert here.got == []
    here.callbacks.deliver_if_received()
    assert not here.callbacks.has_new
    assert here.got == [ONE]


def test_a_receiver_may_cause_another_callback():
    there = Setting()

    def receiver(callback):
        there.got.append(callback.kind)
        if callback.kind == "captured":
            there.send(replace(ONE, kind="refunded"))
            there.clock.advance(1)
        return 200

    there.callbacks.receive(receiver)
    there.send(ONE)
    assert there.got == ["captured", "refunded"]


def test_hooks_run_before_due_callbacks_are_looked_for(here):
    here.callbacks.before_delivery(lambda: here.callbacks.send(ONE) if not here.got else None)
    assert here.callbacks.has_hooks
    assert here.callbacks.deliver_due() == 1
    assert here.got == [ONE]


def test_a_receiver_that_fails_fails_openly_and_only_once():
    there = Setting()

    def broken(_callback):
        raise RuntimeError

    there.send(ONE)
    with pytest.raises(RuntimeError):
        there.callbacks.receive(broken)
    assert there.only.state == "given_up"
    there.clock.advance(1000)


def test_only_the_newest_are_kept(here, monkeypatch):
    monkeypatch.setattr("govcomponents.sandbox.callbacks.queue._KEPT", 5)
    for _ in range(8):
        here.send(ONE, after=10)
    assert [one.id for one in here.callbacks.deliveries()] == [f"callback-{n}" for n in range(4, 9)]
    here.clock.advance(10)
    assert len(here.got) == 5
    here.callbacks.clear()
    assert here.callbacks.deliveries() == []


def test_nothing_personal_shows():
    assert "canary" not in repr(ONE)
    there = Setting()
    there.send(ONE)
    assert "canary" not in repr(there.only)


class Receiver:
    """A real service that receives callbacks over loopback."""

    def __init__(self):
        self.got = []
        self.arrived = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, self.headers["X-Sign"], body))
                self.send_response(301 if self.path == "/moved" else 200)
                if self.path == "/moved":
                    self.send_header("Location", "/x")
                self.end_headers()
                outer.arrived.set()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(poll_interval=0.01))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def service():
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_a_callback_goes_over_http_as_it_was_made(service):
    assert post_over_http(replace(ONE, url=f"{service.url}/here?x=1")) == DeliveryResult(200)
    assert service.got == [("/here?x=1", "s", b"canary-body")]


def test_a_redirect_is_not_followed(service):
    assert post_over_http(replace(ONE, url=f"{service.url}/moved")) == DeliveryResult(301)
    assert len(service.got) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "no address", "ftp://127.0.0.1/", "http://[::1"])
def test_a_service_that_cannot_be_reached_is_a_failed_attempt(url):
    answer = post_over_http(replace(ONE, url=url))
    assert answer.status is None
    assert answer.problem


def test_the_worker_sends_without_being_asked(service):
    there = Setting()
    there.clock.run()
    worker = CallbackWorker(there.callbacks, there.clock)
    worker.start()
    there.send(replace(ONE, url=f"{service.url}/now"))
    assert service.arrived.wait(10)
    service.arrived.clear()
    there.send(replace(ONE, url=f"{service.url}/later"), after=3600)
    there.clock.advance(3600)
    assert service.arrived.wait(10)
    worker.stop()
    assert [path for path, _sign, _body in service.got] == ["/now", "/later"]


class Held:
    """A receiver that answers the first callback only when it may."""

    def __init__(self):
        self.begun, self.may_answer, self.answered = threading.Event(), threading.Event(), []

    def __call__(self, callback):
        if not self.begun.is_set():
            self.begun.set()
            assert self.may_answer.wait(10)
        self.answered.append(callback)
        return 200


@contextmanager
def held_by_the_worker(setting):
    held = Held()
    setting.callbacks._post = lambda callback: DeliveryResult(held(callback))
    worker = CallbackWorker(setting.callbacks, setting.clock)
    worker.start()
    setting.send(ONE)
    assert held.begun.wait(10)
    try:
        yield held
    finally:
        held.may_answer.set()
        worker.stop()


def test_sending_what_is_due_waits_for_what_the_worker_is_sending():
    setting = Setting()
    with held_by_the_worker(setting) as held:
        threading.Timer(0.05, held.may_answer.set).start()
        setting.callbacks.deliver_all(10)
        assert held.answered == [ONE]
        assert setting.only.state == "delivered"


def test_it_waits_no_longer_than_it_is_told():
    setting = Setting()
    with held_by_the_worker(setting) as held:
        assert setting.callbacks.deliver_all(0.01) == 0
        assert held.answered == []


def test_a_receiver_that_asks_for_what_is_due_does_not_wait_for_itself():
    setting, started = Setting(), monotonic()

    def receiver(_callback):
        setting.got += [setting.callbacks.deliver_all(30), setting.callbacks.deliver_all(30)]
        return 200

    setting.callbacks.receive(receiver)
    setting.send(ONE)
    assert setting.got == [0, 0]
    assert monotonic() - started < 15


def test_the_worker_outlives_a_fault(service, capfd):
    there = Setting()
    worker = CallbackWorker(there.callbacks, there.clock)
    worker.start()

    def broken(_number):
        raise RuntimeError("canary-text")

    there.send(broken)
    there.send(replace(ONE, url=f"{service.url}/next"))
    assert service.arrived.wait(10)
    worker.stop()
    printed = capfd.readouterr().err
    assert "RuntimeError at" in printed
    assert "canary" not in printed


def test_the_worker_asks_the_stubs_again_while_time_passes():
    there = Setting()
    worker = CallbackWorker(there.callbacks, there.clock)
    assert worker._pause() is None
    there.clock.run()
    assert worker._pause() is None
    there.callbacks.before_delivery(lambda: None)
    assert worker._pause() == 1
    there.send(ONE, after=-5)
    assert worker._pause() == 0
    worker.stop()
