"""A shell for a fourth framework, here none at all but WSGI, keeps the contract of web shells in a page of code."""

from __future__ import annotations

import io
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from govcomponents import GovComponents
from govcomponents.pay import PaymentChanged
from govcomponents.privacy import Secret
from govcomponents.testing import Reply, WebSuite
from govcomponents.web import Answer, Requirement, SignInCookies, WebHandlers, WebRequest
from govcomponents.web.events import EventHandlers
from govcomponents.web.messages import MAX_CALLBACK, PRIVATE, is_too_long, page_asked_for

Environ = dict[str, Any]
TAKES = {"/gov/sign-out": "POST", "/gov/callback": "GET"}


class Shell:
    """The routes of the components, and two pages, for any WSGI server."""

    def __init__(self, gov: GovComponents, handled: list[str]) -> None:
        secret = Secret("a secret of the tests, of forty characters")
        self.handlers = WebHandlers(gov, SignInCookies([secret], clock=gov.runtime.clock))
        self.events: EventHandlers[None] = EventHandlers()
        self.events.when(PaymentChanged)(lambda event: handled.append(event.key))

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
        answer = self.answer(environ)
        start_response(f"{answer.status} ", list(answer.headers))
        return [answer.body]

    def answer(self, environ: Environ) -> Answer:
        path, method, query = environ["PATH_INFO"], environ["REQUEST_METHOD"], environ["QUERY_STRING"]
        cookies = {name: one.value for name, one in SimpleCookie(environ.get("HTTP_COOKIE", "")).items()}
        language = cookies.get("language", "en")
        request = WebRequest(query, cookies)
        if TAKES.get(path, "POST" if path.startswith("/gov/events/") else method) != method:
            return Answer(405)
        if path == "/gov/sign-in":
            then = dict(parse_qsl(query)).get("next", "")
            return self.handlers.sign_in(request, Requirement(), then, language=language)
        if path == "/gov/callback":
            return self.handlers.callback(request).answer
        if path == "/gov/sign-out":
            return self.handlers.sign_out(request)
        if path == "/gov/health":
            return self.handlers.health()
        if path.startswith("/gov/events/"):
            return self.event(path.removeprefix("/gov/events/"), environ)
        return self.page(path, request, page_asked_for(method, path, query.encode()), language)

    def event(self, component: str, environ: Environ) -> Answer:
        if is_too_long(environ.get("CONTENT_LENGTH") or "0"):
            return Answer.too_large()
        headers = {name[5:].replace("_", "-"): text for name, text in environ.items() if name.startswith("HTTP_")}
        return self.handlers.take(component, environ["wsgi.input"].read(MAX_CALLBACK + 1), headers, self.events)

    def page(self, path: str, request: WebRequest, back: str, language: str) -> Answer:
        about = (("Cache-Control", PRIVATE), ("Vary", "Cookie"))
        if path == "/open":
            person = self.handlers.person(request)
            return Answer(200, about, (person.subject.reveal() if person else "nobody").encode())
        found = self.handlers.require(request, Requirement.of(confidence="medium"), back, language=language)
        return found if isinstance(found, Answer) else Answer(200, about, found.subject.reveal().encode())


class Client:
    """Sends one request to a WSGI application."""

    def __init__(self, app: Shell) -> None:
        self.app = app

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        environ: Environ = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()}
        length = headers.get("Content-Length", str(len(body)))
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_LENGTH": length}
        environ |= {"wsgi.input": io.BytesIO(body)}
        told: list[Any] = []
        text = b"".join(self.app(environ, lambda *given: told.extend(given)))
        return Reply(int(told[0]), tuple((name.lower(), value) for name, value in told[1]), text)


def serve(gov: GovComponents, handled: list[str]) -> Client:
    return Client(Shell(gov, handled))


class TestBareWsgi(WebSuite):
    serve = staticmethod(serve)
