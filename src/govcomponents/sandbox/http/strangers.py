"""Tells requests that a page of somebody else made in a developer's browser, so that the sandbox can refuse them.

A name that its owner points at this machine (DNS rebinding) comes with its own Host; what another site asks for comes
with Sec-Fetch-Site, which no page can change. Sources: RFC 9110 section 7.4 (421), W3C Fetch Metadata.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from govcomponents.core.validation import is_loopback, url_parts
from govcomponents.sandbox.http.messages import text_response

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from govcomponents.core.http.messages import Response

_READS = ("GET", "HEAD")
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # it is compared with, not bound to


def refusal_of_stranger(method: str, headers: Mapping[str, str], hosts: Collection[str] | None) -> Response | None:
    """Return the answer to a request of a stranger's page; None to all others.

    `hosts` are the bound address and the host of the public URL; None answers every host. Where every address of the
    machine is bound, each is answered as a number: only names can be pointed here by somebody else.
    """
    host = headers.get("host")
    if host is not None and hosts is not None and not _is_ours(_without_port(host), hosts):
        return text_response(421, "The sandbox is not known by that host. Name it with --public-url to be answered.\n")
    if headers.get("sec-fetch-site", "").lower() == "cross-site":
        is_opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if not (is_opened and method in _READS):  # people come from the service's pages by links and redirects
            return _of_another_site()
    # Browsers of old tell only by the page that they come from; what is no browser tells neither.
    came_from = headers.get("referer")
    if came_from and hosts is not None and method not in _READS and "origin" not in headers:
        parts = url_parts(came_from)
        if parts is None or not _is_ours((parts.hostname or "").lower(), hosts):
            return _of_another_site()
    return None


def _of_another_site() -> Response:
    return text_response(403, "The sandbox takes nothing that another site's page asks for.\n")


def _is_ours(host: str, hosts: Collection[str]) -> bool:
    return is_loopback(host) or host in hosts or (not _ANY_ADDRESS.isdisjoint(hosts) and _is_address(host))


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    whole = name if name and port.isdigit() and (":" not in name or name.endswith("]")) else host
    return whole.strip().lower().removeprefix("[").removesuffix("]")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
