"""The sandbox itself: its state, and the one handler that serves it in process and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule

from govcomponents.core.messages import Request, Response
from govcomponents.sandbox.clock import SandboxClock
from govcomponents.sandbox.http import MAX_REQUEST_BODY, Call, Handler, Imitation, text_answer
from govcomponents.sandbox.ids import Ids
from govcomponents.sandbox.timeline import Timeline
from govcomponents.sandbox.world import load_world

if TYPE_CHECKING:
    from govcomponents.settings import Settings

IN_PROCESS_URL = "https://sandbox.example.gov.uk"


@dataclass(frozen=True)
class Ground:
    """What every imitation stands on: the clock, the ids and the timeline of one sandbox, and its own address."""

    clock: SandboxClock
    ids: Ids
    timeline: Timeline
    base_url: str


class Sandbox:
    """One sandbox: all three providers on one host, with one clock, one seed and one timeline.

    `pay`, `notify` and `one_login` are the imitated providers, each with its state; `clock` can be moved;
    `timeline` ties the three together. `handle` and `visit` serve it in this process; `sandbox.server` over HTTP.
    `sign_in` says how /authorize answers: "page", "at_once", or None for what the world says of each client.
    """

    def __init__(
        self,
        world: Path | str | Mapping[str, object] | None = None,
        *,
        seed: int = 0,
        now: str | None = None,
        base_url: str = IN_PROCESS_URL,
        sign_in: str | None = None,
    ) -> None:
        from govcomponents.sandbox.govuk_notify.imitation import GovUkNotifyImitation
        from govcomponents.sandbox.govuk_pay.imitation import GovUkPayImitation
        from govcomponents.sandbox.one_login.imitation import OneLoginImitation

        self.base_url = base_url
        self.clock = SandboxClock(now)
        self.timeline = Timeline(self.clock)
        ground = Ground(self.clock, Ids(seed), self.timeline, base_url)
        sections: Mapping[str, Any] = load_world(world)
        self.pay = GovUkPayImitation(sections.get("pay"), ground)
        self.notify = GovUkNotifyImitation(sections.get("notify"), ground)
        self.one_login = OneLoginImitation(sections.get("one_login"), ground, sign_in=sign_in)
        self._imitations: tuple[Imitation, ...] = (self.pay, self.notify, self.one_login)
        self._routes = Map(
            [
                Rule(route.path, methods=[route.method], endpoint=route.handler)
                for imitation in self._imitations
                for route in imitation.routes()
            ],
            strict_slashes=False,
            merge_slashes=False,
        ).bind("sandbox")

    def settings(self) -> Settings:
        """Settings with which a `GovComponents` reaches this sandbox: its address, keys and ids."""
        from govcomponents.settings import Settings

        sections = {
            "pay": self.pay.client_settings(),
            "notify": self.notify.client_settings(),
            "identity": self.one_login.client_settings(),
        }
        return Settings(environment="test", **{name: section for name, section in sections.items() if section})

    def handle(self, request: Request) -> Response:
        """Answer a transport's request, in this process."""
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self.answer(Call(request.method, parts.path, parts.query, headers, request.body or b"", self.base_url))

    def visit(self, url: str, form: Mapping[str, str] | None = None) -> Response:
        """Open a page as a person's browser would, or send its form; redirects are not followed."""
        from urllib.parse import urlencode

        parts = urlsplit(url)
        headers = {"user-agent": "sandbox-visit", "content-type": "application/x-www-form-urlencoded"}
        body = b"" if form is None else urlencode(form).encode()
        return self.answer(
            Call("GET" if form is None else "POST", parts.path, parts.query, headers, body, self.base_url)
        )

    def answer(self, call: Call) -> Response:
        """Answer one call, by the first route that fits; what no route fits, its provider refuses in its own way."""
        if len(call.body) > MAX_REQUEST_BODY:
            return text_answer(413, "The request is too large for the sandbox.\n")
        method = "GET" if call.method == "HEAD" else call.method
        handler: Handler
        try:
            handler, params = self._routes.match(call.path, method=method)
        except MethodNotAllowed as error:
            return self._missing(call, frozenset(error.valid_methods or ()))
        except (HTTPException, RequestRedirect):
            return self._missing(call, frozenset())
        call.params = dict(params)
        return handler(call)

    def _missing(self, call: Call, allowed: frozenset[str]) -> Response:
        for imitation in self._imitations:
            if imitation.owns(call.path):
                return imitation.missing(call, allowed)
        return text_answer(404, "The sandbox has no such page. Start at / to see what it has.\n")
