"""What Stripe's statuses say of a payment: two objects tell it together, and neither alone is believed too far.

The PaymentIntent decides where there is one, because a Session is `complete` also while the money is only held. A
declined card does not end a payment: the person may try another until the Session expires.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from govcomponents.pay.adapters.stripe.wire import CANCELLED, CAPTURE
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

_TRYING: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
# Stripe's own reasons are the first two; the others are what a request, or the dashboard, gave.
_RAN_OUT: Final = frozenset({"automatic", "expired"})
_ASKED_FOR: Final = frozenset({None, "abandoned", "duplicate", "fraudulent", "requested_by_customer"})


class Attempt(Protocol):
    """Why an attempt to pay failed."""

    @property
    def code(self) -> str | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def decline_code(self) -> str | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def message(self) -> str | None: ...  # noqa: D102  # a field of Stripe's


class Intent(Protocol):
    """The fields of a PaymentIntent that decide a state."""

    @property
    def status(self) -> str: ...  # noqa: D102  # a field of Stripe's
    @property
    def cancellation_reason(self) -> str | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def last_payment_error(self) -> Attempt | None: ...  # noqa: D102  # a field of Stripe's


class Session(Protocol):
    """The fields of a Checkout Session that decide a state."""

    @property
    def status(self) -> str | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def payment_status(self) -> str | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def metadata(self) -> Mapping[str, str] | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def intent(self) -> Intent | None: ...  # noqa: D102  # a field of Stripe's
    @property
    def intent_id(self) -> str | None: ...  # noqa: D102  # a field of Stripe's


def state_of_intent(intent: Intent) -> PaymentState:
    """What a PaymentIntent says without its Session: never that the payment has failed while it can still be tried."""
    return _decided(intent) or _open(intent)


def state_of_session(session: Session) -> PaymentState:
    """What a Session says, with its PaymentIntent if that came along."""
    intent = session.intent
    if intent is not None and intent.status in ("succeeded", "requires_capture", "processing"):
        return state_of_intent(intent)
    if session.status == "expired" or (intent is not None and intent.status == "canceled"):
        return _ended(session, intent)
    if session.status == "complete":
        return _complete(session, intent)
    if session.status == "open":
        if session.intent_id is None:
            return PaymentState(PaymentStatus.CREATED, "open", is_finished=False)
        if intent is None:
            return PaymentState(PaymentStatus.STARTED, "open", is_finished=False)
        return state_of_intent(intent)
    return PaymentState(PaymentStatus.UNKNOWN, session.status or "", is_finished=False)


def _decided(intent: Intent) -> PaymentState | None:
    """The state that a PaymentIntent decides by itself; None while the person may go on."""
    raw = intent.status
    if raw == "succeeded":
        return PaymentState(PaymentStatus.SUCCEEDED, raw, is_finished=True, is_captured=True)
    if raw == "requires_capture":
        return PaymentState(PaymentStatus.CAPTURABLE, raw, is_finished=False)
    if raw == "processing":
        return PaymentState(PaymentStatus.SUBMITTED, raw, is_finished=False)
    if raw == "canceled":
        return _cancelled(intent)
    return None


def _cancelled(intent: Intent) -> PaymentState:
    reason = intent.cancellation_reason
    if reason in _RAN_OUT:
        return PaymentState(
            PaymentStatus.FAILED, intent.status, is_finished=True, failure=FailureReason.EXPIRED, code=reason
        )
    by = FailureReason.CANCELLED_BY_SERVICE if reason in _ASKED_FOR else FailureReason.CANCELLED
    return PaymentState(PaymentStatus.CANCELLED, intent.status, is_finished=True, failure=by, code=reason)


def _open(intent: Intent) -> PaymentState:
    if intent.status not in _TRYING:
        return PaymentState(PaymentStatus.UNKNOWN, intent.status, is_finished=False)
    code, message = _last_attempt(intent)
    return PaymentState(PaymentStatus.STARTED, intent.status, is_finished=False, code=code, message=message)


def _last_attempt(intent: Intent | None) -> tuple[str | None, str | None]:
    failed = intent.last_payment_error if intent is not None else None
    return (failed.decline_code or failed.code, failed.message) if failed is not None else (None, None)


def _ended(session: Session, intent: Intent | None) -> PaymentState:
    raw = intent.status if intent is not None and intent.status == "canceled" else "expired"
    by = (session.metadata or {}).get(CANCELLED)
    if by == "service":
        reason = FailureReason.CANCELLED_BY_SERVICE
        return PaymentState(PaymentStatus.CANCELLED, raw, is_finished=True, failure=reason)
    if by == "payer":
        reason = FailureReason.CANCELLED_BY_PERSON
        return PaymentState(PaymentStatus.FAILED, raw, is_finished=True, failure=reason)
    if intent is not None and intent.status == "canceled":
        return _cancelled(intent)
    code, message = _last_attempt(intent)
    return PaymentState(
        PaymentStatus.FAILED, raw, is_finished=True, failure=FailureReason.EXPIRED, code=code, message=message
    )


def _complete(session: Session, intent: Intent | None) -> PaymentState:
    raw = session.payment_status or "complete"
    # Whether Stripe calls money paid that is only held, its documentation does not say.
    may_be_held = (session.metadata or {}).get(CAPTURE) == "manual"
    if raw == "no_payment_required" or (raw == "paid" and not may_be_held):
        return PaymentState(PaymentStatus.SUCCEEDED, raw, is_finished=True)
    if raw == "unpaid" and intent is not None and intent.status == "requires_payment_method":
        code, message = _last_attempt(intent)
        return PaymentState(
            PaymentStatus.FAILED,
            intent.status,
            is_finished=True,
            failure=FailureReason.DECLINED,
            code=code,
            message=message,
        )
    # Held, or in process for days: only the PaymentIntent tells which.
    return PaymentState(PaymentStatus.UNKNOWN, raw, is_finished=False)
