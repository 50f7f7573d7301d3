"""The pages with controls: callbacks, faults and clock. They do what the control API does, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.callbacks.queue import MAX_COPIES, Perturbation
from govcomponents.sandbox.control.pages.forms import Form
from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.faults.arming import EVERY_OPERATION, UnknownName
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
    from collections.abc import Iterable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.http.messages import Handler

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 200
# The browser has to say from which page a form comes; the other pages let it say nothing.
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}
_FAULT_FIELDS = ("fault", "operation", "nth", "times", "probability", "seconds")
_SPANS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


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
        """Whether a path is its own: none is, the home page answers for those without a route."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The sandbox has no such page.\n")

    def _own(self, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            if is_cross_site(call):
                return text_response(403, "This form was sent from a page of another site.\n")
            return handler(call)

        return handle

    def callbacks(self, call: Call) -> Response:
        """List the callbacks with their attempts."""
        return self._callbacks_page(200, Form({}))

    def _callbacks_page(self, status: int, form: Form) -> Response:
        deliveries = self._callbacks.deliveries()
        page = _pages.render(
            "callbacks.html",
            deliveries=deliveries[-_SHOWN_AT_MOST:][::-1],
            total=len(deliveries),
            perturbation=self._callbacks.perturbation,
            is_served=self._callbacks.is_automatic,
            now=self._clock.now(),
            typed=form.typed,
            problems=form.problems,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def perturb(self, call: Call) -> Response:
        """Duplicate, delay, shuffle or pause callbacks."""
        form = Form(call.form)
        wanted = Perturbation(
            copies=form.whole("copies", "how often each is sent", least=1, most=MAX_COPIES) or 1,
            delay_seconds=form.number("delay_seconds", "seconds later") or 0.0,
            shuffle_seconds=form.number("shuffle_seconds", "random seconds later still") or 0.0,
            paused="paused" in form.typed,
            seed=form.whole("seed", "the seed") or 0,
        )
        if form.problems:
            return self._callbacks_page(400, form)
        self._callbacks.perturb(wanted)
        return redirect("/_sandbox/callbacks", 303)

    def deliver(self, call: Call) -> Response:
        """Send what is due now."""
        self._callbacks.deliver_all()
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
        return self._faults_page(200, Form({}))

    def _faults_page(self, status: int, form: Form) -> Response:
        definitions = self._faults.definitions
        names = {one.spec.section: one.spec.name for one in self._controls.providers}
        page = _pages.render(
            "faults.html",
            armed=self._faults.armed(),
            choices={
                names[section]: [(section, name) for name in known] for section, known in definitions.items() if known
            },
            operations={names[section]: sorted(known) for section, known in self._faults.operations.items() if known},
            catalogue=describe(definitions),
            providers=names,
            typed=form.typed,
            problems=form.problems,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def arm(self, call: Call) -> Response:
        """Arm the fault that the form names."""
        form = Form(call.form)
        provider, _, fault = form.text("fault").partition(":")
        operation = form.text("operation") or EVERY_OPERATION
        nth = form.whole("nth", "only this call", least=1)
        times = form.whole("times", "at most so often", least=1)
        probability = form.number("probability", "the chance", most=1)
        seconds = form.number("seconds", "for so long", above=0)
        try:
            self._faults.find(provider, fault, operation)
        except UnknownName as unknown:
            form.refuse("operation" if "operation" in unknown.what else "fault", str(unknown))
        if form.problems:
            form.problems = form.problems_in_order(_FAULT_FIELDS)
            return self._faults_page(400, form)
        chance = 1.0 if probability is None else probability
        self._faults.arm(
            provider, fault, operation=operation, nth=nth, times=times, probability=chance, seconds=seconds
        )
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
        return self._clock_page(200, Form({}))

    def _clock_page(self, status: int, form: Form) -> Response:
        page = _pages.render(
            "clock.html",
            now=self._clock.now(),
            is_running=self._clock.is_running,
            seed=self._controls.seed,
            typed=form.typed,
            problems=form.problems,
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def set_clock(self, call: Call) -> Response:
        """Do what the pressed button says: advance, set, stop or run."""
        form = Form(call.form)
        action = form.text("action")
        try:
            if action == "advance":
                self._advance(form)
            elif action == "set":
                self._set(form)
            elif action == "stop":
                self._clock.stop()
            elif action == "run":
                self._clock.run()
            else:
                form.refuse("amount", "choose one of the buttons")
        except ValueError as error:
            form.refuse("amount", str(error))
        if form.problems:
            return self._clock_page(400, form)
        return redirect("/_sandbox/clock", 303)

    def _advance(self, form: Form) -> None:
        amount = form.number("amount", "how far to move the clock")
        if not form.text("amount"):
            form.refuse("amount", "say by how much to move the clock")
        unit = form.text("unit") or "seconds"
        if unit not in _SPANS:
            form.refuse("unit", "choose seconds, minutes, hours or days")
        if amount is not None and not form.problems:
            self._clock.advance(amount * _SPANS[unit])

    def _set(self, form: Form) -> None:
        moment = form.moment()
        if moment is None:
            return
        try:
            self._clock.stop_at(moment)
        except ConfigurationError as error:
            if "day" in form.typed:
                form.refuse("day", "the date must be a real one, from 1970 to 9999")
            else:
                form.refuse("moment", f"{error.happened}; {error.fix}")

    def reset(self, call: Call) -> Response:
        """Start again."""
        form = Form(call.form)
        seed = form.whole("seed", "the seed")
        if form.problems:
            return self._clock_page(400, form)
        self._controls.reset(seed=seed)
        return redirect("/", 303)
