"""Nobody is in what the durable layer keeps or tells: rows, audit, CloudEvents, metrics, spans, logs, error reports.

Every operation of the layer, blocking and asyncio, over loopback HTTP, watched as the other canary test's calls are.
Payloads hold people, and are sealed: each row of each table is searched as it is kept. With every fault on the wire:
`conformance/canaries/test_in_every_fault.py`.
"""

from __future__ import annotations

import inspect
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest

from canary.test_canary import (
    ADDRESS,
    BACK,
    EMAIL,
    EMAIL_TEMPLATE,
    LETTER_TEMPLATE,
    NAME,
    NEAR,
    PHONE,
    SMS_TEMPLATE,
    VALUES,
)
from canary.test_canary_over_http import Service, Watched, assert_nothing_leaked, watched  # noqa: F401  # a fixture
from durable.test_inbox import KEY, callback_world, receipt, webhook
from govcomponents import GovComponentsError, Money
from govcomponents.cli.main import main
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.durable import AsyncDurable, Durable, GaveUp, WorkerOptions
from govcomponents.durable.async_later import AsyncLaterNotify, AsyncLaterPay
from govcomponents.durable.later import LaterNotify, LaterPay
from govcomponents.durable.storage.schema import METADATA
from govcomponents.identity import PendingSignIn
from govcomponents.notify import DeliveryReceipt
from govcomponents.observability import PrometheusObserver
from govcomponents.pay import PaymentChanged
from govcomponents.sandbox.server import SandboxServer, serving

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

JOURNEY = "licence-7"
PRICE = Money.gbp("145.00")


@dataclass
class Store:
    """A service with the durable layer on a database of its own; a worker runs where a test says so."""

    service: Service
    later: Any
    engine: sa.Engine
    url: str

    @property
    def gov(self) -> Any:
        return self.service.gov

    def call(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """Call "notify.send_email" or "receive"; whatever comes is told. Returns None after an error."""
        of, _, name = operation.rpartition(".")
        try:
            target = getattr(self.later, of) if of else self.later
            shown = target if self.service.mode is Mode.BLOCKING else BlockingView(target, self.service.runner)
            result = getattr(shown, name)(*args, **kwargs)
        except GovComponentsError as error:
            self.service.told.error(error)
            return None
        self.service.told.result(result)
        return result

    def work(self) -> None:
        """Let a worker do what is due, and again what it leaves in doubt or waiting."""
        for _ in range(2):
            self.call("run_due")
            with self.engine.begin() as connection:
                for table in METADATA.sorted_tables:
                    times = {one: one - 7200 for one in table.columns if one.name in ("due_at", "doubt_since", "until")}
                    if times:
                        connection.execute(sa.update(table).values(times))

    def kept(self) -> str:
        """Every column of every row, as it is kept, and what is told of the rows from outside."""
        found = []
        with self.engine.connect() as connection:
            for table in METADATA.sorted_tables:
                for row in connection.execute(sa.select(table)):
                    found += [part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in row]
        registry = CollectorRegistry()
        PrometheusObserver(registry).add_gauges(self.later.gauges)
        return "\n".join([*found, generate_latest(registry).decode()])


def _email(store: Store) -> None:
    store.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, VALUES, reference="R-1", journey=JOURNEY)
    store.work()


def _wrong(store: Store) -> None:
    """What is refused at once, and a reference that is used again with another content."""
    store.call("notify.send_email", f"{EMAIL} <{NAME}", EMAIL_TEMPLATE, VALUES, reference="R-1")
    store.call("notify.send_email", EMAIL, EMAIL_TEMPLATE, VALUES, reference="R-1", journey=JOURNEY)
    store.call("notify.send_email", f"other.{EMAIL}", EMAIL_TEMPLATE, VALUES, reference="R-1", journey=JOURNEY)


def _payment(store: Store, **more: Any) -> Any:
    made = store.call("pay.create", PRICE, "RENEW-7", "Renew a licence", BACK, journey=JOURNEY, **NEAR, **more)
    if made is not None:
        store.service.told.canaries.add(made.next_url.reveal())
    return made


def _with_payment(store: Store, operation: str, *args: Any, **more: Any) -> None:
    payment = _payment(store)
    identity = payment.id if payment else "none"
    store.call(operation, identity, *args, reference=f"R-{operation}", journey=JOURNEY, **more)
    store.work()


def _received(store: Store) -> None:
    """Callbacks that are proved, a forged one, and handlers of which one fails with a person in its words."""
    seen = store.service.told.result

    def fails(_event: object, _transaction: object) -> None:
        raise LookupError(f"no such person: {NAME}")

    store.later.when(DeliveryReceipt)(fails)
    store.later.when(PaymentChanged)(lambda event, transaction: seen(event))
    if payment := _payment(store):
        store.call("receive", "pay", *webhook(payment))
    store.call("receive", "notify", *receipt(1))
    store.call("receive", "notify", receipt(2)[0], {"Authorization": f"Bearer {NAME}"})
    store.call("receive", "identity", f"logout_token={NAME}.{EMAIL}.x".encode(), {})
    store.work()


def _given_up(store: Store) -> None:
    seen = store.service.told.result
    store.later.when(GaveUp)(lambda event, transaction: seen(event))
    store.call(
        "notify.send_email",
        *(EMAIL, EMAIL_TEMPLATE, VALUES),
        reference="R-1",
        journey=JOURNEY,
        give_up_after=timedelta(seconds=1),
    )
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE gov_outbox SET give_up_at = give_up_at - 60"))
    store.work()


