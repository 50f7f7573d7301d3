"""requests without what it does again for every call: the session, the adapter and the request, made lean."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy, should_bypass_proxies

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

    from govcomponents.core.messages import Request


# An adapter speaks to a handful of hosts; their pools are kept for good, so none may be evicted.
_HOSTS = 256


def make_session(pool_size: int) -> requests.Session:
    """Make the one session of a transport, with what the environment says about proxies and the CA bundle."""
    session = requests.Session()
    session.trust_env = False
    session.cookies = NoCookies()
    session.proxies = dict(get_environ_proxies("https://proxy-settings.invalid"))
    adapter = LeanAdapter(
        pool_size, ca_bundle=_ca_bundle(), no_proxy=os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _ca_bundle() -> str:
    path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    if not Path(path).exists():
        raise ConfigurationError(
            "the CA bundle that the environment names does not exist",
            fix="set REQUESTS_CA_BUNDLE to a file or folder of certificates, or unset it",
        )
    return path


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
    prepared._cookies = NoCookies()  # type: ignore[attr-defined]  # noqa: SLF001  # Session.send reads it
    return prepared


class NoCookies(RequestsCookieJar):
    """A jar that stays empty, whatever a provider sets."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Keep none."""


class LeanResponse(requests.Response):
    """A response whose redirect nobody follows or prepares."""

    @property
    def is_redirect(self) -> bool:
        """False, or `Session.send` would read the whole body to get ready for the next request."""
        return False


class LeanAdapter(HTTPAdapter):
    """An `HTTPAdapter` whose pools share one `SSLContext`; certificates are always verified.

    The signatures are those of requests, with what is not looked at left in them.
    """

    def __init__(self, pool_size: int, *, ca_bundle: str, no_proxy: str | None) -> None:
        self._context = ssl.create_default_context()
        if Path(ca_bundle).is_dir():
            self._context.load_verify_locations(capath=ca_bundle)
        else:
            self._context.load_verify_locations(cafile=ca_bundle)
        self._no_proxy = no_proxy
        self._pools: dict[str, ConnectionPool] = {}
        super().__init__(pool_connections=_HOSTS, pool_maxsize=pool_size, max_retries=0, pool_block=False)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:
        """Make the pools with the shared context."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool)

    def proxy_manager_for(self, proxy: str, **pool: Any) -> Any:
        """Make a proxy's pools with the shared context."""
        return super().proxy_manager_for(proxy, ssl_context=self._context, **pool)

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> ConnectionPool:
        """Return the pool for a request. `verify` is not looked at: verification cannot be switched off."""
        url = request.url or ""
        origin = url[: url.find("/", 8)]
        pool = self._pools.get(origin)
        if pool is None:
            proxy = self._proxy_for(url, proxies)
            manager = self.proxy_manager_for(proxy) if proxy else self.poolmanager
            pool = self._pools[origin] = manager.connection_from_url(url)
        return pool

    def _proxy_for(self, url: str, proxies: Mapping[str, str] | None) -> str | None:
        if not proxies or should_bypass_proxies(url, self._no_proxy):
            return None
        return select_proxy(url, proxies)

    def request_url(self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None) -> str:
        """Return what stands in the request line: the path, or through an http proxy the whole URL."""
        url = request.url or ""
        if url.startswith("http://") and self._proxy_for(url, proxies):
            return url
        return url[url.find("/", 8) :]

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the connection as the shared context made it."""

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Make a response without looking for cookies, of which none is kept."""
        response = LeanResponse()
        response.status_code = resp.status
        response.headers = resp.headers  # type: ignore[assignment]  # as blind to case as requests' own, and made already
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        response.reason = resp.reason or ""
        return response
