"""Stripe's published answers and signed events, where they are on this machine."""

import json

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.service import PayService
from govcomponents.privacy import Secret
from shared_folder import SHARED

FOLDER = SHARED / "golden" / "stripe"
needs_golden = pytest.mark.skipif(not FOLDER.is_dir(), reason="Stripe's published answers are not on this machine")


def _read(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


ANSWERS = {answer["name"]: answer for answer in _read("answers.json")["answers"]} if FOLDER.is_dir() else {}
EVENTS = _read("events.json") if FOLDER.is_dir() else {"secret": "", "events": []}


def response(name):
    answer = ANSWERS[name]
    body = json.dumps(answer["body"]) if "body" in answer else answer["text"]
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return Response(answer["status"], headers, body.encode())


def script(*names):
    return ScriptedTransport([response(name) for name in names])


def pay_on(transport, now=1_789_375_000.0, key="sk_test_golden"):
    runtime = Runtime(transport, clock=lambda: now, retry=RetryPolicy.none())
    return PayService(Stripe(Secret(key), runtime), runtime)


def names(operation, *, good=None):
    return [
        name
        for name, answer in ANSWERS.items()
        if answer["operation"] == operation and good in (None, answer["status"] == 200)
    ]
