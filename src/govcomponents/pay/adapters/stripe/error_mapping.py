"""Error mapping of Stripe: each code as a typed error that says how to fix it (Stripe docs: error codes, errors).

The code decides, then the error's type, then the HTTP status. Stripe's own text never goes into an error: it may repeat
what was sent, and the body may hold a client secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.error_mapping import NOT_OWN, ErrorBody, ErrorTable, Meaning, meanings, parsed
from govcomponents.errors import (
    CardDeclined,
    Conflict,
    CredentialsRefused,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from govcomponents.pay.adapters.refund_guard import NOT_REFUNDABLE
from govcomponents.pay.adapters.stripe.wire import PROVIDER, WAIT
from govcomponents.pay.states import RefundableStatus

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response

_GET_FIRST: Final = "get the payment and decide from its state"
_LATER: Final = "call again later; if it goes on, see Stripe's status page"
_PERSON: Final = "tell the person; another card or another try may pay"
_LAPSED: Final = ("the money is no longer held", "make a new payment; a hold lasts 7 days at most")
_DISPUTED: Final = ("the payment is disputed, so it cannot be refunded", "wait until the dispute is decided")
_NOT_THERE: Final = Meaning(
    NotFound,
    "there is no such object",
    "check the id, and that the key is of the account and mode, test or live, that made it",
)
_TOO_MANY: Final = Meaning(RateLimited, "too many requests", "wait a second, then call again, and less often")

# fmt: off
MEANINGS: Final = {
    "resource_missing": _NOT_THERE,
    **meanings(RequestRefused, {
        "parameter_missing": ("a parameter that is needed is missing", "give the parameter that is named"),
        "parameter_invalid_integer": (
            "a parameter is not the whole number that it must be", "mend the parameter that is named"),
        "parameter_invalid_empty": (
            "a parameter is empty", "leave the parameter that is named out, or give it a value"),
        "parameter_unknown": (
            "Stripe does not know a parameter", "look at `extra`: Stripe refuses what it does not know"),
        "amount_too_small": (
            "the amount is below the least that Stripe takes",
            "take more: for pounds the least is 30p; other currencies have their own"),
        "amount_too_large": (
            "the amount is above the most that Stripe takes", "take less, or in several payments"),
        "url_invalid": ("a URL is not accepted", "pass a whole https URL as return_url; http is for test keys"),
        "email_invalid": ("the email address is not accepted", "check it, or leave it out: the page asks for it"),
    }),
    **meanings(CredentialsRefused, {
        "api_key_expired": ("the API key has expired", "make a new key in Stripe's dashboard and set it"),
        "secret_key_required": (
            "the key is a publishable one", "set a secret or restricted key: it starts with sk_ or rk_"),
    }),
    **meanings(PermissionRefused, {
        "testmode_charges_only": (
            "the account is not activated, so it takes test payments only",
            "activate the account in Stripe's dashboard, or use a test key"),
        "livemode_mismatch": (
            "what is named was made in the other mode", "use the key of the mode, test or live, that made it"),
    }),
    **meanings(Conflict, {
        "payment_intent_unexpected_state": ("the payment's state does not allow that", _GET_FIRST),
        "charge_already_captured": ("the money has been taken already", _GET_FIRST),
        "charge_expired_for_capture": _LAPSED,
        "capture_charge_authorization_expired": _LAPSED,
        "charge_already_refunded": NOT_REFUNDABLE[RefundableStatus.FULL],
        "charge_disputed": _DISPUTED,
        "refund_disputed_payment": _DISPUTED,
        "balance_insufficient": (
            "the account's balance is too low for that", "add to the balance, or wait for payments to arrive"),
    }),
    **meanings(CardDeclined, {
        "card_declined": ("the card was refused: its bank declined it", _PERSON),
        "insufficient_funds": ("the card was refused: there is not enough money", _PERSON),
        "expired_card": ("the card was refused: it has expired", _PERSON),
        "incorrect_cvc": ("the card was refused: the security code is wrong", _PERSON),
        "processing_error": ("the card was refused: it could not be processed", _PERSON),
        "authentication_required": ("the card was refused: its bank wants to ask the person", _PERSON),
    }),
    "lock_timeout": Meaning(
        RateLimited, "another request works on the same object", "wait a second, then call again; do one at a time"),
    "rate_limit": _TOO_MANY,
}
_BY_STATUS: Final = {
    400: Meaning(
        RequestRefused, "Stripe refused the request",
        "look the code or the request id up in Stripe's dashboard, under developers, logs"),
    401: Meaning(
        CredentialsRefused, "the API key was refused",
        "check that the key is whole, not revoked or expired, and starts with sk_ or rk_"),
    402: Meaning(CardDeclined, "the card was refused", _PERSON),
    403: Meaning(
        PermissionRefused, "the key may not do that",
        "give the restricted key that permission in Stripe's dashboard: Checkout Sessions, PaymentIntents, Refunds "
        "and Charges to write, Disputes to read"),
    404: _NOT_THERE,
    409: Meaning(Conflict, "somebody else changed the object at the same time", _GET_FIRST),
    424: Meaning(Unavailable, "a system behind Stripe failed", _LATER),
    429: _TOO_MANY,
}
# What is told by something else than the code.
_STILL_RUNNING: Final = Meaning(
    OutcomeUnknown, "an earlier request under the same idempotency key is still being worked on")
_TOO_MUCH: Final = Meaning(
    Conflict, "more is asked for than is left to refund", "get the payment and refund at most its `available`")
_KEY_REUSED: Final = Meaning(
    Conflict, "the idempotency key has been used already for other details",
    "to repeat a call pass the very same arguments with its key; for another payment use another key")
_REFUND_KEY_REUSED: Final = Meaning(
    Conflict, "another refund was made from the same `available`, or under the same idempotency key",
    "list the payment's refunds; if this one is not among them, get the payment and refund with its `available`")
# fmt: on
_NAME: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,120}")
_CODE: Final = re.compile(r"[a-z0-9_]{1,80}")

ERRORS: Final = ErrorTable(
    PROVIDER, codes=MEANINGS, statuses=_BY_STATUS, rate_limit_wait=WAIT, later=_LATER, unknown=_BY_STATUS[400].fix
)


def refusal(request: Request, response: Response) -> GovComponentsError:
    """Return the error that an answer other than success stands for."""
    meaning = _BY_STATUS[424] if response.status == 424 else None
    found = parsed(response.body)
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return ERRORS.error(request, response, body=NOT_OWN, meaning=meaning)

    def text(name: str, form: re.Pattern[str] = _CODE) -> str | None:
        value = error.get(name)
        return value if isinstance(value, str) and form.fullmatch(value) else None

    code, param, is_refund = text("code"), text("param", _NAME), request.operation == "pay.refund"
    if meaning is None and code == "idempotency_key_in_use":
        meaning = _STILL_RUNNING
    elif meaning is None and text("type") == "idempotency_error":
        meaning = _REFUND_KEY_REUSED if is_refund else _KEY_REUSED
    elif meaning is None and is_refund and code is None and param == "amount":
        meaning = _TOO_MUCH  # it has no code of its own
    body = ErrorBody(text("decline_code") or code, param)
    return ERRORS.error(request, response, body=body, meaning=meaning or MEANINGS.get(code or ""))
