"""The two messages that cross a transport: one `Request` out, one `Response` back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

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


# Tuples, because each call makes three and a frozen dataclass takes four times as long to make.
class Request(NamedTuple):
    """One request, as an adapter's `wire.py` builds it.

    `operation` is such as "pay.create". `url` is a path below the adapter's base URL, or a whole URL. `timeout` is
    the time in seconds that the provider may stay silent, `time_limit` the most that one attempt may take, whatever
    drips in meanwhile, and the time after which nothing is sent again; None is the transport's default. `lookup` says
    how to learn the outcome if the answer is lost. `template` is the URL's path with names for what differs from call
    to call, such as "/v1/payments/{id}": observers see it, and never the URL. The headers, the body and the URL never
    show in a `repr`.
    """

    operation: str
    method: str
    url: str
    replay: Replay
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes | None = None
    timeout: float | None = None
    lookup: str = ""
    provider: str = ""
    idempotency_key: str | None = None
    template: str = ""
    time_limit: float | None = None

    def __repr__(self) -> str:
        return f"<Request {self.operation}: {self.method}, {self.replay.value}>"


class Response(NamedTuple):
    """One answer: the status, the headers and the whole body. Its headers and body never show in a `repr`."""

    status: int
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status}>"

    def header(self, name: str) -> str | None:
        """Return a header by its lower-case name, or None."""
        return self.headers.get(name)
