"""The Starlette shell: routes, lifespan and the guard of pages, over `govcomponents.web`. FastAPI's stands on it.

gov = StarletteGov(secret_key)
app = Starlette(routes=[Mount("/gov", routes=gov.routes), ...], lifespan=gov.lifespan)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.components import AsyncGovComponents
from govcomponents.errors import ConfigurationError, GovComponentsError, Unavailable
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.checking import DEBUG, SHELLS, STRICT, checked, is_strict
from govcomponents.integrations.commands import AWAY, IDLE, TURN
from govcomponents.privacy import Secret
from govcomponents.web.access_logs import hide_callback_queries
from govcomponents.web.async_handlers import AsyncWebHandlers
from govcomponents.web.cookies import SIGNED_IN_FOR, SignInCookies
from govcomponents.web.events import EventHandlers
from govcomponents.web.messages import Answer, is_too_long
from govcomponents.web.pages import Problem, problem
from govcomponents.web.pending_places import NO_SESSION, SESSION_FIX
from govcomponents.web.person import Requirement
from govcomponents.web.results import SignedIn

try:
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from govcomponents.integrations.asgi_pages import (
        ASKED,
        PROBLEM,
        REQUIRED,
        UNTOLD,
        PersonalPages,
        give_pages,
        has_pages,
    )
    from govcomponents.integrations.mounts import path_of_route, root_of
    from govcomponents.integrations.starlette_answers import (
        as_response,
        bounded_body,
        english,
        headers_of,
        keeps_sessions,
        renew_session,
        this_page,
        web_request,
        with_headers,
    )
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

__all__ = ["PersonalPages", "SignInNeeded", "StarletteGov"]

KeepIdentity: TypeAlias = Callable[["Identity"], Awaitable[None]]
RefusedPage: TypeAlias = Callable[[Request, "NotSignedIn"], Awaitable[Response]]
ProblemPage: TypeAlias = Callable[[Request, Problem], Awaitable[Response]]

_LOG: Final = logging.getLogger("govcomponents.starlette")


class SignInNeeded(HTTPException):
    """A page was asked for by somebody who has to sign in first: its headers send the browser there."""

    def __init__(self, answer: Answer) -> None:
        text = "You cannot sign in at the moment. Try again later." if isinstance(answer, Problem) else "Sign in first"
        headers = [(name, value) for name, value in answer.headers if name != "Content-Type"]
        super().__init__(answer.status, detail=text, headers=headers_of(headers))


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
        self._problem: ProblemPage | None = None
        self._language: Callable[[Request], str] = english
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

    def checked(self, app: object, root: str = "") -> tuple[list[str], bool]:
        """Return what a check of an application tells, line by line, and whether all is well.

        `root` is the server's `--root-path`, of which the application knows nothing before a request.
        """
        if not isinstance(app, Starlette):
            raise ConfigurationError("this is no Starlette or FastAPI application", fix="name the application itself")
        gov = self._open[0] if self._open else AsyncGovComponents.from_settings()
        wrong = [STRICT] if any(is_strict(one.kwargs.get("same_site")) for one in app.user_middleware) else []
        if app.debug and gov.runtime.is_production:
            wrong.append(DEBUG)
        if self._pending == "session" and not keeps_sessions(app):
            wrong.append((NO_SESSION, SESSION_FIX))
        callback = path_of_route(app.routes, "govcomponents.callback")
        root = root.rstrip("/") or root_of(app)
        mounted = "where the server is started with --root-path {prefix}, give `check --app` the same --root-path"
        return checked(gov, callback and root + callback, wrong, mounted)

    @asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """Open the components when the application starts, and close them when it stops.

        A worker beside the requests is let finish what is under way. `PersonalPages` is put before the application, and
        a page for each error of a provider around its routes.
        """
        give_pages(app, self._failed)
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
        """Return the person who is signed in, or None.

        Raises Unavailable if the store of ended sessions is away, once: the page that tells so may ask as well.
        """
        self._noticed(request)
        request.scope[ASKED] = True
        if request.scope.get(UNTOLD):
            return None
        try:
            return await self._parts()[1].person(web_request(request))
        except Unavailable:
            request.scope[UNTOLD] = True
            raise

    @leaving_own_frames_behind
    async def require(self, request: Request, requirement: Requirement, return_to: str | None = None) -> Person:
        """Return the person who meets a requirement. Raises SignInNeeded, which sends the browser to sign in.

        They come back to `return_to`, or to the page that they asked for if they asked by GET. Where nobody can sign in
        now it raises the error, for which an application with the lifespan has a page.
        """
        self._noticed(request)
        request.scope[ASKED] = request.scope[REQUIRED] = True
        found = await self._parts()[1].require(
            web_request(request), requirement, return_to or this_page(request), language=self._language(request)
        )
        if isinstance(found, Problem) and found.error is not None and has_pages(request.scope):
            request.scope[PROBLEM] = found
            request.scope[UNTOLD] = isinstance(found.error, Unavailable)
            raise found.error
        if isinstance(found, Answer):
            raise SignInNeeded(found)
        return found

    def signed_in(self, keep: KeepIdentity) -> KeepIdentity:
        """Register what to do with the identity of a person who has just signed in, such as finding their record."""
        self._signed_in = keep
        return keep

    def refused(self, page: RefusedPage) -> RefusedPage:
        """Register the page for a sign-in that did not end well; without one the person reads a plain page."""
        self._refused = page
        return page

    def problem(self, page: ProblemPage) -> ProblemPage:
        """Register the page for an error of a provider or of a store that a page raises, or that keeps from signing in.

        Without one the person reads a plain page that says what is known. A page of the service that catches the error
        itself, or a handler of the framework's for it, comes first.
        """
        self._problem = page
        return page

    def language(self, tell: Callable[[Request], str]) -> Callable[[Request], str]:
        """Register what tells the language of the person, "en" or "cy", in which the provider's pages are then."""
        self._language = tell
        return tell

    def add_pages_to(self, app: Starlette) -> None:
        """Put around an application what the lifespan puts around its own: `PersonalPages`, and a page for each error.

        Call it for one whose lifespan is not run, such as one that is mounted in another. What is forgotten is done at
        the first request that asks for a person, for those after it, and logged.
        """
        give_pages(app, self._failed)

    def _noticed(self, request: Request) -> None:
        if not has_pages(request.scope) and give_pages(request.scope.get("app"), self._failed):
            _LOG.warning(
                "the lifespan of an application was not run, so this first page of it has no page for an error and may "
                "be kept by a cache. Run the lifespan, in tests by `with TestClient(app)`; where the application is "
                "mounted in another one, call gov.add_pages_to(app)"
            )

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
                fix="give it `lifespan=gov.lifespan`, in tests use its client as a context manager, and where it is "
                "mounted in another application run `gov.lifespan(app)` in the lifespan of that one",
            )
        return self._open

    @leaving_own_frames_behind
    async def _sign_in(self, request: Request) -> Response:
        return_to = request.query_params.get("next", "")
        language = self._language(request)
        handlers = self._parts()[1]
        answer = await handlers.sign_in(web_request(request), Requirement(), return_to, language=language)
        return await self._shown(request, answer)

    @leaving_own_frames_behind
    async def _callback(self, request: Request) -> Response:
        if request.method != "GET":  # Starlette takes HEAD as well, which must not use a sign-in up
            return Response(status_code=405, headers={"Allow": "GET"})
        ended = await self._parts()[1].callback(web_request(request), language=self._language(request))
        if isinstance(ended, SignedIn):
            await renew_session(request, is_forgotten=ended.is_another)
            if self._signed_in is not None:
                await self._signed_in(ended.identity)
            return as_response(ended.answer)
        if not ended.is_known:
            return await self._shown(request, ended.answer)
        if self._refused is None or ended.answer.status == 303:
            return as_response(ended.answer)
        return with_headers(await self._refused(request, ended), ended.answer)

    async def _shown(self, request: Request, answer: Answer) -> Response:
        """Return an answer, and of a problem the service's own page, if it has one."""
        if self._problem is None or not isinstance(answer, Problem):
            return as_response(answer)
        return with_headers(await self._problem(request, answer), answer)

    async def _failed(self, request: Request, error: GovComponentsError) -> Response:
        known: Problem | None = request.scope.get(PROBLEM)  # it says that the error was of signing in
        told = known if known is not None and known.error is error else problem(error, self._language(request))
        return await self._shown(request, told)

    @leaving_own_frames_behind
    async def _sign_out(self, request: Request) -> Response:
        answer = await self._parts()[1].sign_out(web_request(request), self._signed_out_url)
        await renew_session(request, is_forgotten=True)
        return as_response(answer)

    @leaving_own_frames_behind
    async def _event(self, request: Request) -> Response:
        if is_too_long(request.headers.get("content-length", "0")):
            return as_response(Answer.too_large())
        component, body = request.path_params["component"], await bounded_body(request)
        receive = None if self._later is None else self._later.receive
        return as_response(await self._parts()[1].take(component, body, request.headers, self, receive))

    @leaving_own_frames_behind
    async def _health(self, _request: Request) -> Response:
        check_store = None if self._later is None else self._later.check
        return as_response(await self._parts()[1].health(check_store))


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
