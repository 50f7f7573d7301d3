"""GOV.UK Notify's refusals as typed errors, each with how to fix it.

The class follows the HTTP status and the provider's type of error, which are stable. The provider's messages are not
("may change", say its docs) and may repeat what was sent, so they never show in an error: those that are known make
the text and the class more exact, and the others leave them as they are.
Sources: GOV.UK Notify REST API docs, "Error codes"; alphagov/notifications-api, `app/v2/errors.py`.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
)
from govcomponents.notify.adapters.govuk_notify.wire import PROVIDER, unexpected

if TYPE_CHECKING:
    from govcomponents.core.messages import Request, Response
    from govcomponents.errors import GovComponentsError

_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_DEFAULT_WAIT: Final = 1.0
_DAILY: Final = b"TooManyRequestsError"


class _Known(NamedTuple):
    """One message of the catalogue: how it is recognised, the class it asks for, and what to tell the caller."""

    pattern: re.Pattern[str]
    kind: type[Refused]
    happened: str
    fix: str
    field: str | None = None


def _known(pattern: str, kind: type[Refused], happened: str, fix: str, field: str | None = None) -> _Known:
    return _Known(re.compile(pattern), kind, happened, fix, field)


# In the order in which they are tried. A group called `name` in a pattern is text that is safe to show.
REFUSALS: Final = (
    _known(
        r"Missing personalisation: (?P<name>.{1,300})",
        RequestRefused,
        "the template needs values that were not given",
        "give a value for each placeholder of the template",
        "personalisation",
    ),
    _known(
        r"Template not found",
        NotFound,
        "the service has no such template",
        "check the template's id, and that the key is of the service that owns it",
        "template",
    ),
    _known(
        r"Template has been deleted",
        Conflict,
        "the template is archived",
        "send with a template that is not archived",
        "template",
    ),
    _known(
        r"(?P<name>\w{1,12}) template is not suitable for",
        RequestRefused,
        "the template is for another channel",
        "use one of this channel",
        "template",
    ),
    _known(
        r"team-only API key",
        PermissionRefused,
        "a team key sends only to the team and the guest list",
        "add the recipient to the guest list, or use a live key",
        "to",
    ),
    _known(
        r"in trial mode",
        PermissionRefused,
        "the service is in trial mode",
        "ask to go live, or send to the team and the guest list only",
        "to",
    ),
    _known(
        r"team api key",
        PermissionRefused,
        "letters cannot be sent with a team key",
        "use a test key, or a live key once the service is live",
    ),
    _known(
        r"Service is not allowed to send (?P<name>[a-z ]{1,30})",
        PermissionRefused,
        "the service is not allowed to send through this channel",
        "switch the channel on in the service's settings",
    ),
    _known(
        r"international mobile numbers",
        PermissionRefused,
        "the service may not send to numbers abroad",
        "switch international text messages on in the service's settings, or check the number",
        "to",
    ),
    _known(
        r"Send files by email has not been set up",
        PermissionRefused,
        "the service has no contact details for the page from which people download files",
        "add contact details under Settings, Send files by email",
    ),
    _known(
        r"email_reply_to_id .* does not exist",
        NotFound,
        "the service has no such reply-to address",
        "copy the id of the reply-to address from Settings",
        "reply_to",
    ),
    _known(
        r"sms_sender_id .* does not exist",
        NotFound,
        "the service has no such text message sender",
        "copy the id of the sender from Settings",
        "sender",
    ),
    _known(
        r"message is empty", RequestRefused, "the message is empty", "give the placeholders values", "personalisation"
    ),
    _known(
        r"message is too long|cannot be longer than (918|2000000)",
        RequestRefused,
        "the message is too long",
        "keep text messages within 918 characters and emails within 2,000,000 bytes",
        "personalisation",
    ),
    _known(
        r"Can only send a file by email",
        RequestRefused,
        "files go by email only",
        "send an email, or leave the file out",
        "personalisation",
    ),
    _known(
        r"Unsupported file type",
        RequestRefused,
        "the file is of a type that cannot be sent",
        "send a csv, doc, docx, jpeg, jpg, json, odt, pdf, png, rtf, txt or xlsx file, and give its filename",
        "personalisation",
    ),
    _known(
        r"Document must not be empty|not base64|file size limit|virus scan|filename`? cannot be longer|retention_period"
        r"|confirm_email_before_download|is_csv|file extension",
        RequestRefused,
        "the file, or an option of it, was refused",
        "send a file of at most 2 MB that is not empty, with a filename of at most 100 characters and 1 to 78 weeks",
        "personalisation",
    ),
    _known(
        r"^(?:phone_number )?(?:Not a UK mobile number|Too many digits|Not enough digits|Must not contain letters"
        r"|Not a valid country prefix|Number is not valid)",
        RequestRefused,
        "the phone number cannot be sent to",
        "check the number",
        "to",
    ),
    _known(
        r"^(?:email_address )?Not a valid email address",
        RequestRefused,
        "the email address is not valid",
        "check the address",
        "to",
    ),
    _known(r"Recipient can.t be empty", RequestRefused, "the recipient is empty", "give a recipient", "to"),
    _known(
        r"ddress|UK postcode",
        RequestRefused,
        "the postal address breaks the rules for addresses",
        "give 3 to 7 lines, of which the last is a UK postcode or, if the service may send abroad, a country",
        "address",
    ),
    _known(
        r"QR code", RequestRefused, "the link is too long for a QR code", "keep it within 504 bytes", "personalisation"
    ),
    _known(
        r"Cannot decode letter content", RequestRefused, "the letter is not base64", "send the bytes of a PDF", "pdf"
    ),
    _known(r"Notification is not a letter", Conflict, "the message is not a letter", "ask for the PDF of letters only"),
    _known(
        r"PDF not available for letters in status",
        Conflict,
        "this letter has no PDF, because it failed",
        "look at the letter's status",
    ),
    _known(r"(?P<name>\w{1,40}) is a required property", RequestRefused, "the request lacks a part", "give that part"),
    _known(
        r"(?P<name>\w{1,40}) is not a valid UUID",
        RequestRefused,
        "an id is not a UUID",
        "give an id as the provider does",
    ),
    _known(
        r"Additional properties are not allowed",
        RequestRefused,
        "the request has a part that is not known",
        "check `extra`",
    ),
)

CREDENTIALS: Final = (
    (
        "system clock",
        "this machine's clock differs from the provider's by more than 30 seconds",
        "set the clock by network time (NTP)",
    ),
    ("API key revoked", "the API key was revoked", "make a new key on the page API integration, and use it"),
    ("API key not found", "the API key is not one of the service's", "copy the key again; it may be revoked or cut"),
    ("service is archived", "the key's service is archived", "use a key of a service that is in use"),
    (
        "service not found",
        "the key's service does not exist",
        "copy the key again; it may be cut",
    ),
)


def is_rate_limit(response: Response) -> bool:
    """Whether a 429 is the limit for a minute, which passes; the day's limit lasts until midnight UTC."""
    return _DAILY not in response.body


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
        return _limit(response, now, facts)
    if status >= 500:
        if request.replay is Replay.UNSENT:
            return OutcomeUnknown("the provider failed while it dealt with the request", lookup=request.lookup, **facts)
        return Unavailable("the provider failed", **facts)
    if status < 400:
        return unexpected(f"status {status}", response, request)
    if kind is None and not messages and status != 401:
        # In an outage the platform before the provider answers so; it proves nothing about the thing asked for.
        return unexpected(f"status {status}, and the body is not the provider's own", response, request)
    if kind == "PDFNotReadyError":
        return Unavailable("the PDF is not made yet", fix="ask again in a few seconds", **facts)
    if status == 401 or kind == "AuthError" or (status == 403 and _is_about_token(messages)):
        return _credentials(response, messages, now, facts)
    for message in messages:
        for known in REFUSALS:
            if found := known.pattern.search(message):
                return _from_catalogue(known, found, status, facts)
    if status == 403:
        return PermissionRefused("the account may not do that", **facts)
    if status == 404:
        return NotFound("there is no such thing, or it is no longer kept", **facts)
    return RequestRefused("the provider finds the request wrong", fix="check the arguments", **facts)


