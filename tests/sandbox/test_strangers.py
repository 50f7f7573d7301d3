"""A page of somebody else, open in a developer's browser, cannot use the sandbox that runs on the same machine."""

from __future__ import annotations

import http.client

import pytest

from govcomponents.sandbox.server import serving

ELSEWHERE = ["evil.example", "evil.example:8977", "127.0.0.1.evil.example", "localhost.evil.example", "169.254.169.254"]
PATHS = [("GET", "/"), ("GET", "/_sandbox/api/callbacks"), ("POST", "/_sandbox/api/reset"), ("GET", "/v1/payments")]


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


def ask(server, method: str, path: str, host: str | None = None, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server._listener.server_port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True)
        if host is not None:
            connection.putheader("Host", host)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        body = b"{}" if method == "POST" else b""
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_a_host_that_is_not_the_sandboxs_is_not_answered(server, method, path, host):
    assert ask(server, method, path, host) == 421
    assert ask(server, method, path, host, Origin=f"http://{host}") == 421


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost:2", "LOCALHOST", "[::1]:3", "sandbox.localhost", None])
def test_names_of_this_machine_are_answered(server, host):
    assert ask(server, "GET", "/", host) == 200


def test_the_host_of_the_public_url_is_answered_and_no_other():
    with serving(public_url="https://sandbox.example.gov.uk/") as server:
        assert ask(server, "GET", "/", "sandbox.example.gov.uk") == 200
        assert ask(server, "GET", "/", "other.example.gov.uk") == 421


def test_where_every_address_is_bound_numbers_are_answered_and_names_are_not():
    with serving(host="0.0.0.0") as server:
        assert ask(server, "GET", "/", "192.0.2.7:8910") == 200
        assert ask(server, "GET", "/", "evil.example") == 421


@pytest.mark.parametrize("mode", [None, "cors", "no-cors", "navigate"])
def test_what_another_site_asks_for_is_refused(server, mode):
    headers = {"Sec_Fetch_Site": "cross-site", **({"Sec_Fetch_Mode": mode} if mode else {})}
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", **headers) == 403
    assert ask(server, "GET", "/_sandbox/api/callbacks", "localhost", **headers) == 403


@pytest.mark.parametrize(
    "page", ["http://evil.example/x", "http://127.0.0.1.evil.example/", "https://localhost@e.example"]
)
def test_a_page_that_tells_only_where_it_is_is_refused_too(server, page):
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", Referer=page) == 403
    assert ask(server, "GET", "/", "localhost", Referer=page) == 200  # a link


def test_our_own_pages_and_what_is_no_page_are_taken(server):
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", Referer="http://127.0.0.1:8910/faults") == 200
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost") == 200


def test_the_header_of_browsers_is_read_in_any_case(server):
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", Sec_Fetch_Site="Cross-Site") == 403


def test_people_still_come_by_a_link_of_their_service(server):
    opened = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert ask(server, "GET", "/", "localhost", **opened) == 200
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", **opened) == 403
    assert ask(server, "POST", "/_sandbox/api/reset", "localhost", Sec_Fetch_Site="same-origin") == 200
