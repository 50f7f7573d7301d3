"""The timeline of a journey: what happened to one case in all three components, in one list; and CloudEvents of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import AUDIT, LARGEST_ID, OUTBOX, PAYMENT

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyStep:
    """One step of a journey. `reference` is that of the call or payment, for as long as its row is kept."""

    at: datetime
    component: str
    what: str
    outcome: str
    account: str
    reference: str | None
    problem: str | None


def timeline(engine: sa.Engine, journey: str) -> tuple[JourneyStep, ...]:
    """Return the steps of a journey, the first one first."""
    with store_faults(), engine.connect() as connection:
        references = {
            f"{name} {row.id}": row.reference
            for name, table in (("outbox", OUTBOX), ("payment", PAYMENT))
            for row in connection.execute(sa.select(table.c.id, table.c.reference).where(table.c.journey == journey))
        }
        rows = connection.execute(sa.select(AUDIT).where(AUDIT.c.journey == journey).order_by(AUDIT.c.seq)).all()
    return tuple(
        JourneyStep(
            at=datetime.fromtimestamp(row.at, UTC),
            component=row.what.partition(".")[0],
            what=row.what,
            outcome=row.outcome,
            account=row.account,
            reference=references.get(row.item),
            problem=row.problem,
        )
        for row in rows
    )


def cloud_events(engine: sa.Engine, *, after: int = 0) -> Iterator[dict[str, Any]]:
    """Return the audit as CloudEvents 1.0, from the entry after that number on."""
    query = sa.select(AUDIT).where(AUDIT.c.seq > min(after, LARGEST_ID)).order_by(AUDIT.c.seq)
    with store_faults(), engine.connect().execution_options(yield_per=1000) as connection:
        for row in connection.execute(query):
            yield {
                "specversion": "1.0",
                "id": str(row.seq),
                "source": f"urn:govcomponents:{row.account}",
                "type": f"govcomponents.{row.what}.{row.outcome.replace(' ', '_')}",
                "time": datetime.fromtimestamp(row.at, UTC).isoformat().replace("+00:00", "Z"),
                "subject": row.journey,
                "datacontenttype": "application/json",
                "data": {"outcome": row.outcome, "item": row.item, "problem": row.problem, "seal": row.seal},
            }
