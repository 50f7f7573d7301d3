"""Stripe's published answers and signed events, where they are on this machine."""

import json
import os
from pathlib import Path

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport

SHARED = Path(os.environ.get("GOVCOMPONENTS_SHARED", Path(__file__).parents[3].parent / "shared"))
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
