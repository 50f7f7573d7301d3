"""Reconciliation: what the service recorded of a day against what its providers say of it, both ways."""

from __future__ import annotations

import csv
import io
import json
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import OUTBOX, PAYMENT, State
from govcomponents.errors import NotFound
from govcomponents.frames import shield
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.ids import PaymentId

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls, PayCalls

_DAY: Final = timedelta(days=1)
NOT_RECORDED: Final = "not recorded here"
NOT_THERE: Final = "not at the provider"
DIFFERENT: Final = "amounts differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One payment, refund or dispute on which the records do not agree: what each side says of it."""

    kind: str
    account: str
    id: str
    reference: str
    problem: str
    ours: str
    theirs: str


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The result for one day: how much there was, the provider's fees, and every difference.

    `totals` are in pounds and pence by kind ("payments", "refunds", "fees", "disputes") and currency.
    """

    day: date
    counts: dict[str, int]
    totals: dict[str, str]
    differences: tuple[Difference, ...]

    def to_json(self) -> str:
        """Return it as one JSON object."""
        facts = asdict(self) | {"day": self.day.isoformat(), "differences": [asdict(one) for one in self.differences]}
        return json.dumps(facts, indent=2, ensure_ascii=False)

    def to_csv(self) -> str:
        """Return the differences as CSV, with a line of headings."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(Difference.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in asdict(one).items()} for one in self.differences)
        return out.getvalue()

    def __str__(self) -> str:
        lines = [f"{self.day}: " + ", ".join(f"{count} {kind}" for kind, count in self.counts.items())]
        lines += [f"  {kind:<16} {total}" for kind, total in self.totals.items()]
        lines += [
            "  ".join(("", one.kind, one.id, one.reference or "-", one.problem, one.ours or "-", one.theirs or "-"))
            for one in self.differences
        ]
        return "\n".join([*lines, "no differences" if not self.differences else f"{len(self.differences)} differences"])


async def compare_day(engine: sa.Engine, calls: Calls, runtime: Runtime, day: date) -> Reconciliation:
    """Compare what was made on a day (in UTC). Raises the provider's errors: half an answer would be none."""
    run = runtime.transport.run_blocking
    tally = _Tally()
    for account, pay in calls.pay.items():
        ours = await run(lambda account=account: _recorded(engine, account, day))  # type: ignore[misc]  # bound at once
        await _payments(pay, account, day, dict(ours[0]), tally)
        if PayCapability.SEARCH_REFUNDS in pay.capabilities:
            await _refunds(pay, account, day, dict(ours[1]), tally)
        if PayCapability.DISPUTES in pay.capabilities:
            await _disputes(pay, account, day, tally)
    return tally.result(day)


class _Tally:
    def __init__(self) -> None:
        self.counts = dict.fromkeys(("payments", "refunds", "disputes"), 0)
        self.sums: dict[tuple[str, str], int] = {}
        self.differences: list[Difference] = []

    def add(self, kind: str, amount: Money) -> None:
        if kind in self.counts:
            self.counts[kind] += 1
        self.sums[kind, amount.currency] = self.sums.get((kind, amount.currency), 0) + amount.minor

    def differ(self, kind: str, account: str, item: str, problem: str, **more: str) -> None:
        told = {"reference": "", "ours": "", "theirs": ""} | more
        self.differences.append(Difference(kind=kind, account=account, id=item, problem=problem, **told))

    def result(self, day: date) -> Reconciliation:
        totals = {f"{kind} {currency}": str(Money(minor, currency)) for (kind, currency), minor in self.sums.items()}
        return Reconciliation(day=day, counts=self.counts, totals=totals, differences=tuple(self.differences))


async def _payments(pay: PayCalls, account: str, day: date, ours: dict[str, Any], tally: _Tally) -> None:
    first, last = _span(day)
    async with aclosing(pay.search(created_from=first - timedelta(seconds=1), created_before=last)) as payments:
        async for one in payments:
            if one.created_at is None or not first <= one.created_at < last:
                continue  # whether a boundary counts is not certain with every provider
            tally.add("payments", one.amount)
            if one.fee is not None:
                tally.add("fees", one.fee)
            row = ours.pop(one.id, None)
            if row is None:
                told = f"{one.amount} {one.status.value}"
                tally.differ("payment", account, one.id, NOT_RECORDED, reference=one.reference, theirs=told)
            elif Money(row.minor, row.currency) != one.amount:
                mine = str(Money(row.minor, row.currency))
                tally.differ(
                    "payment", account, one.id, DIFFERENT, reference=row.reference, ours=mine, theirs=str(one.amount)
                )
    for item, row in ours.items():
        try:
            found = await pay.get(PaymentId(item))
        except NotFound:
            mine = str(Money(row.minor, row.currency))
            tally.differ("payment", account, item, NOT_THERE, reference=row.reference, ours=mine)
        else:
            tally.add("payments", found.amount)  # the search lags behind, or has another day around midnight


async def _refunds(pay: PayCalls, account: str, day: date, ours: dict[str, Any], tally: _Tally) -> None:
    first, last = _span(day)
    async with aclosing(pay.search_refunds(created_from=first - timedelta(seconds=1), created_before=last)) as refunds:
        async for one in refunds:
            if one.created_at is None or not first <= one.created_at < last:
                continue
            tally.add("refunds", one.amount)
            if ours.pop(one.id, None) is None:
                tally.differ("refund", account, one.id, NOT_RECORDED, theirs=f"{one.amount} {one.status.value}")
    for item, row in ours.items():
        tally.differ("refund", account, item, NOT_THERE, reference=row.reference)


async def _disputes(pay: PayCalls, account: str, day: date, tally: _Tally) -> None:
    first, last = _span(day)
    async with aclosing(pay.search_disputes(created_from=first - timedelta(seconds=1), created_before=last)) as found:
        async for one in found:
            if one.created_at is not None and first <= one.created_at < last:
                tally.add("disputes", one.amount)
                tally.differ(
                    "dispute",
                    account,
                    one.id,
                    "disputed",
                    theirs=f"{one.amount} {one.status.value}",
                    reference=one.payment_id,
                )


def _recorded(engine: sa.Engine, account: str, day: date) -> tuple[dict[str, Any], dict[str, Any]]:
    first, last = (moment.timestamp() for moment in _span(day))
    made = sa.select(PAYMENT).where(
        PAYMENT.c.account == account, PAYMENT.c.created_at.between(first, last), PAYMENT.c.payment_id.is_not(None)
    )
    refunded = sa.select(OUTBOX.c.provider_id, OUTBOX.c.reference).where(
        OUTBOX.c.account == account,
        OUTBOX.c.operation == "pay.refund",
        OUTBOX.c.state == int(State.DONE),
        OUTBOX.c.ended_at.between(first, last),
        OUTBOX.c.provider_id.is_not(None),
    )
    with store_faults("reconcile"), engine.connect() as connection:
        payments = {row.payment_id: row for row in connection.execute(made)}
        refunds = {row.provider_id: row for row in connection.execute(refunded)}
    return payments, refunds


def _span(day: date) -> tuple[datetime, datetime]:
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return first, first + _DAY


def _cell(value: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; a reference is somebody's text."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
