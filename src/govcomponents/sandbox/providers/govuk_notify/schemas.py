"""Forms of requests as JSON Schemas, checked with the library that GOV.UK Notify itself uses, so in its own words.

Source: alphagov/notifications-api, `app/schema_validation/` and `app/v2/*/*_schemas.py`. `says` is the server's own
message for a part, instead of the library's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.times import utc_time
from govcomponents.notify.recipients import BadRecipient, RecipientFault, email_address
from govcomponents.notify.recipients.phones import parse
from govcomponents.sandbox.providers.govuk_notify.responses import invalid

if TYPE_CHECKING:
    from jsonschema import Draft7Validator, FormatChecker, ValidationError

Schema = Mapping[str, Any]

PHONE_MESSAGES: Final[Mapping[RecipientFault, str]] = {
    RecipientFault.PHONE_TOO_LONG: "Too many digits",
    RecipientFault.PHONE_TOO_SHORT: "Not enough digits",
    RecipientFault.PHONE_CHARACTERS: "Must not contain letters or symbols",
    RecipientFault.PHONE_COUNTRY: "Not a valid country prefix",
    RecipientFault.PHONE_INVALID: "Number is not valid – double check the phone number you entered",  # noqa: RUF001  # as is
}
CHANNELS: Final = ("sms", "email", "letter")
_STATUSES: Final = (
    *("cancelled", "created", "sending", "sent", "delivered", "pending", "failed", "technical-failure"),
    *("temporary-failure", "permanent-failure", "pending-virus-check", "validation-failed", "virus-scan-failed"),
    *("returned-letter", "accepted", "received"),
)


def _form(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _flag(name: str) -> Schema:
    told = f"Unsupported value for {name}: {{}}. Use a boolean true or false value."
    return {"type": ["boolean", "null"], "says": told}


_TEXT: Final = {"type": "string"}
_OBJECT: Final = {"type": "object"}
_REFERENCE: Final = {"type": "string", "maxLength": 1000}
_UUID: Final = {"type": "string", "format": "uuid", "says": "is not a valid UUID"}
_LATER: Final = {"type": ["string", "null"], "format": "datetime_within_next_day"}
_WEEKS: Final = r"(?i)^\s*0*([1-9]|[1-6][0-9]|7[0-8]) weeks?\s*$"

SMS: Final = _form(
    {
        "reference": _REFERENCE,
        "phone_number": {"type": "string", "format": "phone_number"},
        "template_id": _UUID,
        "personalisation": _OBJECT,
        "scheduled_for": _LATER,
        "sms_sender_id": _UUID,
    },
    *("phone_number", "template_id"),
)
EMAIL: Final = _form(
    {
        "reference": _REFERENCE,
        "email_address": {"type": "string", "format": "email_address"},
        "template_id": _UUID,
        "personalisation": _OBJECT,
        "scheduled_for": _LATER,
        "email_reply_to_id": _UUID,
        "one_click_unsubscribe_url": {
            "type": "string",
            "pattern": r"^https://[!-.0-~][!-~]*\Z",
            "says": "is not a valid https url",
        },
        "sanitise_content_for": {"type": ["array", "null"], "items": _TEXT},
    },
    *("email_address", "template_id"),
)
LETTER: Final = _form(
    {"reference": _REFERENCE, "template_id": _UUID, "personalisation": _OBJECT}, "template_id", "personalisation"
)
_POSTAGE: Final = {
    "allOf": [
        _TEXT,  # on its own, because the message of the rule is only for texts
        {"pattern": "^(first|second|economy)$", "says": "invalid. It must be either first, second or economy."},
    ]
}
PRECOMPILED: Final = _form({"reference": _TEXT, "content": _TEXT, "postage": _POSTAGE}, "reference", "content")
FILE: Final = _form(
    {
        "file": _TEXT,
        "is_csv": _flag("is_csv"),
        "confirm_email_before_download": _flag("confirm_email_before_download"),
        "retention_period": {
            "type": ["string", "null"],
            "pattern": _WEEKS,
            "says": "Unsupported value for retention_period: {}. Supported periods are from 1 to 78 weeks.",
        },
        "filename": {
            "type": ["string", "null"],
            "pattern": r"\.",
            "says": "`filename` must end with a file extension. For example, filename.csv",
        },
    },
    "file",
)
NOTIFICATIONS: Final = _form(
    {
        "reference": _TEXT,
        "status": {"type": "array", "items": {"enum": list(_STATUSES)}},
        "template_type": {"type": "array", "items": {"enum": list(CHANNELS)}},
        "include_jobs": {"enum": ["true", "True"]},
        "older_than": _UUID,
    }
)
RECEIVED: Final = _form({"older_than": _UUID})
TEMPLATES: Final = _form({"type": {"enum": list(CHANNELS)}})
PREVIEW: Final = _form({"id": _UUID, "personalisation": _OBJECT}, "id")


class _Wrong(Exception):
    """A value is not in its format; the message says why."""


class Forms:
    """Checks requests against their schemas. `now` tells the time, for messages that are to be sent later."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._validators: dict[int, Draft7Validator] = {}

    def check(self, schema: Schema, data: object) -> None:
        """Raise Refusal with every message, if `data` is not as the schema says."""
        if problems := self.problems(schema, data):
            raise invalid(*problems)

    def problems(self, schema: Schema, data: object) -> list[str]:
        """Return every message for what is wrong, each once and in the server's order."""
        validator = self._validators.get(id(schema))  # the schemas above live as long as the process
        if validator is None:
            from jsonschema import Draft7Validator  # its import takes as long as all else that a sandbox does to start

            validator = self._validators[id(schema)] = Draft7Validator(schema, format_checker=self._formats)
        return list(dict.fromkeys(_message(error) for error in validator.iter_errors(data)))

    @cached_property
    def _formats(self) -> FormatChecker:
        from jsonschema import FormatChecker

        checker = FormatChecker(formats=())
        checker.checks("uuid")(is_uuid)
        checker.checks("email_address", raises=_Wrong)(_on_texts(_check_email))
        checker.checks("phone_number", raises=_Wrong)(_on_texts(_check_phone))
        checker.checks("datetime_within_next_day", raises=_Wrong)(_on_texts(self._check_time))
        return checker

    def _check_time(self, text: str) -> None:
        try:
            wanted = utc_time(text)
        except ValueError:
            wikipedia = "https://en.wikipedia.org/wiki/ISO_8601"
            told = f"datetime format is invalid. It must be a valid ISO8601 date time format, {wikipedia}"
            raise _Wrong(told) from None
        present = datetime.fromtimestamp(self._now(), UTC)
        if wanted < present:
            raise _Wrong("datetime can not be in the past")
        if wanted > present + timedelta(hours=24):
            raise _Wrong("datetime can only be 24 hours in the future")


def _on_texts(check: Callable[[str], object]) -> Callable[[object], bool]:
    def checked(value: object) -> bool:
        if isinstance(value, str):
            check(value)
        return True

    return checked


def _check_phone(text: str) -> None:
    try:
        parse(text)
    except BadRecipient as error:
        raise _Wrong(PHONE_MESSAGES[error.fault]) from None


def _check_email(text: str) -> None:
    try:
        email_address(text)
    except BadRecipient:
        raise _Wrong("Not a valid email address") from None


def is_uuid(value: object) -> bool:
    """Whether the server takes it for a UUID; it takes what Python's UUID class takes."""
    try:
        uuid.UUID(value)  # type: ignore[arg-type]  # what is not a text fails, which is the answer
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def _message(error: ValidationError) -> str:
    """Write an error as the server does: the first step of its path, and what is wrong, without single quotes."""
    own = error.schema.get("says") if isinstance(error.schema, Mapping) else None
    text = own.format(error.instance) if own is not None else str(error.cause or error.message)
    return " ".join([*(str(step) for step in list(error.path)[:1]), text.replace("'", "")])
