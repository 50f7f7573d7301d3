"""Callbacks of the notifications-api family: the bearer token first, then the body.

The token is all the proof that there is: nothing is signed. Sources: GOV.UK Notify REST API docs, "Callbacks";
alphagov/notifications-api and cds-snc/notification-api, `app/celery/service_callback_tasks.py`.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.core.canonical_json import parse
from govcomponents.core.http.responses import Wire
from govcomponents.errors import CallbackRefused
from govcomponents.notify.adapters.notifications_api.wire import read_optional_time
from govcomponents.notify.events import Complaint, DeliveryReceipt, NotifyEvent, UnknownEvent
from govcomponents.notify.models import Channel, NotificationId, Status, TemplateId
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.privacy import Secret

MAX_BODY: Final = 64 * 1024
_OPERATION: Final = "notify.parse_callback"


class Receipt(Wire):
    """A delivery receipt. GC Notify's names no template, and says more of the status."""

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
    template_id: str | None = None
    template_version: int | None = None


class ComplaintState(Wire):
    """An email that was reported as spam. GC Notify's code has it, its docs do not."""

    notification_id: str
    complaint_id: str
    reference: str | None = None
    to: str
    complaint_date: str | None = None


class CallbackReader:
    """Reads the callbacks of one provider. A provider overrides `event` for the kinds that only it has.

    `after_refusal` tells a service what follows from refusing a callback.
    """

    provider: str
    statuses: Mapping[str, Status]
    after_refusal: str

    def read(self, body: bytes, authorization: str | None, tokens: Sequence[Secret]) -> NotifyEvent:
        """Check the token, then read the body. Raises CallbackRefused."""
        self._check_token(authorization, tokens)
        return self.parse(body)

    def _check_token(self, authorization: str | None, tokens: Sequence[Secret]) -> None:
        """Compare the bearer token with every one that is configured, in constant time."""
        if not tokens:
            raise self._refused(
                "no callback token is configured",
                "set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS to the tokens, comma-separated",
                code=NOT_CONFIGURED,
            )
        if not authorization:
            raise self._refused(
                "no token came with it: there is no Authorization header",
                f"pass the request's headers, all of them; a request without it is not from {self.provider}",
            )
        scheme, _, given = authorization.partition(" ")
        matches = [hmac.compare_digest(given.encode("utf-8", "replace"), token.reveal().encode()) for token in tokens]
        if scheme.lower() != "bearer" or not any(matches):
            raise self._refused(
                "the bearer token is not one of those that are configured",
                f"set a new token beside the old one before it is changed at the provider: {self.after_refusal}",
            )

    def _refused(self, happened: str, fix: str, code: str | None = None) -> CallbackRefused:
        return CallbackRefused(happened, fix=fix, code=code, operation=_OPERATION, provider=self.provider)

    def parse(self, body: bytes) -> NotifyEvent:
        """Read the body of a callback whose token was checked.

        What is not of the form that its kind has is an UnknownEvent, for the provider would send it again and again.
        Raises CallbackRefused if it is no JSON object.
        """
        if len(body) > MAX_BODY:
            raise self._refused(f"the body is larger than {MAX_BODY} bytes", "answer with 413")
        try:
            raw = parse(body)
        except ValueError:
            raw = None
        if not isinstance(raw, dict):
            raise self._refused("the body is no JSON object", "keep it aside and look at it")
        try:
            return self.event(raw)
        except ValueError:
            return _unknown(raw)

    def event(self, raw: Mapping[str, Any]) -> NotifyEvent:
        """Read one callback. Raises ValueError for what is not of the form that its kind has."""
        if "complaint_id" in raw:
            return _complaint(ComplaintState.model_validate(raw), raw)
        if "notification_type" in raw:
            return self._receipt(Receipt.model_validate(raw), raw)
        return _unknown(raw)

    def _receipt(self, receipt: Receipt, raw: Mapping[str, object]) -> DeliveryReceipt:
        completed_at = read_optional_time(receipt.completed_at)
        return DeliveryReceipt(
            key=f"{receipt.id}:{receipt.status}",
            occurred_at=completed_at,
            notification_id=NotificationId(receipt.id),
            reference=receipt.reference,
            channel=Channel(receipt.notification_type),
            status=self.statuses.get(receipt.status, Status.UNKNOWN),
            raw_status=receipt.status,
            recipient=Personal(receipt.to),
            template_id=None if receipt.template_id is None else TemplateId(receipt.template_id),
            template_version=receipt.template_version,
            created_at=read_optional_time(receipt.created_at),
            sent_at=read_optional_time(receipt.sent_at),
            completed_at=completed_at,
            raw=raw,
        )


def _unknown(raw: Mapping[str, object]) -> UnknownEvent:
    content = json.dumps(raw, sort_keys=True).encode()
    return UnknownEvent(key=f"{sha256(content).hexdigest()}:unknown", occurred_at=None, raw=raw)


def _complaint(complaint: ComplaintState, raw: Mapping[str, object]) -> Complaint:
    return Complaint(
        key=f"{complaint.complaint_id}:complaint",
        occurred_at=read_optional_time(complaint.complaint_date),
        complaint_id=complaint.complaint_id,
        notification_id=NotificationId(complaint.notification_id),
        reference=complaint.reference,
        recipient=Personal(complaint.to),
        raw=raw,
    )
