"""The sandbox: puts its parts together, and serves them in this process and to an HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.blocking import MAX_BODY
from govcomponents.errors import ConfigurationError, OutcomeUnknown
from govcomponents.sandbox.control.api import ControlApi
from govcomponents.sandbox.control.client_environment import settings_for
from govcomponents.sandbox.control.controls import SandboxControls
from govcomponents.sandbox.control.pages.controls import ControlPages
from govcomponents.sandbox.control.pages.index import IndexPages
from govcomponents.sandbox.control.pages.messages import MessagePages
from govcomponents.sandbox.control.pages.records import RecordPages
from govcomponents.sandbox.control.pages.requests import RequestPages
from govcomponents.sandbox.control.pages.scenarios import ScenarioPages
from govcomponents.sandbox.faults.injection import inject
from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY, Call, ConnectionCut, text_response
from govcomponents.sandbox.http.routing import Found, Router
from govcomponents.sandbox.key_guard import carries_live_key
from govcomponents.sandbox.persistence.snapshots import Snapshots
from govcomponents.sandbox.plugins.context import SandboxContext
from govcomponents.sandbox.plugins.provider import CorruptsResponses, KnowsCallers, RunningProvider
from govcomponents.sandbox.providers import BuiltInStubs, built_in_specs
from govcomponents.sandbox.scenarios.player import Scenarios
from govcomponents.sandbox.state.clock import SandboxClock
from govcomponents.sandbox.state.ids import Ids
from govcomponents.sandbox.state.timeline import Timeline
from govcomponents.sandbox.world import checked_destination, load_world, read_world

if TYPE_CHECKING:
    from govcomponents.sandbox.control.client import Control
    from govcomponents.sandbox.control.controls import ManagesWorlds
    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.persistence.replay import StateReplayer
    from govcomponents.sandbox.plugins.context import SignIn
    from govcomponents.sandbox.plugins.outbox import OutboxMessage
    from govcomponents.sandbox.plugins.provider import BuildStub, ProviderSpec, ProviderStub
    from govcomponents.settings import Settings

__all__ = ["IN_PROCESS_URL", "Sandbox"]

IN_PROCESS_URL = "https://sandbox.example.gov.uk"
_SENDERS = frozenset({"/_sandbox/api/callbacks/deliver", "/_sandbox/callbacks/deliver"})
_PLAYERS = frozenset({"/_sandbox/api/scenarios/play", "/_sandbox/scenarios"})
_NO_STEPS = ("/_sandbox/api/snapshots", "/_sandbox/api/worlds", "/_sandbox/requests/")


def _require_extra() -> None:
    """Find what the extra installs before anything needs it. Its imports cost time that not every sandbox spends."""
    from importlib.util import find_spec

    for name in ("jinja2", "phonenumbers", "jsonschema"):
        if find_spec(name) is None:
            raise ConfigurationError(
                f"the sandbox needs {name}, which is not installed", fix='pip install "govcomponents[sandbox]"'
            )


class Sandbox(BuiltInStubs):
    """One sandbox: stubs of all providers of its world on one host, with one clock, one seed and one timeline.

    `pay`, `notify`, `one_login` and the others are the providers' stubs, each with its state; `clock` can be moved;
    `timeline` ties them together; `callbacks` are what it sends to services; `faults` are armed by name; `requests` is
    the log of what came. `handle` and `visit` serve it in this process; `govcomponents.sandbox.server` over HTTP.
    `sign_in` says how identity providers answer an authorization request: "page", "at_once", or None for what the world
    says of each client. `shares_clock` is whether its callers go by its clock. `state` is a file that keeps the state
    over restarts; close the sandbox then. `scenarios` is a folder with a team's own. `snapshots` lets it note what
    changes it in memory, so that it can be brought back to an earlier state; one with a `state` file can be too.
    It sends only to addresses that `world` names and to those below
    `send_below`: a world that comes later by its control API cannot name others. Raises ConfigurationError for a world
    that is wrong, and for a state file that does not fit.
    """

    def __init__(
        self,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        seed: int = 0,
        now: str | None = None,
        base_url: str = IN_PROCESS_URL,
        sign_in: SignIn | None = None,
        shares_clock: bool = True,
        state: Path | str | None = None,
        send_below: Iterable[str] = (),
        scenarios: Path | str | None = None,
        snapshots: bool = False,
    ) -> None:
        _require_extra()
        if sign_in not in (None, "page", "at_once"):
            raise ConfigurationError("sign_in is neither page nor at_once", fix='give "page", "at_once" or None')
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ConfigurationError("the seed is not a whole number", fix="give a number such as 0")
        self.base_url = base_url
        self.clock: SandboxClock = SandboxClock(now)
        self.timeline: Timeline = Timeline(self.clock)
        self.drop_connections: Callable[[], int] = lambda: 0
        """Ends every open connection but the caller's and says how many; there is none in process."""
        callers_time = self.clock.time if shares_clock else self.clock.real_time
        self._context = SandboxContext(self.clock, Ids(seed), self.timeline, base_url, callers_time, sign_in)
        self.ids: Ids = self._context.ids
        self.callbacks = self._context.callbacks
        self.faults = self._context.faults
        self.requests = self._context.requests
        self._beginning = (world, seed, now)
        self._replayer: StateReplayer | None = None
        folder = None if scenarios is None else Path(scenarios)
        self.scenarios: Scenarios = Scenarios(self._context, self.respond, folder)
        self._snapshots = Snapshots(None)
        self._controls = SandboxControls(
            self._context, self._start_again, self._drop_connections, self.respond, self.scenarios, self._snapshots
        )
        self._pages = (
            ControlApi(self._controls),
            ControlPages(self._controls),
            RequestPages(self._controls),
            RecordPages(self._controls),
            MessagePages(self._controls),
            ScenarioPages(self._controls),
            IndexPages(self._controls),
        )
        sections = load_world(world)
        self._context.destinations.permit_world(sections, base_url)
        for url in send_below:
            self._context.destinations.permit_below(checked_destination(url))
        self._populate(read_world(sections, base_url), seed)
        if state is not None or snapshots:
            self._replayer = self._begin_to_note(state, made_of=(sections, seed, sign_in))
        self._controls.snapshots = self._snapshots = Snapshots(self._replayer)

    def _begin_to_note(
        self, state: Path | str | None, made_of: tuple[Mapping[str, object], int, SignIn | None]
    ) -> StateReplayer:
        from govcomponents.sandbox.persistence.event_log import EventLog, MemoryLog
        from govcomponents.sandbox.persistence.replay import StateReplayer, made_by

        log = MemoryLog() if state is None else EventLog(state, made_by(*made_of))
        replayer = StateReplayer(self._context, log, self._redo, self._start_again)
        try:
            replayer.begin()
        except BaseException:
            replayer.close()
            raise
        return replayer

    def _drop_connections(self) -> int:
        return self.drop_connections()  # a server puts in its own, later than the pages are made

    def close(self) -> None:
        """Let nobody wait for a request any more, and close what is open: a state file, a mail server's port."""
        self.requests.close()
        self._context.resources.close()
        if self._replayer is not None:
            self._replayer.close()

    def _populate(self, builders: list[tuple[ProviderSpec, BuildStub]], seed: int) -> None:
        self.seed = self._controls.seed = seed
        self.providers: tuple[RunningProvider, ...] = tuple(
            RunningProvider(spec, build(self._context)) for spec, build in builders
        )
        """The providers of the world, each with its stub."""
        self._by_section = {one.spec.section: one for one in self.providers}
        self._controls.providers = self.scenarios.providers = self.providers
        self._controls.absent = [
            spec for spec in built_in_specs() if spec.is_default and spec.section not in self._by_section
        ]
        self._router = Router([*self._pages, *(one.stub for one in self.providers)])
        for one in self.providers:
            routes = (route for owner, route in self._router.routes if owner is one.stub)
            operations = frozenset(one.spec.operations).union(route.name for route in routes)
            self.faults.register(one.spec.section, operations, one.spec.all_faults(), one.spec.methods)

    def reset(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> None:
        """Start again: with another seed, time (ISO 8601) or world if given, otherwise as at the beginning.

        From then on it may send to the addresses that the world names too. Raises ConfigurationError for a wrong
        world or time; then nothing has changed.
        """
        self._start_again(seed=seed, now=now, world=world)
        if world is not None:
            self._context.destinations.permit_world(world, self.base_url)

    def _start_again(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> None:
        first_world, first_seed, first_now = self._beginning
        builders = read_world(load_world(first_world if world is None else world), self.base_url)
        self.scenarios.clear()
        self.clock.reset(first_now if now is None else now)
        chosen = first_seed if seed is None else seed
        self._context.ids.reseed(chosen)
        self.timeline.clear()
        self.callbacks.clear()
        self.requests.clear()
        self.faults.forget_providers()
        self._populate(builders, chosen)

    def play(self, scenario: str | Path) -> None:
        """Begin a scenario, such as "outage-at-noon", or one of a file of your own; its steps follow by the clock.

        Raises ConfigurationError for one that is not there or is wrong.
        """
        self.scenarios.play(scenario)

    @property
    def worlds(self) -> ManagesWorlds | None:
        """Other sandboxes behind the same address; None in process."""
        return self._controls.worlds

    @worlds.setter
    def worlds(self, worlds: ManagesWorlds) -> None:
        self._controls.worlds = worlds

    def snapshot(self, name: str) -> None:
        """Keep the present state under a name; one of that name is replaced.

        It holds what calls, pages and the control API did, and not what a test did to a stub in Python. Raises
        ConfigurationError if the sandbox keeps none (`snapshots=True`), and where the state cannot be made again.
        """
        self._snapshots.take(name)

    def restore(self, name: str) -> None:
        """Bring everything back to a snapshot: payments, messages, sign-ins, callbacks, faults and the clock.

        Stubs are others after it, the log of requests begins again, and scenarios that played have ended. Raises
        ConfigurationError if there is no snapshot of that name.
        """
        self._snapshots.restore(name)

    def provider(self, section: str) -> ProviderStub:
        """Return the stub of a section of the world, such as "pay". Raises ConfigurationError if the world has none."""
        if section not in self._by_section:
            names = {spec.section: spec.name for spec in built_in_specs()}
            raise ConfigurationError(
                f"the sandbox's world has no {names.get(section, section)}",
                fix=f'give the world a section "{section}"; the default one is default_world("{section}")',
            )
        return self._by_section[section].stub

    @property
    def control(self) -> Control:
        """The typed client of this sandbox's control API."""
        from govcomponents.sandbox.control.client import Control

        def send(method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
            path, _, query = path.partition("?")
            response = self.respond(Call(method, path, query, {}, body or b"", self.base_url))
            return response.status, response.body

        return Control(send)

    def messages(self) -> list[OutboxMessage]:
        """Every message as its reader sees it, oldest first."""
        return self._controls.messages()

    def settings(self) -> Settings:
        """Settings with which a `GovComponents` reaches this sandbox: its address, keys and ids."""
        return settings_for(self.providers)

    def handle(self, request: Request) -> Response:
        """Answer a transport's request, in this process.

        Raises OutcomeUnknown where a transport over HTTP would: no answer came, or one that is too large to be read.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            response = self._here(request.method, request.url, headers, request.body or b"")
        except ConnectionCut:
            happened = "the sandbox gave no answer, as it was told"
        else:
            if len(response.body) <= MAX_BODY:
                return response
            happened = f"the answer is larger than {MAX_BODY} bytes"
        raise OutcomeUnknown(
            happened,
            lookup=request.lookup,
            idempotency_key=request.idempotency_key,
            operation=request.operation,
            provider=request.provider,
        )

    def visit(self, url: str, form: Mapping[str, str] | None = None) -> Response:
        """Open a page as a person's browser would, or send its form; redirects are not followed."""
        if form is None:
            return self._here("GET", url, {"user-agent": "sandbox-visit"}, b"")
        headers = {"user-agent": "sandbox-visit", "content-type": "application/x-www-form-urlencoded"}
        return self._here("POST", url, headers, urlencode(form).encode())

    def _here(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        rest = url[len(self.base_url) :]
        if url.startswith(self.base_url) and rest.startswith("/") and "#" not in rest:
            path, _, query = rest.partition("?")
        else:
            parts = urlsplit(url)
            path, query = parts.path, parts.query
        if "%" in path:  # a WSGI server decodes it too
            path = unquote(path)
        return self.respond(Call(method, path or "/", query, headers, body, self.base_url))

    def respond(self, call: Call) -> Response:
        """Answer one call, by the route that fits; what no route fits, its owner refuses in its own way."""
        if len(call.body) > MAX_REQUEST_BODY:
            return text_response(413, "The request is too large for the sandbox.\n")
        if self.scenarios.is_active:
            self.scenarios.run_due()
        found = self._router.find(call.method, call.path)
        if not isinstance(found, Found):
            response = self._missing(call, found)
            self._log_missing(call, response)
            return response
        call.params = dict(found.params)
        is_own_page = found.owner.section not in self._by_section
        response = self._act(call, found) if is_own_page else self._answered(call, found)
        if self.scenarios.is_active:
            self.scenarios.run_due()
        if self.callbacks.has_new:
            self.callbacks.deliver_if_received()
        if response.status in (401, 403) and carries_live_key(call.headers.get("authorization", "")):
            component = "pay" if is_own_page else self._by_section[found.owner.section].spec.component
            self.timeline.record(component, "What looks like a live key was refused; it has no business in a sandbox")
        return response

    def _answered(self, call: Call, found: Found) -> Response:
        """Answer a call to a provider, and put it down in the log."""
        section, operation = found.owner.section, found.route.name
        armed = None
        if self.faults.any_armed:
            owner = found.owner
            key_of = (lambda: owner.caller(call)) if isinstance(owner, KnowsCallers) else str
            armed = self.faults.match(section, operation, key_of)
        fault = None if armed is None else armed.fault
        try:
            response = self._act(call, found) if armed is None else self._with_fault(armed, call, found)
        except ConnectionCut:
            self.requests.record(call, section, operation, None, fault)
            raise
        self.requests.record(call, section, operation, response, fault)
        return response

    def _log_missing(self, call: Call, response: Response) -> None:
        """Put down a call for which there is no route, if its path is a provider's."""
        owner = next((one for one in self._by_section.values() if one.stub.owns(call.path)), None)
        if owner is not None:
            self.requests.record(call, owner.spec.section, "", response, None)

    def _act(self, call: Call, found: Found) -> Response:
        # What sends callbacks waits for a service, which may call here: no step may wait for that.
        # What plays a scenario or sends a request again makes calls of its own, which are noted one by one.
        # What takes a snapshot or goes back to one is no step either, and other worlds are not this one's.
        if self._replayer is None or call.path in _SENDERS or call.path in _PLAYERS or call.path.startswith(_NO_STEPS):
            return found.route.handler(call)
        return self._replayer.act(call, found)

    def _redo(self, call: Call) -> Response:
        """Answer a call that was answered before, for the state that it leaves: no fault is injected again."""
        found = self._router.find(call.method, call.path)
        if not isinstance(found, Found):
            return self._missing(call, found)
        call.params = dict(found.params)
        return found.route.handler(call)

    def _with_fault(self, armed: ArmedFault, call: Call, found: Found) -> Response:
        def corrupt(fault: str, response: Response) -> Response:
            return found.owner.corrupt(fault, response) if isinstance(found.owner, CorruptsResponses) else response

        try:
            return inject(armed, call, lambda kept: self._act(kept, found), corrupt)
        finally:
            component = self._by_section[armed.provider].spec.component
            self.timeline.record(component, f"The fault {armed.fault} struck {found.route.name}")

    def _missing(self, call: Call, allowed: frozenset[str]) -> Response:
        for owner in self._router.owners:
            if owner.owns(call.path):
                return owner.missing(call, allowed)
        return text_response(404, "The sandbox has no such page. Start at / to see what it has.\n")
