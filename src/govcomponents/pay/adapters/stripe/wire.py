"""Requests to Stripe, amounts as it counts them, and the form of its objects (Stripe docs: API reference)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Annotated, Final, Required

from pydantic import Field, StrictBool
from typing_extensions import TypedDict

from govcomponents.errors import InvalidInput
from govcomponents.money import Money
from govcomponents.pay.adapters.request_parts import read_request, write_request
from govcomponents.pay.adapters.values import Datum, SignedUnits, Units, at, whole_answer
from govcomponents.pay.limits import AmountLimits, PayLimits

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request
    from govcomponents.pay import inputs

PROVIDER: Final = "Stripe"
# From 2026-10-28.endive on, `create` would have to name card payments otherwise.
API_VERSION: Final = "2026-06-24.dahlia"
LARGEST_PAGE: Final = 100

SESSIONS: Final = "/v1/checkout/sessions"
SESSION: Final = SESSIONS + "/{id}"
INTENT: Final = "/v1/payment_intents/{id}"
REFUNDS: Final = "/v1/refunds"
REFUND: Final = REFUNDS + "/{id}"
DISPUTES: Final = "/v1/disputes"

# Names in an object's metadata. Stripe keeps what the service sees as one payment in several objects; these tie them.
REFERENCE: Final = "reference"
OWN: Final = "govcomponents_"
DESCRIPTION: Final = OWN + "description"
CAPTURE: Final = OWN + "capture"
CANCELLED: Final = OWN + "cancelled"
OF_PAYMENT: Final = OWN + "payment"
UNDER_KEY: Final = OWN + "key"

LIMITS: Final = PayLimits(
    amounts={"GBP": AmountLimits(least=30, most=99_999_999)},
    reference=200,
    description=500,  # it is kept in metadata too
    metadata_entries=50 - 4,  # less the adapter's own
    metadata_name=40,
    metadata_text=500,
    metadata_name_excluded="[]",
)
"""Stripe docs: create a Session, metadata, minimum and maximum charge amounts. Other currencies have limits too."""

# As long as GOV.UK Pay gives a person; Stripe allows from 30 minutes to 24 hours (Stripe docs: create a Session).
CHECKOUT_SECONDS: Final = 5400
WAIT: Final = 1.0  # Stripe promises no Retry-After; its limits are by the second (Stripe docs: rate limits)
_PATIENT: Final = 30.0
_OWN_KEY: Final = re.compile(r"gc-([0-9]{10})-[0-9a-f]{32}")
_VERSION: Final = {"Stripe-Version": API_VERSION}
_LOOK_AT_PAYMENT: Final = "get the payment and decide from its state"
_SAME_CALL: Final = "call again with the same arguments and the idempotency key of this error: it"


# Amounts.

# Stripe counts as ISO 4217 does, but for these: of ISK the hundredths that it has no more, of MGA none.
_UNITS: Final = {"ISK": 100, "MGA": 1}
# Of UGX Stripe's documentation says both 1 and 100, of the others nothing: a guess could charge a hundred times more.
_UNCERTAIN: Final = frozenset({"IQD", "LYD", "UGX", "UYI"})
_THOUSANDTHS: Final = 1000  # of such a currency Stripe wants the last digit to be 0 (Stripe docs: currencies)
# ISO 4217 keeps X for what no country issues: metals, funds, tests; and for the currencies that several share.
_SHARED: Final = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})


def invalid(operation: str, field: str, problem: str, fix: str) -> InvalidInput:
    """Return the error for an argument that Stripe does not take."""
    return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=PROVIDER)


def _units(currency: str) -> tuple[int, int]:
    """How many of its units Stripe, and how many ISO 4217, counts in one of a currency. Raises ValueError."""
    if currency.startswith("X") and currency not in _SHARED:
        raise ValueError("this is no currency to pay in")
    if currency in _UNCERTAIN:
        raise ValueError("how Stripe counts this currency is not certain")
    minor = Money.of("1", currency).minor
    return _UNITS.get(currency, minor), minor


def to_units(amount: Money, operation: str) -> int:
    """Return an amount as the integer that goes on the wire. Raises InvalidInput where there is none."""
    try:
        units, minor = _units(amount.currency)
    except ValueError:
        problem = "Stripe takes no such currency, or how it counts it is not certain"
        raise invalid(operation, "amount", problem, "use another currency, such as GBP") from None
    sent, rest = divmod(amount.minor * units, minor)
    if rest:
        raise invalid(operation, "amount", "Stripe takes whole units of this currency only", "round the amount")
    if minor == _THOUSANDTHS and sent % 10:
        raise invalid(operation, "amount", "Stripe takes no thousandths, only hundredths", "round the last digit to 0")
    return sent


def from_units(units: int, currency: str) -> Money:
    """Read an amount. Raises ValueError for a currency that cannot be read with certainty."""
    code = currency.upper()
    counted, minor = _units(code)
    value, rest = divmod(units * minor, counted)
    if rest:
        raise ValueError("the amount has a part that its currency has not")
    return Money(value, code)


# Requests.


def new_key(now: float) -> str:
    """Make an idempotency key for a new payment.

    It holds when the payment's page expires: a repeat under the key must send the very same parameters.
    """
    return f"gc-{int(now) + CHECKOUT_SECONDS:010d}-{secrets.token_hex(16)}"


def refund_key(intent_id: str, available: Money, undone: Iterable[str]) -> str:
    """Make the idempotency key of a refund whose caller gave none: one refund for each `available` that was seen.

    Stripe has no guard like GOV.UK Pay's `refund_amount_available`; this key is one, and atomic: of two refunds that
    start from the same `available`, the second is refused or answered with the first. `undone` are the refunds that
    came to nothing, after which the same amount is left again.
    """
    told = ":".join((intent_id, available.currency, str(available.minor), *sorted(undone)))
    return f"gc-refund-{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def is_intent(payment_id: str) -> bool:
    """Whether a payment is named by its PaymentIntent, as some webhooks and refunds name it."""
    return payment_id.startswith("pi_")


def get(operation: str, template: str, identifier: str = "", query: Mapping[str, object] | None = None) -> Request:
    """Read the object, or the list, that a template of a path with an id stands for."""
    lookup = "it was only to read, and nothing was changed: call again"
    return read_request(operation, template, {"id": identifier}, query=query, headers=_VERSION, lookup=lookup)


def get_session(operation: str, session_id: str) -> Request:
    """Read a Session, with its PaymentIntent, charge and fee."""
    return get(operation, SESSION, session_id, {"expand": ["payment_intent.latest_charge.balance_transaction"]})


def get_intent(operation: str, intent_id: str) -> Request:
    """Read a PaymentIntent, with its charge and fee."""
    return get(operation, INTENT, intent_id, {"expand": ["latest_charge.balance_transaction"]})


def page(operation: str, path: str, after: str, wanted: inputs.DatedSearch | None = None, **filters: object) -> Request:
    """Read one page of a list, newest first, after the item of an id; "" is for the first page."""
    query: dict[str, object] = {}
    if wanted is not None:
        limits = {"gte": wanted.created_from, "lt": wanted.created_before}
        # Stripe keeps whole seconds only: what is in the second of a limit's fraction is before it.
        query["created"] = {name: ceil(limit.timestamp()) for name, limit in limits.items() if limit is not None}
    size = LARGEST_PAGE if wanted is None else min(wanted.page_size, LARGEST_PAGE)
    query |= {**filters, "limit": size}
    return get(operation, path, query={**query, "starting_after": after} if after else query)


def post(
    operation: str,
    template: str,
    identifier: str = "",
    *,
    form: Mapping[str, object] | None = None,
    extra: Mapping[str, object] | None = None,
    key: str | None = None,
    lookup: str = _LOOK_AT_PAYMENT,
) -> Request:
    """Make or change an object, always under a key. Only a `key` that the caller can pass again is told in errors."""
    return write_request(
        operation,
        template,
        {"id": identifier},
        form or {},
        extra,
        provider=PROVIDER,
        is_form=True,
        headers=_VERSION if key else {**_VERSION, "Idempotency-Key": secrets.token_hex(16)},
        key=key,
        acts_once=True,
        lookup=lookup,
        timeout=_PATIENT,
    )


def create(new: inputs.NewPayment, key: str) -> Request:
    """Create a Checkout Session for one payment by card.

    The reference goes along three times, because neither a Session's id nor its metadata is on what comes of it.
    """
    metadata = _metadata(new)
    of_session = {**metadata, DESCRIPTION: new.description}
    intent: dict[str, object] = {"description": new.description, "metadata": metadata}
    if new.delayed_capture:
        intent["capture_method"] = of_session[CAPTURE] = "manual"
    price = {
        "currency": new.amount.currency.lower(),
        "unit_amount": to_units(new.amount, "pay.create"),
        "product_data": {"name": new.description},
    }
    form: dict[str, object] = {
        "mode": "payment",
        "client_reference_id": new.reference,
        "locale": "en-GB",
        "success_url": new.return_url,
        "cancel_url": new.return_url,
        "payment_method_types": ["card"],  # others may take days to say whether they paid
        "adaptive_pricing": {"enabled": False},  # the person pays the currency that the service asked for
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": intent,
        "metadata": of_session,
    }
    if new.email is not None:
        form["customer_email"] = new.email.reveal()
    if ours := _OWN_KEY.fullmatch(key):
        form["expires_at"] = int(ours.group(1))
    otherwise = "If that goes on failing, search payments for the reference, and use a new key"
    lookup = f"{_SAME_CALL} makes one payment. {otherwise}"
    return post("pay.create", SESSIONS, form=form, extra=new.extra, key=key, lookup=lookup)


def _metadata(new: inputs.NewPayment) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in (new.metadata or {}).items():
        if name == REFERENCE or name.startswith(OWN):
            problem = f'"{REFERENCE}" and names that start with "{OWN}" are the adapter\'s own'
            raise invalid("pay.create", "metadata", problem, "use other names")
        if value == "":
            raise invalid("pay.create", "metadata", "Stripe keeps no empty text", "leave out what is empty")
        kept[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return {**kept, REFERENCE: new.reference}


def mark_cancelled(session_id: str) -> Request:
    """Write on a Session that the service cancels it: expiring it and running out look the same."""
    return post("pay.cancel", SESSION, session_id, form={"metadata": {CANCELLED: "service"}})


def refund(new: inputs.NewRefund, intent_id: str, reference: str, key: str) -> Request:
    """Refund. The metadata ties it to the payment's id, and to the key beyond the day that Stripe remembers keys."""
    metadata = {OF_PAYMENT: new.payment_id, UNDER_KEY: key}
    if reference:
        metadata[REFERENCE] = reference
    form = {"payment_intent": intent_id, "amount": to_units(new.amount, "pay.refund"), "metadata": metadata}
    otherwise = "If that goes on failing, list the payment's refunds, and use a new key if it is not among them"
    lookup = f"{_SAME_CALL} refunds once. {otherwise}"
    return post("pay.refund", REFUNDS, form=form, extra=new.extra, key=key, lookup=lookup)


