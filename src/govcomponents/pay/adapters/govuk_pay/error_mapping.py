"""Meanings of GOV.UK Pay's refusals: each code as a typed error that says how to fix it.

The codes are those of GOV.UK Pay docs: API error codes. The code decides, then the HTTP status, because one code
comes with several statuses. The provider's own description never goes into an error's text: it may repeat what was
sent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.error_mapping import NOT_OWN, ErrorBody, ErrorTable, Meaning, meanings, parsed
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
from govcomponents.pay.adapters.refund_guard import LESS_IS_LEFT, NOT_REFUNDABLE
from govcomponents.pay.states import RefundableStatus

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response

_LATER: Final = "call again later; if it goes on, see GOV.UK Pay's status page"
_GET: Final = "get the payment and decide from its state"
_SUPPORT: Final = "ask GOV.UK Pay's support, with the code"
_NO_PAYMENT: Final = (
    "check the id and that the key is of the account and mode that made the payment; a payment that ended days "
    "ago can be read but no longer changed, so get it before deciding that it does not exist"
)
_FIRST_PAGE: Final = "search again from the first page: what was found has become less since the search began"
_FIELD: Final = "give the field that is named a value within its documented limits, of its documented type"
_NOT_JSON: Final = "look at what `extra` and a proxy on the way do to the request; the body that arrived is not JSON"

# fmt: off
_BEHIND: Final = {
    "P0198": "made the payment", "P0298": "read the payment", "P0398": "read the events",
    "P0498": "searched", "P0598": "cancelled the payment, or is cancelling it already",
    "P0698": "refunded, or the card's provider refused the refund",
    "P0798": "read the refund", "P0898": "read the refunds", "P1098": "captured the payment", "P1898": "searched",
    "P2198": "made the agreement", "P2298": "read the agreement", "P2498": "searched",
    "P2598": "cancelled the agreement",
}
MEANINGS: Final = {
    "P0010": Meaning(CardDeclined, "the card was refused and the payment has failed",
                     "tell the person and make a new payment; the card must not be sent again for this one"),
    "P0900": Meaning(RateLimited, "too many requests", "wait a second, then call again, and less often"),
    "P0999": Meaning(Unavailable, "GOV.UK Pay is temporarily down", _LATER, is_unprocessed=True),
    **meanings(Conflict, {
        "P0020": ("the payment has expired", "make a new payment"),
        "P0030": ("the person has cancelled the payment", "make a new payment if the person wants to pay"),
        "P0040": ("the service has cancelled the payment", "make a new payment if one is still needed"),
        "P0191": ("the idempotency key has been used already, for other details or by a call that is still running",
                  ("for the same charge, call again with the same key and arguments after a second; for another, use "
                   "another key")),
        "P0501": ("the payment can no longer be cancelled", _GET + ": it may be finished or cancelled already"),
        "P0502": ("somebody else changed the payment at the same time", _GET),
        "P0603": ("the payment cannot be refunded, or not by so much", "get the payment and look at `refundable`"),
        "P0604": LESS_IS_LEFT,
        "P1001": ("the card's provider refused the capture", _GET),
        "P1003": ("the payment is not waiting to be captured",
                  _GET + ": it must have been made with delayed_capture, be confirmed, and not be older than 5 days"),
        "P1212": ("the one-time token has been used already", _GET + "; do not send the card again before that"),
        "P2501": ("the agreement is not active, so it cannot be cancelled",
                  "get the agreement and decide from its status"),
    }),
    **meanings(NotFound, {
        **dict.fromkeys(("P0200", "P0300", "P0800"), ("there is no such payment", _NO_PAYMENT)),
        **dict.fromkeys(("P0402", "P1100", "P2402"), ("there is no such page", _FIRST_PAGE)),
        "P0500": ("there is no such payment that can be cancelled", _NO_PAYMENT),
        "P0600": ("there is no such payment that can be refunded", _NO_PAYMENT),
        "P0700": ("there is no such refund of that payment", "check both ids, and that they belong together"),
        "P1000": ("there is no such payment that can be captured", _NO_PAYMENT),
        **dict.fromkeys(("P2200", "P2500"), (
            "there is no such agreement", "check the id, and that the key is of the account that made it")),
    }),
    **meanings(PermissionRefused, {
        "P0195": ("this account may not send card details by the API",
                  "ask GOV.UK Pay to enable it; it needs PCI DSS compliance"),
        "P0196": ("this account may not take telephone payments", "ask GOV.UK Pay to enable MOTO payments"),
        "P0199": ("there is an error with this account", _SUPPORT),
        "P0930": ("this account may not record payments taken elsewhere", _SUPPORT),
        "P0940": ("the account with the card's provider is not set up",
                  "finish setting up the account in GOV.UK Pay's admin tool"),
        "P0941": ("GOV.UK Pay has disabled this account", _SUPPORT),
        "P0942": ("this account may not take recurring payments", "ask GOV.UK Pay to enable recurring payments"),
    }),
    **meanings(RequestRefused, {
        **dict.fromkeys(("P0101", "P2101"), (
            "a field that is needed is missing or blank", "give the field that is named")),
        "P0102": ("a field or header has a value that is not allowed", _FIELD),
        "P0103": ("the agreement to set up does not exist", "create the agreement first, with the same key"),
        "P0104": ("a field is not allowed in this mode of authorisation", ("leave out what does not go "
                   "with the mode: email, return_url and prefilled details go with payments in person")),
        "P0105": ("the reference looks like a card number", "use a reference that is not a number of 12 to 19 digits"),
        **dict.fromkeys(("P0197", "P0697", "P2197"), ("the request is not JSON", _NOT_JSON)),
        **dict.fromkeys(("P0401", "P1101", "P2401"), ("a filter is wrong", (
            "mend the filters: times with a zone, dates as YYYY-MM-DD, a status that the search knows, a page size to "
            "500"))),
        "P0601": ("the amount to refund is missing", "give the amount"),
        "P0602": ("the amount to refund is not allowed", "give a whole number of pence from 1 to 10,000,000"),
        "P0920": ("the firewall in front of GOV.UK Pay refused the request",
                  'leave out < > " \\ and | everywhere, and with a live key use an https return_url'),
        "P1211": ("the one-time token is not valid",
                  "get the payment and use its `one_time_token`; it must have been made by create_by_telephone"),
        "P2102": ("a field has a value that is not allowed", _FIELD),
    }),
    **meanings(Unavailable, {
        "P0050": ("the card's provider failed", _GET + "; then make a new payment if it failed"),
        **{code: (f"a system behind GOV.UK Pay failed while it {what}", _LATER) for code, what in _BEHIND.items()},
    }),
}
# The end of the description of P0603 says why (pay-connector, RefundException).
_NOT_REFUNDABLE: Final = {
    "status: pending": NOT_REFUNDABLE[RefundableStatus.PENDING],
    "status: unavailable": NOT_REFUNDABLE[RefundableStatus.UNAVAILABLE],
    "status: full": NOT_REFUNDABLE[RefundableStatus.FULL],
    "amount_not_available": ("more is asked for than is left", "get the payment and refund at most its `available`"),
    "amount_min_validation": ("the amount is too small", "refund at least 1p"),
    "disputed": ("the payment is disputed", "wait until the dispute is decided; see search_disputes"),
}
# The API's own framework: with 503 it could not check the key, and did no more.
_FRAMEWORK_DOWN: Final = Meaning(Unavailable, "the server failed with status 503", _LATER, is_unprocessed=True)
_KEY_REFUSED: Final = Meaning(
    CredentialsRefused, "the API key was refused",
    "check that the key is whole and not revoked; a revoked one can work for another minute")
# fmt: on
_OF_A_VALUE: Final = frozenset({"P0102", "P0602", "P2102"})
# The names that a description may end with where the envelope has no `field`.
_NAMED: Final = re.compile(r"(?:[Aa]ttribute(?: value)?|parameters): ([a-z_]+(?:, [a-z_]+)*)(?=[.]|$)")
# What a description says of a value: one of the API's own sentences, which repeats nothing that was sent.
_RULE: Final = re.compile(
    r"(?:Invalid|Missing) (?:mandatory )?attribute value: [a-z_]+(?:, [a-z_]+)*[.] "
    r"(Must (?:be|have|contain|not) (?!.*[0-9]{9})[A-Za-z0-9 ,\"-]{1,120})"
    r"(?:[.]? Refer to https://docs[.]payments[.]service[.]gov[.]uk/[a-z_/]*#?[a-z_-]*|[.])?"
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
        why = next((why for sign, why in _NOT_REFUNDABLE.items() if sign in description), None)
        meaning = meaning or (why and Meaning(Conflict, f"the payment cannot be refunded: {why[0]}", why[1]))
    if meaning is None and code in _OF_A_VALUE and (rule := _RULE.fullmatch(description)):
        said = rule.group(1).rstrip()
        meaning = replace(MEANINGS[code], fix=f"{MEANINGS[code].fix}: it m{said[1:]}")
    if response.status == 429:
        meaning = MEANINGS["P0900"]
    return ERRORS.error(request, response, body=ErrorBody(code, named), meaning=meaning)
