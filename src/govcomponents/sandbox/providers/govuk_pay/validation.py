"""Validation of requests, in the real API's order (pay-publicapi, RequestJsonParser).

First the types of the fields, which give 400; then lengths and ranges, which give 422; then what the system behind
the API finds, which often names no field.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic_core import from_json

from govcomponents.sandbox.providers.govuk_pay.responses import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.providers.govuk_pay.store import Account

_FORBIDDEN: Final = re.compile(r"[<>|]")
MAX_AMOUNT: Final = 10_000_000
_LONGEST: Final = {"reference": 255, "description": 255, "return_url": 2000, "email": 254}
_ADDRESS: Final = {"line1": 255, "line2": 255, "city": 255, "postcode": 25, "country": None}
_MODES: Final = ("web", "moto_api", "agreement")
_PAYMENT_TYPES: Final = ("instalment", "recurring", "unscheduled")
_SUPPORT: Final = "https://www.payments.service.gov.uk/support/"
_ABOUT_AMOUNTS: Final = "Refer to https://docs.payments.service.gov.uk/making_payments/#amount"
_UNEXPECTED_IN: Final = {
    "web": ("agreement_id",),
    "moto_api": ("return_url", "set_up_agreement", "agreement_id", "agreement_payment_type"),
    "agreement": ("return_url", "email", "prefilled_cardholder_details", "set_up_agreement"),
}


class Refusal(Exception):
    """A refusal of a call, raised with its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _missing(code: str, name: str) -> Refusal:
    return Refusal(error(400, code, f"Missing mandatory attribute: {name}", field=name))


def _wrong(status: int, name: str, why: str, code: str = "P0102") -> Refusal:
    return Refusal(error(status, code, f"Invalid attribute value: {name}. {why}", field=name))


def _unexpected(name: str) -> Refusal:
    return Refusal(error(400, "P0104", f"Unexpected attribute: {name}"))


