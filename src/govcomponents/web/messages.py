"""Requests and answers as data: what a web framework took in, and what it is to send back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self
from urllib.parse import quote, unquote

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.errors import CallbackRefused, GovComponentsError, SignInReason
from govcomponents.identity.urls import safe_return_path

MAX_CALLBACK: Final = 1_048_576
"""The largest body of a callback in bytes. A framework's shell refuses a longer one with 413, unread."""

_LONGEST_LENGTH: Final = len(str(MAX_CALLBACK))

PRIVATE: Final = "private, no-store"
"""The Cache-Control of a page that requires an identity, where the service sets none."""

NOT_KEPT: Final = (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
"""The headers of an answer that nobody is to keep, or to tell where it led."""

_IN_PATH: Final = "/:@!$&'()*+,;=~"
_IN_QUERY: Final = f"{_IN_PATH}?%[]"
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")


class Session(Protocol):
    """A session of a framework, as far as sign-ins are kept in it."""

    def get(self, key: str, /) -> object:
        """Return what is kept under a key, or None."""
        ...

    def __setitem__(self, key: str, value: Any, /) -> None:
        """Keep what JSON can hold."""
        ...


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request of a person's browser: its query, as it came, and its cookies.

    `session` is the service's own one, if it has one that is kept on the server, for sign-ins that are to wait there.
    `root` is the path of the service's first page, where people go who go nowhere else: "/", or where an application is
    mounted below it, such as "/licences/".
    """

    query: str = field(default="", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    root: str = "/"
    session: Session | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to send: status, headers in order (`Set-Cookie` may come several times) and body."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=NOT_KEPT, repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def redirect(cls, url: str, cookies: tuple[str, ...] = ()) -> Self:
        """Make the answer that sends a browser on, by GET whatever it did before, with the cookies to be set."""
        return cls(303, (("Location", url), *NOT_KEPT, *(("Set-Cookie", cookie) for cookie in cookies)))

    @classmethod
    def text(cls, status: int, text: str, cookies: tuple[str, ...] = ()) -> Self:
        """Make an answer of plain text, for services that show no page of their own."""
        return cls(status, (_TEXT, *NOT_KEPT, *(("Set-Cookie", cookie) for cookie in cookies)), f"{text}\n".encode())

    @classmethod
    def json(cls, status: int, content: object) -> Self:
        """Make an answer of JSON."""
        return cls(status, (("Content-Type", "application/json"), *NOT_KEPT), json.dumps(content).encode())

    @classmethod
    def done(cls) -> Self:
        """Make the answer that tells a provider that its callback was dealt with: exactly 200, some take no other."""
        return cls(200)

    @classmethod
    def for_error(cls, error: GovComponentsError) -> Self:
        """Make the answer to a callback that could not be dealt with.

        400 says that it was not good, and 200 that it came before, which is work done too. Anything else, such as no
        secret to prove it by, or keys or a store that cannot be had, is 503: the provider sends it again.
        """
        if not isinstance(error, CallbackRefused) or error.code == NOT_CONFIGURED:
            return cls(503)
        return cls.done() if error.code == SignInReason.REPLAYED else cls(400)

    @classmethod
    def too_large(cls) -> Self:
        """Make the answer to a callback whose body is longer than MAX_CALLBACK: it is refused unread."""
        return cls(413)

    def with_cookies(self, cookies: tuple[str, ...]) -> Answer:
        """Return the same answer with more cookies to be set."""
        return Answer(self.status, (*self.headers, *(("Set-Cookie", cookie) for cookie in cookies)), self.body)


def is_too_long(content_length: str) -> bool:
    """Whether a callback's body is longer than MAX_CALLBACK by its own header, or the header is none."""
    is_number = content_length.isascii() and content_length.isdecimal() and len(content_length) <= _LONGEST_LENGTH
    return not is_number or int(content_length) > MAX_CALLBACK


def root_below(prefix: str) -> str:
    """Return the path of the first page of an application that is mounted below a prefix, such as "/licences"."""
    return safe_return_path(f"{quote(prefix.rstrip('/'), safe=_IN_PATH)}/")


def page_asked_for(method: str | None, path: str, query: bytes, raw: str = "") -> str:
    """Return the path and query to come back to, from a decoded path and a query as it came; "" unless asked by GET.

    `raw` is the path as it came, where the server tells it: a slash in a name is encoded there. Without it, what was
    encoded in the path is encoded again, so that a "?" in a name begins no query.
    """
    if method not in ("GET", "HEAD"):
        return ""
    raw = raw.partition("?")[0]
    if raw.startswith("/") and unquote(raw) == path:
        page = quote(raw, safe=f"{_IN_PATH}%")
    else:
        page = quote(path, safe=_IN_PATH)
    return f"{page}?{quote(query, safe=_IN_QUERY)}" if query else page
