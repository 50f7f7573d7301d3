"""Time that goes by in a store, for tests: the layer lives by its database's clock, which no test can move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import AUDIT, AUDIT_SEAL, METADATA
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Their times are under a seal, and nothing waits for them.
_SEALED = (AUDIT, AUDIT_SEAL)


def let_time_pass(
    engine: Engine, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
) -> None:
    """Let time go by in a store of the durable layer, without waiting: all that it holds happened so much earlier.

    Leases of workers that died run out, waits end, and what is due later comes due. The sandbox has a clock of its own:
    `gov_clock`. For tests only: a worker that is at work meanwhile loses what it claimed. Raises InvalidInput for a
    time that is not forward, ConfigurationError if the tables are not there.

        let_time_pass(later.engine, hours=4)
        later.run_due()
    """
    are_numbers = all(isinstance(one, (int, float)) for one in (seconds, minutes, hours, days))
    passed = seconds + 60 * minutes + 3600 * hours + 86400 * days if are_numbers else 0.0
    if not 0 < passed < float("inf"):
        fix = "give seconds, minutes, hours or days: more than 0 together"
        raise InvalidInput(field="seconds", problem="such a time cannot go by", fix=fix, operation="let_time_pass")
    with store_faults("let_time_pass"), engine.begin() as connection:
        for table in METADATA.sorted_tables:
            times = [column for column in table.columns if isinstance(column.type, sa.Double)]
            if times and table not in _SEALED:
                connection.execute(sa.update(table).values({column: column - passed for column in times}))
