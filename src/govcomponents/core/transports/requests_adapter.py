"""A session of requests without the work that it repeats for every call: its adapter, request and response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict

from govcomponents.core.transports.connections import CURRENT, POOLS
from govcomponents.core.transports.proxies_and_tls import Proxies, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

    from govcomponents.core.http.messages import Request


# An adapter speaks to a handful of hosts; their pools are kept for good, so none may be evicted.
_HOSTS = 256


def make_session(pool_size: int) -> requests.Session:
    """Make the one session of a transport, with what the environment says about proxies and the CA bundle."""
    session = requests.Session()
    session.trust_env = False
    session.cookies = NoCookies()
    adapter = SharedContextAdapter(pool_size, trust=trust(), proxies=Proxies.from_environment())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def prepare(request: Request) -> requests.PreparedRequest:
    """Fill a `PreparedRequest` by hand: its URL and headers were checked when the adapter was made."""
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    headers = CaseInsensitiveDict(request.headers)
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    elif request.method not in ("GET", "HEAD"):
        headers["Content-Length"] = "0"
    prepared.headers = headers
    prepared.body = request.body
    prepared.hooks = default_hooks()
    prepared._cookies = _EMPTY_JAR  # type: ignore[attr-defined]  # noqa: SLF001  # Session.send reads it
    return prepared


class NoCookies(RequestsCookieJar):
    """A jar that stays empty, whatever a provider sets."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Keep none."""


_EMPTY_JAR = NoCookies()


def _parted(url: str) -> tuple[str, str]:
    """Split a URL into its origin and what stands in the request line. Nearly every URL has a path: that goes fast."""
    start = url.find("/", 8)
    if start < 0 or "?" in url[:start]:
        origin, _, query = url.partition("?")
        return origin, f"/?{query}" if query else "/"
    return url[:start], url[start:]


class UnfollowedResponse(requests.Response):
    """A response whose redirect nobody follows or prepares, made without the parts that are filled in later."""

    def __init__(self) -> None:
        self._content = False  # type: ignore[assignment]  # so requests says "not read yet"
        self._content_consumed = False
        self._next = None
        self.history = []
        self.encoding = None
        self.cookies = _EMPTY_JAR

    @property
    def is_redirect(self) -> bool:
        """False, or `Session.send` would read the whole body to get ready for the next request."""
        return False


class SharedContextAdapter(HTTPAdapter):
    """An `HTTPAdapter` whose pools share one `SSLContext`; certificates are always verified.

    The signatures are those of requests, with what is not looked at left in them.
    """

    def __init__(self, pool_size: int, *, trust: ssl.SSLContext, proxies: Proxies) -> None:
        self._context = trust
        self._proxies = proxies
        self._pools: dict[str, ConnectionPool] = {}
        super().__init__(pool_connections=_HOSTS, pool_maxsize=pool_size, max_retries=0, pool_block=False)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:
        """Make the pools with the shared context."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **pool: Any) -> Any:
        """Make a proxy's pools with the shared context."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **pool)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> ConnectionPool:
        """Return the pool for a request. `verify` is not looked at: verification cannot be switched off."""
        url = request.url or ""
        origin, _ = _parted(url)
        pool = self._pools.get(origin)
        if pool is None:
            proxy = self._proxies.for_url(url)
            manager = self.proxy_manager_for(proxy) if proxy else self.poolmanager
            pool = self._pools[origin] = manager.connection_from_url(url)
        if (attempt := CURRENT.get()) is not None:
            attempt.began = True
        return pool

    def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """Return what stands in the request line: the path, or through an http proxy the whole URL."""
        url = request.url or ""
        if url.startswith("http://") and self._proxies.for_url(url):
            return url
        return _parted(url)[1]

    def renew(self) -> None:
        """Use none of the connections again that are there now."""
        for pool in list(self._pools.values()):
            pool.renew()  # type: ignore[attr-defined]  # they are those of connections.py

    def close(self) -> None:
        """Close every connection at once, those in use too."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
        super().close()

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the connection as the shared context made it."""

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Make a response without looking for cookies, of which none is kept."""
        response = UnfollowedResponse()
        response.status_code = resp.status
        response.headers = resp.headers  # type: ignore[assignment]  # as blind to case as requests' own, and made already
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        response.reason = resp.reason or ""
        return response
