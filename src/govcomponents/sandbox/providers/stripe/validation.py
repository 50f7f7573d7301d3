"""Checks parameters as Stripe does, and refuses in its envelope (Stripe docs: errors, error codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from govcomponents.sandbox.providers.stripe.forms import Form

# The day of each release's first version, oldest first; their names go by the alphabet.
_RELEASES: Final = {
    "acacia": date(2024, 9, 30),
    "basil": date(2025, 3, 31),
    "clover": date(2025, 9, 30),
    "dahlia": date(2026, 3, 25),
    "endive": date(2026, 9, 30),
}
_NEWEST: Final = max(_RELEASES)
_FORM: Final = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})(?:\.([a-z]{1,30}))?")

Allowed: TypeAlias = "Mapping[str, Allowed | None]"
"""Names of parameters, with what is allowed below each; None is a text, the name "*" stands for every name."""

TEXTS: Final[Allowed] = {"*": None}
_PRICE: Final[Allowed] = {
    "currency": None,
    "unit_amount": None,
    "product_data": {"name": None, "description": None, "metadata": TEXTS},
}
_INTENT: Final[Allowed] = {
    "capture_method": None,
    "description": None,
    "metadata": TEXTS,
    "receipt_email": None,
    "setup_future_usage": None,
    "statement_descriptor_suffix": None,
}
NEW_SESSION: Final[Allowed] = {
    "mode": None,
    "line_items": {"*": {"quantity": None, "price_data": _PRICE}},
    "success_url": None,
    "cancel_url": None,
    "client_reference_id": None,
    "customer_email": None,
    "expires_at": None,
    "locale": None,
    "metadata": TEXTS,
    "payment_method_types": TEXTS,
    "payment_intent_data": _INTENT,
    "billing_address_collection": None,
    "submit_type": None,
    "adaptive_pricing": {"enabled": None},
    "wallet_options": {"link": {"display": None}},
    "expand": TEXTS,
}
LISTED: Final[Allowed] = {
    "created": {"gt": None, "gte": None, "lt": None, "lte": None},
    "limit": None,
    "starting_after": None,
    "ending_before": None,
    "expand": TEXTS,
}
# Stripe docs: currencies; minimum and maximum charge amounts. In the smallest units; it states no others.
_NAMES: Final = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad "
    "cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd "
    "hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl "
    "mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg "
    "qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah "
    "ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw "
)
_CURRENCIES: Final = frozenset(_NAMES.split())
_MINIMUMS: Final = {
    **dict.fromkeys(("aud", "brl", "cad", "chf", "eur", "inr", "jpy", "nzd", "sgd", "usd"), 50),
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
_IN_TENS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_LARGEST: Final = 99_999_999
_METADATA_KEYS: Final = 50
_METADATA_NAME: Final = 40
_METADATA_VALUE: Final = 500


def check(given: Form, allowed: Allowed, inside: str = "") -> None:
    """Raise a Problem for the first parameter that is not allowed there."""
    for name, value in given.items():
        where = f"{inside}[{name}]" if inside else name
        if name not in allowed and "*" not in allowed:
            raise wrong(f"Received unknown parameter: {where}", "parameter_unknown", where)
        below = allowed.get(name, allowed.get("*"))
        if isinstance(value, str):
            if below is not None and value != "":
                raise wrong(f"Invalid object: {where}", None, where)
        elif below is None:
            raise wrong(f"Invalid string: {where}", None, where)
        else:
            check(value, below, where)


def find(given: Form, *path: str) -> str | Form | None:
    """Follow names into a form; None where there is nothing."""
    place: str | Form | None = given
    for name in path:
        place = place.get(name) if isinstance(place, dict) else None
    return place


def text(given: Form, *path: str, required: bool = False, longest: int = 5000) -> str | None:
    """A text, by its path. Raises a Problem where it is missing, empty or too long."""
    value = find(given, *path)
    if isinstance(value, str) and 0 < len(value) <= longest:
        return value
    if not isinstance(value, str) and not required:
        return None
    where = _named(path)
    if not isinstance(value, str):
        raise wrong(f"Missing required param: {where}.", "parameter_missing", where)
    if value == "":
        raise wrong(
            f"You passed an empty string for '{where}'. We assume empty values are an attempt to unset a parameter.",
            "parameter_invalid_empty",
            where,
        )
    raise wrong(f"Invalid string: {where} must be at most {longest} characters", None, where)


def whole(given: Form, *path: str, required: bool = False) -> int | None:
    """A whole number, by its path. Raises a Problem where it is missing or is none."""
    value = text(given, *path, required=required)
    if value is None:
        return None
    if not value.lstrip("-").isdigit() or not value.isascii() or len(value) > 18:
        raise wrong(f"Invalid integer: {_named(path)}", "parameter_invalid_integer", _named(path))
    return int(value)


def price(total: int, currency: str, least_pounds: int, item: str) -> None:
    """Raise a Problem for a currency that is none, or an amount that cannot be charged in it."""
    where = f"line_items[{item}][price_data][unit_amount]"
    if currency not in _CURRENCIES:
        raise wrong(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(_CURRENCIES))}",
            None,
            f"line_items[{item}][price_data][currency]",
        )
    if total < (least_pounds if currency == "gbp" else _MINIMUMS.get(currency, 1)):
        raise wrong("The total is below the smallest amount that can be charged.", "amount_too_small", where)
    if total > _LARGEST:
        raise wrong("The total is above the largest amount that can be charged.", "amount_too_large", where)
    if currency in _IN_TENS and total % 10:
        raise wrong("The last digit of an amount in a three-decimal currency must be 0.", None, where)


def texts(given: Form, *path: str) -> list[str]:
    """A list of texts, in the order of its numbers."""
    found = find(given, *path)
    if not isinstance(found, dict):
        return []
    return [value for _, value in sorted(found.items(), key=lambda pair: pair[0].zfill(4)) if isinstance(value, str)]


def metadata(given: Form, *path: str) -> dict[str, str]:
    """Metadata within its limits. Raises a Problem where one is passed."""
    found = find(given, *path)
    values = {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
    if len(values) > _METADATA_KEYS:
        raise wrong(f"You can only specify {_METADATA_KEYS} metadata keys.", None, _named(path))
    for name, value in values.items():
        if len(name) > _METADATA_NAME or len(value) > _METADATA_VALUE:
            raise wrong("Metadata names have at most 40 characters, values 500.", None, _named((*path, name[:40])))
    return values


def _named(path: tuple[str, ...]) -> str:
    return path[0] + "".join(f"[{part}]" for part in path[1:])


class Problem(Exception):
    """An answer that is no success. `is_stored` tells whether an idempotency key keeps it: not if nothing was begun."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_stored: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.is_stored = is_stored

    def body(self) -> dict[str, Any]:
        """The error's envelope, as Stripe answers it."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error}


def wrong(message: str, code: str | None, param: str) -> Problem:
    """The problem of a parameter that is wrong: nothing was begun."""
    return Problem(400, message, code=code, param=param, is_stored=False)


def missing(kind: str, identifier: str, param: str) -> Problem:
    """The problem of an object that is not there."""
    return Problem(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def unexpected_state(verb: str, status: str) -> Problem:
    """The problem of a PaymentIntent whose state does not allow that."""
    return Problem(
        400,
        f"This PaymentIntent could not be {verb} because it has a status of {status}.",
        code="payment_intent_unexpected_state",
    )


def may_be_version(text: str) -> bool:
    """Whether Stripe may have a version: "2020-08-27" and "2026-06-24.dahlia", but no "2025-09-30.acacia".

    It is a date, and since the end of September 2024 the name of its release (Stripe docs, API versioning). A later
    version than the newest that is known here is taken, so that a service can try tomorrow's client today; it is
    answered as the others are, in the form of the pinned version.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return False
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return False
    name = found[2]
    if day < _RELEASES["acacia"]:
        return name is None
    in_force = max(release for release, first in _RELEASES.items() if first <= day)
    return name in (in_force, "preview") or (name is not None and name > in_force == _NEWEST)
