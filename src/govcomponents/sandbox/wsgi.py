"""The sandbox as a WSGI application: turns an environ into a `Call` and a `Response` into an answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from govcomponents.sandbox.http import MAX_REQUEST_BODY, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from govcomponents.core.messages import Response


def application(answer: Callable[[Call], Response], base_url: str) -> Callable[..., Iterable[bytes]]:
    """Wrap the sandbox's `answer` as a WSGI application whose own address is `base_url`."""

    def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = answer(_call(environ, base_url))
        body = response.body
        headers = [(name.title(), value) for name, value in response.headers.items()]
        if response.status >= 200 and response.status != 204 and response.status != 304:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{response.status} {_reason(response.status)}", headers)
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return run


def _call(environ: WSGIEnvironment, base_url: str) -> Call:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return Call(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace") or "/",
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=_body(environ),
        base_url=base_url,
    )


def _body(environ: WSGIEnvironment) -> bytes:
    """Read the body, and one byte more than is allowed, so that the handler can refuse what is too large."""
    source = environ["wsgi.input"]
    wanted = MAX_REQUEST_BODY + 1
    if not environ.get("wsgi.input_terminated"):
        length = environ.get("CONTENT_LENGTH") or "0"
        wanted = min(wanted, int(length) if length.isascii() and length.isdigit() else 0)
    body: bytes = source.read(wanted)
    return body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
