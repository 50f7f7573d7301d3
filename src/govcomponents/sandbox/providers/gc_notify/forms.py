"""Forms of GC Notify's requests: which fields there are, of which kind, and the service's words for what is wrong.

Sources: cds-snc/notification-api, `app/schema_validation/` and `app/v2/notifications/notification_schemas.py`.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_core import from_json

from govcomponents.sandbox.providers.gc_notify.refusals import bad_request, invalid

_MAX_VALUES: Final = 51_200
_MAX_FILES: Final = 10
_MAX_FILE: Final = 10 * 1024 * 1024
_HOURS_AHEAD: Final = 96
_COMMON: Final = {"template_id": "uuid", "personalisation": "object", "reference": "text", "scheduled_for": "time"}
_FORMS: Final = {
    "email": ({"email_address": "text", **_COMMON, "email_reply_to_id": "uuid"}, ("email_address", "template_id")),
    "sms": ({"phone_number": "text", **_COMMON, "sms_sender_id": "uuid"}, ("phone_number", "template_id")),
    "bulk": (
        {
            "template_id": "uuid",
            "name": "text",
            "rows": "rows",
            "csv": "text",
            "reference": "text",
            "reply_to_id": "uuid or null",
            "scheduled_for": "time",
        },
        ("template_id", "name"),
    ),
}


def checked(form: str, body: bytes, now: float) -> dict[str, Any]:
    """Return the fields of a request that is as its form says. Raises Refusal."""
    try:
        fields = from_json(body)
    except ValueError as error:
        raise bad_request(f"Error decoding arguments: {error}") from None
    if not isinstance(fields, dict):
        raise invalid("The request is not of type object")
    known, required = _FORMS[form]
    told = [f"{name} is a required property" for name in required if name not in fields]
    unexpected = sorted(fields.keys() - known.keys())
    told += [f"Additional properties are not allowed ({name} was unexpected)" for name in unexpected]
    told += [wrong for name, value in fields.items() if name in known and (wrong := _wrong(known[name], name, value))]
    if told:
        raise invalid(*told)
    _check_values(fields.get("personalisation") or {})
    if fields.get("scheduled_for") is not None:
        _check_time(fields["scheduled_for"], now)
    return fields


def _wrong(kind: str, name: str, value: object) -> str | None:
    if kind.endswith("or null") and value is None:
        return None
    if kind.startswith("uuid"):
        try:
            uuid.UUID(value if isinstance(value, str) else "")
        except ValueError:
            return f"{name} is not a valid UUID"
        return None
    if kind == "text":
        return None if isinstance(value, str) else f"{name} {value} is not of type string"
    if kind == "object":
        return None if isinstance(value, dict) else f"{name} {value} is not of type object"
    if kind == "rows":
        is_table = isinstance(value, list) and all(isinstance(row, list) for row in value)
        return None if is_table else f"{name} is not of type array"
    return None if value is None or isinstance(value, str) else f"{name} {value} is not of type string, null"


def _check_values(values: Mapping[str, object]) -> None:
    files = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    size = sum(len(str(value)) for name, value in values.items() if name not in files)
    if size > _MAX_VALUES:
        told = f"Personalisation variables size of {size} bytes is greater than allowed limit of {_MAX_VALUES} bytes."
        raise invalid(told)
    if len(files) > _MAX_FILES:
        raise invalid(f"File number exceed allowed limits of {_MAX_FILES} with number of {len(files)}.")
    for name, file in files.items():
        if "file" not in file or "sending_method" not in file:
            raise invalid(f"{'file' if 'file' not in file else 'sending_method'} is a required property")
        if file["sending_method"] not in ("attach", "link"):
            raise invalid(f"personalisation {file['sending_method']} is not one of [attach, link]")
        filename = file.get("filename")
        if filename is None and file["sending_method"] == "attach":
            raise invalid("filename is a required property")
        if filename is not None and not 3 <= len(str(filename)) <= 255:
            raise invalid(f"filename is too {'short' if len(str(filename)) < 3 else 'long'}")
        try:
            data = base64.b64decode(str(file["file"]), validate=True)
        except (binascii.Error, ValueError):
            raise invalid(f"{name} : Incorrect padding : Error decoding base64 field") from None
        if len(data) > _MAX_FILE:
            told = f"{name} : File size for {filename} is {len(data)} and greater than allowed limit of {_MAX_FILE}."
            raise invalid(told)


def _check_time(text: str, now: float) -> None:
    try:
        at = moment_of(text)
    except ValueError:
        raise invalid(
            "scheduled_for datetime format is invalid. It must be a valid ISO8601 date time format, "
            "https://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    if at < now:
        raise invalid("scheduled_for datetime cannot be in the past")
    if at > now + _HOURS_AHEAD * 3600:
        raise invalid(f"scheduled_for datetime can only be up to {_HOURS_AHEAD} hours in the future")


def moment_of(text: str) -> float:
    """Read a time as the service does: an offset is thrown away, not converted."""
    return datetime.fromisoformat(re.sub(r"Z$", "", text)).replace(tzinfo=UTC).timestamp()
