"""The contract of the pay port: an adapter's tests subclass `PaySuite` and supply the fixture `subject`."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.runtime import Runtime
from govcomponents.errors import (
    CallbackRefused,
    CardDeclined,
    Conflict,
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.money import Money
from govcomponents.pay.async_service import AsyncPay
from govcomponents.pay.ids import AgreementId, PaymentId, RefundId
from govcomponents.pay.mop_up import Unfinished
from govcomponents.pay.port import PayCapability as Can
from govcomponents.pay.service import Pay
from govcomponents.pay.states import AgreementStatus, FailureReason, PaymentStatus, RefundableStatus
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    import asyncio

    from govcomponents.core.observe import CallEvent
    from govcomponents.core.transport import Transport
    from govcomponents.pay.models import Payment
    from govcomponents.pay.port import PayPort

HOLDER = "Canary Nightingale"


@dataclass(frozen=True)
class Provider:
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
    connect: Callable[[], Provider]
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
    provider: Provider
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


_READ, _WRITE, _KEYED, _SAFE = "read", "write", "keyed", "safe"
# Each operation: what it needs, how it may be repeated, and how it is set up so that one call remains to be made.
OPERATIONS: Mapping[str, tuple[tuple[Can, ...], str, Stage]] = {
    "create": ((Can.CREATE,), _WRITE, lambda caller: caller.new),
    "get": ((Can.CREATE, Can.GET), _READ, _on_new("get")),
    "events": ((Can.CREATE, Can.EVENTS), _READ, _on_new("events")),
    "cancel": ((Can.CREATE, Can.CANCEL), _WRITE, _on_new("cancel")),
    "capture": ((Can.CREATE, Can.GET, Can.DELAYED_CAPTURE), _SAFE, _capture),
    "search": ((Can.SEARCH,), _READ, _search("search")),
    "refund": ((Can.CREATE, Can.GET, Can.REFUND), _WRITE, _refund),
    "get_refund": ((Can.CREATE, Can.GET, Can.REFUND), _READ, _get_refund),
    "list_refunds": ((Can.CREATE, Can.LIST_REFUNDS), _READ, _on_new("list_refunds")),
    "search_refunds": ((Can.SEARCH_REFUNDS,), _READ, _search("search_refunds")),
    "create_agreement": (
        (Can.AGREEMENTS,),
        _WRITE,
        lambda caller: lambda: caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments"),
    ),
    "get_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), _READ, _on_agreement("get_agreement")),
    "cancel_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), _WRITE, _on_agreement("cancel_agreement")),
    "charge_agreement": ((Can.CREATE, Can.GET, Can.AGREEMENTS), _KEYED, _charge),
    "search_agreements": ((Can.SEARCH_AGREEMENTS,), _READ, _search("search_agreements")),
    "create_by_telephone": ((Can.TELEPHONE,), _WRITE, lambda caller: caller.telephone),
    "authorise": ((Can.TELEPHONE,), _WRITE, _authorise),
    "search_disputes": ((Can.DISPUTES,), _READ, _search("search_disputes")),
}
_CERTAIN = (Fault.NOT_CONNECTED, Fault.TOO_MANY_REQUESTS)


def _expected(kind: str, fault: Fault) -> tuple[type[GovComponentsError], ...]:
    if fault is Fault.NOT_CONNECTED:
        return (NotSent,)
    if fault is Fault.TOO_MANY_REQUESTS:
        return (RateLimited,)
    if fault is Fault.MALFORMED:
        return (UnexpectedReply,)
    if fault in (Fault.SERVER_ERROR, Fault.BAD_GATEWAY):
        return (Unavailable,) if kind == _READ else (OutcomeUnknown,)
    return (OutcomeUnknown,)


class PaySuite:
    """What every adapter of the pay port must do. Each test runs for blocking and for asyncio callers."""

    @pytest.fixture
    def subject(self) -> PaySubject:
        """Say what is tested."""
        raise NotImplementedError("a suite's subclass supplies the fixture `subject`")

    @pytest.fixture
    def call(self, subject: PaySubject, mode: Mode, runner: asyncio.Runner) -> Call:
        """Make a caller; the argument is a plan of faults."""

        def make(plan: Mapping[int, Fault] | None = None) -> Caller:
            provider = subject.connect()
            wire = FaultyTransport(provider.transport, plan)
            events: list[CallEvent] = []
            port = subject.build(Runtime(wire, clock=provider.clock, observers=(events.append,)))
            pay: Any = Pay(port) if mode is Mode.BLOCKING else BlockingView(AsyncPay(port), runner)
            return Caller(pay, port, wire, provider, subject, events)

        return make

    @pytest.fixture(params=sorted(OPERATIONS))
    def operation(self, request: pytest.FixtureRequest) -> str:
        """Each operation of the port."""
        name: str = request.param
        return name

    def test_a_created_payment_waits_for_the_person(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        asked = caller.subject.create
        assert (payment.amount, payment.reference) == (asked["amount"], asked["reference"])
        assert payment.description == asked["description"]
        assert payment.status is PaymentStatus.CREATED
        assert (payment.is_finished, payment.is_paid, payment.is_captured) == (False, False, False)
        assert payment.next_url is not None
        assert payment.created_at is not None
        assert payment.created_at.tzinfo is not None
        assert payment.raw
        assert caller.provider.payments() == 1
        found = caller.pay.get(payment.id)
        assert (found.id, found.amount, found.reference) == (payment.id, payment.amount, payment.reference)
        assert dict(found.metadata).keys() >= dict(asked.get("metadata") or {}).keys()

    def test_a_payment_that_the_person_made_is_paid(self, call: Call) -> None:
        caller = call()
        payment = caller.paid()
        assert payment.status is PaymentStatus.SUCCEEDED
        assert (payment.is_finished, payment.is_paid, payment.failure) == (True, True, None)
        assert payment.card is not None
        assert payment.card.last_digits is not None
        assert payment.card.last_digits.reveal() == caller.subject.card[-4:]

    def test_a_declined_card_pays_nothing(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        assert payment.next_url is not None
        caller.provider.decline(payment.next_url.reveal())
        found = caller.pay.get(payment.id)
        assert not found.is_paid
        assert found.is_finished == caller.subject.decline_ends_the_payment
        if found.is_finished:
            assert (found.status, found.failure) == (PaymentStatus.FAILED, FailureReason.DECLINED)

    def test_a_cancelled_payment_stays_cancelled(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.CANCEL)
        payment = caller.new()
        assert caller.pay.cancel(payment.id) is None
        found = caller.pay.get(payment.id)
        assert (found.status, found.failure) == (PaymentStatus.CANCELLED, FailureReason.CANCELLED_BY_SERVICE)
        with pytest.raises(Conflict):
            caller.pay.cancel(payment.id)

    def test_a_payment_that_nobody_makes_expires(self, call: Call) -> None:
        caller = call()
        payment = caller.new()
        caller.provider.later(30 * 86_400)
        found = caller.pay.get(payment.id)
        assert (found.status, found.failure, found.is_finished) == (PaymentStatus.FAILED, FailureReason.EXPIRED, True)

    def test_held_money_is_not_paid_until_it_is_captured(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.DELAYED_CAPTURE)
        payment = caller.paid(delayed_capture=True)
        assert payment.status is PaymentStatus.CAPTURABLE
        assert (payment.is_paid, payment.is_captured) == (False, False)
        caller.pay.capture(payment.id)
        assert caller.pay.get(payment.id).is_paid
        with pytest.raises(Conflict):
            caller.pay.capture(caller.new().id)

    def test_a_refund_gives_back_no_more_than_is_left(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.REFUND)
        payment = caller.paid()
        assert payment.refundable is not None
        assert payment.refundable.status is RefundableStatus.AVAILABLE
        left = payment.refundable.available
        assert left == payment.total
        refund = caller.pay.refund(payment.id, Money(100), available=left)
        assert (refund.amount, refund.payment_id) == (Money(100), payment.id)
        assert caller.pay.get_refund(payment.id, refund.id).id == refund.id
        with pytest.raises(Conflict):
            caller.pay.refund(payment.id, Money(100), available=left)
        assert caller.provider.refunds() == 1
        now = caller.pay.get(payment.id).refundable
        assert now.available == left - Money(100)
        caller.pay.refund(payment.id, now.available, available=now.available)
        assert caller.pay.get(payment.id).refundable.status is RefundableStatus.FULL
        if Can.LIST_REFUNDS in caller.port.capabilities:
            assert {item.amount for item in caller.pay.list_refunds(payment.id)} == {Money(100), now.available}

    def test_what_is_not_paid_cannot_be_refunded(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.REFUND)
        payment = caller.new()
        with pytest.raises(Conflict):
            caller.pay.refund(payment.id, Money(100), available=payment.amount)
        assert caller.provider.refunds() == 0

    def test_an_agreement_is_set_up_charged_and_cancelled(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.AGREEMENTS)
        made = caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments", user_identifier="user-1")
        assert (made.status, made.can_be_charged) == (AgreementStatus.CREATED, False)
        with pytest.raises(Refused):
            caller.charge(made.id)
        caller.paid(set_up_agreement=made.id, agreement_payment_type="instalment", prefilled=None)
        agreement = caller.pay.get_agreement(made.id)
        assert (agreement.status, agreement.can_be_charged) == (AgreementStatus.ACTIVE, True)
        assert agreement.card is not None
        charged = caller.charge(agreement.id, agreement_payment_type="instalment", metadata={"part": 1})
        caller.provider.later(60)
        assert caller.pay.get(charged.id).is_paid
        caller.pay.cancel_agreement(agreement.id)
        assert caller.pay.get_agreement(agreement.id).status is AgreementStatus.CANCELLED
        with pytest.raises(Conflict):
            caller.pay.cancel_agreement(agreement.id)

    def test_a_repeated_charge_with_one_key_charges_once(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.AGREEMENTS)
        agreement = caller.active_agreement()
        before = caller.provider.payments()
        first = caller.charge(agreement, idempotency_key="charge-2026-11")
        assert caller.charge(agreement, idempotency_key="charge-2026-11").id == first.id
        assert caller.provider.payments() == before + 1
        with pytest.raises(Conflict) as caught:
            caller.charge(agreement, amount=Money(501), idempotency_key="charge-2026-11")
        assert caught.value.idempotency_key == "charge-2026-11"
        assert caller.provider.payments() == before + 1

    def test_a_card_sent_by_the_service_pays_once(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.TELEPHONE)
        payment = caller.telephone()
        assert payment.one_time_token is not None
        assert payment.next_url is None
        caller.authorise(payment.one_time_token, caller.subject.card)
        assert caller.pay.get(payment.id).is_paid
        with pytest.raises(Conflict):
            caller.authorise(payment.one_time_token, caller.subject.card)
        other = caller.telephone()
        assert other.one_time_token is not None
        with pytest.raises(CardDeclined):
            caller.authorise(other.one_time_token, caller.subject.declined_card)
        assert caller.pay.get(other.id).failure is FailureReason.DECLINED

    @pytest.mark.parametrize(
        "wrong",
        [
            {"card_number": "4242424242424241"},
            {"card_number": "4242 4242 4242 4242"},
            {"cvc": "12"},
            {"expiry": "13/39"},
            {"expiry": "1/39"},
            {"cardholder_name": ""},
        ],
        ids=str,
    )
    def test_a_wrong_card_is_never_sent(self, call: Call, wrong: Mapping[str, Any]) -> None:
        caller = call()
        caller.needs(Can.TELEPHONE)
        card = {"card_number": caller.subject.card, "cvc": "123", "expiry": "12/39", "cardholder_name": HOLDER}
        with pytest.raises(InvalidInput) as caught:
            caller.pay.authorise(Secret("token"), **{**card, **wrong})
        assert caught.value.field == next(iter(wrong))
        assert caller.wire.sent == []

    def test_a_search_finds_page_by_page(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.SEARCH)
        made = [caller.new(reference=f"SEARCH-{number}").id for number in range(5)]
        already = len(caller.wire.sent)
        found = iter(caller.pay.search(page_size=2))
        assert next(found).id == made[-1]
        assert len(caller.wire.sent) == already + 1
        assert [payment.id for payment in found] == made[-2::-1]
        assert [payment.id for payment in caller.pay.search(reference="SEARCH-3")] == [made[3]]
        assert list(caller.pay.search(reference="SEARCH-NONE")) == []

    def test_what_does_not_exist_is_not_found(self, call: Call) -> None:
        caller = call()
        nobody = caller.subject.unknown_id
        asked: tuple[tuple[Can, Callable[[], Any]], ...] = (
            (Can.GET, lambda: caller.pay.get(PaymentId(nobody))),
            (Can.EVENTS, lambda: caller.pay.events(PaymentId(nobody))),
            (Can.CANCEL, lambda: caller.pay.cancel(PaymentId(nobody))),
            (Can.DELAYED_CAPTURE, lambda: caller.pay.capture(PaymentId(nobody))),
            (Can.REFUND, lambda: caller.pay.refund(PaymentId(nobody), Money(1), available=Money(1))),
            (Can.REFUND, lambda: caller.pay.get_refund(PaymentId(nobody), RefundId(nobody))),
            (Can.LIST_REFUNDS, lambda: caller.pay.list_refunds(PaymentId(nobody))),
            (Can.AGREEMENTS, lambda: caller.pay.get_agreement(AgreementId(nobody))),
            (Can.AGREEMENTS, lambda: caller.pay.cancel_agreement(AgreementId(nobody))),
        )
        for capability, ask in asked:
            if capability in caller.port.capabilities:
                with pytest.raises(NotFound) as caught:
                    ask()
                assert caught.value.fix

    def test_what_is_not_declared_is_refused_unsent(self, call: Call) -> None:
        caller = call()
        nobody = PaymentId(caller.subject.unknown_id)
        new = caller.subject.create
        asked: dict[Can, tuple[Callable[[], Any], ...]] = {
            Can.EVENTS: (lambda: caller.pay.events(nobody),),
            Can.CANCEL: (lambda: caller.pay.cancel(nobody),),
            Can.DELAYED_CAPTURE: (
                lambda: caller.pay.capture(nobody),
                lambda: caller.pay.create(**{**new, "delayed_capture": True}),
            ),
            Can.SEARCH: (caller.pay.search,),
            Can.REFUND: (
                lambda: caller.pay.refund(nobody, Money(1), available=Money(1)),
                lambda: caller.pay.get_refund(nobody, RefundId("r")),
            ),
            Can.LIST_REFUNDS: (lambda: caller.pay.list_refunds(nobody),),
            Can.SEARCH_REFUNDS: (caller.pay.search_refunds,),
            Can.AGREEMENTS: (
                lambda: caller.pay.create_agreement("a", "b"),
                lambda: caller.pay.get_agreement(AgreementId("a")),
                lambda: caller.pay.cancel_agreement(AgreementId("a")),
                lambda: caller.charge(AgreementId("a")),
                lambda: caller.pay.create(**{**new, "set_up_agreement": AgreementId("a")}),
            ),
            Can.SEARCH_AGREEMENTS: (caller.pay.search_agreements,),
            Can.TELEPHONE: (caller.telephone, lambda: caller.authorise(Secret("t"), caller.subject.card)),
            Can.MOTO: (lambda: caller.pay.create(**{**new, "moto": True}),),
            Can.DISPUTES: (caller.pay.search_disputes,),
            Can.WEBHOOKS: (lambda: caller.pay.parse_webhook(b"{}", {}),),
            Can.WELSH: (lambda: caller.pay.create(**{**new, "language": "cy"}),),
            Can.IDEMPOTENCY_KEYS: (lambda: caller.pay.create(**{**new, "idempotency_key": "key-1"}),),
        }
        for capability, calls in asked.items():
            for ask in calls if capability not in caller.port.capabilities else ():
                with pytest.raises(NotSupported):
                    ask()
        assert caller.wire.sent == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": Money(0)},
            {"amount": Money(-1)},
            {"amount": Money(10_000_001)},
            {"amount": 1.5},
            {"amount": 100},
            {"amount": Money(100, "XXX")},
            {"reference": ""},
            {"reference": " "},
            {"reference": "x" * 256},
            {"reference": 7},
            {"description": ""},
            {"description": "x" * 256},
            {"return_url": "service.example.gov.uk"},
            {"return_url": "ftp://service.example.gov.uk"},
            {"return_url": "https://service.example.gov.uk/a b"},
            {"return_url": "https://"},
            {"return_url": "https://a.example:port/"},
            {"return_url": "https://service.example.gov.uk/" + "x" * 2000},
            {"email": ""},
            {"email": "x" * 255},
            {"language": "fr"},
            {"delayed_capture": "yes"},
            {"metadata": {f"name{number}": 1 for number in range(16)}},
            {"metadata": {"": "empty"}},
            {"metadata": {"x" * 31: "long"}},
            {"metadata": {"name": "x" * 101}},
            {"metadata": {"name": None}},
            {"metadata": {"name": ["list"]}},
            {"metadata": {"name": float("nan")}},
            {"metadata": {"name": "a", "NAME": "b"}},
            {"extra": {"field": object()}},
        ],
        ids=lambda wrong: str(wrong)[:60],
    )
    def test_bad_input_is_never_sent(self, call: Call, wrong: Mapping[str, Any]) -> None:
        caller = call()
        with pytest.raises(InvalidInput) as caught:
            caller.new(**wrong)
        assert caller.wire.sent == []
        assert caught.value.fix
        assert caught.value.operation == "pay.create"

    def test_an_extra_that_would_be_sent_twice_is_never_sent(self, call: Call) -> None:
        caller = call()
        with pytest.raises(InvalidInput) as caught:
            caller.new(extra=caller.subject.clashing_extra)
        assert caught.value.field == "extra"
        assert caller.wire.sent == []

    @pytest.mark.parametrize(
        ("amount", "available"),
        [
            (Money(0), Money(100)),
            (Money(101), Money(100)),
            (Money(1, "EUR"), Money(100)),
            (Money(1), Money(0)),
            (1, Money(100)),
            (Money(1), 100),
        ],
        ids=str,
    )
    def test_a_bad_refund_is_never_sent(self, call: Call, amount: Money, available: Money) -> None:
        caller = call()
        caller.needs(Can.REFUND)
        with pytest.raises(InvalidInput):
            caller.pay.refund(PaymentId("a1"), amount, available=available)
        assert caller.wire.sent == []

    @pytest.mark.parametrize("bad", ["", "a/b", "../x", "a b", "a?b", "é", None, 7, "x" * 256], ids=str)
    def test_a_bad_id_is_never_sent(self, call: Call, bad: Any) -> None:
        caller = call()
        with pytest.raises(InvalidInput) as caught:
            caller.pay.get(bad)
        assert caught.value.field == "payment_id"
        assert caller.wire.sent == []

    @pytest.mark.parametrize("fault", list(Fault), ids=str)
    def test_a_fault_that_stays_gives_its_error_and_acts_at_most_once(
        self, call: Call, operation: str, fault: Fault
    ) -> None:
        caller = call()
        needed, kind, stage = OPERATIONS[operation]
        caller.needs(*needed)
        act = stage(caller)
        before = (caller.provider.payments(), caller.provider.refunds(), caller.provider.captured())
        first = len(caller.wire.sent)
        caller.wire.plan = {EVERY: fault}
        with pytest.raises(GovComponentsError) as caught:
            act()
        sent = caller.wire.sent[first:]
        # An operation may begin with a read; while that fails, nothing is in doubt.
        wrote = any(request.method != "GET" for request in sent)
        assert type(caught.value) in _expected(kind if wrote else _READ, fault)
        assert caught.value.operation == f"pay.{operation}"
        if kind == _WRITE and fault not in _CERTAIN and not any(request.idempotency_key for request in sent):
            writes = [request for request in sent if request.method != "GET"]
            assert len({request.url for request in writes}) == len(writes)
        if isinstance(caught.value, OutcomeUnknown) and kind != _READ:
            assert caught.value.lookup
        if kind == _KEYED:
            assert caught.value.idempotency_key
            assert len({request.idempotency_key for request in sent}) == 1
        after = (caller.provider.payments(), caller.provider.refunds(), caller.provider.captured())
        assert all(now - then in ((0, 1) if fault.acted else (0,)) for then, now in zip(before, after, strict=True))

    @pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.MALFORMED], ids=str)
    def test_a_fault_that_passes_is_outlived_where_that_is_safe(self, call: Call, operation: str, fault: Fault) -> None:
        caller = call()
        needed, kind, stage = OPERATIONS[operation]
        caller.needs(*needed)
        act = stage(caller)
        before = caller.provider.payments()
        caller.wire.plan = {len(caller.wire.sent): fault}
        if kind == _WRITE and fault not in _CERTAIN:
            pytest.skip("it is not repeated, which another test proves")
        act()
        assert caller.provider.payments() - before in (0, 1)
        assert caller.wire.waits

    @pytest.mark.parametrize("fault", [None, *Fault], ids=str)
    def test_nothing_personal_or_secret_is_seen(
        self, call: Call, operation: str, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = call()
        needed, _, stage = OPERATIONS[operation]
        caller.needs(*needed)
        seen: list[str] = []
        with caplog.at_level("DEBUG"):
            act = stage(caller)
            caller.wire.plan = {} if fault is None else {EVERY: fault}
            try:
                given = act()
                seen += [repr(given), str(given)]
            except GovComponentsError as error:
                seen += [str(error), repr(error), repr(pickle.loads(pickle.dumps(error))), repr(error.__dict__)]  # noqa: S301  # our own bytes
        seen += [repr(caller.events), repr(caller.wire.sent), repr(caller.port), caplog.text]
        told = " ".join(seen)
        for canary in (*caller.subject.canaries, HOLDER, caller.subject.card):
            assert canary not in told

    def test_webhooks_are_proved_and_read(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.WEBHOOKS)
        payment = caller.paid()
        caller.provider.later(86_400)
        messages = caller.provider.webhooks()
        assert messages
        events = [caller.pay.parse_webhook(body, headers) for body, headers in messages]
        assert len({event.key for event in events}) == len(events)
        ours = [event for event in events if event.payment_id == payment.id]
        assert any(event.state is not None and event.state.is_paid for event in ours)
        assert sorted(events, key=lambda event: event.order)

    def test_webhooks_that_were_changed_are_refused(self, call: Call) -> None:
        caller = call()
        caller.needs(Can.WEBHOOKS)
        caller.paid()
        body, headers = caller.provider.webhooks()[0]
        for place in range(0, len(body), 37):
            changed = bytearray(body)
            changed[place] ^= 1
            with pytest.raises(CallbackRefused):
                caller.pay.parse_webhook(bytes(changed), headers)
        empty = dict.fromkeys(headers, "")
        for wrong_body, wrong_headers in ((body, {}), (b"", headers), (body, empty), (b"x" * 10_000_000, headers)):
            with pytest.raises(CallbackRefused) as caught:
                caller.pay.parse_webhook(wrong_body, wrong_headers)
            assert caught.value.fix

    def test_mopping_up_hands_over_what_changed_once(self, call: Call) -> None:
        caller = call()
        paid, waiting = caller.paid(), caller.new()
        started = datetime.fromtimestamp(caller.provider.clock(), UTC)
        caller.provider.later(4000)
        recent = caller.new()
        unfinished = [
            Unfinished(paid.id, started, PaymentStatus.CREATED),
            Unfinished(waiting.id, started, PaymentStatus.CREATED),
            Unfinished(recent.id, started + timedelta(seconds=4000)),
            Unfinished(PaymentId(caller.subject.unknown_id), started),
        ]
        settled: dict[str, PaymentStatus] = {}

        def on_change(change: Any) -> bool:
            known_already = change.payment.id in settled
            settled[change.payment.id] = change.payment.status
            return not known_already

        options: dict[str, Any] = {"older_than": timedelta(minutes=30)}
        dry = caller.pay.mop_up(unfinished, on_change, dry_run=True, **options)
        assert (dry.changed, dry.unchanged, dry.too_recent) == ((paid.id,), (waiting.id,), (recent.id,))
        assert settled == {}
        first = caller.pay.mop_up(unfinished, on_change, **options)
        assert first.changed == (paid.id,)
        assert [name for _, name in first.failed] == ["NotFound"]
        assert settled == {paid.id: PaymentStatus.SUCCEEDED}
        assert caller.pay.mop_up(unfinished, on_change, **options).known_already == (paid.id,)
