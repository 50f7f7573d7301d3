"""Middleware around the pages of an ASGI application: out of caches what is personal, and a page for each error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from govcomponents.errors import GovComponentsError
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.web.messages import PRIVATE
from govcomponents.web.pages import is_mistake

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

ASKED: Final = "govcomponents.asked"
"""Where the scope of a request says that its person was asked for."""
REQUIRED: Final = "govcomponents.required"
"""Where it says that its page requires an identity."""
PROBLEM: Final = "govcomponents.problem"
"""Where it has the problem of a sign-in that could not begin."""
UNTOLD: Final = "govcomponents.untold"
"""Where it says that who the person is could not be told, as its store was away."""
PAGES: Final = "govcomponents.pages"
"""Where it has the application that gives a page for an error: one may be mounted in another, which has none then."""


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
            if message["type"] == "http.response.start" and scope.pop(ASKED, False):  # once, also where it is mounted
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Cookie")
                if REQUIRED in scope:
                    headers.setdefault("Cache-Control", PRIVATE)
            await send(message)

        await self._app(scope, receive, marked)


class ProblemPages:
    """Middleware that answers a person whose page raised an error of the components, such as a provider that is away.

    It stands within what an application has for errors: a handler of the service's own for the error comes first.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Request, GovComponentsError], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    @leaving_own_frames_behind
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises what is a mistake of the service's own, or comes after the answer has begun."""
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        scope[PAGES] = scope.get("app")
        try:
            await self._app(scope, receive, watched)
        except GovComponentsError as error:
            if scope["type"] != "http" or has_begun or is_mistake(error):
                raise
            answer = await self._answer(Request(scope, receive), error)
            await answer(scope, receive, send)


def has_pages(scope: Scope) -> bool:
    """Whether the application that serves a request has a page for an error that is raised now."""
    return PAGES in scope and scope[PAGES] is scope.get("app")


def give_pages(app: object, answer: Callable[[Request, GovComponentsError], Awaitable[Response]]) -> bool:
    """Put both around an application, if they are not yet: False where they were, or it is not Starlette's.

    One that serves already has them from its next request on.
    """
    if not isinstance(app, Starlette) or isinstance(app.router.middleware_stack, ProblemPages):
        return False
    app.router.middleware_stack = ProblemPages(app.router.middleware_stack, answer)
    if app.middleware_stack is None:
        app.add_middleware(PersonalPages)
    elif not any(isinstance(one.cls, type) and issubclass(one.cls, PersonalPages) for one in app.user_middleware):
        app.middleware_stack = PersonalPages(app.middleware_stack)
    return True
