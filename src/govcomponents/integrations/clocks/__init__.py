"""Clocks: engines that say when `later.run_due` is to be called. What is due is in the service's database, not there.

    from govcomponents.integrations.clocks import celery_clock

    nudge = celery_clock(app, later)     # a task every ten seconds
    nudge()                              # and one now, after the commit of what was put down

A broker that is away or loses everything costs a wait until the next turn. Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.integrations.clocks.aws_lambda import lambda_clock as lambda_clock
    from govcomponents.integrations.clocks.celery import celery_clock as celery_clock
    from govcomponents.integrations.clocks.django_tasks import django_clock as django_clock
    from govcomponents.integrations.clocks.dramatiq import dramatiq_clock as dramatiq_clock
    from govcomponents.integrations.clocks.procrastinate import procrastinate_clock as procrastinate_clock
    from govcomponents.integrations.clocks.rq import rq_clock as rq_clock
    from govcomponents.integrations.clocks.turns import Nudge as Nudge, turn as turn

_HOMES = {
    "integrations.clocks.aws_lambda": "lambda_clock",
    "integrations.clocks.celery": "celery_clock",
    "integrations.clocks.django_tasks": "django_clock",
    "integrations.clocks.dramatiq": "dramatiq_clock",
    "integrations.clocks.procrastinate": "procrastinate_clock",
    "integrations.clocks.rq": "rq_clock",
    "integrations.clocks.turns": "Nudge turn",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
