"""Webhooks of GOV.UK Pay: verify the raw bytes, then read them (GOV.UK Pay docs: webhooks; pay-webhooks, source).

The key is the whole secret with its prefix; there is no timestamp in the signature, so a replay is told by its key
only; several secrets are accepted, because regenerating one at Pay has no overlap.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypedDict

from pydantic import ValidationError

from govcomponents.core.responses import LazyJson, Wire
from govcomponents.core.times import date_or_none, time_or_none
from govcomponents.errors import CallbackRefused
from govcomponents.money import Money
from govcomponents.pay.adapters.govuk_pay.parts import SettlementPart, StatePart
from govcomponents.pay.adapters.govuk_pay.reading import (
    read_state,
)
from govcomponents.pay.adapters.govuk_pay.wire import PROVIDER, SIGNATURE
from govcomponents.pay.events import PayEvent, PaymentChange, PaymentChanged, RefundChanged, UnknownEvent
from govcomponents.pay.ids import PaymentId
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.privacy import Secret

MAX_BODY: Final = 1024 * 1024
_OPERATION: Final = "pay.parse_callback"
_REFUNDED: Final = "card_payment_refunded"
_CHANGES: Final = {
    "card_payment_started": PaymentChange.STARTED,
    "card_payment_succeeded": PaymentChange.SUCCEEDED,
    "card_payment_captured": PaymentChange.CAPTURED,
    "card_payment_settled": PaymentChange.SETTLED,
    "card_payment_failed": PaymentChange.FAILED,
    "card_payment_expired": PaymentChange.EXPIRED,
}
# A webhook's names of what the API calls "failed". A cancelled one does not say by whom: the service's own cancel
# comes as the person's (pay-webhooks, ExternalChargeState).
_FAILED: Final = {
    "declined": FailureReason.DECLINED,
    "timedout": FailureReason.EXPIRED,
    "cancelled": FailureReason.CANCELLED,
}


class _ResourcePart(Wire):
    payment_id: str | None = None
    amount: int | None = None
    reference: str | None = None
    state: StatePart | None = None
    settlement_summary: SettlementPart | None = None


class _About(TypedDict):
    """The fields that every event has."""

    key: str
    raw_type: str
    occurred_at: datetime | None
    payment_id: PaymentId
    reference: str | None
    raw: LazyJson


class _Message(Wire):
    webhook_message_id: str
    event_type: str
    resource_id: str
    created_date: str | None = None
    resource: _ResourcePart | None = None


def sign(body: bytes, secret: str) -> str:
    """The signature of a body: what Pay sends in the header Pay-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def parse_callback(body: bytes, headers: Mapping[str, str], secrets: Iterable[Secret]) -> PayEvent:
    """Verify a message with any of the secrets, then read it. Raises CallbackRefused."""
    accepted = tuple(secrets)
    if not accepted:
        raise _refused("no webhook secret is configured", "set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS")
    if len(body) > MAX_BODY:
        raise _refused(f"the body is larger than {MAX_BODY} bytes", "answer the sender with an error status")
    signature = _signature(headers)
    given = signature.encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(body, secret.reveal()).encode(), given) for secret in accepted]
    if not any(matches):
        raise _refused(
            "the signature does not fit the body",
            "pass the raw bytes of the request; check the secrets, of which Pay drops the old one at once; "
            "answer the sender with an error status",
        )
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        raise _refused(
            "the message is signed, but not of the documented form",
            "answer the sender with an error status, and report it",
        ) from None
    return _read(message, body)


def _signature(headers: Mapping[str, str]) -> str:
    found = headers.get(SIGNATURE)
    if not found:
        raise _refused("there is no Pay-Signature header", "pass the request's headers; what has none is not from Pay")
    return found


def _refused(happened: str, fix: str) -> CallbackRefused:
    return CallbackRefused(happened, fix=fix, operation=_OPERATION, provider=PROVIDER)


def _read(message: _Message, body: bytes) -> PayEvent:
    resource = message.resource or _ResourcePart()
    about: _About = {
        "key": message.webhook_message_id,
        "raw_type": message.event_type,
        "occurred_at": time_or_none(message.created_date),
        "payment_id": PaymentId(message.resource_id),
        "reference": resource.reference,
        "raw": LazyJson(body),
    }
    amount = None if resource.amount is None else Money(resource.amount)
    if message.event_type == _REFUNDED:
        return RefundChanged(payment_amount=amount, **about)
    change = _CHANGES.get(message.event_type)
    if change is None:
        return UnknownEvent(**about)
    captured = date_or_none((resource.settlement_summary or {}).get("captured_date")) is not None
    state = _state(resource.state, is_captured=captured)
    return PaymentChanged(change=change, state=state, amount=amount, **about)


def _state(part: StatePart | None, *, is_captured: bool) -> PaymentState | None:
    if not part:
        return None
    text = part.get("status", "")
    if text in _FAILED:
        code = part.get("code")
        return PaymentState(PaymentStatus.FAILED, text, True, False, _FAILED[text], None, code, part.get("message"))  # noqa: FBT003  # the dataclass's own order
    return read_state(part, is_captured=is_captured)
