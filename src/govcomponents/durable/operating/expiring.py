"""Keys that end: once a day the days that the settings name are looked at, and each step nearer is told of, once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from govcomponents.durable.inbox.events import KeyExpiring
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schedule import is_turn

if TYPE_CHECKING:
    import sqlalchemy as sa

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys

_DAY: Final = 86_400.0
_STEPS: Final = (0, 1, 3, 7, 14, 30, 60)
"""Days before the end at which it is told of. A provider may need two weeks to take a new key, and people as long."""


async def watch_keys(engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys) -> int:
    """Tell the handlers of KeyExpiring of keys that end soon, or have ended. Returns of how many."""
    run = runtime.transport.run_blocking
    today = datetime.fromtimestamp(runtime.clock(), UTC).date()
    told = 0
    for (component, account), ends in calls.key_ends.items():
        left = (ends - today).days
        if left > _STEPS[-1] or not await run(partial(is_turn, engine, f"keys.{component} {account}", _DAY)):
            continue
        reached(CommitPoint.JOB_TAKEN)
        # One that has ended is told of every day: by then something does not work.
        step = left if left < 0 else next(days for days in _STEPS if days >= left)
        event = KeyExpiring(
            key=f"{component} {account} {ends.isoformat()} {step}",
            account=account,
            component=component,
            expires_on=ends,
            days_left=left,
        )
        told += await run(partial(_tell, engine, event, keys))
        reached(CommitPoint.JOB_TOLD)
    return told


def _tell(engine: sa.Engine, event: KeyExpiring, keys: PayloadKeys) -> bool:
    with store_faults("run_due"), engine.begin() as connection:
        return insert_event(connection, event, "keys", keys)
