"""The pytest plugin of the contract kit: fixtures, and adapters' tests made from what they declare."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from govcomponents.contracts.modes import Mode
from govcomponents.contracts.suite import NEEDS, applies

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark of the suites."""
    config.addinivalue_line("markers", f"{NEEDS}(*conditions): a test for adapters that meet all the conditions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of what an adapter does not declare: they are no tests of it."""
    items[:] = [item for item in items if applies(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in one line what the author of an adapter has still to fill in (`govcomponents new-adapter`)."""
    report = yield
    if report.failed and call.excinfo is not None and call.excinfo.errisinstance(NotImplementedError):
        told = str(call.excinfo.value)
        if told.startswith("fill in "):
            report.longrepr = f"Still to do: {told}"
    return report


@pytest.fixture(params=list(Mode), ids=str)
def gov_mode(request: pytest.FixtureRequest) -> Mode:
    """The mode in which a test calls: each test runs once for blocking callers and once for asyncio callers."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def gov_runner() -> Iterator[asyncio.Runner]:
    """Give the one event loop of a test; it is closed when the test ends."""
    with asyncio.Runner() as loop:
        yield loop
