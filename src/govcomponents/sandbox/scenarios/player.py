"""Plays scenarios: does their steps when they are due by the sandbox's clock, and to records as they come."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.plugins.records import KeepsRecords
from govcomponents.sandbox.scenarios.files import built_in, in_folder, read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.plugins.provider import RunningProvider
    from govcomponents.sandbox.scenarios.files import Act, Arm, Perturbs, Scenario, SignsIn, Step

_API = "/_sandbox/api"


class ChoosesSignIn(Protocol):
    """A stub at which tests choose who signs in and how it ends."""

    def sign_in_as(self, person: str | None = None, outcome: str = "success") -> None:
        """Choose."""
        ...


@dataclass(slots=True)
class Playing:
    """A scenario that was begun: the steps that wait, with when each is due, and those for records as they come."""

    scenario: Scenario
    began: float
    waiting: list[tuple[float, Step]]
    each: list[Act] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    """The ids of the faults that it armed: some may last when nothing more is to come."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come of it."""
        return not self.waiting and not self.each


class Scenarios:
    """The scenarios of one sandbox: those that there are, and those that play. Safe to share between threads.

    Each step is a call to the sandbox's own control API or pages, so that it is kept where state is kept. A step that
    waits is forgotten at a restart.
    """

    def __init__(self, context: SandboxContext, respond: Callable[[Call], Response], folder: Path | None) -> None:
        self._context = context
        self._respond = respond
        self._folder = folder
        self._lock = threading.RLock()
        self._is_busy = False
        self._playing: list[Playing] = []
        self.providers: Sequence[RunningProvider] = ()
        self.is_active = False
        """Looked at for every call, without the lock: nearly always nothing plays."""
        if folder is not None:
            in_folder(folder)  # one that is not there, or a wrong file in it, is told at the start
        context.clock.on_move(self.run_due)

    def all(self) -> Mapping[str, Scenario]:
        """Every scenario by name; one of the team's folder goes before one that comes with the sandbox."""
        return {**built_in(), **({} if self._folder is None else in_folder(self._folder))}

    def playing(self) -> list[Playing]:
        """Those that were begun, oldest first."""
        with self._lock:
            return list(self._playing)

    def clear(self) -> None:
        """Forget those that play."""
        with self._lock:
            self._playing.clear()
            self.is_active = False

    def play(self, name: str | Path) -> Playing:
        """Begin a scenario, by its name or the path of its file. Raises ConfigurationError if there is none."""
        scenario = self._find(name)
        now = self._context.clock.time()
        each = [step.act for step in scenario.steps if step.act is not None and step.act.each]
        timed = [(self._due(step, now), step) for step in scenario.steps if step.act is None or not step.act.each]
        begun = Playing(scenario, now, sorted(timed, key=lambda pair: pair[0]), each)
        with self._lock:
            self._playing.append(begun)
            self.is_active = True
        self._context.timeline.record("sandbox", f"The scenario {scenario.name} began")
        self.run_due()
        return begun

    def _find(self, name: str | Path) -> Scenario:
        if isinstance(name, Path) or name.endswith(".toml"):
            return read_scenario(Path(name))
        known = self.all()
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"is {close[0]} meant? " if close else ""
            raise ConfigurationError(
                f"there is no scenario {name!r}", fix=f"{hint}the names are: {', '.join(sorted(known))}"
            )
        return known[name]

    def _due(self, step: Step, now: float) -> float:
        if step.at is None:
            return now + step.after
        return _next(step.at, now) + step.after

    def run_due(self) -> None:
        """Do what is due."""
        if not self.is_active:
            return
        with self._lock:
            if self._is_busy:
                return
            self._is_busy = True
            try:
                for playing in list(self._playing):
                    self._run(playing)
            finally:
                self._is_busy = False
            self.is_active = any(not one.is_over for one in self._playing)

    def _run(self, playing: Playing) -> None:
        while playing.waiting and playing.waiting[0][0] <= self._context.clock.time():
            due, step = playing.waiting.pop(0)
            self._do(playing, step, due)
        for act in playing.each:
            self._act(playing, act)

    def _do(self, playing: Playing, step: Step, due: float) -> None:
        if step.arm is not None:
            self._arm(playing, step.arm, due)
        elif step.act is not None:
            self._act(playing, step.act)
        elif step.callbacks is not None:
            self._perturb(step.callbacks)
        elif step.sign_in is not None:
            self._sign_in(playing, step.sign_in)
        elif step.advance is not None:
            self._api("POST", "/clock/advance", {"seconds": step.advance})

    def _arm(self, playing: Playing, arm: Arm, due: float) -> None:
        present = {one.spec.section for one in self.providers}
        ends = None if arm.lasts is None else due + arm.lasts
        if arm.until is not None:
            ends = _next(arm.until, due, is_over=True)
        for provider in arm.providers:
            if provider not in present:
                playing.ignored.append(f"{provider} is not in this world")
                continue
            wanted = {
                "provider": provider,
                **arm.model_dump(exclude={"providers", "lasts", "until"}),
                "seconds": None if ends is None else ends - self._context.clock.time(),
            }
            if wanted["seconds"] is None or wanted["seconds"] > 0:
                playing.faults.add(json.loads(self._api("POST", "/faults", wanted).body)["id"])

    def _perturb(self, wanted: Perturbs) -> None:
        body = {"copies": wanted.copies, "delay_seconds": wanted.delay, "paused": wanted.paused}
        self._api("PUT", "/callbacks/perturbation", {**body, "shuffle_seconds": wanted.shuffle})

    def _sign_in(self, playing: Playing, wanted: SignsIn) -> None:
        stub = next((one.stub for one in self.providers if one.spec.section == "one_login"), None)
        if stub is None:
            playing.ignored.append("one_login is not in this world")
            return
        chooser: ChoosesSignIn = stub  # type: ignore[assignment]  # the stub of that section chooses sign-ins
        chooser.sign_in_as(wanted.person, wanted.outcome)

    def _act(self, playing: Playing, act: Act) -> None:
        for one in self.providers:
            stub = one.stub
            if not isinstance(stub, KeepsRecords):
                continue
            for record_id in list(stub.record_ids(act.kind)):
                mark = f"{one.spec.section}/{record_id}/{act.action}"
                if mark in playing.acted:
                    continue
                record = stub.record(act.kind, record_id)
                if record is None or act.action not in {action.name for action in record.actions}:
                    continue
                age = 0.0 if record.at is None else self._context.clock.time() - record.at.timestamp()
                if (act.status is None or record.status == act.status) and age >= act.older_than:
                    playing.acted.add(mark)
                    path = f"/_sandbox/{act.kind}/{one.spec.section}/{quote(record_id, safe='')}"
                    self._send("POST", path, urlencode({"action": act.action}).encode())

    def _api(self, method: str, path: str, body: Mapping[str, object]) -> Response:
        answer = self._send(method, _API + path, json.dumps(body).encode())
        if answer.status >= 400:
            raise ConfigurationError(
                f"a step of a scenario was refused: {json.loads(answer.body).get('error', answer.status)}",
                fix="mend the scenario's file: the names are in the catalogue of faults",
            )
        return answer

    def _send(self, method: str, path: str, body: bytes) -> Response:
        return self._respond(Call(method, path, "", {}, body, self._context.base_url))


def _next(moment: str, now: float, *, is_over: bool = False) -> float:
    """Return when a time of day ("12:00") or a day of the year ("04-01") comes next; not now if now it `is_over`."""
    began = datetime.fromtimestamp(now, UTC)
    if ":" in moment:
        hour, minute = map(int, moment.split(":"))
        found = began.replace(hour=hour, minute=minute, second=0, microsecond=0)
        later = found + timedelta(days=1)
    else:
        month, day = map(int, moment.split("-"))
        found = began.replace(month=month, day=day, hour=0, minute=0, second=0, microsecond=0)
        later = found.replace(year=found.year + 1)
    return (later if found < began or (is_over and found == began) else found).timestamp()
