"""The transport of asyncio callers, whose library is imported for the first call, on a thread, and not at the start.

aiohttp takes longer to import than all of this package: a service that starts, or a command that calls nobody, need not
wait for it, and the event loop goes on while it is imported.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.core.transports.failures import check_limits, closed
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.transports.aio.sending import AiohttpTransport

T = TypeVar("T")

_HOME: Final = "govcomponents.core.transports.aio.sending"


class AiohttpOnFirstUse:
    """Sends with aiohttp, which is imported when it is first needed. Belongs to the event loop that first uses it."""

    def __init__(self, *, total_timeout: float = 60.0) -> None:
        check_limits(total_timeout=total_timeout)
        if find_spec("aiohttp") is None:
            raise ConfigurationError(
                "asyncio callers need aiohttp, which is not installed", fix='pip install "govcomponents[async]"'
            )
        self.total_timeout = total_timeout
        self._is_closed = False
        self._transport: AiohttpTransport | None = None

    async def prepare(self) -> None:
        """Import the library, on a thread. A service may begin it when it starts, so that no call waits for it."""
        await asyncio.to_thread(import_module, _HOME)

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, suspending meanwhile."""
        if self._is_closed:
            raise closed(request)
        if self._transport is None:
            await self.prepare()
        if self._transport is None:  # of two first calls, the other may have made it meanwhile
            from govcomponents.core.transports.aio.sending import AiohttpTransport

            self._transport = AiohttpTransport(total_timeout=self.total_timeout)
        if self._is_closed:
            await self._transport.aclose()
        return await self._transport.send(request)

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it on a thread of the event loop's pool, suspending meanwhile; it goes on if the caller is cancelled."""
        return await asyncio.to_thread(work)

    async def aclose(self) -> None:
        """Close every connection. What is sent afterwards raises ConfigurationError."""
        self._is_closed = True
        if self._transport is not None:
            await self._transport.aclose()

    def renew(self) -> None:
        """Use none of the connections again that are there now; calls that are under way on them go on."""
        if self._transport is not None:
            self._transport.renew()
