"""The Starlette shell: routes, lifespan and the guard of pages, over `govcomponents.web`. FastAPI's stands on it.

gov = StarletteGov(secret_key)
app = Starlette(routes=[Mount("/gov", routes=gov.routes), ...], lifespan=gov.lifespan)
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.components import AsyncGovComponents
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.checking import DEBUG, SHELLS, STRICT, checked, is_strict
from govcomponents.integrations.commands import AWAY, IDLE, TURN
from govcomponents.privacy import Secret
from govcomponents.web.access_logs import hide_callback_queries
from govcomponents.web.async_handlers import AsyncWebHandlers
from govcomponents.web.cookies import SIGNED_IN_FOR, SignInCookies
from govcomponents.web.events import EventHandlers
from govcomponents.web.messages import (
    MAX_CALLBACK,
    PRIVATE,
    Answer,
    WebRequest,
    is_too_long,
    page_asked_for,
    root_below,
)
from govcomponents.web.pending_places import NO_SESSION, SESSION_FIX
from govcomponents.web.person import Requirement
from govcomponents.web.results import SignedIn

try:
    from starlette.applications import Starlette
    from starlette.datastructures import Headers, MutableHeaders
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from govcomponents.integrations.mounts import path_of_route, prefix_of, root_of
except ImportError:
    raise ConfigurationError("Starlette is not installed", fix='pip install "govcomponents[starlette]"') from None

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from govcomponents.durable import AsyncDurable
    from govcomponents.identity import Identity, ReplayStore
    from govcomponents.web.ended_sessions import EndedSessions
    from govcomponents.web.pending_places import PendingIn
    from govcomponents.web.person import Person
    from govcomponents.web.results import NotSignedIn

KeepIdentity: TypeAlias = Callable[["Identity"], Awaitable[None]]
RefusedPage: TypeAlias = Callable[[Request, "NotSignedIn"], Awaitable[Response]]

_ASKED: Final = "govcomponents.asked"
_REQUIRED: Final = "govcomponents.required"
_COOKIE_SESSIONS: Final = "starlette.middleware.sessions"
_LOG: Final = logging.getLogger("govcomponents.starlette")


class PersonalPages:
    """Middleware that keeps pages about a person out of every cache: `app.add_middleware(PersonalPages)`.

    A page for which `gov.person` was asked differs by cookie, and one that requires an identity is private.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @leaving_own_frames_behind
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and _ASKED in scope:
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Cookie")
                if _REQUIRED in scope:
                    headers.setdefault("Cache-Control", PRIVATE)
            await send(message)

        await self._app(scope, receive, marked)


def _keep_pages_personal(app: object) -> None:
    """Put the middleware before an application that is starting, where nobody can forget it."""
    if isinstance(app, Starlette) and app.middleware_stack and not isinstance(app.middleware_stack, PersonalPages):
        app.middleware_stack = PersonalPages(app.middleware_stack)


class SignInNeeded(HTTPException):
    """A page was asked for by somebody who has to sign in first: its headers send the browser there."""

    def __init__(self, answer: Answer) -> None:
        text = answer.body.decode() or "Sign in first"
        headers = [(name, value) for name, value in answer.headers if name != "Content-Type"]
        super().__init__(answer.status, detail=text.strip(), headers=_headers(headers))


