"""Error mapping of Stripe: each code as a typed error that says how to fix it (Stripe docs: error codes, errors).

The code decides, then the error's type, then the HTTP status. Stripe's own text never goes into an error: it may repeat
what was sent, and the body may hold a client secret.
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
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from govcomponents.pay.adapters.stripe.wire import PROVIDER, WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.http.messages import Request, Response


_GET_FIRST: Final = "get the payment and decide from its state"
_LATER: Final = "call again later; if it goes on, see Stripe's status page"
_SLOWER: Final = "wait a second, then call again, and less often"
_PERSON: Final = "tell the person; another card or another try may pay"
_LAPSED: Final = Meaning(Conflict, "the money is no longer held", "make a new payment; a hold lasts 7 days at most")
_DISPUTED: Final = Meaning(
    Conflict, "the payment is disputed, so it cannot be refunded", "wait until the dispute is decided"
)
_NOT_THERE: Final = Meaning(
    NotFound,
    "there is no such object",
    "check the id, and that the key is of the account and mode, test or live, that made it",
)
_TOO_MANY: Final = Meaning(RateLimited, "too many requests", _SLOWER)


def _wrong(happened: str, fix: str) -> Meaning:
    return Meaning(RequestRefused, happened, fix)


def _declined(why: str) -> Meaning:
    return Meaning(CardDeclined, f"the card was refused: {why}", _PERSON)


# fmt: off
MEANINGS: Final[Mapping[str, Meaning]] = {
    # Parameters.
    "resource_missing": _NOT_THERE,
    "parameter_missing": _wrong("a parameter that is needed is missing", "give the parameter that is named"),
    "parameter_invalid_integer": _wrong(
        "a parameter is not the whole number that it must be", "mend the parameter that is named"),
    "parameter_invalid_empty": _wrong(
        "a parameter is empty", "leave the parameter that is named out, or give it a value"),
    "parameter_unknown": _wrong(
        "Stripe does not know a parameter", "look at `extra`: Stripe refuses what it does not know"),
    "amount_too_small": _wrong(
        "the amount is below the least that Stripe takes",
        "take more: for pounds the least is 30p; other currencies have their own"),
    "amount_too_large": _wrong(
        "the amount is above the most that Stripe takes", "take less, or in several payments"),
    "url_invalid": _wrong(
        "a URL is not accepted", "pass a whole https URL as return_url; http is for test keys"),
    "email_invalid": _wrong(
        "the email address is not accepted", "check it, or leave it out: the page asks for it"),
    # Keys and accounts.
    "api_key_expired": Meaning(
        CredentialsRefused, "the API key has expired", "make a new key in Stripe's dashboard and set it"),
    "secret_key_required": Meaning(
        CredentialsRefused, "the key is a publishable one",
        "set a secret or restricted key: it starts with sk_ or rk_"),
    "testmode_charges_only": Meaning(
        PermissionRefused, "the account is not activated, so it takes test payments only",
        "activate the account in Stripe's dashboard, or use a test key"),
    "livemode_mismatch": Meaning(
        PermissionRefused, "what is named was made in the other mode",
        "use the key of the mode, test or live, that made it"),
    # States.
    "payment_intent_unexpected_state": Meaning(Conflict, "the payment's state does not allow that", _GET_FIRST),
    "charge_already_captured": Meaning(Conflict, "the money has been taken already", _GET_FIRST),
    "charge_expired_for_capture": _LAPSED,
    "capture_charge_authorization_expired": _LAPSED,
    "charge_already_refunded": Meaning(Conflict, "all of it has been refunded", "list the payment's refunds"),
    "charge_disputed": _DISPUTED,
    "refund_disputed_payment": _DISPUTED,
    "balance_insufficient": Meaning(
        Conflict, "the account's balance is too low for that", "add to the balance, or wait for payments to arrive"),
    # Cards.
    "card_declined": _declined("its bank declined it"),
    "insufficient_funds": _declined("there is not enough money"),
    "expired_card": _declined("it has expired"),
    "incorrect_cvc": _declined("the security code is wrong"),
    "processing_error": _declined("it could not be processed"),
    "authentication_required": _declined("its bank wants to ask the person"),
    # Repeats and traffic.
    "lock_timeout": Meaning(
        RateLimited, "another request works on the same object", "wait a second, then call again; do one at a time"),
    "rate_limit": _TOO_MANY,
}

_BY_STATUS: Final[Mapping[int, Meaning]] = {
    400: _wrong(
        "Stripe refused the request",
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
    429: _TOO_MANY,
}

# What is told by something else than the code.
_FAILED_DEPENDENCY: Final = Meaning(Unavailable, "a system behind Stripe failed", _LATER)
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
    found = parsed(response.body)
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        meaning = _FAILED_DEPENDENCY if response.status == 424 else None
        return ERRORS.error(request, response, body=NOT_OWN, meaning=meaning)

    def text(name: str, form: re.Pattern[str] = _CODE) -> str | None:
        value = error.get(name)
        return value if isinstance(value, str) and form.fullmatch(value) else None

    code, param = text("code"), text("param", _NAME)
    meaning = MEANINGS.get(code or "")
    if response.status == 424:
        meaning = _FAILED_DEPENDENCY
    elif code == "idempotency_key_in_use":
        meaning = _STILL_RUNNING
    elif text("type") == "idempotency_error":
        meaning = _REFUND_KEY_REUSED if request.operation == "pay.refund" else _KEY_REUSED
    elif request.operation == "pay.refund" and code is None and param == "amount":
        meaning = _TOO_MUCH  # it has no code of its own
    body = ErrorBody(text("decline_code") or code, param)
    return ERRORS.error(request, response, body=body, meaning=meaning)
