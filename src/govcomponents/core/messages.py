"""The two messages that cross a transport: one `Request` out, one `Response` back."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Replay(enum.Enum):
    """When a request may be sent again after a failure, without the caller being asked."""

    ALWAYS = "always"
    """A read: after any failure."""
    IDEMPOTENT = "idempotent"
    """Repeating it acts once: after any failure. The provider honours the idempotency key that is on the request, or
    takes the same request again as no change."""
    UNSENT = "unsent"
    """Only what certainly never arrived, or what the provider turned away with 429."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as an adapter's `wire.py` builds it.

    `operation` is such as "pay.create". `url` is a path below the adapter's base URL, or a whole URL. `timeout` is
    the time in seconds that the provider may stay silent; None is the transport's default. `lookup` tells the
    caller how to learn the outcome if the answer is lost. The body and the URL never show in a `repr`.
    """

    operation: str
    method: str
    url: str = field(repr=False)
    replay: Replay
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout: float | None = None
    lookup: str = ""
    provider: str = ""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One answer: the status, the headers and the whole body. Its headers and body never show in a `repr`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return a header by its lower-case name, or None."""
        return self.headers.get(name)
