"""All callbacks pointed at one service, which checks them with the SDK's own verification."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import get_args

import pytest

from govcomponents import ConfigurationError, GovComponents
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.providers import built_in_specs
from govcomponents.sandbox.providers.govuk_notify.callbacks import KINDS
from govcomponents.sandbox.providers.govuk_pay.world import EventKind as PayEventKind
from govcomponents.sandbox.providers.stripe.events import EventKind
from govcomponents.sandbox.server import serving
from govcomponents.sandbox.world import default_world, with_callbacks_to
from sandbox.people import create, enter_card, sign_in

RECEIPT = "5ab1ec0d-0000-4000-8000-000000000102"


class Service(ThreadingHTTPServer):
    """A service that keeps what it is sent."""

    daemon_threads = True

    def __init__(self):
        self.got = []
        self.changed = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.changed:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    outer.got.append((self.path, headers, body))
                    outer.changed.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/callbacks"
        self.thread = threading.Thread(target=lambda: self.serve_forever(poll_interval=0.01))
        self.thread.start()

    def wait_for(self, path):
        with self.changed:
            assert self.changed.wait_for(lambda: any(one[0] == path for one in self.got), timeout=20), path
        return next(one for one in self.got if one[0] == path)

    def close(self):
        self.shutdown()
        self.server_close()
        self.thread.join()


def connected(server):
    return GovComponents.from_settings(server.sandbox.settings())


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


def test_real_callbacks_reach_the_service_and_verify(service):
    to = service.url + "/"
    with serving(sign_in="page", callbacks_to=to) as server, connected(server) as gov:
        payment = create(gov)
        enter_card(FormBrowser.over_http(), payment.next_url.reveal())
        _path, headers, body = service.wait_for("/callbacks/pay")
        event = gov.pay.parse_callback(body, headers)
        assert (event.payment_id, event.reference) == (payment.id, "RENEW-7")

        words = {"name": "Sam", "amount": "£10.00", "reference": "RENEW-7"}
        sent = gov.notify.send_sms("07700900123", RECEIPT, words, "RENEW-7-text")
        Control.over_http(server.base_url).advance(minutes=1)
        _path, headers, body = service.wait_for("/callbacks/notify")
        receipt = gov.notify.parse_callback(body, headers)
        assert receipt.notification_id == sent.id

        started = gov.identity.start(confidence=Confidence.MEDIUM)
        identity = gov.identity.complete(started.pending, sign_in(FormBrowser.over_http(), started.url))
        server.sandbox.one_login.sign_out_everywhere("SAM")
        _path, headers, body = service.wait_for("/callbacks/identity")
        notice = gov.identity.parse_callback(body, headers)
        assert notice.subject == identity.subject


def test_what_a_world_has_stays_and_what_it_lacks_is_invented():
    world = {**default_world(), "stripe": {}}
    changed = with_callbacks_to(world, "https://service.example.gov.uk/cb/")
    webhook = changed["pay"]["services"][0]["webhooks"][0]
    assert (webhook["url"], webhook["active"]) == ("https://service.example.gov.uk/cb/pay", True)
    assert webhook["secret"] == world["pay"]["services"][0]["webhooks"][0]["secret"]
    assert changed["pay"]["services"][1]["webhooks"][0]["secret"]
    tokens = {one["kind"]: one["bearer_token"] for one in changed["notify"]["services"][0]["callbacks"]}
    assert tokens["delivery_status"] == "sandbox-delivery-token"
    assert tokens["returned_letter"]
    (endpoint,) = changed["stripe"]["webhooks"]
    assert endpoint["url"] == "https://service.example.gov.uk/cb/pay"
    assert endpoint["secret"].startswith("whsec_")
    assert world["pay"]["services"][1]["webhooks"] == []
    assert with_callbacks_to({"pay": {"services": [None]}, "notify": None}, "http://x")["pay"] == {"services": [None]}


@pytest.mark.parametrize("wrong", ["", "service.example.gov.uk", "ftp://x", "http://", "http://[", "http://x?y=1"])
def test_a_wrong_address_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="not a URL"):
        with_callbacks_to({}, wrong)


def test_the_kinds_that_are_told_are_those_that_are_sent():
    told = {spec.section: spec.callback_kinds for spec in built_in_specs()}
    assert told["stripe"] == get_args(EventKind)
    assert told["pay"] == get_args(PayEventKind)
    assert told["notify"] == KINDS
