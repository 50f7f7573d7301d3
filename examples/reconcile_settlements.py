"""Reconcile what Pay has settled with a service's own ledger.

    python examples/reconcile_settlements.py ledger.csv --from 2026-03-01 --to 2026-03-31 --out differences.csv

The ledger is a CSV with the columns kind (payment or refund), id, amount (pounds, such as 145.00) and status (the
names of PaymentStatus and RefundStatus). It says what the service believes was settled on those days, both included.
Writes each difference to the file given with --out and exits 1 if there is any, 0 if there is none.

The key comes from the environment (GOVCOMPONENTS_PAY__API_KEY). Only accounts with Stripe have settled dates; for
others pass --by created, which compares by the day of creation, in UTC.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from govcomponents import GovComponents, Money, NotFound
from govcomponents.pay import PaymentId

if TYPE_CHECKING:
    from govcomponents.pay import PayService

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """One payment or refund, as the ledger or Pay has it."""

    kind: str
    id: str
    amount: Money
    status: str


@dataclass(frozen=True)
class Difference:
    """One line of the result."""

    kind: str
    id: str
    problem: str
    in_ledger: str
    in_pay: str


def read_ledger(path: Path) -> dict[str, Entry]:
    """Read the service's own ledger, by id."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    entries = [Entry(row["kind"], row["id"], Money.gbp(row["amount"]), row["status"]) for row in rows]
    found = {entry.id: entry for entry in entries}
    if len(found) < len(entries):
        raise SystemExit("the ledger has an id twice; mend it first")
    return found


def settled(pay: PayService, first: date, last: date) -> Iterator[Entry]:
    """What Pay has settled. Pay's last day may or may not count, so one more is asked for and left out here."""
    for payment in pay.search(settled_from=first, settled_to=last + DAY):
        on = payment.settlement.settled_on
        if on is not None and first <= on <= last:
            yield Entry("payment", payment.id, payment.total, payment.status.value)
    for refund in pay.search_refunds(settled_from=first, settled_to=last + DAY):
        if refund.settled_on is not None and first <= refund.settled_on <= last:
            yield Entry("refund", refund.id, refund.amount, refund.status.value)


def created(pay: PayService, first: date, last: date) -> Iterator[Entry]:
    """What was created in Pay. Its first moment may or may not count, so an earlier one is asked for."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(seconds=1)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY
    for payment in pay.search(created_from=start, created_before=end):
        if payment.created_at is not None and first <= payment.created_at.date() <= last:
            yield Entry("payment", payment.id, payment.total, payment.status.value)
    for refund in pay.search_refunds(created_from=start, created_before=end):
        if refund.created_at is not None and first <= refund.created_at.date() <= last:
            yield Entry("refund", refund.id, refund.amount, refund.status.value)


def compare(pay: PayService, ledger: dict[str, Entry], theirs: Iterable[Entry]) -> list[Difference]:
    """Find what only one side has, and what they have differently."""
    differences = []
    missing = dict(ledger)
    for entry in theirs:
        ours = missing.pop(entry.id, None)
        if ours is None:
            differences.append(
                Difference(entry.kind, entry.id, "not in the ledger", "", f"{entry.amount} {entry.status}")
            )
            continue
        if ours.amount != entry.amount:
            differences.append(Difference(entry.kind, entry.id, "amounts differ", str(ours.amount), str(entry.amount)))
        if ours.status != entry.status:
            differences.append(Difference(entry.kind, entry.id, "states differ", ours.status, entry.status))
    for ours in missing.values():
        told = what_pay_says(pay, ours)
        differences.append(
            Difference(ours.kind, ours.id, "not in Pay on these days", f"{ours.amount} {ours.status}", told)
        )
    return differences


def what_pay_says(pay: PayService, entry: Entry) -> str:
    """Look up what the search did not find: it may be there, with another day or state."""
    if entry.kind != "payment":
        return ""
    try:
        payment = pay.get(PaymentId(entry.id))
    except NotFound:
        return "no such payment"
    return f"{payment.total} {payment.status.value}"


def write(path: Path, differences: Sequence[Difference]) -> None:
    """Write the result; with no difference it has the heading only."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("kind", "id", "problem", "in_ledger", "in_pay"))
        writer.writerows(astuple(difference) for difference in differences)


def main(arguments: Sequence[str] | None = None, gov: GovComponents | None = None) -> int:
    """Reconcile. Returns the exit status: 1 if anything differs."""
    parser = argparse.ArgumentParser(description="Reconcile what Pay has settled with a service's own ledger.")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    parser.add_argument("--by", choices=("settled", "created"), default="settled")
    parser.add_argument("--out", type=Path, default=Path("differences.csv"))
    asked = parser.parse_args(arguments)
    pay = (gov or GovComponents.from_settings()).pay
    theirs = settled if asked.by == "settled" else created
    ledger = read_ledger(asked.ledger)
    differences = compare(pay, ledger, theirs(pay, asked.first, asked.last))
    write(asked.out, differences)
    print(f"{len(ledger)} in the ledger, {len(differences)} differences, written to {asked.out}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
