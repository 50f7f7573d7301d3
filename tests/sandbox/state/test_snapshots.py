"""Snapshots: a sandbox is brought back to an earlier state, in process and over HTTP, and nothing is sent meanwhile."""

from __future__ import annotations

import json

import pytest

from govcomponents import GovComponents
from govcomponents.errors import ConfigurationError, NotFound
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule
from govcomponents.sandbox.control.client import Control, ControlRefused
from govcomponents.sandbox.payer import pay_by_card
from govcomponents.sandbox.server import serving
from govcomponents.sandbox.world import default_world
from sandbox.people import create

NOON = "2026-03-02T12:00:00Z"


@pytest.fixture
def gov():
    with GovComponents.sandbox(now=NOON, snapshots=True) as made:
        yield made


def shown(control):
    """Everything that comes back, but for the log of requests."""
    return control.state(), control.timeline(), control.messages(), control.callbacks(), control.faults()


def test_everything_comes_back_as_often_as_one_wants(gov):
    simulator = gov.simulator
    control = simulator.control
    payment = create(gov)
    pay_by_card(FormBrowser(simulator.visit), payment.next_url.reveal())
    control.arm("notify", "bad_gateway", nth=9)
    control.advance(hours=2)
    simulator.snapshot("paid")
    before = shown(control)
    made_later = []
    for _ in range(2):
        later = create(gov, "RENEW-8")
        made_later.append(later.id)
        gov.pay.refund(payment.id, payment.amount, available=payment.amount)
        control.disarm(control.faults()[0].id)
        control.advance(days=3)
        assert shown(control) != before
        simulator.restore("paid")
        assert shown(control) == before
        assert gov.pay.get(payment.id).is_paid
        with pytest.raises(NotFound):
            gov.pay.get(later.id)
    assert made_later[0] == made_later[1]  # the same calls from the same state give the same ids


def test_a_snapshot_outlives_a_reset_to_another_world(gov):
    simulator, control = gov.simulator, gov.simulator.control
    payment = create(gov)
    simulator.snapshot("begun")
    world = json.loads(json.dumps(default_world()))
    world["notify"] = None
    control.reset(seed=5, world={name: part for name, part in world.items() if part is not None})
    simulator.snapshot("elsewhere")
    simulator.restore("begun")
    assert (simulator.seed, gov.pay.get(payment.id).reference) == (0, "RENEW-7")
    simulator.restore("elsewhere")
    assert (simulator.seed, control.state().providers["notify"].present) == (5, False)


def test_what_waits_is_sent_after_a_restore_and_what_was_sent_is_not_sent_again():
    world = json.loads(json.dumps(default_world()))
    world["pay"]["services"][0]["webhooks"][0].update(active=True, url="http://127.0.0.1:1/hook")
    with GovComponents.sandbox(world, now=NOON, snapshots=True) as gov:
        simulator = gov.simulator
        got = []
        simulator.callbacks.receive(lambda callback: got.append(callback.kind) or 200)
        payment = create(gov)
        simulator.control.perturb(delay_seconds=60)
        pay_by_card(FormBrowser(simulator.visit), payment.next_url.reveal())
        simulator.snapshot("paid")
        waiting = len(simulator.control.callbacks())
        assert (waiting > 0, got) == (True, [])
        for _ in range(2):
            simulator.control.advance(minutes=5)
            assert len(got) == waiting
            simulator.restore("paid")
            assert len(got) == waiting
            assert {one.state for one in simulator.control.callbacks()} == {"waiting"}
            got.clear()


def test_what_was_sent_before_the_snapshot_is_not_sent_again_by_going_back_to_it():
    world = json.loads(json.dumps(default_world()))
    world["pay"]["services"][0]["webhooks"][0].update(active=True, url="http://127.0.0.1:1/hook")
    with GovComponents.sandbox(world, now=NOON, snapshots=True) as gov:
        simulator = gov.simulator
        got = []
        simulator.callbacks.receive(lambda callback: got.append(callback.kind) or 200)
        simulator.control.perturb(delay_seconds=60)
        pay_by_card(FormBrowser(simulator.visit), create(gov).next_url.reveal())
        simulator.control.advance(minutes=5)
        assert got
        simulator.snapshot("told")
        before = [(one.id, one.state, len(one.attempts)) for one in simulator.control.callbacks()]
        got.clear()
        for _ in range(2):
            simulator.restore("told")
            assert got == []
            assert [(one.id, one.state, len(one.attempts)) for one in simulator.control.callbacks()] == before


