"""The hooks of pytest: options, marks, the fixtures, and the timeline of the sandbox below a test that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.pytest_plugin.fixtures import HAS_FAILED, OF_THE_MARK, NetworkGuard

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from govcomponents.testing import Sandbox, SandboxServer

pytest_plugins = ["govcomponents.pytest_plugin.fixtures"]

_SANDBOXES = frozenset({"gov_sandbox", "gov_async_sandbox", "gov_sandbox_url", "gov_simulator"})
_MARKS = (
    f"gov_sandbox({', '.join(OF_THE_MARK)}): how the sandbox of this test is made",
    "gov_adapters(*names): what the test is about; --gov-adapter runs it on no other one of the same component",
    "gov_fault(operation, fault, nth, times): arm a fault for this test, as gov_faults.at does",
    "gov_kill(*points, nth): the commit points of the durable layer at which gov_kill kills; all unless it names some",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption(
        "--gov-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="run tests that use a sandbox on this provider, such as stripe; several times for several",
    )
    parser.addoption(
        "--gov-record",
        action="store_true",
        help="let gov_recording record from the providers that the settings name, and write its files anew",
    )
    parser.addini(
        "gov_world", "the world file of every sandbox, beside pytest's own configuration file", "string", default=""
    )
    parser.addini("gov_now", "the time (ISO 8601) at which the clock of every sandbox stands", "string", default="")
    parser.addini(
        "gov_strict_outbox",
        "fail every test with a sandbox for a message that no assertion named, and not only tests that take gov_outbox",
        "bool",
        default=False,
    )
    parser.addini(
        "gov_no_network", "refuse every connection that leaves this machine, in every test", "bool", default=False
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and the guard of every test if the configuration asks for it."""
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)
    if config.getini("gov_no_network"):
        config.pluginmanager.register(NetworkGuard(), "gov-network-guard")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a sandbox once for each adapter that was named."""
    adapters = metafunc.config.getoption("--gov-adapter")
    marks = list(metafunc.definition.iter_markers("gov_adapters"))
    if marks or (adapters and "gov_adapter" in metafunc.fixturenames):
        from govcomponents.pytest_plugin.worlds import runs_on

        runs = runs_on(adapters, marks, metafunc.definition.name)
        if runs and "gov_adapter" in metafunc.fixturenames:
            metafunc.parametrize("gov_adapter", runs, indirect=True)
    if "gov_kill" not in metafunc.fixturenames:
        if any(mark.name == "gov_kill" for mark in metafunc.definition.own_markers):
            pytest.fail(
                f"{metafunc.definition.name}: the mark gov_kill names points at which the fixture gov_kill kills, and "
                "this test does not take it",
                pytrace=False,
            )
    else:
        from govcomponents.pytest_plugin.kill import points_of

        points = points_of(metafunc.definition.get_closest_marker("gov_kill"), metafunc.definition.name)
        metafunc.parametrize("gov_kill", points, indirect=True, ids=[str(point) for point, _ in points])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test what its marks or the configuration ask for. A fixture for every test would cost all the others."""
    if not isinstance(item, pytest.Function):
        return
    if item.get_closest_marker("gov_fault"):
        item.fixturenames.insert(0, "gov_marked_faults")
    if item.config.getini("gov_strict_outbox") and _SANDBOXES.intersection(item.fixturenames):
        item.fixturenames.insert(0, "gov_outbox")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the timeline of the test's sandbox to the report of its failure."""
    report = yield
    if report.failed and call.when != "teardown":
        item.stash[HAS_FAILED] = True
    simulator = _simulator(getattr(item, "funcargs", {}))
    if report.failed and simulator is not None:
        report.sections.append(("What the sandbox saw", _timeline(simulator)))
    return report


def _simulator(fixtures: Mapping[str, Any]) -> Sandbox | None:
    """Return the sandbox of a test, by whichever fixture it has it; None if it has none."""
    served: SandboxServer | None = fixtures.get("gov_served")
    if "gov_simulator" in fixtures or served is not None:
        found: Sandbox = fixtures["gov_simulator"] if served is None else served.sandbox
        return found
    components = fixtures.get("gov_sandbox") or fixtures.get("gov_async_sandbox")
    simulator: Sandbox | None = getattr(components, "simulator", None)  # a service may have its own fixture of the name
    return simulator


def _timeline(simulator: Sandbox) -> str:
    lines = [
        f"{event.at:%H:%M:%S}  {event.component:<10} {event.reference or '-':<20} {event.happened}"
        for event in simulator.timeline.events()
    ]
    return "\n".join(lines) or "nothing"
