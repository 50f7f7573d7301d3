"""The tests of the suites that prove each capability: that it works, and not only that bad input is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from govcomponents.identity.capabilities import IdentityCapability
from govcomponents.notify.capabilities import NotifyCapability
from govcomponents.pay.capabilities import PayCapability

_REFUNDS = "test_a_refund_gives_back_no_more_than_is_left"
_ACCEPTED = "test_a_message_is_accepted_once"
_TEMPLATES = "test_templates_are_read_and_previewed"
_SIGNS_IN = "test_a_person_signs_in"
_FACTORS = "test_the_factors_that_are_asked_for_are_used"
_CONFIDENCE = "test_identity_is_proved_as_far_as_is_asked"
_CLAIM = "test_a_claim_comes_if_it_is_asked_for"

PROOFS: Mapping[StrEnum, str] = {
    PayCapability.CREATE: "test_a_created_payment_waits_for_the_person",
    PayCapability.GET: "test_a_payment_that_the_person_made_is_paid",
    PayCapability.CANCEL: "test_a_cancelled_payment_stays_cancelled",
    PayCapability.CONFIRM: "test_an_approved_payment_is_taken_once_and_by_nothing_but_completing_it",
    PayCapability.DELAYED_CAPTURE: "test_held_money_is_not_paid_until_it_is_captured",
    PayCapability.LIST_EVENTS: "test_events_tell_how_a_payment_came_to_be_paid",
    PayCapability.SEARCH: "test_a_search_finds_page_by_page",
    PayCapability.REFUND: _REFUNDS,
    PayCapability.REFUND_GUARD: _REFUNDS,
    PayCapability.LIST_REFUNDS: _REFUNDS,
    PayCapability.SEARCH_REFUNDS: "test_a_search_finds_refunds",
    PayCapability.AGREEMENTS: "test_an_agreement_is_set_up_charged_and_cancelled",
    PayCapability.SEARCH_AGREEMENTS: "test_a_search_finds_agreements",
    PayCapability.TELEPHONE: "test_a_card_sent_by_the_service_pays_once",
    PayCapability.MOTO: "test_a_payment_for_a_person_on_the_telephone_says_so",
    PayCapability.CALLBACKS: "test_webhooks_are_proved_and_read",
    PayCapability.IDEMPOTENCY_KEYS: "test_a_key_lets_a_payment_be_repeated_and_made_once",
    PayCapability.DISPUTES: "test_a_search_finds_disputes",
    PayCapability.WELSH: "test_a_person_can_pay_on_pages_in_welsh",
    PayCapability.PREFILLED_DETAILS: "test_details_that_are_known_are_on_the_page",
    NotifyCapability.EMAIL: _ACCEPTED,
    NotifyCapability.SMS: _ACCEPTED,
    NotifyCapability.LETTER: _ACCEPTED,
    NotifyCapability.PRECOMPILED: _ACCEPTED,
    NotifyCapability.GET: "test_a_message_can_be_looked_up",
    NotifyCapability.SEARCH: "test_a_message_is_found_by_its_reference_and_sent_once",
    NotifyCapability.LETTER_PDF: "test_a_letter_has_a_pdf_in_the_end",
    NotifyCapability.TEMPLATES: _TEMPLATES,
    NotifyCapability.PREVIEW: _TEMPLATES,
    NotifyCapability.JOBS: "test_a_job_is_accepted_whole",
    NotifyCapability.ATTACHMENTS: "test_a_file_arrives_as_it_was_sent",
    NotifyCapability.INBOUND_SMS: "test_a_text_that_a_person_sent_is_found",
    NotifyCapability.REPLY_TO: "test_answers_go_to_the_address_that_was_given",
    NotifyCapability.SENDER: "test_a_text_comes_from_the_sender_that_was_given",
    NotifyCapability.UNSUBSCRIBE: "test_a_reader_can_unsubscribe_with_one_click",
    NotifyCapability.SANITISE: "test_links_in_a_value_that_is_sanitised_do_not_arrive",
    NotifyCapability.CALLBACKS: "test_a_callback_tells_what_became_of_a_message",
    IdentityCapability.SIGN_IN: _SIGNS_IN,
    IdentityCapability.SINGLE_FACTOR: _FACTORS,
    IdentityCapability.TWO_FACTOR: _FACTORS,
    IdentityCapability.LOW_CONFIDENCE: _CONFIDENCE,
    IdentityCapability.MEDIUM_CONFIDENCE: _CONFIDENCE,
    IdentityCapability.HIGH_CONFIDENCE: _CONFIDENCE,
    IdentityCapability.PHONE: _CLAIM,
    IdentityCapability.WALLET_SUBJECT: _CLAIM,
    IdentityCapability.ADDRESS: _CLAIM,
    IdentityCapability.PASSPORT: _CLAIM,
    IdentityCapability.DRIVING_PERMIT: _CLAIM,
    IdentityCapability.RETURN_CODES: _CLAIM,
    IdentityCapability.MAX_AGE: "test_how_old_a_sign_in_may_be_reaches_the_provider",
    IdentityCapability.REAUTHENTICATION: "test_a_person_can_be_made_to_sign_in_again",
    IdentityCapability.LOGIN_HINT: "test_who_is_expected_to_sign_in_reaches_the_provider",
    IdentityCapability.LOGOUT_NOTICES: "test_a_logout_notice_names_who_signed_out",
    IdentityCapability.ACCOUNT_EVENTS: "test_an_account_event_names_whose_account_changed",
    IdentityCapability.SIGN_OUT: "test_sign_out",
    IdentityCapability.CHECK: "test_the_provider_is_as_expected",
}
REFUSALS = "test_what_is_not_declared_is_refused_unsent"
