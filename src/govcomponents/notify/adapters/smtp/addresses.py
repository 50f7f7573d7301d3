"""Email addresses and hosts as SMTP takes them without extensions: ASCII, with an international domain encoded.

Stricter than the RFC on purpose: no quoted local parts, no address literals, nothing that a header or a command could
be broken with. Source: RFC 5321, sections 4.1.2 and 4.5.3.1.
"""

from __future__ import annotations

import re
from typing import Final

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def ascii_address(text: str) -> str | None:
    """Return an address with its domain encoded, or None if it is not one that can be sent to."""
    local, separator, domain = text.strip().rpartition("@")
    host = ascii_host(domain) if "." in domain else None
    if not separator or host is None or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    return f"{local}@{host}"


def ascii_host(text: str) -> str | None:
    """Return a host's name or address as a name server takes it, or None if it is neither."""
    if _IPV6.fullmatch(text):
        return text
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return None
    labels = text.split(".")
    return text if len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels) else None
