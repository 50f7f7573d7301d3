"""Apprise keeps the contract of govcomponents, against a web hook on loopback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apprise_notify.adapter import AppriseNotify
from govcomponents import ConfigurationError, GovComponents, OutcomeUnknown, Settings
from govcomponents.adapters import NotifySettings, Runtime
from govcomponents.testing import Arrived, Fault, NotifyDouble, NotifySubject, NotifySuite, ScriptedTransport

TEXTS = {
    "renewed": {"subject": "Renewed", "body": "Dear ((name)), it is renewed."},
    "paid": {"body": "((name)), it is paid."},
}


class Hook(ThreadingHTTPServer):
    """A web hook that keeps what it is sent, and can go wrong."""

    daemon_threads = True
    fault: Fault | None = None
    times: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.kept: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def fail(self, fault: Fault, times: int | None) -> None:
        self.fault, self.times = fault, times

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Asked(BaseHTTPRequestHandler):
    """One message to the hook."""

    server: Hook

    def do_POST(self) -> None:
        hook = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault, hook.times = (hook.fault if hook.times != 0 else None), hook.times and hook.times - 1
        if fault in (None, Fault.DROPPED_AFTER):
            hook.kept.append(body)
        if fault in (Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER):
            self.close_connection = True
            return
        self.send_response(500 if fault else 200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Desk:
    """The hook of the present test."""

    port = 9

    def connect(self) -> NotifyDouble:
        self.hook = hook = Hook()
        self.port = hook.server_address[1]
        return NotifyDouble(
            transport=ScriptedTransport(),
            fail=hook.fail,
            count=lambda: len(hook.kept),
            arrived=lambda: [Arrived(to=one["to"], text=one["message"]) for one in hook.kept],
            close=hook.close,
        )

    def build(self, runtime: Runtime) -> AppriseNotify:
        return AppriseNotify.from_settings(
            settings(f"json://canary-user:canary-pw@127.0.0.1:{self.port}/?:to={{to}}"), runtime
        )


def settings(url: str) -> NotifySettings:
    return NotifySettings.model_validate({"email_url_secret": url, "sms_url_secret": url, "texts": TEXTS})


DESK = Desk()
WHO = {"personalisation": {"name": "Canary Nightingale"}, "reference": "RENEW-7"}


class TestAppriseNotify(NotifySuite):
    subject = NotifySubject(
        build=DESK.build,
        connect=DESK.connect,
        email={"to": "canary@example.com", "template": "renewed", **WHO},
        sms={"to": "07700900123", "template": "paid", **WHO},
        bad_input=[{"extra": {"colour": "red"}}],
        canaries=("canary@example.com", "canary%40example.com", "07700900123", "Nightingale", "canary-pw"),
        faults=dict.fromkeys((Fault.SERVER_ERROR, Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER), OutcomeUnknown),
        repeats=False,
    )


def test_the_text_arrives_for_whom_it_is() -> None:
    double = DESK.connect()
    url = f"json://127.0.0.1:{DESK.port}/?:to={{to}}"
    with GovComponents.from_settings(
        Settings(notify={"adapter": "apprise", "email_url_secret": url, "texts": TEXTS}), require=("notify",)
    ) as gov:
        gov.notify.send_email("sam@example.com", "renewed", {"name": "Sam"})
        assert DESK.hook.kept[0] | {"version": "", "attachments": [], "type": ""} == {
            "version": "", "title": "Renewed", "message": "Dear Sam, it is renewed.", "attachments": [], "type": "",
            "to": "sam@example.com",
        }  # fmt: skip
    double.close()


@pytest.mark.parametrize("url", ["json://127.0.0.1/", "nonsense://{to}"])
def test_a_url_that_reaches_nobody_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="EMAIL_URL_SECRET"):
        AppriseNotify.from_settings(settings(url), Runtime(ScriptedTransport()))
