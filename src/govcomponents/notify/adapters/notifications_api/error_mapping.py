"""Refusals of the notifications-api family as typed errors, each with how to fix it.

The class follows the HTTP status and the provider's type of error, which are stable. The provider's messages are not
("may change", say GOV.UK Notify's docs) and may repeat what was sent, so they never show in an error: those that are
known make the text and the class more exact; of others that begin with a property of the request, the property and
the validator's own words are shown, without the value.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from govcomponents.core.http.error_mapping import ErrorBody, ErrorTable, Meaning, facts_of, parsed
from govcomponents.errors import (
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    GovComponentsError,
    NotFound,
    PermissionRefused,
    RateLimited,
    RequestRefused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response

_TOO_MANY: Final = Meaning(
    RateLimited,
    "too many requests in a minute",
    "wait for 10 seconds or more, longer after each refusal: the provider counts refused requests too, and does not "
    "say when the next is let in; give all processes with this key together a lower pace",
)
_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_PROPERTIES: Final[Mapping[str, str]] = {
    "email_address": "to",
    "phone_number": "to",
    "to": "to",
    "template_id": "template",
    "template": "template",
    "personalisation": "personalisation",
    "reference": "reference",
    "email_reply_to_id": "reply_to",
    "reply_to_id": "reply_to",
    "sms_sender_id": "sender",
    "one_click_unsubscribe_url": "one_click_unsubscribe_url",
    "sanitise_content_for": "sanitise",
    "content": "pdf",
    "filename": "personalisation",
    "postage": "postage",
    "status": "status",
    "template_type": "channel",
    "type": "channel",
    "notification_type": "channel",
    "older_than": "older_than",
    "include_jobs": "include_jobs",
    "version": "version",
    "notification_id": "notification_id",
    "id": "notification_id",
    "name": "name",
    "rows": "rows",
    "csv": "rows",
    "scheduled_for": "scheduled_for",
}
"""Each property that a request may have, with the argument that it stands for."""
_SAID: Final = re.compile(
    r"(?:^|\s)(is not of type [a-z]+(?:, [a-z]+)*|is not one of \[[\w, '-]{1,300}\]|is too (?:long|short)"
    r"|is a required property|is not a valid [A-Za-z0-9 ]{1,20}|does not match [a-z ]{1,20}"
    r"|(?:datetime format is )?invalid\. It must be [A-Za-z0-9 ,:/._-]{1,120}"
    r"|datetime can ?(?:not|only) be [a-z0-9 ]{1,40}|should be non-empty)\.?$"
)
"""What validators say of a property: their own words, at the end of a message, after any value."""


class Known(NamedTuple):
    """One message of a provider: how it is recognised, and the error that it means."""

    pattern: re.Pattern[str]
    kind: type[GovComponentsError]
    happened: str
    fix: str
    field: str | None = None

    def meaning(self, message: str, status: int) -> Meaning | None:
        """Return the error for a message, or None if it is another. A group `name` of the pattern is shown."""
        found = self.pattern.search(message)
        if found is None:
            return None
        name = found.groupdict().get("name")
        happened = f"{self.happened}: {name}" if name else self.happened
        kind = NotFound if status == 404 and self.kind is RequestRefused else self.kind
        return Meaning(kind, happened, self.fix, self.field)


def known(pattern: str, kind: type[GovComponentsError], happened: str, fix: str, field: str | None = None) -> Known:
    """Make an entry of a catalogue. A group called `name` in the pattern is text that is safe to show."""
    return Known(re.compile(pattern), kind, happened, fix, field)


_ABOUT_THE_MESSAGE: Final = (
    known(
        r"Missing personalisation: (?P<name>.{1,300})",
        RequestRefused,
        "the template needs values that were not given",
        "give a value for each placeholder of the template",
        "personalisation",
    ),
    known(
        r"Template not found|No result found.*template",
        NotFound,
        "the service has no such template",
        "check the template's id, and that the key is of the service that owns it",
        "template",
    ),
    known(
        r"Template (?:\S{36} )?has been deleted|Template is already archived",
        Conflict,
        "the template is archived",
        "use a template that is not archived",
        "template",
    ),
    known(
        r"(?P<name>\w{1,12}) template is not suitable for",
        RequestRefused,
        "the template is for another channel",
        "use one of this channel",
        "template",
    ),
    known(
        r"reply_to_id .* does not exist",
        NotFound,
        "the service has no such reply-to address",
        "copy the id of the reply-to address from Settings",
        "reply_to",
    ),
    known(
        r"sms_sender_id .* does not exist",
        NotFound,
        "the service has no such text message sender",
        "copy the id of the sender from Settings",
        "sender",
    ),
    known(
        r"[Mm]essage is empty",
        RequestRefused,
        "the message is empty",
        "give the placeholders values",
        "personalisation",
    ),
    known(
        r"^(?:email_address )?Not a valid email address",
        RequestRefused,
        "the email address is not valid",
        "check the address",
        "to",
    ),
)
"""Messages that every service of the family has about a message; tried before the provider's own."""

_ABOUT_THE_FORM: Final = (
    known(r"(?P<name>\w{1,40}) is a required property", RequestRefused, "the request lacks a part", "give that part"),
    known(
        r"(?P<name>\w{1,40}) (?:is not|must be) a valid UUID",
        RequestRefused,
        "an id is not a UUID",
        "copy the id from the provider's page of it, or from an earlier answer",
    ),
    known(
        r"Additional properties are not allowed",
        RequestRefused,
        "the request has a part that is not known",
        "check `extra`",
        "extra",
    ),
)
"""Messages that every one has about a request's form; tried after the provider's own, which are more exact."""