def _from_catalogue(known: _Known, found: re.Match[str], status: int, facts: dict[str, Any]) -> Refused:
    name = found.groupdict().get("name")
    happened = f"{known.happened}: {name}" if name else known.happened
    if known.kind is RequestRefused:
        if status == 404:
            return NotFound(happened, fix=known.fix, **facts)
        return RequestRefused(happened, field=known.field, fix=known.fix, **facts)
    return known.kind(happened, fix=known.fix, **facts)


def _is_about_token(messages: list[str]) -> bool:
    return any("token" in message or "system clock" in message for message in messages)


def _credentials(response: Response, messages: list[str], now: float, facts: dict[str, Any]) -> CredentialsRefused:
    text = " ".join(messages)
    for mark, happened, fix in CREDENTIALS:
        if mark in text:
            measured = _skew(response, now) if mark == "system clock" else ""
            return CredentialsRefused(happened + measured, fix=fix, **facts)
    return CredentialsRefused("the API key or its signature was refused", **facts)


def _skew(response: Response, now: float) -> str:
    try:
        skew = round(now - parsedate_to_datetime(response.header("date") or "").timestamp())
    except (TypeError, ValueError):
        return ""
    return f" (by its Date header, this machine is {abs(skew)} s {'ahead' if skew > 0 else 'behind'})"


def _limit(response: Response, now: float, facts: dict[str, Any]) -> RateLimited:
    if is_rate_limit(response):
        wait = retry_after(response)
        return RateLimited(
            "too many requests in a minute", retry_after=_DEFAULT_WAIT if wait is None else wait, **facts
        )
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
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
