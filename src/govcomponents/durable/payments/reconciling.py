"""Reconciliation: what the service recorded of a day against what its providers say of it, both ways."""

from __future__ import annotations

import csv
import io
import json
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from govcomponents.durable.payments.records import Records
from govcomponents.errors import InvalidInput, NotFound
from govcomponents.frames import shield
from govcomponents.money import Money
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.ids import PaymentId

if TYPE_CHECKING:
    import sqlalchemy as sa

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls, PayCalls
    from govcomponents.pay.models import Payment, Refund

_DAY: Final = timedelta(days=1)
_FIRST_DAY: Final = date(1970, 1, 2)
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
NOT_RECORDED: Final = "not recorded here"
NOT_THERE: Final = "not at the provider"
DIFFERENT: Final = "amounts differ"
GOES_ON: Final = "the day goes on, in UTC: there is more to come, so compare it again when it is over"


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

    `totals` are in pounds and pence by kind ("payments", "refunds", "fees", "disputes") and currency. `is_over` is
    whether the day had ended, in UTC, when it was compared: of one that goes on there is more to come.
    """

    day: date
    is_over: bool
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
        lines += [] if self.is_over else [f"  {GOES_ON}"]
        lines += [f"  {kind:<16} {total}" for kind, total in self.totals.items()]
        lines += [
            "  ".join(("", one.kind, one.id, one.reference or "-", one.problem, one.ours or "-", one.theirs or "-"))
            for one in self.differences
        ]
        return "\n".join([*lines, "no differences" if not self.differences else f"{len(self.differences)} differences"])


def _checked(given: object) -> date:
    """Return a day that can be compared. Raises InvalidInput."""
    if not isinstance(given, date) or isinstance(given, datetime) or not _FIRST_DAY <= given < date.max:
        fix = "give a date, such as date(2026, 3, 1)"
        raise InvalidInput(field="day", problem="it is no date, or one of another age", fix=fix, operation="reconcile")
    return given


async def compare_day(engine: sa.Engine, calls: Calls, runtime: Runtime, day: date) -> Reconciliation:
    """Compare what was made on a day (in UTC). Raises the provider's errors: half an answer would be none.

    Raises InvalidInput for what is no day, or one of another age.
    """
    day = _checked(day)
    tally, asked_at = _Tally(), runtime.clock()
    for account, pay in calls.pay.items():
        records = Records(engine, account, runtime.transport.run_blocking)
        await _payments(pay, account, day, records, tally)
        if PayCapability.SEARCH_REFUNDS in pay.capabilities:
            await _refunds(pay, account, day, records, tally)
        if PayCapability.DISPUTES in pay.capabilities:
            await _disputes(pay, account, day, tally)
    return tally.result(day, is_over=asked_at >= _span(day)[1].timestamp())


class _Tally:
    def __init__(self) -> None:
        self.counts = dict.fromkeys(("payments", "refunds", "disputes"), 0)
        self.sums: dict[tuple[str, str], int] = {}
        self.differences: list[Difference] = []

    def add(self, kind: str, amount: Money) -> None:
        if kind in self.counts:
            self.counts[kind] += 1
        self.sums[kind, amount.currency] = self.sums.get((kind, amount.currency), 0) + amount.minor

    def payment(self, one: Payment) -> None:
        self.add("payments", one.amount)
        if one.fee is not None:
            self.add("fees", one.fee)

    def compare(self, account: str, row: Any, one: Payment) -> None:
        if (mine := Money(row.minor, row.currency)) != one.amount:
            told = {"reference": row.reference, "ours": str(mine), "theirs": str(one.amount)}
            self.differ("payment", account, one.id, DIFFERENT, **told)

    def differ(self, kind: str, account: str, item: str, problem: str, **more: str) -> None:
        told = {"reference": "", "ours": "", "theirs": ""} | more
        self.differences.append(Difference(kind=kind, account=account, id=item, problem=problem, **told))

    def result(self, day: date, *, is_over: bool) -> Reconciliation:
        totals = {f"{kind} {currency}": str(Money(minor, currency)) for (kind, currency), minor in self.sums.items()}
        differences = tuple(self.differences)
        return Reconciliation(day=day, is_over=is_over, counts=self.counts, totals=totals, differences=differences)


async def _payments(pay: PayCalls, account: str, day: date, records: Records, tally: _Tally) -> None:
    first, last = _span(day)
    ours = await records.payments(first, last)
    theirs: list[Payment] = []
    async with aclosing(pay.search(created_from=first - timedelta(seconds=1), created_before=last)) as payments:
        async for one in payments:
            if one.created_at is None or not first <= one.created_at < last:
                continue  # whether a boundary counts is not certain with every provider
            tally.payment(one)
            if (row := ours.pop(one.id, None)) is None:
                theirs.append(one)
            else:
                tally.compare(account, row, one)
    around = await records.payments_by_id([one.id for one in theirs])  # recorded before midnight, made after it
    for one in theirs:
        if (row := around.get(one.id)) is not None:
            tally.compare(account, row, one)
        else:
            told = f"{one.amount} {one.status.value}"
            tally.differ("payment", account, one.id, NOT_RECORDED, reference=one.reference, theirs=told)
    for item, row in ours.items():
        try:
            found = await pay.get(PaymentId(item))
        except NotFound:
            mine = str(Money(row.minor, row.currency))
            tally.differ("payment", account, item, NOT_THERE, reference=row.reference, ours=mine)
        else:  # the search lags behind, or it was made in the first moments of the next day, and counts there
            if found.created_at is None or first <= found.created_at < last:
                tally.payment(found)
            tally.compare(account, row, found)


async def _refunds(pay: PayCalls, account: str, day: date, records: Records, tally: _Tally) -> None:
    first, last = _span(day)
    ours = await records.refunds(first, last)
    theirs: list[Refund] = []
    async with aclosing(pay.search_refunds(created_from=first - timedelta(seconds=1), created_before=last)) as refunds:
        async for one in refunds:
            if one.created_at is None or not first <= one.created_at < last:
                continue
            tally.add("refunds", one.amount)
            if ours.pop(one.id, None) is None:
                theirs.append(one)
    around = await records.refunds_by_id([one.id for one in theirs], first - _CLOCKS_DIFFER)
    for one in theirs:
        if one.id not in around:  # else it was put down on another day: it was in doubt, or around midnight
            tally.differ("refund", account, one.id, NOT_RECORDED, theirs=f"{one.amount} {one.status.value}")
    if ours:  # made before the day on which that was found out, at the earliest when it was put down
        since = datetime.fromtimestamp(min(row.created_at for row in ours.values()), UTC) - _CLOCKS_DIFFER
        found = pay.search_refunds(created_from=min(since, first), created_before=last + _CLOCKS_DIFFER)
        async with aclosing(found) as refunds:
            async for one in refunds:
                ours.pop(one.id, None)
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


def _span(day: date) -> tuple[datetime, datetime]:
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return first, first + _DAY


def _cell(value: str) -> str:
    """A spreadsheet would run a cell that begins like a formula; a reference is somebody's text."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
