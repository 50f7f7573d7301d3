"""Proxies and trusted certificates, from the environment. Each transport reads it once."""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from govcomponents.core.validation import url_parts
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxies:
    """The proxy that a URL goes through, by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case.

    NO_PROXY may hold names, suffixes, addresses, networks such as 10.0.0.0/8, and `*`. This machine's loopback is
    never reached through a proxy.
    """

    def __init__(self, found: Mapping[str, str]) -> None:
        self._by_scheme = {
            scheme: _checked_proxy(scheme, found[scheme]) for scheme in ("http", "https", "all") if found.get(scheme)
        }
        names = [name.strip().lower() for name in found.get("no", "").split(",")]
        self._names = [name.lstrip(".") for name in names if name]
        self._networks = [network for name in names if (network := _network(name))]

    @classmethod
    def from_environment(cls) -> Proxies:
        """Read the environment as it is now. Raises ConfigurationError if it names no usable proxy URL."""
        from urllib.request import getproxies_environment

        return cls(getproxies_environment())

    def __bool__(self) -> bool:
        return bool(self._by_scheme)

    def for_url(self, url: str) -> str | None:
        """Return the proxy's URL for a URL, or None where it is reached directly."""
        if not self._by_scheme:
            return None
        parts = urlsplit(url)
        proxy = self._by_scheme.get(parts.scheme) or self._by_scheme.get("all")
        return None if proxy is None or self._is_direct(parts.hostname or "", parts.netloc.lower()) else proxy

    def _is_direct(self, host: str, host_and_port: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            names = ["localhost", *self._names]
            return any(name in ("*", host, host_and_port) or host.endswith(f".{name}") for name in names)
        return (
            address.is_loopback
            or any(address in network for network in self._networks)
            or any(name in ("*", host_and_port) for name in self._names)
        )


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None


def _checked_proxy(scheme: str, proxy: str) -> str:
    whole = proxy if "://" in proxy else f"http://{proxy}"
    if url_parts(whole) is None:
        raise ConfigurationError(
            f"the environment's {scheme.upper()}_PROXY is not the URL of an http or https proxy",
            fix="write it as http://host:port, or unset it",
        )
    return whole


def trust() -> ssl.SSLContext:
    """Make a context that verifies every certificate, by REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or certifi's bundle.

    Raises ConfigurationError if the environment names a bundle that cannot be read.
    """
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not named:
        import certifi  # requests brings it; the asyncio transport must not wait for requests itself

        return ssl.create_default_context(cafile=certifi.where())
    try:
        if Path(named).is_dir():
            return ssl.create_default_context(capath=named)
        return ssl.create_default_context(cafile=named)
    except OSError as error:
        raise ConfigurationError(
            f"the CA bundle that the environment names cannot be read ({type(error).__name__})",
            fix="set REQUESTS_CA_BUNDLE to a file or folder of PEM certificates, or unset it",
        ) from None
