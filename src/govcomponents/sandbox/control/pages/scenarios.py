"""The page of scenarios: what each is, what a service should do about it, and a button that begins it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.http.messages import Call, Route, is_cross_site, redirect, text_response
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls

_pages = Templates("govcomponents.sandbox.control")
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}


class ScenarioPages:
    """The page of one sandbox's scenarios."""

    section = "scenarios"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls

    def routes(self) -> Iterable[Route]:
        """The page, and where its buttons go."""
        yield Route("GET", "/_sandbox/scenarios", self.scenarios)
        yield Route("POST", "/_sandbox/scenarios", self.play)

    def owns(self, path: str) -> bool:
        """Whether a path is its own: none is, the home page answers for those without a route."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The sandbox has no such page.\n")

    def scenarios(self, call: Call) -> Response:
        """List the scenarios, and those that play."""
        return self._page(200, "")

    def _page(self, status: int, problem: str) -> Response:
        scenarios = self._controls.scenarios
        try:
            known = list(scenarios.all().values())
        except ConfigurationError as error:  # a file of the team's folder is wrong
            known, problem = [], f"{error.happened}. To fix it: {error.fix}"
        armed = self._controls.context.faults.armed()
        playing = [(one, [fault for fault in armed if fault.id in one.faults]) for one in scenarios.playing()[::-1]]
        page = _pages.render("scenarios.html", scenarios=known, playing=playing, problem=problem)
        return own_page(status, page, _SAYS_ORIGIN)

    def play(self, call: Call) -> Response:
        """Begin a scenario."""
        if is_cross_site(call):
            return text_response(403, "This form was sent from a page of another site.\n")
        name = dict(call.form).get("name", "")
        try:
            if name not in self._controls.scenarios.all():
                return self._page(400, "There is no such scenario.")
            self._controls.scenarios.play(name)
        except ConfigurationError as error:
            return self._page(400, f"{error.happened}. To fix it: {error.fix}")
        return redirect("/_sandbox/scenarios", 303)
