"""What GOV.UK Pay's refusals mean: each code as a typed error that says how to fix it.

The codes are those of GOV.UK Pay docs: API error codes. The code decides, then the HTTP status, because one code
comes with several statuses. The provider's own description never goes into an error's text: it may repeat what was
sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.error_mapping import NOT_OWN, ErrorBody, ErrorTable, Meaning, parsed
from govcomponents.errors import (
    CardDeclined,
    Conflict,
    CredentialsRefused,
    GovComponentsError,
    NotFound,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from govcomponents.pay.adapters.govuk_pay.wire import PROVIDER, RATE_LIMIT_WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response


_WRONG_FIELD: Final = "give the field that is named a value within its documented limits, of its documented type"
_NOT_JSON: Final = "look at what `extra` and a proxy on the way do to the request; the body that arrived is not JSON"
_SUPPORT: Final = "ask GOV.UK Pay's support, with the code"
_PAGE: Final = "search again from the first page: what was found has become less since the search began"
_FILTERS: Final = (
    "mend the filters: times with a zone, dates as YYYY-MM-DD, a status that the search knows, a page size to 500"
)
_NO_PAYMENT: Final = (
    "check the id and that the key is of the account and mode that made the payment; a payment that ended days ago "
    "can be read but no longer changed, so get it before deciding that it does not exist"
)
_LATER: Final = "call again later; if it goes on, see GOV.UK Pay's status page"
_GET_FIRST: Final = "get the payment and decide from its state"


def _downstream(what: str) -> Meaning:
    return Meaning(Unavailable, f"a system behind GOV.UK Pay failed {what}", _LATER)


MEANINGS: Final[Mapping[str, Meaning]] = {
    # States of a payment; P0010 and P0050 also answer an attempt to authorise.
    "P0010": Meaning(
        CardDeclined,
        "the card was refused and the payment has failed",
        "tell the person and make a new payment; the card must not be sent again for this one",
    ),
    "P0020": Meaning(Conflict, "the payment has expired", "make a new payment"),
    "P0030": Meaning(Conflict, "the person has cancelled the payment", "make a new payment if the person wants to pay"),
    "P0040": Meaning(Conflict, "the service has cancelled the payment", "make a new payment if one is still needed"),
    "P0050": Meaning(Unavailable, "the card's provider failed", _GET_FIRST + "; then make a new payment if it failed"),
    # Create a payment.
    "P0101": Meaning(RequestRefused, "a field that is needed is missing or blank", "give the field that is named"),
    "P0102": Meaning(RequestRefused, "a field or header has a value that is not allowed", _WRONG_FIELD),
    "P0103": Meaning(
        RequestRefused, "the agreement to set up does not exist", "create the agreement first, with the same key"
    ),
    "P0104": Meaning(
        RequestRefused,
        "a field is not allowed in this mode of authorisation",
        "leave out what does not go with the mode: email, return_url and prefilled details go with payments in person",
    ),
    "P0105": Meaning(
        RequestRefused,
        "the reference looks like a card number",
        "use a reference that is not a number of 12 to 19 digits",
    ),
    "P0191": Meaning(
        Conflict,
        "the idempotency key has been used already, for other details or by a call that is still running",
        "for the same charge, call again with the same key and arguments after a second; for another, use another key",
    ),
    "P0195": Meaning(
        PermissionRefused,
        "this account may not send card details by the API",
        "ask GOV.UK Pay to enable it; it needs PCI DSS compliance",
    ),
    "P0196": Meaning(
        PermissionRefused, "this account may not take telephone payments", "ask GOV.UK Pay to enable MOTO payments"
    ),
    "P0197": Meaning(RequestRefused, "the request is not JSON", _NOT_JSON),
    "P0198": _downstream("while it made the payment"),
    "P0199": Meaning(PermissionRefused, "there is an error with this account", _SUPPORT),
    # Read a payment and its events.
    "P0200": Meaning(NotFound, "there is no such payment", _NO_PAYMENT),
    "P0298": _downstream("while it read the payment"),
    "P0300": Meaning(NotFound, "there is no such payment", _NO_PAYMENT),
    "P0398": _downstream("while it read the events"),
    # Search payments and disputes.
    "P0401": Meaning(RequestRefused, "a filter is wrong", _FILTERS),
    "P0402": Meaning(NotFound, "there is no such page", _PAGE),
    "P0498": _downstream("while it searched"),
    # Cancel a payment.
    "P0500": Meaning(NotFound, "there is no such payment that can be cancelled", _NO_PAYMENT),
    "P0501": Meaning(
        Conflict, "the payment can no longer be cancelled", _GET_FIRST + ": it may be finished or cancelled already"
    ),
    "P0502": Meaning(Conflict, "somebody else changed the payment at the same time", _GET_FIRST),
    "P0598": _downstream("while it cancelled the payment, or is cancelling it already"),
    # Refund.
    "P0600": Meaning(NotFound, "there is no such payment that can be refunded", _NO_PAYMENT),
    "P0601": Meaning(RequestRefused, "the amount to refund is missing", "give the amount"),
    "P0602": Meaning(
        RequestRefused, "the amount to refund is not allowed", "give a whole number of pence from 1 to 10,000,000"
    ),
    "P0603": Meaning(
        Conflict, "the payment cannot be refunded, or not by so much", "get the payment and look at `refundable`"
    ),
    "P0604": Meaning(
        Conflict,
        "what is left to refund is not what `available` says: the payment may have been refunded already",
        "list the payment's refunds; if this one is not among them, get the payment and refund with its `available`",
    ),
    "P0697": Meaning(RequestRefused, "the request is not JSON", _NOT_JSON),
    "P0698": _downstream("while it refunded, or the card's provider refused the refund"),
    # Read refunds.
    "P0700": Meaning(
        NotFound, "there is no such refund of that payment", "check both ids, and that they belong together"
    ),
    "P0798": _downstream("while it read the refund"),
    "P0800": Meaning(NotFound, "there is no such payment", _NO_PAYMENT),
    "P0898": _downstream("while it read the refunds"),
    # Every endpoint.
    "P0900": Meaning(RateLimited, "too many requests", "wait a second, then call again, and less often"),
    "P0920": Meaning(
        RequestRefused,
        "the firewall in front of GOV.UK Pay refused the request",
        'leave out < > " \\ and | everywhere, and with a live key use an https return_url',
    ),
    "P0930": Meaning(PermissionRefused, "this account may not record payments taken elsewhere", _SUPPORT),
    "P0940": Meaning(
        PermissionRefused,
        "the account with the card's provider is not set up",
        "finish setting up the account in GOV.UK Pay's admin tool",
    ),
    "P0941": Meaning(PermissionRefused, "GOV.UK Pay has disabled this account", _SUPPORT),
    "P0942": Meaning(
        PermissionRefused, "this account may not take recurring payments", "ask GOV.UK Pay to enable recurring payments"
    ),
    "P0999": Meaning(Unavailable, "GOV.UK Pay is temporarily down", _LATER, is_unprocessed=True),
    # Capture.
    "P1000": Meaning(NotFound, "there is no such payment that can be captured", _NO_PAYMENT),
    "P1001": Meaning(Conflict, "the card's provider refused the capture", _GET_FIRST),
    "P1003": Meaning(
        Conflict,
        "the payment is not waiting to be captured",
        _GET_FIRST + ": it must have been made with delayed_capture, be confirmed, and not be older than 5 days",
    ),
    "P1098": _downstream("while it captured the payment"),
    # Search refunds.
    "P1100": Meaning(NotFound, "there is no such page", _PAGE),
    "P1101": Meaning(RequestRefused, "a filter is wrong", _FILTERS),
    "P1898": _downstream("while it searched"),
    # Authorise.
    "P1211": Meaning(
        RequestRefused,
        "the one-time token is not valid",
        "get the payment and use its `one_time_token`; it must have been made by create_by_telephone",
    ),
    "P1212": Meaning(
        Conflict, "the one-time token has been used already", _GET_FIRST + "; do not send the card again before that"
    ),
    # Agreements.
    "P2101": Meaning(RequestRefused, "a field that is needed is missing or blank", "give the field that is named"),
    "P2102": Meaning(RequestRefused, "a field has a value that is not allowed", _WRONG_FIELD),
    "P2197": Meaning(RequestRefused, "the request is not JSON", _NOT_JSON),
    "P2198": _downstream("while it made the agreement"),
    "P2200": Meaning(
        NotFound, "there is no such agreement", "check the id, and that the key is of the account that made it"
    ),
    "P2298": _downstream("while it read the agreement"),
    "P2401": Meaning(RequestRefused, "a filter is wrong", _FILTERS),
    "P2402": Meaning(NotFound, "there is no such page", _PAGE),
    "P2498": _downstream("while it searched"),
    "P2500": Meaning(
        NotFound, "there is no such agreement", "check the id, and that the key is of the account that made it"
    ),
    "P2501": Meaning(
        Conflict,
        "the agreement is not active, so it cannot be cancelled",
        "get the agreement and decide from its status",
    ),
    "P2598": _downstream("while it cancelled the agreement"),
}


def _not_refundable(why: str, fix: str) -> Meaning:
    return Meaning(Conflict, f"the payment cannot be refunded: {why}", fix)


# The end of the description of P0603 says why (pay-connector, RefundException).
_NOT_REFUNDABLE: Final[Mapping[str, Meaning]] = {
    "status: pending": _not_refundable(
        "the money has not been taken yet", "refund when the payment's `refundable.status` is available"
    ),
    "status: unavailable": _not_refundable(
        "the payment failed, is disputed, or is being captured", "get the payment later and look again"
    ),
    "status: full": _not_refundable("all of it has been refunded", "list the payment's refunds"),
    "amount_not_available": _not_refundable(
        "more is asked for than is left", "get the payment and refund at most its `available`"
    ),
    "amount_min_validation": _not_refundable("the amount is too small", "refund at least 1p"),
    "disputed": _not_refundable("the payment is disputed", "wait until the dispute is decided; see search_disputes"),
}
# The names that a description may end with where the envelope has no `field`.
_NAMED: Final = re.compile(
    r"(?:[Aa]ttribute(?: value)?|parameters): ([a-z_]+(?:, [a-z_]+)*)(?=[.]|$)",
)


# The API's own framework: with 503 it could not check the key, and did no more.
_FRAMEWORK_DOWN: Final = Meaning(Unavailable, "the server failed with status 503", _LATER, is_unprocessed=True)
_KEY_REFUSED: Final = Meaning(
    CredentialsRefused,
    "the API key was refused",
    "check that the key is whole and not revoked; a revoked one can work for another minute",
)

ERRORS: Final = ErrorTable(
    PROVIDER,
    codes=MEANINGS,
    rate_limit_wait=RATE_LIMIT_WAIT,
    later=_LATER,
    unknown="look the code up in GOV.UK Pay's list of API error codes; this version does not know it",
)


def refusal(request: Request, response: Response) -> GovComponentsError:
    """Return the error that an answer other than success stands for."""
    found = parsed(response.body)
    code = found.get("code") if isinstance(found, dict) else None
    meaning = _KEY_REFUSED if response.status == 401 else None
    if not (isinstance(found, dict) and isinstance(code, str) and re.fullmatch(r"P[0-9]{4}", code)):
        if response.status == code == 503:
            meaning = _FRAMEWORK_DOWN
        return ERRORS.error(request, response, body=NOT_OWN, meaning=meaning)
    described = found.get("description")
    description = described if isinstance(described, str) else ""
    named = found.get("field") or found.get("header")
    if not isinstance(named, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", named):
        in_text = _NAMED.search(description)
        named = in_text.group(1) if in_text else None
    if code == "P0603":
        meaning = meaning or next((why for sign, why in _NOT_REFUNDABLE.items() if sign in description), None)
    if response.status == 429:
        meaning = MEANINGS["P0900"]
    return ERRORS.error(request, response, body=ErrorBody(code, named), meaning=meaning)
