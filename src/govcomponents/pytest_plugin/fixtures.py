"""The fixtures. `gov_simulator` is the one sandbox of a test; the others look at it, or stand before it."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from govcomponents.components import AsyncGovComponents, GovComponents
    from govcomponents.core.http.transport import Transport
    from govcomponents.pytest_plugin.clock import Clock
    from govcomponents.pytest_plugin.faults import Faults
    from govcomponents.pytest_plugin.kill import Kill
    from govcomponents.pytest_plugin.network import NoNetwork
    from govcomponents.pytest_plugin.outbox import Outbox
    from govcomponents.pytest_plugin.person import Person
    from govcomponents.pytest_plugin.webhooks import Webhooks
    from govcomponents.sandbox.world import World
    from govcomponents.testing import Recording, Sandbox, SandboxServer

T = TypeVar("T")
OF_THE_MARK = ("world", "seed", "now", "redirect_to", "snapshots", "strict")
"""The arguments of the mark gov_sandbox."""
HAS_FAILED: Final = pytest.StashKey[bool]()
"""The note on a test that it has failed, so that what is asked of it at its end is not asked then."""
_SANDBOXES = ("gov_sandbox", "gov_async_sandbox", "gov_sandbox_url")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A description of the sandbox of a test: from its mark, or else from pytest's configuration."""

    world: Mapping[str, object] | None
    seed: int
    now: str | None
    snapshots: bool
    is_strict: bool


@pytest.fixture
def gov_adapter(request: pytest.FixtureRequest) -> str | None:
    """The provider that `--gov-adapter` names for this test, or None for the usual ones."""
    return getattr(request, "param", None)


@pytest.fixture
def gov_sandbox(request: pytest.FixtureRequest, gov_adapter: str | None) -> Iterator[GovComponents]:
    """Give all three components on a fresh sandbox in this process; `gov_sandbox.simulator` is the sandbox itself."""
    from govcomponents.components import GovComponents

    _only_one(request)
    with _made(GovComponents.sandbox, _wanted(request, gov_adapter)) as gov:
        yield gov


@pytest.fixture
def gov_async_sandbox(request: pytest.FixtureRequest, gov_adapter: str | None) -> Iterator[AsyncGovComponents]:
    """Give the same for asyncio callers, whichever plugin runs the coroutines of the tests."""
    from govcomponents.components import AsyncGovComponents

    _only_one(request)
    gov = _made(AsyncGovComponents.sandbox, _wanted(request, gov_adapter))
    yield gov
    asyncio.run(gov.aclose())


@pytest.fixture
def gov_served(request: pytest.FixtureRequest, gov_adapter: str | None) -> Iterator[SandboxServer]:
    """Give a sandbox that is served on this machine."""
    from govcomponents.testing import serving

    with ExitStack() as stack:

        def serve(world: World, **options: Any) -> SandboxServer:
            return stack.enter_context(serving(world, **options))

        yield _made(serve, _wanted(request, gov_adapter))


@pytest.fixture
def gov_sandbox_url(request: pytest.FixtureRequest, gov_served: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Serve a sandbox over HTTP, and return its URL. The environment is set so that `from_settings()` finds it.

    What the environment says of other accounts is not there until the test is over.
    """
    from govcomponents.sandbox.control.client_environment import accounts_of, environment

    _only_one(request)
    for name in accounts_of(os.environ):
        monkeypatch.delenv(name)
    for name, value in environment(gov_served.sandbox.settings()):
        monkeypatch.setenv(name, value)
    return gov_served.base_url


@pytest.fixture
def gov_simulator(
    request: pytest.FixtureRequest,
    gov_adapter: str | None,  # noqa: ARG001  # pytest runs whoever asks for it on each adapter
) -> Sandbox:
    """Return the sandbox of this test: the one of its components, or the one that is served, on its adapter."""
    names = request.fixturenames
    if "gov_sandbox_url" in names:
        server: SandboxServer = request.getfixturevalue("gov_served")
        return server.sandbox
    chosen = "gov_async_sandbox" if "gov_async_sandbox" in names else "gov_sandbox"
    gov: GovComponents | AsyncGovComponents = request.getfixturevalue(chosen)
    return gov.simulator


@pytest.fixture
def gov_person(gov_simulator: Sandbox) -> Person:
    """Return a person at a browser, who signs in and pays at the sandbox's pages."""
    from govcomponents.pytest_plugin.person import Person

    return Person(gov_simulator)


@pytest.fixture
def gov_outbox(request: pytest.FixtureRequest, gov_simulator: Sandbox) -> Iterator[Outbox]:
    """Give what was sent to people. What no assertion of the test named fails it at its end, if it has not failed."""
    from govcomponents.pytest_plugin.outbox import Outbox

    outbox = Outbox(gov_simulator)
    yield outbox
    if _is_asked_at_the_end(request):
        outbox.assert_nothing_else()


@pytest.fixture
def gov_clock(gov_simulator: Sandbox) -> Clock:
    """Return the sandbox's clock."""
    from govcomponents.pytest_plugin.clock import Clock

    return Clock(gov_simulator)


@pytest.fixture
def gov_faults(request: pytest.FixtureRequest, gov_simulator: Sandbox) -> Iterator[Faults]:
    """Give the faults of the sandbox. One that was armed and never struck fails the test at its end."""
    from govcomponents.pytest_plugin.faults import Faults

    faults = Faults(gov_simulator)
    yield faults
    if _is_asked_at_the_end(request):
        faults.assert_all_struck()


@pytest.fixture
def gov_kill(request: pytest.FixtureRequest) -> Kill:
    """Kill a function of the service at a commit point of the durable layer; the test runs once for each point."""
    from govcomponents.pytest_plugin.kill import Kill

    guard = request.getfixturevalue("gov_no_network") if "gov_no_network" in request.fixturenames else None
    return Kill(*request.param, guard=guard)


@pytest.fixture
def gov_webhook(gov_simulator: Sandbox) -> Webhooks:
    """Return the callbacks of the sandbox, signed as the providers sign them."""
    from govcomponents.pytest_plugin.webhooks import Webhooks

    return Webhooks(gov_simulator)


@pytest.fixture
def gov_recording(request: pytest.FixtureRequest) -> Iterator[Callable[..., Recording]]:
    """Give exchanges that were recorded as a transport, by name: `recordings/NAME.json` beside the test.

    With `--gov-record` they are recorded, through `through` or the blocking transport, and written if the test passes.
    """
    from govcomponents.core.transports.blocking import RequestsTransport
    from govcomponents.recordings.recording import Recording

    opened: list[Recording] = []

    def recording(name: str, *, through: Transport | None = None, secrets: Iterable[str] = ()) -> Recording:
        folder = request.path.parent / "recordings"
        path = folder / f"{name}.json"
        if not name or not path.resolve().is_relative_to(folder.resolve()):
            pytest.fail(
                'gov_recording takes the name of a file in the folder recordings, such as "paid"', pytrace=False
            )
        if isinstance(secrets, str) or not all(type(one) is str and one for one in secrets):
            pytest.fail("gov_recording takes secrets= as a list of texts, none of them empty", pytrace=False)
        is_new = request.config.getoption("--gov-record")
        inner = (through or RequestsTransport()) if is_new else None
        opened.append(Recording(path, through=inner, secrets=frozenset(secrets)))
        return opened[-1]

    yield recording
    if HAS_FAILED not in request.node.stash:
        for one in opened:
            if one.is_recording:
                one.save()
            one.assert_all_played()


@pytest.fixture
def gov_no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoNetwork]:
    """Refuse every connection of this test that would leave this machine. One that it caught fails it at its end."""
    from govcomponents.pytest_plugin.network import NoNetwork, stay_here

    guard = NoNetwork()
    stay_here(monkeypatch, guard.refused.append)
    yield guard
    if HAS_FAILED not in request.node.stash:
        guard.assert_none_refused()


