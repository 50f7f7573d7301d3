"""What the contract of the pay port must know of an adapter, and how it calls each operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import Fault, FaultyTransport
from govcomponents.core.runtime import Runtime
from govcomponents.errors import (
    GovComponentsError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.ids import AgreementId
from govcomponents.pay.port import PayCapability as Can
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from govcomponents.core.observe import CallEvent
    from govcomponents.core.transports.base import Transport
    from govcomponents.pay.models import Payment
    from govcomponents.pay.port import PayPort

HOLDER = "Canary Nightingale"


@dataclass(frozen=True)
class PayDouble:
    """A provider that works and holds nothing: the way to it, what it holds, and how a person pays there.

    `pay` takes a payment's link and pays; `decline` tries with a card that is refused. `payments`, `refunds` and
    `captured` count what the provider has. `later` lets time pass, in seconds. `webhooks` gives the messages that it
    has made so far, with their headers.
    """

    transport: Transport
    clock: Callable[[], float]
    pay: Callable[[str], object]
    decline: Callable[[str], object]
    payments: Callable[[], int]
    refunds: Callable[[], int]
    captured: Callable[[], int]
    later: Callable[[float], None]
    webhooks: Callable[[], Sequence[tuple[bytes, Mapping[str, str]]]]


@dataclass(frozen=True)
class PaySubject:
    """What the suite must know of an adapter.

    `build` makes the port on a runtime; `connect` gives a fresh provider. `create` are valid arguments of `create`
    with every option that the adapter can do and with personal data that can be told apart: `canaries` lists every
    text that must never be seen, the key among them. `card` is a card number that pays. `clashing_extra` is an
    `extra` of a field that the adapter sends already.
    """

    build: Callable[[Runtime], PayPort]
    connect: Callable[[], PayDouble]
    create: Mapping[str, Any]
    canaries: tuple[str, ...]
    card: str = "4242424242424242"
    declined_card: str = "4000000000000002"
    unknown_id: str = "zzzzzzzzzzzzzzzzzzzzzzzzzz"
    decline_ends_the_payment: bool = True
    clashing_extra: Mapping[str, Any] = field(default_factory=lambda: {"amount": 1})


@dataclass
class Caller:
    """One caller, blocking or asyncio, on a transport that goes wrong as planned."""

    pay: Any
    port: PayPort
    wire: FaultyTransport
    provider: PayDouble
    subject: PaySubject
    events: list[CallEvent] = field(default_factory=list)

    def needs(self, *capabilities: Can) -> None:
        """Skip the test if the adapter does not declare what it is about."""
        for capability in capabilities:
            if capability not in self.port.capabilities:
                pytest.skip(f"the adapter does not declare {capability}")

    def new(self, **changed: Any) -> Payment:
        """Create a payment."""
        payment: Payment = self.pay.create(**{**self.subject.create, **changed})
        return payment

    def paid(self, **changed: Any) -> Payment:
        """Create a payment and let the person pay it."""
        payment = self.new(**changed)
        assert payment.next_url is not None
        self.provider.pay(payment.next_url.reveal())
        found: Payment = self.pay.get(payment.id)
        return found

    def active_agreement(self) -> AgreementId:
        """Create an agreement and let the person save a card to it."""
        made = self.pay.create_agreement("AGREEMENT-1", "Pay by instalments")
        self.paid(set_up_agreement=made.id, prefilled=None)
        identifier: AgreementId = made.id
        return identifier

    def charge(self, agreement: AgreementId, **changed: Any) -> Payment:
        """Charge an agreement."""
        details: dict[str, Any] = {"amount": Money(500), "reference": "CHARGE-1", "description": "An instalment"}
        charged: Payment = self.pay.charge_agreement(agreement, **{**details, **changed})
        return charged

    def telephone(self) -> Payment:
        """Create a payment whose card is sent by `authorise`."""
        made: Payment = self.pay.create_by_telephone(Money(700), "PHONE-1", "Paid by telephone")
        return made

    def authorise(self, token: Secret, number: str) -> None:
        """Send a card."""
        self.pay.authorise(token, card_number=number, cvc="123", expiry="12/39", cardholder_name=HOLDER)


Call = Callable[..., Caller]
Stage = Callable[[Caller], Callable[[], Any]]


def _on_new(operation: str) -> Stage:
    def stage(caller: Caller) -> Callable[[], Any]:
        payment = caller.new()
        return lambda: getattr(caller.pay, operation)(payment.id)

    return stage


def _refund(caller: Caller) -> Callable[[], Any]:
    payment = caller.paid()
    assert payment.refundable is not None
    left = payment.refundable.available
    return lambda: caller.pay.refund(payment.id, Money(100), available=left)


def _get_refund(caller: Caller) -> Callable[[], Any]:
    payment = caller.paid()
    assert payment.refundable is not None
    refund = caller.pay.refund(payment.id, Money(100), available=payment.refundable.available)
    return lambda: caller.pay.get_refund(payment.id, refund.id)


def _capture(caller: Caller) -> Callable[[], Any]:
    payment = caller.paid(delayed_capture=True)
    return lambda: caller.pay.capture(payment.id)


def _charge(caller: Caller) -> Callable[[], Any]:
    agreement = caller.active_agreement()
    return lambda: caller.charge(agreement)


def _on_agreement(operation: str) -> Stage:
    def stage(caller: Caller) -> Callable[[], Any]:
        agreement = caller.active_agreement()
        return lambda: getattr(caller.pay, operation)(agreement)

    return stage


def _authorise(caller: Caller) -> Callable[[], Any]:
    token = caller.telephone().one_time_token
    assert token is not None
    return lambda: caller.authorise(token, caller.subject.card)


def _search(operation: str) -> Stage:
    return lambda caller: lambda: list(getattr(caller.pay, operation)())


READ, WRITE, KEYED, SAFE = "read", "write", "keyed", "safe"
# Each operation: what it needs, how it may be repeated, and how it is set up so that one call remains to be made.
OPERATIONS: Mapping[str, tuple[tuple[Can, ...], str, Stage]] = {
    "create": ((Can.CREATE,), WRITE, lambda caller: caller.new),
    "get": ((Can.CREATE, Can.GET), READ, _on_new("get")),
    "events": ((Can.CREATE, Can.EVENTS), READ, _on_new("events")),
    "cancel": ((Can.CREATE, Can.CANCEL), WRITE, _on_new("cancel")),
    "capture": ((Can.CREATE, Can.GET, Can.DELAYED_CAPTURE), SAFE, _capture),
    "search": ((Can.SEARCH,), READ, _search("search")),
    "refund": ((Can.CREATE, Can.GET, Can.REFUND), WRITE, _refund),
    "get_refund": ((Can.CREATE, Can.GET, Can.REFUND), READ, _get_refund),
    "list_refunds": ((Can.CREATE, Can.LIST_REFUNDS), READ, _on_new("list_refunds")),
    "search_refunds": ((Can.SEARCH_REFUNDS,), READ, _search("search_refunds")),
    "create_agreement": (
        (Can.AGREEMENTS,),
        WRITE,
        lambda caller: lambda: caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments"),
    ),
    "get_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), READ, _on_agreement("get_agreement")),
    "cancel_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), WRITE, _on_agreement("cancel_agreement")),
    "charge_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), KEYED, _charge),
    "search_agreements": ((Can.SEARCH_AGREEMENTS,), READ, _search("search_agreements")),
    "create_by_telephone": ((Can.TELEPHONE,), WRITE, lambda caller: caller.telephone),
    "authorise": ((Can.TELEPHONE,), WRITE, _authorise),
    "search_disputes": ((Can.DISPUTES,), READ, _search("search_disputes")),
}
CERTAIN = (Fault.NOT_CONNECTED, Fault.TOO_MANY_REQUESTS)


def expected(kind: str, fault: Fault) -> tuple[type[GovComponentsError], ...]:
    """The errors of which one comes when a fault does not go away."""
    if fault is Fault.NOT_CONNECTED:
        return (NotSent,)
    if fault is Fault.TOO_MANY_REQUESTS:
        return (RateLimited,)
    if fault is Fault.MALFORMED:
        return (UnexpectedReply,)
    if fault in (Fault.SERVER_ERROR, Fault.BAD_GATEWAY):
        return (Unavailable,) if kind == READ else (OutcomeUnknown,)
    return (OutcomeUnknown,)
