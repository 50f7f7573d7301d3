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


def _none(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split())


# Fields that Stripe's objects have and nothing here changes: a service may read them with a client of Stripe's own
# (Stripe docs: API reference).
_OF_SESSION: Final = {
    **_none(
        "after_expiration allow_promotion_codes billing_address_collection branding_settings client_secret "
        "collected_information consent consent_collection currency_conversion customer_account discounts "
        "excluded_payment_method_types integration_identifier invoice name_collection optional_items origin_context "
        "payment_link payment_method_configuration_details permissions presentment_details recovered_from "
        "redirect_on_completion return_url saved_payment_method_options setup_intent shipping_address_collection "
        "shipping_cost submit_type subscription wallet_options"
    ),
    "adaptive_pricing": {"enabled": False},
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "custom_fields": [],
    "custom_text": _none("after_submit shipping_address submit terms_of_service_acceptance"),
    "customer_creation": "if_required",
    "invoice_creation": {"enabled": False, "invoice_data": {"metadata": {}}},
    "managed_payments": {"enabled": False},
    "payment_method_collection": "if_required",
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "phone_number_collection": {"enabled": False},
    "shipping_options": [],
    "tax_id_collection": {"enabled": False, "required": "never"},
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
}
_OF_INTENT: Final = {
    **_none(
        "application application_fee_amount automatic_payment_methods customer_account excluded_payment_method_types "
        "hooks next_action on_behalf_of payment_details payment_method payment_method_configuration_details "
        "presentment_details processing review setup_future_usage shipping source statement_descriptor "
        "statement_descriptor_suffix transfer_data transfer_group"
    ),
    "amount_details": {"tip": {}},
    "confirmation_method": "automatic",
    "managed_payments": {"enabled": False},
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
}
_OF_CHARGE: Final = {
    **_none(
        "application application_fee application_fee_amount authorization_code customer description "
        "failure_balance_transaction level3 on_behalf_of payment_method presentment_details radar_options "
        "receipt_email receipt_number receipt_url review shipping source source_transfer statement_descriptor "
        "statement_descriptor_suffix transfer transfer_data transfer_group"
    ),
    "calculated_statement_descriptor": "SANDBOX",
    "fraud_details": {},
}
_OF_BALANCE: Final = {"balance_type": "payments", "description": None, "exchange_rate": None}
_OF_REFUND: Final = {
    **_none(
        "balance_transaction customer customer_account description failure_balance_transaction instructions_email "
        "next_action payment_method pending_reason presentment_details receipt_number source_transfer_reversal "
        "transfer_reversal"
    ),
    "destination_details": {"card": {"type": "refund"}, "type": "card"},
}
_OF_DISPUTE: Final = {
    "enhanced_eligibility_types": [],
    "evidence": _none(
        "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal "
        "customer_communication customer_email_address customer_name customer_purchase_ip customer_signature "
        "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt "
        "refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation "
        "shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number "
        "uncategorized_file uncategorized_text"
    ),
    "network_reason_code": "10.4",
    "payment_method_details": {
        "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
        "type": "card",
    },
}


def _fee(amount: int, currency: str, description: str) -> list[dict[str, Any]]:
    told = {"amount": amount, "application": None, "currency": currency, "description": description}
    return [{**told, "type": "stripe_fee"}]


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
            **_OF_SESSION,
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
            **_OF_INTENT,
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
        outcome = (
            {"network_status": "approved_by_network", "reason": None, "seller_message": "Payment complete."}
            if charge.is_authorised
            else {
                "network_status": "declined_by_network",
                "reason": charge.card.code,
                "seller_message": "The bank declined the payment.",
            }
        )
        intent = self._store.intents[charge.intent_id]
        held: dict[str, Any] = {}
        if charge.is_authorised and intent.status == "requires_capture":
            held["capture_before"] = int(intent.created + self._store.world.hold_days * 86_400)
        return {
            **_OF_CHARGE,
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
            "failure_message": None if charge.is_authorised else "Your card was declined.",
            "livemode": self._is_live,
            "metadata": dict(charge.metadata),
            "outcome": {
                **outcome,
                "risk_level": "normal",
                "type": "authorized" if charge.is_authorised else "issuer_declined",
            },
            "paid": charge.is_authorised,
            "payment_intent": charge.intent_id,
            "payment_method_details": {
                "type": "card",
                "card": {
                    **held,
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
            **_OF_BALANCE,
            "id": f"txn_{charge.id.removeprefix('ch_')}",
            "object": "balance_transaction",
            "amount": charge.amount,
            "available_on": taken_at + 2 * 86_400,
            "created": taken_at,
            "currency": charge.currency,
            "fee": fee,
            "fee_details": _fee(fee, charge.currency, "Stripe processing fees"),
            "net": charge.amount - fee,
            "reporting_category": "charge",
            "source": charge.id,
            "status": "pending",
            "type": "charge",
        }

    def refund(self, refund: RefundRecord) -> dict[str, Any]:
        """A refund."""
        shown: dict[str, Any] = {
            **_OF_REFUND,
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
            **_OF_DISPUTE,
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": moved,
            "charge": dispute.charge_id,
            "created": dispute.created,
            "currency": dispute.currency,
            "evidence_details": {
                "due_by": dispute.created + 9 * 86_400,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": not moved,
            "livemode": self._is_live,
            "metadata": {},
            "payment_intent": dispute.intent_id,
            "reason": "fraudulent",
            "status": dispute.status,
        }

    def _withdrawn(self, dispute: DisputeRecord, fee: int) -> dict[str, Any]:
        return {
            **_OF_BALANCE,
            "id": f"txn_{dispute.id.removeprefix('dp_')}",
            "object": "balance_transaction",
            "amount": -dispute.amount,
            "available_on": dispute.created,
            "created": dispute.created,
            "currency": dispute.currency,
            "fee": fee,
            "fee_details": _fee(fee, dispute.currency, "Dispute fee"),
            "net": -dispute.amount - fee,
            "reporting_category": "dispute",
            "source": dispute.id,
            "status": "available",
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
