"""Each operation of the pay port, and how it is set up so that one call remains to be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from govcomponents.contracts.pay.subject import PayCaller
from govcomponents.contracts.suite import needs
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability as Can

Act = Callable[[], Any]


@dataclass(frozen=True)
class Operation:
    """One operation. `is_keyed` says that each of its errors carries an idempotency key."""

    name: str
    prepare: Callable[[PayCaller], Act]
    is_keyed: bool = False


def _on_new(name: str) -> Callable[[PayCaller], Act]:
    def prepare(caller: PayCaller) -> Act:
        payment = caller.new()
        return lambda: getattr(caller.pay, name)(payment.id)

    return prepare


def _complete(caller: PayCaller) -> Act:
    payment = caller.new()
    back = caller.person_pays(payment)
    return lambda: caller.pay.complete(payment.id, back)


def _refund(caller: PayCaller) -> Act:
    payment = caller.paid()
    assert payment.refundable is not None
    left = payment.refundable.available
    return lambda: caller.pay.refund(payment.id, Money(100), available=left)


def _get_refund(caller: PayCaller) -> Act:
    payment = caller.paid()
    assert payment.refundable is not None
    refund = caller.pay.refund(payment.id, Money(100), available=payment.refundable.available)
    return lambda: caller.pay.get_refund(payment.id, refund.id)


def _capture(caller: PayCaller) -> Act:
    payment = caller.paid(delayed_capture=True)
    return lambda: caller.pay.capture(payment.id)


def _charge(caller: PayCaller) -> Act:
    agreement = caller.active_agreement()
    return lambda: caller.charge(agreement)


def _on_agreement(name: str) -> Callable[[PayCaller], Act]:
    def prepare(caller: PayCaller) -> Act:
        agreement = caller.active_agreement()
        return lambda: getattr(caller.pay, name)(agreement)

    return prepare


def _authorise(caller: PayCaller) -> Act:
    token = caller.telephone().one_time_token
    assert token is not None
    return lambda: caller.authorise(token, caller.subject.card)


def _search(name: str) -> Callable[[PayCaller], Act]:
    return lambda caller: lambda: list(getattr(caller.pay, name)())


def _case(name: str, prepare: Callable[[PayCaller], Act], *needed: Can, is_keyed: bool = False) -> Any:
    return pytest.param(Operation(name, prepare, is_keyed), marks=needs(*needed), id=name)


OPERATIONS = [
    _case("create", lambda caller: caller.new, Can.CREATE),
    _case("get", _on_new("get"), Can.GET),
    _case("complete", _complete, Can.CONFIRM),
    _case("list_events", _on_new("list_events"), Can.LIST_EVENTS),
    _case("cancel", _on_new("cancel"), Can.CANCEL),
    _case("capture", _capture, Can.DELAYED_CAPTURE),
    _case("search", _search("search"), Can.SEARCH),
    _case("refund", _refund, Can.REFUND),
    _case("get_refund", _get_refund, Can.REFUND),
    _case("list_refunds", _on_new("list_refunds"), Can.LIST_REFUNDS),
    _case("search_refunds", _search("search_refunds"), Can.SEARCH_REFUNDS),
    _case(
        "create_agreement",
        lambda caller: lambda: caller.pay.create_agreement("AGREEMENT-1", "Pay by instalments"),
        Can.AGREEMENTS,
    ),
    _case("get_agreement", _on_agreement("get_agreement"), Can.AGREEMENTS),
    _case("cancel_agreement", _on_agreement("cancel_agreement"), Can.AGREEMENTS),
    _case("charge_agreement", _charge, Can.AGREEMENTS, is_keyed=True),
    _case("search_agreements", _search("search_agreements"), Can.SEARCH_AGREEMENTS),
    _case("create_by_telephone", lambda caller: caller.telephone, Can.TELEPHONE),
    _case("authorise", _authorise, Can.TELEPHONE),
    _case("search_disputes", _search("search_disputes"), Can.DISPUTES),
]
