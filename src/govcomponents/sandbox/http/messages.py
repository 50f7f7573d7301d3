"""Calls, routes and responses: what the sandbox's handlers take, are listed in, and return."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol
from urllib.parse import parse_qsl

from govcomponents.core.http.messages import Response

MAX_REQUEST_BODY = 8 * 1024 * 1024


@dataclass
class Call:
    """One request as a handler sees it, the same in process and over HTTP. Header names are in lower case.

    `base_url` is the sandbox's own scheme and host, without a final slash; `params` come from the route's path.
    """

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    params: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, in order, blank ones kept."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The pairs of a form body, in order, blank ones kept."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def path_and_query(self) -> str:
        """The path, with the query if there is one."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """A method, a path (with `<name>` for a part that varies) and what answers it."""

    method: str
    path: str
    handler: Handler
    operation: str = ""
    """The name that faults know it by; without one, that of the handler."""

    @property
    def name(self) -> str:
        """The name that faults know it by."""
        return self.operation or getattr(self.handler, "__name__", "").strip("_")


class RouteOwner(Protocol):
    """Owner of a part of the sandbox's paths: its routes, and its way to say that a route is not there."""

    section: str
    """The name that faults know it by: a provider's section of a world."""

    def routes(self) -> Iterable[Route]:
        """All routes that it answers."""
        ...

    def owns(self, path: str) -> bool:
        """Whether a path that no route answers is this provider's to refuse."""
        ...

    def missing(self, call: Call, allowed: frozenset[str]) -> Response:
        """Answer as the provider does to an unknown path (`allowed` is empty) or a wrong method."""
        ...


class ConnectionCut(Exception):
    """Raised by what answers a call: after `silent_seconds` the connection ends, and the client gets no answer."""

    def __init__(self, silent_seconds: float = 0.0) -> None:
        super().__init__(silent_seconds)
        self.silent_seconds = silent_seconds


def is_cross_site(call: Call) -> bool:
    """Whether a page of another site made a browser send this: the sandbox has no access control of its own."""
    origin = call.headers.get("origin")
    if origin is None or call.method in ("GET", "HEAD"):
        return False
    return origin != call.base_url and origin.partition("://")[2] != call.headers.get("host")


# Made once, because json.dumps makes one a call; an answer is made of new parts, so it holds no circle.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def json_body(value: object) -> bytes:
    """JSON as the bytes of an answer or a callback."""
    return _encode(value).encode()


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(status, {"content-type": "application/json", **(headers or {})}, json_body(value))


def html_response(status: int, page: str, headers: Mapping[str, str] | None = None) -> Response:
    """A page. It may not be framed, cached or given away in a Referer, and runs no script."""
    fixed = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }
    return Response(status, {**fixed, **(headers or {})}, page.encode())


def text_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text."""
    return Response(
        status,
        {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", **(headers or {})},
        text.encode(),
    )


def redirect(location: str, status: int = 302) -> Response:
    """A redirect."""
    return Response(status, {"location": location, "cache-control": "no-store"}, b"")
