"""RQ as the clock: a job that takes nothing and gives nothing, by the path of a function of the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from govcomponents.integrations.clocks.turns import EVERY, SECONDS, told

if TYPE_CHECKING:
    from govcomponents.integrations.clocks.turns import Nudge


class RqQueue(Protocol):
    """The part of `rq.Queue` that is used here."""

    def enqueue(self, f: str, *, job_timeout: int, ttl: int, result_ttl: int, failure_ttl: int) -> object:
        """Put a job into Redis."""
        ...


def rq_clock(queue: RqQueue, path: str, *, every: float = EVERY, seconds: float = SECONDS) -> Nudge:
    """Return the nudge for a turn at a path, such as "service.jobs.run_due", where `run_due = turn(later)`.

    RQ's own cron gives the beat: `cron.register(run_due, queue_name="default", interval=10)`. A job that no worker took
    in time is dropped.
    """
    import redis

    def nudge() -> bool:
        def send() -> object:
            limits = {"job_timeout": int(3 * seconds) + 60, "ttl": max(1, int(every)), "result_ttl": 0}
            return queue.enqueue(path, **limits, failure_ttl=3600)

        return told("RQ", send, redis.RedisError, OSError)

    return nudge
