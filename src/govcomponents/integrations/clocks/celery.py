"""Celery as the clock: one task a turn, never a payload in the broker, and a nudge after a commit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from govcomponents.integrations.clocks.turns import EVERY, NAME, SECONDS, found, told, turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.integrations.clocks.turns import DurableLike, Nudge


class CeleryTask(Protocol):
    """The part of a task of Celery that is used here."""

    def apply_async(self, *, expires: float, retry: bool, ignore_result: bool) -> object:
        """Put it into the broker."""
        ...

    def signature(self) -> object:
        """Return what beat is given."""
        ...


class CeleryApp(Protocol):
    """The part of `celery.Celery` that is used here."""

    def task(self, *, name: str, ignore_result: bool) -> Callable[[Callable[[], None]], CeleryTask]:
        """Register a task."""
        ...

    def add_periodic_task(self, schedule: float, sig: object, *, name: str, expires: float) -> object:
        """Let beat send a task again and again."""
        ...


def celery_clock(app: CeleryApp, later: DurableLike, *, every: float = EVERY, seconds: float = SECONDS) -> Nudge:
    """Let Celery's workers do the work: a task of at most `seconds`, every so many seconds by beat. Returns the nudge.

    Call it where the application is made, so that workers, beat and the service's own processes all know the task. A
    task that no worker took in time expires: what is due is in the database, and turns that pile up would find nothing.
    `later` may be a function, which is called in the process of the worker; connections of the engine that were opened
    before a worker process was forked are left to its parent.
    """
    from celery.signals import worker_process_init
    from kombu.exceptions import OperationalError

    task = app.task(name=NAME, ignore_result=True)(turn(later, seconds))
    app.add_periodic_task(every, task.signature(), name=NAME, expires=every)

    def leave_connections(**_signal: object) -> None:
        if not callable(later):
            with suppress(Exception):  # it is only about to be used
                found(later).engine.dispose(close=False)

    worker_process_init.connect(leave_connections, weak=False)

    def nudge() -> bool:
        def send() -> object:
            return task.apply_async(expires=every, retry=False, ignore_result=True)

        return told("Celery", send, OperationalError, OSError)

    return nudge
