"""The check of an account: what is told of each of its three outcomes."""

from __future__ import annotations

import asyncio

import pytest

from govcomponents.core.deadline import seconds_left
from govcomponents.core.driver import drive
from govcomponents.core.ports.checks import CheckResult, check, check_all, check_all_blocking
from govcomponents.core.ports.port import Port
from govcomponents.errors import CredentialsRefused


class Works(Port):
    provider = "Toy"

    async def check(self) -> None:
        """It answers."""


class Refuses(Works):
    async def check(self) -> None:
        raise CredentialsRefused("the key was refused", operation="check", provider="Toy", fix="set the key")


class CannotTell(Port):
    provider = "Toy"


NO_READ = (
    "check (Toy, account moto): this adapter does not support asking whether it works; nothing was sent. "
    "To fix: use another adapter, or leave that argument out; the docs list what each adapter can do"
)


@pytest.mark.parametrize(
    ("port", "ok", "problem"),
    [
        (Works(), True, None),
        (Refuses(), False, "check (Toy, account moto): the key was refused. To fix: set the key"),
        (CannotTell(), None, NO_READ),
    ],
)
def test_a_check_tells_whether_the_account_works(port: Port, ok: bool | None, problem: str | None) -> None:
    found = drive(check("pay", "moto", port))
    assert found == CheckResult(component="pay", account="moto", provider="Toy", ok=ok, problem=problem)
    assert (found.component, found.account, found.provider, found.ok) == ("pay", "moto", "Toy", ok)


def test_what_is_a_fault_of_the_adapter_is_not_told_as_the_providers() -> None:
    class Broken(Port):
        provider = "Toy"

        async def check(self) -> None:
            raise KeyError("a fault of its own")

    with pytest.raises(KeyError):
        drive(check("pay", "default", Broken()))


class Silent(Works):
    """Answers when both are asked, so never if one is asked after the other."""

    def __init__(self, both: asyncio.Barrier) -> None:
        self.both = both

    async def check(self) -> None:
        await self.both.wait()


async def _both_at_once() -> tuple[CheckResult, ...]:
    both = asyncio.Barrier(2)
    async with asyncio.timeout(20):
        return await check_all({("pay", "default"): Silent(both), ("notify", "moto"): Silent(both)}, None, None)


def test_providers_that_are_slow_to_answer_are_waited_for_together() -> None:
    found = asyncio.run(_both_at_once())
    assert [(one.component, one.account, one.ok) for one in found] == [
        ("pay", "default", True),
        ("notify", "moto", True),
    ]


class Noting(Works):
    def __init__(self) -> None:
        self.left: list[float | None] = []

    async def check(self) -> None:
        self.left.append(seconds_left())


def test_each_account_has_the_whole_limit_to_itself() -> None:
    port = Noting()
    ports = {("pay", "default"): port, ("pay", "moto"): port}
    check_all_blocking(ports, 100.0, None)
    asyncio.run(check_all(ports, 100.0, None))
    assert len(port.left) == 4
    assert all(left is not None and 90 < left <= 100 for left in port.left)
    assert seconds_left() is None
