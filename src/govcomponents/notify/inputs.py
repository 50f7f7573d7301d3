"""Input of `gov.notify`, validated: one model for each way to send, and for searching and following up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, TypeAlias, TypeVar, cast

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, ValidationInfo

from govcomponents.core.inputs import Input, member
from govcomponents.core.validation import ID_PATTERN, is_id, is_text
from govcomponents.errors import InvalidInput
from govcomponents.notify.capabilities import NotifyCapability as Can
from govcomponents.notify.models import Channel, NotificationId, Status
from govcomponents.notify.templates.personalisation import has_file, placeholder_key, shown_name, shown_values
from govcomponents.privacy import Personal

Recipient: TypeAlias = str | Personal[str]
"""The address or the number that a message goes to."""
T = TypeVar("T")

VALUES_FIX: Final = (
    "give each placeholder a text, a number, True or False, a date, a list of those, or a file; leave none as None"
)
_UNSUBSCRIBE: Final = re.compile(r"https://[!-.0-~][!-~]*")
_REFERENCE: Final = "give at most 1,000 characters that hold no personal data, or leave it out"
_MAX_SECONDS: Final = 1e9
_ADDRESS: Final = "give 3 to 7 lines: the name, the street and so on, and last the postcode or a country"
_ID: Final = "give the `id` that an earlier answer holds"


def written_values(values: object) -> Mapping[str, object]:
    """Return the values of placeholders as a provider can show them. Raises ValueError for one that it cannot."""
    return {} if values is None else shown_values(values)


def _without_files(values: Mapping[str, object]) -> Mapping[str, object]:
    if has_file(values):
        raise ValueError("it holds a file, and files go by email only")
    return values


def _recipient(value: object) -> Personal[str]:
    text = value.reveal() if isinstance(value, Personal) else value
    if not isinstance(text, str):
        raise ValueError(f"it is not text, but of the type {type(text).__name__}")  # noqa: TRY004  # as above
    if not text.strip():
        raise ValueError("it is empty")
    _storable(_sendable(text))
    return value if isinstance(value, Personal) else Personal(text)


def _sendable(text: str) -> str:
    if not is_text(text):
        raise ValueError("it holds half of a surrogate pair, which is no character")
    return text


def _https(value: Personal[str]) -> Personal[str]:
    url: object = value.reveal()
    if not isinstance(url, str) or not url.startswith("https://"):
        raise ValueError("it is not an https URL")
    if not _UNSUBSCRIBE.fullmatch(url):
        raise ValueError("it holds a space or a character that is not ASCII, or no host")
    return value


def _storable(text: str) -> str:
    """No provider can keep a null character: its failure would leave the message's outcome unknown."""
    if "\0" in text:
        raise ValueError("it holds a null character")
    return text


