"""A guard of tests: connections that would leave this machine are refused, with the host that was meant."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class NetworkRefused(AssertionError):
    """A test would have connected to another machine."""


def stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections and look-ups of other machines until the test is over."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_elsewhere(address[0])
        connect(self, address)

    def look_up_here(host: Any, *args: Any, **options: Any) -> Any:
        _refuse_elsewhere(host)
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)


def _refuse_elsewhere(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost") or not isinstance(name, str):
        return
    try:
        is_here = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        is_here = name.endswith(".localhost")
    if not is_here:
        raise NetworkRefused(f"this test would have connected to {name}; give it a sandbox, or a double")
