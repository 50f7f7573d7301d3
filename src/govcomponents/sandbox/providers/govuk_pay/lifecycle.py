"""Lifecycle of payments: what the person, the service and the clock do to them.

What happens later is worked out from the clock when a payment is next looked at; nothing runs by itself. The times
are those of pay-connector's configuration.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.providers.govuk_pay import responses
from govcomponents.sandbox.providers.govuk_pay.cards import Outcome
from govcomponents.sandbox.providers.govuk_pay.store import DisputeRecord, RefundRecord

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_pay.store import Account, Charge, SavedCard
    from govcomponents.sandbox.providers.govuk_pay.webhooks import Webhooks

JOURNEY_SECONDS: Final = 5400.0
UNTOUCHED_SECONDS: Final = 300.0
UNCAPTURED_SECONDS: Final = 432_000.0
RECURRING_SECONDS: Final = 2.0
_EVIDENCE_SECONDS: Final = 14 * 86_400.0
_DISPUTE_FEE: Final = 2000
_STRIPE_FEE_FIXED: Final = 20
_NAMES: Final = {
    "started": "The person opened the card page",
    "submitted": "The card was authorised",
    "capturable": "The person confirmed; the money is held",
    "success": "The person paid",
    "cancelled": "The service cancelled the payment",
    "error": "The payment ended in an error",
}
_FAILED: Final = {
    "P0010": "The card was declined",
    "P0020": "The payment expired",
    "P0030": "The person cancelled the payment",
}


class Lifecycle:
    """Moves payments from state to state, and tells the webhooks and the timeline."""

    def __init__(self, context: SandboxContext, webhooks: Webhooks) -> None:
        self._context = context
        self._webhooks = webhooks

    def now(self) -> float:
        """The sandbox's time."""
        return self._context.clock.time()

    def created(self, account: Account, charge: Charge) -> None:
        """A payment was made."""
        charge.touched_at = charge.created_at
        charge.events.append((charge.created_at, responses.state(charge)))
        account.charges[charge.id] = charge
        account.unsettled[charge.id] = charge
        self._context.timeline.record("pay", "The service created a payment", charge.reference, charge.email)

    def _move(self, account: Account, charge: Charge, status: str, at: float, code: str | None = None) -> None:
        charge.status = status
        charge.code = code
        charge.touched_at = at
        charge.events.append((at, responses.state(charge)))
        happened = _FAILED[code] if status == "failed" and code is not None else _NAMES[status]
        self._context.timeline.record("pay", happened, charge.reference)
        if status == "success":
            self._webhooks.add(account, charge, "card_payment_succeeded", at)
        elif code == "P0020":
            self._webhooks.add(account, charge, "card_payment_expired", at)
        elif status in ("failed", "cancelled", "error"):
            self._webhooks.add(account, charge, "card_payment_failed", at)

    def settle(self, account: Account, charge: Charge) -> Charge:
        """Do what the clock has done to a payment since it was last looked at."""
        if charge.id not in account.unsettled:
            return charge
        now = self.now()
        if charge.charges_at is not None and charge.charges_at <= now:
            self._recurring(account, charge, charge.charges_at)
        self._expire(account, charge, now)
        if charge.captures_at is not None and charge.captures_at <= now:
            self._capture_done(account, charge, charge.captures_at)
        for record in charge.refunds:
            if record.status == "submitted" and record.ends_at is not None and record.ends_at <= now:
                self._refund_done(account, charge, record, record.ends_at)
        self._decide(charge, now)
        if self._is_settled(charge):
            account.unsettled.pop(charge.id, None)
        return charge

    def settle_all(self, account: Account) -> None:
        """The same for every payment that the clock may change."""
        for charge in list(account.unsettled.values()):
            self.settle(account, charge)

    def _is_settled(self, charge: Charge) -> bool:
        if not charge.finished or (charge.status == "success" and charge.captured_at is None):
            return False
        if charge.dispute is not None and charge.dispute.status not in ("won", "lost"):
            return False
        return all(refund.status != "submitted" for refund in charge.refunds)

    def _expire(self, account: Account, charge: Charge, now: float) -> None:
        if charge.status == "capturable":
            at = charge.created_at + UNCAPTURED_SECONDS
        elif not charge.finished and charge.mode != "agreement":
            at = max(charge.created_at + JOURNEY_SECONDS, charge.touched_at + UNTOUCHED_SECONDS)
        else:
            return
        if at <= now:
            self._move(account, charge, "failed", at, "P0020")

    def expire(self, account: Account, charge: Charge) -> None:
        """Let a payment's time be over."""
        self._move(account, charge, "failed", self.now(), "P0020")
        self.settle(account, charge)

    def fail_capture(self, account: Account, charge: Charge) -> None:
        """Let the card's provider refuse to give the money of a payment that succeeded.

        As at the real one no webhook tells of it: pay-webhooks knows no message for a failed capture.
        """
        charge.captures_at = charge.captured_at = None
        charge.status, charge.code, charge.touched_at = "error", "P0050", self.now()
        charge.events.append((charge.touched_at, responses.state(charge)))
        self._context.timeline.record("pay", "The money could not be taken, and no callback says so", charge.reference)
        self.settle(account, charge)

    def hold_capture(self, charge: Charge) -> None:
        """Keep the card's provider from giving the money, also of a payment that has yet to succeed."""
        charge.capture_held = True
        charge.captures_at = None

    def hold_refunds(self, charge: Charge) -> None:
        """Keep its refunds submitted, those to come too."""
        charge.refunds_held = True
        for record in charge.refunds:
            record.ends_at = None

    def dispute(self, account: Account, charge: Charge) -> None:
        """Let the card's holder dispute a payment; it is lost unless somebody decides otherwise."""
        self._raise_dispute(account, charge, "lost", self.now())

    def start(self, account: Account, charge: Charge) -> None:
        """The person opened the card page."""
        if charge.status == "created":
            self._move(account, charge, "started", self.now())

    def authorise(self, account: Account, charge: Charge, card: SavedCard, outcome: Outcome) -> None:
        """The card's bank has answered."""
        now = self.now()
        charge.card = card
        charge.awaits_three_d_secure = None
        charge.provider_id = self._context.ids.uuid()
        if outcome is Outcome.DECLINED:
            charge.fee = _STRIPE_FEE_FIXED if account.service.payment_provider == "stripe" else None
            self._move(account, charge, "failed", now, "P0010")
        elif outcome is Outcome.ERROR:
            self._move(account, charge, "error", now, "P0050")
        else:
            if card.card.corporate and charge.mode != "agreement":
                charge.surcharge = account.service.corporate_surcharge
            self._move(account, charge, "submitted", now)

    def refuse_card(self, account: Account, charge: Charge) -> None:
        """The number was not taken, which fails a payment by telephone; nothing of it is kept."""
        self._move(account, charge, "failed", self.now(), "P0010")

    def confirm(self, account: Account, charge: Charge) -> None:
        """The person confirmed, or nobody has to."""
        now = self.now()
        if charge.saves_card and charge.agreement_id is not None:
            agreement = account.agreements[charge.agreement_id]
            agreement.status, agreement.card, agreement.card_saved_at = "active", charge.card, now
            agreement.cancelled_at = None
        if charge.delayed_capture:
            self._move(account, charge, "capturable", now)
        else:
            self.take(account, charge)

    def take(self, account: Account, charge: Charge, at: float | None = None) -> None:
        """Ask the provider for the money."""
        now = self.now() if at is None else at
        charge.capture_submitted_at = now
        charge.captures_at = None if charge.capture_held else now + account.service.capture_delay
        self._move(account, charge, "success", now)
        self.settle(account, charge)

    def _capture_done(self, account: Account, charge: Charge, at: float) -> None:
        charge.captures_at = None
        charge.captured_at = at
        if account.service.payment_provider == "stripe":
            charge.fee = charge.total * 15 // 1000 + _STRIPE_FEE_FIXED
            charge.settles_on = _working_days_after(at, account.service.settle_after_days)
        self._context.timeline.record("pay", "The provider took the money", charge.reference)
        self._webhooks.add(account, charge, "card_payment_captured", at)
        if charge.card is not None and charge.card.card.disputed is not None:
            self._raise_dispute(account, charge, charge.card.card.disputed, at)

    def end_at(self, account: Account, charge: Charge, status: str, at: float, code: str | None) -> None:
        """Bring a payment of the world to the end that it has there."""
        if status == "success":
            self.take(account, charge, at)
        else:
            self._move(account, charge, status, at, code)
            self.settle(account, charge)

    def cancel(self, account: Account, charge: Charge, *, by_person: bool = False) -> None:
        """Cancel."""
        status, code = ("failed", "P0030") if by_person else ("cancelled", "P0040")
        self._move(account, charge, status, self.now(), code)

    def _recurring(self, account: Account, charge: Charge, at: float) -> None:
        charge.charges_at = None
        agreement = account.agreements[charge.agreement_id or ""]
        card = agreement.card
        assert card is not None  # noqa: S101  # an agreement is active only with a card
        charge.card = card
        charge.provider_id = self._context.ids.uuid()
        charge.status = "started"
        charge.events.append((at, responses.state(charge)))
        outcome = card.card.later or card.card.outcome
        if outcome is Outcome.AUTHORISED:
            self.take(account, charge, at)
            return
        charge.can_retry = False
        agreement.status = "inactive"
        self._move(account, charge, "failed", at, "P0010")

    def refund(self, account: Account, charge: Charge, amount: int) -> RefundRecord:
        """Refund, which was checked to be possible."""
        now = self.now()
        record = RefundRecord(self._context.ids.base32(), charge.id, amount, now)
        record.ends_at = None if charge.refunds_held else now + account.service.refund_delay
        charge.refunds.append(record)
        account.refunds.append(record)
        account.unsettled[charge.id] = charge
        charge.events.append((now, {"status": "submitted", "finished": False}))
        told = (
            "The service refunded a part"
            if charge.refunded < charge.total
            else "The service refunded all that was left"
        )
        self._context.timeline.record("pay", told, charge.reference)
        self.settle(account, charge)
        return record

    def _refund_done(self, account: Account, charge: Charge, record: RefundRecord, at: float) -> None:
        record.status = "success"
        if account.service.payment_provider == "stripe":
            record.settled_on = _working_days_after(at, account.service.settle_after_days)
        charge.events.append((at, {"status": "success", "finished": True}))
        self._webhooks.add(account, charge, "card_payment_refunded", at)

    def fail_refund(self, account: Account, charge: Charge, record: RefundRecord) -> None:
        """Let the provider fail a refund that is under way."""
        record.status, record.ends_at = "error", None
        charge.events.append((self.now(), {"status": "error", "finished": True}))
        self.settle(account, charge)

    def _raise_dispute(self, account: Account, charge: Charge, decided_as: str, at: float) -> None:
        record = DisputeRecord(
            id=self._context.ids.base32(),
            charge_id=charge.id,
            amount=charge.total,
            fee=_DISPUTE_FEE,
            reason="fraudulent",
            created_at=at,
            evidence_due_at=at + _EVIDENCE_SECONDS,
            decided_as=decided_as,
            decided_at=at + _EVIDENCE_SECONDS,
        )
        charge.dispute = record
        account.disputes.append(record)
        account.unsettled[charge.id] = charge
        self._context.timeline.record("pay", "The card's holder disputed the payment", charge.reference)

    def _decide(self, charge: Charge, now: float) -> None:
        dispute = charge.dispute
        if dispute is not None and dispute.status not in ("won", "lost") and dispute.decided_at <= now:
            dispute.status = dispute.decided_as
            if dispute.status == "lost":
                dispute.settled_on = responses.day(dispute.decided_at)
            self._context.timeline.record("pay", f"The dispute was {dispute.status}", charge.reference)


def _working_days_after(at: float, days: int) -> str:
    date = datetime.fromtimestamp(at, UTC).date()
    while days:
        date += timedelta(days=1)
        days -= date.weekday() < 5
    return date.isoformat()
