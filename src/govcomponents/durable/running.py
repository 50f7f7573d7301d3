"""One run of all that is due: calls, jobs and events take turns, so that none keeps another waiting for ever."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.single_attempt import steady_time
from govcomponents.durable.audit.chain import let_go_of_audit, seal_all
from govcomponents.durable.messages.drifting import watch_templates
from govcomponents.durable.messages.following import follow_up
from govcomponents.durable.operating.expiring import watch_keys
from govcomponents.durable.outbox.delivery import Delivery
from govcomponents.durable.outbox.worker import WorkReport, check_number, work_due
from govcomponents.durable.payments.finding import find_lost
from govcomponents.durable.payments.searching import watch_refunds
from govcomponents.durable.payments.watching import watch_payments
from govcomponents.durable.retention.tidying import tidy

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.durable.inbox.handling import Handling
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.outbox.worker import WorkerOptions
    from govcomponents.durable.retention.tidying import Retention
    from govcomponents.durable.shared.budgets import Budgets

_SLICE: Final = 5.0
"""Seconds after which calls make room for events, and events for calls, where there are handlers."""


@dataclass(frozen=True, slots=True)
class Running:
    """The means of one run. `calls` are made through the services of every account, events handled by `handling`."""

    calls: Calls
    runtime: Runtime
    options: WorkerOptions
    budgets: Budgets
    handling: Handling
    keep: Retention

    async def all_due(self, seconds: float | None, limit: int | None) -> WorkReport:
        """Do all that is due, until nothing is left, or for at most so many seconds, or so many calls."""
        check_number(seconds, "seconds", (int, float))
        check_number(limit, "limit", (int,))
        until = None if seconds is None else steady_time() + seconds
        counts: Counter[str] = Counter()
        is_first = True
        while True:
            rest = None if limit is None else limit - counts["claimed"]
            are_calls_left = rest != 0 and await self._make_calls(counts, until, rest)
            if is_first:
                await self._jobs(until)
                is_first = False
            came, are_events_left = await self.handling.all_due(_share(until, seconds))
            failed = came["failed"] + came["without_key"]
            counts.update({"handled": came["handled"], "failed": failed, "events_given_up": came["gave_up"]})
            is_over = until is not None and steady_time() >= until
            if is_over or not (are_calls_left or are_events_left):
                break
        run = self.runtime.transport.run_blocking
        await run(lambda: tidy(self.handling.engine, self.keep, self.handling.handlers.kinds, until))
        await run(lambda: seal_all(self.handling.engine, self.handling.keys, until))
        await run(lambda: let_go_of_audit(self.handling.engine, self.keep.audit))
        del counts["claimed"]
        return WorkReport(**counts)

    async def _make_calls(self, counts: Counter[str], until: float | None, limit: int | None) -> bool:
        """Make calls for one slice of the time. Returns whether some may be left."""
        end = until
        if self.handling.handlers.kinds:
            end = steady_time() + (_SLICE if until is None else min(_SLICE, (until - steady_time()) / 2))
        left = None if end is None else max(0.001, end - steady_time())
        done = await work_due(
            self.handling.engine,
            Delivery(self.calls, self.handling.keys),
            self.runtime,
            self.options,
            budgets=self.budgets,
            seconds=left,
            limit=limit,
        )
        facts = asdict(done)
        counts.update(facts)
        counts["claimed"] += sum(facts.values())
        return end is not None and steady_time() >= end

    async def _jobs(self, until: float | None) -> None:
        """Look after what no callback tells, as far as there are handlers who want to hear of it."""
        engine, keys, kinds = self.handling.engine, self.handling.keys, self.handling.handlers.kinds
        await find_lost(engine, self.calls, self.runtime, until)
        if "pay.PaymentChanged" in kinds:
            await watch_payments(engine, self.calls, self.runtime, keys, until)
        if "notify.DeliveryReceipt" in kinds:
            await follow_up(engine, self.calls, self.runtime, keys, until)
        if "templates.TemplatesChanged" in kinds:
            await watch_templates(engine, self.calls, self.runtime, keys)
        if "keys.KeyExpiring" in kinds:
            await watch_keys(engine, self.calls, self.runtime, keys)
        await watch_refunds(engine, self.calls, self.runtime, keys, kinds)


def _share(until: float | None, seconds: float | None) -> float:
    """Return until when events are handled: for what is left, and for half of all even if calls took more than theirs.

    A provider of messages that does not answer must not keep what others reported from its handlers.
    """
    now = steady_time()
    if until is None or seconds is None:
        return now + _SLICE
    return now + min(_SLICE, max(until - now, seconds / 2))
