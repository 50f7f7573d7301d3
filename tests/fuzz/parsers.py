"""What is fuzzed of pay, notify, the sandbox and what all share: any bytes where strangers and people could put them.

As in `identity.py`, each target raises if anything but the typed error that it expects comes out, or if what was read
is not what was written.
"""

import contextlib
import email
import email.policy
import json
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.core.validation import checked_base_url
from govcomponents.errors import CallbackRefused, ConfigurationError, InvalidInput
from govcomponents.notify import Channel, Template
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.adapters.smtp.message import Headers, compose
from govcomponents.notify.bulk.spreadsheets import read_rows
from govcomponents.notify.recipients.emails import email_address
from govcomponents.notify.recipients.phones import phone_number
from govcomponents.notify.recipients.postal import postal_address
from govcomponents.notify.service import NotifyService
from govcomponents.notify.templates.files import EmailContent
from govcomponents.notify.templates.sanitising import sanitise
from govcomponents.pay.adapters.govuk_pay import callbacks as govuk_pay
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.adapters.stripe import callbacks as stripe
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.sandbox.world import default_world, load_world, read_world
from govcomponents.settings import NotifySettings, PaySettings

NOW = 1_790_000_000
PAY_SECRET, STRIPE_SECRET = "webhook_test_fuzzed0by0strangers0k", "whsec_fuzzed0by0strangers0k"
TOKEN = "fuzzed-callback-token"
_ID = "4a4b5c6d-1111-4222-8333-444455556666"


@cache
def _service(kind):
    runtime = Runtime(ScriptedTransport(), clock=lambda: NOW)
    if kind is GovUkPay:
        pay = PaySettings(api_key="api_test_" + "a" * 40, webhook_secrets=[PAY_SECRET])
        return PayService(kind.from_settings(pay, runtime), runtime)
    if kind is Stripe:
        pay = PaySettings(adapter="stripe", api_key="sk_test_" + "a" * 30, webhook_secrets=[STRIPE_SECRET])
        return PayService(kind.from_settings(pay, runtime), runtime)
    adapter = "govuk_notify" if kind is GovUkNotify else "gc_notify"
    name = "team" if kind is GovUkNotify else "gcntfy-team"
    settings = NotifySettings(adapter=adapter, api_key=f"{name}-{_ID}-{_ID}", callback_tokens=[TOKEN])
    return NotifyService(kind.from_settings(settings, runtime), runtime)


def _read(service, body, proof, forged):
    try:
        event = service.parse_callback(body, proof)
        _ = (repr(event), event.key, event.kind, event.occurred_at, event.to_dict())
    except CallbackRefused:
        pass
    for headers in ({}, forged, dict.fromkeys(forged, body.decode("latin-1"))):
        try:
            service.parse_callback(body, headers)
        except CallbackRefused:
            continue
        raise AssertionError("a forged callback was believed")


def govuk_pay_callback(data):
    _read(_service(GovUkPay), data, {"Pay-Signature": govuk_pay.sign(data, PAY_SECRET)}, {"Pay-Signature": "0" * 64})


def stripe_callback(data):
    signed = f"t={NOW},v1={stripe.sign(data, STRIPE_SECRET, NOW)}"
    _read(_service(Stripe), data, {"Stripe-Signature": signed}, {"Stripe-Signature": f"t={NOW},v1={'0' * 64}"})


