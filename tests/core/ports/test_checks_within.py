"""A check within a deadline, of adapters that do not end by themselves: what is told, and when."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

import pytest

from govcomponents.core.deadline import seconds_left
from govcomponents.core.ports.checks import CheckResult, check_all, check_all_blocking
from govcomponents.core.ports.port import Port
from govcomponents.errors import CredentialsRefused, InvalidInput

WITHIN = 0.5
Ports = Mapping[tuple[str, str], Port]
Check = Callable[[Ports, float], tuple[CheckResult, ...]]


def awaited(ports: Ports, within: float) -> tuple[CheckResult, ...]:
    return asyncio.run(check_all(ports, None, within))


def blocking(ports: Ports, within: float) -> tuple[CheckResult, ...]:
    return check_all_blocking(ports, None, within)


class Toy(Port):
    """Answers after so many seconds, whatever time it was given."""

    provider = "Toy"

    def __init__(self, after: float = 0.0) -> None:
        self.after = after
        self.left: float | None = None
        self.holds_up_the_end = False

    async def check(self) -> None:
        self.left = seconds_left()
        self.holds_up_the_end = not threading.current_thread().daemon
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            threading.Event().wait(self.after)
        else:
            await asyncio.sleep(self.after)


class Refuses(Toy):
    async def check(self) -> None:
        raise CredentialsRefused("the key was refused", operation="check", provider="Toy", fix="set the key")


@pytest.mark.parametrize("check", [awaited, blocking])
def test_who_never_ends_is_told_as_silent_and_not_waited_for(check: Check) -> None:
    ports = {("pay", "moto"): Toy(after=20.0), ("pay", "default"): Toy(), ("notify", "default"): Toy(after=20.0)}
    began = time.monotonic()
    found = check(ports, 0.1)
    assert time.monotonic() - began < 0.9  # one deadline for both, and what a call has to end
    assert found == (
        silent("pay", "moto"),
        CheckResult(component="pay", account="default", provider="Toy", ok=True),
        silent("notify", "default"),
    )
    assert [one.account for one in found] == ["moto", "default", "default"]


def silent(component: str, account: str) -> CheckResult:
    problem = f"{component}.check (Toy): it did not answer within 0.1 s"
    return CheckResult(component=component, account=account, provider="Toy", ok=False, problem=problem)


@pytest.mark.parametrize("check", [awaited, blocking])
def test_an_answer_that_comes_while_calls_are_ended_counts(check: Check) -> None:
    found = check({("pay", "default"): Toy(after=WITHIN)}, WITHIN)
    assert found == (CheckResult(component="pay", account="default", provider="Toy", ok=True),)


@pytest.mark.parametrize("check", [awaited, blocking])
def test_a_refusal_that_comes_at_once_is_told_as_it_is(check: Check) -> None:
    problem = "check (Toy, account moto): the key was refused. To fix: set the key"
    expected = CheckResult(component="pay", account="moto", provider="Toy", ok=False, problem=problem)
    assert check({("pay", "moto"): Refuses()}, 5.0) == (expected,)


@pytest.mark.parametrize("check", [awaited, blocking])
def test_each_is_given_the_deadline(check: Check) -> None:
    port = Toy()
    check({("pay", "default"): port}, 5.0)
    assert port.left is not None
    assert 4.0 < port.left <= 5.0


def test_a_process_can_end_while_somebody_does_not_answer() -> None:
    port = Toy()
    blocking({("pay", "default"): port}, 5.0)
    assert not port.holds_up_the_end


@pytest.mark.parametrize("check", [awaited, blocking])
def test_a_deadline_is_a_number_of_seconds(check: Check) -> None:
    with pytest.raises(InvalidInput) as caught:
        check({("pay", "default"): Toy()}, 0.05)
    assert str(caught.value) == (
        "check: within: it is not from 0.1 to 1e+15; nothing was sent. "
        "To fix: give a number of seconds, such as 5, or leave it out"
    )
