"""Services that publish their keys: the sandbox fetches them as the real provider does, and they can be changed."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from govcomponents.errors import SignInUnavailable
from govcomponents.identity.jose.own_keys import new_private_key, published_jwks, signer_of
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.providers.one_login.clients import KEPT_FOR, fetch_over_http
from identity.kit import Desk, default_world

URL = "https://service.example.gov.uk/jwks.json"


def world():
    found = json.loads(json.dumps(default_world()))
    found["clients"][0] |= {"public_key_source": "jwks", "key": None, "jwks_url": URL}
    return {"one_login": found}


class Published:
    """A key set that a test changes."""

    def __init__(self, *signers):
        self.signers = list(signers)
        self.fetched = 0

    def __call__(self, url):
        assert url == URL
        self.fetched += 1
        return json.dumps(published_jwks(self.signers)).encode()


def desk_with(published, signer, **changes):
    desk = Desk(world=world(), private_key=None, signer=signer, **changes)
    desk.provider._clients.keys._fetch = published
    return desk


OLD, NEW = signer_of(new_private_key()), signer_of(new_private_key())


def test_a_published_key_is_fetched_once():
    published = Published(OLD)
    desk = desk_with(published, OLD, signed_requests=True)
    for _ in range(3):
        assert desk.sign_in(confidence=Confidence.MEDIUM).name
    assert published.fetched == 1


def test_a_key_is_changed_without_a_gap():
    published = Published(OLD)
    desk = desk_with(published, OLD)
    assert desk.sign_in().subject
    published.signers = [NEW, OLD]
    object.__setattr__(desk.port._client.registration, "signer", NEW)
    assert desk.sign_in().subject
    published.signers = [NEW]
    assert desk.sign_in().subject
    assert published.fetched == 2


def test_a_withdrawn_key_counts_for_a_day():
    published = Published(OLD)
    desk = desk_with(published, OLD)
    assert desk.sign_in().subject
    published.signers = [NEW]
    assert desk.sign_in().subject
    desk.sandbox.clock.advance(KEPT_FOR + 1)
    with pytest.raises(SignInUnavailable):
        desk.sign_in()


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"keys":[]}'])
def test_a_key_set_that_cannot_be_read(answer):
    with pytest.raises(SignInUnavailable) as caught:
        desk_with(lambda url: answer, OLD).sign_in()
    assert caught.value.status == 400


def test_an_address_at_which_nothing_answers():
    def nothing(url):
        raise OSError

    with pytest.raises(SignInUnavailable):
        desk_with(nothing, OLD).sign_in()


def test_fetching_over_http():
    class Service(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/jwks.json" else 302)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            assert fetch_over_http(f"{base}/jwks.json") == b"{}"
            with pytest.raises(OSError, match="302"):
                fetch_over_http(f"{base}/elsewhere")
        finally:
            server.shutdown()
            thread.join()
