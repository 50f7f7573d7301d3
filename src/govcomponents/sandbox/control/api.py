"""The control API under /_sandbox/api/: reads and changes the sandbox itself, for tests in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from govcomponents.core.messages import Response
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.queue import Perturbation
from govcomponents.sandbox.control import models
from govcomponents.sandbox.faults.arming import UnknownName
from govcomponents.sandbox.faults.catalogue import CATALOGUE
from govcomponents.sandbox.http.messages import (
    Call,
    Fact,
    RotatesKeys,
    Route,
    Summarises,
    is_cross_site,
    json_response,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.callbacks.queue import Delivery
    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.http.messages import Handler

M = TypeVar("M", bound=BaseModel)
API = "/_sandbox/api"


class _Refusal(Exception):
    """The call is refused with this status and problem."""

    def __init__(self, status: int, error: str, known: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.response = _json(status, models.Problem(error=error, known=list(known)))


class ControlApi:
    """The control API of one sandbox. Its routes answer JSON; what is wrong is a 4xx that says what to mend."""

    section = "control"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> Iterable[Route]:
        """All routes of the API."""
        table = [
            ("GET", "/openapi.json", self.openapi),
            ("GET", "/state", self.state),
            ("POST", "/reset", self.reset),
            ("GET", "/clock", self.clock),
            ("PUT", "/clock", self.set_clock),
            ("POST", "/clock/advance", self.advance),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.arm),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/catalogue", self.catalogue),
            ("DELETE", "/faults/<fault_id>", self.disarm),
            ("GET", "/callbacks", self.callbacks),
            ("POST", "/callbacks/deliver", self.deliver),
            ("GET", "/callbacks/perturbation", self.perturbation),
            ("PUT", "/callbacks/perturbation", self.perturb),
            ("POST", "/callbacks/<callback_id>/resend", self.resend),
            ("POST", "/connections/drop", self.drop_connections),
            ("POST", "/keys/rotate", self.rotate_keys),
            ("GET", "/timeline", self.timeline),
            ("GET", "/messages", self.messages),
        ]
        for method, path, handler in table:
            yield Route(method, API + path, self._guarded(handler), handler.__name__)

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

    def _guarded(self, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            try:
                if is_cross_site(call):
                    raise _Refusal(403, "the request comes from a page of another site")
                return handler(call)
            except _Refusal as refusal:
                return refusal.response

        return handle

    def openapi(self, call: Call) -> Response:
        """Describe the API."""
        from govcomponents.sandbox.control.openapi import description

        return json_response(200, description(self._sandbox.base_url))

    def state(self, call: Call) -> Response:
        """Everything at a glance."""
        sandbox = self._sandbox
        providers = {}
        for stub in sandbox.stubs:
            present = stub.client_settings() is not None
            facts: list[Fact] = list(stub.summary()) if present and isinstance(stub, Summarises) else []
            lines = [models.FactLine(name=fact.name, value=fact.value) for fact in facts]
            providers[stub.section] = models.Provider(present=present, facts=lines)
        callbacks = dict.fromkeys(("waiting", "delivered", "given_up"), 0)
        for delivery in sandbox.callbacks.deliveries():
            callbacks[delivery.state] += 1
        state = models.State(
            base_url=sandbox.base_url,
            seed=sandbox.seed,
            clock=self._clock(),
            providers=providers,
            events=len(sandbox.timeline.events()),
            callbacks=callbacks,
            faults=len(sandbox.faults.armed()),
        )
        return _json(200, state)

    def reset(self, call: Call) -> Response:
        """Start again."""
        wanted = _read(models.Reset, call)
        try:
            self._sandbox.reset(seed=wanted.seed, now=wanted.now, world=wanted.world)
        except ConfigurationError as error:
            raise _Refusal(400, str(error)) from None
        return self.state(call)

    def clock(self, call: Call) -> Response:
        """Tell the time."""
        return _json(200, self._clock())

    def set_clock(self, call: Call) -> Response:
        """Set the clock, or let it stand or run."""
        wanted = _read(models.SetClock, call)
        clock = self._sandbox.clock
        try:
            if wanted.now is not None:
                clock.stop_at(wanted.now)
        except ConfigurationError as error:
            raise _Refusal(400, str(error)) from None
        if wanted.running is True:
            clock.run()
        elif wanted.running is False:
            clock.stop()
        return _json(200, self._clock())

    def advance(self, call: Call) -> Response:
        """Move the clock forward."""
        wanted = _read(models.Advance, call)
        try:
            self._sandbox.clock.advance(wanted.seconds)
        except ValueError as error:
            raise _Refusal(400, str(error)) from None
        return _json(200, self._clock())

    def faults(self, call: Call) -> Response:
        """List the faults that are armed."""
        return _json(200, [_armed(one) for one in self._sandbox.faults.armed()])

    def arm(self, call: Call) -> Response:
        """Arm a fault."""
        wanted = _read(models.ArmFault, call)
        try:
            armed = self._sandbox.faults.arm(**wanted.model_dump())
        except UnknownName as error:  # what numbers may be, the model has checked
            raise _Refusal(400, str(error), error.known) from None
        return _json(201, _armed(armed))

    def disarm(self, call: Call) -> Response:
        """Take one fault back."""
        try:
            self._sandbox.faults.disarm(call.params["fault_id"])
        except KeyError:
            raise _Refusal(404, "no such fault is armed") from None
        return Response(204)

    def clear_faults(self, call: Call) -> Response:
        """Take all faults back."""
        self._sandbox.faults.clear()
        return Response(204)

    def catalogue(self, call: Call) -> Response:
        """List the names of all faults and operations."""
        faults = [
            models.FaultDescription(name=kind.name, providers=list(kind.providers), real=kind.real, raises=kind.raises)
            for kind in CATALOGUE.values()
        ]
        operations = {name: sorted(known) for name, known in self._sandbox.faults.operations.items()}
        return _json(200, models.Catalogue(faults=faults, operations=operations))

    def callbacks(self, call: Call) -> Response:
        """List the callbacks and their attempts, oldest first."""
        return _json(200, [_delivery(one) for one in self._sandbox.callbacks.deliveries()])

    def deliver(self, call: Call) -> Response:
        """Send whatever is due, now and from this call."""
        return _json(200, models.Delivered(attempts=self._sandbox.callbacks.deliver_due()))

    def perturbation(self, call: Call) -> Response:
        """Say what is done to callbacks."""
        return _json(200, _shown_perturbation(self._sandbox.callbacks.perturbation))

    def perturb(self, call: Call) -> Response:
        """Duplicate, delay, shuffle or pause callbacks."""
        wanted = _read(models.Perturb, call)
        self._sandbox.callbacks.perturb(Perturbation(**wanted.model_dump()))
        return _json(200, wanted)

    def resend(self, call: Call) -> Response:
        """Send one callback again."""
        try:
            self._sandbox.callbacks.resend(call.params["callback_id"])
        except KeyError:
            raise _Refusal(404, "there is no such callback") from None
        return Response(204)

    def drop_connections(self, call: Call) -> Response:
        """End every other open connection, without a word."""
        return _json(200, models.Dropped(connections=self._sandbox.drop_connections()))

    def rotate_keys(self, call: Call) -> Response:
        """Let a provider change its signing keys."""
        wanted = _read(models.RotateKeys, call)
        able = {one.section: one for one in self._sandbox.stubs if isinstance(one, RotatesKeys)}
        if wanted.provider not in able:
            raise _Refusal(400, "that provider has no keys to rotate", sorted(able))
        able[wanted.provider].rotate_keys()
        return Response(204)

    def timeline(self, call: Call) -> Response:
        """List what happened, oldest first; `reference` narrows it down to those that begin with it."""
        reference = dict(call.query).get("reference") or None
        events = self._sandbox.timeline.events(reference)
        lines = [
            models.EventLine(at=one.at, component=one.component, reference=one.reference, happened=one.happened)
            for one in events
        ]
        return _json(200, lines)

    def messages(self, call: Call) -> Response:
        """List the messages as their readers see them, oldest first."""
        fields = models.Message.model_fields
        shown = [{name: getattr(one, name) for name in fields} for one in self._sandbox.messages()]
        return _json(200, [models.Message.model_validate(one) for one in shown])

    def _clock(self) -> models.Clock:
        clock = self._sandbox.clock
        return models.Clock(now=clock.now(), running=clock.is_running)


def _read(model: type[M], call: Call) -> M:
    try:
        return model.model_validate_json(call.body or b"{}")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        text = "; ".join(f"{'.'.join(str(part) for part in one['loc']) or 'the body'}: {one['msg']}" for one in found)
        raise _Refusal(400, text, sorted(model.model_fields)) from None


def _json(status: int, value: BaseModel | Sequence[BaseModel], headers: dict[str, str] | None = None) -> Response:
    shown: object = (
        value.model_dump(mode="json")
        if isinstance(value, BaseModel)
        else [one.model_dump(mode="json") for one in value]
    )
    return json_response(status, shown, {"cache-control": "no-store", **(headers or {})})


def _armed(one: ArmedFault) -> models.ArmedFault:
    known = {name: getattr(one, name) for name in models.ArmedFault.model_fields}
    return models.ArmedFault.model_validate(known)


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


def _shown_perturbation(now: Perturbation) -> models.Perturb:
    return models.Perturb.model_validate({name: getattr(now, name) for name in models.Perturb.model_fields})