class NetworkGuard:
    """A plugin for those whose configuration asks for it: every test has `gov_no_network`."""

    @pytest.fixture(autouse=True)
    def gov_network_guard(self, gov_no_network: NoNetwork) -> None:
        """Refuse connections that would leave this machine in every test."""


@pytest.fixture
def gov_marked_faults(request: pytest.FixtureRequest) -> None:
    """Arm the faults of a test's marks: a test that has the mark is given this."""
    for mark in reversed(list(request.node.iter_markers("gov_fault"))):
        request.getfixturevalue("gov_faults").at(*mark.args, **mark.kwargs)


def _made(make: Callable[..., T], wanted: Wanted) -> T:
    """Make a sandbox, or fail the test in one line for a world, a time or a seed that is wrong."""
    from govcomponents.errors import ConfigurationError

    try:
        return make(wanted.world, seed=wanted.seed, now=wanted.now, snapshots=wanted.snapshots)
    except ConfigurationError as error:
        problem = f"{error.happened}; {error.fix}"
    pytest.fail(f"as the mark gov_sandbox, or pytest's configuration, has the sandbox: {problem}", pytrace=False)


def _is_asked_at_the_end(request: pytest.FixtureRequest) -> bool:
    """Whether the end of a test is strict. One that has failed is told once what is wrong with it."""
    return HAS_FAILED not in request.node.stash and _wanted(request, None).is_strict


def _only_one(request: pytest.FixtureRequest) -> None:
    """Fail a test with two sandboxes: the other fixtures look at one of them alone."""
    taken = [name for name in _SANDBOXES if name in request.fixturenames]
    if len(taken) > 1:
        pytest.fail(f"take {' or '.join(taken)}, and not both: each test has one sandbox", pytrace=False)


def _wanted(request: pytest.FixtureRequest, adapter: str | None) -> Wanted:
    from govcomponents.pytest_plugin.worlds import world_of

    mark = request.node.get_closest_marker("gov_sandbox")
    given: dict[str, Any] = dict(mark.kwargs) if mark else {}
    unknown = given.keys() - set(OF_THE_MARK)
    if unknown or (mark and mark.args):
        named = ", ".join(sorted(unknown)) or "argument without a name"
        pytest.fail(
            f"the mark gov_sandbox has no {named}: it takes {', '.join(f'{one}=' for one in OF_THE_MARK)}",
            pytrace=False,
        )
    if not isinstance(given.get("strict", True), bool):
        pytest.fail("the mark gov_sandbox takes strict=True or strict=False", pytrace=False)
    ini = str(request.config.getini("gov_world"))
    world = given.get("world", Path(request.config.rootpath, ini) if ini else None)
    return Wanted(
        world=world_of(
            world,
            adapter,
            source="world= of the mark gov_sandbox" if "world" in given else "gov_world of pytest's configuration",
            redirect_to=given.get("redirect_to"),
            has_callbacks="gov_webhook" in request.fixturenames,
        ),
        seed=given.get("seed", 0),
        now=given.get("now", str(request.config.getini("gov_now")) or None),
        snapshots=bool(given.get("snapshots")),
        is_strict=given.get("strict", True),
    )
