"""A served sandbox sends only where its start said, whatever a request names."""

from __future__ import annotations

import copy
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from govcomponents import ConfigurationError, GovComponents
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.callbacks.destinations import REFUSED, Destinations
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.providers.one_login.clients import ClientKeys, KeysUnreadable
from govcomponents.sandbox.server import serving
from govcomponents.sandbox.world import default_world
from sandbox.people import create, enter_card


@pytest.fixture
def inside():
    """A server that only this machine can reach, and the requests that came to it."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            got.append(self.path)
            self.send_response(200)
            self.end_headers()

        def do_GET(self):
            self.do_POST()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


def with_webhook(url):
    world = copy.deepcopy(dict(default_world()))
    world["pay"]["services"][0]["webhooks"][0] |= {"url": url, "active": True}
    return world


def attempts_after_a_payment(server):
    """Pay by card, and wait until the sandbox has sent the first callback or given it up."""
    with GovComponents.from_settings(server.sandbox.settings()) as gov:
        enter_card(FormBrowser.over_http(), create(gov).next_url.reveal())
    for _ in range(200):
        for one in Control.over_http(server.base_url).callbacks():
            if one.attempts:
                return one.attempts
        threading.Event().wait(0.02)
    raise AssertionError("nothing was sent")


def test_a_reset_cannot_make_it_call_another_address(inside):
    url, got = inside
    with serving(sign_in="page") as server:
        Control.over_http(server.base_url).reset(world=with_webhook(f"{url}/internal-admin?delete=1"))
        assert {one.problem for one in attempts_after_a_payment(server)} == {REFUSED}
    assert got == []


@pytest.mark.parametrize("way", ["world", "callbacks_to", "send_below"])
def test_what_the_start_named_is_called_also_after_a_reset(inside, way):
    url, got = inside
    options = {
        "world": {"world": with_webhook(f"{url}/cb/pay")},
        "callbacks_to": {"callbacks_to": f"{url}/cb"},
        "send_below": {"send_below": [f"{url}/cb"]},
    }[way]
    with serving(sign_in="page", **options) as server:
        Control.over_http(server.base_url).reset(world=with_webhook(f"{url}/cb/pay"))
        assert attempts_after_a_payment(server)[0].status == 200
    assert set(got) == {"/cb/pay"}


def test_keys_are_fetched_only_where_the_start_named_them(inside):
    url, got = inside
    world = copy.deepcopy(dict(default_world()))
    world["one_login"]["clients"][0] |= {"public_key_source": "jwks", "key": None, "jwks_url": f"{url}/jwks"}
    for is_first in (False, True):
        with serving(world if is_first else None) as server:
            if not is_first:
                Control.over_http(server.base_url).reset(world=world)
            clients = server.sandbox.one_login._clients
            assert isinstance(clients.keys, ClientKeys)
            with pytest.raises(KeysUnreadable):
                clients.keys.find(clients.get("renewals-service-sandbox"), "k1")
        assert got == (["/jwks"] if is_first else [])


def test_a_program_in_the_same_process_names_more_by_a_reset():
    with GovComponents.sandbox() as gov:
        destinations = gov.simulator._context.destinations
        assert not destinations.permits("http://127.0.0.1:1/cb")
        gov.simulator.reset(world=with_webhook("http://127.0.0.1:1/cb"))
        assert destinations.permits("http://127.0.0.1:1/cb")


@pytest.mark.parametrize(
    "url",
    [
        *("http://service:8000/callbacks", "http://service:8000/callbacks/", "http://service:8000/callbacks/a/b?c=1"),
        *("http://SERVICE:8000/callbacks/x", "http://other/exact", "http://sandbox:1/own"),
    ],
)
def test_permitted(url):
    assert destinations().permits(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://service:8000/", "http://service:8000/callbacks-not", "http://service/callbacks/x", ""),
        *("https://service:8000/callbacks/x", "http://service:8000@evil/callbacks/x", "http://evil/callbacks/x"),
        *("http://service:8000/callbacks/../admin", "http://service:8000/callbacks/%2e%2e/admin", "file:///etc/passwd"),
        *("http://service:8000/callbacks/..\\admin", "http://other/exact/more", "http://other/exact?x=1", "http://["),
        *("http://service:8000.evil/callbacks/x", "http://came/back", "http://service:0/callbacks", "/callbacks"),
        *("http://service:8000/callbacks/%252e%252e/admin", "http://service:8000/callbacks/a%2f..%2f..%2fadmin"),
    ],
)
def test_not_permitted(url):
    assert not destinations().permits(url)


def destinations():
    made = Destinations()
    made.permit_world(
        {
            "pay": {"services": [{"webhooks": [{"url": "http://other/exact"}]}]},
            "x": [{"jwks_url": "<host>/own", "redirect_urls": ["http://came/back"], "name": "http://no/address"}],
        },
        "http://sandbox:1",
    )
    made.permit_below("http://service:8000/callbacks/")
    return made


@pytest.mark.parametrize("wrong", ["http://x?", "http://x#", "http://@x", "http://x\\y", "http://x/..", "file:///x"])
def test_addresses_on_the_command_line_are_read_strictly(wrong):
    for name, value in (("public_url", wrong), ("callbacks_to", wrong), ("send_below", [wrong])):
        with pytest.raises(ConfigurationError), serving(**{name: value}):
            pass
