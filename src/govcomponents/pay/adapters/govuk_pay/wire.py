"""What goes to GOV.UK Pay: every request of the public API, made by pure functions (GOV.UK Pay docs: API reference)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import InvalidInput
from govcomponents.pay.limits import AmountLimits, PayLimits
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from govcomponents.pay.inputs import (
        AgreementCharge,
        AgreementSearch,
        BillingAddress,
        CardDetails,
        CardholderDetails,
        DisputeSearch,
        NewAgreement,
        NewPayment,
        NewRefund,
        NewTelephonePayment,
        PaymentSearch,
        RefundSearch,
    )

PROVIDER: Final = "GOV.UK Pay"
BASE_URL: Final = "https://publicapi.payments.service.gov.uk"
PAYMENTS: Final = "/v1/payments"
REFUNDS: Final = "/v1/refunds"
AGREEMENTS: Final = "/v1/agreements"
DISPUTES: Final = "/v1/disputes"
AUTH: Final = "/v1/auth"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
SIGNATURE: Final = "Pay-Signature"

LIMITS: Final = PayLimits(
    amounts={"GBP": AmountLimits(least=1, most=10_000_000)},
    only_these_currencies=True,
    reference=255,
    description=255,
    user_identifier=255,
    return_url=2000,
    email=254,
    cardholder_name=255,
    card_brand=20,
    address_line=255,
    postcode=25,
    excluded='<>"\\|',  # by the firewall in front of the API (GOV.UK Pay docs: error codes, P0920)
    metadata_entries=15,
    metadata_name=30,
    metadata_text=100,
    metadata_names_differ_by_more_than_case=True,
)
"""GOV.UK Pay docs: API reference; pay-publicapi, source."""

# Behind these the API waits up to 10 s for the card's provider (pay-connector, config.yaml), so hearing nothing for
# less than that says nothing.
_PATIENT: Final = 25.0
# Pay sends no Retry-After; its limits count by the second of the clock (GOV.UK Pay docs: rate limits).
RATE_LIMIT_WAIT: Final = 1.0
_JSON: Final = {"Content-Type": "application/json"}
_LOOK_AT_PAYMENT: Final = "get the payment and decide from its state"

STATUS_NAMES: Final = {
    "created": PaymentStatus.CREATED,
    "started": PaymentStatus.STARTED,
    "submitted": PaymentStatus.SUBMITTED,
    "capturable": PaymentStatus.CAPTURABLE,
    "success": PaymentStatus.SUCCEEDED,
    "failed": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.CANCELLED,
    "error": PaymentStatus.ERROR,
}
SEARCHABLE: Final[dict[PaymentStatus, str]] = {
    status: name for name, status in STATUS_NAMES.items() if status is not PaymentStatus.CAPTURABLE
}


def payment_path(payment_id: str, *rest: str) -> str:
    """The path of a payment, or of what is below it."""
    return "/".join((PAYMENTS, quote(payment_id, safe=""), *(quote(part, safe="") for part in rest)))


def agreement_path(agreement_id: str, *rest: str) -> str:
    """The path of an agreement, or of what is below it."""
    return "/".join((AGREEMENTS, quote(agreement_id, safe=""), *rest))


def _json(operation: str, body: dict[str, Any], extra: Mapping[str, Any] | None = None) -> bytes:
    if extra:
        if clash := sorted(body.keys() & extra.keys()):
            raise InvalidInput(
                field="extra",
                problem=f"{', '.join(clash)} would be sent twice",
                fix="pass that by the argument that it has, and only provider's fields without one in extra",
                operation=operation,
                provider=PROVIDER,
            )
        body = {**body, **extra}
    try:
        # Not escaped: the firewall in front of the API may refuse a backslash (GOV.UK Pay docs: error codes, P0920).
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError):
        raise InvalidInput(
            field="extra",
            problem="holds what JSON cannot",
            fix="pass text, numbers, booleans, lists and mappings only",
            operation=operation,
            provider=PROVIDER,
        ) from None


def _address(given: BillingAddress) -> dict[str, str]:
    parts = {
        "line1": given.line1,
        "line2": given.line2,
        "postcode": given.postcode,
        "city": given.city,
    }
    known = {name: value.reveal() for name, value in parts.items() if value is not None}
    return known if given.country is None else {**known, "country": given.country}


def _prefilled(given: CardholderDetails) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if given.name is not None:
        details["cardholder_name"] = given.name.reveal()
    if given.billing_address is not None:
        details["billing_address"] = _address(given.billing_address)
    return details


def _attended(new: NewPayment | NewTelephonePayment) -> dict[str, Any]:
    body: dict[str, Any] = {
        "amount": new.amount.minor,
        "reference": new.reference,
        "description": new.description,
        "language": new.language,
    }
    if new.email is not None:
        body["email"] = new.email.reveal()
    if new.delayed_capture:
        body["delayed_capture"] = True
    if new.metadata:
        body["metadata"] = new.metadata
    if new.prefilled is not None and (details := _prefilled(new.prefilled)):
        body["prefilled_cardholder_details"] = details
    return body


_LOOK_FOR_PAYMENT: Final = (
    "search payments for the reference; a payment that nobody pays takes no money and expires by itself, "
    "so making another is safe"
)


def create(new: NewPayment) -> Request:
    """Create a payment in the mode `web`. Pay ignores an idempotency key here, so it is not sent."""
    body = _attended(new)
    body["return_url"] = new.return_url
    if new.moto:
        body["moto"] = True
    if new.set_up_agreement is not None:
        body["set_up_agreement"] = new.set_up_agreement
    if new.agreement_payment_type is not None:
        body["agreement_payment_type"] = new.agreement_payment_type
    return Request(
        "pay.create",
        "POST",
        PAYMENTS,
        Replay.UNSENT,
        _JSON,
        _json("pay.create", body, new.extra),
        lookup=_LOOK_FOR_PAYMENT,
    )


def create_by_telephone(new: NewTelephonePayment) -> Request:
    """Create a payment in the mode `moto_api`."""
    body = _attended(new)
    body["authorisation_mode"] = "moto_api"
    operation = "pay.create_by_telephone"
    content = _json(operation, body, new.extra)
    return Request(operation, "POST", PAYMENTS, Replay.UNSENT, _JSON, content, lookup=_LOOK_FOR_PAYMENT)


def charge_agreement(charge: AgreementCharge) -> Request:
    """Create a payment in the mode `agreement`: the one call whose idempotency key Pay honours, for 24 hours."""
    body: dict[str, Any] = {
        "amount": charge.amount.minor,
        "reference": charge.reference,
        "description": charge.description,
        "authorisation_mode": "agreement",
        "agreement_id": charge.agreement_id,
    }
    if charge.agreement_payment_type is not None:
        body["agreement_payment_type"] = charge.agreement_payment_type
    if charge.metadata:
        body["metadata"] = charge.metadata
    return Request(
        "pay.charge_agreement",
        "POST",
        PAYMENTS,
        Replay.IDEMPOTENT,
        {**_JSON, IDEMPOTENCY_KEY: charge.idempotency_key},
        _json("pay.charge_agreement", body, charge.extra),
        lookup="call again with the same arguments and the idempotency key of this error; it charges once",
        idempotency_key=charge.idempotency_key,
    )


def authorise(card: CardDetails) -> Request:
    """Send a card. Goes without the API key, and burns its token."""
    body = {
        "one_time_token": card.one_time_token.reveal(),
        "card_number": card.card_number.reveal(),
        "cvc": card.cvc.reveal(),
        "expiry_date": card.expiry.reveal(),
        "cardholder_name": card.cardholder_name.reveal(),
    }
    return Request(
        "pay.authorise",
        "POST",
        AUTH,
        Replay.UNSENT,
        _JSON,
        _json("pay.authorise", body),
        timeout=_PATIENT,
        lookup=_LOOK_AT_PAYMENT + "; never send the card again for the same payment",
    )


def get(payment_id: str) -> Request:
    """Read a payment. Each read of an unfinished one makes a new single-use link."""
    return Request("pay.get", "GET", payment_path(payment_id), Replay.ALWAYS)


def check() -> Request:
    """Read a payment that cannot be: a 404 of the provider's says that it took the key, and shows nothing."""
    return Request("pay.check", "GET", payment_path("0" * 26), Replay.ALWAYS)


