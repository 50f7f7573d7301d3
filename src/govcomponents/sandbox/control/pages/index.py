"""The sandbox's own pages for reading: home, timeline, and where a person comes back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.control.client_environment import environment_for
from govcomponents.sandbox.control.pages.own_page import own_page, script_routes
from govcomponents.sandbox.control.pages.sequence import as_mermaid, drawing_of
from govcomponents.sandbox.http.messages import Call, Route, text_response
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 200
_DRAWN_AT_MOST = 50

# What comes back to a service in a URL, in words for the person who looks at it.
_MEANINGS = {
    "code": "A one-use code. The service exchanges it for tokens, from its server.",
    "state": "The value that the service sent along. It must be the one that it keeps for this person.",
    "error": "The sign-in did not succeed, for this reason.",
    "error_description": "More about the reason, for developers.",
    "error_code": "The sign-out went wrong, for this reason.",
}


class IndexPages:
    """The pages that show what the sandbox holds. They change nothing."""

    section = "home"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls
        self._context = controls.context

    def routes(self) -> Iterable[Route]:
        """All pages."""
        yield Route("GET", "/", self.home)
        yield from script_routes()
        yield Route("GET", "/_sandbox/timeline", self.timeline)
        yield Route("GET", "/_sandbox/came-back", self.came_back)

    def owns(self, path: str) -> bool:
        """Whether a path is its own beside its routes: none is."""
        return path == "/" or path.startswith("/_sandbox/")

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Say that there is no such page, or which method it takes."""
        if allowed:
            allow = ", ".join(sorted(allowed))
            return text_response(405, f"This page takes {allow} only.\n", {"allow": allow})
        return text_response(404, "The sandbox has no such page. Start at / to see what it has.\n")

    def home(self, call: Call) -> Response:
        """Show all three providers at a glance, the clock, and how to connect."""
        cards = [
            {"name": one.spec.name, "start": one.spec.start_path, "present": True, "facts": list(one.stub.summary())}
            for one in self._controls.providers
        ]
        cards += [{"name": spec.name, "present": False} for spec in self._controls.absent]
        page = _pages.render(
            "home.html",
            cards=cards,
            names=[one.spec.name for one in self._controls.providers],
            now=self._context.clock.now(),
            environment=environment_for(self._controls.providers),
            events=self._context.timeline.events()[-8:][::-1],
            base_url=self._context.base_url,
            worlds={} if self._controls.worlds is None else self._controls.worlds.all(),
        )
        return own_page(200, page)

    def timeline(self, call: Call) -> Response:
        """Show what happened, the newest first; `reference` narrows it down."""
        reference = dict(call.query).get("reference", "").strip()
        timeline = self._context.timeline
        events = timeline.thread(reference) if reference else timeline.events()
        kept = events[-_SHOWN_AT_MOST:]
        page = _pages.render(
            "timeline.html",
            events=kept[::-1],
            reference=reference,
            total=len(events),
            drawing=drawing_of(kept[-_DRAWN_AT_MOST:]),
            mermaid=as_mermaid(kept[-_DRAWN_AT_MOST:]),
        )
        return own_page(200, page)

    def came_back(self, call: Call) -> Response:
        """Show what came back to the service: for people who try a journey without a service of their own."""
        pairs = [{"name": name, "value": value, "meaning": _MEANINGS.get(name, "")} for name, value in call.query]
        return own_page(200, _pages.render("came_back.html", pairs=pairs))
