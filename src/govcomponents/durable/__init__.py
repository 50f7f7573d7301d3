"""Payments and messages that are not lost and not made twice, whatever dies when: rows beside the service's own.

    from govcomponents import GovComponents
    from govcomponents.durable import Durable

    later = Durable(GovComponents.from_settings(), engine)
    later.notify.send_email(to, "receipt", values, reference="licence-7-receipt", on=session)

Needs the extra `durable`. Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.durable.async_later import (
        AsyncLaterNotify as AsyncLaterNotify,
        AsyncLaterPay as AsyncLaterPay,
    )
    from govcomponents.durable.audit.timeline import JourneyStep as JourneyStep
    from govcomponents.durable.async_service import (
        AsyncDurable as AsyncDurable,
        AsyncLaterAccount as AsyncLaterAccount,
    )
    from govcomponents.durable.inbox.events import (
        CaptureDue as CaptureDue,
        CaptureMissing as CaptureMissing,
        GaveUp as GaveUp,
        KeyExpiring as KeyExpiring,
        PaymentFound as PaymentFound,
        TemplatesChanged as TemplatesChanged,
    )
    from govcomponents.durable.later import LaterNotify as LaterNotify, LaterPay as LaterPay
    from govcomponents.durable.outbox.enqueue import Ticket as Ticket
    from govcomponents.durable.outbox.status import OutboxStatus as OutboxStatus
    from govcomponents.durable.outbox.worker import WorkerOptions as WorkerOptions, WorkReport as WorkReport
    from govcomponents.durable.payments.reconciling import Difference as Difference, Reconciliation as Reconciliation
    from govcomponents.durable.retention.erasing import Erasure as Erasure
    from govcomponents.durable.retention.tidying import Retention as Retention
    from govcomponents.durable.service import Durable as Durable, LaterAccount as LaterAccount
    from govcomponents.durable.shared.budgets import (
        Budgets as Budgets,
        Reserved as Reserved,
        StoreBudgets as StoreBudgets,
    )
    from govcomponents.durable.shared.redis_budgets import RedisBudgets as RedisBudgets
    from govcomponents.durable.shared.redis_keys import (
        RedisDocumentStore as RedisDocumentStore,
        RedisEndedSessions as RedisEndedSessions,
        RedisPendingStore as RedisPendingStore,
        RedisReplayStore as RedisReplayStore,
    )
    from govcomponents.durable.shared.sql_stores import (
        SqlDocumentStore as SqlDocumentStore,
        SqlEndedSessions as SqlEndedSessions,
        SqlPendingStore as SqlPendingStore,
        SqlReplayStore as SqlReplayStore,
    )
    from govcomponents.durable.storage.transactions import (
        DjangoConnection as DjangoConnection,
        Transaction as Transaction,
    )

_HOMES = {
    "durable.async_later": "AsyncLaterNotify AsyncLaterPay",
    "durable.async_service": "AsyncDurable AsyncLaterAccount",
    "durable.audit.timeline": "JourneyStep",
    "durable.inbox.events": "CaptureDue CaptureMissing GaveUp KeyExpiring PaymentFound TemplatesChanged",
    "durable.later": "LaterNotify LaterPay",
    "durable.outbox.enqueue": "Ticket",
    "durable.outbox.status": "OutboxStatus",
    "durable.outbox.worker": "WorkerOptions WorkReport",
    "durable.payments.reconciling": "Difference Reconciliation",
    "durable.retention.erasing": "Erasure",
    "durable.retention.tidying": "Retention",
    "durable.service": "Durable LaterAccount",
    "durable.shared.budgets": "Budgets Reserved StoreBudgets",
    "durable.shared.redis_budgets": "RedisBudgets",
    "durable.shared.redis_keys": "RedisDocumentStore RedisEndedSessions RedisPendingStore RedisReplayStore",
    "durable.shared.sql_stores": "SqlDocumentStore SqlEndedSessions SqlPendingStore SqlReplayStore",
    "durable.storage.transactions": "DjangoConnection Transaction",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(
        __name__, _HOMES, {"sqlalchemy": 'pip install "govcomponents[durable]"'}
    )
