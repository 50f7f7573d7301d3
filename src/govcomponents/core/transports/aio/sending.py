"""The transport of asyncio callers: aiohttp (extra `async`), one session on the loop of its first use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.blocking import MAX_BODY
from govcomponents.core.transports.failures import (
    GAVE_UP_WAITING,
    check_limits,
    closed,
    lost,
    not_sent,
    not_waited_for,
    refused_by_library,
)
from govcomponents.core.transports.instrumentation import unrecorded
from govcomponents.core.transports.proxies_and_tls import Proxies, trust
from govcomponents.core.transports.unpacking import unpacked
from govcomponents.errors import ConfigurationError

try:
    import aiohttp
    from yarl import URL

    from govcomponents.core.transports.aio.connections import Connector, TimelyRequest
except ImportError:
    raise ConfigurationError(
        "asyncio callers need aiohttp, which is not installed", fix='pip install "govcomponents[async]"'
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.errors import GovComponentsError

T = TypeVar("T")

_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


class AiohttpTransport:
    """Sends with aiohttp. Belongs to the event loop that first uses it; the limits are as for requests."""

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        total_timeout: float = 60.0,
        pool_size: int = 100,
        max_body: int = MAX_BODY,
    ) -> None:
        check_limits(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            total_timeout=total_timeout,
            pool_size=pool_size,
            max_body=max_body,
        )
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self.total_timeout = total_timeout
        self._pool_size = pool_size
        self._max_body = max_body
        self._is_closed = False
        self._connector: Connector | None = None
        self._session: aiohttp.ClientSession | None = None
        self._proxies = Proxies({})
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeout = self._timeout_for(read_timeout)

    def _timeout_for(self, silence: float, limit: float | None = None) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=self.total_timeout if limit is None else limit,
            sock_connect=self._connect_timeout,
            sock_read=silence,
        )

    def _session_here(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None:
            self._proxies = Proxies.from_environment()
            self._connector = Connector(limit=self._pool_size, ssl=trust())
            self._session = aiohttp.ClientSession(
                connector=self._connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                request_class=TimelyRequest,
                timeout=self._timeout,
                skip_auto_headers=("Accept-Encoding",),
            )
            self._session.trace_configs.clear()  # of tools that watch every session, and record its URLs
            self._loop = loop
        elif loop is not self._loop:
            raise ConfigurationError(
                "this AsyncGovComponents was first used in another event loop",
                fix="make one inside each event loop, with `async with AsyncGovComponents...`",
            )
        return self._session

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer, suspending meanwhile."""
        if self._is_closed:
            raise closed(request)
        session = self._session_here()
        timeout = self._timeout
        if request.timeout is not None or request.time_limit is not None:
            timeout = self._timeout_for(request.timeout or self._read_timeout, request.time_limit)
        try:
            with unrecorded():
                async with session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                    timeout=timeout,
                    proxy=self._proxies.for_url(request.url),
                ) as answer:
                    body = await self._read(answer, request)
        except _NEVER_CONNECTED as error:
            failure: GovComponentsError = not_sent(request, error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = lost(request, f"the answer was lost ({type(error).__name__})")
        except ValueError as error:
            failure = refused_by_library(request, error)
        else:
            if answer.status == GAVE_UP_WAITING:
                raise not_waited_for(request)
            return Response(answer.status, answer.headers, body)
        raise failure from None  # out here it does not take the library's error along, which holds the request

    async def _read(self, answer: aiohttp.ClientResponse, request: Request) -> bytes:
        length = answer.content_length
        encoding = ", ".join(answer.headers.getall("Content-Encoding", ()))
        if length is not None and length <= self._max_body and not encoding:
            return await answer.read()
        chunks: list[bytes] = []
        size = 0
        async for chunk in answer.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_body:
                answer.close()
                raise lost(request, f"the answer is larger than {self._max_body} bytes")
        return unpacked(encoding, b"".join(chunks), self._max_body, request)

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it on a thread of the event loop's pool, suspending meanwhile; it goes on if the caller is cancelled."""
        return await asyncio.to_thread(work)

    async def aclose(self) -> None:
        """Close every connection. What is sent afterwards raises ConfigurationError."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def renew(self) -> None:
        """Use none of the connections again that are there now; calls that are under way on them go on."""
        if self._connector is not None:
            self._connector.renew()
