"""The pages of messages as their readers see them: search, attachments, source, delete, and what can happen to them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.control.pages.own_page import own_page
from govcomponents.sandbox.http.messages import Call, Route, is_cross_site, redirect, text_response
from govcomponents.sandbox.http.templating import Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.sandbox.control.controls import SandboxControls
    from govcomponents.sandbox.plugins.outbox import OutboxMessage

_pages = Templates("govcomponents.sandbox.control")
_SHOWN_AT_MOST: Final = 200
_SAYS_ORIGIN: Final = {"referrer-policy": "same-origin"}
_LINE: Final = 76
_LINES_A_SHEET: Final = 44


class MessagePages:
    """The outbox of one sandbox."""

    section = "messages"

    def __init__(self, controls: SandboxControls) -> None:
        self._controls = controls

    def routes(self) -> Iterable[Route]:
        """The list, a page for each message, what its frame and links need, and where the buttons go."""
        yield Route("GET", "/_sandbox/outbox", self.outbox)
        yield Route("GET", "/_sandbox/outbox/<message_id>", self.message)
        yield Route("POST", "/_sandbox/outbox/<message_id>", self.act, "act on message")
        yield Route("GET", "/_sandbox/outbox/<message_id>/email", self.email)
        yield Route("GET", "/_sandbox/outbox/<message_id>/files/<int:number>", self.file, "message file")

    def owns(self, path: str) -> bool:
        """Whether a path is its own: none is, the home page answers for those without a route."""
        return False

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer a path without a route: never called, as it owns no path."""
        return text_response(404, "The sandbox has no such page.\n")

    def outbox(self, call: Call) -> Response:
        """List the messages, the newest first; the query narrows them down."""
        words = dict(call.query).get("words", "").strip()
        messages, total = self._controls.newest_messages(words.lower().split(), _SHOWN_AT_MOST)
        page = _pages.render(
            "outbox.html",
            messages=messages,
            total=total,
            words=words,
            newest=self._controls.context.requests.newest,
        )
        return own_page(200, page)

    def message(self, call: Call) -> Response:
        """Show one message as its reader would see it, and its source."""
        found = self._find(call)
        if found is None:
            return own_page(404, _pages.render("not_found.html", what="message"))
        return self._page(found, 200, "")

    def _page(self, found: OutboxMessage, status: int, problem: str) -> Response:
        page = _pages.render(
            "message.html",
            message=found,
            sheets=sheets_of(found.text) if found.kind == "letter" else [],
            problem=problem,
            can_delete=self._can_change(found.id),
        )
        return own_page(status, page, _SAYS_ORIGIN)

    def _can_change(self, message_id: str) -> bool:
        try:
            self._controls.keeper_of(message_id)
        except LookupError:
            return False
        return True

    def act(self, call: Call) -> Response:
        """Take a message off the outbox, or let one of its marks happen."""
        if is_cross_site(call):
            return text_response(403, "This form was sent from a page of another site.\n")
        found = self._find(call)
        if found is None:
            return own_page(404, _pages.render("not_found.html", what="message"))
        action = dict(call.form).get("action", "")
        try:
            keeper = self._controls.keeper_of(found.id)
            if action == "delete":
                keeper.delete_message(found.id)
                return redirect("/_sandbox/outbox", 303)
            keeper.mark_message(found.id, action)
        except LookupError:
            return self._page(found, 409, "That cannot happen to it now. It may have changed meanwhile.")
        return redirect(f"/_sandbox/outbox/{quote(found.id, safe='')}", 303)

    def email(self, call: Call) -> Response:
        """Give the HTML of one email, for the frame in which its page shows it; links and scripts do nothing there."""
        found = self._find(call)
        if found is None or found.html is None:
            return own_page(404, _pages.render("not_found.html", what="email"))
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
        return own_page(200, found.html, {"content-security-policy": policy})

    def file(self, call: Call) -> Response:
        """Give one attachment to be saved; a browser shows none of them, whatever they are."""
        found = self._find(call)
        number = int(call.params["number"])
        if found is None or number >= len(found.attachments):
            return own_page(404, _pages.render("not_found.html", what="file"))
        attachment = found.attachments[number]
        name = re.sub(r"[^A-Za-z0-9._-]", "_", attachment.name) or "file"
        headers = {
            "content-type": "application/octet-stream",
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox; default-src 'none'",
        }
        return Response(200, headers, attachment.data)

    def _find(self, call: Call) -> OutboxMessage | None:
        return self._controls.message(call.params["message_id"])


def sheets_of(text: str) -> list[str]:
    """Split a letter's text into sheets of paper, as far as lines of one width can tell."""
    lines = [
        wrapped for line in text.splitlines() for wrapped in (textwrap.wrap(line, _LINE, break_long_words=True) or [""])
    ]
    return ["\n".join(lines[at : at + _LINES_A_SHEET]) for at in range(0, max(len(lines), 1), _LINES_A_SHEET)]