def list_events(payment_id: str) -> Request:
    """Read a payment's events."""
    return Request("pay.list_events", "GET", payment_path(payment_id, "events"), Replay.ALWAYS)


def cancel(payment_id: str) -> Request:
    """Cancel a payment."""
    path = payment_path(payment_id, "cancel")
    return Request("pay.cancel", "POST", path, Replay.UNSENT, timeout=_PATIENT, lookup=_LOOK_AT_PAYMENT)


def capture(payment_id: str) -> Request:
    """Capture a payment. Sent again after any failure: Pay answers a repeated capture with success."""
    path = payment_path(payment_id, "capture")
    return Request("pay.capture", "POST", path, Replay.IDEMPOTENT, timeout=_PATIENT, lookup=_LOOK_AT_PAYMENT)


def refund(new: NewRefund) -> Request:
    """Refund. `refund_amount_available` is Pay's only guard against refunding twice, so it always goes along."""
    body = {"amount": new.amount.minor, "refund_amount_available": new.available.minor}
    return Request(
        "pay.refund",
        "POST",
        payment_path(new.payment_id, "refunds"),
        Replay.UNSENT,
        _JSON,
        _json("pay.refund", body, new.extra),
        timeout=_PATIENT,
        lookup="get the payment and compare what is left to refund, or list its refunds (they can lag); repeating the "
        "call with the same `available` cannot refund twice, with a newer one it can",
    )


