"""The two messages that cross a transport: one `Request` out, one `Response` back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Replay(enum.Enum):
    """The replay class of a request: after which failures it may be sent again, without the caller being asked."""

    ALWAYS = "always"
    """A read: after any failure."""
    IDEMPOTENT = "idempotent"
    """Repeating it acts once: after any failure. The provider honours the idempotency key that is on the request, or
    takes the same request again as no change."""
    UNSENT = "unsent"
    """Only what certainly never arrived, or what the provider rejected with 429 (too many requests)."""


def _read_only(name: str) -> Any:
    return property(attrgetter(f"_{name}"))


# Not tuples, through which error trackers walk; nor frozen dataclasses, which take four times as long to make.
class Request:
    """One request, as an adapter's `wire.py` builds it.

    `operation` is such as "pay.create". `url` is a path below the adapter's base URL, or a whole URL. `timeout` is
    the time in seconds that the provider may stay silent, `time_limit` the most that it may take with all its
    attempts, whatever drips in meanwhile; None is the transport's default. `lookup` says
    how to learn the outcome if the answer is lost. `template` is the URL's path with names for what differs from call
    to call, such as "/v1/payments/{id}": observers see it, and never the URL. The headers, the body and the URL never
    show in a `repr`.
    """

    __slots__ = (
        "_body",
        "_headers",
        "_idempotency_key",
        "_lookup",
        "_method",
        "_operation",
        "_provider",
        "_replay",
        "_template",
        "_time_limit",
        "_timeout",
        "_url",
    )

    operation: str = _read_only("operation")
    method: str = _read_only("method")
    url: str = _read_only("url")
    replay: Replay = _read_only("replay")
    headers: Mapping[str, str] = _read_only("headers")
    body: bytes | None = _read_only("body")
    timeout: float | None = _read_only("timeout")
    lookup: str = _read_only("lookup")
    provider: str = _read_only("provider")
    idempotency_key: str | None = _read_only("idempotency_key")
    template: str = _read_only("template")
    time_limit: float | None = _read_only("time_limit")

    def __init__(
        self,
        operation: str,
        method: str,
        url: str,
        replay: Replay,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        timeout: float | None = None,
        lookup: str = "",
        provider: str = "",
        idempotency_key: str | None = None,
        template: str = "",
        time_limit: float | None = None,
    ) -> None:
        self._operation = operation
        self._method = method
        self._url = url
        self._replay = replay
        self._headers = headers
        self._body = body
        self._timeout = timeout
        self._lookup = lookup
        self._provider = provider
        self._idempotency_key = idempotency_key
        self._template = template
        self._time_limit = time_limit

    def going_to(self, url: str, headers: Mapping[str, str], provider: str) -> Request:
        """Return this request as it leaves: to a whole URL, with all its headers."""
        return Request(
            self._operation,
            self._method,
            url,
            self._replay,
            headers,
            self._body,
            self._timeout,
            self._lookup,
            provider,
            self._idempotency_key,
            self._template,
            self._time_limit,
        )

    def within(self, time_limit: float) -> Request:
        """Return this request with another limit of time, in seconds."""
        return Request(**{**{name[1:]: getattr(self, name) for name in self.__slots__}, "time_limit": time_limit})

    def __repr__(self) -> str:
        return f"<Request {self.operation}: {self.method}, {self.replay.value}>"


class Response:
    """One answer: the status, the headers and the whole body. Its headers and body never show in a `repr`."""

    __slots__ = ("_body", "_headers", "_status")

    status: int = _read_only("status")
    headers: Mapping[str, str] = _read_only("headers")
    body: bytes = _read_only("body")

    def __init__(self, status: int, headers: Mapping[str, str] = _NO_HEADERS, body: bytes = b"") -> None:
        self._status = status
        self._headers = headers
        self._body = body

    def __repr__(self) -> str:
        return f"<Response {self.status}>"

    def header(self, name: str) -> str | None:
        """Return a header by its lower-case name, or None."""
        return self.headers.get(name)
