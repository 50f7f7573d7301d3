"""Examples that promise to lose nothing and to do nothing twice keep their promise under each fault, and under pairs.

A page's Python runs as it stands, statement by statement. The faults are armed once its sandbox stands. A statement
that raises one of this library's errors is run again an hour later, as the pages tell their readers to, and at the end
the sandbox is asked what the providers have.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from govcomponents import Conflict, GovComponentsError

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Namespace = dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """What a page promises, and where its example can be struck."""

    page: str
    struck: tuple[str, ...]
    """The sandbox's names of the operations that fail: of pairs, the first and the last."""

    kept: Callable[[Namespace], object]
    """Asserts what the providers have, and what the example knows, at the end."""

    again_from: str = ""
    """What the reader makes anew before trying again: the name that a statement binds. Else only that statement."""

    @property
    def provider(self) -> str:
        return self.struck[0].partition(".")[0]


def taken_once(names: Namespace) -> None:
    assert [one.amount for one in names["gov"].simulator.pay.charges() if one.status == "success"] == [14500]


def refunded_once(names: Namespace) -> None:
    refunds = [one for charge in names["gov"].simulator.pay.charges() for one in charge.refunds]
    assert [one.amount for one in refunds] == [4500]


def charged_once(names: Namespace) -> None:
    charges = names["gov"].simulator.pay.charges()
    assert [one.reference for one in charges if one.reference.endswith("-Q2")] == ["MOORING-442-Q2"]


def found_expired(names: Namespace) -> None:
    (status, _created_at) = names["records"][names["payment"].id]
    assert status == "failed"


def told_of_both(names: Namespace) -> None:
    taken_once(names)
    assert len(names["seen"]) == 2


def granted_once(names: Namespace) -> None:
    taken_once(names)
    assert len(names["granted"]) == 1


def sent_once(names: Namespace) -> None:
    outbox = names["gov"].simulator.notify.outbox()
    assert len([one for one in outbox if one.reference == "RENEW-8-receipt"]) == 1


def sent_to_each_once(names: Namespace) -> None:
    outbox = names["gov"].simulator.notify.outbox()
    first = sorted(one.to for one in outbox if (one.reference or "").startswith("renewals-2026-03"))
    assert first == sorted(f"person{number}@example.com" for number in range(20))


PROMISES = [
    Promise("pay/take-a-payment.md", ("pay.create", "pay.get"), taken_once),
    Promise("pay/refund.md", ("pay.refund", "pay.get"), refunded_once),
    Promise("pay/recurring.md", ("pay.create", "pay.create_agreement", "pay.get_agreement"), charged_once),
    Promise("pay/mop-up.md", ("pay.get",), found_expired, again_from="report"),
    Promise("pay/webhooks.md", ("pay.get",), told_of_both),
    Promise("pay/further-needs.md", ("pay.create", "pay.get"), granted_once),
    Promise("pay/further-needs.md", ("pay.refund", "pay.list_refunds"), refunded_once),
    Promise("pay/delayed-capture.md", ("pay.capture", "pay.get"), taken_once),
    Promise("notify/send.md", ("notify.send_email", "notify.search"), sent_once),
    Promise("notify/bulk.md", ("notify.send_email", "notify.search"), sent_to_each_once, again_from="people"),
]

TELLING_APART = ("time_out_before_acceptance", "time_out_after_acceptance", "server_error", "rate_limited")
"""One of each kind: not done and silent, done and silent, perhaps done, refused for now."""

FAULTS = (*TELLING_APART, "malformed_response", "oversize_response", "unavailable", "outage_not_found", "key_revoked")


def statements(page: str) -> list[ast.stmt]:
    """What the page runs."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [one for code in BLOCK.findall(text) for one in ast.parse(code).body]


def binds(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Assign) and any(getattr(one, "id", "") == name for one in statement.targets)


def as_a_framework(view: Callable[..., int]) -> Callable[..., int]:
    """What stands between a provider and a view: an error of the view is answered with 500."""

    def answer(*request: Any) -> int:
        try:
            return view(*request)
        except GovComponentsError:
            return 500

    return answer


def read(promise: Promise, faults: list[tuple[str, str]]) -> Namespace:
    """Run a page, with these faults of these operations, and try again as its reader would."""
    names: Namespace = {"__name__": "page"}
    code = statements(promise.page)
    place, tries = 0, 0
    while place < len(code):
        try:
            exec(compile(ast.Module([code[place]], []), promise.page, "exec"), names)
        except (GovComponentsError, AssertionError) as error:
            if isinstance(error, Conflict) and tries:
                break  # the first try had done it after all: there is no more to do
            tries += 1
            if tries > 8:
                raise
            names["gov"].simulator.clock.advance(3600)
            again = [number for number, one in enumerate(code[: place + 1]) if binds(one, promise.again_from)]
            place = again[-1] if again else place
            continue
        match code[place]:
            case ast.FunctionDef(name="receive"):
                names["receive"] = as_a_framework(names["receive"])
            case statement if binds(statement, "gov"):
                for operation, fault in faults:
                    names["gov"].simulator.control.arm(promise.provider, fault, operation=operation, times=1)
        place += 1
    first = names["gov"].simulator.control.faults()[0]
    assert first.injected == 1, f"{first.fault} never struck {first.operation}"
    return names


CASES = [
    pytest.param(promise, operation, id=f"{promise.page}-{operation}")
    for promise in PROMISES
    for operation in promise.struck
    if operation != "notify.search"  # which is asked only after another call was lost: see the pairs
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("promise", "operation"), CASES)
def test_a_page_keeps_its_promise(promise, operation, fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    promise.kept(read(promise, [(operation, fault)]))


PAIRS = list(product(TELLING_APART, repeat=2))


@pytest.mark.parametrize("pair", PAIRS, ids="-then-".join)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: f"{one.page}-{one.struck[0]}")
def test_a_page_keeps_its_promise_when_two_calls_fail_one_after_the_other(promise, pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    promise.kept(read(promise, [(promise.struck[0], pair[0]), (promise.struck[-1], pair[1])]))
