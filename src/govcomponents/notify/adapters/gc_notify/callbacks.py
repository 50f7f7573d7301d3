"""GC Notify's callbacks: the bearer token first, then the body.

The token is all the proof that there is: nothing is signed. One message may have several receipts, and a failure may
follow a delivery.
Source: GC Notify docs, "Callbacks"; cds-snc/notification-api, `app/celery/service_callback_tasks.py`.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from govcomponents.core.responses import Wire
from govcomponents.errors import CallbackRefused
from govcomponents.notify.adapters.gc_notify.checks import PROVIDER
from govcomponents.notify.adapters.gc_notify.wire import STATUSES, read_optional_time
from govcomponents.notify.events import ComplaintMade, DeliveryReceipt, HealthCheck, NotifyEvent
from govcomponents.notify.models import Channel, NotificationId, Status
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
    status_description: str | None = None
    provider_response: str | None = None
    created_at: str | None = None
    completed_at: str | None = None
    sent_at: str | None = None
    notification_type: str


class Complaint(Wire):
    """An email that was reported as spam; the service's code has it, its docs do not."""

    notification_id: str
    complaint_id: str
    reference: str | None = None
    to: str
    complaint_date: str | None = None


def _refused(happened: str, fix: str) -> CallbackRefused:
    return CallbackRefused(happened, fix=fix, operation=_OPERATION, provider=PROVIDER)


def check_token(authorization: str | None, tokens: Sequence[Secret]) -> None:
    """Compare the bearer token with every one that is configured, in constant time. Raises CallbackRefused."""
    if not tokens:
        raise _refused(
            "no callback token is configured",
            "set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS to the tokens, comma-separated",
        )
    scheme, _, given = (authorization or "").partition(" ")
    matches = [hmac.compare_digest(given.encode("utf-8", "replace"), token.reveal().encode()) for token in tokens]
    if scheme.lower() != "bearer" or not any(matches):
        raise _refused(
            "the bearer token is not one of those that are configured",
            "answer with 5xx while a token is being changed, so that it comes again; many failures suspend callbacks",
        )


def parse(body: bytes) -> NotifyEvent:
    """Read the body of a callback whose token was checked. Raises CallbackRefused."""
    if len(body) > MAX_BODY:
        raise _refused(f"the body is larger than {MAX_BODY} bytes", "answer with 413")
    try:
        raw = json.loads(body)
        if not isinstance(raw, dict):
            raise ValueError  # noqa: TRY004  # dealt with below
        return _event(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise _refused(f"the body is not of the documented form: {where}", "keep it aside and look at it") from None
    except (ValueError, RecursionError):
        raise _refused("the body is not of the documented form", "keep it aside and look at it") from None


def _event(raw: Mapping[str, Any]) -> NotifyEvent:
    if "health_check" in raw:
        return HealthCheck(raw=raw)
    if "complaint_id" in raw:
        complaint = Complaint.model_validate(raw)
        return ComplaintMade(
            complaint_id=complaint.complaint_id,
            notification_id=NotificationId(complaint.notification_id),
            reference=complaint.reference,
            recipient=Personal(complaint.to),
            made_at=read_optional_time(complaint.complaint_date),
            raw=raw,
        )
    receipt = Receipt.model_validate(raw)
    return DeliveryReceipt(
        notification_id=NotificationId(receipt.id),
        reference=receipt.reference,
        channel=Channel(receipt.notification_type),
        status=STATUSES.get(receipt.status, Status.UNKNOWN),
        provider_status=receipt.status,
        recipient=Personal(receipt.to),
        template_id=None,
        template_version=None,
        created_at=read_optional_time(receipt.created_at),
        sent_at=read_optional_time(receipt.sent_at),
        completed_at=read_optional_time(receipt.completed_at),
        raw=raw,
    )
