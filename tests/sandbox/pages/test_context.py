"""The clock, the ids, the timeline and the reading of worlds."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.state.clock import SandboxClock
from govcomponents.sandbox.state.ids import Ids
from govcomponents.sandbox.state.timeline import Timeline
from govcomponents.sandbox.world import load_world

NOON = "2026-03-02T12:00:00Z"


def test_a_clock_that_was_given_a_time_stands_still():
    clock = SandboxClock(NOON)
    assert not clock.is_running
    assert clock.now() == clock.now() == datetime(2026, 3, 2, 12, tzinfo=UTC)
    clock.advance(90.5)
    assert clock.now() == datetime(2026, 3, 2, 12, 1, 30, 500_000, tzinfo=UTC)


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_kept():
    assert SandboxClock("2026-07-01T12:00").now() == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert SandboxClock("2026-07-01T12:00+01:00").now() == datetime(2026, 7, 1, 11, tzinfo=UTC)


def test_a_clock_without_a_time_runs_as_the_real_one():
    clock = SandboxClock()
    assert clock.is_running
    before = time.time()
    assert before <= clock.time() <= time.time()
    clock.advance(3600)
    assert clock.time() >= before + 3600


def test_a_clock_can_be_stopped_and_run_on():
    clock = SandboxClock()
    clock.stop()
    assert clock.time() == clock.time()
    clock.stop()
    clock.stop_at(NOON)
    clock.run()
    assert clock.is_running
    assert timedelta(0) <= clock.now() - datetime(2026, 3, 2, 12, tzinfo=UTC) < timedelta(minutes=1)
    clock.run()
    assert clock.is_running


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e15])
def test_a_clock_refuses_what_is_no_step_forward(seconds):
    for clock in (SandboxClock(), SandboxClock(NOON)):
        with pytest.raises(ValueError, match="moves forward"):
            clock.advance(seconds)


@pytest.mark.parametrize(
    "moment", ["noon", "", "2026-13-01", "2026-03-02T25:00", "0001-01-01T00:00:00+14:00", "1969-12-31"]
)
def test_a_clock_says_how_to_write_a_time(moment):
    with pytest.raises(ConfigurationError, match=r"not an ISO 8601 time.*To fix: write it such as"):
        SandboxClock(moment)


def test_listeners_hear_that_the_clock_was_moved():
    clock = SandboxClock(NOON)
    heard = []
    clock.on_move(lambda: heard.append(clock.time()))
    clock.advance(1)
    clock.stop_at("2026-03-03")
    clock.run()
    assert len(heard) == 3


def test_the_same_seed_gives_the_same_ids():
    def draw(seed):
        ids = Ids(seed)
        return ids.uuid(), ids.base32(), ids.token(), ids.base32(10), ids.token(5)

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
    uuid, base32, token, short, tiny = draw(0)
    assert (UUID(uuid).version, UUID(uuid).variant, str(UUID(uuid))) == (4, RFC_4122, uuid)
    assert set(base32) <= set("0123456789abcdefghijklmnopqrstuv")
    assert (len(uuid), len(base32), len(token), len(short), len(tiny)) == (36, 26, 43, 10, 5)


def test_no_id_is_given_twice_to_threads():
    ids, seen = Ids(0), []

    def work():
        seen.extend(ids.uuid() for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1600


def test_the_timeline_finds_events_by_how_their_reference_begins():
    timeline = Timeline(SandboxClock(NOON))
    timeline.record("pay", "payment created", "RENEW-7")
    timeline.record("notify", "email delivered", "RENEW-7-receipt")
    timeline.record("identity", "signed in")
    timeline.record("pay", "payment created", "OTHER")
    assert [event.component for event in timeline.events("RENEW-7")] == ["pay", "notify"]
    assert len(timeline.events()) == 4
    assert timeline.events()[0].at == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_timeline_keeps_the_newest_events():
    timeline = Timeline(SandboxClock(NOON), limit=3)
    for number in range(5):
        timeline.record("pay", f"event {number}")
    assert [event.happened for event in timeline.events()] == ["event 2", "event 3", "event 4"]


def test_a_world_may_leave_providers_out_and_hold_comments():
    world = {"$comment": "for people", "$comment pay": [], "pay": {}, "notify": None}
    assert load_world(world) is world
    assert load_world({}) == {}


def test_a_world_file_is_read(tmp_path):
    path = tmp_path / "world.json"
    path.write_text('{"pay": {"$comment": "é"}}', encoding="utf-8")
    assert load_world(path) == load_world(str(path)) == {"pay": {"$comment": "é"}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"pay": {\n  "x": }}', "not JSON: line 2, column 8: Expecting value.*To fix: mend the file at that place"),
        (b"", "not JSON: line 1, column 1"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object.*pay, notify, one_login"),
        (b'{"payments": {}}', "unknown section 'payments'.*the sections are pay, notify, one_login"),
        (b'{"pay": []}', "section 'pay' is not a JSON object"),
    ],
)
def test_a_wrong_world_file_is_refused_by_the_place(tmp_path, content, says):
    path = tmp_path / "world.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        load_world(path)


def test_a_missing_world_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_world(tmp_path / "none.json")


def test_a_world_with_what_may_be_a_live_key_is_refused_by_the_place():
    world = {"pay": {"services": [{"n": 1}, {"api_keys": [{"key": "api_live_" + "0a" * 29}]}]}}
    with pytest.raises(ConfigurationError, match=r"live key, at pay\.services\.1\.api_keys\.0\.key") as refused:
        load_world(world)
    assert "0a0a" not in str(refused.value)
    assert load_world({"pay": {"key": "api_live_invented0sandbox0only"}, "notify": {"x": [None, 1, b"", True]}})
