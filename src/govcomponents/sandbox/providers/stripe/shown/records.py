"""Payments, refunds and disputes of Stripe for people, and what can be done to each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govcomponents.money import Money
from govcomponents.sandbox.plugins.records import Action, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.providers.stripe.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.stripe.store import DisputeRecord, RefundRecord, Session, Store


class StripeRecords:
    """The records of one account."""

    def __init__(self, store: Store, lifecycle: Lifecycle) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of all records of a kind, oldest first."""
        store = self._store
        if kind == "payments":
            return list(store.sessions)
        if kind == "refunds":
            return list(store.refunds)
        return list(store.disputes) if kind == "disputes" else []

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        store = self._store
        with store.lock:
            self._lifecycle.settle_all()
            if kind == "payments" and record_id in store.sessions:
                return self._payment(store.sessions[record_id])
            if kind == "refunds" and record_id in store.refunds:
                return self._refund(store.refunds[record_id])
            if kind == "disputes" and record_id in store.disputes:
                return self._dispute(store.disputes[record_id])
        return None

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Do one of a record's actions. Raises LookupError if it cannot be done now."""
        with self._store.lock:
            record = self.record(kind, record_id)
            if record is None or action not in {one.name for one in record.actions}:
                raise LookupError("that cannot be done to it now")
            if kind == "disputes":
                self._lifecycle.close_dispute(self._store.disputes[record_id], action)
                return
            session = self._store.sessions[record_id]
            intent = self._lifecycle.intent_of(session)
            if action == "expire":
                self._lifecycle.expire(session)
            elif intent is not None and action == "capture":
                self._lifecycle.capture(intent, None)
            elif intent is not None:
                charge = self._store.charges[intent.charge_id or ""]
                if action == "dispute":
                    self._lifecycle.dispute(charge)
                else:
                    self._lifecycle.refund(charge, None, reason=None, metadata={})

    def _payment(self, session: Session) -> Record:
        intent = self._lifecycle.intent_of(session)
        charge = self._store.charges.get(intent.charge_id or "") if intent is not None else None
        facts = [("Account", self._store.world.name), ("Amount", _amount(session.amount, session.currency))]
        actions = []
        if session.status == "open":
            actions.append(Action("expire", "Let it expire"))
        if intent is not None and intent.status == "requires_capture":
            actions.append(Action("capture", "Take the held money"))
        if charge is not None and charge.captured_at is not None and not charge.is_disputed:
            facts.append(("Refunded", _amount(charge.refunded, charge.currency)))
            if charge.refunded < charge.taken:
                actions.append(Action("refund", "Refund what is left"))
            actions.append(Action("dispute", "Let the card's holder dispute it"))
        of_intent = session.intent_id
        related = [("refunds", one.id) for one in self._store.refunds.values() if one.intent_id == of_intent]
        related += [("disputes", one.id) for one in self._store.disputes.values() if one.intent_id == of_intent]
        return Record(
            id=session.id,
            title=_amount(session.amount, session.currency),
            status=session.status if intent is None else intent.status.replace("_", " "),
            at=_moment(session.created),
            reference=session.given.get("client_reference_id"),
            facts=facts,
            related=related,
            actions=actions,
        )

    def _refund(self, refund: RefundRecord) -> Record:
        session = self._lifecycle.of(self._store.intents[refund.intent_id])
        return Record(
            id=refund.id,
            title=_amount(refund.amount, refund.currency),
            status=refund.status,
            at=_moment(refund.created),
            reference=session.given.get("client_reference_id"),
            related=[("payments", session.id)],
        )

    def _dispute(self, dispute: DisputeRecord) -> Record:
        session = self._lifecycle.of(self._store.intents[dispute.intent_id])
        is_open = dispute.status not in ("won", "lost")
        return Record(
            id=dispute.id,
            title=_amount(dispute.amount, dispute.currency),
            status=dispute.status.replace("_", " "),
            at=_moment(dispute.created),
            reference=session.given.get("client_reference_id"),
            related=[("payments", session.id)],
            actions=[Action("won", "Decide it for the service"), Action("lost", "Decide it against")]
            if is_open
            else [],
        )


def _amount(amount: int, currency: str) -> str:
    return str(Money(amount, currency.upper()))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
