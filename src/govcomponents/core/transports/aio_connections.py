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

from govcomponents.core.transports.framing import may_be_kept

if TYPE_CHECKING:
    from aiohttp.connector import Connection


class _Protocol(ResponseHandler):
    """One connection, which is given back only after a success with a body."""

    def feed_data(self, data: Any, *size: int) -> None:
        """Take the head of an answer."""
        status = data[0].code
        if status >= 200 and not may_be_kept(status):
            self.force_close()
        super().feed_data(data, *size)


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
        """Return a connection on which nothing waits to be read: neither bytes nor its end."""
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
