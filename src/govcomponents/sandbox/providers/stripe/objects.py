"""Stripe's objects as JSON, with ids or, where a request expands them, with whole objects in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.sandbox.providers.stripe.validation import wrong

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.sandbox.providers.stripe.store import Charge, DisputeRecord, Intent, RefundRecord, Session, Store

# The fields of each object whose id can be replaced by the object (Stripe docs: expanding responses).
_EXPANDABLE: Final = {
    "checkout.session": {"payment_intent"},
    "payment_intent": {"latest_charge"},
    "charge": {"balance_transaction", "payment_intent"},
    "refund": {"charge", "payment_intent"},
    "dispute": {"charge", "payment_intent"},
}
_DEEPEST: Final = 4


class Objects:
    """Shows what a store holds."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._is_live = store.world.is_live

    def page_url(self, session: Session) -> str:
        """URL of the page where the person pays."""
        return f"{self._base_url}/c/pay/{session.id}"

    def session(self, session: Session) -> dict[str, Any]:
        """A Checkout Session."""
        given = session.given
        email = given.get("customer_email")
        return {
            "id": session.id,
            "object": "checkout.session",
            "amount_subtotal": session.amount,
            "amount_total": session.amount,
            "cancel_url": given.get("cancel_url"),
            "client_reference_id": given.get("client_reference_id"),
            "created": session.created,
            "currency": session.currency,
            "customer": None,
            "customer_details": session.person or ({"email": email, "name": None, "address": None} if email else None),
            "customer_email": email,
            "expires_at": session.expires_at,
            "livemode": self._is_live,
            "locale": given.get("locale"),
            "metadata": dict(session.metadata),
            "mode": "payment",
            "payment_intent": session.intent_id,
            "payment_method_types": given.get("payment_method_types") or ["card"],
            "payment_status": "paid" if session.is_paid else "unpaid",
            "status": session.status,
            "success_url": given.get("success_url"),
            "ui_mode": "hosted_page",
            "url": self.page_url(session) if session.status == "open" else None,
        }

    def intent(self, intent: Intent) -> dict[str, Any]:
        """A PaymentIntent."""
        return {
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "amount_capturable": intent.amount if intent.status == "requires_capture" else 0,
            "amount_received": intent.amount if intent.status == "succeeded" else 0,
            "canceled_at": intent.canceled_at,
            "cancellation_reason": intent.reason,
            "capture_method": intent.capture_method,
            "client_secret": f"{intent.id}_secret_sandbox",
            "created": intent.created,
            "currency": intent.currency,
            "customer": None,
            "description": intent.description,
            "last_payment_error": intent.last_error,
            "latest_charge": intent.charge_id,
            "livemode": self._is_live,
            "metadata": dict(intent.metadata),
            "payment_method_types": ["card"],
            "receipt_email": None,
            "status": intent.status,
        }

    def charge(self, charge: Charge) -> dict[str, Any]:
        """A charge."""
        return {
            "id": charge.id,
            "object": "charge",
            "amount": charge.amount,
            "amount_captured": charge.taken,
            "amount_refunded": charge.refunded,
            "balance_transaction": None if charge.captured_at is None else f"txn_{charge.id.removeprefix('ch_')}",
            "billing_details": charge.person,
            "captured": charge.captured_at is not None,
            "created": charge.created,
            "currency": charge.currency,
            "disputed": charge.is_disputed,
            "failure_code": None if charge.is_authorised else charge.card.code,
            "livemode": self._is_live,
            "metadata": dict(charge.metadata),
            "paid": charge.is_authorised,
            "payment_intent": charge.intent_id,
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": charge.card.brand,
                    "country": "GB",
                    "exp_month": 12,
                    "exp_year": 2039,
                    "funding": charge.card.funding,
                    "last4": charge.last4,
                    "three_d_secure": {"result": "authenticated"} if charge.authenticated else None,
                    "wallet": None,
                },
            },
            "refunded": bool(charge.taken) and charge.refunded == charge.taken,
            "status": "succeeded" if charge.is_authorised else "failed",
        }

    def balance_transaction(self, charge: Charge) -> dict[str, Any]:
        """The balance transaction of a charge, with the standard fee for a British card: 1.5 % and 20."""
        fee = charge.amount * 15 // 1000 + 20
        taken_at = charge.captured_at or charge.created
        return {
            "id": f"txn_{charge.id.removeprefix('ch_')}",
            "object": "balance_transaction",
            "amount": charge.amount,
            "available_on": taken_at + 2 * 86_400,
            "created": taken_at,
            "currency": charge.currency,
            "fee": fee,
            "net": charge.amount - fee,
            "source": charge.id,
            "status": "pending",
            "type": "charge",
        }

    def refund(self, refund: RefundRecord) -> dict[str, Any]:
        """A refund."""
        shown: dict[str, Any] = {
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "charge": refund.charge_id,
            "created": refund.created,
            "currency": refund.currency,
            "metadata": dict(refund.metadata),
            "payment_intent": refund.intent_id,
            "reason": refund.reason,
            "status": refund.status,
        }
        if refund.status == "failed":
            shown["failure_reason"] = "expired_or_canceled_card"
        return shown

    def dispute(self, dispute: DisputeRecord) -> dict[str, Any]:
        """A dispute."""
        fee = 2000
        moved = [] if dispute.status.startswith("warning") else [self._withdrawn(dispute, fee)]
        return {
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": moved,
            "charge": dispute.charge_id,
            "created": dispute.created,
            "currency": dispute.currency,
            "evidence_details": {"due_by": dispute.created + 9 * 86_400, "has_evidence": False},
            "livemode": self._is_live,
            "metadata": {},
            "payment_intent": dispute.intent_id,
            "reason": "fraudulent",
            "status": dispute.status,
        }

    def _withdrawn(self, dispute: DisputeRecord, fee: int) -> dict[str, Any]:
        return {
            "id": f"txn_{dispute.id.removeprefix('dp_')}",
            "object": "balance_transaction",
            "amount": -dispute.amount,
            "created": dispute.created,
            "currency": dispute.currency,
            "fee": fee,
            "net": -dispute.amount - fee,
            "type": "adjustment",
        }

    def expand(self, shown: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
        """Put objects in the places of ids. Raises a Problem for a path that leads nowhere, or too deep."""
        for path in paths:
            steps = path.split(".")
            if len(steps) > _DEEPEST:
                raise wrong(f"You cannot expand more than {_DEEPEST} levels of a property.", None, "expand")
            self._expand(shown, steps)
        return shown

    def _expand(self, shown: dict[str, Any], steps: list[str]) -> None:
        name, *rest = steps
        if shown.get("object") == "list" and name == "data":
            for item in shown["data"] if rest else ():
                self._expand(item, rest)
            return
        if name not in _EXPANDABLE.get(str(shown.get("object")), ()):
            raise wrong(f"This property cannot be expanded ({name}).", None, "expand")
        if isinstance(shown[name], str):
            shown[name] = self._by_id(shown[name])
        if rest and isinstance(shown[name], dict):
            self._expand(shown[name], rest)

    def _by_id(self, identifier: str) -> dict[str, Any]:
        if identifier.startswith("pi_"):
            return self.intent(self._store.intents[identifier])
        if identifier.startswith("txn_"):
            return self.balance_transaction(self._store.charges[f"ch_{identifier.removeprefix('txn_')}"])
        return self.charge(self._store.charges[identifier])
