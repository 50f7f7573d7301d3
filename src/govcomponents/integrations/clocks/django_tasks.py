"""Django's tasks as the clock: one task a turn, which holds no data. From Django 6, or the package django-tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import Error

from govcomponents.errors import ConfigurationError
from govcomponents.integrations.clocks.turns import told, turn
from govcomponents.integrations.django import gov

if TYPE_CHECKING:
    from django.tasks import task

    from govcomponents.durable import Durable
    from govcomponents.integrations.clocks.turns import Nudge
else:
    try:
        from django.tasks import task
    except ImportError:
        try:
            from django_tasks import task
        except ImportError:
            raise ConfigurationError(
                "this Django has no tasks", fix="take Django 6, or pip install django-tasks"
            ) from None


def django_clock() -> Nudge:
    """Let the workers of the project's setting TASKS do the work. Returns the nudge: `transaction.on_commit(nudge)`.

    Django's tasks come at no set time of themselves: let cron run `manage.py govcomponents_work --once` as well, for
    what callbacks brought and what is tried again. A nudge that could not be put down costs a wait until then.
    """

    def nudge() -> bool:
        return told("Django's tasks", run_due.enqueue, Error, OSError)

    return nudge


def _later() -> Durable:
    return gov.later


_turn = turn(_later)


@task
def run_due() -> None:
    """Do one turn of work."""
    _turn()
