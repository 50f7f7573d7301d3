"""A guard of tests: what would leave this machine by a socket is refused, with the host that was meant."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


class NetworkRefused(AssertionError):
    """A test would have connected to another machine."""


class NoNetwork:
    """The guard of one test. It remembers what it refused, as the error may be caught by what it strikes."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        """The hosts that were refused, in order; empty it if the test means to be refused."""

    def assert_none_refused(self) -> None:
        """Fail the test if something was refused, and nothing in it failed for that."""
        if self.refused:
            hosts = ", ".join(dict.fromkeys(self.refused))
            pytest.fail(
                f"this test would have connected to {hosts}, and what it tests caught the error; give it a sandbox, or "
                "a double; if it means to be refused: gov_no_network.refused.clear()",
                pytrace=False,
            )


def stay_here(monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]) -> None:
    """Refuse connections, datagrams and look-ups of other machines until the test is over; `tell` is told each host."""
    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, name, _here(getattr(socket.socket, name), tell))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, _looked_up_here(getattr(socket, name), tell))
    monkeypatch.setattr(socket, "gethostbyaddr", _named_here(socket.gethostbyaddr, tell))
    monkeypatch.setattr(socket, "getnameinfo", _names_here(socket.getnameinfo, tell))


def _here(call: Callable[..., Any], tell: Callable[[str], None]) -> Callable[..., Any]:
    """A method of sockets, of which the address is the last argument."""

    def call_here(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and args and isinstance(args[-1], tuple):
            _refuse_elsewhere(args[-1][0], tell)
        return call(self, *args)

    return call_here


def _looked_up_here(look_up: Callable[..., Any], tell: Callable[[str], None]) -> Callable[..., Any]:
    def look_up_here(host: Any, *args: Any, **options: Any) -> Any:
        _refuse_elsewhere(host, tell)
        return look_up(host, *args, **options)

    return look_up_here


def _named_here(look_up: Callable[..., Any], tell: Callable[[str], None]) -> Callable[..., Any]:
    """`gethostbyaddr`, which is asked for this machine's own name as well: by `getfqdn`, and so by who sends email."""

    def named_here(host: Any) -> Any:
        if host != socket.gethostname():
            _refuse_elsewhere(host, tell)
        return look_up(host)

    return named_here


def _names_here(look_up: Callable[..., Any], tell: Callable[[str], None]) -> Callable[..., Any]:
    """`getnameinfo`, which asks nobody if it is told to leave numbers as they are."""

    def names_here(address: Any, flags: int) -> Any:
        if not flags & socket.NI_NUMERICHOST:
            _refuse_elsewhere(address[0], tell)
        return look_up(address, flags)

    return names_here


def _refuse_elsewhere(host: object, tell: Callable[[str], None]) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost") or not isinstance(name, str):
        return
    try:
        is_here = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        is_here = name.endswith(".localhost")
    if not is_here:
        tell(name)
        raise NetworkRefused(f"this test would have connected to {name}; give it a sandbox, or a double")
