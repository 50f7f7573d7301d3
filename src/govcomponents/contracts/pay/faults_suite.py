"""The contract of the pay port, when it does not go well: bad input, faults at every step, forged webhooks, leaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from govcomponents.contracts.faults import RETRY_AFTER, Fault
from govcomponents.contracts.pay.operations import OPERATIONS, Act, Operation
from govcomponents.contracts.pay.subject import HOLDER, Call, PayCaller, PayTests
from govcomponents.contracts.suite import faults, injections, needs, shown_by, writes
from govcomponents.core.http.messages import Replay
from govcomponents.errors import (
    CallbackRefused,
    GovComponentsError,
    InvalidInput,
    NotFound,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
)
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.ids import AgreementId, PaymentId, RefundId
from govcomponents.privacy import Secret

_CERTAIN = (Fault.NOT_CONNECTED, Fault.TOO_MANY_REQUESTS)


class PayFaults(PayTests):
    """The faults that a pay adapter must refuse, and what it must do when an exchange fails."""

    @needs(Can.TELEPHONE)
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
        with pytest.raises(InvalidInput) as caught:
            caller.authorise(Secret("token"), self.subject.card, **wrong)
        assert caught.value.field == next(iter(wrong))
        assert caller.has_sent_nothing

    def test_what_does_not_exist_is_not_found(self, call: Call) -> None:
        caller = call()
        nobody = self.subject.unknown_id
        asked: tuple[tuple[Can, Callable[[], Any]], ...] = (
            (Can.GET, lambda: caller.pay.get(PaymentId(nobody))),
            (Can.LIST_EVENTS, lambda: caller.pay.list_events(PaymentId(nobody))),
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
        nobody = PaymentId(self.subject.unknown_id)
        new = self.subject.create
        asked: dict[Can, tuple[Callable[[], Any], ...]] = {
            Can.LIST_EVENTS: (lambda: caller.pay.list_events(nobody),),
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
            Can.TELEPHONE: (caller.telephone, lambda: caller.authorise(Secret("t"), self.subject.card)),
            Can.MOTO: (lambda: caller.pay.create(**{**new, "moto": True}),),
            Can.DISPUTES: (caller.pay.search_disputes,),
            Can.CALLBACKS: (lambda: caller.pay.parse_callback(b"{}", {}),),
            Can.WELSH: (lambda: caller.pay.create(**{**new, "language": "cy"}),),
            Can.IDEMPOTENCY_KEYS: (lambda: caller.pay.create(**{**new, "idempotency_key": "key-1"}),),
        }
        for capability, calls in asked.items():
            for ask in calls if capability not in caller.port.capabilities else ():
                with pytest.raises(NotSupported):
                    ask()
        assert caller.has_sent_nothing

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": Money(0)},
            {"amount": Money(-1)},
            {"amount": 1.5},
            {"amount": 100},
            {"reference": ""},
            {"reference": " "},
            {"reference": 7},
            {"description": ""},
            {"return_url": "service.example.gov.uk"},
            {"return_url": "ftp://service.example.gov.uk"},
            {"return_url": "https://service.example.gov.uk/a b"},
            {"return_url": "https://"},
            {"return_url": "https://a.example:port/"},
            {"email": 7},
            {"language": "fr"},
            {"delayed_capture": "yes"},
            {"metadata": {"": "empty"}},
            {"metadata": {"name": None}},
            {"metadata": {"name": ["list"]}},
            {"metadata": {"name": float("nan")}},
        ],
        ids=lambda wrong: str(wrong)[:60],
    )
    def test_bad_input_is_never_sent(self, call: Call, wrong: Mapping[str, Any]) -> None:
        _is_refused(call(), wrong)

    def test_what_this_adapter_refuses_is_never_sent(self, call: Call) -> None:
        caller = call()
        for wrong in self.subject.bad_input:
            _is_refused(caller, wrong)

    @needs(Can.REFUND)
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
        with pytest.raises(InvalidInput):
            caller.pay.refund(PaymentId("a1"), amount, available=available)
        assert caller.has_sent_nothing

    @pytest.mark.parametrize("bad", ["", "a/b", "../x", "a b", "a?b", "é", None, 7, "x" * 256])
    def test_a_bad_id_is_never_sent(self, call: Call, bad: Any) -> None:
        caller = call()
        with pytest.raises(InvalidInput) as caught:
            caller.pay.get(bad)
        assert caught.value.field == "payment_id"
        assert caller.has_sent_nothing

    @pytest.mark.parametrize("fault", faults())
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_fault_that_stays_gives_its_error_and_acts_at_most_once(
        self, call: Call, operation: Operation, fault: Fault
    ) -> None:
        before: tuple[int, ...] = ()

        def prepare() -> tuple[PayCaller, Act]:
            nonlocal before
            caller = call()
            act = operation.prepare(caller)
            before = caller.double.holds
            return caller, act

        for injection in injections(prepare, fault):
            error, sent = injection.error, injection.sent
            # An operation may begin with a read or a token request; while that fails, nothing is in doubt.
            name = f"pay.{operation.name}"
            assert injection.is_of(self.subject.error_of(fault, wrote=injection.wrote), operation=name)
            assert error is not None
            assert error.operation == name
            unkeyed = [request.url for request in writes(sent) if request.replay is Replay.UNSENT]
            assert fault in _CERTAIN or len(set(unkeyed)) == len(unkeyed)
            if isinstance(error, OutcomeUnknown) and injection.wrote:
                assert error.lookup
            if isinstance(error, RateLimited):
                assert error.retry_after == RETRY_AFTER
            if operation.is_keyed:
                assert error.idempotency_key
                assert len({request.idempotency_key for request in writes(sent)}) <= 1
            may_have_acted = fault.acted or writes(sent[: injection.after])
            grown = [now - then for then, now in zip(before, injection.caller.double.holds, strict=True)]
            assert set(grown) <= ({0, 1} if may_have_acted else {0})

    @pytest.mark.parametrize("fault", faults(Fault.MALFORMED))
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_fault_that_passes_is_outlived_where_that_is_safe(
        self, call: Call, operation: Operation, fault: Fault
    ) -> None:
        before = 0

        def prepare() -> tuple[PayCaller, Act]:
            nonlocal before
            caller = call()
            act = operation.prepare(caller)
            before = caller.double.payments()
            return caller, act

        for injection in injections(prepare, fault, times=1):
            is_safe = fault in _CERTAIN or injection.sent[injection.after].replay is not Replay.UNSENT
            assert (injection.error is None) == is_safe
            assert bool(injection.caller.transport.waits) == is_safe
            assert injection.caller.double.payments() - before in (0, 1)

    @pytest.mark.parametrize("fault", [None, *faults()])
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_nothing_personal_or_secret_is_seen(
        self, call: Call, operation: Operation, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caller = call()
        seen: list[str] = []
        with caplog.at_level("DEBUG"):
            act = operation.prepare(caller)
            if fault is not None:
                caller.fail(fault)
            try:
                given = act()
                seen += [repr(given), str(given)]
            except GovComponentsError as error:
                seen += shown_by(error)
        seen += [repr(caller.events), repr(caller.transport.sent), repr(caller.port), caplog.text]
        told = " ".join(seen)
        for canary in (*self.subject.canaries, HOLDER, self.subject.card):
            assert canary is None or canary not in told

    @needs(Can.REFUND, Can.IDEMPOTENCY_KEYS)
    def test_a_lost_answer_to_a_refund_tells_its_key(self, call: Call) -> None:
        def prepare() -> tuple[PayCaller, Act]:
            caller = call()
            payment = caller.paid()
            assert payment.refundable is not None
            left, options = payment.refundable.available, {"idempotency_key": "refund-7"}
            return caller, lambda: caller.pay.refund(payment.id, Money(100), available=left, **options)

        errors = [one.error for one in injections(prepare, Fault.TIME_OUT_AFTER) if writes(one.sent)]
        assert errors
        assert all(isinstance(error, OutcomeUnknown) and error.idempotency_key == "refund-7" for error in errors)

    @needs(Can.CALLBACKS)
    def test_webhooks_that_were_changed_are_refused(self, call: Call) -> None:
        caller = call()
        caller.paid()
        body, headers = caller.double.webhooks()[0]
        for place in range(0, len(body), 37):
            changed = bytearray(body)
            changed[place] ^= 1
            with pytest.raises(CallbackRefused):
                caller.pay.parse_callback(bytes(changed), headers)
        empty = dict.fromkeys(headers, "")
        for wrong_body, wrong_headers in ((body, {}), (b"", headers), (body, empty), (b"x" * 10_000_000, headers)):
            with pytest.raises(CallbackRefused) as caught:
                caller.pay.parse_callback(wrong_body, wrong_headers)
            assert caught.value.fix


def _is_refused(caller: PayCaller, wrong: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        caller.new(**wrong)
    assert caller.has_sent_nothing
    assert caught.value.fix
    assert caught.value.operation == "pay.create"
