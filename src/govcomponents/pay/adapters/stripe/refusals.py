"""What Stripe's refusals mean: each code as a typed error that says how to fix it (Stripe docs: error codes, errors).

The code decides, then the error's type, then the HTTP status. Stripe's own text never goes into an error: it may repeat
what was sent, and the body may hold a client secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.client import request_id
from govcomponents.core.messages import Replay
from govcomponents.core.retry import retry_after
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
    UnexpectedReply,
)
from govcomponents.pay.adapters.stripe.wire import PROVIDER, WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.messages import Request, Response


@dataclass(frozen=True, slots=True)
class Meaning:
    """The error that a code stands for."""

    kind: type[GovComponentsError]
    happened: str
    fix: str


_GET_FIRST: Final = "get the payment and decide from its state"
_LATER: Final = "call again later; if it goes on, see Stripe's status page"
_SLOWER: Final = "wait a second, then call again, and less often"
_PERSON: Final = "tell the person; another card or another try may pay"


def _declined(why: str) -> Meaning:
    return Meaning(CardDeclined, f"the card was refused: {why}", _PERSON)


MEANINGS: Final[Mapping[str, Meaning]] = {
    # Parameters.
    "resource_missing": Meaning(
        NotFound,
        "there is no such object",
        "check the id, and that the key is of the account and mode, test or live, that made it",
    ),
    "parameter_missing": Meaning(
        RequestRefused, "a parameter that is needed is missing", "give the parameter that is named"
    ),
    "parameter_invalid_integer": Meaning(
        RequestRefused, "a parameter is not the whole number that it must be", "mend the parameter that is named"
    ),
    "parameter_invalid_empty": Meaning(
        RequestRefused, "a parameter is empty", "leave the parameter that is named out, or give it a value"
    ),
    "parameter_unknown": Meaning(
        RequestRefused, "Stripe does not know a parameter", "look at `extra`: Stripe refuses what it does not know"
    ),
    "amount_too_small": Meaning(
        RequestRefused,
        "the amount is below the least that Stripe takes",
        "take more: for pounds the least is 30p; other currencies have their own",
    ),
    "amount_too_large": Meaning(
        RequestRefused, "the amount is above the most that Stripe takes", "take less, or in several payments"
    ),
    "url_invalid": Meaning(
        RequestRefused, "a URL is not accepted", "pass a whole https URL as return_url; http is for test keys"
    ),
    "email_invalid": Meaning(
        RequestRefused, "the email address is not accepted", "check it, or leave it out: the page asks for it"
    ),
    # Keys and accounts.
    "api_key_expired": Meaning(
        CredentialsRefused, "the API key has expired", "make a new key in Stripe's dashboard and set it"
    ),
    "secret_key_required": Meaning(
        CredentialsRefused,
        "the key is a publishable one",
        "set a secret or restricted key: it starts with sk_ or rk_",
    ),
    "testmode_charges_only": Meaning(
        PermissionRefused,
        "the account is not activated, so it takes test payments only",
        "activate the account in Stripe's dashboard, or use a test key",
    ),
    "livemode_mismatch": Meaning(
        PermissionRefused,
        "what is named was made in the other mode",
        "use the key of the mode, test or live, that made it",
    ),
    # States.
    "payment_intent_unexpected_state": Meaning(Conflict, "the payment's state does not allow that", _GET_FIRST),
    "charge_already_captured": Meaning(Conflict, "the money has been taken already", _GET_FIRST),
    "charge_expired_for_capture": Meaning(
        Conflict, "the money is no longer held", "make a new payment; a hold lasts 7 days at most"
    ),
    "capture_charge_authorization_expired": Meaning(
        Conflict, "the money is no longer held", "make a new payment; a hold lasts 7 days at most"
    ),
    "charge_already_refunded": Meaning(Conflict, "all of it has been refunded", "list the payment's refunds"),
    "charge_disputed": Meaning(
        Conflict, "the payment is disputed, so it cannot be refunded", "wait until the dispute is decided"
    ),
    "refund_disputed_payment": Meaning(
        Conflict, "the payment is disputed, so it cannot be refunded", "wait until the dispute is decided"
    ),
    "balance_insufficient": Meaning(
        Conflict, "the account's balance is too low for that", "add to the balance, or wait for payments to arrive"
    ),
    # Cards.
    "card_declined": _declined("its bank declined it"),
    "insufficient_funds": _declined("there is not enough money"),
    "expired_card": _declined("it has expired"),
    "incorrect_cvc": _declined("the security code is wrong"),
    "processing_error": _declined("it could not be processed"),
    "authentication_required": _declined("its bank wants to ask the person"),
    # Repeats and traffic.
    "lock_timeout": Meaning(
        RateLimited, "another request works on the same object", "wait a second, then call again; do one at a time"
    ),
    "rate_limit": Meaning(RateLimited, "too many requests", _SLOWER),
}

_BY_STATUS: Final[Mapping[int, Meaning]] = {
    400: Meaning(
        RequestRefused,
        "Stripe refused the request",
        "look the code or the request id up in Stripe's dashboard, under developers, logs",
    ),
    401: Meaning(
        CredentialsRefused,
        "the API key was refused",
        "check that the key is whole, not revoked or expired, and starts with sk_ or rk_",
    ),
    402: Meaning(CardDeclined, "the card was refused", _PERSON),
    403: Meaning(
        PermissionRefused,
        "the key may not do that",
        "give the restricted key that permission in Stripe's dashboard: Checkout Sessions, PaymentIntents, Refunds "
        "and Charges to write, Disputes to read",
    ),
    404: Meaning(
        NotFound,
        "there is no such object",
        "check the id, and that the key is of the account and mode, test or live, that made it",
    ),
    409: Meaning(Conflict, "somebody else changed the object at the same time", _GET_FIRST),
    429: Meaning(RateLimited, "too many requests", _SLOWER),
}
_NAME: Final = re.compile(r"[A-Za-z0-9_.\[\]-]{1,120}")
_CODE: Final = re.compile(r"[a-z0-9_]{1,80}")
_IN_USE: Final = "idempotency_key_in_use"
_FAILED_DEPENDENCY: Final = 424


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of an error answer that can be trusted. `is_stripe` tells whether it is Stripe's own at all."""

    is_stripe: bool = False
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None


