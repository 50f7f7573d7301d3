"""The options of a durable layer, beside its components and its database, and their check before anything is made."""

from __future__ import annotations

from datetime import timedelta

from govcomponents.core.inputs import callable_argument, instance_argument, method_argument
from govcomponents.durable.outbox.worker import WorkerOptions
from govcomponents.durable.retention.tidying import Retention
from govcomponents.errors import InvalidInput


def check_options(
    operation: str, *, give_up_after: object, worker: object, handle_in: object, budgets: object, keep: object
) -> None:
    """Raise InvalidInput, which names the argument, for the first that is none such. None is left out."""
    fix = "give a timedelta above 0, such as timedelta(days=7)"
    if instance_argument(give_up_after, timedelta, field="give_up_after", fix=fix, operation=operation) <= timedelta(0):
        raise InvalidInput(field="give_up_after", problem="it is not above 0", fix=fix, operation=operation)
    if worker is not None:
        fix = "give WorkerOptions(...), or leave it out"
        instance_argument(worker, WorkerOptions, field="worker", fix=fix, operation=operation)
    if handle_in is not None:
        fix = "give a function that returns a context manager, such as django.db.transaction.atomic"
        callable_argument(handle_in, field="handle_in", fix=fix, operation=operation)
    if budgets is not None:
        fix = "give a store such as RedisBudgets(client), or leave it out"
        method_argument(budgets, "reserve", field="budgets", fix=fix, operation=operation)
    if keep is not None:
        fix = "give Retention(...), or leave it out"
        instance_argument(keep, Retention, field="keep", fix=fix, operation=operation)