class StarletteGov(EventHandlers[Awaitable[None]]):
    """The components of this service, its signed-in person, and the routes that providers need.

    `secrets` seal the cookies: one, or the new and the old one. `gov` are the components; without it the environment is
    read when the application starts. `ended` and `used` are stores that several processes share: see
    `AsyncWebHandlers`. `pending` is where sign-ins that are under way wait: "cookie", "session" (`request.session`, if
    it is kept on the server), "database" (that of `later`) or a store. `signed_out_url` is the registered URL to which
    people come after signing out.

    `later` is the durable layer, if the service has one: then its components are taken, callbacks are stored before
    they are answered, and handled by `@later.when`, and `ended` and `used` are in its database. `works` lets this
    process make what is due as well, beside its requests.

    The routes begin a sign-in at `sign-in`, take the way back at `callback`, end sessions by POST at `sign-out`, take
    what providers send by POST at `events/pay`, `events/notify` and `events/identity`, and tell of health at `health`.
    """

    def __init__(
        self,
        secrets: str | Sequence[str],
        *,
        gov: AsyncGovComponents | None = None,
        later: AsyncDurable | None = None,
        works: bool = False,
        ended: EndedSessions | None = None,
        used: ReplayStore | None = None,
        pending: PendingIn = "cookie",
        life: int = SIGNED_IN_FOR,
        signed_out_url: str | None = None,
    ) -> None:
        super().__init__(is_stored=later is not None)
        self._given = gov if later is None else later.components
        self._later = later
        self._works = works
        hide_callback_queries()
        self._secrets = [Secret(text) for text in ([secrets] if isinstance(secrets, str) else secrets)]
        self._stores = (ended, used)
        self._pending = pending
        self._life = life
        self._signed_out_url = signed_out_url
        self._signed_in: KeepIdentity | None = None
        self._refused: RefusedPage | None = None
        self._language: Callable[[Request], str] = _english
        self._open: tuple[AsyncGovComponents, AsyncWebHandlers] | None = None
        SHELLS.add(self)
        SignInCookies(self._secrets)  # a secret that will not do is refused at once
        if self._given is not None:
            self._opened(self._given)

    @property
    def components(self) -> AsyncGovComponents:
        """The components: `await gov.components.pay.create(...)`. Raises ConfigurationError before the start."""
        return self._parts()[0]

    @property
    def routes(self) -> list[Route]:
        """The routes, to be mounted below a path such as "/gov". Their names are "govcomponents.sign_out" and so on."""
        return [
            Route("/sign-in", self._sign_in, name="govcomponents.sign_in"),
            Route("/callback", self._callback, name="govcomponents.callback"),
            Route("/sign-out", self._sign_out, methods=["POST"], name="govcomponents.sign_out"),
            Route("/events/{component}", self._event, methods=["POST"], name="govcomponents.event"),
            Route("/health", self._health, name="govcomponents.health"),
        ]

    def checked(self, app: object) -> tuple[list[str], bool]:
        """Return what a check of an application tells, line by line, and whether all is well."""
        if not isinstance(app, Starlette):
            raise ConfigurationError("this is no Starlette or FastAPI application", fix="name the application itself")
        gov = self._open[0] if self._open else AsyncGovComponents.from_settings()
        wrong = [STRICT] if any(is_strict(one.kwargs.get("same_site")) for one in app.user_middleware) else []
        if app.debug and gov.runtime.is_production:
            wrong.append(DEBUG)
        if self._pending == "session" and not _keeps_sessions(app):
            wrong.append((NO_SESSION, SESSION_FIX))
        callback = path_of_route(app.routes, "govcomponents.callback")
        return checked(gov, callback and root_of(app) + callback, wrong)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """Open the components when the application starts, and close them when it stops.

        A worker beside the requests is let finish what is under way. `PersonalPages` is put before the application.
        """
        _keep_pages_personal(app)
        if self._open is None:
            self._opened(self._given or AsyncGovComponents.from_settings())
        preparing = asyncio.create_task(self._parts()[1].prepare())  # the first requests need not wait for it then
        is_stopped = asyncio.Event()
        worker = asyncio.create_task(_work(self._later, is_stopped)) if self._later and self._works else None
        try:
            yield
        finally:
            is_stopped.set()
            if worker is not None:
                await worker
            await preparing
            await self.components.aclose()
            self._open = None

    @leaving_own_frames_behind
    async def person(self, request: Request) -> Person | None:
        """Return the person who is signed in, or None."""
        request.scope[_ASKED] = True
        return await self._parts()[1].person(_web_request(request))

    @leaving_own_frames_behind
    async def require(self, request: Request, requirement: Requirement, return_to: str | None = None) -> Person:
        """Return the person who meets a requirement. Raises SignInNeeded, which sends the browser to sign in.

        They come back to `return_to`, or to the page that they asked for if they asked by GET.
        """
        request.scope[_ASKED] = request.scope[_REQUIRED] = True
        found = await self._parts()[1].require(
            _web_request(request), requirement, return_to or _this_page(request), language=self._language(request)
        )
        if isinstance(found, Answer):
            raise SignInNeeded(found)
        return found

    def signed_in(self, keep: KeepIdentity) -> KeepIdentity:
        """Register what to do with the identity of a person who has just signed in, such as finding their record."""
        self._signed_in = keep
        return keep

    def refused(self, page: RefusedPage) -> RefusedPage:
        """Register the page for a sign-in that did not end well; without one the person reads a line of plain text."""
        self._refused = page
        return page

    def language(self, tell: Callable[[Request], str]) -> Callable[[Request], str]:
        """Register what tells the language of the person, "en" or "cy", in which the provider's pages are then."""
        self._language = tell
        return tell

    def _opened(self, gov: AsyncGovComponents) -> None:
        cookies = SignInCookies(self._secrets, life=self._life, clock=gov.runtime.clock)
        (ended, used), pending = self._stores, self._pending
        if self._later is not None:
            ended, used = ended or self._later.ended_sessions, used or self._later.used_once
            pending = self._later.sign_ins_under_way if pending == "database" else pending
        self._open = gov, AsyncWebHandlers(gov, cookies, ended=ended, used=used, pending=pending)

    def _parts(self) -> tuple[AsyncGovComponents, AsyncWebHandlers]:
        if self._open is None:
            raise ConfigurationError(
                "the application has not started, or was stopped",
                fix="give it `lifespan=gov.lifespan`, and in tests use its client as a context manager",
            )
        return self._open

    @leaving_own_frames_behind
    async def _sign_in(self, request: Request) -> Response:
        return_to = request.query_params.get("next", "")
        language = self._language(request)
        handlers = self._parts()[1]
        return _response(await handlers.sign_in(_web_request(request), Requirement(), return_to, language=language))

    @leaving_own_frames_behind
    async def _callback(self, request: Request) -> Response:
        if request.method != "GET":  # Starlette takes HEAD as well, which must not use a sign-in up
            return Response(status_code=405, headers={"Allow": "GET"})
        ended = await self._parts()[1].callback(_web_request(request))
        if isinstance(ended, SignedIn):
            await _renew_session(request, is_forgotten=ended.is_another)
            if self._signed_in is not None:
                await self._signed_in(ended.identity)
            return _response(ended.answer)
        if self._refused is None or ended.answer.status == 303:
            return _response(ended.answer)
        page = await self._refused(request, ended)
        for name, value in ended.answer.headers:
            if name != "Content-Type":
                page.headers.append(name, value)
        return page

    @leaving_own_frames_behind
    async def _sign_out(self, request: Request) -> Response:
        answer = await self._parts()[1].sign_out(_web_request(request), self._signed_out_url)
        await _renew_session(request, is_forgotten=True)
        return _response(answer)

    @leaving_own_frames_behind
    async def _event(self, request: Request) -> Response:
        if is_too_long(request.headers.get("content-length", "0")):
            return _response(Answer.too_large())
        component, body = request.path_params["component"], await _bounded_body(request)
        receive = None if self._later is None else self._later.receive
        return _response(await self._parts()[1].take(component, body, request.headers, self, receive))

    @leaving_own_frames_behind
    async def _health(self, _request: Request) -> Response:
        return _response(await self._parts()[1].health())