def get_refund(payment_id: str, refund_id: str) -> Request:
    """Read a refund."""
    return Request("pay.get_refund", "GET", payment_path(payment_id, "refunds", refund_id), Replay.ALWAYS)


def list_refunds(payment_id: str) -> Request:
    """Read all refunds of a payment."""
    return Request("pay.list_refunds", "GET", payment_path(payment_id, "refunds"), Replay.ALWAYS)


def create_agreement(new: NewAgreement) -> Request:
    """Create an agreement."""
    body: dict[str, Any] = {"reference": new.reference, "description": new.description}
    if new.user_identifier is not None:
        body["user_identifier"] = new.user_identifier
    return Request(
        "pay.create_agreement",
        "POST",
        AGREEMENTS,
        Replay.UNSENT,
        _JSON,
        _json("pay.create_agreement", body, new.extra),
        lookup="search agreements for the reference; one without a card charges nothing, so making another is safe",
    )


def get_agreement(agreement_id: str) -> Request:
    """Read an agreement."""
    return Request("pay.get_agreement", "GET", agreement_path(agreement_id), Replay.ALWAYS)


def cancel_agreement(agreement_id: str) -> Request:
    """Cancel an agreement."""
    return Request(
        "pay.cancel_agreement",
        "POST",
        agreement_path(agreement_id, "cancel"),
        Replay.UNSENT,
        timeout=_PATIENT,
        lookup="get the agreement and decide from its status",
    )


def _moment(moment: datetime) -> str:
    from datetime import UTC

    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _dated(wanted: PaymentSearch | RefundSearch | DisputeSearch) -> dict[str, str]:
    filters: dict[str, str] = {}
    if wanted.created_from is not None:
        filters["from_date"] = _moment(wanted.created_from)
    if wanted.created_before is not None:
        filters["to_date"] = _moment(wanted.created_before)
    if wanted.settled_from is not None:
        filters["from_settled_date"] = wanted.settled_from.isoformat()
    if wanted.settled_to is not None:
        filters["to_settled_date"] = wanted.settled_to.isoformat()
    return filters


def _page(operation: str, path: str, filters: dict[str, str], page: int, size: int) -> Request:
    query = urlencode({**filters, "page": str(page), "display_size": str(size)})
    return Request(operation, "GET", f"{path}?{query}", Replay.ALWAYS)


def search(wanted: PaymentSearch, page: int) -> Request:
    """One page of a search for payments. `display_size` is always said, because the defaults differ by endpoint."""
    filters = _dated(wanted)
    named = {
        "reference": wanted.reference,
        "email": wanted.email.reveal() if wanted.email is not None else None,
        "state": SEARCHABLE.get(wanted.status) if wanted.status is not None else None,
        "card_brand": wanted.card_brand,
        "cardholder_name": wanted.cardholder_name.reveal() if wanted.cardholder_name is not None else None,
        "first_digits_card_number": wanted.first_digits,
        "last_digits_card_number": wanted.last_digits,
        "agreement_id": wanted.agreement_id,
    }
    filters |= {name: value for name, value in named.items() if value is not None}
    return _page("pay.search", PAYMENTS, filters, page, wanted.page_size)


def search_refunds(wanted: RefundSearch, page: int) -> Request:
    """One page of a search for refunds."""
    return _page("pay.search_refunds", REFUNDS, _dated(wanted), page, wanted.page_size)


def search_agreements(wanted: AgreementSearch, page: int) -> Request:
    """One page of a search for agreements."""
    filters = {} if wanted.reference is None else {"reference": wanted.reference}
    if wanted.status is not None:
        filters["status"] = wanted.status.value
    return _page("pay.search_agreements", AGREEMENTS, filters, page, wanted.page_size)


def search_disputes(wanted: DisputeSearch, page: int) -> Request:
    """One page of a search for disputes."""
    filters = _dated(wanted)
    if wanted.status is not None:
        filters["status"] = wanted.status.value
    return _page("pay.search_disputes", DISPUTES, filters, page, wanted.page_size)
