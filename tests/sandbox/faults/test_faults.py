"""Arming faults: by provider, operation, nth call, number of times, chance and time; misspelt names refused."""

from __future__ import annotations

import threading

import pytest

from govcomponents.sandbox.faults.arming import Faults, UnknownName
from govcomponents.sandbox.faults.catalogue import Effect
from govcomponents.sandbox.providers import built_in_specs, fault_catalogue, find_spec
from govcomponents.sandbox.state.clock import SandboxClock


@pytest.fixture
def clock():
    return SandboxClock("2026-03-02T12:00:00Z")


@pytest.fixture
def faults(clock):
    made = Faults(clock)
    for provider, operations in (
        ("pay", {"create_payment", "get_payment"}),
        ("notify", set()),
        ("one_login", {"token", "userinfo"}),
    ):
        made.register(provider, frozenset(operations), find_spec(provider).all_faults())
    return made


def hits(faults, count, operation="create_payment", provider="pay"):
    return [number for number in range(1, count + 1) if faults.match(provider, operation)]


def test_without_faults_nothing_is_injected(faults):
    assert not faults.any_armed
    assert hits(faults, 5) == []


def test_a_fault_strikes_every_call_of_its_provider_until_it_is_taken_back(faults):
    armed = faults.arm("pay", "server_error")
    assert faults.any_armed
    assert hits(faults, 3) == [1, 2, 3]
    assert hits(faults, 3, provider="notify") == []
    (now,) = faults.armed()
    assert (now.seen, now.injected, now.operation) == (3, 3, "*")
    faults.disarm(armed.id)
    assert hits(faults, 3) == []
    with pytest.raises(KeyError):
        faults.disarm(armed.id)


def test_by_operation(faults):
    faults.arm("pay", "server_error", operation="get_payment")
    assert hits(faults, 2) == []
    assert hits(faults, 2, "get_payment") == [1, 2]


def test_a_fault_that_only_some_operations_can_have_strikes_only_those(faults):
    faults.arm("one_login", "id_token_expired")
    assert hits(faults, 2, "authorize", "one_login") == []
    assert hits(faults, 2, "token", "one_login") == [1, 2]
    with pytest.raises(UnknownName, match=r"for this fault; the names are: \*, token$"):
        faults.arm("one_login", "id_token_expired", operation="userinfo")


def test_only_the_nth_call(faults):
    faults.arm("pay", "server_error", nth=3)
    assert hits(faults, 6) == [3]


def test_at_most_so_often(faults):
    faults.arm("pay", "server_error", times=2)
    assert hits(faults, 6) == [1, 2]


def test_by_chance_from_a_seed(faults):
    def draw(seed):
        faults.clear()
        faults.arm("pay", "server_error", probability=0.3, seed=seed)
        return hits(faults, 200)

    first = draw(1)
    assert first == draw(1) != draw(2)
    assert 30 < len(first) < 90
    faults.clear()
    faults.arm("pay", "server_error", probability=0)
    assert hits(faults, 50) == []


def test_for_a_time_by_the_sandboxs_clock(faults, clock):
    faults.arm("pay", "server_error", seconds=60)
    clock.advance(59)
    assert hits(faults, 1) == [1]
    clock.advance(1)
    assert hits(faults, 1) == []
    assert faults.armed() == []
    assert not faults.any_armed


def test_the_one_that_was_armed_first_strikes_first(faults):
    faults.arm("pay", "server_error", times=1)
    faults.arm("pay", "bad_gateway")
    assert [faults.match("pay", "x").fault for _ in range(2)] == ["server_error", "bad_gateway"]


def test_a_misspelt_provider_fault_or_operation_lists_the_right_names(faults):
    with pytest.raises(UnknownName, match="no such provider; the names are: notify, one_login, pay"):
        faults.arm("payments", "server_error")
    with pytest.raises(UnknownName, match=r"no such fault of pay; the names are: .*server_error") as caught:
        faults.arm("pay", "servererror")
    assert "daily_limit_reached" not in caught.value.known
    with pytest.raises(UnknownName, match=r"operation of pay for this fault; the names are: \*, create_payment, get_p"):
        faults.arm("pay", "server_error", operation="creat")
    assert faults.armed() == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"nth": 0}, "count from 1"),
        ({"times": -1}, "count from 1"),
        ({"probability": 1.5}, "from 0 to 1"),
        ({"probability": float("nan")}, "from 0 to 1"),
        ({"seconds": 0}, "more than 0"),
        ({"seconds": float("inf")}, "more than 0"),
        ({"silent_seconds": 601}, "from 0 to 600"),
    ],
)
def test_a_number_out_of_range_is_refused(faults, wrong, says):
    with pytest.raises(ValueError, match=says):
        faults.arm("pay", "server_error", **wrong)


def test_threads_share_a_count(faults):
    faults.arm("pay", "server_error", times=50)
    injected = []

    def work():
        injected.extend(faults.match("pay", "create_payment") is not None for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(injected) == 50


def test_every_fault_is_documented_and_has_its_answers():
    for described in fault_catalogue().values():
        kind = described.kind
        assert described.real.endswith(".")
        assert kind.raises
        assert kind.operations or kind.effect is not Effect.CORRUPTS
    for spec in built_in_specs():
        for fault in spec.all_faults().values():
            assert (fault.respond is not None) == (fault.kind.effect is Effect.INSTEAD)
            assert fault.respond is None or fault.respond().status >= 400


def test_a_revoked_key_is_one_key_and_the_calls_of_others_are_not_counted(faults):
    faults.arm("pay", "key_revoked", skip=1)
    struck = [
        faults.match("pay", "get_payment", lambda key=key: key) is not None
        for key in ("old", "old", "new", "old", "new")
    ]
    assert struck == [False, True, False, True, False]
    assert [(one.seen, one.injected) for one in faults.armed()] == [(3, 2)]