# Objects, of each what is read: typed dictionaries, because a search reads thousands. A part may be an id or the whole
# object, as the request expanded it.

Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
Currency = Annotated[str, Field(pattern="^[a-z]{3}$")]


class _Sum(TypedDict):
    id: str
    amount: Units
    currency: Currency


class AddressPart(TypedDict, total=False):
    """A billing address."""

    line1: Datum
    line2: Datum
    city: Datum
    postcode: Annotated[Datum, at("postal_code")]
    country: str | None


class PersonPart(TypedDict, total=False):
    """The person who pays: of a Session `customer_details`, of a charge `billing_details`."""

    name: Datum
    email: Datum
    address: AddressPart | None


class CardPart(TypedDict, total=False):
    """A card, as far as a charge tells of it."""

    brand: str | None
    funding: str | None
    last4: Datum
    exp_month: int | None
    exp_year: int | None
    three_d_secure: dict[str, object] | None
    capture_before: Seconds | None
    wallet: Annotated[str | None, at("wallet", "type")]


class BalancePart(TypedDict, total=False):
    """The change of the account's balance by a charge or a dispute."""

    id: Required[str]
    amount: Required[SignedUnits]
    currency: Required[Currency]
    fee: SignedUnits
    net: Required[SignedUnits]
    created: Required[Seconds]


