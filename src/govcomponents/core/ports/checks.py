"""Checks of accounts: whether each provider answers and takes the credential, for health pages."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.core.deadline import limited
from govcomponents.core.driver import drive
from govcomponents.core.inputs import number_argument
from govcomponents.core.results import Result
from govcomponents.errors import GovComponentsError, NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from govcomponents.core.ports.port import AnyPort

    Of: TypeAlias = tuple[str, str]
    Ports: TypeAlias = Mapping[Of, AnyPort]


_ENDING: Final = 0.25
"""Seconds in which a call that was given a deadline ends, and is not given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Result):
    """The result of a check: whether one account of one component works, as its provider said when it was asked.

    `ok` is true if the provider answered and took the credential, false if not, and None if the adapter has no way to
    ask. `problem` says what is wrong and how to mend it; it holds no credential and no personal data.
    """

    component: str
    provider: str
    ok: bool | None
    problem: str | None = None


async def check(component: str, account: str, port: AnyPort, time_limit: float | None = None) -> CheckResult:
    """Ask one adapter's provider. Never raises for what the provider or the network does.

    All of it ends within `time_limit` seconds, if there is a limit.
    """
    ok: bool | None = True
    problem = None
    try:
        with limited(time_limit):
            await port.check()
    except GovComponentsError as error:
        error.account = account
        ok = None if isinstance(error, NotSupported) else False
        problem = str(error)
    return CheckResult(component=component, account=account, provider=port.provider, ok=ok, problem=problem)


async def check_all(ports: Ports, time_limit: float | None, within: float | None) -> tuple[CheckResult, ...]:
    """Ask the providers of all at the same time, each within the limit in seconds.

    With `within` whoever has not answered after so many seconds is told as one that does not work.
    """
    import asyncio

    if within is None:
        return tuple(await asyncio.gather(*(check(*of, port, time_limit) for of, port in ports.items())))
    _check_seconds(within)

    async def answer(of: Of, port: AnyPort) -> CheckResult:
        with suppress(TimeoutError):
            return await asyncio.wait_for(_checked_within(of, port, within), within + _ENDING)
        return _silent(of, port, within)

    return tuple(await asyncio.gather(*(answer(*one) for one in ports.items())))


def check_all_blocking(ports: Ports, time_limit: float | None, within: float | None) -> tuple[CheckResult, ...]:
    """Ask them for a blocking caller: one after the other or, with `within`, each on a thread of its own."""
    if within is None:
        return tuple(drive(check(*of, port, time_limit)) for of, port in ports.items())
    _check_seconds(within)
    found: dict[Of, CheckResult] = {}

    def answer(of: Of, port: AnyPort) -> None:
        found[of] = drive(_checked_within(of, port, within))

    # Daemons: what even the deadline does not end, such as a look-up of a name, holds up no process that is to end.
    threads = [threading.Thread(target=copy_context().run, args=(answer, *one), daemon=True) for one in ports.items()]
    ends = time.monotonic() + within + _ENDING
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return tuple(found.get(of) or _silent(of, port, within) for of, port in ports.items())


def _check_seconds(within: float) -> None:
    fix = "give a number of seconds, such as 5, or leave it out"
    number_argument(within, field="within", fix=fix, operation="check", least=0.1)


async def _checked_within(of: Of, port: AnyPort, within: float) -> CheckResult:
    began = time.monotonic()
    with limited(within):  # so it ends by itself, and leaves no connection behind that is half used
        result = await check(*of, port)
    return _silent(of, port, within) if result.ok is False and time.monotonic() - began >= within - _ENDING else result


def _silent(of: Of, port: AnyPort, within: float) -> CheckResult:
    problem = f"{of[0]}.check ({port.provider}): it did not answer within {within:g} s"
    return CheckResult(component=of[0], account=of[1], provider=port.provider, ok=False, problem=problem)
