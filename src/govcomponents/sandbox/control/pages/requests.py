"""The pages of the request log: which requests came, why one was refused, and to send it again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.control.pages.as_test import as_test
from govcomponents.sandbox.control.pages.explanation import caller_of, explain, reference, remedy_of
from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.http.messages import Call, ConnectionCut, Route, is_cross_site, redirect, text_response
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.control.pages.explanation import Explanation
    from govcomponents.sandbox.faults.catalogue import Fault
    from govcomponents.sandbox.http.request_log import LoggedRequest

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 100
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}
_LIVE_SECONDS = 20.0
"""How long a browser waits for news before it asks again."""


class RequestPages:
    """The pages of one sandbox's request log."""

    section = "requests"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls
        self._log = controls.context.requests

    def routes(self) -> Iterable[Route]:
        """All pages, and where their form goes."""
        yield Route("GET", "/_sandbox/requests", self.requests)
        yield Route("GET", "/_sandbox/requests/live", self.live)
        yield Route("GET", "/_sandbox/requests/<number>", self.request)
        yield Route("GET", "/_sandbox/errors", self.errors)
        yield Route("POST", "/_sandbox/requests/<number>/again", self.again)

    def owns(self, path: str) -> bool:
        """Whether a path is its own: none is, the home page answers for those without a route."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The sandbox has no such page.\n")

    def requests(self, call: Call) -> Response:
        """List the requests, the newest first; the query narrows them down."""
        asked = dict(call.query)
        provider, words = asked.get("provider", ""), asked.get("words", "").strip()
        is_refused = "refused" in asked
        wanted = words.lower().split()
        found = [
            entry
            for entry in self._log.requests()
            if (not provider or entry.section == provider)
            and (not is_refused or entry.is_refused)
            and all(word in _searched(entry) for word in wanted)
        ]
        shown = found[-_SHOWN_AT_MOST:][::-1]
        page = _pages.render(
            "requests.html",
            entries=[(entry, self._explain(entry) if entry.is_refused else None) for entry in shown],
            newest=self._log.newest,
            total=len(found),
            names=self._names(),
            provider=provider,
            words=words,
            is_refused=is_refused,
            again=call.path_and_query,
        )
        return own_page(200, page)

    def request(self, call: Call) -> Response:
        """Show one request and its answer; secrets and people only if one asks to see them."""
        entry = self._find(call)
        if entry is None:
            return own_page(404, _pages.render("not_found.html", what="request"))
        reveal = dict(call.query).get("reveal") == "1"
        page = _pages.render(
            "request.html",
            entry=entry,
            reveal=reveal,
            provider=self._names().get(entry.section, entry.section),
            caller=caller_of(self._stubs(), entry, self._controls.context.base_url),
            remedy=remedy_of(self._stubs(), entry, self._controls.context.base_url),
            explanation=self._explain(entry),
            fault=self._fault(entry),
            query=entry.shown_query(reveal=reveal),
            headers=entry.shown_headers(reveal=reveal),
            body=entry.shown_body(reveal=reveal),
            answer=entry.shown_answer(reveal=reveal),
            test=as_test(entry, self._log.requests(), self._controls.seed) if reveal and entry.is_whole else None,
        )
        return own_page(200, page, _SAYS_ORIGIN)

    def live(self, call: Call) -> Response:
        """Tell a browser of newer requests than it knows, as a server-sent event; it asks again by itself.

        The answer ends with the event, or after a while without one, so that no connection is held for ever.
        """
        query = dict(call.query)
        known = call.headers.get("last-event-id") or query.get("after", "")
        number = int(known) if known.isascii() and known.isdigit() and len(known) < 16 else 0
        newest = self._log.wait_for_newer(number, _LIVE_SECONDS if "wait" in query else 0.0)
        event = f"id: {newest}\ndata: {newest}\n\n" if newest > number else ": nothing new\n\n"
        headers = {
            "content-type": "text/event-stream",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        return Response(200, headers, f"retry: 500\n{event}".encode())

    def errors(self, call: Call) -> Response:
        """Show the error reference."""
        return own_page(200, _pages.render("errors.html", entries=reference()))

    def again(self, call: Call) -> Response:
        """Send one request again, as it came, and show the new one."""
        if is_cross_site(call):
            return text_response(403, "This form was sent from a page of another site.\n")
        entry = self._find(call)
        if entry is None or not entry.is_whole:
            return own_page(404, _pages.render("not_found.html", what="request"))
        headers = dict(entry.headers)  # a new one, by which it is known in the log among requests of others
        base_url = self._controls.context.base_url
        with suppress(ConnectionCut):  # a fault struck it: the log says so
            self._controls.respond(Call(entry.method, entry.path, entry.query, headers, entry.body, base_url))
        number = next((one.number for one in reversed(self._log.requests()) if one.headers is headers), entry.number)
        return redirect(f"/_sandbox/requests/{number}", 303)

    def _find(self, call: Call) -> LoggedRequest | None:
        number = call.params["number"]
        return self._log.find(int(number)) if number.isdecimal() and len(number) < 20 else None

    def _explain(self, entry: LoggedRequest) -> Explanation | None:
        spec = next((one.spec for one in self._controls.providers if one.spec.section == entry.section), None)
        return explain(spec, entry, self._fault(entry))

    def _fault(self, entry: LoggedRequest) -> Fault | None:
        return None if entry.fault is None else self._definitions().get(entry.section, {}).get(entry.fault)

    def _definitions(self) -> Mapping[str, Mapping[str, Fault]]:
        return self._controls.context.faults.definitions

    def _stubs(self) -> dict[str, object]:
        return {one.spec.section: one.stub for one in self._controls.providers}

    def _names(self) -> dict[str, str]:
        return {one.spec.section: one.spec.name for one in self._controls.providers}


def _searched(entry: LoggedRequest) -> str:
    status = "cut" if entry.status is None else str(entry.status)
    return f"{entry.method} {entry.path} {entry.operation} {status} {entry.reason} {entry.fault or ''}".lower()
