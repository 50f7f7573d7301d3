"""The one state model: what is known of a payment, a refund, an agreement or a dispute, and no more than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from govcomponents.core.inputs import instance_argument
from govcomponents.core.results import PlainValues
from govcomponents.frames import leaving_frames_behind


class PaymentStatus(StrEnum):
    """The status of a payment. `UNKNOWN` is a status that this version does not know; its text is `raw_status`."""

    CREATED = "created"
    """Made; the person has not begun to pay."""
    STARTED = "started"
    """The person is paying, or a charge to a saved card is in progress."""
    SUBMITTED = "submitted"
    """The card is authorised; the person has not confirmed."""
    CAPTURABLE = "capturable"
    """Confirmed; the money is held and waits for `capture`. It is not paid."""
    SUCCEEDED = "succeeded"
    """The person has paid. The provider may not have taken the money yet: see `is_captured`."""
    FAILED = "failed"
    """Ended without payment; `failure` says why."""
    CANCELLED = "cancelled"
    """The service cancelled it."""
    ERROR = "error"
    """The provider failed; no money was taken."""
    UNKNOWN = "unknown"

    @property
    def is_finished(self) -> bool:
        """Whether the person has nothing more to do."""
        return self is PaymentStatus.SUCCEEDED or self.is_failure

    @property
    def is_failure(self) -> bool:
        """Whether it ended without payment."""
        return self in (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.ERROR)


class FailureReason(StrEnum):
    """The reason why a payment ended without money."""

    DECLINED = "declined"
    """The card was refused."""
    EXPIRED = "expired"
    """It was not completed, or not captured, in time."""
    CANCELLED_BY_PERSON = "cancelled_by_person"
    CANCELLED_BY_SERVICE = "cancelled_by_service"
    CANCELLED = "cancelled"
    """Cancelled; what was received does not say by whom."""
    PROVIDER_ERROR = "provider_error"
    UNKNOWN = "unknown"


# How far each status is from the start. What ends a payment outranks a success whose money was not taken, because a
# success can still end in an error; money that was taken outranks everything.
_PROGRESS: Final = {
    status: place
    for place, status in enumerate(
        (
            PaymentStatus.CREATED,
            PaymentStatus.STARTED,
            PaymentStatus.SUBMITTED,
            PaymentStatus.CAPTURABLE,
            PaymentStatus.SUCCEEDED,
            PaymentStatus.FAILED,
            PaymentStatus.CANCELLED,
            PaymentStatus.ERROR,
        ),
        start=1,
    )
}
_CAPTURED: Final = len(_PROGRESS) + 1
_VAGUE: Final = {None: 0, FailureReason.UNKNOWN: 1, FailureReason.CANCELLED: 2}


@dataclass(frozen=True, slots=True)
class PaymentState(PlainValues):
    """The state of a payment as it is known at one moment.

    `is_finished` means that the person has nothing more to do. `is_captured` means that the provider has taken the
    money. `can_retry` says of a failed charge to a saved card whether another may be tried; None is not known.
    `raw_status` and `code` are the provider's; `message` is for developers, never for the person.
    """

    status: PaymentStatus
    raw_status: str
    is_finished: bool
    is_captured: bool = False
    failure: FailureReason | None = None
    can_retry: bool | None = None
    code: str | None = None
    message: str | None = field(default=None, repr=False)

    @property
    def is_paid(self) -> bool:
        """Whether the person has paid. Grant the service then; reconcile with `is_captured`."""
        return self.status is PaymentStatus.SUCCEEDED

    def _certainty(self) -> tuple[int, bool, int, int, str, tuple[str, ...], str]:
        """How far along it is, then how exact it is, then anything: no two different states are equal here."""
        place = _CAPTURED if self.is_captured else _PROGRESS.get(self.status, 0)
        retry = {None: 0, True: 1, False: 2}[self.can_retry]
        texts = tuple(repr(text) for text in (self.code, self.raw_status, self.message, self.failure, self.is_captured))
        return (place, self.is_finished, _VAGUE.get(self.failure, 3), retry, self.code or "", texts, self.status)

    @leaving_frames_behind
    def merge(self, other: PaymentState) -> PaymentState:
        """Return what both together say: the state of the two that is further along.

        The order of merging does not matter, and merging the same state again changes nothing, so news that comes
        late, twice or out of order ends in the same state. The result is always one of the two states. Raises
        InvalidInput for what is no state, such as the payment instead of its `state`.
        """
        fix = "give the `state` of a payment or of an event"
        instance_argument(other, PaymentState, field="other", fix=fix, operation="payment.state.merge")
        return max(self, other, key=PaymentState._certainty)


def merge_states(states: Iterable[PaymentState]) -> PaymentState | None:
    """Merge any number of states of one payment, in any order; None if there is none."""
    known: PaymentState | None = None
    for state in states:
        known = state if known is None else known.merge(state)
    return known


class RefundStatus(StrEnum):
    """The status of a refund."""

    SUBMITTED = "submitted"
    """Asked of the card's provider."""
    SUCCEEDED = "succeeded"
    """The card's provider has accepted it."""
    ERROR = "error"
    """It was not made; the amount counts as not refunded."""
    UNKNOWN = "unknown"

    @property
    def is_finished(self) -> bool:
        """Whether it will not change in the ordinary course."""
        return self in (RefundStatus.SUCCEEDED, RefundStatus.ERROR)


class RefundableStatus(StrEnum):
    """The answer to whether a payment can be refunded now."""

    PENDING = "pending"
    """Not yet: the money has not been taken."""
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    """Not, or not at this moment: it failed, is disputed, or is being captured."""
    FULL = "full"
    """All of it has been refunded."""
    UNKNOWN = "unknown"


class AgreementStatus(StrEnum):
    """The status of an agreement: whether it can be charged."""

    CREATED = "created"
    """No card is saved yet."""
    ACTIVE = "active"
    """It can be charged."""
    CANCELLED = "cancelled"
    INACTIVE = "inactive"
    """The last charge failed for good; the person must set it up again."""
    UNKNOWN = "unknown"

    @property
    def can_be_charged(self) -> bool:
        """Whether a payment can be taken with it."""
        return self is AgreementStatus.ACTIVE

    @property
    def is_finished(self) -> bool:
        """Whether it stays as it is until the person sets it up again."""
        return self in (AgreementStatus.CANCELLED, AgreementStatus.INACTIVE)


class DisputeStatus(StrEnum):
    """The status of a dispute."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    """Decided for the service."""
    LOST = "lost"
    """Decided for the card's holder; the money is gone."""
    UNKNOWN = "unknown"

    @property
    def is_finished(self) -> bool:
        """Whether it is decided."""
        return self in (DisputeStatus.WON, DisputeStatus.LOST)
