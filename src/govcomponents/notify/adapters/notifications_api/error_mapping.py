"""Refusals of the notifications-api family as typed errors, each with how to fix it.

The class follows the HTTP status and the provider's type of error, which are stable. The provider's messages are not
("may change", say GOV.UK Notify's docs) and may repeat what was sent, so they never show in an error: those that are
known make the text and the class more exact, and the others leave them as they are.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict

from govcomponents.core.client import request_id
from govcomponents.core.messages import Replay
from govcomponents.core.retry import retry_after
from govcomponents.errors import (
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    Refused,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from govcomponents.core.messages import Request, Response
    from govcomponents.errors import GovComponentsError

_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_DEFAULT_WAIT: Final = 1.0


class Known(NamedTuple):
    """One message of a provider: how it is recognised, the error that it means, and what to tell the caller."""

    pattern: re.Pattern[str]
    kind: type[Refused]
    happened: str
    fix: str
    field: str | None = None


def known(pattern: str, kind: type[Refused], happened: str, fix: str, field: str | None = None) -> Known:
    """Make an entry of a catalogue. A group called `name` in the pattern is text that is safe to show."""
    return Known(re.compile(pattern), kind, happened, fix, field)


class Facts(TypedDict):
    """What every error tells of the request and its answer."""

    operation: str
    provider: str
    status: int
    code: str | None
    request_id: str | None


class Refusal(NamedTuple):
    """An answer that is not a success, taken apart: the provider's type of error and its messages."""

    response: Response
    request: Request
    now: float
    kind: str | None
    messages: list[str]
    facts: Facts


class ErrorMapping:
    """The errors of one provider of the family. A provider overrides what it does its own way.

    `catalogue` holds its messages in the order in which they are tried; `credentials` a part of each message about the
    key, what happened and how to fix it.
    """

    provider: str
    catalogue: tuple[Known, ...]
    credentials: tuple[tuple[str, str, str], ...]

    def is_rate_limit(self, response: Response) -> bool:
        """Whether a 429 is a limit that passes in a minute, not one of a day or a year."""
        raise NotImplementedError

    def error(self, response: Response, request: Request, now: float) -> GovComponentsError:
        """Return the typed error for an answer that is not a success. `now` is in seconds since the epoch."""
        kind, messages = parts(response)
        facts: Facts = {
            "operation": request.operation,
            "provider": self.provider,
            "status": response.status,
            "code": kind,
            "request_id": request_id(response),
        }
        refusal = Refusal(response, request, now, kind, messages, facts)
        status = response.status
        if status == 429:
            return self._limit(refusal)
        if status >= 500:
            return self.failure(refusal)
        if status < 400:
            return self.unexpected(f"status {status}", refusal)
        return self.own_error(refusal) or self._refused(refusal)

    def own_error(self, refusal: Refusal) -> GovComponentsError | None:  # noqa: ARG002  # for those that override it
        """Return the error for an answer that only this provider gives, or None."""
        return None

    def is_about_key(self, refusal: Refusal) -> bool:
        """Whether the API key was refused."""
        return refusal.response.status == 401 or refusal.kind == "AuthError"

    def _refused(self, refusal: Refusal) -> GovComponentsError:
        status, facts = refusal.response.status, refusal.facts
        if self.is_about_key(refusal):
            return self._key_error(refusal)
        for message in refusal.messages:
            if error := self.from_message(message, refusal):
                return error
        if status == 403:
            return PermissionRefused("the account may not do that", **facts)
        if status == 404:
            return self.not_found(refusal)
        if status == 409:
            return Conflict("the thing is not in a state that allows it", **facts)
        return RequestRefused("the provider finds the request wrong", fix="check the arguments", **facts)

    def from_message(self, message: str, refusal: Refusal) -> GovComponentsError | None:
        """Return the error for a message of the catalogue, or None."""
        for one in self.catalogue:
            if found := one.pattern.search(message):
                name = found.groupdict().get("name")
                happened = f"{one.happened}: {name}" if name else one.happened
                if one.kind is not RequestRefused:
                    return one.kind(happened, fix=one.fix, **refusal.facts)
                if refusal.response.status == 404:
                    return NotFound(happened, fix=one.fix, **refusal.facts)
                return RequestRefused(happened, field=one.field, fix=one.fix, **refusal.facts)
        return None

    def not_found(self, refusal: Refusal) -> NotFound:
        """Return the error for a 404 without a known message."""
        return NotFound("there is no such thing, or it is no longer kept", **refusal.facts)

    def failure(self, refusal: Refusal) -> GovComponentsError:
        """Return the error for a provider that failed itself."""
        if refusal.request.replay is Replay.UNSENT:
            happened = "the provider failed while it dealt with the request"
            return OutcomeUnknown(happened, lookup=refusal.request.lookup, **refusal.facts)
        return Unavailable("the provider failed", **refusal.facts)

    def unexpected(self, problem: str, refusal: Refusal) -> UnexpectedReply:
        """Return the error for an answer that is none of the provider's."""
        happened = f"the answer is not of the documented form: {problem}"
        return UnexpectedReply(happened, lookup=refusal.request.lookup, **refusal.facts)

    def _key_error(self, refusal: Refusal) -> CredentialsRefused:
        text = " ".join(refusal.messages)
        for mark, happened, fix in self.credentials:
            if mark in text:
                return CredentialsRefused(happened + self.measured(mark, refusal), fix=fix, **refusal.facts)
        return CredentialsRefused("the API key was refused", **refusal.facts)

    def measured(self, _mark: str, _refusal: Refusal) -> str:
        """Return what can be added to an error about the key."""
        return ""

    def _limit(self, refusal: Refusal) -> RateLimited:
        if self.is_rate_limit(refusal.response):
            wait = retry_after(refusal.response)
            wait = _DEFAULT_WAIT if wait is None else wait
            return RateLimited("too many requests in a short time", retry_after=wait, **refusal.facts)
        return self.quota(refusal)

    def quota(self, refusal: Refusal) -> RateLimited:
        """Return the error for a limit that lasts: the day's, until midnight UTC."""
        resets_at = midnight(refusal.now) + timedelta(days=1)
        return DailyLimitReached(
            "the day's limit of messages is used up",
            resets_at=resets_at,
            retry_after=resets_at.timestamp() - refusal.now,
            **refusal.facts,
        )


def midnight(now: float) -> datetime:
    """Return the beginning of the day in UTC."""
    return datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def parts(response: Response) -> tuple[str | None, list[str]]:
    """Return the provider's type of error and its messages, from either form of body; nothing if it is not JSON."""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return None, []
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
