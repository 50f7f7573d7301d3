"""Connections of the asyncio transport: none is used again on which more may come than the answer to one request.

aiohttp hands what arrives on an idle connection to the next request on it, as its answer: somebody else's payment.
"""

from __future__ import annotations

import select
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler

from govcomponents.core.http.single_attempt import check_deadline
from govcomponents.core.transports.framing import may_be_kept
from govcomponents.errors import NotSent

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection


class _Protocol(ResponseHandler):
    """One connection, which is given back only after a success with a body that came as it was asked for."""

    def feed_data(self, data: Any, *size: int) -> None:
        """Take the head of an answer."""
        message = data[0]
        if message.code >= 200 and (not may_be_kept(message.code) or "Content-Encoding" in message.headers):
            self.force_close()
        super().feed_data(data, *size)


class TimelyRequest(aiohttp.ClientRequest):
    """A request with a body, which leaves only if there is time for it.

    Before Python 3.12 aiohttp writes it from a task of its own, and other tasks run before that.
    """

    async def write_bytes(self, writer: AbstractStreamWriter, conn: Connection, *length: Any, **options: Any) -> None:
        """Write the head and the body; without time for that, end the call with NotSent and write nothing."""
        try:
            check_deadline()
        except NotSent as error:
            if conn.protocol is not None:
                conn.protocol.set_exception(error)
            return
        await super().write_bytes(writer, conn, *length, **options)


class Connector(aiohttp.TCPConnector):
    """A connector that takes no connection from its pool on which something has come meanwhile."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        make: Any = partial(_Protocol, loop=self._loop)
        self._factory = make
        self._generation = 0
        self._used: WeakKeyDictionary[ResponseHandler, int] = WeakKeyDictionary()

    def renew(self) -> None:
        """Use none of the connections again that are there now; those in use go on to the end of their answer."""
        self._generation += 1

    async def connect(self, *args: Any, **options: Any) -> Connection:
        """Return a connection on which nothing waits to be read: neither bytes nor its end.

        Raises NotSent if the call's deadline is over by now: a request without a body leaves in the next moment.
        """
        connection = await self._connected(*args, **options)
        try:
            check_deadline()
        except NotSent:
            connection.close()
            raise
        return connection

    async def _connected(self, *args: Any, **options: Any) -> Connection:
        while True:
            connection = await super().connect(*args, **options)
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101  # it has only been made
            generation = self._used.setdefault(protocol, -1)
            if generation < 0:  # it is new, and may have bytes of a TLS handshake to read
                self._used[protocol] = self._generation
                return connection
            if generation == self._generation and not protocol.should_close and not _is_readable(connection):
                return connection
            connection.close()


def _is_readable(connection: Connection) -> bool:
    transport = connection.transport
    found = None if transport is None else transport.get_extra_info("socket")
    if found is None:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([found], [], [], 0)[0])
    poll = select.poll()
    poll.register(found.fileno(), select.POLLIN)
    return bool(poll.poll(0))
