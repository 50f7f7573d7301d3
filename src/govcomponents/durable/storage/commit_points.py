"""The moments at which a process may die, each with a name, so that tests can kill it there and see nothing lost."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class CommitPoint(StrEnum):
    """A moment beside something that is kept: just before a commit, just after it, or just after a provider acted."""

    OUTBOX_INSERTED = "outbox.inserted"
    """The row of a call is in the caller's transaction, which is not committed."""
    OUTBOX_QUEUED = "outbox.queued"
    """The row of a call is committed, in a transaction of its own; its caller does not know yet."""
    OUTBOX_CLAIMING = "outbox.claiming"
    """Rows are claimed, not committed."""
    OUTBOX_CLAIMED = "outbox.claimed"
    """The claim is committed, and nothing is sent."""
    OUTBOX_SENDING = "outbox.sending"
    """A call is about to be made."""
    OUTBOX_SENT = "outbox.sent"
    """The provider has answered, and nothing of it is put down."""
    OUTBOX_LOOKED_UP = "outbox.looked_up"
    """A row in doubt was looked up at the provider, and nothing of it is put down."""
    OUTBOX_ENDING = "outbox.ending"
    """What became of rows is put down, not committed."""
    OUTBOX_ENDED = "outbox.ended"
    """What became of rows is committed."""
    INBOX_PROVED = "inbox.proved"
    """A callback is proved to be the provider's, and not stored."""
    INBOX_STORING = "inbox.storing"
    """An event is stored, not committed."""
    INBOX_STORED = "inbox.stored"
    """An event is committed, and the provider not answered."""
    INBOX_CLAIMED = "inbox.claimed"
    """The claim of an event is committed, and no handler called."""
    INBOX_ASKED = "inbox.asked"
    """The provider told the present state, and no handler is called."""
    INBOX_MARKED = "inbox.marked"
    """The event is marked as handled in the handlers' transaction, and none of them is called."""
    INBOX_ACTED = "inbox.acted"
    """Every handler has ended, and their transaction is not committed."""
    INBOX_HANDLED = "inbox.handled"
    """The handlers' transaction is committed."""
    PAYMENT_BEGINNING = "payment.beginning"
    """That a payment is about to be made is put down, not committed."""
    PAYMENT_BEGUN = "payment.begun"
    """That a payment is about to be made is committed, and it is not made."""
    PAYMENT_MADE = "payment.made"
    """The provider has made a payment, and its id is not put down."""
    PAYMENT_NOTING = "payment.noting"
    """The id of a payment is put down, not committed."""
    PAYMENT_NOTED = "payment.noted"
    """The id of a payment is committed, and its caller does not know it."""
    PAYMENT_FOUND = "payment.found"
    """A payment whose making was cut off was found at the provider, and nothing of it is put down."""
    PAYMENT_SETTLING = "payment.settling"
    """That it was found is put down together with its event, not committed."""
    PAYMENT_SETTLED = "payment.settled"
    """That it was found is committed."""
    JOB_TAKEN = "job.taken"
    """The turn of a job is taken and committed, and nothing of it done."""
    JOB_ASKED = "job.asked"
    """The provider told a job what it asked for, and nothing of it is put down."""
    JOB_TOLD = "job.told"
    """An event of a job is committed, and the job not at its end."""
    AUDIT_SEALING = "audit.sealing"
    """A seal over entries of the audit is put down, not committed."""
    AUDIT_SEALED = "audit.sealed"
    """A seal is committed."""
    TIDYING = "retention.tidying"
    """What was kept for long enough is deleted, not committed."""


_watch: Callable[[CommitPoint], None] | None = None


def reached(point: CommitPoint) -> None:
    """Tell whoever watches that a process is at a point. In production nobody does, and this is one comparison."""
    if _watch is not None:
        _watch(point)


@contextmanager
def watching(watch: Callable[[CommitPoint], None]) -> Iterator[None]:
    """Call a function at each point that this process comes to, in the thread that comes to it. For tests."""
    global _watch  # noqa: PLW0603  # one for the process, which is what dies
    before, _watch = _watch, watch
    try:
        yield
    finally:
        _watch = before


def dying_at(point: CommitPoint | str, time: int = 1) -> Callable[[CommitPoint], None]:
    """Return a watch that kills this process (SIGKILL) when it comes to a point for the nth time. For tests."""
    wanted, seen = CommitPoint(point), 0

    def watch(at: CommitPoint) -> None:
        nonlocal seen
        if at is wanted:
            seen += 1
            if seen == time:
                os.kill(os.getpid(), signal.SIGKILL)

    return watch
