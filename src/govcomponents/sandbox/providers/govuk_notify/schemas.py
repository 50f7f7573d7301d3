"""The forms of requests, and the messages that the provider gives for each way of breaking them, in its order.

Source: alphagov/notifications-api, `app/schema_validation/` and `app/v2/*/*_schemas.py`; messages are those of the
JSON Schema library that the server uses, with single quotes removed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from govcomponents.notify.recipients import BadRecipient, RecipientFault, email_address
from govcomponents.notify.recipients.phones import parse
from govcomponents.sandbox.providers.govuk_notify.responses import invalid

parse_phone = lru_cache(maxsize=4096)(parse)
"""Reads a number; the same ones come again and again in tests, and libphonenumber is slow."""
parse_email = lru_cache(maxsize=4096)(email_address)
"""Reads an email address, once for the form of a request and for what is done with it."""

Check = Callable[[Any], Sequence[str]]
"""Gives the messages for what is wrong with a value, in the server's order."""

PHONE_MESSAGES: Mapping[RecipientFault, str] = {
    RecipientFault.PHONE_TOO_LONG: "Too many digits",
    RecipientFault.PHONE_TOO_SHORT: "Not enough digits",
    RecipientFault.PHONE_CHARACTERS: "Must not contain letters or symbols",
    RecipientFault.PHONE_COUNTRY: "Not a valid country prefix",
    RecipientFault.PHONE_INVALID: "Number is not valid – double check the phone number you entered",  # noqa: RUF001
}
STATUSES = (
    *("cancelled", "created", "sending", "sent", "delivered", "pending", "failed", "technical-failure"),
    *("temporary-failure", "permanent-failure", "pending-virus-check", "validation-failed", "virus-scan-failed"),
    *("returned-letter", "accepted", "received"),
)
CHANNELS = ("sms", "email", "letter")
_POSTAGE = ("first", "second", "economy")
_WEEKS = re.compile(r"^(\d+) weeks?$")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "object": dict,
    "array": list,
    "null": type(None),
}


def _shown(value: object) -> str:
    return repr(value).replace("'", "")


def _of_type(*names: str) -> Check:
    kinds = tuple(_TYPES[name] for name in names)

    def check(value: Any) -> Sequence[str]:
        return () if isinstance(value, kinds) else (f"{_shown(value)} is not of type {', '.join(names)}",)

    return check


_is_text = _of_type("string")


def _text(limit: int) -> Check:
    def check(value: Any) -> Sequence[str]:
        if not isinstance(value, str):
            return _is_text(value)
        return () if len(value) <= limit else (f"{_shown(value)} is too long",)

    return check


@lru_cache(maxsize=1024)  # the ids of a service's templates come again and again
def canonical_uuid(text: str) -> str:
    """Write a UUID in its usual form. Raises ValueError, AttributeError or TypeError for what is none."""
    return str(uuid.UUID(text))


def is_uuid(value: object) -> bool:
    """Whether the server takes it for a UUID; it takes what Python's UUID class takes."""
    try:
        canonical_uuid(value)  # what is not a text fails, which is the answer
    except (ValueError, AttributeError, TypeError):
        return False
    return True


def _uuid(value: Any) -> Sequence[str]:
    return () if isinstance(value, str) and is_uuid(value) else ("is not a valid UUID",)


def _https(value: Any) -> Sequence[str]:
    return () if isinstance(value, str) and value.startswith("https") else ("is not a valid https url",)


def _phone(value: Any) -> Sequence[str]:
    if not isinstance(value, str):
        return _is_text(value)
    try:
        parse_phone(value)
    except BadRecipient as error:
        return (PHONE_MESSAGES[error.fault],)
    return ()


def _email(value: Any) -> Sequence[str]:
    if not isinstance(value, str):
        return _is_text(value)
    try:
        parse_email(value)
    except BadRecipient:
        return ("Not a valid email address",)
    return ()


_is_list_or_null = _of_type("array", "null")


def _texts(value: Any) -> Sequence[str]:
    if not isinstance(value, list):
        return _is_list_or_null(value)
    return [message for item in value for message in _is_text(item)]


def _one_of(choices: Sequence[str], *, many: bool = False) -> Check:
    def check(value: Any) -> Sequence[str]:
        return [
            f"{_shown(item)} is not one of [{', '.join(choices)}]"
            for item in (value if many else (value,))
            if item not in choices
        ]

    return check


def _postage(value: Any) -> Sequence[str]:
    return _is_text(value) or (() if value in _POSTAGE else ("invalid. It must be either first, second or economy.",))


_NOT_A_TIME = (
    "datetime format is invalid. It must be a valid ISO8601 date time format, https://en.wikipedia.org/wiki/ISO_8601"
)
_is_text_or_null = _of_type("string", "null")


