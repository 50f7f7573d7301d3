"""The pages of the request log: which requests came, why one was refused, and to send it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.http.messages import Call, Route, html_response, is_cross_site, redirect, text_response
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.request_log import LoggedRequest

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST = 200
_SAYS_ORIGIN = {"referrer-policy": "same-origin"}


class RequestPages:
    """The pages of one sandbox's request log."""

    section = "requests"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls
        self._log = controls.context.requests

    def routes(self) -> Iterable[Route]:
        """All pages, and where their form goes."""
        yield Route("GET", "/_sandbox/requests", self.requests)
        yield Route("GET", "/_sandbox/requests/<number>", self.request)
        yield Route("POST", "/_sandbox/requests/<number>/again", self.again)

    def owns(self, path: str) -> bool:
        """Nothing: the home page answers for paths that are not there."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Never asked."""
        return text_response(404, "The sandbox has no such page.\n")

    def requests(self, call: Call) -> Response:
        """List the requests, the newest first; the query narrows them down."""
        asked = dict(call.query)
        provider, words = asked.get("provider", ""), asked.get("words", "").strip()
        is_refused = "refused" in asked
        found = [
            entry
            for entry in self._log.requests()
            if (not provider or entry.section == provider)
            and (not is_refused or entry.is_refused)
            and (not words or words.lower() in f"{entry.method} {entry.path} {entry.operation} {entry.reason}".lower())
        ]
        page = _pages.render(
            "requests.html",
            entries=found[-_SHOWN_AT_MOST:][::-1],
            total=len(found),
            names=self._names(),
            provider=provider,
            words=words,
            is_refused=is_refused,
            again=call.path_and_query,
        )
        return html_response(200, page)

    def request(self, call: Call) -> Response:
        """Show one request and its answer; secrets and people only if one asks to see them."""
        entry = self._find(call)
        if entry is None:
            return html_response(404, _pages.render("not_found.html", what="request"))
        reveal = dict(call.query).get("reveal") == "1"
        page = _pages.render(
            "request.html",
            entry=entry,
            reveal=reveal,
            provider=self._names().get(entry.section, entry.section),
            query=entry.shown_query(reveal=reveal),
            headers=entry.shown_headers(reveal=reveal),
            body=entry.shown_body(reveal=reveal),
            answer=entry.shown_answer(reveal=reveal),
            test=_as_test(entry) if reveal and entry.is_whole else None,
        )
        return html_response(200, page, _SAYS_ORIGIN)

    def again(self, call: Call) -> Response:
        """Send one request again, as it came, and show the new one."""
        if is_cross_site(call):
            return text_response(403, "This form was sent from a page of another site.\n")
        entry = self._find(call)
        if entry is None or not entry.is_whole:
            return html_response(404, _pages.render("not_found.html", what="request"))
        self._controls.respond(
            Call(entry.method, entry.path, entry.query, entry.headers, entry.body, self._controls.context.base_url)
        )
        return redirect(f"/_sandbox/requests/{self._log.requests()[-1].number}", 303)

    def _find(self, call: Call) -> LoggedRequest | None:
        number = call.params["number"]
        return self._log.find(int(number)) if number.isdecimal() and len(number) < 20 else None

    def _names(self) -> dict[str, str]:
        return {one.spec.section: one.spec.name for one in self._controls.providers}


def _as_test(entry: LoggedRequest) -> str:
    """Write a request as a test of pytest's, with the secrets and people that it held."""
    name = "".join(letter if letter.isalnum() else "_" for letter in entry.operation)
    return f"""from govcomponents import GovComponents
from govcomponents.testing import Call


def test_{name}() -> None:
    sandbox = GovComponents.sandbox().simulator
    answer = sandbox.respond(
        Call(
            {entry.method!r},
            {entry.path!r},
            {entry.query!r},
            {dict(entry.headers)!r},
            {entry.body!r},
            sandbox.base_url,
        )
    )
    assert answer.status == {entry.status}
"""
