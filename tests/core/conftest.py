from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .loopback import Caller, Loopback, serving

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from govcomponents.contracts.modes import Mode


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make_caller(gov_mode: Mode, gov_runner: asyncio.Runner) -> Iterator[Callable[..., Caller]]:
    """Make callers of the test's mode; they are closed when the test ends."""
    made: list[Caller] = []

    def make(**limits: float) -> Caller:
        made.append(Caller(gov_mode, gov_runner, **limits))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


@pytest.fixture
def caller(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller()
