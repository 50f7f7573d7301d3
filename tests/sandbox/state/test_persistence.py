"""A sandbox that keeps its state: what happened is there again after a restart, and nothing secret is kept."""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

import pytest
import requests

from govcomponents import GovComponents
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.pay.inputs import passes_luhn
from govcomponents.sandbox import server
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.world import default_world
from sandbox.people import GOOD_CARD, MAYBE_REAL_CARD, create, enter_card, fill_in_card, sign_in

RULE = DeliveryRule(1, (60, 60), lambda status: status == 200, lambda status: True)
CALLBACK = Callback("pay", "captured", "http://127.0.0.1:1/hook", {}, b"{}", RULE, "RENEW-7")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def serving(path):
    """Serves with the state file, each time at the same address."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    return partial(server.serving, state=path, port=port)


def wait_for(happened):
    for _ in range(2000):
        if happened():
            return
    pytest.fail("it did not happen")


def connected(served):
    return GovComponents.from_settings(served.sandbox.settings())


def shown(control):
    """Everything that must survive."""
    state = control.state().model_dump(exclude={"base_url", "clock"})
    return state, control.timeline(), control.messages(), control.callbacks()


def test_everything_is_there_again(serving, path):
    with serving(now="2026-03-02T09:00:00Z") as served, connected(served) as gov:
        payment = create(gov)
        other = create(gov, "RENEW-8")
        gov.pay.cancel(other.id)
        control = Control.over_http(served.base_url)
        control.arm("notify", "bad_gateway", times=5)
        control.perturb(paused=True)
        control.advance(hours=2)
        control.deliver()  # what the two hours made due is done by the worker, perhaps a moment later than by this
        before = shown(control)
    with serving(now="2026-03-02T09:00:00Z") as served, connected(served) as gov:
        control = Control.over_http(served.base_url)
        assert shown(control) == before
        assert str(control.clock().now) == "2026-03-02 11:00:00+00:00"
        assert gov.pay.get(payment.id).reference == "RENEW-7"
        assert gov.pay.get(other.id).state.is_finished
        third = create(gov)
    assert third.id not in (payment.id, other.id)
    with serving() as served, connected(served) as gov:
        assert gov.pay.get(third.id).id == third.id


def test_what_people_did_on_the_pages_is_there_again(serving, path):
    with serving(sign_in="page") as served, connected(served) as gov:
        browser = FormBrowser.over_http()
        payment = create(gov)
        enter_card(browser, payment.next_url.reveal())
        started = gov.identity.start()
        came_back = sign_in(browser, started.url)
        assert gov.pay.get(payment.id).is_paid
    with serving(sign_in="page") as served, connected(served) as gov:
        assert gov.pay.get(payment.id).is_paid
        assert gov.identity.complete(started.pending, came_back).email is not None


def test_what_was_sent_again_is_there_again(serving):
    with serving() as served, connected(served) as gov:
        create(gov)
        again = f"{served.base_url}/_sandbox/requests/{served.sandbox.requests.newest}/again"
        assert FormBrowser.over_http().open(again, {}).status == 200
        made = {one.id for one in gov.pay.search()}
    assert len(made) == 2
    with serving() as served, connected(served) as gov:
        assert {one.id for one in gov.pay.search()} == made


def test_a_card_that_may_be_real_is_not_kept(serving, path):
    assert passes_luhn(MAYBE_REAL_CARD.replace(" ", ""))
    with serving() as served, connected(served) as gov:
        payment = create(gov)
        browser = FormBrowser.over_http()
        page = enter_card(browser, payment.next_url.reveal(), MAYBE_REAL_CARD)
        fill_in_card(browser, page)
        assert gov.pay.get(payment.id).is_paid
    kept = path.read_bytes()
    with closing(sqlite3.connect(path)) as file:
        bodies = [base64.b64decode(json.loads(row[0])["body"]) for row in file.execute("SELECT data FROM steps")]
    assert not any(b"4929" in body for body in [*bodies, kept])
    assert any(GOOD_CARD.encode() in body for body in bodies)
    with serving() as served, connected(served) as gov:
        assert gov.pay.get(payment.id).is_paid


def test_callbacks_keep_their_attempts_and_are_repeated_after_a_restart(serving, path):
    world = json.loads(json.dumps(default_world()))
    world["pay"]["services"][0]["webhooks"][0].update(active=True, url="http://127.0.0.1:1/hook")
    options = {"world": world, "now": "2026-03-02T09:00:00Z"}
    with serving(**options) as served, connected(served) as gov:
        enter_card(FormBrowser.over_http(), create(gov).next_url.reveal())
        control = Control.over_http(served.base_url)
        control.deliver()
        wait_for(lambda: all(len(one.attempts) == 1 for one in control.callbacks()))
        before = control.callbacks()
        assert {one.state for one in before} == {"waiting"}
        assert {one.kind for one in before} == {"card_payment_succeeded", "card_payment_captured"}
    with serving(**options) as served:
        control = Control.over_http(served.base_url)
        assert control.callbacks() == before
        control.advance(minutes=1)
        wait_for(lambda: all(len(one.attempts) == 2 for one in control.callbacks()))
    with serving(**options) as served:
        assert all(len(one.attempts) == 2 for one in Control.over_http(served.base_url).callbacks())


def test_a_running_clock_goes_on_from_where_it_was_moved_to(serving, path):
    with serving() as served:
        control = Control.over_http(served.base_url)
        moved = control.advance(days=30).now
    with serving() as served:
        clock = Control.over_http(served.base_url).clock()
        assert clock.running
        assert 0 <= (clock.now - moved).total_seconds() < 60


def test_reset_empties_the_file(serving, path):
    with serving() as served, connected(served) as gov:
        payment = create(gov)
        Control.over_http(served.base_url).reset(seed=3)
        again = create(gov)
    with serving() as served, connected(served) as gov:
        assert gov.pay.get(again.id).id == again.id
        assert Control.over_http(served.base_url).state().seed == 3
    assert payment.id.encode() not in path.read_bytes()


def test_what_a_fault_turned_away_has_not_happened(serving, path):
    with serving() as served, connected(served) as gov:
        control = Control.over_http(served.base_url)
        control.arm("pay", "server_error", times=1)
        with pytest.raises(Exception, match="not known"):
            create(gov, "LOST-1")
        control.arm("pay", "connection_dropped_after_acceptance", times=1)
        with pytest.raises(Exception, match="not known"):
            create(gov, "LOST-2")
        before = [charge.reference for charge in served.sandbox.pay.charges()]
        assert before == ["LOST-2"]
    with serving() as served:
        assert [charge.reference for charge in served.sandbox.pay.charges()] == before


def test_no_update_of_many_threads_is_lost(serving, path):
    with serving() as served, connected(served) as gov:
        threads = [threading.Thread(target=lambda: [create(gov) for _ in range(5)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        before = sorted(charge.id for charge in served.sandbox.pay.charges())
    with serving() as served:
        assert sorted(charge.id for charge in served.sandbox.pay.charges()) == before
        assert len(set(before)) == 40


SERVES = """
import sys
from govcomponents.sandbox.server import serving
with serving(state=sys.argv[1], port=int(sys.argv[2])):
    print("serving", flush=True)
    sys.stdin.read()
