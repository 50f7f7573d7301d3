"""What callers of `gov.notify` pass, checked: one input model for each way to send, and for searching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input, build
from govcomponents.errors import InvalidInput
from govcomponents.notify.models import Channel, NotificationId, Status
from govcomponents.notify.templates.personalisation import Personalisation, checked_values, placeholder_key
from govcomponents.privacy import Personal

Recipient: TypeAlias = str | Personal[str]

_Values = Annotated[Mapping[str, object], AfterValidator(checked_values)]
_PERSONALISATION = (
    "give each placeholder a text, a number, True or False, a date, a list of those, or a file; leave none as None"
)
_TEMPLATE = "give the template's id, as the provider's pages show it"
_REFERENCE = "give at most 1,000 characters that hold no personal data, or leave it out"
_EXTRA = "give a mapping of the provider's own fields"


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
    extra: Mapping[str, object] = Field(default={}, description=_EXTRA)


class SmsInput(Input):
    """One text message to send."""

    to: Personal[str] = Field(description="give one phone number")
    template: str = Field(min_length=1, max_length=200, description=_TEMPLATE)
    personalisation: _Values = Field(default={}, description=_PERSONALISATION)
    reference: str | None = Field(default=None, max_length=1000, description=_REFERENCE)
    sender: str | None = Field(default=None, min_length=1, description="give the id of a text message sender")
    extra: Mapping[str, object] = Field(default={}, description=_EXTRA)


@dataclass(frozen=True, slots=True, repr=False)
class LetterInput:
    """One letter to send. `address` is its lines, first the name."""

    address: Personal[tuple[str, ...]]
    template: str
    personalisation: Mapping[str, object]
    reference: str | None
    extra: Mapping[str, object]


@dataclass(frozen=True, slots=True, repr=False)
class PrecompiledInput:
    """One ready-made letter to send. `pdf` is the file in base64."""

    pdf: Personal[str]
    reference: str
    postage: str | None
    extra: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SearchInput:
    """What messages are looked for. `words` are statuses in the provider's own words, beside ours in `statuses`."""

    channels: tuple[Channel, ...] = ()
    statuses: frozenset[Status] = frozenset()
    words: tuple[str, ...] = ()
    reference: str | None = None
    older_than: str | None = None
    include_jobs: bool = False


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
    if sanitise and isinstance(personalisation, Mapping):
        _check_sanitised(personalisation, sanitise)
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


def _check_sanitised(values: Mapping[Any, object], wanted: Sequence[object]) -> None:
    """Only texts can be sanitised; the provider fails at anything else."""
    keys = {placeholder_key(name) for name in wanted if isinstance(name, str)}
    for name, value in values.items():
        if isinstance(name, str) and placeholder_key(name) in keys and not isinstance(value, str):
            raise InvalidInput(
                field="sanitise",
                problem=f"the value of {name!r} is not a text",
                fix="name only placeholders that are given a text",
                operation="notify.send_email",
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


def _wrong(field: str, problem: str, fix: str, operation: str) -> InvalidInput:
    return InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def _checked_reference(reference: object, operation: str, *, required: bool = False) -> str | None:
    if reference is None and not required:
        return None
    if not isinstance(reference, str) or len(reference) > 1000 or (required and not reference):
        raise _wrong("reference", "it is not a text of at most 1,000 characters", _REFERENCE, operation)
    return reference


def _checked_extra(extra: object, operation: str) -> Mapping[str, object]:
    if extra is None:
        return {}
    if not isinstance(extra, Mapping):
        raise _wrong("extra", "it is not a mapping", _EXTRA, operation)
    return extra


def letter_input(
    address: object,
    template: object,
    personalisation: Personalisation | None,
    reference: str | None,
    extra: Mapping[str, object] | None,
) -> LetterInput:
    """Check and freeze the arguments of `send_letter`. Raises InvalidInput."""
    operation = "notify.send_letter"
    lines = address.splitlines() if isinstance(address, str) else address
    fix = "give 3 to 7 lines: the name, the street and so on, and last the postcode or a country"
    if not isinstance(lines, (list, tuple)) or not all(isinstance(line, str) for line in lines):
        raise _wrong("address", "it is not a list of texts", fix, operation)
    kept = tuple(line for line in lines if line.strip())
    if not 3 <= len(kept) <= 7:
        raise _wrong("address", f"it has {len(kept)} lines", fix, operation)
    if not isinstance(template, str) or not template:
        raise _wrong("template", "it is not a text", _TEMPLATE, operation)
    values = {} if personalisation is None else personalisation
    try:
        written = checked_values(values)
    except (ValueError, AttributeError) as error:
        problem = str(error) if isinstance(error, ValueError) else "it is not a mapping"
        raise _wrong("personalisation", problem, _PERSONALISATION, operation) from None
    return LetterInput(
        Personal(kept), template, written, _checked_reference(reference, operation), _checked_extra(extra, operation)
    )


def precompiled_input(
    pdf: str, reference: object, postage: object, extra: Mapping[str, object] | None
) -> PrecompiledInput:
    """Check and freeze the arguments of `send_precompiled_letter`, whose file was read. Raises InvalidInput."""
    operation = "notify.send_precompiled_letter"
    checked = _checked_reference(reference, operation, required=True) or ""
    if postage is not None and (not isinstance(postage, str) or not postage):
        raise _wrong("postage", "it is not a text", 'give "first", "second" or "economy", or leave it out', operation)
    return PrecompiledInput(Personal(pdf), checked, postage, _checked_extra(extra, operation))


def search_input(
    channel: Channel | str | None,
    status: object,
    reference: str | None,
    older_than: str | None,
    include_jobs: object,
) -> SearchInput:
    """Check and freeze the arguments of `search`. Raises InvalidInput."""
    operation = "notify.search"
    channels = () if channel is None else (Channel(channel),)
    if Channel.UNKNOWN in channels:
        raise _wrong("channel", "there is no such channel", 'give "email", "sms" or "letter"', operation)
    wanted = tuple(status) if isinstance(status, (list, tuple, set, frozenset)) else (status,)
    if not all(isinstance(one, str) and one for one in wanted):
        raise _wrong("status", "it is not a status", "give a Status, or the provider's own word for one", operation)
    ours = frozenset(one for one in wanted if isinstance(one, Status))
    words = tuple(str(one) for one in wanted if not isinstance(one, Status))
    if older_than is not None:
        older_than = checked_id(older_than, operation)
    return SearchInput(
        channels, ours, words, _checked_reference(reference, operation), older_than, include_jobs is True
    )


def checked_id(notification_id: object, operation: str, field: str = "notification_id") -> NotificationId:
    """Return an id. Raises InvalidInput unless it is a text that is not blank."""
    if not isinstance(notification_id, str) or not notification_id.strip():
        raise _wrong(field, "it is not an id", "give the `id` that an earlier answer holds", operation)
    return NotificationId(notification_id)