def parse_json(body: bytes, code: str) -> dict[str, Any]:
    """Read a body, which must be a JSON object. Half of a surrogate pair is refused: no answer could repeat it."""
    try:
        found = from_json(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal(error(400, code, "Unable to parse JSON"))
    return found


def _amount(body: dict[str, Any], missing: str, wrong: str) -> int:
    amount = body.get("amount")
    if amount is None:
        raise _missing(missing, "amount")
    if type(amount) is not int or not -(2**31) <= amount < 2**31:
        raise _wrong(400, "amount", "Must be a valid numeric format", wrong)
    return amount


def _text(body: dict[str, Any], name: str, missing: str, wrong: str) -> str:
    text = body.get(name)
    if text is None or (isinstance(text, str) and not text.strip()):
        raise _missing(missing, name)
    if not isinstance(text, str) or _FORBIDDEN.search(text):
        raise _wrong(400, name, "Must be a valid string format", wrong)
    return text


def _optional_text(holder: dict[str, Any], name: str, why: str = "Field must be a string") -> None:
    if holder.get(name) is not None and not isinstance(holder[name], str):
        raise _wrong(400, name, why)


def _flag(body: dict[str, Any], name: str) -> None:
    if not isinstance(body[name], bool):
        raise _wrong(400, name, "Must be true or false")


def _one_of(allowed: tuple[str, ...]) -> str:
    return f"Must be one of {', '.join(allowed)}"


def _choice(body: dict[str, Any], name: str, allowed: tuple[str, ...], told: str) -> None:
    if not isinstance(body[name], str) or not body[name].strip():
        raise _wrong(400, name, told)
    if body[name] not in allowed:
        raise _wrong(422, name, told)


def _prefilled(body: dict[str, Any]) -> None:
    details = body["prefilled_cardholder_details"]
    if not isinstance(details, dict):
        return
    _optional_text(details, "cardholder_name")
    address = details.get("billing_address")
    if isinstance(address, dict):
        for part in _ADDRESS:
            _optional_text(address, part)


def _metadata(body: dict[str, Any]) -> None:
    metadata = body["metadata"]
    if metadata is None:
        raise _wrong(422, "metadata", "Value must not be null")
    if not isinstance(metadata, dict):
        raise _wrong(422, "metadata", "Must be an object of JSON key-value pairs")
    problems = []
    if len(metadata) > 15:
        problems.append("Cannot have more than 15 key-value pairs")
    if any(not 1 <= len(name) <= 30 for name in metadata):
        problems.append("Keys must be between 1 and 30 characters long")
    if len({name.lower() for name in metadata}) < len(metadata):
        problems.append("Keys must be unique, ignoring case")
    if any(value is None for value in metadata.values()):
        problems.append("Must not have null values")
    if any(isinstance(value, (dict, list)) for value in metadata.values()):
        problems.append("Values must be of type String, Boolean or Number")
    if any(isinstance(value, str) and len(value) > 100 for value in metadata.values()):
        problems.append("Values must be no greater than 100 characters long")
    if problems:
        raise _wrong(422, "metadata", ". ".join(problems))


def _too_long(name: str, most: int) -> Refusal:
    return _wrong(422, name, f"Must be less than or equal to {most} characters length")


def _prefilled_limits(details: object) -> None:
    if not isinstance(details, dict):
        return
    if len(details.get("cardholder_name") or "") > 255:
        raise _too_long("cardholder_name", 255)
    address = details.get("billing_address")
    if isinstance(address, dict):
        for part, most in _ADDRESS.items():
            if most is not None and len(address.get(part) or "") > most:
                raise _too_long(part, most)


def _payment_limits(body: dict[str, Any]) -> None:
    """Refuse amounts and lengths out of range, with 422."""
    amount = body["amount"]
    if amount > MAX_AMOUNT:
        raise _wrong(422, "amount", f"Must be less than or equal to {MAX_AMOUNT}")
    if amount < 0:
        raise _wrong(422, "amount", "Must be greater than or equal to 1")  # though 0 passes here
    for name, most in _LONGEST.items():
        if len(body.get(name) or "") > most:
            raise _too_long(name, most)
    if "prefilled_cardholder_details" in body:
        _prefilled_limits(body["prefilled_cardholder_details"])
    for name in ("set_up_agreement", "agreement_id"):
        if name in body and len(body[name]) != 26:
            raise _wrong(422, name, f"Field [{name}] length must be 26")


def _set_up_agreement(body: dict[str, Any]) -> None:
    if not isinstance(body["set_up_agreement"], str):
        del body["set_up_agreement"]  # dropped in silence, as the real one does


def _agreement_id(body: dict[str, Any]) -> None:
    if body["agreement_id"] is not None and not isinstance(body["agreement_id"], str):
        raise _wrong(400, "agreement_id", "Must be a valid string format")
    if body["agreement_id"] is None or not body["agreement_id"].strip():
        raise _missing("P0101", "agreement_id")
    if body.get("authorisation_mode", "web") != "agreement":
        raise _unexpected("agreement_id")


_OPTIONAL: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "return_url": lambda body: _optional_text(body, "return_url", "Must be a valid URL format"),
    "moto": lambda body: _flag(body, "moto"),
    "set_up_agreement": _set_up_agreement,
    "language": lambda body: _choice(body, "language", ("en", "cy"), 'Must be "en" or "cy"'),
    "delayed_capture": lambda body: _flag(body, "delayed_capture"),
    "email": lambda body: _optional_text(body, "email"),
    "prefilled_cardholder_details": _prefilled,
    "metadata": _metadata,
    "authorisation_mode": lambda body: _choice(body, "authorisation_mode", _MODES, _one_of(_MODES)),
    "agreement_id": _agreement_id,
    "agreement_payment_type": lambda body: _choice(
        body, "agreement_payment_type", _PAYMENT_TYPES, _one_of(_PAYMENT_TYPES)
    ),
}
"""Checks of the optional fields, in the real one's order; each is called if its field is there."""
_KEPT: Final = frozenset({"amount", "reference", "description", *_OPTIONAL})


