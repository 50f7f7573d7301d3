"""The control API under /_sandbox/api/: reads and changes the sandbox itself, for tests in any language."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from govcomponents.core.http.messages import Response
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.queue import Perturbation
from govcomponents.sandbox.control import models
from govcomponents.sandbox.control.client_environment import environment_for
from govcomponents.sandbox.control.openapi import API, M, Operation, description
from govcomponents.sandbox.faults.arming import UnknownName
from govcomponents.sandbox.faults.catalogue import describe
from govcomponents.sandbox.http.messages import Call, Route, is_cross_site, json_response
from govcomponents.sandbox.plugins.provider import RotatesKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from govcomponents.sandbox.callbacks.queue import Delivery
    from govcomponents.sandbox.control.controls import HasProviders, SandboxControls
    from govcomponents.sandbox.control.openapi import Result
    from govcomponents.sandbox.http.messages import Handler


class _Refusal(Exception):
    """The call is refused with this status and problem."""

    def __init__(self, status: int, error: str, known: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.response = _json(status, models.Problem(error=error, known=list(known)))


class ControlApi:
    """The control API of one sandbox. Its routes answer JSON; what is wrong is a 4xx that says what to mend."""

    section = "control"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls
        self._clock = controls.context.clock
        self._faults = controls.context.faults
        self._callbacks = controls.context.callbacks

    def _operations(self) -> list[Operation]:
        """The one table of the API: its routes and its description are made from it."""
        m, arm = models, {"disarm": {"operationId": "disarm", "parameters": {"fault_id": "$response.body#/id"}}}
        reference = {"reference": "only what has this reference, or one that begins with it"}
        return [
            Operation("GET", "/state", self.state, m.State),
            Operation("POST", "/reset", _reads(m.Reset, self.reset), m.State, m.Reset),
            Operation("GET", "/clock", self.clock, m.Clock),
            Operation("PUT", "/clock", _reads(m.SetClock, self.set_clock), m.Clock, m.SetClock),
            Operation("POST", "/clock/advance", _reads(m.Advance, self.advance), m.Clock, m.Advance),
            Operation("GET", "/faults", self.faults, m.ArmedFault, many=True),
            Operation("POST", "/faults", _reads(m.ArmFault, self.arm), m.ArmedFault, m.ArmFault, status=201, links=arm),
            Operation("DELETE", "/faults", self.clear_faults, status=204),
            Operation("GET", "/catalogue", self.catalogue, m.Catalogue),
            Operation("DELETE", "/faults/<fault_id>", self.disarm, status=204),
            Operation("GET", "/callbacks", self.callbacks, m.CallbackState, many=True),
            Operation("POST", "/callbacks/deliver", self.deliver, m.Delivered),
            Operation("GET", "/callbacks/perturbation", self.perturbation, m.Perturb),
            Operation("PUT", "/callbacks/perturbation", _reads(m.Perturb, self.perturb), m.Perturb, m.Perturb),
            Operation("POST", "/callbacks/<callback_id>/resend", self.resend, status=204),
            Operation("POST", "/connections/drop", self.drop_connections, m.Dropped),
            Operation("POST", "/keys/rotate", _reads(m.RotateKeys, self.rotate_keys), takes=m.RotateKeys, status=204),
            Operation("GET", "/scenarios", self.scenarios, m.ScenarioLine, many=True),
            Operation("POST", "/scenarios/play", _reads(m.Play, self.play), m.ScenarioLine, m.Play),
            Operation("GET", "/snapshots", self.snapshots, m.SnapshotLine, many=True),
            Operation(
                "POST",
                "/snapshots",
                _reads(m.TakeSnapshot, self.take),
                m.SnapshotLine,
                m.TakeSnapshot,
                may_conflict=True,
            ),
            Operation("POST", "/snapshots/<name>/restore", self.restore, m.State, may_conflict=True),
            Operation("DELETE", "/snapshots/<name>", self.forget, status=204),
            Operation("GET", "/worlds", self.worlds, m.World, many=True),
            Operation(
                "POST",
                "/worlds",
                _reads(m.AddWorld, self.add_world),
                m.World,
                m.AddWorld,
                status=201,
                may_conflict=True,
            ),
            Operation("DELETE", "/worlds/<name>", self.remove_world, status=204),
            Operation("GET", "/timeline", self.timeline, m.EventLine, many=True, query=reference),
            Operation("GET", "/messages", self.messages, m.Message, many=True),
        ]

    def routes(self) -> Iterable[Route]:
        """All routes of the API."""
        yield Route("GET", f"{API}/openapi.json", self.openapi)
        for one in self._operations():
            yield Route(one.method, API + one.path, _handler(one), one.name)

    def owns(self, path: str) -> bool:
        """Whether a path is the API's."""
        return path == API or path.startswith(f"{API}/")

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Say so, as JSON."""
        if allowed:
            names = sorted(allowed)
            problem = models.Problem(error="the path takes other methods", known=names)
            return _json(405, problem, {"allow": ", ".join(names)})
        return _json(404, models.Problem(error=f"there is no such path; {API}/openapi.json lists them"))

    def openapi(self, call: Call) -> Response:
        """Describe the API."""
        definitions = self._faults.definitions
        choices = {"provider": list(definitions), "fault": list(describe(definitions))}
        return json_response(200, description(self._controls.context.base_url, self._operations(), choices))

    def state(self, call: Call) -> models.State:
        """Read everything at a glance."""
        providers = {spec.section: models.Provider(present=False, facts=[]) for spec in self._controls.absent}
        for one in self._controls.providers:
            lines = [models.FactLine(name=fact.name, value=fact.value) for fact in one.stub.summary()]
            providers[one.spec.section] = models.Provider(present=True, facts=lines)
        callbacks = dict.fromkeys(("waiting", "delivered", "given_up"), 0)
        for delivery in self._callbacks.deliveries():
            callbacks[delivery.state] += 1
        return models.State(
            base_url=self._controls.context.base_url,
            seed=self._controls.seed,
            clock=self.clock(call),
            providers=providers,
            events=len(self._controls.context.timeline.events()),
            callbacks=callbacks,
            faults=len(self._faults.armed()),
        )

    def reset(self, call: Call, wanted: models.Reset) -> models.State:
        """Start again."""
        try:
            self._controls.reset(seed=wanted.seed, now=wanted.now, world=wanted.world)
        except ConfigurationError as error:
            raise _Refusal(400, str(error)) from None
        return self.state(call)

    def clock(self, call: Call) -> models.Clock:
        """Read the clock."""
        return models.Clock(now=self._clock.now(), running=self._clock.is_running)

    def set_clock(self, call: Call, wanted: models.SetClock) -> models.Clock:
        """Set the clock, or let it stand or run."""
        try:
            if wanted.now is not None:
                self._clock.stop_at(wanted.now)
        except ConfigurationError as error:
            raise _Refusal(400, str(error)) from None
        if wanted.running is True:
            self._clock.run()
        elif wanted.running is False:
            self._clock.stop()
        return self.clock(call)

    def advance(self, call: Call, wanted: models.Advance) -> models.Clock:
        """Move the clock forward."""
        try:
            self._clock.advance(wanted.seconds)
        except ValueError as error:
            raise _Refusal(400, str(error)) from None
        return self.clock(call)

    def faults(self, call: Call) -> list[models.ArmedFault]:
        """List the faults that are armed."""
        return [_shown(models.ArmedFault, one) for one in self._faults.armed()]

    def arm(self, call: Call, wanted: models.ArmFault) -> models.ArmedFault:
        """Arm a fault."""
        try:
            armed = self._faults.arm(**wanted.model_dump())
        except UnknownName as error:  # what numbers may be, the model has checked
            raise _Refusal(400, str(error), error.known) from None
        return _shown(models.ArmedFault, armed)

    def disarm(self, call: Call) -> None:
        """Take one fault back."""
        try:
            self._faults.disarm(call.params["fault_id"])
        except KeyError:
            raise _Refusal(404, "no such fault is armed") from None

    def clear_faults(self, call: Call) -> None:
        """Take all faults back."""
        self._faults.clear()

    def catalogue(self, call: Call) -> models.Catalogue:
        """List the names of all faults and operations."""
        faults = [
            models.FaultDescription(name=name, providers=list(one.providers), real=one.real, raises=one.kind.raises)
            for name, one in describe(self._faults.definitions).items()
        ]
        operations = {name: sorted(known) for name, known in self._faults.operations.items()}
        methods = {
            name: {method: sorted(done_by) for method, done_by in sorted(known.items())}
            for name, known in self._faults.methods.items()
        }
        return models.Catalogue(faults=faults, operations=operations, methods=methods)

    def callbacks(self, call: Call) -> list[models.CallbackState]:
        """List the callbacks and their attempts, oldest first."""
        return [_delivery(one) for one in self._callbacks.deliveries()]

    def deliver(self, call: Call) -> models.Delivered:
        """Send whatever is due, now and from this call."""
        return models.Delivered(attempts=self._callbacks.deliver_all())

    def perturbation(self, call: Call) -> models.Perturb:
        """Read what is done to callbacks on purpose."""
        return _shown(models.Perturb, self._callbacks.perturbation)

    def perturb(self, call: Call, wanted: models.Perturb) -> models.Perturb:
        """Duplicate, delay, shuffle or pause callbacks."""
        self._callbacks.perturb(Perturbation(**wanted.model_dump()))
        return wanted

    def resend(self, call: Call) -> None:
        """Send one callback again."""
        try:
            self._callbacks.resend(call.params["callback_id"])
        except KeyError:
            raise _Refusal(404, "there is no such callback") from None

    def drop_connections(self, call: Call) -> models.Dropped:
        """End every other open connection, without a word."""
        return models.Dropped(connections=self._controls.drop_connections())

    def rotate_keys(self, call: Call, wanted: models.RotateKeys) -> None:
        """Let a provider change its signing keys."""
        able = {one.spec.section: one.stub for one in self._controls.providers if isinstance(one.stub, RotatesKeys)}
        if wanted.provider not in able:
            raise _Refusal(400, "that provider has no keys to rotate", sorted(able))
        able[wanted.provider].rotate_keys()

    def scenarios(self, call: Call) -> list[models.ScenarioLine]:
        """List the scenarios that can be played."""
        return [_shown(models.ScenarioLine, one) for one in self._controls.scenarios.all().values()]

    def play(self, call: Call, wanted: models.Play) -> models.ScenarioLine:
        """Begin a scenario by its name; its steps follow by the sandbox's clock."""
        known = self._controls.scenarios.all()
        if wanted.name not in known:
            raise _Refusal(400, "there is no such scenario", sorted(known))
        return _shown(models.ScenarioLine, self._controls.scenarios.play(wanted.name).scenario)

    def snapshots(self, call: Call) -> list[models.SnapshotLine]:
        """List the snapshots that were taken."""
        return [models.SnapshotLine(name=name) for name in self._controls.snapshots.names()]

    def take(self, call: Call, wanted: models.TakeSnapshot) -> models.SnapshotLine:
        """Keep the present state under a name."""
        try:
            self._controls.snapshots.take(wanted.name)
        except ConfigurationError as error:
            raise _Refusal(409, str(error)) from None
        return models.SnapshotLine(name=wanted.name)

    def restore(self, call: Call) -> models.State:
        """Bring everything back to a snapshot."""
        name = self._known_snapshot(call)
        try:
            self._controls.snapshots.restore(name)
        except ConfigurationError as error:
            raise _Refusal(409, str(error)) from None
        return self.state(call)

    def forget(self, call: Call) -> None:
        """Let a snapshot go."""
        self._controls.snapshots.forget(self._known_snapshot(call))

    def _known_snapshot(self, call: Call) -> str:
        known = self._controls.snapshots.names()
        if (name := call.params["name"]) not in known:
            raise _Refusal(404, "there is no such snapshot", known)
        return name

    def worlds(self, call: Call) -> list[models.World]:
        """List the sandboxes beside this one."""
        added = {} if self._controls.worlds is None else self._controls.worlds.all()
        return [_world(name, one) for name, one in added.items()]

    def add_world(self, call: Call, wanted: models.AddWorld) -> models.World:
        """Add a sandbox beside this one."""
        if self._controls.worlds is None:
            raise _Refusal(409, "only the first sandbox behind an address can add others")
        try:
            return _world(wanted.name, self._controls.worlds.add(wanted.name, by=wanted.by))
        except ConfigurationError as error:
            raise _Refusal(409, str(error)) from None

    def remove_world(self, call: Call) -> None:
        """Take a sandbox beside this one away, with all that is in it."""
        worlds = self._controls.worlds
        if worlds is None or call.params["name"] not in worlds.all():
            raise _Refusal(404, "there is no such world", [] if worlds is None else list(worlds.all()))
        worlds.remove(call.params["name"])

    def timeline(self, call: Call) -> list[models.EventLine]:
        """List what happened, oldest first; `reference` narrows it down to those that begin with it."""
        reference = dict(call.query).get("reference") or None
        return [
            models.EventLine(at=one.at, component=one.component, reference=one.reference, happened=one.happened)
            for one in self._controls.context.timeline.events(reference)
        ]

    def messages(self, call: Call) -> list[models.Message]:
        """List the messages as their readers see them, oldest first."""
        return [_shown(models.Message, one) for one in self._controls.messages()]