def _texts_only(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Only texts can be sanitised; the provider fails at anything else."""
    if not names:
        return names
    keys = {placeholder_key(name) for name in names}
    for name, value in info.data.get("personalisation", {}).items():
        if placeholder_key(name) in keys and not isinstance(value, str):
            raise ValueError(f"the value of {shown_name(name)} is not a text")
    return names


def _ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    if not all(is_id(one) for one in ids):
        raise ValueError("one of them is not an id")
    return ids


def _waits(waits: tuple[float, ...]) -> tuple[float, ...]:
    if not all(0 <= one <= _MAX_SECONDS for one in waits):
        raise ValueError("one of them is not a number of seconds")
    return waits


_Template = Annotated[
    str, Field(min_length=1, max_length=200, description="give the template's id, as the provider's pages show it")
]
_Values = Annotated[Mapping[str, object], PlainValidator(written_values), Field(description=VALUES_FIX, repr=False)]
_TextsOnly = Annotated[_Values, AfterValidator(_without_files)]
_Text = Annotated[str, AfterValidator(_sendable)]
_Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=ID_PATTERN)]
_SomeReference = Annotated[
    str, StringConstraints(max_length=1000), AfterValidator(_sendable), AfterValidator(_storable)
]
_Reference = Annotated[_SomeReference | None, Field(description=_REFERENCE)]
_Extra = Annotated[
    Mapping[str, object] | None, Field(description="give a mapping of the provider's own fields", repr=False)
]


class EmailInput(Input):
    """One email to send."""

    to: Annotated[Personal[str], PlainValidator(_recipient)] = Field(description="give one email address")
    template: _Template
    personalisation: _Values = Field(default_factory=dict)
    reference: _Reference = None
    reply_to: str | None = Field(default=None, min_length=1, description="give the id of a reply-to address")
    one_click_unsubscribe_url: Annotated[Personal[str], AfterValidator(_https)] | None = Field(
        default=None, description="give an https URL that unsubscribes on an empty POST"
    )
    sanitise: Annotated[tuple[_Text, ...], AfterValidator(_texts_only)] = Field(
        default=(), description="give the names of placeholders that are given a text, as a tuple or list"
    )
    extra: _Extra = None

    @property
    def needed(self) -> list[Can]:
        """Return the capabilities that it needs beside that of sending emails."""
        needed = []
        if self.reply_to is not None:
            needed.append(Can.REPLY_TO)
        if self.one_click_unsubscribe_url is not None:
            needed.append(Can.UNSUBSCRIBE)
        if self.sanitise:
            needed.append(Can.SANITISE)
        if has_file(self.personalisation):
            needed.append(Can.ATTACHMENTS)
        return needed


class SmsInput(Input):
    """One text message to send."""

    to: Annotated[Personal[str], PlainValidator(_recipient)] = Field(description="give one phone number")
    template: _Template
    personalisation: _TextsOnly = Field(default_factory=dict)
    reference: _Reference = None
    sender: str | None = Field(default=None, min_length=1, description="give the id of a text message sender")
    extra: _Extra = None

    @property
    def needed(self) -> list[Can]:
        """Return the capabilities that it needs beside that of sending text messages."""
        return [] if self.sender is None else [Can.SENDER]


class LetterInput(Input):
    """One letter to send. `address` is its lines, first the name."""

    address: Personal[tuple[str, ...]] = Field(description=_ADDRESS)
    template: _Template
    personalisation: _TextsOnly = Field(default_factory=dict)
    reference: _Reference = None
    extra: _Extra = None


class PrecompiledInput(Input):
    """One ready-made letter to send. `pdf` is the file in base64."""

    pdf: Personal[str] = Field(description="give the PDF as bytes, a path or an open file")
    reference: _SomeReference = Field(min_length=1, description=_REFERENCE.removesuffix(", or leave it out"))
    postage: str | None = Field(
        default=None, min_length=1, description='give "first", "second" or "economy", or leave it out'
    )
    extra: _Extra = None


class SearchInput(Input):
    """Messages to look for. `raw_status` holds the provider's own words for a status, beside ours in `status`."""

    channel: Channel | None = Field(default=None, description="give a channel, or leave it out for all")
    status: tuple[Status, ...] = Field(default=(), description="give one or several statuses, or leave it out for all")
    raw_status: tuple[_Text, ...] = Field(
        default=(), description="give one or several of the provider's own words for a status"
    )
    reference: _Reference = None
    older_than: _Identifier | None = Field(default=None, description=_ID)
    include_jobs: bool = Field(default=False, description="give True to find the messages of jobs too")


class FollowUpInput(Input):
    """Messages to follow up, and the seconds to wait before each look at them after the first."""

    notification_ids: Annotated[tuple[str, ...], AfterValidator(_ids)] = Field(
        description="give a list of the `id`s that earlier answers hold"
    )
    waits: Annotated[tuple[float, ...], AfterValidator(_waits)] = Field(
        default=(), description="give a list of seconds, such as (5, 30, 120)"
    )


Message: TypeAlias = EmailInput | SmsInput | LetterInput | PrecompiledInput


def as_tuple(values: Iterable[T]) -> tuple[T, ...]:
    """Return a list or set as a tuple. Anything else, such as one text, is left to an input model to refuse."""
    return tuple(values) if isinstance(values, (list, set, frozenset)) else cast("tuple[T, ...]", values)


def one_or_several(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return one text, or several, as a tuple."""
    return (value,) if isinstance(value, str) else as_tuple(value)


def address_lines(address: object, operation: str) -> Personal[tuple[str, ...]]:
    """Return the lines of a postal address, without blank ones. Raises InvalidInput."""
    lines = address.splitlines() if isinstance(address, str) else address
    if not isinstance(lines, (list, tuple)) or not all(isinstance(line, str) for line in lines):
        problem = "it is not a list of texts"
    elif not all(map(is_text, lines)):
        problem = "it holds half of a surrogate pair, which is no character"
    else:
        kept = tuple(line for line in lines if line.strip())
        if 3 <= len(kept) <= 7:
            return Personal(kept)
        problem = f"the number of its lines is {len(kept)}"
    raise InvalidInput(field="address", problem=problem, fix=_ADDRESS, operation=operation)


def checked_statuses(status: object, operation: str) -> tuple[Status, ...]:
    """Return one or several statuses, given as members or as text. Raises InvalidInput, which lists them all."""
    several = status if isinstance(status, (list, tuple, set, frozenset)) else (status,)
    return tuple(member(Status, one, field="status", operation=operation) for one in several)


def checked_values(personalisation: object, operation: str) -> Mapping[str, object]:
    """Return the values of placeholders as a provider can show them. Raises InvalidInput."""
    try:
        return written_values(personalisation)
    except ValueError as error:
        raise InvalidInput(field="personalisation", problem=str(error), fix=VALUES_FIX, operation=operation) from None


def checked_version(version: object, operation: str) -> int | None:
    """Return the number of a template's version, or None. Raises InvalidInput."""
    if version is None or (type(version) is int and version >= 1):
        return version
    fix = "give the number of a version, from 1, or leave it out"
    raise InvalidInput(field="version", problem="it is not a whole number from 1", fix=fix, operation=operation)


def checked_seconds(seconds: object, field: str, operation: str) -> float:
    """Return a number of seconds. Raises InvalidInput."""
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds <= _MAX_SECONDS:
        return seconds
    fix = "give a number of seconds, such as 30"
    raise InvalidInput(field=field, problem="it is not a number of seconds", fix=fix, operation=operation)


def checked_id(notification_id: object, operation: str, field: str = "notification_id") -> NotificationId:
    """Return an id. Raises InvalidInput unless it is letters, digits, hyphens and underscores."""
    if not isinstance(notification_id, str) or not is_id(notification_id):
        raise InvalidInput(field=field, problem="it is not an id", fix=_ID, operation=operation)
    return NotificationId(notification_id)


def _email_or_sms(channel: Channel) -> Channel:
    if channel not in (Channel.EMAIL, Channel.SMS):
        raise ValueError("jobs hold emails or text messages")
    return channel


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("it is a datetime without a zone")
    return moment


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


class JobInput(Input):
    """Input of `send_job`, validated.

    `columns` are the names of placeholders; each row is a recipient and a value for each column. `sender` is the id of
    the reply-to address of emails, or of the sender of text messages.
    """

    channel: Annotated[Channel, AfterValidator(_email_or_sms)] = Field(description='give "email" or "sms"')
    template: str = Field(min_length=1, max_length=200, description="give the template's id")
    name: Annotated[str, AfterValidator(_not_blank)] = Field(
        description="give a text by which the job is known again, without personal data"
    )
    columns: tuple[str, ...] = Field(default=(), description="give the same columns in every row")
    rows: tuple[tuple[str, ...], ...] = Field(default=(), repr=False, description="give a text for each column")
    reference: str | None = Field(
        default=None, max_length=1000, description="give at most 1,000 characters, or leave it out"
    )
    sender: str | None = Field(
        default=None, min_length=1, description="give the id of a reply-to address or of a text message sender"
    )
    send_at: Annotated[datetime, AfterValidator(_aware)] | None = Field(
        default=None, description="give a datetime with its zone, or leave it out"
    )
