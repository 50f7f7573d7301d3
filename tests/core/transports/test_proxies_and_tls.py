"""Outgoing connections: TLS, proxies, many threads, forked workers, other event loops, and libraries that intercept."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme

from core.loopback import drop, get, post, reply, serving
from govcomponents.contracts.modes import Mode
from govcomponents.core.transports.proxies_and_tls import Proxies
from govcomponents.errors import ConfigurationError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from core.loopback import Caller, Loopback

    Make = Callable[..., Caller]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority's own folder: ca.pem, and server.pem for 127.0.0.1 and api.example.gov.uk."""
    home, made = tmp_path_factory.mktemp("authority"), trustme.CA()
    made.cert_pem.write_to_path(str(home / "ca.pem"))
    made.issue_cert("127.0.0.1", "api.example.gov.uk").private_key_and_cert_chain_pem.write_to_path(
        str(home / "server.pem")
    )
    return home


@pytest.fixture
def tls(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    return context


def test_an_unknown_authority_is_refused_before_anything_is_sent(tls: ssl.SSLContext, caller: Caller) -> None:
    with serving(tls) as server:
        with pytest.raises(NotSent):
            caller.send(post(server.url + "/x"))
        assert server.seen == []


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_s_authority_is_trusted(
    tls: ssl.SSLContext, authority: Path, make_caller: Make, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(authority / "ca.pem"))
    with serving(tls) as server:
        caller = make_caller()
        assert [caller.send(post(server.url + "/x")).status for _ in range(3)] == [200] * 3
        assert len({seen.client for seen in server.seen}) == 1


def test_a_certificate_for_another_host_is_refused(
    tls: ssl.SSLContext, authority: Path, make_caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "ca.pem"))
    with serving(tls) as server:
        with pytest.raises(NotSent):
            make_caller().send(post(server.url.replace("127.0.0.1", "localhost") + "/x"))
        assert server.seen == []


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_bundle_that_cannot_be_read_is_a_configuration_error(
    tmp_path: Path, make_caller: Make, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(ConfigurationError, match="CA bundle"):
        make_caller().send(get("https://127.0.0.1:9/x"))


def test_a_folder_of_certificates_is_a_bundle(
    tmp_path: Path, make_caller: Make, monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with serving(tls) as server, pytest.raises(NotSent):
        make_caller().send(get(server.url + "/x"))


def test_plain_requests_to_an_http_url_go_through_the_proxy(
    server: Loopback, make_caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("http://", "http://user:word@"))
    caller = make_caller()
    for _ in range(2):
        assert caller.send(get("http://api.example.gov.uk/x?y=1")).status == 200
    assert [seen.target for seen in server.seen] == ["http://api.example.gov.uk/x?y=1"] * 2
    assert server.seen[0].headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert caller.send(get("http://api.example.gov.uk/x")).status == 200


def _tunnel(upstream: Loopback) -> Callable[[BaseHTTPRequestHandler], None]:
    """Be a proxy's CONNECT to one server."""

    def connect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        there = socket.create_connection(("127.0.0.1", int(upstream.url.rpartition(":")[2])))
        here = handler.connection

        def pump(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
            for end in (there, here):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        back = threading.Thread(target=pump, args=(there, here), daemon=True)
        back.start()
        pump(here, there)
        back.join()
        there.close()
        handler.close_connection = True

    return connect


@pytest.fixture
def through_proxy(
    tls: ssl.SSLContext, authority: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Loopback]:
    """Start a TLS server that is reached through `server` as the proxy."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "ca.pem"))
    monkeypatch.setenv("https_proxy", server.url.removeprefix("http://"))  # without a scheme, as many write it
    return lambda: server


def test_https_goes_through_the_proxy_s_tunnel(
    tls: ssl.SSLContext, through_proxy: Callable[[], Loopback], make_caller: Make
) -> None:
    proxy = through_proxy()
    with serving(tls) as upstream:
        proxy.answer = _tunnel(upstream)
        caller = make_caller()
        assert [caller.send(post("https://api.example.gov.uk/x")).status for _ in range(2)] == [200, 200]
        assert [seen.target for seen in upstream.seen] == ["/x", "/x"]
        assert [(seen.method, seen.target) for seen in proxy.seen] == [("CONNECT", "api.example.gov.uk:443")]
        assert "authorization" not in proxy.seen[0].headers
        caller.close()


def test_a_tunnel_that_is_refused_sends_nothing(through_proxy: Callable[[], Loopback], caller: Caller) -> None:
    through_proxy().answer = reply(407, b"")
    with pytest.raises(NotSent):
        caller.send(post("https://api.example.gov.uk/x"))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_that_is_not_there_sends_nothing(make_caller: Make, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(NotSent):
        make_caller().send(post("http://api.example.gov.uk/x"))


def test_an_answer_lost_by_a_plain_proxy_leaves_the_outcome_unknown(
    server: Loopback, make_caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.answer = drop
    with pytest.raises(OutcomeUnknown):
        make_caller().send(post("http://api.example.gov.uk/x"))
    assert len(server.seen) == 1


def test_an_answer_lost_in_the_tunnel_leaves_the_outcome_unknown(
    tls: ssl.SSLContext, through_proxy: Callable[[], Loopback], make_caller: Make
) -> None:
    proxy = through_proxy()
    with serving(tls) as upstream:
        upstream.answer = drop
        proxy.answer = _tunnel(upstream)
        caller = make_caller()
        with pytest.raises(OutcomeUnknown):
            caller.send(post("https://api.example.gov.uk/x"))
        assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("without", "url", "proxied"),
    [
        ("", "http://api.example.gov.uk/", True),
        ("*", "http://api.example.gov.uk/", False),
        ("*", "http://10.1.2.3/", False),
        ("example.gov.uk", "http://api.example.gov.uk/", False),
        (".example.gov.uk", "http://api.example.gov.uk:81/", False),
        (".example.gov.uk", "http://example.gov.uk/", False),
        ("pi.example.gov.uk", "http://api.example.gov.uk/", True),
        ("API.example.gov.uk:81", "http://api.example.gov.uk:81/", False),
        ("api.example.gov.uk:81", "http://api.example.gov.uk:82/", True),
        ("10.0.0.0/8, other", "http://10.1.2.3/", False),
        ("10.1.2.3:81", "http://10.1.2.3:81/", False),
        ("10.0.0.0/8", "http://11.1.2.3/", True),
        ("fd00::/8", "http://[fd00::1]/", False),
        ("", "http://127.0.0.1:8910/", False),
        ("", "http://[::1]:8910/", False),
        ("", "http://localhost:8910/", False),
        ("", "http://sandbox.localhost:8910/", False),
        ("", "http://localhost.example.com/", True),
    ],
)
def test_no_proxy_names_what_is_reached_directly(without: str, url: str, *, proxied: bool) -> None:
    proxies = Proxies({"http": "http://proxy.example.gov.uk:3128", "no": without})
    assert (proxies.for_url(url) is not None) is proxied


def test_each_scheme_has_its_proxy_and_none_means_none() -> None:
    assert not Proxies({})
    assert Proxies({}).for_url("https://api.example.gov.uk/") is None
    proxies = Proxies({"https": "https://one.example.gov.uk", "all": "two.example.gov.uk:80"})
    assert proxies
    assert proxies.for_url("https://api.example.gov.uk/") == "https://one.example.gov.uk"
    assert proxies.for_url("http://api.example.gov.uk/") == "http://two.example.gov.uk:80"


@pytest.mark.parametrize("proxy", ["socks5://user:word@proxy:1", "http://", "http://user:word@proxy:port", "http://["])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(
    make_caller: Make, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        make_caller().send(get("https://api.example.gov.uk/x"))
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("gov_mode", [Mode.BLOCKING])
def test_a_direct_http_request_has_only_a_path_in_its_request_line(
    server: Loopback, make_caller: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert make_caller().send(get(server.url + "/x?y")).status == 200
    assert server.seen[0].target == "/x?y"
