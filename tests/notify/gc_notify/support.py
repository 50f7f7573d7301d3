"""What the tests of GC Notify share: its published answers, its description, and the adapter on a script."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import pytest
from tenacity import stop_after_attempt

from govcomponents.contracts.notify.suite import Arrived
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.observe import as_observer
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.gc_notify.adapter import GcNotify
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings
from shared_folder import SHARED

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"gcntfy-a test key-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
MESSAGE = "740e5834-3a29-46b4-9a6f-16142fde533a"
NOW = 1_772_463_600.0  # 2026-03-02T15:00:00Z

_ANSWERS = SHARED / "golden" / "gc-notify" / "answers.json"
_DESCRIPTION = SHARED / "specs" / "gc-notify-openapi.yaml"

needs_golden = pytest.mark.skipif(not _ANSWERS.exists(), reason="the published answers are not on this machine")
needs_description = pytest.mark.skipif(not _DESCRIPTION.exists(), reason="the description is not on this machine")


def as_arrived(fields: dict[str, Any]) -> Arrived:
    """What reached the service of a message, from the fields of its request."""
    files = [value["file"] for value in fields.get("personalisation", {}).values() if isinstance(value, dict)]
    values = [value for value in fields.get("personalisation", {}).values() if isinstance(value, str)]
    return Arrived(
        text="\n".join(values),
        to=fields.get("email_address") or fields.get("phone_number"),
        files=tuple(base64.b64decode(file) for file in files),
        reply_to=fields.get("email_reply_to_id"),
        sender=fields.get("sms_sender_id"),
    )


@cache
def golden() -> dict[str, Any]:
    """The published answers and callbacks; empty where they are not on this machine."""
    if not _ANSWERS.exists():
        return {"answers": [], "callbacks": []}
    return json.loads(_ANSWERS.read_text(encoding="utf-8"))


def golden_answers(*operations: str) -> list[Any]:
    """The published answers of the operations, or of all, as parameters."""
    return [
        pytest.param(answer, id=f"{number}-{answer['name']}")
        for number, answer in enumerate(golden()["answers"])
        if not operations or answer["operation"] in operations
    ]


def response_of(answer: dict[str, Any]) -> Response:
    """A published answer as a transport would bring it."""
    body = json.dumps(answer["body"]) if "body" in answer else answer["text"]
    headers = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
    return Response(answer["status"], headers, body.encode())


@cache
def description() -> dict[str, Any]:
    """The OpenAPI description of the service."""
    import yaml

    return yaml.safe_load(_DESCRIPTION.read_text(encoding="utf-8"))


def schema(name: str) -> dict[str, Any]:
    """One schema of the description, as JSON Schema: `nullable` becomes a type, references stay inside it."""
    return {**_as_json_schema({"$ref": f"#/components/schemas/{name}"}), "components": _components()}


@cache
def _components() -> dict[str, Any]:
    return {"schemas": {name: _as_json_schema(part) for name, part in description()["components"]["schemas"].items()}}


def _as_json_schema(part: Any) -> Any:
    if isinstance(part, list):
        return [_as_json_schema(item) for item in part]
    if not isinstance(part, dict):
        return part
    converted = {key: _as_json_schema(value) for key, value in part.items() if key not in ("nullable", "example")}
    return {"anyOf": [converted, {"type": "null"}]} if part.get("nullable") is True else converted


def validate(body: bytes, name: str) -> None:
    """Raise unless a request's body agrees with the description, and holds nothing that it does not name."""
    import jsonschema

    content = json.loads(body)
    jsonschema.validate(content, schema(name), format_checker=jsonschema.FormatChecker())
    known = description()["components"]["schemas"][name]["properties"]
    assert set(content) <= set(known)


def port_on(*steps: Any, attempts: int = 1, observers: tuple[Any, ...] = ()) -> tuple[GcNotify, ScriptedTransport]:
    """The adapter on a script, with its clock stopped at NOW."""
    transport = ScriptedTransport(steps)
    policy = RetryPolicy(stop=stop_after_attempt(attempts))
    runtime = Runtime(
        transport, clock=lambda: NOW, retry=policy, observers=tuple(as_observer(observer) for observer in observers)
    )
    return GcNotify.from_settings(NotifySettings(adapter="gc_notify", api_key=KEY), runtime), transport


def notify_on(*steps: Any, attempts: int = 1) -> tuple[NotifyService, ScriptedTransport]:
    """The blocking service object on a script."""
    port, transport = port_on(*steps, attempts=attempts)
    return NotifyService(port, Runtime(transport, clock=lambda: NOW)), transport


def errors(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal in the form that most operations use."""
    body = {"errors": [{"error": kind, "message": message}], "status_code": status}
    return Response(status, {"content-type": "application/json", **(headers or {})}, json.dumps(body).encode())
