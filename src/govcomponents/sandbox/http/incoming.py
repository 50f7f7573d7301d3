"""Reads one connection's bytes, and bounds each request on it: its head and whole in bytes, and both in seconds."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

IDLE_SECONDS: Final = 60.0
"""How long a connection may wait for its next request."""
MAX_HEAD: Final = 256 * 1024
_MAX_WHOLE: Final = MAX_HEAD + 2 * MAX_REQUEST_BODY  # a body in small chunks is longer on the wire


class TooMuchSent(Exception):
    """A request is longer than the sandbox reads."""


class BoundedReader(io.RawIOBase):
    """Reads from a socket for one request after the other; `begin` starts the next one's limits.

    Raises TimeoutError when the connection was idle, or a request under way, for longer than is permitted.
    """

    def __init__(self, connection: socket.socket, request_seconds: float) -> None:
        super().__init__()
        self._connection = connection
        self._request_seconds = request_seconds
        self.begin()

    def begin(self) -> None:
        """Wait for another request."""
        self._deadline: float | None = None
        self._left = MAX_HEAD

    def expect_body(self) -> None:
        """Let a body follow the head, within the same time."""
        self._left = _MAX_WHOLE

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what is there, within what is left of bytes and seconds."""
        if self._left <= 0:
            raise TooMuchSent
        now = time.monotonic()
        waiting = IDLE_SECONDS if self._deadline is None else self._deadline - now
        if waiting <= 0:
            raise TimeoutError
        self._connection.settimeout(waiting)
        count = self._connection.recv_into(buffer)
        if self._deadline is None:
            self._deadline = time.monotonic() + self._request_seconds
        self._left -= count
        return count
