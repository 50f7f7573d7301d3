"""requests without what it does again for every call: the session, the adapter and the request, made lean."""

from __future__ import annotations

import os
import ssl
from http.cookiejar import DefaultCookiePolicy
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
    from collections.abc import Mapping, MutableMapping

    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

    from govcomponents.core.messages import Request


def make_session(pool_size: int) -> requests.Session:
    """Make the one session of a transport, with what the environment says about proxies and the CA bundle."""
    session = requests.Session()
    session.trust_env = False
    session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
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
    prepared._cookies = RequestsCookieJar()  # type: ignore[attr-defined]  # noqa: SLF001  # Session.send reads it
    return prepared


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
        super().__init__(pool_connections=10, pool_maxsize=pool_size, max_retries=0, pool_block=False)

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
        proxy = None
        if proxies and not should_bypass_proxies(url, self._no_proxy):
            proxy = select_proxy(url, proxies)
        manager = self.proxy_manager_for(proxy) if proxy else self.poolmanager
        pool: ConnectionPool = manager.connection_from_url(url)
        return pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the connection as the shared context made it."""

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Make a response without looking for cookies, of which none is kept."""
        response = requests.Response()
        response.status_code = resp.status
        headers: MutableMapping[str, str] = resp.headers
        response.headers = CaseInsensitiveDict(headers)
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        response.reason = resp.reason or ""
        return response
