"""Connections of the blocking transport: one time limit over a whole answer, interim answers passed over.

`http.client` limits the silence between two bytes and nothing more, and takes every interim answer but 100 for the
final one. Then the final one is read by whoever uses the connection next: somebody else's payment. Here each answer is
read against the deadline of its call, whatever drips (status line, headers, chunk sizes, interim answers, a proxy's
answer), and 1xx answers are passed over (RFC 9110 section 15.2).
"""

from __future__ import annotations

import io
import time
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from govcomponents.core.transports.failures import has_impossible_body

if TYPE_CHECKING:
    import socket

    _Base = HTTPConnection
    _PoolBase = HTTPConnectionPool
else:
    _Base = object
    _PoolBase = object

_MOST_INTERIM: Final = 100
_SWITCHING_PROTOCOLS: Final = 101


@dataclass(slots=True)
class Attempt:
    """One request on its way: until when its answer must be there, and how far it is known to have come."""

    deadline: float
    began: bool = False
    """Whether a connection of this module carries it, so that `sent` can be believed."""
    sent: bool = False
    """Whether its first byte may have left."""


CURRENT: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
"""The attempt that this thread is making."""


class _UntilDeadline(io.RawIOBase):
    """A socket's bytes, none of them later than the deadline and none after a longer silence than the socket's own."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._silence = sock.gettimeout()
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left if self._silence is None else min(self._silence, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer that is read against its call's deadline, from its first byte."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        attempt = CURRENT.get()
        if attempt is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_UntilDeadline(sock, attempt.deadline))

    def begin(self) -> None:
        """Read the head of the final answer."""
        super().begin()
        for _ in range(_MOST_INTERIM):
            if not 100 <= self.status < 200 or self.status == _SWITCHING_PROTOCOLS:
                self.will_close = self.will_close or has_impossible_body(self.status, self.getheader("content-length"))
                return
            self.headers = self.msg = None  # type: ignore[assignment]  # so that the next head is read
            super().begin()
        raise ConnectionError("only interim answers came")


class _ShownUrl(str):
    """A URL as urllib3 may log it and name it in its errors, without its query; `whole` is what goes out."""

    __slots__ = ("whole",)

    whole: str


def _shown(url: str) -> str:
    path, mark, _ = url.partition("?")
    if not mark:
        return url
    shown = _ShownUrl(path)
    shown.whole = url
    return shown


class _Watched(_Base):
    """A connection that knows whether the request has begun to leave."""

    response_class = _Answer
    _is_connecting = False

    def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
        """Send a request to the whole URL."""
        super().request(method, url.whole if isinstance(url, _ShownUrl) else url, *args, **options)

    def connect(self) -> None:
        """Connect; what goes to a proxy meanwhile is not the request."""
        self._is_connecting = True
        try:
            super().connect()
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        """Send a part of the request."""
        if self.sock is None:
            self.connect()
        attempt = CURRENT.get()
        if attempt is not None and not self._is_connecting:
            attempt.sent = True
        super().send(data)


class _Connection(_Watched, HTTPConnection):
    pass


class _TlsConnection(_Watched, HTTPSConnection):
    pass


class _Unlogged(_PoolBase):
    """A pool that tells urllib3's log no query: a search by email address has the address in it."""

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        return super()._make_request(conn, method, _shown(url), *args, **options)


class _Pool(_Unlogged, HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(_Unlogged, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: Final = {"http": _Pool, "https": _TlsPool}
"""The pools that a PoolManager makes, by scheme."""
