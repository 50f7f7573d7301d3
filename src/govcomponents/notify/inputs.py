"""What callers of `gov.notify` pass, checked: input models and the rules of personalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input, build
from govcomponents.errors import InvalidInput
from govcomponents.notify.models import NotificationId
from govcomponents.privacy import Personal

Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | Sequence[Scalar]
Personalisation: TypeAlias = Mapping[str, Value]
"""The values of a template's placeholders: texts, numbers, true and false, and lists of those."""

Recipient: TypeAlias = str | Personal[str]

_BLIND = str.maketrans("", "", " _-")


def placeholder_key(name: str) -> str:
    """Return the form in which two placeholder names are compared: case, spaces, `_` and `-` do not count.

    Source: alphagov/notifications-utils, `insensitive_dict.py`.
    """
    return name.translate(_BLIND).lower()


def checked_values(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return the values of placeholders. Raises ValueError for one that a template cannot show."""
    seen: dict[str, str] = {}
    for name, value in values.items():
        kind = type(value)
        if kind is not str and kind is not int and kind is not bool:
            _check_value(name, value)
        if (same := seen.setdefault(placeholder_key(name), name)) is not name:
            raise ValueError(f"{same!r} and {name!r} name the same placeholder")
    return values


def _check_value(name: str, value: object) -> None:
    if value is None:
        raise ValueError(f"the value of {name!r} is None, which counts as missing")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the value of {name!r} is not a finite number")
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, (list, tuple, Mapping)) or item is None:
                raise ValueError(f"the list {name!r} holds something other than texts and numbers")
            _check_value(name, item)
    elif not isinstance(value, (str, int)):
        problem = f"the value of {name!r} is a {type(value).__name__}, which a template cannot show"
        raise ValueError(problem)  # noqa: TRY004  # pydantic turns it into a refusal of the field


_Values = Annotated[Mapping[str, object], AfterValidator(checked_values)]
_PERSONALISATION = "give each placeholder a text, a number, True or False, or a list of those; leave none as None"
_TEMPLATE = "give the template's id, as the provider's pages show it"
_REFERENCE = "give at most 1,000 characters that hold no personal data, or leave it out"


class EmailInput(Input):
    """One email to send."""

    to: Personal[str] = Field(description="give one email address")
    template: str = Field(min_length=1, max_length=200, description=_TEMPLATE)
    personalisation: _Values = Field(default={}, description=_PERSONALISATION)
    reference: str | None = Field(default=None, max_length=1000, description=_REFERENCE)
    reply_to: str | None = Field(default=None, min_length=1, description="give the id of a reply-to address")
    one_click_unsubscribe_url: Personal[str] | None = Field(
        default=None, description="give an https URL that unsubscribes on an empty POST"
    )
    sanitise: tuple[str, ...] = Field(default=(), description="give the names of placeholders, as a tuple or list")
    extra: Mapping[str, object] = Field(default={}, description="give a mapping of the provider's own fields")


class SmsInput(Input):
    """One text message to send."""

    to: Personal[str] = Field(description="give one phone number")
    template: str = Field(min_length=1, max_length=200, description=_TEMPLATE)
    personalisation: _Values = Field(default={}, description=_PERSONALISATION)
    reference: str | None = Field(default=None, max_length=1000, description=_REFERENCE)
    sender: str | None = Field(default=None, min_length=1, description="give the id of a text message sender")
    extra: Mapping[str, object] = Field(default={}, description="give a mapping of the provider's own fields")


def _present(value: object, operation: str, fix: str) -> object:
    text = value.reveal() if isinstance(value, Personal) else value
    if isinstance(text, str) and not text.strip():
        raise InvalidInput(field="to", problem="it is empty", fix=fix, operation=operation)
    return value


def email_input(
    to: Recipient,
    template: str,
    personalisation: Personalisation | None,
    reference: str | None,
    reply_to: str | None,
    one_click_unsubscribe_url: str | None,
    sanitise: Sequence[str],
    extra: Mapping[str, object] | None,
) -> EmailInput:
    """Check and freeze the arguments of `send_email`. Raises InvalidInput."""
    if one_click_unsubscribe_url is not None and not str(one_click_unsubscribe_url).startswith("https://"):
        raise InvalidInput(
            field="one_click_unsubscribe_url",
            problem="it is not an https URL",
            fix="give an https URL that unsubscribes on an empty POST",
            operation="notify.send_email",
        )
    return build(
        EmailInput,
        "notify.send_email",
        to=_present(to, "notify.send_email", "give one email address"),
        template=template,
        personalisation={} if personalisation is None else personalisation,
        reference=reference,
        reply_to=reply_to,
        one_click_unsubscribe_url=one_click_unsubscribe_url,
        sanitise=tuple(sanitise) if isinstance(sanitise, (list, set, frozenset)) else sanitise,
        extra={} if extra is None else extra,
    )


def sms_input(
    to: Recipient,
    template: str,
    personalisation: Personalisation | None,
    reference: str | None,
    sender: str | None,
    extra: Mapping[str, object] | None,
) -> SmsInput:
    """Check and freeze the arguments of `send_sms`. Raises InvalidInput."""
    return build(
        SmsInput,
        "notify.send_sms",
        to=_present(to, "notify.send_sms", "give one phone number"),
        template=template,
        personalisation={} if personalisation is None else personalisation,
        reference=reference,
        sender=sender,
        extra={} if extra is None else extra,
    )


def checked_id(notification_id: object, operation: str) -> NotificationId:
    """Return a notification's id. Raises InvalidInput unless it is a text that is not blank."""
    if not isinstance(notification_id, str) or not notification_id.strip():
        raise InvalidInput(
            field="notification_id",
            problem="it is not the id of a message",
            fix="give the `id` of what sending returned",
            operation=operation,
        )
    return NotificationId(notification_id)
