"""Responses of the API: payments, refunds, agreements, disputes and errors, as the real one writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json

from govcomponents.core.http.messages import Response
from govcomponents.pay.adapters.govuk_pay import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.providers.govuk_pay.store import (
        AgreementRecord,
        Charge,
        DisputeRecord,
        RefundRecord,
        SavedCard,
    )

_MESSAGES = {
    "P0010": "Payment method rejected",
    "P0020": "Payment expired",
    "P0030": "Payment was cancelled by the user",
    "P0040": "Payment was cancelled by the service",
    "P0050": "Payment provider returned an error",
}
NO_STORE: Final = {"pragma": "no-cache", "cache-control": "no-store"}
_JSON: Final = {"content-type": "application/json"}
NO_STORE_JSON: Final = {**_JSON, **NO_STORE}


def in_json(status: int, value: object, headers: Mapping[str, str] = _JSON) -> Response:
    """An answer in JSON. This writer takes a half of the time that the standard library's takes."""
    return Response(status, headers, to_json(value))


def moment(at: float) -> str:
    """Write a time as the API does."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def day(at: float) -> str:
    """Write a date as the API does."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def error(status: int, code: str, description: str, *, field: str | None = None, header: str | None = None) -> Response:
    """An error in Pay's envelope."""
    body: dict[str, Any] = {"code": code, "description": description}
    if field is not None:
        body["field"] = field
    if header is not None:
        body["header"] = header
    return in_json(status, body)


def framework_error(status: int, message: str) -> Response:
    """An error of the framework under the API, whose code is a number."""
    return in_json(status, {"code": status, "message": message})


def state(charge: Charge) -> dict[str, Any]:
    """The state as the API shows it."""
    shown: dict[str, Any] = {"status": charge.status, "finished": charge.finished}
    if charge.code is not None:
        shown["code"] = charge.code
        shown["message"] = _MESSAGES[charge.code]
    if charge.can_retry is not None:
        shown["can_retry"] = charge.can_retry
    return shown


def _link(href: str, method: str = "GET") -> dict[str, Any]:
    return {"href": href, "method": method}


def payment_url(base: str, charge_id: str) -> str:
    """URL of a payment in the API. The sandbox's ids are letters and digits, of which nothing is escaped."""
    return f"{base}{wire.PAYMENTS}/{charge_id}"


def card_details(card: SavedCard, *, wallet: bool = True) -> dict[str, Any]:
    """A card as the API shows it: every key is there, and null where nothing is known."""
    shown: dict[str, Any] = {
        "last_digits_card_number": card.last_digits,
        "first_digits_card_number": card.first_digits,
        "cardholder_name": card.holder,
        "expiry_date": card.expiry,
        "billing_address": card.address,
        "card_brand": card.card.brand,
        "card_type": card.card.kind,
    }
    return {**shown, "wallet_type": None} if wallet else shown


def _prefilled(details: dict[str, Any]) -> dict[str, Any]:
    given = details.get("billing_address") or {}
    parts = ("line1", "line2", "postcode", "city", "country")
    return {
        "last_digits_card_number": None,
        "first_digits_card_number": None,
        "cardholder_name": details.get("cardholder_name"),
        "expiry_date": None,
        "billing_address": {part: given.get(part) for part in parts} if given else None,
        "card_brand": "",
        "card_type": None,
        "wallet_type": None,
    }


def payment_core(charge: Charge, provider: str) -> dict[str, Any]:
    """The fields that a payment has in the API and in webhooks alike."""
    refunded = charge.refunded
    shown: dict[str, Any] = {
        "payment_id": charge.id,
        "amount": charge.amount,
        "state": state(charge),
        "description": charge.description,
        "reference": charge.reference,
        "language": charge.language,
        "payment_provider": provider,
        "created_date": moment(charge.created_at),
        "delayed_capture": charge.delayed_capture,
        "moto": charge.moto,
        "refund_summary": {
            "status": charge.refund_status,
            "amount_available": charge.total - refunded,
            "amount_submitted": refunded,
        },
    }
    if charge.return_url is not None:
        shown["return_url"] = charge.return_url
    if charge.email is not None:
        shown["email"] = charge.email
    if charge.metadata:
        shown["metadata"] = charge.metadata
    if charge.surcharge:
        shown["corporate_card_surcharge"] = charge.surcharge
        shown["total_amount"] = charge.total
    if charge.fee is not None:
        shown["fee"] = charge.fee
        shown["net_amount"] = (charge.total if charge.captured_at is not None else 0) - charge.fee
    settlement: dict[str, Any] = {}
    if charge.capture_submitted_at is not None:
        settlement["capture_submit_time"] = moment(charge.capture_submitted_at)
    if charge.captured_at is not None:
        settlement["captured_date"] = day(charge.captured_at)
    shown["settlement_summary"] = settlement
    return shown


