"""GC Notify's refusals as typed errors, each with how to fix it.

The class follows the HTTP status and the provider's type of error. The provider's messages may repeat what was sent,
so they never show in an error: those that are known make the text and the class more exact.
Sources: GC Notify docs, "Error codes" of each page; cds-snc/notification-api, `app/v2/errors.py`.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

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
    RequestRefused,
    Unavailable,
)
from govcomponents.notify.adapters.gc_notify.catalogue import CREDENTIALS, from_catalogue
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER
from govcomponents.notify.adapters.gc_notify.wire import unexpected

if TYPE_CHECKING:
    from govcomponents.core.messages import Request, Response
    from govcomponents.errors import GovComponentsError

_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_DEFAULT_WAIT: Final = 1.0
_RATE: Final = ("RateLimitError", "RateLimitExceeded")
_FIRST_MONTH: Final = 4  # the fiscal year begins on 1 April
_QUOTA: Final = re.compile(r"before you reach your (?P<period>daily|annual) limit")


def is_rate_limit(response: Response) -> bool:
    """Whether a 429 is the limit for a minute or an hour, which passes; the others are quotas of a day or a year.

    The service has a type of error for each quota, and adds new ones; a 429 without any type comes from something in
    front of it.
    """
    kind, _messages = _parts(response)
    return kind is None or kind in _RATE


def refusal(response: Response, request: Request, now: float) -> GovComponentsError:
    """The typed error for an answer that is not a success. `now` is the time, in seconds since the epoch."""
    kind, messages = _parts(response)
    facts: dict[str, Any] = {
        "operation": request.operation,
        "provider": PROVIDER,
        "status": response.status,
        "code": kind,
        "request_id": request_id(response),
    }
    status = response.status
    if status == 429:
        return _limit(response, kind, now, facts)
    if status >= 500:
        return _failure(request, kind, facts)
    if status < 400:
        return unexpected(f"status {status}", response, request)
    if status == 401 or kind == "AuthError":
        return _credentials(messages, facts)
    for message in messages:
        if found := _QUOTA.search(message):
            return _quota(annual=found["period"] == "annual", now=now, facts=facts)
        if error := from_catalogue(message, status, facts):
            return error
    if status == 403:
        return PermissionRefused("the account may not do that", **facts)
    if status == 404:
        return NotFound(
            "there is no such thing, it is no longer kept, or it is not stored yet",
            fix="check the id and the key's kind; a message that was sent just now may be found in a few seconds",
            **facts,
        )
    if status == 409:
        return Conflict("the thing is not in a state that allows it", **facts)
    return RequestRefused("the provider finds the request wrong", fix="check the arguments", **facts)


def _failure(request: Request, kind: str | None, facts: dict[str, Any]) -> GovComponentsError:
    if kind == "BadRequestError":
        return Unavailable(
            "the provider could not store the file, so it took nothing", fix="send the message again later", **facts
        )
    if request.replay is Replay.UNSENT:
        return OutcomeUnknown("the provider failed while it dealt with the request", lookup=request.lookup, **facts)
    return Unavailable("the provider failed", **facts)


def _credentials(messages: list[str], facts: dict[str, Any]) -> CredentialsRefused:
    text = " ".join(messages)
    for mark, happened, fix in CREDENTIALS:
        if mark in text:
            return CredentialsRefused(happened, fix=fix, **facts)
    return CredentialsRefused("the API key was refused", **facts)


def _limit(response: Response, kind: str | None, now: float, facts: dict[str, Any]) -> RateLimited:
    if is_rate_limit(response):
        wait = retry_after(response)
        return RateLimited("too many requests", retry_after=_DEFAULT_WAIT if wait is None else wait, **facts)
    return _quota(annual="Annual" in (kind or ""), now=now, facts=facts)


def _quota(*, annual: bool, now: float, facts: dict[str, Any]) -> RateLimited:
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if annual:
        ends = today.replace(year=today.year + (today.month >= _FIRST_MONTH), month=_FIRST_MONTH, day=1)
        return RateLimited(
            "the year's limit of messages is used up",
            fix="ask GC Notify for a higher limit, or wait until 1 April",
            retry_after=ends.timestamp() - now,
            **facts,
        )
    resets_at = today + timedelta(days=1)
    return DailyLimitReached(
        "the day's limit of messages is used up",
        resets_at=resets_at,
        retry_after=resets_at.timestamp() - now,
        **facts,
    )


def _parts(response: Response) -> tuple[str | None, list[str]]:
    """The provider's type of error and its messages, from either form of body; nothing from what is not JSON."""
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
