"""The GC Notify adapter fulfils the contract by script, and both callers speak to it over a socket."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.contracts.modes import Mode
from govcomponents.contracts.notify.suite import NotifyDouble, NotifySubject, NotifySuite
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify import attach
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.settings import NotifySettings, Settings

from .support import KEY, SECRET, TEMPLATE, as_arrived

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "canary-callback-token"
VALUES = {"name": "Canary Nightingale", "reference": "RENEW-7", "refund": False}
ARGUMENTS = {
    "canaries": ("canary@example.com", "+16135550123", "6135550123", "Nightingale", SECRET, "ApiKey-v1"),
    "email": {
        "to": "canary@example.com",
        "template": TEMPLATE,
        "personalisation": VALUES,
        "reference": "RENEW-7-receipt",
    },
    "sms": {"to": "+16135550123", "template": TEMPLATE, "personalisation": VALUES, "reference": "RENEW-7-text"},
    "bad_input": [{"extra": {"field": ...}}],
    "job": {
        "rows": [{"to": "canary@example.com", "name": "Nightingale"}, {"to": "ben@example.com", "name": "Ben"}],
        "template": TEMPLATE,
        "channel": "email",
        "name": "Renewals, March",
    },
}


EMAIL_TEMPLATE = {
    "id": TEMPLATE,
    "type": "email",
    "name": "Permit ready",
    "created_at": "2026-01-10T15:00:00.000000Z",
    "updated_at": None,
    "created_by": "template.author@example.com",
    "version": 1,
    "body": "Dear ((name))",
    "subject": "Hello",
    "postage": None,
}


class Service:
    """A service that answers as GC Notify does, and holds what it accepted."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, object]] = {}
        self.sent: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"ApiKey-v1 {KEY}":
            return self._refusal(403, "AuthError", "Invalid token: Enter your full API key")
        path, _, query = request.url.removeprefix("https://api.notification.canada.ca").partition("?")
        if path.endswith("/preview"):
            values = json.loads(request.body or b"")["personalisation"]
            filled = EMAIL_TEMPLATE["body"].replace("((name))", values["name"])
            return self._answer(200, {**EMAIL_TEMPLATE, "body": filled})
        if request.method == "POST":
            if request.headers.get("Content-Type") != "application/json":
                return self._refusal(415, "BadRequestError", "UnsupportedMediaType error: …")
            return self._accept(json.loads(request.body or b""), request.url.rpartition("/")[2])
        if path == "/v2/notifications":
            return self._answer(200, {"notifications": self._search(parse_qs(query)), "links": {"current": path}})
        if path == "/v2/templates":
            return self._answer(200, {"templates": [EMAIL_TEMPLATE]})
        if path == f"/v2/template/{TEMPLATE}":
            return self._answer(200, EMAIL_TEMPLATE)
        found = self.held.get(path.rpartition("/")[2])
        if found is None:
            return self._answer(404, {"result": "error", "message": "Notification not found in database"})
        return self._answer(200, found)

    def _search(self, query: dict[str, list[str]]) -> list[dict[str, object]]:
        newest_first = list(reversed(self.held.values()))
        for last in query.get("older_than", []):
            newest_first = newest_first[[one["id"] for one in newest_first].index(last) + 1 :]
        asked = {"reference": "reference", "status": "status", "template_type": "type"}
        return [
            one
            for one in newest_first
            if all(one[held] in query.get(name, [one[held]]) for name, held in asked.items())
        ][:2]

    def _accept(self, fields: dict[str, Any], channel: str) -> Response:
        if channel == "bulk":
            return self._accept_job(fields)
        self.sent.append(fields)
        with self._lock:
            number = f"00000000-0000-4000-8000-{len(self.held):012}"
            self.held[number] = {
                "id": number,
                "reference": fields.get("reference"),
                "email_address": fields.get("email_address"),
                "phone_number": fields.get("phone_number"),
                "type": channel,
                "status": "created",
                "status_description": "In transit",
                "provider_response": None,
                "template": {"id": fields["template_id"], "version": 1, "uri": "https://api.example.com/"},
                "body": "Dear Canary Nightingale",
                "subject": None,
                "created_at": "2026-09-14T12:15:30.000000Z",
                "sent_at": None,
                "completed_at": None,
            }
        content = {"body": "Dear Canary Nightingale"}
        content |= {"subject": "Hello", "from_email": "a@example.com"} if channel == "email" else {"from_number": "GC"}
        body = {**self.held[number], "uri": "https://api.example.com/", "content": content}
        return self._answer(201, {name: body[name] for name in ("id", "reference", "uri", "template", "content")})

    def _accept_job(self, fields: dict[str, Any]) -> Response:
        (column, *_), *rows = fields["rows"]
        assert column == "email address"
        for to, *_ in rows:
            self._accept({"template_id": fields["template_id"], "email_address": to}, "email")
        job = {
            "id": "0ea216ae-4b03-46b7-ab44-893ae85104f5",
            "job_status": "pending",
            "notification_count": len(rows),
            "template": fields["template_id"],
        }
        return self._answer(201, {"data": job})

    def receipts(self) -> list[tuple[bytes, dict[str, str]]]:
        """The receipts of what was delivered: its docs, "Delivery receipts"."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        return [(json.dumps(self._receipt(one)).encode(), headers) for one in self.held.values()]

    def _receipt(self, message: dict[str, object]) -> dict[str, object]:
        return {
            "id": message["id"],
            "reference": message["reference"],
            "to": message["email_address"] or message["phone_number"],
            "status": "delivered",
            "status_description": "Delivered",
            "provider_response": None,
            "created_at": message["created_at"],
            "completed_at": "2026-09-14T12:16:30.000000Z",
            "sent_at": "2026-09-14T12:16:00.000000Z",
            "notification_type": message["type"],
        }

    def _refusal(self, status: int, kind: str, message: str) -> Response:
        return self._answer(status, {"errors": [{"error": kind, "message": message}], "status_code": status})

    def _answer(self, status: int, body: object) -> Response:
        return Response(status, {"content-type": "application/json"}, json.dumps(body).encode())


def connect():
    service = Service()
    transport = ScriptedTransport()
    transport.steps = deque([service] * 20)
    return NotifyDouble(
        transport=transport,
        count=lambda: len(service.held),
        arrived=lambda: [as_arrived(fields) for fields in service.sent],
        callbacks=service.receipts,
    )


class TestByScript(NotifySuite):
    subject = NotifySubject(
        build=lambda runtime: GcNotify.from_settings(NotifySettings(api_key=KEY, callback_tokens=(TOKEN,)), runtime),
        connect=connect,
        file={
            "to": "canary@example.com",
            "template": TEMPLATE,
            "personalisation": {**VALUES, "document": attach(b"%PDF-1.4 permit", "permit.pdf", as_link=False)},
        },
        reply_to="8e222534-7f05-4972-86e3-17c5d9f894e2",
        sender="8e222534-7f05-4972-86e3-17c5d9f894e3",
        page=2,
        **ARGUMENTS,
    )


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Put a service on a socket of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = service(Request("served", self.command, self.path, Replay.ALWAYS, dict(self.headers), body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _handle  # noqa: N815  # http.server's names

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_both_callers_send_and_look_up_over_a_socket(gov_mode: Mode) -> None:
    service = Service()
    with serving(service) as base_url:
        settings = Settings(notify=NotifySettings(adapter="gc_notify", api_key=KEY, base_url=base_url))
        if gov_mode is Mode.BLOCKING:
            with GovComponents.from_settings(settings) as gov:
                found = gov.notify.get(gov.notify.send_email(**ARGUMENTS["email"]).id)
        else:

            async def send_and_look_up():
                async with AsyncGovComponents.from_settings(settings) as gov:
                    sent = await gov.notify.send_email(**ARGUMENTS["email"])
                    return await gov.notify.get(sent.id)

            found = asyncio.run(send_and_look_up())

    assert found.reference == "RENEW-7-receipt"
    assert found.recipient.reveal() == "canary@example.com"
    assert len(service.held) == 1