def payment(
    charge: Charge, provider: str, base: str, *, token: str | None = None, today: str | None = None
) -> dict[str, Any]:
    """A payment. With `today` it is a search result, which has no link to pay, and a settled date where it is past."""
    shown = payment_core(charge, provider)
    searched = today is not None
    shown["authorisation_mode"] = charge.mode
    if charge.provider_id is not None:
        shown["provider_id"] = charge.provider_id
    if charge.agreement_id is not None and not searched:
        shown["agreement_id"] = charge.agreement_id
    if charge.agreement_payment_type is not None:
        shown["agreement_payment_type"] = charge.agreement_payment_type
    if charge.card is not None:
        shown["card_details"] = card_details(charge.card)
        shown["card_brand"] = charge.card.card.brand
    elif charge.prefilled:
        shown["card_details"] = _prefilled(charge.prefilled)
    if charge.three_d_secure:
        shown["authorisation_summary"] = {"three_d_secure": {"required": True}}
    if searched and charge.settles_on is not None and charge.settles_on <= (today or ""):
        shown["settlement_summary"]["settled_date"] = charge.settles_on
    shown["_links"] = _payment_links(charge, base, token, searched=searched)
    return shown


def _payment_links(charge: Charge, base: str, token: str | None, *, searched: bool) -> dict[str, Any]:
    here = payment_url(base, charge.id)
    links: dict[str, Any] = {"self": {"href": here, "method": "GET"}}
    if token is not None and charge.mode == "web":
        links["next_url"] = {"href": f"{base}/secure/{token}", "method": "GET"}
        links["next_url_post"] = {
            "type": "application/x-www-form-urlencoded",
            "params": {"chargeTokenId": token},
            "href": f"{base}/secure",
            "method": "POST",
        }
    if token is not None and charge.mode == "moto_api":
        links["auth_url_post"] = {
            "type": "application/json",
            "params": {"one_time_token": token},
            **_link(base + wire.AUTH, "POST"),
        }
    links["events"] = {"href": f"{here}/events", "method": "GET"}
    links["refunds"] = {"href": f"{here}/refunds", "method": "GET"}
    can_cancel = not charge.finished and charge.mode != "agreement"
    can_capture = charge.status == "capturable"
    if can_cancel or searched:
        links["cancel"] = {"href": f"{here}/cancel", "method": "POST"} if can_cancel else None
    if can_capture or searched:
        links["capture"] = {"href": f"{here}/capture", "method": "POST"} if can_capture else None
    return links


def events(charge: Charge, base: str) -> dict[str, Any]:
    """A payment's events, oldest first, with those of its refunds among them."""
    here = payment_url(base, charge.id)
    return {
        "payment_id": charge.id,
        "events": [
            {"payment_id": charge.id, "state": shown, "updated": moment(at), "_links": {"payment_url": _link(here)}}
            for at, shown in charge.events
        ],
        "_links": {"self": _link(f"{here}/events")},
    }


def refund(record: RefundRecord, base: str, *, searched: bool = False, created: bool = False) -> dict[str, Any]:
    """A refund. The settled date shows only in searches and lists."""
    home = payment_url(base, record.charge_id)
    shown: dict[str, Any] = {
        "refund_id": record.id,
        "created_date": moment(record.created_at),
        "amount": record.amount,
        "status": record.status,
    }
    if searched:
        shown["payment_id"] = record.charge_id
    if not created:
        settled = {"settled_date": record.settled_on} if searched and record.settled_on is not None else {}
        shown["settlement_summary"] = settled
    shown["_links"] = {"self": _link(f"{home}/refunds/{record.id}"), "payment": _link(home)}
    return shown


def refund_list(charge: Charge, base: str) -> dict[str, Any]:
    """All refunds of a payment."""
    here = payment_url(base, charge.id)
    refunds = []
    for record in charge.refunds:
        shown = refund(record, base, searched=True)
        del shown["payment_id"]
        refunds.append(shown)
    return {
        "payment_id": charge.id,
        "_links": {"self": _link(f"{here}/refunds"), "payment": _link(here)},
        "_embedded": {"refunds": refunds},
    }


def agreement(record: AgreementRecord) -> dict[str, Any]:
    """An agreement."""
    shown: dict[str, Any] = {
        "agreement_id": record.id,
        "reference": record.reference,
        "description": record.description,
        "status": record.status,
        "created_date": moment(record.created_at),
    }
    if record.user_identifier is not None:
        shown["user_identifier"] = record.user_identifier
    if record.cancelled_at is not None:
        shown["cancelled_date"] = moment(record.cancelled_at)
    if record.card is not None and record.card_saved_at is not None:
        shown["payment_instrument"] = {
            "type": "card",
            "created_date": moment(record.card_saved_at),
            "card_details": card_details(record.card, wallet=False),
        }
    return shown


def dispute(record: DisputeRecord, base: str) -> dict[str, Any]:
    """A dispute."""
    shown: dict[str, Any] = {
        "dispute_id": record.id,
        "payment_id": record.charge_id,
        "amount": record.amount,
        "fee": record.fee,
        "reason": record.reason,
        "status": record.status,
        "created_date": moment(record.created_at),
        "evidence_due_date": moment(record.evidence_due_at),
        "settlement_summary": {},
        "_links": {"payment": _link(payment_url(base, record.charge_id))},
    }
    if record.status == "lost":
        shown["net_amount"] = -record.amount - record.fee
        if record.settled_on is not None:
            shown["settlement_summary"] = {"settled_date": record.settled_on}
    return shown
