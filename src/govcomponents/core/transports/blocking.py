"""The transport of blocking callers: requests, used where it is fast and thread-safe.

One `Session` for all threads, with `trust_env` off and every cookie refused; proxies and the CA bundle are read from
the environment once, when the first request goes out; one `SSLContext` serves every pool, because requests otherwise
parses the CA bundle again for each new connection; a `PreparedRequest` is filled by hand for each call. Everything
goes through `Session.send` and an inherited `HTTPAdapter.send`, so `responses` and `requests_mock` intercept it.
"""

from __future__ import annotations

import os
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from govcomponents.core.http.messages import Request, Response
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
from govcomponents.core.transports.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from urllib3.util import Timeout

    from govcomponents.errors import GovComponentsError

T = TypeVar("T")

MAX_BODY = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_NO_PROXIES: dict[str, str] = {}  # the adapter has its own: Session.send must not look for any


class RequestsTransport:
    """Sends with requests. Safe to share between threads.

    `connect_timeout` and `read_timeout` are seconds of silence; `total_timeout` is the most that a request and its
    answer may take, from connecting to the last byte; all attempts of a call and the waits between them end within it
    too. None can be switched off. `pool_size` is the number of
    connections kept for each host. Raises ConfigurationError for a limit that is not a positive number.
    """

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
        self._session: requests.Session | None = None
        self._is_closed = False
        self._pid = os.getpid()
        self._timeouts: dict[float, Timeout] = {}
        self._making = threading.Lock()

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer. Blocks; never suspends."""
        if self._is_closed:
            raise closed(request)
        session = self._session
        if self._pid != os.getpid():
            self._start_anew()
            session = None
        if session is None:
            session = self._make_session()
        from requests import exceptions as failures
        from urllib3 import exceptions as pool_failures

        from govcomponents.core.transports.connections import CURRENT, Attempt
        from govcomponents.core.transports.requests_adapter import prepare

        prepared = prepare(request)
        silence = self._silence(request.timeout or self._read_timeout)
        attempt = Attempt(time.monotonic() + (request.time_limit or self.total_timeout))
        current = CURRENT.set(attempt)
        try:
            with unrecorded():
                answer = session.send(
                    prepared,
                    allow_redirects=False,
                    timeout=silence,  # type: ignore[arg-type]  # requests passes on urllib3's own type, made once
                    stream=True,
                    proxies=_NO_PROXIES,
                )
                body = self._read(answer, request)
        except (failures.RequestException, pool_failures.HTTPError, OSError) as error:
            if attempt.began and not attempt.sent:
                failure: GovComponentsError = not_sent(request, error)
            else:
                failure = lost(request, f"the answer was lost ({type(error).__name__})")
        except ValueError as error:
            failure = refused_by_library(request, error)
        else:
            if answer.status_code == GAVE_UP_WAITING:
                raise not_waited_for(request)
            return Response(answer.status_code, answer.headers, body)
        finally:
            CURRENT.reset(current)
        raise failure from None  # out here it does not take the library's error along, which holds the request

    async def prepare(self) -> None:
        """Import the library. A service may do it when it starts, so that no call waits for it."""
        import_module("govcomponents.core.transports.requests_adapter")

    async def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)  # noqa: ASYNC251  # to block is what this transport is for

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it here and now, on the caller's thread."""
        return work()

    async def aclose(self) -> None:
        """Close every connection at once. What is sent afterwards raises ConfigurationError.

        A call that is under way on another thread ends with OutcomeUnknown.
        """
        with self._making:
            self._is_closed = True
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def renew(self) -> None:
        """Use none of the connections again that are there now; calls that are under way on them go on."""
        if self._session is not None and self._pid == os.getpid():
            self._session.get_adapter("https://").renew()  # type: ignore[attr-defined]  # it is our own adapter

    def _silence(self, seconds: float) -> Timeout:
        timeout = self._timeouts.get(seconds)
        if timeout is None:
            from urllib3.util import Timeout

            timeout = self._timeouts[seconds] = Timeout(connect=self._connect_timeout, read=seconds)
        return timeout

    def _make_session(self) -> requests.Session:
        from govcomponents.core.transports.requests_adapter import make_session

        with self._making:
            if self._session is None:
                self._session = make_session(self._pool_size)
            return self._session

    def _start_anew(self) -> None:
        """In a forked worker: leave alone the connections, and the lock, that it shares with its parent."""
        self._making = threading.Lock()
        self._session = None
        self._pid = os.getpid()

    def _read(self, answer: requests.Response, request: Request) -> bytes:
        """Read the body chunk by chunk, so that neither a huge nor an endless one holds the caller."""
        raw = answer.raw
        read = getattr(raw, "read1", raw.read)  # urllib3 before 2.2 has no read1, which does not wait for a whole chunk
        chunks: list[bytes] = []
        size = 0
        try:
            while chunk := read(_CHUNK, decode_content=False):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._max_body:
                    raise lost(request, f"the answer is larger than {self._max_body} bytes")
                if raw.length_remaining == 0:
                    break  # saves a call that would only say so
        except BaseException:
            raw.close()
            raise
        finally:
            raw.release_conn()
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return unpacked(raw.headers.get("content-encoding"), body, self._max_body, request)
