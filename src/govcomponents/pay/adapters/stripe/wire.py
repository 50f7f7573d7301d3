"""What goes to Stripe: every request that the adapter makes, by pure functions (Stripe docs: API reference)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import InvalidInput
from govcomponents.pay.adapters.stripe.amounts import to_units
from govcomponents.pay.adapters.stripe.forms import encode, flatten
from govcomponents.pay.limits import AmountLimits, PayLimits

if TYPE_CHECKING:
    from datetime import datetime

    from govcomponents.money import Money
    from govcomponents.pay.inputs import DisputeSearch, NewPayment, NewRefund, PaymentSearch, RefundSearch

PROVIDER: Final = "Stripe"
BASE_URL: Final = "https://api.stripe.com"
API_VERSION: Final = "2026-06-24.dahlia"
SESSIONS: Final = "/v1/checkout/sessions"
INTENTS: Final = "/v1/payment_intents"
REFUNDS: Final = "/v1/refunds"
DISPUTES: Final = "/v1/disputes"
VERSION_HEADER: Final = "Stripe-Version"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
REPLAYED: Final = "idempotent-replayed"
SIGNATURE: Final = "Stripe-Signature"
LARGEST_PAGE: Final = 100

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
_PATIENT: Final = 30.0
WAIT: Final = 1.0  # Stripe promises no Retry-After; its limits are by the second (Stripe docs: rate limits)
IN_PROGRESS: Final = 409
_VERSION: Final = {VERSION_HEADER: API_VERSION}
_FORM: Final = {**_VERSION, "Content-Type": "application/x-www-form-urlencoded"}
_OWN_KEY: Final = re.compile(r"gc-([0-9]{10})-[0-9a-f]{32}")
_LOOK_AT_PAYMENT: Final = "get the payment and decide from its state"
_CALL_AGAIN: Final = "it was only to read, and nothing was changed: call again"
_EXPAND_INTENT: Final = "payment_intent.latest_charge.balance_transaction"
_EXPAND_CHARGE: Final = "latest_charge.balance_transaction"
# A list may expand four levels, of which `data` is one (Stripe docs: expanding responses).
_EXPAND_IN_LIST: Final = "data.payment_intent.latest_charge"


def is_intent(payment_id: str) -> bool:
    """Whether a payment is named by its PaymentIntent, as some webhooks and refunds name it."""
    return payment_id.startswith("pi_")


def new_key(now: float) -> str:
    """Make an idempotency key for a new payment.

    It holds when the payment's page expires: a repeat under the key must send the very same parameters.
    """
    return f"gc-{int(now) + CHECKOUT_SECONDS:010d}-{secrets.token_hex(16)}"


def refund_key(intent_id: str, available: Money, undone: Iterable[str]) -> str:
    """The idempotency key of a refund whose caller gave none: one refund for each `available` that was seen.

    Stripe has no guard like GOV.UK Pay's `refund_amount_available`; this key is one, and atomic: of two refunds that
    start from the same `available`, the second is refused or answered with the first. `undone` are the refunds that
    came to nothing, after which the same amount is left again.
    """
    told = ":".join((intent_id, available.currency, str(available.minor), *sorted(undone)))
    return f"gc-refund-{hashlib.sha256(told.encode()).hexdigest()[:40]}"


def _path(*parts: str) -> str:
    first, *rest = parts
    return "/".join((first, *(quote(part, safe="") for part in rest)))


def _get(operation: str, path: str, query: Mapping[str, object] | None = None) -> Request:
    url = f"{path}?{encode(flatten(query))}" if query else path
    return Request(operation, "GET", url, Replay.ALWAYS, _VERSION, lookup=_CALL_AGAIN)


def _post(
    operation: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    key: str,
    lookup: str,
    *,
    tells_key: bool = False,
) -> Request:
    """A POST is always keyed. Only where the caller can pass the key again is it told in errors."""
    return Request(
        operation,
        "POST",
        path,
        Replay.IDEMPOTENT,
        {**_FORM, IDEMPOTENCY_KEY: key},
        encode(pairs).encode(),
        timeout=_PATIENT,
        lookup=lookup,
        idempotency_key=key if tells_key else None,
    )


def _with_extra(
    operation: str, body: Mapping[str, object], extra: Mapping[str, object] | None
) -> list[tuple[str, str]]:
    pairs = list(flatten(body))
    if not extra:
        return pairs
    try:
        more = list(flatten(extra))
    except TypeError as error:
        raise InvalidInput(
            field="extra",
            problem=str(error),
            fix="pass text, whole numbers, booleans, lists and mappings only",
            operation=operation,
            provider=PROVIDER,
        ) from None
    known = {name for name, _ in pairs}
    if clash := sorted(name for name, _ in more if name in known):
        raise InvalidInput(
            field="extra",
            problem=f"{', '.join(clash)} would be sent twice",
            fix="pass that by the argument that it has, and only Stripe's fields without one in extra",
            operation=operation,
            provider=PROVIDER,
        )
    return pairs + more


def _metadata(new: NewPayment) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in (new.metadata or {}).items():
        if name == REFERENCE or name.startswith(OWN) or value == "":
            raise InvalidInput(
                field="metadata",
                problem=f'"{REFERENCE}" and names that start with "{OWN}" are the adapter\'s own'
                if value != ""
                else "Stripe keeps no empty text",
                fix="use other names, and leave out what is empty",
                operation="pay.create",
                provider=PROVIDER,
            )
        kept[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return {**kept, REFERENCE: new.reference}


def create(new: NewPayment, key: str) -> Request:
    """Create a Checkout Session for one payment by card.

    The reference goes along three times, because neither a Session's id nor its metadata is on what comes of it.
    """
    metadata = _metadata(new)
    of_session = {**metadata, DESCRIPTION: new.description}
    intent: dict[str, object] = {"description": new.description, "metadata": metadata}
    if new.delayed_capture:
        intent["capture_method"] = "manual"
        of_session[CAPTURE] = "manual"
    units = to_units(new.amount, field="amount", operation="pay.create", provider=PROVIDER)
    price = {
        "currency": new.amount.currency.lower(),
        "unit_amount": units,
        "product_data": {"name": new.description},
    }
    body: dict[str, object] = {
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
        body["customer_email"] = new.email.reveal()
    if ours := _OWN_KEY.fullmatch(key):
        body["expires_at"] = int(ours.group(1))
    return _post(
        "pay.create",
        SESSIONS,
        _with_extra("pay.create", body, new.extra),
        key,
        "call again with the same arguments and the idempotency key of this error: it makes one payment. If that goes "
        "on failing, search payments for the reference, and use a new key",
        tells_key=True,
    )


def get_session(operation: str, session_id: str) -> Request:
    """Read a Session, with its PaymentIntent, charge and fee."""
    return _get(operation, _path(SESSIONS, session_id), {"expand": [_EXPAND_INTENT]})


def check(*, live: bool) -> Request:
    """Read a Session that cannot be: a 404 of Stripe's says that it took the key, and shows nothing."""
    return _get("pay.check", _path(SESSIONS, f"cs_{'live' if live else 'test'}_0"))


