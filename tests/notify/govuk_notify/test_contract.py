"""The GOV.UK Notify adapter fulfils the contract, over the sandbox and over answers by script."""

import base64
import json
from collections import deque

from govcomponents.contracts.notify.suite import Arrived, NotifyDouble, NotifySubject, NotifySuite
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify import attach
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.port import NotifyPort
from govcomponents.sandbox.app import Sandbox
from govcomponents.settings import NotifySettings

EMAIL_TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000101"
LETTER_TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000103"
SMS_TEMPLATE = "5ab1ec0d-0000-4000-8000-000000000102"
KEY = "demo-test-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000001"
TOKEN = "canary-callback-token"
VALUES = {"name": "Canary Nightingale", "reference": "RENEW-7", "amount": "£145.00", "refund": False}
CANARIES = ("canary@example.com", "07700900123", "7700900123", "Nightingale", KEY[-36:], "Bearer", TOKEN)
ARGUMENTS = {
    "canaries": CANARIES,
    "email": {
        "to": "canary@example.com",
        "template": EMAIL_TEMPLATE,
        "personalisation": VALUES,
        "reference": "RENEW-7-receipt",
    },
    "sms": {"to": "07700900123", "template": SMS_TEMPLATE, "personalisation": VALUES, "reference": "RENEW-7-text"},
    "bad_input": [{"extra": {"field": ...}}],
}


SMALL_PAGES = Sandbox().notify.world.model_dump(mode="json")
SMALL_PAGES["platform"]["list_page_size"] = 2


def build(runtime):
    return GovUkNotify.from_settings(NotifySettings(api_key=KEY, callback_tokens=(TOKEN,)), runtime)


def connect():
    sandbox = Sandbox({"notify": SMALL_PAGES})
    sent, calls = [], []
    sandbox.notify.call_back("delivery_status", "https://service.example.gov.uk/receipts", TOKEN)
    sandbox.callbacks.receive(lambda call: calls.append((call.body, call.headers)) or 200)

    def answer(request):
        reply = sandbox.handle(request)
        if request.method == "POST" and reply.status == 201:
            sent.append(json.loads(request.body))
        return reply

    def arrived():
        messages = sandbox.notify.messages.all()
        return [
            Arrived(
                to=fields.get("email_address") or fields.get("phone_number"),
                text=message.body,
                files=tuple(base64.b64decode(file) for _, file in message.files),
                reply_to=fields.get("email_reply_to_id"),
                sender=fields.get("sms_sender_id"),
                unsubscribe_url=message.unsubscribe_url,
            )
            for message, fields in zip(messages, sent, strict=True)
        ]

    def callbacks():
        sandbox.clock.advance(3600)
        return calls

    return NotifyDouble(
        transport=InProcessTransport(answer, sandbox.clock.advance),
        clock=sandbox.clock.time,
        count=lambda: len(sandbox.notify.messages.all()),
        arrived=arrived,
        text_in=sandbox.notify.receive_text,
        callbacks=callbacks,
    )


class TestOverTheSandbox(NotifySuite):
    subject = NotifySubject(
        build=build,
        connect=connect,
        letter={
            "address": ["Canary Nightingale", "1 Example Street", "SW1A 1AA"],
            "template": LETTER_TEMPLATE,
            "personalisation": VALUES,
        },
        precompiled={"pdf": b"%PDF-1.4", "reference": "RENEW-7-letter"},
        file={
            "to": "canary@example.com",
            "template": "5ab1ec0d-0000-4000-8000-000000000104",
            "personalisation": {"name": "Canary Nightingale", "link_to_file": attach(b"%PDF-1.4 licence", "a.pdf")},
        },
        reply_to="5ab1ec0d-0000-4000-8000-0000000000a1",
        sender="5ab1ec0d-0000-4000-8000-0000000000b2",
        page=2,
        **ARGUMENTS,
    )


class Answers:
    """Answers by script: as the docs say, for one message that was sent."""

    def __init__(self):
        self.sent = []

    def __call__(self, request):
        if request.method == "POST":
            self.sent.append(json.loads(request.body))
            channel = request.url.rpartition("/")[2]
            return Response(201, {}, json.dumps(self.accepted(self.sent[-1], channel)).encode())
        if not self.sent or not request.url.endswith(f"/{self.last_id}"):
            body = {"status_code": 404, "errors": [{"error": "NoResultFound", "message": "No result found"}]}
            return Response(404, {}, json.dumps(body).encode())
        return Response(200, {}, json.dumps(self.found(self.sent[-1])).encode())

    @property
    def last_id(self):
        return f"740e5834-3a29-46b4-9a6f-16142fde{len(self.sent):04}"

    def accepted(self, fields, channel):
        content = {"body": "Dear Canary Nightingale"}
        content |= (
            {"subject": "Hello", "from_email": "a@example.gov.uk"} if channel == "email" else {"from_number": "GOVUK"}
        )
        return {
            "id": self.last_id,
            "reference": fields.get("reference"),
            "content": content,
            "uri": f"https://api.notifications.service.gov.uk/v2/notifications/{self.last_id}",
            "template": {"id": fields["template_id"], "version": 1, "uri": "https://example.gov.uk/"},
        }

    def found(self, fields):
        return {
            "id": self.last_id,
            "reference": fields.get("reference"),
            "email_address": fields.get("email_address"),
            "phone_number": fields.get("phone_number"),
            "type": "email" if "email_address" in fields else "sms",
            "status": "sending",
            "template": {"id": fields["template_id"], "version": 1, "uri": "https://example.gov.uk/"},
            "body": "Dear Canary Nightingale",
            "created_at": "2024-05-17 15:58:38.342838",
            "sent_at": "2024-05-17 15:58:30.143000",
        }


class SendsAndGets(NotifyPort):
    """The adapter with less declared, and so with the rest refused."""

    provider = GovUkNotify.provider
    capabilities = frozenset({Can.EMAIL, Can.SMS, Can.GET})

    def __init__(self, whole):
        self.send_email, self.send_sms, self.get = whole.send_email, whole.send_sms, whole.get


def connect_to_answers():
    answers = Answers()
    transport = ScriptedTransport()
    transport.steps = deque([answers] * 20)
    return NotifyDouble(transport=transport, count=lambda: len(answers.sent))


class TestOverAScript(NotifySuite):
    subject = NotifySubject(
        build=lambda runtime: SendsAndGets(build(runtime)),
        connect=connect_to_answers,
        **ARGUMENTS,
    )
