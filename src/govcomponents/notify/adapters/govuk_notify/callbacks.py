"""GOV.UK Notify's callbacks: the bearer token first, then the body.

The token is all the proof that there is: nothing is signed. Source: GOV.UK Notify REST API docs, "Callbacks";
alphagov/notifications-api, `app/celery/service_callback_tasks.py`.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from govcomponents.core.responses import Wire
from govcomponents.errors import CallbackRefused
from govcomponents.notify.adapters.govuk_notify.wire import PROVIDER, STATUSES, read_optional_time, read_time
from govcomponents.notify.events import ComplaintMade, DeliveryReceipt, LetterReturned, NotifyEvent, TextReceived
from govcomponents.notify.inbound_sms import ReceivedText
from govcomponents.notify.models import Channel, NotificationId, Status, TemplateId
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.privacy import Secret

MAX_BODY: Final = 64 * 1024
_OPERATION: Final = "notify.read_callback"


class Receipt(Wire):
    """A delivery receipt."""

    id: str
    reference: str | None = None
    to: str
    status: str
    created_at: str | None = None
    completed_at: str | None = None
    sent_at: str | None = None
    notification_type: str
    template_id: str | None = None
    template_version: int | None = None


class InboundText(Wire):
    """A received text message; its members are named otherwise than when it is listed."""

    id: str
    source_number: str
    destination_number: str
    message: str
    date_received: str


class ReturnedLetter(Wire):
    """A letter that came back."""

    notification_id: str
    reference: str | None = None
    date_sent: str
    sent_by: str | None = None
    template_name: str | None = None
    template_id: str | None = None
    template_version: int | None = None
    spreadsheet_file_name: str | None = None
    spreadsheet_row_number: int | None = None
    upload_letter_file_name: str | None = None


class Complaint(Wire):
    """An email that was reported as spam."""

    notification_id: str
    complaint_id: str
    reference: str | None = None
    to: str
    complaint_date: str | None = None


def refused(happened: str, fix: str) -> CallbackRefused:
    """The error for a callback that must not be acted on."""
    return CallbackRefused(happened, fix=fix, operation=_OPERATION, provider=PROVIDER)


def check_token(authorization: str | None, tokens: Sequence[Secret]) -> None:
    """Compare the bearer token with every one that is configured, in constant time. Raises CallbackRefused."""
    if not tokens:
        raise refused(
            "no callback token is configured",
            "set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS to the tokens, comma-separated",
        )
    scheme, _, given = (authorization or "").partition(" ")
    matches = [hmac.compare_digest(given.encode("utf-8", "replace"), token.reveal().encode()) for token in tokens]
    if scheme.lower() != "bearer" or not any(matches):
        raise refused(
            "the bearer token is not one of those that are configured",
            "answer with 5xx while a token is being changed, so that it comes again; 401 and 403 are final",
        )


def parse(body: bytes) -> NotifyEvent:
    """Read the body of a callback whose token was checked. Raises CallbackRefused."""
    if len(body) > MAX_BODY:
        raise refused(f"the body is larger than {MAX_BODY} bytes", "answer with 413")
    try:
        raw = json.loads(body)
        if not isinstance(raw, dict):
            raise ValueError  # noqa: TRY004  # dealt with below
        return _event(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise refused(f"the body is not of the documented form: {where}", "keep it aside and look at it") from None
    except (ValueError, RecursionError):
        raise refused("the body is not of the documented form", "keep it aside and look at it") from None


def _event(raw: Mapping[str, Any]) -> NotifyEvent:
    if "complaint_id" in raw:
        return _complaint(Complaint.model_validate(raw), raw)
    if "source_number" in raw:
        return _text(InboundText.model_validate(raw), raw)
    if "date_sent" in raw:
        return _returned(ReturnedLetter.model_validate(raw), raw)
    return _receipt(Receipt.model_validate(raw), raw)


def _receipt(receipt: Receipt, raw: Mapping[str, object]) -> DeliveryReceipt:
    return DeliveryReceipt(
        notification_id=NotificationId(receipt.id),
        reference=receipt.reference,
        channel=Channel(receipt.notification_type),
        status=STATUSES.get(receipt.status, Status.UNKNOWN),
        provider_status=receipt.status,
        recipient=Personal(receipt.to),
        template_id=None if receipt.template_id is None else TemplateId(receipt.template_id),
        template_version=receipt.template_version,
        created_at=read_optional_time(receipt.created_at),
        sent_at=read_optional_time(receipt.sent_at),
        completed_at=read_optional_time(receipt.completed_at),
        raw=raw,
    )


def _text(text: InboundText, raw: Mapping[str, object]) -> TextReceived:
    return TextReceived(
        text=ReceivedText(
            id=text.id,
            sender=Personal(text.source_number),
            number=text.destination_number,
            content=Personal(text.message),
            received_at=read_time(text.date_received),
            raw=raw,
        )
    )


def _returned(letter: ReturnedLetter, raw: Mapping[str, object]) -> LetterReturned:
    by_api = letter.sent_by in (None, "API")
    return LetterReturned(
        notification_id=NotificationId(letter.notification_id),
        reference=letter.reference,
        sent_at=read_time(letter.date_sent),
        sent_by=None if by_api else Personal(letter.sent_by or ""),
        template_id=None if letter.template_id in (None, "None") else TemplateId(letter.template_id or ""),
        template_name=letter.template_name,
        template_version=letter.template_version,
        raw=raw,
    )


def _complaint(complaint: Complaint, raw: Mapping[str, object]) -> ComplaintMade:
    return ComplaintMade(
        complaint_id=complaint.complaint_id,
        notification_id=NotificationId(complaint.notification_id),
        reference=complaint.reference,
        recipient=Personal(complaint.to),
        made_at=read_optional_time(complaint.complaint_date),
        raw=raw,
    )