def get_intent(operation: str, intent_id: str) -> Request:
    """Read a PaymentIntent, with its charge and fee."""
    return _get(operation, _path(INTENTS, intent_id), {"expand": [_EXPAND_CHARGE]})


def mark_cancelled(session_id: str) -> Request:
    """Write on a Session that the service cancels it: expiring it and running out look the same."""
    pairs = flatten({"metadata": {CANCELLED: "service"}})
    return _post("pay.cancel", _path(SESSIONS, session_id), pairs, _random_key(), _LOOK_AT_PAYMENT)


def expire(session_id: str) -> Request:
    """End an open Session."""
    return _post("pay.cancel", _path(SESSIONS, session_id, "expire"), (), _random_key(), _LOOK_AT_PAYMENT)


def cancel_intent(intent_id: str) -> Request:
    """Cancel a PaymentIntent, which lets go of held money. No reason: none of Stripe's says that the service did it."""
    return _post("pay.cancel", _path(INTENTS, intent_id, "cancel"), (), _random_key(), _LOOK_AT_PAYMENT)


def capture(intent_id: str) -> Request:
    """Take all the money that is held."""
    return _post("pay.capture", _path(INTENTS, intent_id, "capture"), (), _random_key(), _LOOK_AT_PAYMENT)


def _random_key() -> str:
    return secrets.token_hex(16)


def refund(new: NewRefund, intent_id: str, reference: str, key: str) -> Request:
    """Refund. The metadata ties it to the payment's id, and to the key beyond the day that Stripe remembers keys."""
    units = to_units(new.amount, field="amount", operation="pay.refund", provider=PROVIDER)
    metadata = {OF_PAYMENT: new.payment_id, UNDER_KEY: key}
    if reference:
        metadata[REFERENCE] = reference
    body = {"payment_intent": intent_id, "amount": units, "metadata": metadata}
    return _post(
        "pay.refund",
        REFUNDS,
        _with_extra("pay.refund", body, new.extra),
        key,
        "call again with the same arguments and the idempotency key of this error: it refunds once. If that goes on "
        "failing, list the payment's refunds, and use a new key if it is not among them",
        tells_key=True,
    )


def get_refund(refund_id: str) -> Request:
    """Read a refund."""
    return _get("pay.get_refund", _path(REFUNDS, refund_id))


def list_refunds(operation: str, intent_id: str, after: str | None) -> Request:
    """One page of the refunds of a PaymentIntent, newest first."""
    return _page(operation, REFUNDS, {"payment_intent": intent_id}, LARGEST_PAGE, after)


def _seconds(moment: datetime) -> int:
    """Whole seconds, which are all that Stripe keeps: what is in the second of a limit's fraction is before it."""
    return -int(-moment.timestamp() // 1)


def _page(operation: str, path: str, filters: Mapping[str, object], size: int, after: str | None) -> Request:
    query = {**filters, "limit": min(size, LARGEST_PAGE)}
    return _get(operation, path, query if after is None else {**query, "starting_after": after})


def _dated(wanted: PaymentSearch | RefundSearch | DisputeSearch) -> dict[str, object]:
    created: dict[str, int] = {}
    if wanted.created_from is not None:
        created["gte"] = _seconds(wanted.created_from)
    if wanted.created_before is not None:
        created["lt"] = _seconds(wanted.created_before)
    return {"created": created} if created else {}


def search(wanted: PaymentSearch, after: str | None) -> Request:
    """One page of Sessions, newest first. Stripe has no filter by what the service knows; the adapter looks itself."""
    filters = {**_dated(wanted), "expand": [_EXPAND_IN_LIST]}
    return _page("pay.search", SESSIONS, filters, wanted.page_size, after)


def search_refunds(wanted: RefundSearch, after: str | None) -> Request:
    """One page of refunds, newest first."""
    return _page("pay.search_refunds", REFUNDS, _dated(wanted), wanted.page_size, after)


def search_disputes(wanted: DisputeSearch, after: str | None) -> Request:
    """One page of disputes, newest first."""
    return _page("pay.search_disputes", DISPUTES, _dated(wanted), wanted.page_size, after)
