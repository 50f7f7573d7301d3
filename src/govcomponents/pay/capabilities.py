"""The capabilities of pay adapters: what each declares that it can do."""

from __future__ import annotations

from enum import StrEnum


class PayCapability(StrEnum):
    """One thing that a pay adapter can do."""

    CREATE = "creating_payments"
    GET = "getting_payments"
    CANCEL = "cancelling_payments"
    CONFIRM = "taking_the_money_after_approval"
    """The provider holds a payment that the person approved until the service confirms it; `complete` does so."""
    DELAYED_CAPTURE = "delayed_capture"
    LIST_EVENTS = "events_of_payments"
    SEARCH = "searching_payments"
    REFUND = "refunds"
    REFUND_GUARD = "refusing_a_refund_if_less_is_left_than_was_known"
    LIST_REFUNDS = "listing_refunds_of_a_payment"
    SEARCH_REFUNDS = "searching_refunds"
    AGREEMENTS = "agreements"
    SEARCH_AGREEMENTS = "searching_agreements"
    TELEPHONE = "card_details_sent_by_the_service"
    MOTO = "telephone_payments_on_the_card_page"
    DISPUTES = "searching_disputes"
    CALLBACKS = "webhooks"
    WELSH = "pages_in_welsh"
    PREFILLED_DETAILS = "prefilled_cardholder_details"
    IDEMPOTENCY_KEYS = "idempotency_keys_for_new_payments_and_refunds"
