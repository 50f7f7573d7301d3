"""The contract of the pay port, when it does not go well: bad input, faults at every step, forged webhooks, leaks."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents.contracts.faults import EVERY, Fault, FaultyTransport
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.contracts.pay.subject import (
    CERTAIN,
    HOLDER,
    KEYED,
    OPERATIONS,
    READ,
    WRITE,
    Call,
    Caller,
    PaySubject,
    expected,
)
from govcomponents.core.runtime import Runtime
from govcomponents.errors import (
    CallbackRefused,
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSupported,
    OutcomeUnknown,
)
from govcomponents.money import Money
from govcomponents.pay.async_service import AsyncPay
from govcomponents.pay.ids import AgreementId, PaymentId, RefundId
from govcomponents.pay.port import PayCapability as Can
from govcomponents.pay.service import Pay
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    import asyncio

    from govcomponents.core.observe import CallEvent


class PayRefusals:
    """What an adapter must refuse, and what it must do when an exchange fails."""

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
            {"extra": {"field": ...}},
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
        assert type(caught.value) in expected(kind if wrote else READ, fault)
        assert caught.value.operation == f"pay.{operation}"
        if kind == WRITE and fault not in CERTAIN and not any(request.idempotency_key for request in sent):
            writes = [request for request in sent if request.method != "GET"]
            assert len({request.url for request in writes}) == len(writes)
        if isinstance(caught.value, OutcomeUnknown) and kind != READ:
            assert caught.value.lookup
        if kind == KEYED:
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
        if kind == WRITE and fault not in CERTAIN:
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
