"""Requests and answers as Starlette has them: where a request comes back to, its session, answers of the handlers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response

from govcomponents.integrations.mounts import prefix_of
from govcomponents.web.messages import MAX_CALLBACK, Answer, WebRequest, page_asked_for, root_below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.types import Scope

_COOKIE_SESSIONS: Final = "starlette.middleware.sessions"


async def renew_session(request: Request, *, is_forgotten: bool) -> None:
    """Give the service's own session a new id, where starsessions keeps it, and forget what it holds of another's."""
    handler = request.scope.get("session_handler")
    if handler is not None and hasattr(handler, "regenerate_id"):
        await handler.load()  # it gives nothing of a session before, also not to forget it
        await handler.destroy()  # under the id that was known until now
        handler.regenerate_id()
    if is_forgotten and "session" in request.scope:
        request.session.clear()


def english(_request: Request) -> str:
    """Tell that the person reads English, where the service registered nothing that tells another language."""
    return "en"


def web_request(request: Request) -> WebRequest:
    """Return a request as the web handlers take it, with the session unless that is a cookie."""
    root = root_below(prefix_of(request))
    session = request.scope.get("session")
    if _is_cookie(request.scope) or not keeps_sessions(request.scope.get("app")):
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


def keeps_sessions(app: object) -> bool:
    """Whether an application keeps its sessions on the server: Starlette's own middleware makes a cookie of them."""
    stack = app.user_middleware if isinstance(app, Starlette) else []
    return not any(getattr(one.cls, "__module__", "") == _COOKIE_SESSIONS for one in stack)


def this_page(request: Request) -> str:
    """Return the path and query of the page that is asked for, to come back to."""
    raw: bytes = request.scope.get("raw_path") or b""
    return page_asked_for(request.method, request.scope["path"], request.scope["query_string"], raw.decode("latin-1"))


async def bounded_body(request: Request) -> bytes:
    """Read the body until its end, or until it is known to be too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_CALLBACK:
            break
    return bytes(body)


def headers_of(pairs: Sequence[tuple[str, str]]) -> Headers:
    """Return headers, of which several may have one name."""
    return Headers(raw=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs])


def with_headers(page: Response, answer: Answer) -> Response:
    """Add the headers of an answer, and its cookies, to a page of the service's own."""
    for name, value in answer.headers:
        if name != "Content-Type":
            page.headers.append(name, value)
    return page


def as_response(answer: Answer) -> Response:
    """Return an answer of the web handlers as Starlette's."""
    response = Response(answer.body, answer.status)
    for name, value in answer.headers:
        response.headers.append(name, value)
    return response