def payment_request(raw: bytes) -> dict[str, Any]:
    """Check a new payment as the public API does, and return what is kept of it: unknown fields are dropped."""
    body = parse_json(raw, "P0197")
    _amount(body, "P0101", "P0102")
    _text(body, "reference", "P0101", "P0102")
    _text(body, "description", "P0101", "P0102")
    for name, check in _OPTIONAL.items():
        if name in body:
            check(body)
    _payment_limits(body)
    return {name: value for name, value in body.items() if name in _KEPT and value is not None}


def idempotency_key(key: str | None) -> None:
    """Check the header's form, which is done in every mode."""
    if key is None:
        return
    if not 1 <= len(key) <= 255:
        raise Refusal(
            error(422, "P0102", "Header [Idempotency-Key] can have a size between 1 and 255", header="Idempotency-Key")
        )
    if not re.fullmatch(r"[A-Za-z0-9-]+", key):
        told = "Header [Idempotency-Key] can only contain alphanumeric characters and hyphens"
        raise Refusal(error(422, "P0102", told, header="Idempotency-Key"))


def payment_for(account: Account, body: dict[str, Any]) -> None:
    """Refuse a new payment as the system behind the API does."""
    service = account.service
    if service.disabled:
        raise _disabled()
    if not service.configured:
        told = "Account is not fully configured. Please refer to documentation to setup your account or contact support"
        raise Refusal(error(403, "P0940", f"{told} with your error code - {_SUPPORT} ."))
    mode = body.get("authorisation_mode", "web")
    _mode_rules(body, mode)
    _permissions(account, body, mode)
    if mode == "web":
        _return_url(body["return_url"], is_live=service.is_live)
    if body["amount"] == 0 and not service.allow_zero_amount:
        raise _wrong(422, "amount", f"Must be greater than or equal to 1. {_ABOUT_AMOUNTS}")
    if 0 < body["amount"] < 30 and service.payment_provider == "stripe":
        raise _wrong(422, "amount", f"Must be greater than or equal to 30. {_ABOUT_AMOUNTS}")
    _agreements(account, body, mode)


def _disabled() -> Refusal:
    told = "GOV.UK Pay has disabled payment and refund creation on this account. Contact support with your error code"
    return Refusal(error(403, "P0941", f"{told} - {_SUPPORT} ."))


def _mode_rules(body: dict[str, Any], mode: str) -> None:
    if mode == "web":
        if "return_url" not in body:
            raise Refusal(error(400, "P0101", "Missing mandatory attribute: return_url"))
    elif mode == "agreement" and "agreement_id" not in body:
        raise Refusal(error(400, "P0101", "Missing mandatory attribute: agreement_id"))
    for name in _UNEXPECTED_IN[mode]:
        if name in body:
            raise _unexpected(name)
    if mode == "web" and "agreement_payment_type" in body and "set_up_agreement" not in body:
        raise _unexpected("agreement_payment_type")
    if mode == "agreement" and body.get("moto"):
        raise _unexpected("moto")


def _permissions(account: Account, body: dict[str, Any], mode: str) -> None:
    service = account.service
    if mode == "moto_api" and not service.allow_authorisation_api:
        raise Refusal(error(422, "P0195", "Using authorisation_mode of moto_api is not allowed for this account"))
    if (mode == "agreement" or "set_up_agreement" in body) and not service.allow_recurring:
        raise recurring_disabled()
    if body.get("moto") and mode == "web" and not service.allow_moto:
        told = "MOTO payments are not enabled for this account. Please contact support if you would like to process"
        raise Refusal(error(422, "P0196", f"{told} MOTO payments - {_SUPPORT} ."))


def telephone_disabled() -> Refusal:
    """The account may not record payments that were taken by telephone elsewhere."""
    told = "Access to this resource is not enabled for this account. Contact support with your error code"
    return Refusal(error(403, "P0930", f"{told} - {_SUPPORT} ."))


def recurring_disabled() -> Refusal:
    """The account may not take recurring payments."""
    told = "Recurring card payments are currently disabled for this service. Contact support with your error code"
    return Refusal(error(422, "P0942", f"{told} - {_SUPPORT}"))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False