"""


def test_whatever_was_answered_outlives_a_kill(serving, path):
    port = serving.keywords["port"]
    with closing(Sandbox(base_url=f"http://127.0.0.1:{port}")) as alike:
        gov = GovComponents.from_settings(alike.settings())
    answered = SimpleQueue()

    def create_until_it_is_gone():
        with suppress(GovComponentsError):
            while True:
                answered.put(create(gov).id)

    command = [sys.executable, "-c", SERVES, str(path), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"serving\n"
        callers = [threading.Thread(target=create_until_it_is_gone) for _ in range(3)]
        for one in callers:
            one.start()
        told = {answered.get(timeout=60) for _ in range(30)}
        child.kill()
        for one in callers:
            one.join()
    told |= {answered.get() for _ in range(answered.qsize())}
    with serving() as served, connected(served) as again:
        assert {one.id for one in again.pay.search()} >= told


def test_refused_keys_are_not_kept(serving, path):
    with serving() as served:
        key = "api_live_" + "canary0" * 8
        answer = requests.post(f"{served.base_url}/v1/payments", headers={"Authorization": f"Bearer {key}"}, timeout=5)
        assert answer.status_code == 401
        assert "looks like a live key" in served.sandbox.timeline.events()[-1].happened
        assert b"canary" not in requests.get(f"{served.base_url}/_sandbox/timeline", timeout=5).content
    assert b"canary" not in path.read_bytes()


def test_only_its_owner_may_read_the_file(path):
    with closing(Sandbox(state=path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused(path, **options):
    with pytest.raises(ConfigurationError) as caught:
        Sandbox(state=path, **options)
    return str(caught.value)


def test_a_file_in_use_or_of_another_world_is_refused(path, tmp_path):
    with closing(Sandbox(state=path)):
        assert "in use" in refused(path)
    assert "another version, or with another world" in refused(path, seed=1)
    assert "another version, or with another world" in refused(path, world={})
    assert "belongs to a sandbox at https://sandbox.example.gov.uk" in refused(path, base_url="http://127.0.0.1:1")
    assert "cannot be opened" in refused(tmp_path)
    assert "cannot be opened" in refused(tmp_path / "none" / "state.db")
    other = tmp_path / "other"
    other.write_bytes(b"this is not a database at all, but something else" * 100)
    assert "not a sandbox's" in refused(other)
    Sandbox(state=path).close()


def test_a_step_that_cannot_be_redone_is_refused(path):
    with closing(Sandbox(state=path)) as sandbox:
        sandbox.control.advance(5)
    with closing(sqlite3.connect(path)) as file:
        (data,) = file.execute("SELECT data FROM steps").fetchone()
        file.execute("UPDATE steps SET data = ?", (json.dumps({**json.loads(data), "status": 404}),))
        file.commit()
    assert "cannot be redone: step 1 gave 404 then, 200 now" in refused(path)
    assert "cannot be redone" in refused(path)


def test_the_time_of_a_step_does_not_move_on(path):
    with closing(Sandbox(state=path)) as sandbox, sandbox._replayer.step():
        assert sandbox.clock.time() == sandbox.clock.time()
        assert sandbox.clock.real_time() == sandbox.clock.real_time()
        with sandbox.clock.held() as again:
            assert again[0] == sandbox.clock.time()
        before = sandbox.clock.time()
        sandbox.clock.advance(100)
        assert sandbox.clock.time() >= before + 100


def test_a_callback_that_is_made_fresh_is_noted_when_it_is_made(path):
    with closing(Sandbox(state=path, now="2026-03-02T09:00:00Z")) as sandbox:
        sandbox.callbacks.send(lambda number: replace(CALLBACK, body=sandbox.ids.uuid().encode()))
        sandbox.callbacks.receive(lambda callback: 500)
    with closing(sqlite3.connect(path)) as file:
        assert [row[0] for row in file.execute("SELECT kind FROM steps")] == ["made", "attempt"]
