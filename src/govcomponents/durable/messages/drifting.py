"""Template drift: once a day the provider's templates are compared with the lock, and a change is told of, once."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from govcomponents.durable.asking import asking
from govcomponents.durable.inbox.events import TemplatesChanged
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schedule import is_turn
from govcomponents.errors import GovComponentsError
from govcomponents.notify.capabilities import NotifyCapability

if TYPE_CHECKING:
    import sqlalchemy as sa

    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.storage.sealing import PayloadKeys

_DAY: Final = 86_400.0


async def watch_templates(engine: sa.Engine, calls: Calls, runtime: Runtime, keys: PayloadKeys) -> int:
    """Compare each account's templates with its lock, and tell the handlers of TemplatesChanged. Returns how many."""
    run = runtime.transport.run_blocking
    told = 0
    for account, notify in calls.notify.items():
        registry = calls.policies[account].templates
        if registry is None or not registry.is_locked or NotifyCapability.TEMPLATES not in notify.capabilities:
            continue
        if not await run(partial(is_turn, engine, f"notify.templates {account}", _DAY)):
            continue
        reached(CommitPoint.JOB_TAKEN)
        try:
            with asking("notify.list_templates", account):
                problems = tuple(registry.compare(await notify.list_templates()))
        except GovComponentsError:
            continue  # tomorrow will do
        reached(CommitPoint.JOB_ASKED)
        if problems:
            key = hashlib.sha256("\n".join(problems).encode()).hexdigest()
            event = TemplatesChanged(key=key, account=account, problems=problems)
            told += await run(partial(_tell, engine, event, keys))
            reached(CommitPoint.JOB_TOLD)
    return told


def _tell(engine: sa.Engine, event: TemplatesChanged, keys: PayloadKeys) -> bool:
    with store_faults("run_due"), engine.begin() as connection:
        return insert_event(connection, event, "templates", keys)