def _signed_in(store: Store) -> None:
    service = store.service

    async def begun() -> Any:
        with store.gov.journey(JOURNEY):
            return await store.gov.identity.start()

    if service.mode is Mode.ASYNCIO:
        signing_in = service.runner.run(begun())
    else:
        with store.gov.journey(JOURNEY):
            signing_in = store.gov.identity.start()
    kept = PendingSignIn.load(signing_in.pending.dump())
    person = service.browser()
    back = person.send(person.open(signing_in.url).form_with("person"), person="SAM", outcome="success").url
    identity = service.call("identity.complete", kept, back)
    if identity is not None:
        service.told.canaries.add(identity.id_token.reveal())
        store.call("signed_in", identity)


def _limited(store: Store) -> None:
    store.call("limiter", per_minute=600)
    store.call("limiter", EMAIL)


OPERATIONS: dict[str, Callable[[Store], None]] = {
    "notify.send_email": _email,
    "notify.send_sms": lambda s: (
        s.call("notify.send_sms", PHONE, SMS_TEMPLATE, VALUES, reference="R-1", journey=JOURNEY),
        s.work(),
    ),
    "notify.send_letter": lambda s: (
        s.call("notify.send_letter", ADDRESS, LETTER_TEMPLATE, VALUES, reference="R-1", journey=JOURNEY),
        s.work(),
    ),
    "pay.create": lambda s: (_payment(s), s.work()),
    "pay.refund": lambda s: _with_payment(s, "pay.refund", Money.gbp("5.00"), available=PRICE),
    "pay.capture": lambda s: _with_payment(s, "pay.capture"),
    "pay.cancel": lambda s: _with_payment(s, "pay.cancel"),
    "receive": _received,
    "when": _received,
    "when_hung": lambda s: s.call("when_hung", lambda: None),
    "run_due": _given_up,
    "signed_in": _signed_in,
    "journey": lambda s: (_email(s), s.call("journey", JOURNEY), s.call("journey", f"{NAME}\n")),
    "reconcile": lambda s: (_payment(s), s.call("reconcile", datetime.now(UTC).date()), s.call("reconcile", NAME)),
    "erase": lambda s: (_email(s), s.call("erase", journey=JOURNEY), s.call("erase", journey=f"{EMAIL}\n")),
    "status": lambda s: (_wrong(s), s.call("status")),
    "account": lambda s: s.call("account", NAME),
    "limiter": _limited,
    "check": lambda s: s.call("check"),
    "migrate": lambda s: s.call("migrate"),
    "close": lambda s: s.call("close" if s.service.mode is Mode.BLOCKING else "aclose"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with serving(callback_world(), port=0) as running:
        yield running


@pytest.fixture
def store(
    server: SandboxServer,
    gov_mode: Mode,
    gov_runner: asyncio.Runner,
    watched: Watched,  # noqa: F811  # the fixture
    tmp_path: Path,
) -> Iterator[Store]:
    server.sandbox.faults.clear()
    watched.begin()
    service = Service(server.sandbox.settings(), server, gov_mode, gov_runner, watched.observers())
    service.told.canaries |= {KEY, receipt(1)[1]["Authorization"]}
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = sa.create_engine(url)
    kind: Any = Durable if gov_mode is Mode.BLOCKING else AsyncDurable
    later = kind(service.gov, engine, keys=[KEY], worker=WorkerOptions(concurrency=1))
    made = Store(service, later, engine, url)
    made.call("migrate")
    yield made
    server.sandbox.faults.clear()
    service.close()
    engine.dispose()


def test_every_operation_of_the_layer_has_a_canary() -> None:
    for kinds in ((Durable, LaterNotify, LaterPay), (AsyncDurable, AsyncLaterNotify, AsyncLaterPay)):
        operations = {
            f"{before}{'close' if name == 'aclose' else name}"
            for kind, before in zip(kinds, ("", "notify.", "pay."), strict=True)
            for name, _ in inspect.getmembers_static(kind, inspect.isfunction)
            if not name.startswith("_")
        }
        assert operations == set(OPERATIONS), "add the operation to OPERATIONS, with canaries as its arguments"


def assert_nobody_is_kept_or_told(
    store: Store,
    watched: Watched,  # noqa: F811  # the fixture's value
    operation: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Do an operation, and search all that is kept and told then."""
    with caplog.at_level(logging.DEBUG):
        OPERATIONS[operation](store)
        store.service.call("pay.get", "none")  # so that something was watched
        for command in (["audit", "export"], ["journey", JOURNEY, "--json"], ["status", "--json"], ["outbox", "list"]):
            assert main([*command, "--database", store.url]) in (0, 1)
    store.service.told.texts += [store.kept(), capsys.readouterr().out]
    assert_nothing_leaked(store.service, watched, caplog.text)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nobody_is_in_the_store_or_in_what_is_told_of_it(
    store: Store,
    watched: Watched,  # noqa: F811  # the fixture
    operation: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert_nobody_is_kept_or_told(store, watched, operation, caplog, capsys)


def test_what_is_searched_has_the_audit_and_its_events_in_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    _email(store)
    assert main(["audit", "export", "--database", store.url]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (events[0]["type"], events[0]["subject"]) == ("govcomponents.notify.send_email.queued", JOURNEY)
    kept = store.kept()
    assert "notify.send_email" in kept
    assert 'govcomponents_outbox_rows{govcomponents_account="default"' in kept
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE gov_audit SET problem = :problem"), {"problem": f"no such person: {NAME}"})
    store.service.told.texts.append(store.kept())
    assert store.service.told.found() == {NAME}
