"""A callback is proved, stored, then answered; its handlers' effect comes once, in the transaction that ends it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, GovComponents, InvalidInput, Money, Settings, Unavailable
from govcomponents.durable import Durable, GaveUp, WorkerOptions, WorkReport
from govcomponents.durable.inbox.store import claim_event
from govcomponents.durable.operating.rows import TABLES, retry
from govcomponents.durable.storage.schema import INBOX, OUTBOX, database_time
from govcomponents.identity import LogoutNotice
from govcomponents.notify import DeliveryReceipt
from govcomponents.pay import Payment, PaymentChanged
from govcomponents.sandbox.world import default_world
from govcomponents.testing import Callback

from .conftest import LICENCES

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}
SECRET, TOKEN = "webhook_test_renewalicence0sandbox0only", "a-callback-token-of-the-test"
KEY = "vXWHLtgmN9E1fxoj//TA+q6dIU+2g4rcoiekqT+KcDc="
PERSON = "canary.person@example.com"


def receipt(number: int = 1, status: str = "delivered") -> tuple[bytes, dict[str, str]]:
    body = {
        "id": f"740e5834-3a29-46b4-9a6f-16142fde{number:04}",
        "reference": f"R-{number}",
        "to": PERSON,
        "status": status,
        "created_at": "2026-03-01T12:15:30.000000Z",
        "completed_at": "2026-03-01T12:16:30.000000Z",
        "sent_at": "2026-03-01T12:15:31.000000Z",
        "notification_type": "email",
        "template_id": EMAIL,
        "template_version": 1,
    }
    return json.dumps(body).encode(), {"Authorization": f"Bearer {TOKEN}"}


def callback_world() -> dict[str, Any]:
    """The sandbox's world, with the token of this module's receipts."""
    notify: Any = default_world()["notify"]
    service = {**notify["services"][0], "callbacks": [{"kind": "delivery_status", "bearer_token": TOKEN}]}
    return {**default_world(), "notify": {**notify, "services": [service]}}


@pytest.fixture
def later(engine: sa.Engine) -> Iterator[Durable]:
    with GovComponents.sandbox(callback_world()) as gov:
        made = Durable(gov, engine, keys=[KEY], worker=WorkerOptions(concurrency=2))
        yield made


def rows(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(INBOX).order_by(INBOX.c.id)))


def test_a_callback_is_stored_sealed_and_answered_and_a_repeat_changes_nothing(later: Durable) -> None:
    body, headers = receipt()
    assert [later.receive("notify", body, headers).status for _ in range(3)] == [200, 200, 200]
    (row,) = rows(later.engine)
    assert (row.source, row.kind, row.is_open) == ("notify", "notify.DeliveryReceipt", 1)
    assert PERSON.encode() not in b"".join(str(part).encode() for part in row)
    assert PERSON.encode() not in bytes(row.payload)


def test_what_is_not_proved_is_refused_and_nothing_of_it_is_kept(later: Durable) -> None:
    body, _ = receipt()
    assert later.receive("notify", body, {"Authorization": "Bearer forged-forged-forged"}).status == 401
    assert later.receive("pay", b"{}", {"Pay-Signature": "0" * 64}).status == 401
    assert rows(later.engine) == []
    with pytest.raises(InvalidInput, match="source: it is no source of callbacks"):
        later.receive("payments", body, {})
    with pytest.raises(InvalidInput, match="body"):
        later.receive("notify", body.decode(), {})


def test_a_database_that_is_away_lets_the_provider_come_again(later: Durable, caplog: pytest.LogCaptureFixture) -> None:
    body, headers = receipt()
    with later.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE gov_inbox"))
    assert later.receive("notify", body, headers).status == 503
    assert "a callback of notify could not be stored, and is to come again: receive: " in caplog.text
    assert "run `govcomponents durable migrate`" in caplog.text


def test_a_handler_and_the_mark_are_one_transaction(later: Durable) -> None:
    failing = [True]
    seen: list[DeliveryReceipt] = []

    @later.when(DeliveryReceipt)
    def emailed(event: DeliveryReceipt, transaction: sa.Connection) -> None:
        transaction.execute(sa.insert(LICENCES), {"id": int(event.reference.split("-")[1]), "state": event.status})
        if failing:
            raise RuntimeError(PERSON)
        seen.append(event)

    later.receive("notify", *receipt(7))
    assert later.run_due().failed == 1
    (row,) = rows(later.engine)
    assert (row.is_open, row.problem, row.payload is None) == (1, "RuntimeError", False)
    with later.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(LICENCES)) == 0
        connection.execute(sa.update(INBOX).values(due_at=0))
    failing.clear()
    assert later.run_due().handled == 1
    with later.engine.connect() as connection:
        assert connection.execute(sa.select(LICENCES)).all() == [(7, "delivered")]
    (row,) = rows(later.engine)
    assert (row.is_open, row.problem, row.payload) == (0, None, None)
    assert seen[0].recipient.reveal() == PERSON
    assert later.run_due().handled == 0


def test_what_a_process_has_no_handler_for_waits(later: Durable) -> None:
    later.receive("notify", *receipt())
    assert later.run_due().handled == 0

    @later.when(PaymentChanged)
    def paid(event: PaymentChanged, transaction: sa.Connection) -> None:
        raise AssertionError("there is no such event")

    assert later.run_due().handled == 0
    assert rows(later.engine)[0].is_open == 1


def webhook(payment: Payment, status: str = "success") -> tuple[bytes, dict[str, str]]:
    told: dict[str, Any] = {"payment_id": payment.id, "reference": "RENEW-7", "amount": 14500}
    told |= {"state": {"status": status, "finished": True}, "description": "x", "language": "en"}
    event = {"webhook_message_id": "abc123", "api_version": 1, "created_date": "2026-03-01T12:15:30.000Z"}
    event |= {"resource_id": payment.id, "resource_type": "PAYMENT", "resource": told}
    body = json.dumps(event | {"event_type": "card_payment_succeeded"}).encode()
    return body, {"Pay-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def made_payment(later: Durable) -> Payment:
    pay = later.components.pay
    return pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back")


def test_a_payments_handler_acts_on_the_payment_as_it_stands_and_not_on_the_message(later: Durable) -> None:
    payment = made_payment(later)
    seen: list[PaymentChanged] = []
    later.when(PaymentChanged)(lambda event, transaction: seen.append(event))
    assert later.receive("pay", *webhook(payment)).status == 200
    assert later.run_due().handled == 1
    (event,) = seen
    assert (event.payment_id, event.reference) == (payment.id, "RENEW-7")
    assert event.payment is not None
    assert event.state is not None
    assert (event.payment.is_paid, event.state.status) == (False, payment.status)  # nobody has paid, whatever it says


def test_an_event_whose_state_cannot_be_asked_for_waits_and_loses_no_try(later: Durable) -> None:
    payment = made_payment(later)
    seen: list[PaymentChanged] = []
    later.when(PaymentChanged)(lambda event, transaction: seen.append(event))
    later.receive("pay", *webhook(payment))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("govcomponents.durable.inbox.handling.present", away)
        assert later.run_due().failed == 1
    (row,) = rows(later.engine)
    assert (row.is_open, row.claims, row.problem, seen) == (1, 0, "Unavailable", [])
    make_due(later.engine)
    assert later.run_due().handled == 1


def test_an_adapter_that_breaks_over_one_event_stops_no_other(later: Durable) -> None:
    payment = made_payment(later)
    seen: list[object] = []
    later.when(PaymentChanged)(lambda event, transaction: seen.append(event))
    later.when(DeliveryReceipt)(lambda event, transaction: seen.append(event))
    later.receive("pay", *webhook(payment))
    later.receive("notify", *receipt())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("govcomponents.pay.async_service.AsyncPayService.get", broken)
        report = later.run_due()
    assert (report.failed, report.handled, len(seen)) == (1, 1, 1)


async def broken(*_: object, **__: object) -> object:
    raise ValueError(PERSON)


async def away(*_: object, **__: object) -> object:
    raise Unavailable("it is away", operation="pay.get")


def make_due(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(INBOX).values(due_at=0))


def test_a_handler_that_never_succeeds_is_given_up_where_an_operator_sees_it(later: Durable) -> None:
    @later.when(DeliveryReceipt)
    def emailed(event: DeliveryReceipt, transaction: sa.Connection) -> None:
        raise RuntimeError(PERSON)

    later.receive("notify", *receipt())
    reports = []
    for _ in range(12):
        reports.append(later.run_due())
        make_due(later.engine)
    assert (sum(one.failed for one in reports), sum(one.events_given_up for one in reports)) == (10, 1)
    (row,) = rows(later.engine)
    assert (row.is_open, row.problem, row.payload is None) == (0, "TooManyTries", False)
    with later.engine.begin() as connection:
        connection.execute(sa.update(INBOX).values(ended_at=INBOX.c.ended_at - 8 * 86_400))
    later.run_due()
    (row,) = rows(later.engine)
    assert row.payload is None, "after a week nothing about the person is kept"


def test_a_handler_that_hangs_is_told_of_and_its_event_goes_to_another_worker(engine: sa.Engine) -> None:
    ends, told = threading.Event(), threading.Event()
    with GovComponents.sandbox(callback_world()) as gov:
        stuck = Durable(gov, engine, worker=WorkerOptions(lease=0.4, on_hang=told.set))
        free = Durable(gov, engine)
        stuck.when(DeliveryReceipt)(lambda event, transaction: ends.wait(30))
        seen: list[DeliveryReceipt] = []
        free.when(DeliveryReceipt)(lambda event, transaction: seen.append(event))
        free.receive("notify", *receipt())
        with ThreadPoolExecutor(1) as pool:
            report = pool.submit(stuck.run_due)
            assert told.wait(20)
            if engine.dialect.name == "postgresql":  # its server ends the transaction; SQLite's ends with the process
                until = time.monotonic() + 20
                while not seen and time.monotonic() < until:
                    time.sleep(0.05)
                    free.run_due()
                assert len(seen) == 1
            ends.set()
            assert report.result().failed == (1 if engine.dialect.name == "postgresql" else 0)
    assert rows(engine)[0].is_open == 0


def test_an_event_of_identity_is_spent_in_the_transaction_of_its_handler(engine: sa.Engine) -> None:
    world = json.loads(files("govcomponents.sandbox.providers.one_login").joinpath("default_world.json").read_text())
    world["clients"][0]["back_channel_logout_url"] = "https://service.example.gov.uk/logout-notice"
    with GovComponents.sandbox({"one_login": world}) as gov:
        later = Durable(gov, engine, keys=[KEY])
        gov.simulator.one_login.sign_in_as("SAM")
        signing_in = gov.identity.start()
        person = gov.identity.complete(signing_in.pending, gov.simulator.visit(signing_in.url).headers["location"])
        failing, ended, answers = [True], [], []

        @later.when(LogoutNotice)
        def signed_out(event: LogoutNotice, transaction: sa.Connection) -> None:
            transaction.execute(sa.insert(LICENCES), {"id": 1})
            if failing:
                raise RuntimeError
            ended.append(event.subject)

        def take(callback: Callback) -> int:
            answers.extend(later.receive("identity", callback.body, callback.headers).status for _ in range(3))
            return answers[-1]

        gov.simulator.callbacks.receive(take)
        gov.simulator.one_login.sign_out_everywhere("SAM")
        gov.simulator.clock.advance(1)
        assert answers == [200, 200, 200]
        assert later.run_due().failed == 1
        failing.clear()
        make_due(engine)
        assert later.run_due().handled == 1
        assert ended == [person.subject]
        assert later.receive("identity", b"logout_token=e30.e30.e30", {}).status == 400
        assert len(rows(engine)) == 1


def test_callbacks_that_come_three_times_to_several_receivers_act_once(later: Durable) -> None:
    @later.when(DeliveryReceipt)
    def emailed(event: DeliveryReceipt, transaction: sa.Connection) -> None:
        transaction.execute(sa.insert(LICENCES), {"id": int(event.reference.split("-")[1])})

    with ThreadPoolExecutor(4) as pool:
        given = [receipt(number) for number in range(40)] * 3
        answers = list(pool.map(lambda one: later.receive("notify", *one).status, given))
        reports = list(pool.map(lambda _: later.run_due(), range(4)))
    assert set(answers) == {200}
    assert sum(one.handled for one in reports) + later.run_due().handled == 40
    with later.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(LICENCES)) == 40


def test_what_is_given_up_is_told_to_its_handler(later: Durable) -> None:
    told: list[GaveUp] = []
    later.when(GaveUp)(lambda event, transaction: told.append(event))
    later.notify.send_email(PERSON, EMAIL, VALUES, reference="R-1", give_up_after=timedelta(hours=1), journey="J-1")
    with later.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(give_up_at=0.0))
    report = later.run_due()
    assert (report.dead, report.handled) == (1, 1)
    (event,) = told
    assert (event.operation, event.reference, event.journey) == ("notify.send_email", "R-1", "J-1")
    assert (event.problem, event.is_refused) == ("TooLate", False)


def test_a_handler_that_cannot_be_one_is_refused(later: Durable) -> None:
    async def waits(event: object, transaction: sa.Connection) -> None: ...

    with pytest.raises(InvalidInput, match="handler: it is a coroutine function"):
        later.when(PaymentChanged)(waits)
    with pytest.raises(InvalidInput, match="handler: it is not a function"):
        later.when(PaymentChanged)(7)
    with pytest.raises(InvalidInput, match="kind: it is not a class of events"):
        later.when(str)(lambda event, transaction: None)


def test_production_needs_a_key(tmp_path: Any) -> None:
    settings = Settings(environment="production", pay={"api_key": "api_live_" + "a" * 40})
    with GovComponents.from_settings(settings) as gov, pytest.raises(ConfigurationError, match=r"give keys=\["):
        Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")


def test_calls_that_take_all_of_their_time_leave_handlers_theirs(
    later: Durable, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def drag() -> None:
        time.sleep(2.5)

    async def busy(*_arguments: object, seconds: float, **_more: object) -> WorkReport:
        """There is always something due, and what is under way at the end takes longer than the turn."""
        given.append(seconds)
        drag()
        return WorkReport(done=1)

    monkeypatch.setattr("govcomponents.durable.running.work_due", busy)
    later.when(DeliveryReceipt)(lambda event, transaction: None)
    for number in range(5):
        later.receive("notify", *receipt(number))
    report = later.run_due(seconds=2.0)
    assert given[0] <= 1.0
    assert report.handled > 1


def test_what_is_tried_again_by_hand_waits_while_another_worker_has_its_subject(later: Durable) -> None:
    for status in ("sending", "delivered"):
        later.receive("notify", *receipt(1, status))
    first, second = (row.id for row in rows(later.engine))
    kinds = ["notify.DeliveryReceipt"]
    with later.engine.begin() as connection:
        give_up = sa.update(INBOX).where(INBOX.c.id == first)
        connection.execute(give_up.values(is_open=0, problem="TooManyTries", ended_at=database_time()))
        held = claim_event(connection, kinds, lease=60.0, me="one")
    assert held is not None
    assert held.id == second
    assert retry(later.engine, TABLES["inbox"], [first]) == [first]
    with later.engine.begin() as connection:
        assert claim_event(connection, kinds, lease=60.0, me="other") is None
    with later.engine.begin() as connection:  # its lease is over: what it held comes again, after the first one
        connection.execute(sa.update(INBOX).where(INBOX.c.id == second).values(due_at=0.0))
        found = claim_event(connection, kinds, lease=60.0, me="other")
    assert found is not None
    assert found.id == first


def test_two_workers_with_other_handlers_do_not_claim_one_subject_in_the_same_moment(later: Durable) -> None:
    later.receive("notify", *receipt(1, "sending"))
    later.receive("notify", *receipt(1, "delivered"))
    engine = later.engine
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    with engine.begin() as connection:
        second = sa.update(INBOX).where(INBOX.c.id == rows(engine)[1].id)
        connection.execute(second.values(kind="notify.Other"))

    with engine.begin() as connection:
        assert claim_event(connection, ["notify.DeliveryReceipt"], lease=60.0, me="one") is not None
        with engine.begin() as others:  # it cannot see the other's claim, which is not committed, and waits for no lock
            assert claim_event(others, ["notify.Other"], lease=60.0, me="other") is None
    found = rows(engine)[1]
    assert (found.owner, found.claims, found.problem) == (None, 0, None)