def _schedule(now: float) -> Check:
    def check(value: Any) -> Sequence[str]:
        if not isinstance(value, str):
            return _is_text_or_null(value)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return (_NOT_A_TIME,)
        wanted = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        present = datetime.fromtimestamp(now, UTC)
        if wanted < present:
            return ("datetime can not be in the past",)
        if wanted > present + timedelta(hours=24):
            return ("datetime can only be 24 hours in the future",)
        return ()

    return check


def _retention(value: Any) -> Sequence[str]:
    if value is None:
        return ()
    found = _WEEKS.match(value.strip().lower()) if isinstance(value, str) else None
    if found is not None and 1 <= int(found.group(1)) <= 78:
        return ()
    shown = str(value).replace("'", "")
    return (f"Unsupported value for retention_period: {shown}. Supported periods are from 1 to 78 weeks.",)


def _filename(value: Any) -> Sequence[str]:
    if value is None or (isinstance(value, str) and "." in value):
        return ()
    return ("`filename` must end with a file extension. For example, filename.csv",)


def _flag(name: str) -> Check:
    def check(value: Any) -> Sequence[str]:
        if value is None or isinstance(value, bool):
            return ()
        shown = str(value).replace("'", "")
        return (f"Unsupported value for {name}: {shown}. Use a boolean true or false value.",)

    return check


@dataclass(frozen=True)
class Form:
    """One form of request: its properties in the schema's order, and those that it must have."""

    properties: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def problems(self, data: Any) -> list[str]:
        """Every message, in the server's order and each once."""
        if not isinstance(data, dict):
            return [f"{_shown(data)} is not of type object"]
        found: list[str] = []
        for name, check in self.properties.items():
            if name in data and (messages := check(data[name])):
                found += [f"{name} {message}" for message in messages]
        found += [f"{name} is a required property" for name in self.required if name not in data]
        if not data.keys() <= self.properties.keys():
            extras = sorted(str(name) for name in data if name not in self.properties)
            verb = "was" if len(extras) == 1 else "were"
            listed = ", ".join(_shown(name) for name in extras)
            found.append(f"Additional properties are not allowed ({listed} {verb} unexpected)")
        return list(dict.fromkeys(found))

    def check(self, data: Any) -> None:
        """Raise Refusal with every message, if there is one."""
        if problems := self.problems(data):
            raise invalid(*problems)


_REFERENCE = _text(1000)
_PERSONALISATION = _of_type("object")


def sms_form(now: float) -> Form:
    """The form of a text message."""
    return Form(
        {
            "reference": _REFERENCE,
            "phone_number": _phone,
            "template_id": _uuid,
            "personalisation": _PERSONALISATION,
            "scheduled_for": _schedule(now),
            "sms_sender_id": _uuid,
        },
        ("phone_number", "template_id"),
    )


def email_form(now: float, data: object) -> Form:
    """The form of an email. Only one for later has to know the time; the others share a form."""
    return _email_form(now) if isinstance(data, dict) and "scheduled_for" in data else _EMAIL_NOW


def _email_form(now: float) -> Form:
    return Form(
        {
            "reference": _REFERENCE,
            "email_address": _email,
            "template_id": _uuid,
            "personalisation": _PERSONALISATION,
            "scheduled_for": _schedule(now),
            "email_reply_to_id": _uuid,
            "one_click_unsubscribe_url": _https,
            "sanitise_content_for": _texts,
        },
        ("email_address", "template_id"),
    )


_EMAIL_NOW = _email_form(0.0)


LETTER = Form(
    {"reference": _REFERENCE, "template_id": _uuid, "personalisation": _PERSONALISATION},
    ("template_id", "personalisation"),
)
PRECOMPILED = Form(
    {"reference": _of_type("string"), "content": _of_type("string"), "postage": _postage}, ("reference", "content")
)
FILE = Form(
    {
        "file": _of_type("string"),
        "is_csv": _flag("is_csv"),
        "confirm_email_before_download": _flag("confirm_email_before_download"),
        "retention_period": _retention,
        "filename": _filename,
    },
    ("file",),
)
NOTIFICATIONS = Form(
    {
        "reference": _of_type("string"),
        "status": _one_of(STATUSES, many=True),
        "template_type": _one_of(CHANNELS, many=True),
        "include_jobs": _one_of(("true", "True")),
        "older_than": _uuid,
    }
)
RECEIVED = Form({"older_than": _uuid})
TEMPLATES = Form({"type": _one_of(CHANNELS)})
PREVIEW = Form({"id": _uuid, "personalisation": _PERSONALISATION}, ("id",))
