"""Checks of texts and URLs: what a setting, an argument or a provider's document may hold."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from govcomponents.errors import ConfigurationError

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The hosts that are this machine, which alone may be spoken to without TLS."""
_NAMES_OF_LOOPBACK: Final = frozenset(
    {"localhost.localdomain", "localhost4", "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"}
)
"""What the hosts file of usual systems calls it beside that."""
MAX_URL: Final = 2048
"""The longest URL, in characters, that a provider's document or a caller may name."""

ID_PATTERN: Final = r"^[A-Za-z0-9_-]+$"
"""An id that may stand in a URL's path as it is: no text that fits can be "." or "..", or hold a slash."""
_ID: Final = re.compile(ID_PATTERN)
_PLAIN_NAME: Final = re.compile(r"[a-z][a-zA-Z]*(?:[ ._-][a-z]+)*(?:[ ._-]?[0-9]{1,3})?")


def is_id(value: object) -> bool:
    """Whether something is an id as providers give them, of at most 255 characters: see ID_PATTERN."""
    return isinstance(value, str) and len(value) <= 255 and _ID.fullmatch(value) is not None


def is_plain_name(name: object) -> bool:
    """Whether a name may be shown in an error: it looks like those that programs give, and not like what people type.

    It has at most 40 characters: lower-case words parted by one space, hyphen, underscore or dot, the first perhaps in
    camel case, and at most three digits at the end.
    """
    return isinstance(name, str) and len(name) <= 40 and _PLAIN_NAME.fullmatch(name) is not None


def is_text(value: str) -> bool:
    """Whether a text can be sent at all: half of a surrogate pair is no character."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def url_parts(url: object) -> SplitResult | None:
    """Split a whole http or https URL; None for anything else, also for one with white space or control characters."""
    if not isinstance(url, str) or " " in url or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None


def plain_url_parts(url: object) -> SplitResult | None:
    """Split a URL as `url_parts` does, if all readers read it alike.

    It is ASCII, with a host that is whole labels or an address written in full, and without user name, fragment,
    backslash, empty port or query, and steps in its path that some readers take and others keep.
    """
    parts = url_parts(url)
    if parts is None or not isinstance(url, str) or not url.isascii() or not {"#", "\\"}.isdisjoint(url):
        return None
    if "@" in parts.netloc or parts.netloc.endswith(":") or url.endswith("?") or not _is_host(parts.hostname or ""):
        return None
    return parts if _is_plain_path(parts.path) else None


def _is_plain_path(path: str) -> bool:
    if "%" not in path and "/." not in path:
        return True
    read = unquote(path, "latin-1")
    return read.isprintable() and "\\" not in read and {".", ".."}.isdisjoint(read.split("/"))


def is_absolute_url(url: object) -> bool:
    """Whether it is a whole http or https URL without fragment, user name, white space or control characters."""
    return isinstance(url, str) and len(url) <= MAX_URL and plain_url_parts(url) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by any of its names and addresses."""
    name = host.lower().rstrip(".")
    return name in LOOPBACK or name.endswith(".localhost") or re.fullmatch(r"127(?:\.\d+){1,3}", name) is not None


def is_on_this_machine(host: str) -> bool:
    """Whether a host is reached without leaving this machine or its link: what listens there is no provider.

    Beside the names and addresses of loopback that is the address of nothing, which connects to this machine too, the
    same written as IPv6, and link-local addresses, such as those of a cloud's metadata.
    """
    from ipaddress import IPv6Address, ip_address

    if is_loopback(host) or host.lower().rstrip(".") in _NAMES_OF_LOOPBACK:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified or address.is_link_local


def is_secure(parts: SplitResult) -> bool:
    """Whether a URL is https, or http to this machine's loopback."""
    return parts.scheme == "https" or parts.hostname in LOOPBACK


_BASE_URL: Final = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:/(?!\.{1,2}(?:/|$))[a-z0-9._~-]+)*/?", re.IGNORECASE
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


def _is_host(host: str) -> bool:
    """Whether every reader takes a host for the same one: whole labels, or an address written in full."""
    from ipaddress import ip_address

    labels = host.split(".")
    if ":" in host or labels[-1].isdigit() or labels[-1].lower().startswith("0x"):
        try:
            return "%" not in host and str(ip_address(host)) != ""
        except ValueError:
            return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def base_url_parts(url: object) -> SplitResult | None:
    """Split an address to which paths are added, if all readers read it alike: scheme, host, port and path alone."""
    parts = plain_url_parts(url)
    return parts if parts is not None and isinstance(url, str) and _BASE_URL.fullmatch(url) else None


def checked_base_url(url: str, *, setting: str) -> str:
    """Return a base URL without its final slash. Raises ConfigurationError unless it is https, or http to loopback."""
    parts = base_url_parts(url)
    if parts is None:
        raise ConfigurationError(
            f"{setting} is not a base URL", fix='give scheme and host, such as "https://api.example.gov.uk"'
        )
    if not is_secure(parts):
        raise ConfigurationError(
            f"{setting} must be https", fix="use an https URL; http is accepted for this machine's loopback only"
        )
    return url.rstrip("/")


def is_url_on(url: object, hosts: frozenset[str], *, is_loopback: bool) -> bool:
    """Whether a URL is absolute, https and on one of the hosts.

    `hosts` hold a host, or host:port where the port is not 443. With `is_loopback` plain http to this machine will do.
    """
    if not isinstance(url, str) or not is_absolute_url(url):
        return False
    parts = urlsplit(url)
    return (is_secure(parts) if is_loopback else parts.scheme == "https") and host_of_url(url) in hosts


def is_loopback_url(url: str) -> bool:
    """Whether a whole URL is plain http to this machine, as a sandbox or a simulator has it."""
    parts = urlsplit(url)
    return parts.scheme == "http" and is_secure(parts)


def host_of_url(url: str) -> str:
    """Return the host of a whole URL, with its port if that is not the one of its scheme."""
    parts = urlsplit(url)
    usual = 443 if parts.scheme == "https" else 80
    return parts.hostname or "" if parts.port in (None, usual) else f"{parts.hostname}:{parts.port}"
