"""`later.*` has the names, parameters and defaults of `gov.*`; what differs is listed here, and nothing else may."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from govcomponents.durable import AsyncLaterNotify, AsyncLaterPay, LaterNotify, LaterPay
from govcomponents.notify import AsyncNotifyService, NotifyService
from govcomponents.pay import AsyncPayService, PayService

TWINS: list[tuple[type[Any], type[Any]]] = [
    (LaterNotify, NotifyService),
    (AsyncLaterNotify, AsyncNotifyService),
    (LaterPay, PayService),
    (AsyncLaterPay, AsyncPayService),
]
ADDED = {"reference", "on", "give_up_after", "send_at", "journey", "once"}
DONE_FOR_THE_CALLER = {"once", "idempotency_key"}
METHODS = [
    (later, now, name)
    for later, now in TWINS
    for name, _ in inspect.getmembers(later, inspect.isfunction)
    if name[0] != "_"
]


@pytest.mark.parametrize(("later", "now", "name"), METHODS)
def test_what_is_made_later_is_called_as_what_is_made_now(later: type[Any], now: type[Any], name: str) -> None:
    ours = inspect.signature(getattr(later, name)).parameters
    theirs = inspect.signature(getattr(now, name)).parameters
    assert [one for one in ours if one not in ADDED] == [
        one for one in theirs if one not in DONE_FOR_THE_CALLER | ADDED
    ]
    for parameter in ours:
        if parameter in theirs and parameter not in ADDED:
            assert ours[parameter] == theirs[parameter]
    assert set(ours) - set(theirs) <= ADDED
    assert ours["reference"].default is inspect.Parameter.empty
    assert inspect.iscoroutinefunction(getattr(later, name)) == inspect.iscoroutinefunction(getattr(now, name))


def test_every_way_to_send_and_to_move_money_has_a_twin() -> None:
    assert {name for later, _, name in METHODS if later is LaterNotify} == {"send_email", "send_sms", "send_letter"}
    assert {name for later, _, name in METHODS if later is LaterPay} == {"create", "refund", "capture", "cancel"}
