"""Connections of the blocking transport: one time limit over a whole answer, interim answers passed over.

`http.client` limits the silence between two bytes and nothing more, and takes every interim answer but 100 for the
final one. Then the final one is read by whoever uses the connection next: somebody else's payment. Here each answer is
read against the deadline of its call, whatever drips (status line, headers, chunk sizes, interim answers, a proxy's
answer), and 1xx answers are passed over (RFC 9110 section 15.2).
"""

from __future__ import annotations

import io
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from govcomponents.core.http.single_attempt import check_deadline
from govcomponents.core.transports.framing import is_well_framed, may_be_kept

if TYPE_CHECKING:
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


class _WholeLines(io.BufferedReader):
    """A reader that takes no line for whole whose end did not come: http.client would, and read an empty answer."""

    _has_begun = False

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and (line or self._has_begun) and (size is None or size < 0 or len(line) < size):
            raise ConnectionError("the answer was cut off")
        self._has_begun = True
        return line


class _Answer(HTTPResponse):
    """An answer that is read against its call's deadline, from its first byte."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        attempt = CURRENT.get()
        if attempt is not None:
            self.fp.close()
            self.fp = _WholeLines(_UntilDeadline(sock, attempt.deadline))

    def begin(self) -> None:
        """Read the head of the final answer. Raises HTTPException if it does not say in one way where it ends."""
        super().begin()
        for _ in range(_MOST_INTERIM):
            if not 100 <= self.status < 200 or self.status == _SWITCHING_PROTOCOLS:
                if self.headers.defects or not is_well_framed(
                    self.getheader("content-length"), self.getheader("transfer-encoding")
                ):
                    raise HTTPException("the head of the answer is malformed")
                is_encoded = self.getheader("content-encoding") is not None  # nobody asked for that
                self.will_close = self.will_close or is_encoded or not may_be_kept(self.status)
                return
            self.headers = self.msg = None  # type: ignore[assignment]  # so that the next head is read
            super().begin()
        raise ConnectionError("only interim answers came")


class _ShownUrl(str):
    """A URL as urllib3 may log it and name it in its errors, without its query; `whole` is what goes out.

    What watches `http.client`, as Sentry's tool does, sees no more of it: the query is put in when the head leaves.
    """

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
    generation = 0
    _is_connecting = False
    _query = b""
    _head = b""
    _is_head_held = False

    def cut(self) -> None:
        """End the connection now, whoever waits on it."""
        if (sock := self.sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
        """Send a request to the whole URL. Its head waits for its body, so that both leave in one packet."""
        self._query = url.whole[len(url) :].encode("ascii") if isinstance(url, _ShownUrl) else b""
        self._head, self._is_head_held = b"", bool(options.get("body"))
        super().request(method, url, *args, **options)

    def connect(self) -> None:
        """Connect; what goes to a proxy meanwhile is not the request."""
        self._is_connecting = True
        try:
            super().connect()
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        """Send a part of the request."""
        if self._is_head_held and not self._is_connecting:
            self._head, self._is_head_held = data, False
            return
        if self.sock is None:
            self.connect()
        attempt = CURRENT.get()
        if attempt is not None and not self._is_connecting:
            if not attempt.sent:
                check_deadline()  # in the last moment: connecting took its time
            attempt.sent = True
        if not self._is_connecting:
            data, self._head = self._head + data, b""
            if self._query:
                method, path, rest = data.split(b" ", 2)  # the head comes first, whole
                data, self._query = b" ".join((method, path + self._query, rest)), b""
        super().send(data)


class _Connection(_Watched, HTTPConnection):
    pass


class _TlsConnection(_Watched, HTTPSConnection):
    pass


class _OwnPool(_PoolBase):
    """A pool that can give up its connections, and tells urllib3's log no query: one may hold an email address."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._generation = 0
        self._made: WeakSet[Any] = WeakSet()
        self._making = threading.Lock()

    def renew(self) -> None:
        """Use none of the connections again; those in use go on to the end of their answer."""
        self._generation += 1

    def close(self) -> None:
        """Close every connection, at once: one that is in use too, whose caller learns that the answer is lost."""
        super().close()
        with self._making:
            made = list(self._made)
        for connection in made:
            connection.cut()

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        with self._making:
            self._made.add(connection)
        return connection

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if connection.generation != self._generation:
            connection.close()
            connection.generation = self._generation
        return connection

    def _make_request(self, conn: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        return super()._make_request(conn, method, _shown(url), *args, **options)


class _Pool(_OwnPool, HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(_OwnPool, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: Final = {"http": _Pool, "https": _TlsPool}
"""The pools that a PoolManager makes, by scheme."""