@whole_answer
class ChargePart(_Sum, total=False):
    """A charge to a card."""

    amount_captured: Units | None
    amount_refunded: Units
    captured: StrictBool
    refunded: StrictBool
    disputed: StrictBool
    billing_details: PersonPart | None
    card: Annotated[CardPart | None, at("payment_method_details", "card")]
    balance_transaction: BalancePart | str | None
    payment_intent: IntentPart | str | None
    metadata: dict[str, str] | None


class AttemptPart(TypedDict, total=False):
    """The reason why the last attempt to pay failed."""

    code: str | None
    decline_code: str | None
    message: str | None


@whole_answer
class IntentPart(_Sum, total=False):
    """A PaymentIntent."""

    status: Required[str]
    capture_method: str | None
    cancellation_reason: str | None
    created: Seconds | None
    description: str | None
    metadata: dict[str, str]
    receipt_email: Datum
    last_payment_error: AttemptPart | None
    latest_charge: ChargePart | str | None


@whole_answer
class SessionPart(TypedDict, total=False):
    """A Checkout Session."""

    id: Required[str]
    status: str | None
    payment_status: str | None
    url: str | None
    amount_total: Units | None
    currency: Currency | None
    client_reference_id: str | None
    customer_email: Datum
    customer_details: PersonPart | None
    created: Seconds | None
    locale: str | None
    metadata: dict[str, str] | None
    payment_intent: IntentPart | str | None
    success_url: str | None


@whole_answer
class RefundPart(_Sum, total=False):
    """A refund."""

    status: str | None
    payment_intent: IntentPart | str | None
    created: Seconds | None
    metadata: dict[str, str] | None


@whole_answer
class DisputePart(_Sum, total=False):
    """A dispute."""

    status: Required[str]
    reason: str | None
    created: Seconds | None
    charge: str | dict[str, object] | None
    payment_intent: IntentPart | str | None
    evidence_due_at: Annotated[Seconds | None, at("evidence_details", "due_by")]
    balance_transactions: list[BalancePart]
