"""States of payments as adapters tell them, and how that of an event is made to agree with the change it reports."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from govcomponents.pay.events import PaymentChange
from govcomponents.pay.states import FailureReason, PaymentState, PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of each change, the statuses that a payment can have after it.
_AFTER: Final[Mapping[PaymentChange, tuple[PaymentStatus, ...]]] = {
    PaymentChange.STARTED: (PaymentStatus.CREATED, PaymentStatus.STARTED),
    PaymentChange.SUBMITTED: (PaymentStatus.SUBMITTED, PaymentStatus.UNKNOWN),
    PaymentChange.CAPTURABLE: (PaymentStatus.CAPTURABLE,),
    PaymentChange.SUCCEEDED: (PaymentStatus.SUCCEEDED,),
    PaymentChange.CAPTURED: (PaymentStatus.SUCCEEDED,),
    PaymentChange.SETTLED: (PaymentStatus.SUCCEEDED,),
    PaymentChange.FAILED: (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.ERROR),
    PaymentChange.EXPIRED: (PaymentStatus.FAILED,),
    PaymentChange.CANCELLED: (PaymentStatus.CANCELLED, PaymentStatus.FAILED),
}
_TAKEN: Final = frozenset({PaymentChange.CAPTURED, PaymentChange.SETTLED})


@lru_cache(maxsize=256)  # a search reads thousands of payments that have the same few
def payment_state(
    status: PaymentStatus,
    raw_status: str,
    *,
    failure: FailureReason = FailureReason.UNKNOWN,
    is_finished: bool | None = None,
    is_captured: bool = False,
    can_retry: bool | None = None,
    code: str | None = None,
    message: str | None = None,
) -> PaymentState:
    """Return a state. What is not known counts as not finished unless the provider says that it `is_finished`.

    `failure` is told of what ended without payment only, and `is_captured` of what was paid only.
    """
    return PaymentState(
        status,
        raw_status,
        bool(is_finished) if status is PaymentStatus.UNKNOWN else status.is_finished,
        is_captured and status is PaymentStatus.SUCCEEDED,
        failure if status.is_failure else None,
        can_retry,
        code,
        message,
    )


@lru_cache(maxsize=256)
def captured(state: PaymentState) -> PaymentState:
    """Return a state whose money was taken, which says nothing of a payment that is not paid."""
    return replace(state, is_captured=state.is_paid)


def agreeing(change: PaymentChange, state: PaymentState | None) -> PaymentState | None:
    """Return a state that says what the change says; None for one that says something else.

    A service that acts on the change, and one that merges states, must come to the same end. The change is the more
    certain of the two: the object that a message shows may be older, or lack what tells that the money was taken.
    """
    if change is PaymentChange.FAILED and state is not None and state.status is PaymentStatus.UNKNOWN:
        return replace(state, status=PaymentStatus.FAILED, is_finished=True, failure=FailureReason.UNKNOWN)
    if state is None or state.status not in _AFTER[change]:
        return None
    if change in _TAKEN:
        return replace(state, is_captured=True)
    if change is PaymentChange.EXPIRED and state.failure is not FailureReason.EXPIRED:
        is_known = state.failure not in (None, FailureReason.UNKNOWN)
        return None if is_known else replace(state, failure=FailureReason.EXPIRED)
    return state