async def _work(later: AsyncDurable, is_stopped: asyncio.Event) -> None:
    """Make what is due until the application stops. What fails is logged, and tried again."""
    while not is_stopped.is_set():
        wait = IDLE
        try:
            await later.run_due(seconds=TURN)
        except Exception as error:  # noqa: BLE001  # whatever fails, the worker is there for the next turn
            told = error if isinstance(error, GovComponentsError) else type(error).__name__
            _LOG.error("the worker could not work, and tries again: %s", told)
            wait = AWAY
        with suppress(TimeoutError):
            await asyncio.wait_for(is_stopped.wait(), wait)


async def _renew_session(request: Request, *, is_forgotten: bool) -> None:
    """Give the service's own session a new id, where starsessions keeps it, and forget what it holds of another's."""
    handler = request.scope.get("session_handler")
    if handler is not None and hasattr(handler, "regenerate_id"):
        await handler.load()  # it gives nothing of a session before, also not to forget it
        await handler.destroy()  # under the id that was known until now
        handler.regenerate_id()
    if is_forgotten and "session" in request.scope:
        request.session.clear()


def _english(_request: Request) -> str:
    return "en"


def _web_request(request: Request) -> WebRequest:
    """Return a request as the web handlers take it, with the session unless that is a cookie."""
    root = root_below(prefix_of(request))
    session = request.scope.get("session")
    if _is_cookie(request.scope) or not _keeps_sessions(request.scope.get("app")):
        session = None
    return WebRequest(request.scope["query_string"].decode("latin-1"), request.cookies, root, session)


def _is_cookie(scope: Scope) -> bool:
    """Whether Starlette's own middleware gave the session, around whatever application: it makes a cookie of it.

    In older versions it gives a plain dictionary, as others may: then only that of starsessions is known to be none.
    """
    kind, middleware = type(scope.get("session")), sys.modules.get(_COOKIE_SESSIONS)
    if kind is dict and middleware is not None and not hasattr(middleware, "Session"):
        return "session_handler" not in scope
    return kind.__module__ == _COOKIE_SESSIONS


def _keeps_sessions(app: object) -> bool:
    """Whether an application keeps its sessions on the server: Starlette's own middleware makes a cookie of them."""
    stack = app.user_middleware if isinstance(app, Starlette) else []
    return not any(getattr(one.cls, "__module__", "") == _COOKIE_SESSIONS for one in stack)


def _this_page(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or b""
    return page_asked_for(request.method, request.scope["path"], request.scope["query_string"], raw.decode("latin-1"))


async def _bounded_body(request: Request) -> bytes:
    """Read the body until its end, or until it is known to be too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_CALLBACK:
            break
    return bytes(body)


def _headers(pairs: Sequence[tuple[str, str]]) -> Headers:
    return Headers(raw=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs])


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response
