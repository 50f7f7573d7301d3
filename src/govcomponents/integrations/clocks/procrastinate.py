"""Procrastinate as the clock: a periodic task, of which no more than one waits at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.integrations.clocks.turns import NAME, SECONDS, told, turn

if TYPE_CHECKING:
    from procrastinate import App

    from govcomponents.integrations.clocks.turns import DurableLike, Nudge


def procrastinate_clock(
    app: App, later: DurableLike, *, cron: str = "* * * * * */10", seconds: float = SECONDS
) -> Nudge:
    """Let procrastinate's workers do the work: a task of at most `seconds`, at the times of `cron`. Returns the nudge.

    The sixth field of `cron` are seconds. The nudge is for blocking code.
    """
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

    run_due = turn(later, seconds)

    @app.periodic(cron=cron)
    @app.task(name=NAME, queueing_lock=NAME)
    def periodic(timestamp: int = 0) -> None:  # noqa: ARG001  # procrastinate gives it by name
        run_due()

    def nudge() -> bool:
        def send() -> None:
            try:
                periodic.defer()
            except AlreadyEnqueued:
                return  # that one does it

        return told("procrastinate", send, ConnectorException, OSError)

    return nudge
