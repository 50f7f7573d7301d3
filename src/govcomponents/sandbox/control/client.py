"""The typed client of the control API: for tests and scripts that move the clock, arm faults and read what happened.

    control = Control.over_http("http://127.0.0.1:8910")
    control.arm("pay", "server_error", operation="pay.create", nth=1)
    control.advance(hours=24)

In process it is `sandbox.control`, over the very same API.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, TypeAdapter

from govcomponents.core.inputs import method_argument, number_argument, text_argument
from govcomponents.errors import GovComponentsError, InvalidInput, NotSent
from govcomponents.sandbox.control import models

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Send = Callable[[str, str, bytes | None], tuple[int, bytes]]

M = TypeVar("M", bound=BaseModel)
_API = "/_sandbox/api"
_FAR = 1e15
"""Seconds, minutes, hours or days, in either direction, beyond any that are meant."""


class ControlRefused(GovComponentsError):
    """The sandbox refuses a control call. `known` lists the right names, where one was misspelt."""

    def __init__(self, happened: str, *, status: int, known: tuple[str, ...] = ()) -> None:
        super().__init__(happened, operation="sandbox.control", status=status)
        self.known = known


class Control:
    """Reads and changes a sandbox. Every method raises ControlRefused for what the sandbox refuses."""

    def __init__(self, send: Send) -> None:
        self._send = send

    @classmethod
    def over_http(cls, base_url: str, *, timeout: float = 30.0) -> Control:
        """Control a sandbox that is served at `base_url`. `timeout` is in seconds of silence.

        Its methods raise NotSent if no answer comes.
        """
        root = base_url.rstrip("/")

        def send(method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
            import requests

            headers = {} if body is None else {"Content-Type": "application/json"}
            with requests.Session() as session:
                session.trust_env = False
                try:
                    response = session.request(
                        method, root + path, data=body, headers=headers, timeout=timeout, allow_redirects=False
                    )
                except requests.RequestException as error:
                    raise NotSent(
                        f"the sandbox gave no answer ({type(error).__name__})", operation="sandbox.control"
                    ) from None
                return response.status_code, response.content

        return cls(send)

    def state(self) -> models.State:
        """Everything at a glance."""
        return models.State.model_validate_json(self._ask("GET", "/state"))

    def reset(
        self, *, seed: int | None = None, now: str | None = None, world: Mapping[str, object] | None = None
    ) -> models.State:
        """Start again, perhaps with another seed, time (ISO 8601) or world. Everything that happened is forgotten.

        Raises InvalidInput too.
        """
        if world is not None:
            fix = 'give a mapping, such as {"notify": {...}}'
            method_argument(world, "keys", field="world", fix=fix, operation="sandbox.control")
        wanted = {"seed": seed, "now": now, "world": world if world is None else dict(world)}
        return models.State.model_validate_json(self._ask("POST", "/reset", wanted))

    def clock(self) -> models.Clock:
        """The clock."""
        return models.Clock.model_validate_json(self._ask("GET", "/clock"))

    def set_clock(self, now: str) -> models.Clock:
        """Stop the clock at an ISO 8601 time. Raises InvalidInput too."""
        text_argument(now, field="now", fix='write it such as "2026-03-02T09:00:00Z"', operation="sandbox.control")
        return models.Clock.model_validate_json(self._ask("PUT", "/clock", models.SetClock(now=now)))

    def stop_clock(self) -> models.Clock:
        """Stop the clock at the time that it shows."""
        return models.Clock.model_validate_json(self._ask("PUT", "/clock", models.SetClock(running=False)))

    def run_clock(self) -> models.Clock:
        """Let the clock run on from the time that it shows."""
        return models.Clock.model_validate_json(self._ask("PUT", "/clock", models.SetClock(running=True)))

    def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> models.Clock:
        """Move the clock forward; what becomes due is done, and callbacks are sent. Raises InvalidInput too."""
        for field, value in {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}.items():
            number_argument(
                value, field=field, fix="give a number, such as 1.5", operation="sandbox.control", least=-_FAR
            )  # some may be negative: whether it is forward, all of them together say
        total = seconds + 60 * (minutes + 60 * (hours + 24 * days))
        return models.Clock.model_validate_json(self._ask("POST", "/clock/advance", {"seconds": total}))

    def faults(self) -> list[models.ArmedFault]:
        """The faults that are armed."""
        return self._list(models.ArmedFault, "/faults")

    def arm(
        self,
        provider: str,
        fault: str,
        *,
        operation: str = "*",
        nth: int | None = None,
        times: int | None = None,
        probability: float = 1.0,
        seed: int = 0,
        seconds: float | None = None,
        silent_seconds: float = 60.0,
    ) -> models.ArmedFault:
        """Arm a fault; see `catalogue` for the names and `ArmFault` for the rest.

        Raises ControlRefused for a misspelt name; its `known` lists the right ones.
        """
        wanted = {
            "provider": provider,
            "fault": fault,
            "operation": operation,
            "nth": nth,
            "times": times,
            "probability": probability,
            "seed": seed,
            "seconds": seconds,
            "silent_seconds": silent_seconds,
        }
        return models.ArmedFault.model_validate_json(self._ask("POST", "/faults", wanted))

    def disarm(self, fault_id: str) -> None:
        """Take one fault back."""
        self._ask("DELETE", f"/faults/{quote(fault_id, safe='')}")

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._ask("DELETE", "/faults")

    def catalogue(self) -> models.Catalogue:
        """The names of all faults and operations."""
        return models.Catalogue.model_validate_json(self._ask("GET", "/catalogue"))

    def callbacks(self) -> list[models.CallbackState]:
        """The callbacks and their attempts, oldest first."""
        return self._list(models.CallbackState, "/callbacks")

    def deliver(self) -> int:
        """Send whatever callback is due now, and wait for one under way; returns how many attempts this call made."""
        return models.Delivered.model_validate_json(self._ask("POST", "/callbacks/deliver")).attempts

    def resend(self, callback_id: str) -> None:
        """Send one callback again."""
        self._ask("POST", f"/callbacks/{quote(callback_id, safe='')}/resend")

    def perturbation(self) -> models.Perturb:
        """The perturbation of callbacks in force."""
        return models.Perturb.model_validate_json(self._ask("GET", "/callbacks/perturbation"))

    def perturb(
        self,
        *,
        copies: int = 1,
        delay_seconds: float = 0.0,
        shuffle_seconds: float = 0.0,
        paused: bool = False,
        seed: int = 0,
    ) -> models.Perturb:
        """Duplicate, delay, shuffle or pause callbacks from now on; without arguments, take that back."""
        wanted = {
            "copies": copies,
            "delay_seconds": delay_seconds,
            "shuffle_seconds": shuffle_seconds,
            "paused": paused,
            "seed": seed,
        }
        return models.Perturb.model_validate_json(self._ask("PUT", "/callbacks/perturbation", wanted))

    def drop_connections(self) -> int:
        """End every other open connection without a word; returns how many there were."""
        return models.Dropped.model_validate_json(self._ask("POST", "/connections/drop")).connections

    def rotate_keys(self, provider: str) -> None:
        """Let a provider change its signing keys."""
        self._ask("POST", "/keys/rotate", {"provider": provider})

    def scenarios(self) -> list[models.ScenarioLine]:
        """The scenarios that can be played."""
        return TypeAdapter(list[models.ScenarioLine]).validate_json(self._ask("GET", "/scenarios"))

    def play(self, name: str) -> models.ScenarioLine:
        """Begin a scenario by its name."""
        return models.ScenarioLine.model_validate_json(self._ask("POST", "/scenarios/play", models.Play(name=name)))

    def snapshots(self) -> list[str]:
        """The names of the snapshots that were taken, oldest first."""
        return [one.name for one in self._list(models.SnapshotLine, "/snapshots")]

    def snapshot(self, name: str) -> None:
        """Keep the present state under a name. The sandbox has to be one that takes snapshots."""
        self._ask("POST", "/snapshots", {"name": name})

    def restore(self, name: str) -> models.State:
        """Bring everything back to a snapshot."""
        return models.State.model_validate_json(self._ask("POST", f"/snapshots/{quote(name, safe='')}/restore"))

    def forget_snapshot(self, name: str) -> None:
        """Let a snapshot go."""
        self._ask("DELETE", f"/snapshots/{quote(name, safe='')}")

    def worlds(self) -> list[models.World]:
        """The sandboxes beside this one, oldest first."""
        return self._list(models.World, "/worlds")

    def add_world(self, name: str, *, by: Literal["prefix", "host"] = "prefix") -> models.World:
        """Add an isolated sandbox behind the same address; `Control.over_http(world.base_url)` controls it."""
        return models.World.model_validate_json(self._ask("POST", "/worlds", models.AddWorld(name=name, by=by)))

    def remove_world(self, name: str) -> None:
        """Take a sandbox beside this one away, with all that is in it."""
        self._ask("DELETE", f"/worlds/{quote(name, safe='')}")

    def timeline(self, reference: str | None = None) -> list[models.EventLine]:
        """The timeline's events, oldest first; with `reference`, those that have it or one that begins with it."""
        query = f"?{urlencode({'reference': reference})}" if reference else ""
        return self._list(models.EventLine, f"/timeline{query}")

    def messages(self) -> list[models.Message]:
        """The messages as their readers see them, oldest first."""
        return self._list(models.Message, "/messages")

    def _ask(self, method: str, path: str, body: BaseModel | Mapping[str, object] | None = None) -> bytes:
        sent = None
        if isinstance(body, BaseModel):
            sent = body.model_dump_json().encode()
        elif body is not None:
            try:
                sent = json.dumps(body).encode()
            except (TypeError, ValueError):
                problem = "it holds what JSON has no form for"
                raise InvalidInput(
                    field="arguments", problem=problem, fix="give texts and numbers", operation="sandbox.control"
                ) from None
        status, response = self._send(method, _API + path, sent)
        if status >= 400:
            raise _refused(status, response)
        return response

    def _list(self, model: type[M], path: str) -> list[M]:
        return TypeAdapter(list[model]).validate_json(self._ask("GET", path))  # type: ignore[valid-type]  # a generic


def _refused(status: int, response: bytes) -> ControlRefused:
    try:
        problem = models.Problem.model_validate_json(response)
    except ValueError:
        return ControlRefused("the answer is not the control API's", status=status)
    return ControlRefused(problem.error, status=status, known=tuple(problem.known))