def read_envelope(body: bytes) -> Envelope:
    """Read an error body, whatever it is."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Envelope()
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return Envelope()

    def text(name: str, form: re.Pattern[str] = _CODE) -> str | None:
        value = error.get(name)
        return value if isinstance(value, str) and form.fullmatch(value) else None

    return Envelope(
        is_stripe=True,
        kind=text("type"),
        code=text("code"),
        param=text("param", _NAME),
        decline_code=text("decline_code"),
    )


def refusal(request: Request, response: Response) -> GovComponentsError:
    """Return the error that an answer other than success stands for."""
    envelope = read_envelope(response.body)
    facts: dict[str, Any] = {
        "operation": request.operation,
        "provider": PROVIDER,
        "status": response.status,
        "code": envelope.decline_code or envelope.code,
        "request_id": request_id(response),
    }
    if response.status >= 500 or response.status == _FAILED_DEPENDENCY:
        return _failed(request, response, facts)
    if envelope.code == _IN_USE:
        return OutcomeUnknown(
            "an earlier request under the same idempotency key is still being worked on",
            lookup=request.lookup,
            idempotency_key=request.idempotency_key,
            **facts,
        )
    if not envelope.is_stripe and response.status != 429:
        return UnexpectedReply(
            f"the answer has status {response.status} and is not Stripe's own",
            lookup=(f"{request.lookup}; " if request.lookup else "")
            + "check the base URL, and what a firewall or proxy on the way answers",
            **facts,
        )
    if envelope.kind == "idempotency_error":
        return _reused(request, facts)
    meaning = MEANINGS.get(envelope.code or "")
    if meaning is None:
        meaning = _too_much(request, envelope) or _BY_STATUS.get(response.status, _BY_STATUS[400])
    return _as_error(meaning, response, envelope, facts)


def _as_error(meaning: Meaning, response: Response, envelope: Envelope, facts: dict[str, Any]) -> GovComponentsError:
    if meaning.kind is RateLimited:
        wait = retry_after(response)
        return RateLimited(meaning.happened, retry_after=WAIT if wait is None else wait, fix=meaning.fix, **facts)
    if meaning.kind is RequestRefused:
        named = f": {envelope.param}" if envelope.param else ""
        return RequestRefused(f"{meaning.happened}{named}", field=envelope.param, fix=meaning.fix, **facts)
    return meaning.kind(meaning.happened, fix=meaning.fix, **facts)


def _too_much(request: Request, envelope: Envelope) -> Meaning | None:
    """Asking for more than is left has no code of its own; the parameter tells it."""
    if request.operation == "pay.refund" and envelope.param == "amount" and envelope.code is None:
        return Meaning(
            Conflict, "more is asked for than is left to refund", "get the payment and refund at most its `available`"
        )
    return None


def _reused(request: Request, facts: dict[str, Any]) -> GovComponentsError:
    if request.operation == "pay.refund":
        return Conflict(
            "another refund was made from the same `available`, or under the same idempotency key",
            fix="list the payment's refunds; if this one is not among them, get the payment and refund with its "
            "`available`",
            **facts,
        )
    return Conflict(
        "the idempotency key has been used already for other details",
        fix="to repeat a call pass the very same arguments with its key; for another payment use another key",
        **facts,
    )


def _failed(request: Request, response: Response, facts: dict[str, Any]) -> GovComponentsError:
    """A failure of the server, or behind it: a read changed nothing; anything else may have acted."""
    happened = (
        "a system behind Stripe failed"
        if response.status == _FAILED_DEPENDENCY
        else f"the server failed with status {response.status}"
    )
    if request.replay is Replay.ALWAYS:
        return Unavailable(happened, fix=_LATER, **facts)
    return OutcomeUnknown(happened, lookup=request.lookup, idempotency_key=request.idempotency_key, **facts)
