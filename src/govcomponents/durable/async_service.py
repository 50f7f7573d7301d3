"""The asyncio face of the durable layer: `AsyncDurable`, over the database that the service has already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar, cast

from govcomponents.components import AsyncGovComponents
from govcomponents.core.inputs import instance_argument
from govcomponents.core.journeys import check_journey, current_journey
from govcomponents.durable.async_later import AsyncLaterNotify, AsyncLaterPay
from govcomponents.durable.audit.entries import Entry, note_alone, note_on, tell_step
from govcomponents.durable.audit.timeline import timeline
from govcomponents.durable.inbox.handling import Handler, Handlers, Handling
from govcomponents.durable.inbox.receiving import check_source, not_proved, stored
from govcomponents.durable.operating.gauges import StoreGauges
from govcomponents.durable.options import check_options
from govcomponents.durable.outbox.capturing import Calls, capturing_port
from govcomponents.durable.outbox.delivery import Delivery
from govcomponents.durable.outbox.enqueue import Queue
from govcomponents.durable.outbox.status import outbox_status
from govcomponents.durable.outbox.worker import WorkerOptions
from govcomponents.durable.payments.reconciling import Reconciliation, compare_day
from govcomponents.durable.payments.recording import Recording, recording
from govcomponents.durable.retention.erasing import erase_alone, erase_on
from govcomponents.durable.retention.tidying import Retention
from govcomponents.durable.running import Running
from govcomponents.durable.shared.budgets import StoreBudgets, limiter_of
from govcomponents.durable.shared.sql_stores import SqlEndedSessions, SqlPendingStore, SqlReplayStore
from govcomponents.durable.storage.engines import EngineLike, asyncio_engine_of, engine_for, store_engine
from govcomponents.durable.storage.migrating import check_tables, check_version, migrate
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.errors import DEFAULT_ACCOUNT, ConfigurationError, GovComponentsError
from govcomponents.frames import shield
from govcomponents.identity.models import Identity

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Engine

    from govcomponents.accounts import Account
    from govcomponents.core.callbacks import Headers
    from govcomponents.durable.audit.timeline import JourneyStep
    from govcomponents.durable.outbox.status import OutboxStatus
    from govcomponents.durable.outbox.worker import WorkReport
    from govcomponents.durable.retention.erasing import Erasure
    from govcomponents.durable.shared.budgets import Budgets
    from govcomponents.durable.storage.transactions import Transaction
    from govcomponents.identity.async_service import AsyncIdentityService
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.notify.async_service import AsyncNotifyService
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.notify.limiters import Limiter
    from govcomponents.pay.async_service import AsyncPayService
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.port import PayPort
    from govcomponents.privacy import Secret
    from govcomponents.web.messages import Answer

HandlerT = TypeVar("HandlerT", bound=Handler)

PATIENCE = timedelta(days=7)
"""After this a call that could not be made is given up, unless it says something else: providers forget by then."""


@shield
class AsyncDurable:
    """The durable layer, for asyncio callers. Belongs to one event loop.

    `later.notify` and `later.pay` take the calls of `gov.notify` and `gov.pay`, and put each down as a row in the
    caller's own transaction (`on`); a worker makes them later, each once, whatever dies meanwhile.

        later = AsyncDurable(gov, engine)
        await later.notify.send_email(to, "receipt", values, reference="licence-7-receipt", on=session)

    `engine_or_url` is of PostgreSQL or SQLite; without it the rows are in the file govcomponents.db. `keys` are the
    data keys that payloads are sealed under, newest first: 32 random bytes each, in base64. In production there must
    be one. `give_up_after` is how long a call is tried that does not say so itself; `worker` are the options of
    `run_due`. `handle_in` begins the transactions of handlers, where they are not to be SQLAlchemy's: a function that
    returns a context manager, which gives the transaction. `budgets` are where all workers share the account's
    `requests_per_minute`: in the store, or in Redis with `RedisBudgets`. `keep` is how long what has ended is kept.
    `aclose` it when the process ends, or use it as an async context manager: an engine that was given stays open.
    Raises ConfigurationError, and InvalidInput for what is none such.
    """

    def __init__(
        self,
        gov: AsyncGovComponents,
        engine_or_url: EngineLike | None = None,
        *,
        keys: Sequence[Secret | str] = (),
        give_up_after: timedelta = PATIENCE,
        worker: WorkerOptions | None = None,
        handle_in: Callable[[], AbstractContextManager[Transaction]] | None = None,
        budgets: Budgets | None = None,
        keep: Retention | None = None,
    ) -> None:
        fix = "give the AsyncGovComponents through which the calls are made"
        instance_argument(gov, AsyncGovComponents, field="gov", fix=fix, operation="AsyncDurable")
        options = {"worker": worker, "handle_in": handle_in, "budgets": budgets, "keep": keep}
        check_options("AsyncDurable", give_up_after=give_up_after, **options)
        self._gov = gov
        self._runtime = gov.runtime
        self._keys = PayloadKeys(keys)
        if gov.runtime.is_production and not self._keys:
            raise ConfigurationError(
                "in production the durable layer needs a data key to seal what it keeps about people",
                fix="give keys=[...]: 32 random bytes in base64, from your store of secrets",
            )
        self._patience = give_up_after
        self._given = engine_for(engine_or_url)
        self._is_engine_own = self._given is not engine_or_url
        self._engine = store_engine(self._given)
        self._capturing = gov.over(capturing_port, ())
        self._calls = gov.over(lambda port: port, self._runtime.observers)
        self._asyncio_engine = asyncio_engine_of(engine_or_url, gov)
        self._handlers = Handlers(takes_coroutines=self._asyncio_engine is not None)
        self._handle_in = handle_in
        self._worker = worker or WorkerOptions()
        self._budgets = budgets or StoreBudgets(self._engine)
        self._keep = keep or Retention()
        self._is_checked = False
        self._accounts: dict[str, AsyncLaterAccount] = {}

    @property
    def components(self) -> AsyncGovComponents:
        """The components through which the calls are made."""
        return self._gov

    @property
    def ended_sessions(self) -> SqlEndedSessions:
        """The store of ended sessions on this database, for the web handlers: the shells take it by themselves."""
        return SqlEndedSessions(self._engine)

    @property
    def used_once(self) -> SqlReplayStore:
        """The store of what was used once on this database, for sign-ins and events of identity."""
        return SqlReplayStore(self._engine)

    @property
    def sign_ins_under_way(self) -> SqlPendingStore:
        """The store of sign-ins that are under way on this database: the shells' `pending="database"`."""
        return SqlPendingStore(self._engine)

    @property
    def gauges(self) -> StoreGauges:
        """The gauges of this store for metrics: `observer.add_gauges(later.gauges)` in one process of the service."""
        return StoreGauges(self._engine)

    @property
    def engine(self) -> Engine:
        """The engine of the store: the one that was given, or the layer's own."""
        return self._given

    @property
    def notify(self) -> AsyncLaterNotify:
        """Messages to be sent later. Raises ConfigurationError if they are not configured."""
        return self.account(DEFAULT_ACCOUNT).notify

    @property
    def pay(self) -> AsyncLaterPay:
        """Refunds, captures and cancellations to be made later. Raises ConfigurationError if pay is not configured."""
        return self.account(DEFAULT_ACCOUNT).pay

    def account(self, name: str) -> AsyncLaterAccount:
        """Return `later.notify` and `later.pay` of one account. Raises ConfigurationError if there is none."""
        made = self._accounts.get(name) if type(name) is str else None  # anything else is refused below
        if made is not None:
            return made
        account = self._gov.account(name) if name != DEFAULT_ACCOUNT else self._gov
        runtime = replace(self._runtime, account=name)
        queue = Queue(self._engine, runtime, self._keys, self._patience)
        port = cast("PayPort", self._calls.ports.get(("pay", name)))
        record = partial(recording, port, self._engine, runtime)
        made = self._accounts[name] = AsyncLaterAccount(account, self._capturing, queue, record)
        return made

    async def migrate(self) -> None:
        """Create the tables, or bring them up to date, where the service is deployed. Repeating it is harmless.

        Raises Unavailable if the database is away, ConfigurationError if this user may not make them.
        """
        await self._runtime.transport.run_blocking(lambda: migrate(self._engine))

    async def check(self) -> None:
        """Raise ConfigurationError unless the database has the tables, of a version that this one can work with.

        Also if somebody dropped a column or a key of them. That an index is missing is a warning in the log.
        """
        await self._runtime.transport.run_blocking(lambda: check_tables(self._engine))

    async def run_due(self, *, seconds: float | None = None, limit: int | None = None) -> WorkReport:
        """Make the calls that are due, many at once, and handle what came, until nothing is left.

        For at most `seconds`, or `limit` calls. Safe from anywhere: cron, a task of Celery, a request, a test, and any
        number of processes at once. What is under way when `seconds` are over is brought to its end, and handlers get
        half of the time even then. Raises ConfigurationError if the tables are not there, Unavailable if the database
        stays away.
        """
        look = check_version if self._is_checked else check_tables
        await self._runtime.transport.run_blocking(lambda: look(self._engine))
        self._is_checked = True
        handling = Handling(
            engine=self._engine,
            keys=self._keys,
            handlers=self._handlers,
            calls=self._calls,
            observers=self._runtime.observers,
            lease=self._worker.lease,
            on_hang=self._worker.on_hang,
            run=self._runtime.transport.run_blocking,
            asyncio_engine=self._asyncio_engine,
            within=self._handle_in,
            service_engine=self._given,
            longest=self._keep.unhandled.total_seconds(),
        )
        running = Running(self._calls, self._runtime, self._worker, self._budgets, handling, self._keep)
        return await running.all_due(seconds, limit)

    def limiter(self, account: str = DEFAULT_ACCOUNT, *, per_minute: float | None = None) -> Limiter:
        """Return the limiter of an account's messages, for those who send without the outbox: one budget for all.

            gov.notify.send_many(rows, template, channel="email", batch="renewals", limiter=later.limiter())

        The pace is the account's `requests_per_minute`, or `per_minute`, which then has to be the same everywhere.
        Raises InvalidInput if there is neither.
        """
        own = Delivery(self._calls, self._keys).per_minute(account, "notify")
        return limiter_of(self._budgets, account, "notify", per_minute if own is None else own)

    async def receive(self, source: str, body: bytes, headers: Headers) -> Answer:
        """Take a callback of "pay", "notify" or "identity": verify it, store it, commit, and only then answer it.

        200 for one that is stored, also for one that came before; 401 for one that is not proved, of which nothing is
        kept (400 for "identity", as its standard has it); 503 if the database or the proof cannot be had: the provider
        sends it again. Handlers (`when`) run in `run_due`; no `mark_done` is needed, as an event is spent in their
        transaction. Raises InvalidInput for wrong arguments, ConfigurationError if the component is not configured.
        """
        check_source(source)
        event: PayEvent | NotifyEvent | IdentityEvent
        try:
            if source == "pay":
                event = await self._gov.pay.parse_callback(body, headers)
            elif source == "notify":
                event = await self._gov.notify.parse_callback(body, headers)
            else:
                event = await self._gov.identity.parse_callback(body, headers)
        except GovComponentsError as error:
            return not_proved(error, source)
        observers = self._runtime.observers
        store = partial(stored, self._engine, event, source, self._keys, observers)
        return await self._runtime.transport.run_blocking(store)

    def when(self, kind: type[object]) -> Callable[[HandlerT], HandlerT]:
        """Register a handler of a class of events, such as PaymentChanged, DeliveryReceipt or GaveUp; a decorator.

        The handler is a function of the event and of the transaction, a SQLAlchemy Connection, in which the event is
        marked as handled too: if it raises, both are undone, and it is called again later. It commits nothing. With
        `AsyncDurable` on an AsyncEngine it may be a coroutine function, and gets an AsyncConnection.

        Before that the provider is asked: an event of a payment has the `payment` as it stands now, a receipt the
        present status. If it cannot be asked, the event waits. Events of one subject come one after the other. One
        whose handlers raise, or do not end within a lease, is tried again with longer and longer waits, ten times in
        all; then it is given up, and kept for `govcomponents inbox retry`.
        Register handlers where the process begins: what a process has none for waits for one that has.
        """

        def register(handler: HandlerT) -> HandlerT:
            self._handlers.add(kind, handler)
            return handler

        return register

    def when_hung(self, call: Callable[[], None]) -> None:
        """Register what is called when a handler did not end within a lease: to end a process that does nothing else.

        It is called in a thread of its own, while the handler still hangs.
        """
        self._worker = replace(self._worker, on_hang=call)

    async def journey(self, journey: str) -> tuple[JourneyStep, ...]:
        """Return the timeline of a journey: its sign-ins, payments, messages and callbacks, the first step first.

        Empty if nothing is known of it. Raises InvalidInput.
        """
        check_journey(journey, "journey", is_needed=True)
        return await self._runtime.transport.run_blocking(lambda: timeline(self._engine, journey))

    async def reconcile(self, day: date) -> Reconciliation:
        """Compare the payments and refunds that were made on a day (in UTC) with what their providers say, both ways.

        What was made elsewhere with the same keys, or never came into being, is told as a difference, and so is every
        dispute. Raises InvalidInput, and what the providers' searches raise: half an answer would be none.
        """
        return await compare_day(self._engine, self._calls, self._runtime, day)

    async def signed_in(self, identity: Identity, *, on: Transaction | None = None) -> None:
        """Put down on the journey of a sign-in that a person signed in, and how far they were proved; not who they are.

        `on` is the caller's own transaction, with which it is committed; without it, it is committed at once. Does
        nothing for a sign-in that belongs to no journey. Raises InvalidInput.
        """
        fix = "give what gov.identity.complete returned"
        instance_argument(identity, Identity, field="identity", fix=fix, operation="signed_in")
        journey = identity.journey or current_journey()
        if journey is None:
            return
        proved = f"proved {identity.confidence.value}" if identity.confidence.value != "none" else "signed in"
        entry = Entry(journey=journey, account=identity.account, what="identity.complete", outcome=proved)
        if on is not None:
            await note_on(on, entry, "signed_in")
        else:
            await self._runtime.transport.run_blocking(lambda: note_alone(self._engine, entry))
        tell_step(self._runtime.observers, entry)

    async def erase(self, *, journey: str, on: Transaction | None = None) -> Erasure:
        """Erase what is held about the people of a journey, and cancel what of it was not sent yet.

        `on` is the caller's own transaction, with which it is committed: in a handler it has to be the handler's. What
        is being sent or is in doubt is left, and counted: ask again once it has ended. Backups are erased by dropping
        the data key that sealed them. Raises InvalidInput.
        """
        check_journey(journey, "erase", is_needed=True)
        if on is not None:
            return await erase_on(on, journey)
        return await self._runtime.transport.run_blocking(lambda: erase_alone(self._engine, journey))

    async def status(self) -> OutboxStatus:
        """Return how many rows are open, refused and dead, how late the oldest one is, and what is paused.

        Raises Unavailable if the database is away, ConfigurationError if the tables are not there.
        """
        return await self._runtime.transport.run_blocking(lambda: outbox_status(self._engine))

    async def aclose(self) -> None:
        """Close the connections to the database, unless the engine was given. Closing twice does nothing."""
        if self._is_engine_own:
            await self._runtime.transport.run_blocking(self._given.dispose)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._engine.dialect.name}>"


class AsyncLaterAccount:
    """The calls that are made later, of one account."""

    def __init__(
        self,
        account: Account[AsyncPayService, AsyncNotifyService, AsyncIdentityService],
        capturing: Calls,
        queue: Queue,
        recording: Recording,
    ) -> None:
        self._account = account
        self._capturing = capturing
        self._queue = queue
        self._recording = recording

    @cached_property
    def notify(self) -> AsyncLaterNotify:
        """Messages to be sent later. Raises ConfigurationError if they are not configured."""
        _ = self._account.notify  # raises where there is none
        name = self._account.name
        provider = self._capturing.ports["notify", name].provider
        return AsyncLaterNotify(self._capturing.notify[name], self._queue, provider)

    @cached_property
    def pay(self) -> AsyncLaterPay:
        """Refunds, captures and cancellations to be made later. Raises ConfigurationError if pay is not configured."""
        _ = self._account.pay  # raises where there is none
        name = self._account.name
        provider = self._capturing.ports["pay", name].provider
        return AsyncLaterPay(self._capturing.pay[name], self._queue, provider, self._recording)