def _handler(operation: Operation) -> Handler:
    def handle(call: Call) -> Response:
        try:
            if is_cross_site(call):
                raise _Refusal(403, "the request comes from a page of another site")
            result = operation.act(call)
        except _Refusal as refusal:
            return refusal.response
        return Response(operation.status) if result is None else _json(operation.status, result)

    return handle


def _reads(model: type[M], act: Callable[[Call, M], Result]) -> Callable[[Call], Result]:
    """Read the body of a call before `act` is asked. Refuses one that is not as the model says."""

    @wraps(act)
    def reading(call: Call) -> Result:
        try:
            wanted = model.model_validate_json(call.body or b"{}")
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            wrong = [f"{'.'.join(str(part) for part in one['loc']) or 'the body'}: {one['msg']}" for one in found]
            raise _Refusal(400, "; ".join(wrong), sorted(model.model_fields)) from None
        return act(call, wanted)

    return reading


def _json(status: int, value: BaseModel | Sequence[BaseModel], headers: dict[str, str] | None = None) -> Response:
    shown: object = (
        value.model_dump(mode="json")
        if isinstance(value, BaseModel)
        else [one.model_dump(mode="json") for one in value]
    )
    return json_response(status, shown, {"cache-control": "no-store", **(headers or {})})


def _shown(model: type[M], one: object) -> M:
    """Show something by the fields that a model has in common with it."""
    return model.model_validate({name: getattr(one, name) for name in model.model_fields})


def _world(name: str, one: HasProviders) -> models.World:
    return models.World(name=name, base_url=one.base_url, environment=dict(environment_for(one.providers)))


def _delivery(one: Delivery) -> models.CallbackState:
    callback = one.callback
    attempts = [models.CallbackAttempt(at=a.at, status=a.status, problem=a.problem) for a in one.attempts]
    return models.CallbackState(
        id=one.id,
        state=one.state,
        due_at=one.due_at,
        component=callback.component if callback else None,
        kind=callback.kind if callback else None,
        url=callback.url if callback else None,
        reference=callback.reference if callback else None,
        attempts=attempts,
    )