def _return_url(url: str, *, is_live: bool) -> None:
    if not _is_web_address(url):
        raise Refusal(error(422, "P0102", "Invalid attribute value: return_url. Must be a valid URL format"))
    if is_live and not url.startswith("https://"):
        raise _wrong(422, "return_url", "Must begin with https:// for a live gateway account", "P0920")


def _agreements(account: Account, body: dict[str, Any], mode: str) -> None:
    wanted = body.get("set_up_agreement") if mode == "web" else body.get("agreement_id")
    if wanted is None:
        return
    agreement = account.agreements.get(wanted)
    if agreement is None:
        raise _wrong(400, "agreement_id", "Agreement does not exist")
    if mode == "agreement" and agreement.status != "active":
        raise _wrong(400, "agreement_id", "Agreement must be active")


def agreement_request(raw: bytes) -> dict[str, Any]:
    """Check a new agreement."""
    body = parse_json(raw, "P2197")
    _text(body, "reference", "P2101", "P2102")
    _text(body, "description", "P2101", "P2102")
    if body.get("user_identifier") is not None and not isinstance(body["user_identifier"], str):
        raise _wrong(400, "user_identifier", "Field must be a string", "P2102")
    for name in ("reference", "description", "user_identifier"):
        if len(body.get(name) or "") > 255:
            raise _too_long(name, 255)
    if body.get("user_identifier") == "":
        raise _wrong(422, "user_identifier", "Must be greater than or equal to 1 characters length")
    return body


def refund_request(raw: bytes) -> tuple[int, int | None]:
    """Check a new refund; return its amount and what the caller believes to be left."""
    body = parse_json(raw, "P0697")
    amount = _amount(body, "P0601", "P0602")
    if amount < 1:
        raise _wrong(422, "amount", "Must be greater than or equal to 1", "P0602")
    if amount > MAX_AMOUNT:
        raise _wrong(422, "amount", f"Must be less than or equal to {MAX_AMOUNT}", "P0602")
    return amount, _as_int(body.get("refund_amount_available"))


def _as_int(value: object) -> int | None:
    """Read a number as the real one does: what is not one is 0, what is not there is nothing."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value) else 0


def refundable(account: Account, status: str, *, disputed: bool) -> None:
    """Whether a payment of that status can be refunded at all."""
    if account.service.disabled:
        raise _disabled()
    if disputed:
        raise Refusal(error(400, "P0603", "The payment is disputed and cannot be refunded"))
    if status != "available":
        raise not_available(status)


def not_available(reason: str) -> Refusal:
    """The payment cannot be refunded for that reason."""
    return Refusal(error(400, "P0603", f"The payment is not available for refund. Payment refund status: {reason}"))


def authorisation_request(raw: bytes, now: float) -> dict[str, str]:
    """Check card details sent by the API. What is refused here leaves the token unused."""
    body = parse_json(raw, "P0197")
    for name in ("one_time_token", "card_number", "cvc", "expiry_date", "cardholder_name"):
        # An empty cvc counts as one of a wrong length (pay-publicapi, AuthorisationResourceValidationIT).
        if not isinstance(body.get(name), str) or (not body[name].strip() and name != "cvc"):
            raise Refusal(error(422, "P0101", f"Missing mandatory attribute: {name}", field=name))
    if not re.fullmatch(r"[0-9]{12,19}", body["card_number"]):
        raise _wrong(422, "card_number", "Must be between 12 and 19 characters long")
    if not re.fullmatch(r"[0-9]{3,4}", body["cvc"]):
        raise _wrong(422, "cvc", "Must be between 3 and 4 characters long")
    if len(body["cardholder_name"]) > 255:
        raise _too_long("cardholder_name", 255)
    if not is_future(body["expiry_date"], now):
        raise _wrong(422, "expiry_date", "Must be a valid date in the future")
    return body


def is_future(expiry: str, now: float) -> bool:
    """Whether a month as MM/YY has not ended."""
    if not re.fullmatch(r"(0[1-9]|1[0-2])/[0-9]{2}", expiry):
        return False
    today = datetime.fromtimestamp(now, UTC)
    return (2000 + int(expiry[3:]), int(expiry[:2])) >= (today.year, today.month)