def govuk_notify_callback(data):
    _read(_service(GovUkNotify), data, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer "})


def gc_notify_callback(data):
    _read(_service(GcNotify), data, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer "})


def _texts(data, count):
    """Split bytes into texts; what is no UTF-8 becomes half of a surrogate pair, as JSON may bring it."""
    parts = data.decode("utf-8", "surrogateescape").split("\x1e")
    return [*parts, *[""] * count][:count]


def email_composing(data):
    reference, name, subject, text, html = _texts(data, 5)
    headers = Headers(
        sender="permits@example.gov.uk", sender_name=name, recipient="a@b.example", message_id="<1@x>", sent_at=0.0,
        reference=reference,
    )  # fmt: skip
    try:
        whole = compose(headers, EmailContent(subject, text, html, ()), "notify.send_email")
    except InvalidInput:
        return
    read = email.message_from_bytes(whole, policy=email.policy.default)
    expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Reference",
        "MIME-Version",
        "Content-Type",
    ]
    if sorted(read.keys()) != sorted(expected) or read.defects:
        raise AssertionError(f"the email has other headers: {read.keys()}")


def rendering(data):
    body, value = _texts(data, 2)
    for channel in (Channel.EMAIL, Channel.SMS, Channel.LETTER):
        subject = None if channel is Channel.SMS else "To ((x))"
        template = Template(
            id="1", name="t", channel=channel, version=1, subject=subject, body=f"{body} ((x))", placeholders=("x",)
        )
        for typed in (value, sanitise(value)):
            try:
                rendered = template.render({"x": typed})
                _ = (rendered.body, rendered.text, rendered.html)
            except InvalidInput:
                continue


def spreadsheets(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(data)
        for channel in (Channel.EMAIL, Channel.SMS):
            try:
                for row in read_rows(path, channel):
                    _ = (row.check, row.fingerprint)
            except InvalidInput:
                continue


def recipients(data):
    text = _texts(data, 1)[0]
    for read in (email_address, phone_number, postal_address, lambda one: phone_number(one, international=True)):
        try:
            repr(read(text))
        except InvalidInput:
            continue


def worlds(data):
    """A world file of the fuzzer's bytes, and the default world with the fuzzer's JSON in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.json"
        path.write_bytes(data)
        _world(path)
    try:
        changes = json.loads(data)
    except (ValueError, RecursionError):
        return
    world = default_world("stripe")
    _world(changes)
    for section, content in world.items():
        _world({section: changes})
        if isinstance(changes, dict):
            _world({section: {**content, **changes}})


def _world(world):
    with contextlib.suppress(ConfigurationError):
        read_world(load_world(world), "http://127.0.0.1:1")


def base_urls(data):
    url = data.decode("latin-1")
    try:
        read = checked_base_url(url, setting="X")
    except ConfigurationError:
        return
    parts = urlsplit(f"{read}/v1/x?y=1")
    if parts.hostname is None or parts.username or parts.fragment or parts.query != "y=1":
        raise AssertionError("a base URL leads elsewhere")


_ALL = (
    govuk_pay_callback,
    stripe_callback,
    govuk_notify_callback,
    gc_notify_callback,
    email_composing,
    rendering,
    spreadsheets,
    recipients,
    worlds,
    base_urls,
)
TARGETS = {target.__name__: target for target in _ALL}
_MESSAGE = b'{"id": "1", "reference": null, "to": "07700900123", "status": "delivered", "notification_type": "sms"}'
SEEDS = {
    "govuk_pay_callback": [
        b'{"webhook_message_id":"m1","event_type":"card_payment_captured","resource_id":"p1"}',
        b'{"webhook_message_id":"m1","event_type":"x","resource_id":"p1","resource":{"amount":1e999,"state":[]}}',
        b'{"webhook_message_id":"m1","created_date":"9999-99-99","event_type":7}',
    ],
    "stripe_callback": [
        b'{"id":"evt_1","object":"event","type":"checkout.session.completed","created":1,"data":{"object":{}}}',
        b'{"id":"evt_1","object":"event","type":"refund.updated","created":1e30,"data":{"object":{"amount":-1}}}',
    ],
    "govuk_notify_callback": [
        _MESSAGE,
        b'{"id":"1","source_number":"1","destination_number":"2","message":"m"}',
        b"[]",
    ],
    "gc_notify_callback": [_MESSAGE, b'{"id":"1","status":7,"completed_at":"x"}'],
    "email_composing": [
        b"=?utf-8?q?=0D=0ABcc:_e@e.example?=\x1eP\x1eHello\x1et\x1eh",
        b"R\x1e=?utf-8?b?DQpCY2M6?=\x1e=?utf-8?q?x=0D=0A=0D=0Abody?=\x1e\r.\r\n.\x1e<p>",
        b"R\x1e\xff\x1et\x1et\x1eh",
        b'R\x1e"quoted\\" <a@b.example>\x1e\xff\x1et\x1eh',
    ],
    "rendering": [
        b"[a](((x)))\x1ejavascript:x",
        b"((x??y))\x1e[a](" + b" " * 50,
        b"* ((x))\x1e* a\n* b",
        b"&#x\x1e&#1",
    ],
    "spreadsheets": [
        b"email address,name\na@b.example,Sam\n",
        b'phone number\n"',
        b"\xef\xbb\xbfemail address\n=1+1\n",
    ],
    "recipients": [b"a@b.example", b"+44 7700 900 123", b"1 Road\nTown\nEX1 1AA", b"a@" + b"b." * 40, b"00000000000"],
    "worlds": [b'{"pay": {"services": []}}', b'{"clients": [{}]}', b'{"notify": 7}', b'{"$comment": []}', b"[" * 2000],
    "base_urls": [
        b"https://a.example",
        b"https://a?",
        b"https://@a",
        b"https://a\\b",
        b"http://[::1]:1/x",
        b"https://a/..",
    ],
}