def test_nothing_is_sent_while_a_sandbox_goes_back_to_a_state_in_which_something_was_due():
    world = json.loads(json.dumps(default_world()))
    world["pay"]["services"][0]["webhooks"][0].update(active=True, url="http://127.0.0.1:1/hook")
    with GovComponents.sandbox(world, now=NOON, snapshots=True) as gov:
        simulator = gov.simulator
        pay_by_card(FormBrowser(simulator.visit), create(gov).next_url.reveal())
        simulator.control.advance(minutes=5)
        simulator.snapshot("due")
        got = []
        simulator.callbacks.receive(lambda callback: got.append(callback.kind) or 200)
        due = len(got)
        assert due
        simulator.restore("due")
        assert len(got) == due
        simulator.control.deliver()
        assert len(got) == 2 * due


def test_the_ids_of_callbacks_begin_again_with_a_reset(gov):
    rule = DeliveryRule(1, (), lambda status: status == 200, lambda _status: True)
    callback = Callback("pay", "captured", "http://127.0.0.1:1/hook", {}, b"{}", rule, "RENEW-7")
    first = gov.simulator.callbacks.send(callback)
    gov.simulator.reset()
    assert gov.simulator.callbacks.send(callback) == first


def test_what_cannot_be_done_again_is_told_when_the_snapshot_is_taken(gov):
    payment = create(gov)
    pay_by_card(FormBrowser(gov.simulator.visit), payment.next_url.reveal())
    gov.simulator.notify.receive_text("07700900123", "stop")
    with pytest.raises(ConfigurationError, match="in Python"):
        gov.simulator.snapshot("paid")


def test_a_sandbox_says_how_snapshots_are_had(gov):
    with pytest.raises(ConfigurationError, match="snapshots=True"):
        Sandbox().snapshot("first")
    with pytest.raises(ConfigurationError, match="no name"):
        gov.simulator.snapshot("a b")
    gov.simulator.snapshot("first")
    with pytest.raises(ConfigurationError, match="names are: first"):
        gov.simulator.restore("frist")


def test_programs_of_any_language_use_them_over_http():
    with serving(snapshots=True) as server, GovComponents.from_settings(server.sandbox.settings()) as gov:
        control = Control.over_http(server.base_url)
        payment = create(gov)
        control.snapshot("begun")
        assert control.snapshots() == ["begun"]
        gov.pay.cancel(payment.id)
        control.restore("begun")
        assert not gov.pay.get(payment.id).is_finished
        control.forget_snapshot("begun")
        with pytest.raises(ControlRefused) as refused:
            control.restore("begun")
        assert refused.value.status == 404
    with serving() as server, pytest.raises(ControlRefused, match="--snapshots"):
        Control.over_http(server.base_url).snapshot("begun")


def test_a_state_file_keeps_what_a_restore_came_back_to(tmp_path):
    path = tmp_path / "state.db"
    sandbox = Sandbox(state=path, now=NOON)
    sandbox.control.arm("pay", "server_error")
    sandbox.snapshot("armed")
    sandbox.control.clear_faults()
    sandbox.restore("armed")
    sandbox.close()
    again = Sandbox(state=path, now=NOON)
    assert [one.fault for one in again.faults.armed()] == ["server_error"]
    again.close()


def test_ids_begin_again_with_a_reset_so_that_a_state_file_can_be_redone(tmp_path):
    path = tmp_path / "state.db"
    sandbox = Sandbox(state=path, now=NOON)
    sandbox.control.arm("pay", "server_error")
    sandbox.control.reset()
    armed = sandbox.control.arm("pay", "server_error")
    sandbox.control.disarm(armed.id)
    sandbox.close()
    Sandbox(state=path, now=NOON).close()
