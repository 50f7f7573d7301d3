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
from typing import TYPE_CHECKING

from govcomponents.core.messages import Request, Response
from govcomponents.errors import NotSent, OutcomeUnknown

if TYPE_CHECKING:
    import requests
    from urllib3.util import Timeout

MAX_BODY = 8 * 1024 * 1024
_CHUNK = 64 * 1024


class RequestsTransport:
    """Sends with requests. Safe to share between threads.

    `connect_timeout` and `read_timeout` are seconds of silence, `total_timeout` is the most that an answer's body
    may take; none can be switched off. `pool_size` is the number of connections kept for each host.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        total_timeout: float = 60.0,
        pool_size: int = 50,
        max_body: int = MAX_BODY,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._pool_size = pool_size
        self._max_body = max_body
        self._session: requests.Session | None = None
        self._pid = os.getpid()
        self._timeouts: dict[float, Timeout] = {}
        self._making = threading.Lock()

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer. Blocks; never suspends."""
        session = self._session
        if session is None or self._pid != os.getpid():
            session = self._make_session()
        from requests import exceptions as failures
        from urllib3 import exceptions as pool_failures

        from govcomponents.core.transports.lean_requests import prepare

        prepared = prepare(request)
        silence = self._silence(request.timeout or self._read_timeout)
        try:
            answer = session.send(
                prepared,
                allow_redirects=False,
                timeout=silence,  # type: ignore[arg-type]  # requests passes on urllib3's own type, made once
                stream=True,
                proxies=session.proxies,
            )
            body = self._read(answer, request)
        except (failures.ConnectTimeout, failures.ProxyError) as error:
            raise _not_sent(request, error) from None
        except (failures.RequestException, pool_failures.HTTPError, OSError) as error:
            if _never_connected(error):
                raise _not_sent(request, error) from None
            raise _unknown(request, error) from None
        return Response(answer.status_code, answer.headers, body)

    async def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)  # noqa: ASYNC251  # to block is what this transport is for

    async def aclose(self) -> None:
        """Close every connection."""
        with self._making:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _silence(self, seconds: float) -> Timeout:
        timeout = self._timeouts.get(seconds)
        if timeout is None:
            from urllib3.util import Timeout

            timeout = self._timeouts[seconds] = Timeout(connect=self._connect_timeout, read=seconds)
        return timeout

    def _make_session(self) -> requests.Session:
        from govcomponents.core.transports.lean_requests import make_session

        with self._making:
            if self._session is None or self._pid != os.getpid():
                # A forked worker must not write on the connections that it shares with its parent.
                self._session = make_session(self._pool_size)
                self._pid = os.getpid()
            return self._session

    def _read(self, answer: requests.Response, request: Request) -> bytes:
        """Read the body chunk by chunk, so that neither a huge nor an endless one holds the caller."""
        raw = answer.raw
        deadline = time.monotonic() + self._total_timeout
        chunks: list[bytes] = []
        size = 0
        try:
            while chunk := raw.read1(_CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._max_body:
                    raise _unknown(request, None, f"the answer is larger than {self._max_body} bytes")
                if time.monotonic() > deadline:
                    raise _unknown(request, None, f"the answer took longer than {self._total_timeout:g} seconds")
        except BaseException:
            raw.close()
            raise
        finally:
            raw.release_conn()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _never_connected(error: BaseException) -> bool:
    """Whether the failure came before the first byte of the request could leave."""
    import ssl

    from urllib3.exceptions import NameResolutionError, NewConnectionError

    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (NewConnectionError, NameResolutionError, ssl.SSLCertVerificationError)):
            return True
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            waiting += [*item.args, item.__cause__, item.__context__, getattr(item, "reason", None)]
    return False


def _not_sent(request: Request, error: BaseException) -> NotSent:
    return NotSent(
        f"no connection could be made ({type(error).__name__}); the request was not sent",
        operation=request.operation,
        provider=request.provider,
    )


def _unknown(request: Request, error: BaseException | None, happened: str = "") -> OutcomeUnknown:
    return OutcomeUnknown(
        happened or f"the answer was lost ({type(error).__name__})",
        lookup=request.lookup,
        idempotency_key=request.idempotency_key,
        operation=request.operation,
        provider=request.provider,
    )