_ABOUT_THE_KEY: Final = (
    ("API key revoked", "the API key was revoked", "make a new key on the page API integration, and use it"),
    ("service is archived", "the key's service is archived", "use a key of a service that is in use"),
    ("service not found", "the key's service does not exist", "copy the key again; it may be cut"),
)


class Refusal(NamedTuple):
    """An answer that is not a success, taken apart: the provider's type of error and its messages."""

    request: Request
    response: Response
    now: float
    kind: str | None
    messages: list[str]


class ErrorMapping(ABC):
    """The errors of one provider of the family. A provider overrides what it does its own way.

    `catalogue` holds the messages that it has beside the family's, in the order in which they are tried; `credentials`
    a part of each message about the key, what happened and how to fix it; `statuses` what a status means where nothing
    else tells.
    """

    def __init__(
        self,
        provider: str,
        *,
        catalogue: tuple[Known, ...],
        credentials: tuple[tuple[str, str, str], ...],
        statuses: Mapping[int, Meaning],
    ) -> None:
        self.provider = provider
        self.catalogue = (*_ABOUT_THE_MESSAGE, *catalogue, *_ABOUT_THE_FORM)
        self.credentials = (*credentials, *_ABOUT_THE_KEY)
        forbidden = Meaning(PermissionRefused, "the account may not do that")
        own = {403: forbidden, 429: _TOO_MANY, **statuses}
        self._table = ErrorTable(provider, statuses=own, unknown="check the arguments")

    @abstractmethod
    def is_rate_limit(self, response: Response) -> bool:
        """Whether a 429 is a limit that passes in a minute, not one of a day or a year."""

    def error(self, response: Response, request: Request, now: float) -> GovComponentsError:
        """Return the typed error for an answer that is not a success. `now` is in seconds since the epoch."""
        kind, messages = parts(response)
        refusal = Refusal(request, response, now, kind, messages)
        if error := self.quota(refusal):
            return error
        body = ErrorBody(kind, is_own=self.is_own(refusal))
        return self._table.error(request, response, body=body, meaning=self.meaning(refusal))

    def is_own(self, refusal: Refusal) -> bool:
        """Whether the answer is the provider's, and not of something in front of it."""
        return refusal.response.status >= 400

    def meaning(self, refusal: Refusal) -> Meaning | None:
        """Return what the provider's type of error and its messages mean; None if only the status tells."""
        status = refusal.response.status
        if not 400 <= status < 500 or status == 429:
            return None
        if self.is_about_key(refusal):
            return self._about_key(refusal)
        meanings = (one.meaning(message, status) for message in refusal.messages for one in self.catalogue)
        found = next(filter(None, meanings), None)
        if status == 400 and (found is None or (found.kind is RequestRefused and found.field is None)):
            about = next(filter(None, map(about_property, refusal.messages)), None)
            return about if found is None or about is None else replace(found, field=about.field)
        return found

    def is_about_key(self, refusal: Refusal) -> bool:
        """Whether the API key was refused."""
        return refusal.response.status == 401 or refusal.kind == "AuthError"

    def _about_key(self, refusal: Refusal) -> Meaning:
        text = " ".join(refusal.messages)
        for mark, happened, fix in self.credentials:
            if mark in text:
                return Meaning(CredentialsRefused, happened + self.measured(mark, refusal), fix)
        return Meaning(CredentialsRefused, "the API key was refused")

    def measured(self, _mark: str, _refusal: Refusal) -> str:
        """Return what can be added to an error about the key."""
        return ""

    def quota(self, refusal: Refusal) -> RateLimited | None:
        """Return the error for a limit that lasts: the day's, until midnight UTC. None for any other answer."""
        if refusal.response.status != 429 or self.is_rate_limit(refusal.response):
            return None
        return self.daily_limit(refusal)

    def daily_limit(self, refusal: Refusal) -> DailyLimitReached:
        """Return the error for the day's limit."""
        resets_at = midnight(refusal.now) + timedelta(days=1)
        return DailyLimitReached(
            "the day's limit of messages is used up",
            resets_at=resets_at,
            retry_after=resets_at.timestamp() - refusal.now,
            **facts_of(refusal.request, refusal.response, provider=self.provider, code=refusal.kind),
        )


def about_property(message: str) -> Meaning | None:
    """Return the error for a message that begins with a property of a request; None for any other message.

    Of the message only what a validator says is shown, and no value: that may be a person's.
    """
    name, _, rest = message.partition(" ")
    field = _PROPERTIES.get(name)
    if field is None:
        return None
    said = _SAID.search(rest)
    happened = f"{name} {said.group(1)}" if said else f"the provider finds {name} wrong"
    return Meaning(RequestRefused, happened, f"check `{field}`", field)


def midnight(now: float) -> datetime:
    """Return the beginning of the day in UTC."""
    return datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def parts(response: Response) -> tuple[str | None, list[str]]:
    """Return the provider's type of error and its messages, from either form of body; nothing if it is not JSON."""
    body = parsed(response.body)
    if not isinstance(body, dict):
        return None, []
    errors = body.get("errors")
    if isinstance(errors, list):
        entries = [entry for entry in errors if isinstance(entry, dict)]
        kind = next((entry["error"] for entry in entries if isinstance(entry.get("error"), str)), None)
        messages = [entry["message"] for entry in entries if isinstance(entry.get("message"), str)]
        return kind if kind is not None and _CODE.fullmatch(kind) else None, messages
    message = body.get("message")
    return None, [message if isinstance(message, str) else json.dumps(message)] if message is not None else []
