"""Lifecycle of Sessions, PaymentIntents, charges, refunds and disputes. Whoever calls holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.sandbox.providers.stripe.store import Charge, DisputeRecord, Intent, RefundRecord, Session
from govcomponents.sandbox.providers.stripe.validation import Problem, unexpected_state, wrong

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.stripe.events import EventKind, Events
    from govcomponents.sandbox.providers.stripe.objects import Objects
    from govcomponents.sandbox.providers.stripe.store import Store, TestCard

DAY: Final = 86_400
_REFUND_WAITS: Final = 3600.0
_REFUND_FAILS: Final = 2.0 * DAY
TRYING: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


class Lifecycle:
    """Changes a store, and makes an event of each change."""

    def __init__(self, store: Store, context: SandboxContext, objects: Objects, events: Events) -> None:
        self._store = store
        self._context = context
        self._objects = objects
        self._events = events

    def now(self) -> int:
        """The time, in whole seconds."""
        return int(self._context.clock.time())

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An id that nothing has yet."""
        return f"{prefix}_{self._context.ids.token(length)}"

    def _record(self, session: Session, what: str) -> None:
        self._context.timeline.record("stripe", what, session.given.get("client_reference_id"))

    def _event(self, session: Session, kind: EventKind, shown: dict[str, Any], at: float, what: str = "") -> None:
        """Make an event of a change at `at`, and record `what` changed, if that is said."""
        self._events.add(kind, shown, at, session.given.get("client_reference_id"))
        if what:
            self._record(session, what)

    def _session_of(self, intent_id: str) -> Session:
        return self.of(self._store.intents[intent_id])

    def created(self, session: Session) -> None:
        """Keep a new Session."""
        self._store.sessions[session.id] = session
        self._record(session, "The service created a payment")

    def of(self, intent: Intent) -> Session:
        """The Session that a PaymentIntent belongs to."""
        return self._store.sessions[intent.session_id]

    def intent_of(self, session: Session) -> Intent | None:
        """The PaymentIntent of a Session; None until the person has tried to pay."""
        return self._store.intents[session.intent_id] if session.intent_id is not None else None

    def settle(self, session: Session) -> Session:
        """Bring a Session, and its PaymentIntent, up to the clock."""
        now = self.now()
        if session.status == "open" and now >= session.expires_at:
            self._end(session, session.expires_at)
        intent = self.intent_of(session)
        if intent is not None and intent.status == "requires_capture":
            lapses_at = intent.created + self._store.world.hold_days * DAY
            if now >= lapses_at:
                self._cancel(intent, "automatic", lapses_at)
        return session

    def settle_refund(self, refund: RefundRecord) -> RefundRecord:
        """Bring a refund up to the clock."""
        if refund.changes_at is not None and self._context.clock.time() >= refund.changes_at:
            at, refund.changes_at, refund.status = refund.changes_at, None, refund.becomes
            if refund.status == "failed":
                self._store.charges[refund.charge_id].refunded -= refund.amount
            kind: EventKind = "refund.failed" if refund.status == "failed" else "refund.updated"
            session = self._session_of(refund.intent_id)
            self._event(session, kind, self._objects.refund(refund), at, f"The refund is {refund.status}")
        return refund

    def settle_all(self) -> None:
        """Bring everything up to the clock."""
        for session in self._store.sessions.values():
            self.settle(session)
        for refund in self._store.refunds.values():
            self.settle_refund(refund)

    def _end(self, session: Session, at: int) -> None:
        session.status = "expired"
        intent = self.intent_of(session)
        if intent is not None and intent.status in TRYING:
            self._cancel(intent, "automatic", at)
        shown = self._objects.session(session)
        self._event(session, "checkout.session.expired", shown, at, "The payment expired")

    def expire(self, session: Session) -> None:
        """End an open Session. Raises a Problem for any other."""
        if session.status != "open":
            raise Problem(
                400,
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Checkout Session has a status of {session.status}.",
            )
        self._end(session, self.now())

    def _cancel(self, intent: Intent, reason: str | None, at: int) -> None:
        intent.status, intent.reason, intent.canceled_at = "canceled", reason, at
        self._event(
            self.of(intent), "payment_intent.canceled", self._objects.intent(intent), at, "The payment was cancelled"
        )

    def cancel(self, intent: Intent, reason: str | None) -> None:
        """Cancel a PaymentIntent of a Session, which is possible only while its money is held. Raises a Problem."""
        if intent.status in TRYING:
            raise Problem(400, "You cannot cancel this PaymentIntent: expire its Checkout Session instead.")
        if intent.status != "requires_capture":
            raise unexpected_state("canceled", intent.status)
        self._cancel(intent, reason, self.now())

    def capture(self, intent: Intent, amount: int | None) -> None:
        """Take held money, all of it. Raises a Problem."""
        if intent.status != "requires_capture":
            raise unexpected_state("captured", intent.status)
        if amount is not None and not 1 <= amount <= intent.amount:
            raise Problem(
                400, "The amount to capture is more than is held.", code="amount_too_large", param="amount_to_capture"
            )
        if amount is not None and amount < intent.amount:
            raise wrong("The sandbox captures the whole amount only.", None, "amount_to_capture")
        self._take(intent)

    def submit(self, session: Session, card: TestCard, last4: str, person: dict[str, Any]) -> Intent:
        """The person tries to pay with a card. The first try makes the PaymentIntent."""
        intent = self.intent_of(session) or self._new_intent(session)
        charge = Charge(
            id=self.new_id("ch"),
            created=self.now(),
            amount=session.amount,
            currency=session.currency,
            intent_id=intent.id,
            card=card,
            last4=last4,
            person=person,
            metadata=intent.metadata,
        )
        if card.three_d_secure:
            intent.status, intent.waiting = "requires_action", charge
            self._event(session, "payment_intent.requires_action", self._objects.intent(intent), charge.created)
        elif card.code is not None:
            self._decline(session, intent, charge, card.code, card.decline_code)
        else:
            self._authorise(session, intent, charge)
        return intent

    def answer_bank(self, session: Session, intent: Intent, *, approves: bool) -> None:
        """The person proves, or does not prove, to be the card's holder."""
        charge, intent.waiting = intent.waiting, None
        if charge is None:
            return
        charge.authenticated = approves
        if approves:
            self._authorise(session, intent, charge)
        else:
            self._decline(session, intent, charge, "payment_intent_authentication_failure", None)

    def _new_intent(self, session: Session) -> Intent:
        given = session.given.get("payment_intent_data") or {}
        intent = Intent(
            id=self.new_id("pi"),
            created=self.now(),
            amount=session.amount,
            currency=session.currency,
            session_id=session.id,
            capture_method=given.get("capture_method") or "automatic",
            metadata=dict(given.get("metadata") or {}),
            description=given.get("description"),
        )
        self._store.intents[intent.id] = intent
        session.intent_id = intent.id
        self._event(session, "payment_intent.created", self._objects.intent(intent), intent.created)
        return intent

    def _decline(self, session: Session, intent: Intent, charge: Charge, code: str, decline_code: str | None) -> None:
        charge.is_authorised = False
        self._store.charges[charge.id] = charge
        intent.status, intent.charge_id = "requires_payment_method", charge.id
        intent.last_error = {
            "type": "card_error",
            "code": code,
            "message": "Your card was declined.",
            "charge": charge.id,
            **({"decline_code": decline_code} if decline_code else {}),
        }
        shown, what = self._objects.intent(intent), f"The card was refused: {decline_code or code}"
        self._event(session, "payment_intent.payment_failed", shown, charge.created, what)

    def _authorise(self, session: Session, intent: Intent, charge: Charge) -> None:
        self._store.charges[charge.id] = charge
        intent.charge_id, intent.last_error = charge.id, None
        session.status, session.person = "complete", charge.person
        if intent.capture_method == "manual":
            intent.status = "requires_capture"
            kind: EventKind = "payment_intent.amount_capturable_updated"
            self._event(session, kind, self._objects.intent(intent), self.now(), "The money is held")
        else:
            session.is_paid = True
            self._take(intent)
        self._event(session, "checkout.session.completed", self._objects.session(session), self.now())
        if charge.card.is_disputed:
            self.dispute(charge)

    def _take(self, intent: Intent) -> None:
        charge = self._store.charges[intent.charge_id or ""]
        charge.captured_at = self.now()
        intent.status = "succeeded"
        session = self.of(intent)
        session.is_paid = True
        self._event(session, "payment_intent.succeeded", self._objects.intent(intent), self.now(), "The person paid")

    def refund(
        self, charge: Charge, amount: int | None, *, reason: str | None, metadata: dict[str, str]
    ) -> RefundRecord:
        """Refund a part or what is left of a charge. Raises a Problem for more than is left."""
        left = charge.taken - charge.refunded
        if charge.captured_at is None:
            raise Problem(400, "This charge has not been captured, so it cannot be refunded.", param="charge")
        if charge.is_disputed:
            raise Problem(400, "This charge has been charged back, so it cannot be refunded.", code="charge_disputed")
        if left == 0:
            raise Problem(400, "This charge has already been refunded.", code="charge_already_refunded")
        wanted = left if amount is None else amount
        if wanted < 1:
            raise wrong("Invalid positive integer", "parameter_invalid_integer", "amount")
        if wanted > left:
            raise Problem(400, "Refund amount is greater than unrefunded amount on charge", param="amount")
        charge.refunded += wanted
        refund = RefundRecord(
            id=self.new_id("re"),
            created=self.now(),
            amount=wanted,
            currency=charge.currency,
            charge_id=charge.id,
            intent_id=charge.intent_id,
            metadata=metadata,
            reason=reason,
        )
        now = self._context.clock.time()
        if charge.card.refund_waits:
            refund.status, refund.becomes, refund.changes_at = "pending", "succeeded", now + _REFUND_WAITS
        elif charge.card.refund_fails:
            refund.becomes, refund.changes_at = "failed", now + _REFUND_FAILS
        self._store.refunds[refund.id] = refund
        session = self._session_of(charge.intent_id)
        what = f"The service made a refund, which is {refund.status}"
        self._event(session, "refund.created", self._objects.refund(refund), refund.created, what)
        return refund

    def dispute(self, charge: Charge) -> DisputeRecord:
        """The card's holder disputes a charge."""
        charge.is_disputed = True
        dispute = DisputeRecord(
            id=self.new_id("dp"),
            created=self.now(),
            amount=charge.amount,
            currency=charge.currency,
            charge_id=charge.id,
            intent_id=charge.intent_id,
        )
        self._store.disputes[dispute.id] = dispute
        session, shown = self._session_of(charge.intent_id), self._objects.dispute(dispute)
        self._event(session, "charge.dispute.created", shown, dispute.created, "The card's holder disputed the payment")
        return dispute

    def close_dispute(self, dispute: DisputeRecord, status: str) -> None:
        """Decide a dispute: "won" or "lost"."""
        dispute.status = status
        charge = self._store.charges[dispute.charge_id]
        charge.is_disputed = status != "won"
        session, shown = self._session_of(charge.intent_id), self._objects.dispute(dispute)
        self._event(session, "charge.dispute.closed", shown, self.now(), f"The dispute was {status}")
