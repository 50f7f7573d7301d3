"""Keeps a sandbox's state: notes each step that changes it, and redoes the steps at the next start or from a snapshot.

A sandbox is deterministic: the same steps at the same times give the same state. So the steps are all that has to be
kept, and no provider needs a form in which it is stored. While a step is done the clock stands still, and steps are
done one after the other. The counts of armed faults are not kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from govcomponents.core.http.runtime import VERSION
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.posting import DeliveryResult
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.plugins.provider import ProviderStub, TakesCards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Handler
    from govcomponents.sandbox.http.routing import Found
    from govcomponents.sandbox.persistence.event_log import Log, Step
    from govcomponents.sandbox.plugins.context import SandboxContext

_RESETS = frozenset({"/_sandbox/api/reset", "/_sandbox/reset"})
_DIGITS = re.compile(rb"\d(?:[ +-]?\d){11,18}")


def made_by(sections: Mapping[str, object], seed: int, sign_in: str | None) -> str:
    """Fingerprint of the version, world and options on which the steps of a state file can be redone."""
    world = hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()
    return f"govcomponents {VERSION}, world {world}, seed {seed}, sign-in {sign_in}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a sandbox: the steps that led to it, and the clock as it was then."""

    steps: tuple[Step, ...]
    clock: Mapping[str, float | None]


class StateReplayer:
    """Logs the steps of one sandbox, and redoes them. It is the recorder of the sandbox's callbacks too.

    `redo` answers a call again. `start_again` empties the sandbox, as it was at its beginning.
    """

    def __init__(self, context: SandboxContext, log: Log, redo: Handler, start_again: Callable[[], None]) -> None:
        self._context = context
        self._redo_call = redo
        self._start_again = start_again
        self._lock = threading.RLock()
        self._at = (0.0, 0.0)
        self._is_redoing = False
        self._accounted = self._leading_marks()
        self._log = log
        was_at = self._log.about("base_url")
        if was_at not in (None, context.base_url):
            self._log.close()
            raise ConfigurationError(
                f"the state file belongs to a sandbox at {was_at}, and what callers signed names that address",
                fix="start with the same --host and --port, or the same --public-url",
            )
        self._log.keep("base_url", context.base_url)

    def begin(self) -> None:
        """Redo what the file holds, and from then on note each step.

        Raises ConfigurationError if a step does not give what it gave then.
        """
        context = self._context
        with self._redoing():
            for step in self._log.steps():
                self._redo(step)
        if shown := self._log.about("clock"):
            context.clock.restore(json.loads(shown))
        context.clock.on_move(self._keep_clock)
        context.callbacks.recorder = self

    def act(self, call: Call, found: Found) -> Response:
        """Let a call act, and note it if it may have changed something."""
        with self.step():
            before = self._marks()
            response = found.route.handler(call)
            if call.path in _RESETS and response.status < 400:
                self._log.clear()
            if (_may_change(call, found, response) or self._marks() != before) and not _is_secret(
                call, found, response
            ):
                self.note("call", _written(call, response))
        return response

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do one step at a time, while the clock stands still."""
        with self._lock, self._context.clock.held() as at:
            self._at = at
            before = self._leading_marks()
            yield
            if self._accounted == before:
                self._accounted = self._leading_marks()

    def note(self, kind: str, data: Mapping[str, object]) -> None:
        """Note what was done in a step."""
        if not self._is_redoing:
            self._log.add(*self._at, kind, data)

    @contextmanager
    def note_changes(self, kind: str) -> Iterator[None]:
        """Do one step, and note it if anything has changed in it."""
        with self.step():
            before = self._marks()
            yield
            if self._marks() != before:
                self.note(kind, {})

    def snapshot(self) -> Snapshot:
        """Keep the present state.

        Raises ConfigurationError if something was done to a stub in Python that no step can do again.
        """
        with self._lock:
            if self._accounted != self._leading_marks():
                raise ConfigurationError(
                    "something was done to a provider's stub in Python, which a snapshot cannot do again",
                    fix="do it by a call, a page or simulator.control, or take the snapshot before it",
                )
            return Snapshot(tuple(self._log.steps()), self._context.clock.settings())

    def restore(self, snapshot: Snapshot) -> None:
        """Bring the sandbox back to a state. Nothing is sent meanwhile, and the log of requests begins again."""
        with self._lock:
            with self._redoing():
                self._start_again()
                for step in snapshot.steps:
                    self._redo(step)
            self._log.clear()
            for step in snapshot.steps:
                self._log.add(step.at, step.callers_at, step.kind, step.data)
            self._context.clock.restore(snapshot.clock)
            self._keep_clock()
            self._context.callbacks.wake()

    @contextmanager
    def _redoing(self) -> Iterator[None]:
        self._is_redoing = True
        try:
            with self._context.callbacks.held_back():
                yield
        finally:
            self._is_redoing = False
            self._accounted = self._leading_marks()

    def _leading_marks(self) -> tuple[int, int]:
        """Marks that only a step may leave; a fault that strikes is on the timeline without one."""
        return self._context.ids.drawn, self._context.callbacks.queued

    def close(self) -> None:
        """Close the log."""
        with self._lock:
            self._log.close()

    def _marks(self) -> tuple[int, int, int]:
        context = self._context
        return context.ids.drawn, context.callbacks.queued, context.timeline.recorded

    def _keep_clock(self) -> None:
        with self._lock:
            self._log.keep("clock", json.dumps(self._context.clock.settings()))

    def _redo(self, step: Step) -> None:
        context = self._context
        data = step.data
        with context.clock.held((step.at, step.callers_at)):
            if step.kind == "sweep":
                context.callbacks.sweep()
            elif step.kind == "made":
                context.callbacks.remake(data["id"])
            elif step.kind == "attempt":
                context.callbacks.redo_attempt(data["id"], DeliveryResult(data["status"], data["problem"]))
            elif (status := self._redo_call(_read(data, context.base_url)).status) != data["status"]:
                raise ConfigurationError(
                    f"the state file cannot be redone: step {step.number} gave {data['status']} then, {status} now",
                    fix="delete it and start anew",
                )


def _may_change(call: Call, found: Found, response: Response) -> bool:
    """Whether to note a call even if it left no mark; a provider's page may remember that it was opened."""
    if call.method not in ("GET", "HEAD"):
        return True
    is_page = response.status in (302, 303) or response.headers.get("content-type", "").startswith("text/html")
    return is_page and isinstance(found.owner, ProviderStub)


def _is_secret(call: Call, found: Found, response: Response) -> bool:
    """Whether a call must not be kept: its key was refused and may be a real one, or it holds a real card's number."""
    if response.status in (401, 403):
        return True
    owner = found.owner
    if not isinstance(owner, TakesCards) or found.route.name not in owner.card_operations:
        return False
    typed = unquote_to_bytes(call.body)
    numbers = (number.decode().replace("+", "") for number in _DIGITS.findall(typed))
    return any(owner.may_be_real(number) for number in numbers)


def _written(call: Call, response: Response) -> dict[str, object]:
    return {
        "method": call.method,
        "path": call.path,
        "query": call.query_string,
        "headers": dict(call.headers),
        "body": base64.b64encode(call.body).decode(),
        "status": response.status,
    }


def _read(data: Mapping[str, Any], base_url: str) -> Call:
    body = base64.b64decode(data["body"])
    return Call(data["method"], data["path"], data["query"], data["headers"], body, base_url)
