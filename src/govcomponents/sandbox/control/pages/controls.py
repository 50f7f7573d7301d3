"""The pages with controls: callbacks, faults and clock. They do what the control API does, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.queue import Perturbation
from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.faults.catalogue import describe
from govcomponents.sandbox.http.messages import (
    Call,
    Route,
    is_cross_site,
    redirect,
    text_response,
)
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.http.messages import Handler

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 200
# The browser has to say from which page a form comes; the other pages let it say nothing.
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}


class _Wrong(Exception):
    """A field holds what cannot be used; `field` is its id on the page."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


class ControlPages:
    """The pages of one sandbox on which people move its clock, arm its faults and resend its callbacks."""

    section = "controls"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls
        self._clock = controls.context.clock
        self._faults = controls.context.faults
        self._callbacks = controls.context.callbacks

    def routes(self) -> Iterable[Route]:
        """All pages, and where their forms go."""
        yield Route("GET", "/_sandbox/callbacks", self.callbacks)
        yield Route("POST", "/_sandbox/callbacks/perturbation", self._own(self.perturb))
        yield Route("POST", "/_sandbox/callbacks/deliver", self._own(self.deliver))
        yield Route("POST", "/_sandbox/callbacks/<callback_id>/resend", self._own(self.resend))
        yield Route("GET", "/_sandbox/faults", self.faults)
        yield Route("POST", "/_sandbox/faults", self._own(self.arm))
        yield Route("POST", "/_sandbox/faults/clear", self._own(self.clear))
        yield Route("POST", "/_sandbox/faults/<fault_id>/disarm", self._own(self.disarm))
        yield Route("GET", "/_sandbox/clock", self.clock)
        yield Route("POST", "/_sandbox/clock", self._own(self.set_clock))
        yield Route("POST", "/_sandbox/reset", self._own(self.reset))

    def owns(self, path: str) -> bool:
        """Nothing: the home page answers for paths that are not there."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Never asked."""
        return text_response(404, "The sandbox has no such page.\n")

    def _own(self, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            if is_cross_site(call):
                return text_response(403, "This form was sent from a page of another site.\n")
            return handler(call)

        return handle

    def callbacks(self, call: Call) -> Response:
        """List the callbacks with their attempts."""
        return self._callbacks_page(200, {}, None)

    def _callbacks_page(self, status: int, typed: Mapping[str, str], wrong: _Wrong | None) -> Response:
        deliveries = self._callbacks.deliveries()
        page = _pages.render(
            "callbacks.html",
            deliveries=deliveries[-_SHOWN_AT_MOST:][::-1],
            total=len(deliveries),
            perturbation=self._callbacks.perturbation,
            is_served=self._callbacks.is_automatic,
            now=self._clock.now(),
            typed=typed,
            wrong=wrong,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def perturb(self, call: Call) -> Response:
        """Duplicate, delay, shuffle or pause callbacks."""
        typed = dict(call.form)
        try:
            wanted = Perturbation(
                copies=_whole(typed, "copies") or 1,
                delay_seconds=_number(typed, "delay_seconds") or 0.0,
                shuffle_seconds=_number(typed, "shuffle_seconds") or 0.0,
                paused="paused" in typed,
                seed=_whole(typed, "seed") or 0,
            )
            try:
                self._callbacks.perturb(wanted)
            except ValueError as error:
                raise _Wrong("copies", str(error)) from None
        except _Wrong as wrong:
            return self._callbacks_page(400, typed, wrong)
        return redirect("/_sandbox/callbacks", 303)

    def deliver(self, call: Call) -> Response:
        """Send what is due now."""
        self._callbacks.deliver_due()
        return redirect("/_sandbox/callbacks", 303)

    def resend(self, call: Call) -> Response:
        """Send one callback again."""
        try:
            self._callbacks.resend(call.params["callback_id"])
        except KeyError:
            return own_page(404, _pages.render("not_found.html", what="callback"))
        return redirect("/_sandbox/callbacks", 303)

    def faults(self, call: Call) -> Response:
        """Show the armed faults, and the form that arms one."""
        return self._faults_page(200, {}, None)

    def _faults_page(self, status: int, typed: Mapping[str, str], wrong: _Wrong | None) -> Response:
        definitions = self._faults.definitions
        names = {one.spec.section: one.spec.name for one in self._controls.providers}
        page = _pages.render(
            "faults.html",
            armed=self._faults.armed(),
            choices={names[section]: [(section, name) for name in known] for section, known in definitions.items()},
            operations={names[section]: sorted(known) for section, known in self._faults.operations.items()},
            catalogue=describe(definitions),
            providers=names,
            typed=typed,
            wrong=wrong,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def arm(self, call: Call) -> Response:
        """Arm the fault that the form names."""
        typed = dict(call.form)
        try:
            provider, _, fault = typed.get("fault", "").partition(":")
            try:
                self._faults.arm(
                    provider,
                    fault,
                    operation=typed.get("operation") or "*",
                    nth=_whole(typed, "nth"),
                    times=_whole(typed, "times"),
                    probability=_part(typed, "probability"),
                    seconds=_number(typed, "seconds"),
                )
            except ValueError as error:
                raise _Wrong(_field_of(str(error)), str(error)) from None
        except _Wrong as wrong:
            return self._faults_page(400, typed, wrong)
        return redirect("/_sandbox/faults", 303)

    def disarm(self, call: Call) -> Response:
        """Take one fault back; one that is gone already is as good."""
        try:
            self._faults.disarm(call.params["fault_id"])
        except KeyError:
            return own_page(404, _pages.render("not_found.html", what="fault"))
        return redirect("/_sandbox/faults", 303)

    def clear(self, call: Call) -> Response:
        """Take all faults back."""
        self._faults.clear()
        return redirect("/_sandbox/faults", 303)

    def clock(self, call: Call) -> Response:
        """Show the clock and its controls."""
        return self._clock_page(200, {}, None)

    def _clock_page(self, status: int, typed: Mapping[str, str], wrong: _Wrong | None) -> Response:
        page = _pages.render(
            "clock.html",
            now=self._clock.now(),
            is_running=self._clock.is_running,
            seed=self._controls.seed,
            typed=typed,
            wrong=wrong,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def set_clock(self, call: Call) -> Response:
        """Do what the pressed button says: advance, set, stop or run."""
        typed = dict(call.form)
        action = typed.get("action", "")
        try:
            if action == "advance":
                self._clock.advance(_span(typed))
            elif action == "set":
                self._clock.stop_at(_moment_of(typed))
            elif action == "stop":
                self._clock.stop()
            elif action == "run":
                self._clock.run()
            else:
                raise _Wrong("amount", "choose one of the buttons")
        except _Wrong as wrong:
            return self._clock_page(400, typed, wrong)
        except ConfigurationError as error:
            return self._clock_page(400, typed, _Wrong("moment", f"{error.happened}; {error.fix}"))
        except ValueError as error:
            return self._clock_page(400, typed, _Wrong("amount", str(error)))
        return redirect("/_sandbox/clock", 303)

    def reset(self, call: Call) -> Response:
        """Start again."""
        typed = dict(call.form)
        try:
            self._controls.reset(seed=_whole(typed, "seed"))
        except _Wrong as wrong:
            return self._clock_page(400, typed, wrong)
        return redirect("/", 303)


def _moment_of(typed: Mapping[str, str]) -> str:
    """The moment that the parts of the date input say, or one that was sent whole."""
    if "day" not in typed:
        return typed.get("moment", "").strip()
    parts = {name: typed.get(name, "").strip() for name in ("year", "month", "day")}
    for name, part in parts.items():
        if not part:
            raise _Wrong("moment", f"the date must include a {name}")
        if not (part.isascii() and part.isdigit() and len(part) <= 4):
            raise _Wrong("moment", f"the {name} must be a number")
    year, month, day = (int(parts[name]) for name in ("year", "month", "day"))
    return f"{year:04}-{month:02}-{day:02}T{typed.get('time', '').strip() or '00:00'}"


_SPANS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def _span(typed: Mapping[str, str]) -> float:
    unit = typed.get("unit", "seconds")
    if unit not in _SPANS:
        raise _Wrong("unit", "choose seconds, minutes, hours or days")
    amount = _number(typed, "amount")
    if amount is None:
        raise _Wrong("amount", "say by how much to move the clock")
    return amount * _SPANS[unit]


def _number(typed: Mapping[str, str], field: str) -> float | None:
    text = typed.get(field, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise _Wrong(field, "write a number") from None
    if not 0 <= number < 1e10:
        raise _Wrong(field, "write a number that is not negative, and below ten thousand million")
    return number


def _whole(typed: Mapping[str, str], field: str) -> int | None:
    text = typed.get(field, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _Wrong(field, "write a whole number of at most nine digits")
    return int(text)


def _part(typed: Mapping[str, str], field: str) -> float:
    number = _number(typed, field)
    return 1.0 if number is None else number


def _field_of(problem: str) -> str:
    """The field that a refusal of arming is about; they all begin with its name, or tell of a misspelt one."""
    for name in ("nth", "times", "probability", "seconds"):
        if problem.startswith(name):
            return name
    return "operation" if "operation" in problem else "fault"
