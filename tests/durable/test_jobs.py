"""The jobs that come round: payments whose person or webhook never came, refunds under way, days that are compared."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, GovComponents, InvalidInput, Money, Settings
from govcomponents.accounts import key_ends_of
from govcomponents.cli.main import main
from govcomponents.core.driver import drive
from govcomponents.durable import CaptureDue, CaptureMissing, Durable, KeyExpiring, TemplatesChanged
from govcomponents.durable.operating.expiring import watch_keys
from govcomponents.durable.storage.commit_points import CommitPoint, watching
from govcomponents.durable.storage.schema import INBOX, OUTBOX, PAYMENT, SCHEDULE
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.notify import DeliveryReceipt, TemplateIds, TemplateRegistry
from govcomponents.notify.templates.registry import LockedTemplate
from govcomponents.pay import Payment, PaymentChange, PaymentChanged, RefundChanged, RefundStatus
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.testing import FormBrowser, pay_by_card

from .outbox.test_payments import make
from .test_inbox import away
from .world import EMAIL, Failing, World

DAY = 86_400.0


def let_pass(world: World, seconds: float) -> None:
    earlier = {name: PAYMENT.c[name] - seconds for name in ("watch_at", "created_at")}
    with world.engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).values(earlier))
        connection.execute(sa.update(SCHEDULE).values(next_at=0.0))
        connection.execute(sa.update(INBOX).values(due_at=0.0))


def heard(world: World, kind: type[Any]) -> list[Any]:
    events: list[Any] = []
    world.later.when(kind)(lambda event, transaction: events.append(event))
    return events


def paid(world: World, **more: Any) -> Any:
    payment = make(world, **more)
    pay_by_card(FormBrowser(world.sandbox.visit), payment.redirect_url())
    return payment


def watched(world: World) -> Any:
    with world.engine.connect() as connection:
        return connection.execute(sa.select(PAYMENT)).one()


def test_a_payment_without_a_webhook_is_mopped_up_once(world: World) -> None:
    events = heard(world, PaymentChanged)
    payment = paid(world, journey="J-1")
    world.later.run_due()
    assert events == []  # not yet: its webhook may come
    let_pass(world, 3 * 3600 + 1)
    world.later.run_due()
    (event,) = events
    assert (event.payment_id, event.change, event.payment.is_paid) == (payment.id, PaymentChange.SUCCEEDED, True)
    for _ in range(3):
        let_pass(world, 2 * DAY)
        world.later.run_due()
    assert len(events) == 1


def test_a_payment_that_nobody_makes_is_looked_at_until_it_has_ended(world: World) -> None:
    events = heard(world, PaymentChanged)
    make(world)
    let_pass(world, 3 * 3600 + 1)
    world.later.run_due()
    assert (events, watched(world).watch_at is None) == ([], False)
    world.sandbox.clock.advance(2 * 3600)
    let_pass(world, 1801)
    world.later.run_due()
    assert [event.change for event in events] == [PaymentChange.EXPIRED]
    assert watched(world).watch_at is None


def test_what_nobody_handles_is_not_asked_for(world: World) -> None:
    paid(world)
    let_pass(world, DAY)
    asked = len(world.wire.sent)
    world.later.run_due()
    assert len(world.wire.sent) == asked


def test_what_an_adapter_raises_beside_its_errors_keeps_no_other_payment_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    events, ask = heard(world, PaymentChanged), GovUkPay.get
    broken, other = paid(world), paid(world)

    async def get(self: GovUkPay, wanted: Any) -> Payment:
        if wanted.payment_id == broken.id:
            raise KeyError("Florence Nightingale")
        return await ask(self, wanted)

    monkeypatch.setattr(GovUkPay, "get", get)
    let_pass(world, 3 * 3600 + 1)
    world.later.run_due()
    assert [event.payment_id for event in events] == [other.id]
    assert "pay.get of account default: the adapter raised KeyError" in caplog.text
    assert "Nightingale" not in caplog.text


def test_a_payment_that_waits_for_its_capture_is_told_of_in_time(world: World) -> None:
    due, events = heard(world, CaptureDue), heard(world, PaymentChanged)
    payment = paid(world, delayed_capture=True)
    for _ in range(6):
        let_pass(world, DAY)
        world.later.run_due()
    assert [(event.payment_id, event.payment.is_paid) for event in due] == [(payment.id, False)]
    assert [event.change for event in events] == [PaymentChange.CAPTURABLE]


def test_money_that_is_never_taken_is_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payment, "is_captured", property(lambda self: False))  # the sandbox takes it at once
    missing, _ = heard(world, CaptureMissing), heard(world, PaymentChanged)
    payment = paid(world)
    for _ in range(10):
        let_pass(world, DAY)
        world.later.run_due()
    assert [event.payment_id for event in missing] == [payment.id]
    assert watched(world).watch_at is None


def test_a_refund_is_told_of_when_it_has_ended(world: World) -> None:
    events = heard(world, RefundChanged)
    payment = paid(world)
    world.sandbox.clock.advance(DAY)
    fresh = world.gov.pay.get(payment.id)
    world.later.pay.refund(payment.id, Money.gbp("45.00"), available=fresh.refundable_amount(), reference="refund")
    for _ in range(3):
        world.later.run_due()
        world.sandbox.clock.advance(3600)
        let_pass(world, 0)
    assert [(event.status, str(event.amount)) for event in events] == [(RefundStatus.SUCCEEDED, "£45.00")]


def test_a_message_without_a_receipt_is_asked_for_once(world: World) -> None:
    events = heard(world, DeliveryReceipt)
    world.email("R-1", journey="J-1")
    world.email("R-2")
    world.later.run_due()
    with world.engine.begin() as connection:
        old = OUTBOX.c.ended_at - 72.5 * 3600
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-1").values(ended_at=old))
        connection.execute(sa.update(SCHEDULE).values(next_at=0.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("govcomponents.notify.async_service.AsyncNotifyService.get", away)
        world.later.run_due()
    assert events == []  # it could not be asked, and is asked for again
    with world.engine.begin() as connection:
        (turn,) = connection.execute(sa.select(SCHEDULE).where(SCHEDULE.c.name.startswith("notify.follow_up"))).all()
        soon = SCHEDULE.c.next_at - 301  # five minutes later
        connection.execute(sa.update(SCHEDULE).where(SCHEDULE.c.name == turn.name).values(next_at=soon))
    world.later.run_due()
    assert [event.reference for event in events] == ["R-1"]
    with world.engine.begin() as connection:
        connection.execute(sa.update(SCHEDULE).values(next_at=0.0))
    world.later.run_due()
    assert len(events) == 1
    assert [step.outcome for step in world.later.journey("J-1")] == ["queued", "accepted", "received", "handled"]


def test_more_messages_than_are_asked_for_at_once_are_all_asked_for_also_after_a_worker_died(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govcomponents.durable.messages.following._AT_ONCE", 2)
    events = heard(world, DeliveryReceipt)
    for number in range(5):
        world.email(f"R-{number}")
    world.later.run_due()
    with world.engine.begin() as connection:
        for number in range(5):
            old = OUTBOX.c.ended_at - 72.5 * 3600 + number // 2  # two and two at one time
            mine = OUTBOX.c.reference == f"R-{number}"
            connection.execute(sa.update(OUTBOX).where(mine).values(ended_at=old))
        connection.execute(sa.delete(SCHEDULE))

    class Died(BaseException):
        """The worker ends without a word."""

    def die(at: CommitPoint) -> None:
        if at is CommitPoint.JOB_ASKED and len(events) == 0:
            raise Died

    with pytest.raises(Died), watching(die):
        world.later.run_due()
    with world.engine.begin() as connection:
        connection.execute(sa.update(SCHEDULE).where(SCHEDULE.c.name.startswith("notify.follow_up")).values(next_at=0))
    world.later.run_due()
    assert sorted(event.reference for event in events) == [f"R-{number}" for number in range(5)]


def test_a_template_that_was_changed_is_told_of_once(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        template = gov.notify.get_template(EMAIL)
    locked = LockedTemplate.of(replace(template, body="As it was."))
    ids = {"receipt": TemplateIds("email", {"test": {"en": EMAIL}})}
    registry = TemplateRegistry(ids, environment="test", lock=[locked])
    with GovComponents.sandbox(templates=registry) as gov:
        later = Durable(gov, engine)
        events: list[TemplatesChanged] = []
        later.when(TemplatesChanged)(lambda event, transaction: events.append(event))
        for _ in range(3):
            later.run_due()
            with engine.begin() as connection:
                connection.execute(sa.update(SCHEDULE).values(next_at=0.0))
    assert [event.problems for event in events] == [("receipt (en): checksum changed since it was locked",)]


def test_of_a_day_that_goes_on_it_is_said_that_there_is_more_to_come(
    world: World, url: str, capsys: Any, monkeypatch: Any
) -> None:
    today = datetime.fromtimestamp(world.gov.runtime.clock(), UTC).date()
    is_over = [world.later.reconcile(today + timedelta(days=number)).is_over for number in (-1, 0, 1)]
    assert is_over == [True, False, False]
    found = world.later.reconcile(today)
    assert "the day goes on" in str(found)
    assert json.loads(found.to_json())["is_over"] is False
    assert "goes on" not in str(world.later.reconcile(today - timedelta(days=1)))
    made = GovComponents.from_settings
    monkeypatch.setattr(
        "govcomponents.components.GovComponents.from_settings",
        lambda: made(world.sandbox.settings(), transport=Failing(world.sandbox)),
    )
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert main(["reconcile", tomorrow.isoformat(), "--database", url, "--csv"]) == 0
    told = capsys.readouterr()
    assert (told.out, "the day goes on" in told.err) == ("kind,account,id,reference,problem,ours,theirs\n", True)


def test_a_day_is_compared_both_ways(world: World, url: str, capsys: Any, monkeypatch: Any) -> None:
    ours = paid(world)
    elsewhere = world.gov.pay.create(
        Money.gbp("1.00"), "ELSEWHERE", "Not recorded", "https://service.example.gov.uk/back"
    )
    day = datetime.fromtimestamp(world.gov.runtime.clock(), UTC).date()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    with world.engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).values(created_at=noon))
        lost = {"payment_id": "nosuchpaymentnosuchpayment", "reference": "=LOST()", "account": "default", "is_open": 0}
        times = {"created_at": noon, "look_at": noon}
        connection.execute(sa.insert(PAYMENT).values(lost | times | {"minor": 200, "currency": "GBP"}))
    found = world.later.reconcile(day)
    assert {(one.id, one.problem) for one in found.differences} == {
        (elsewhere.id, "not recorded here"),
        ("nosuchpaymentnosuchpayment", "not at the provider"),
    }
    assert (found.counts["payments"], found.totals["payments GBP"]) == (2, "£146.00")
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert {row["reference"] for row in rows} == {"ELSEWHERE", "'=LOST()"}
    assert json.loads(found.to_json())["day"] == day.isoformat()
    assert "2 differences" in str(found)
    with world.engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).where(PAYMENT.c.payment_id == ours.id).values(minor=1))
    assert "amounts differ" in {one.problem for one in world.later.reconcile(day).differences}
    with pytest.raises(InvalidInput, match="day"):
        world.later.reconcile("2026-03-01")
    assert world.later.reconcile(date(2020, 1, 1)).differences == ()
    made = GovComponents.from_settings
    monkeypatch.setattr(
        "govcomponents.components.GovComponents.from_settings",
        lambda: made(world.sandbox.settings(), transport=Failing(world.sandbox)),  # each command closes its own
    )
    assert main(["reconcile", day.isoformat(), "--database", url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["counts"]["payments"] == 2
    for wrong in ("0001-01-01", "1969-12-31", "9999-12-31"):
        assert main(["reconcile", wrong, "--database", url]) == 2
        assert "day: it is no date, or one of another age" in capsys.readouterr().err
    assert main(["reconcile", day.isoformat(), "--database", url, "--csv"]) == 1
    assert capsys.readouterr().out.startswith("kind,account,id,reference,problem,ours,theirs\n")


def test_a_key_that_ends_is_told_of_at_each_step_once(world: World) -> None:
    today = datetime.fromtimestamp(world.gov.runtime.clock(), UTC).date()
    settings, told = world.sandbox.settings(), []
    assert settings.identity is not None
    for left in (90, 61, 60, 40, 30, 29, 2, 1, 0, -1, -2):
        identity = settings.identity.model_copy(update={"key_expires_on": today + timedelta(days=left)})
        # The day is the same one in truth, and time goes on: here the end comes nearer.
        own = settings.model_copy(update={"identity": identity})
        with GovComponents.from_settings(own, transport=world.wire) as gov:
            later = Durable(gov, world.engine)
            later.when(KeyExpiring)(lambda event, _: told.append((event.component, event.account, event.days_left)))
            for _ in range(3):
                let_pass(world, DAY)
                later.run_due()
    assert told == [("identity", "default", left) for left in (60, 40, 30, 29, 2, 1, 0, -1, -2)]


def test_a_key_is_told_of_once_a_step_while_its_day_comes_nearer(world: World) -> None:
    ends = datetime.fromtimestamp(world.gov.runtime.clock(), UTC).date() + timedelta(days=61)
    settings, told = world.sandbox.settings(), []
    assert settings.pay is not None
    own = settings.model_copy(update={"pay": settings.pay.model_copy(update={"key_expires_on": ends})})
    with GovComponents.from_settings(own, transport=world.wire) as gov:
        later = Durable(gov, world.engine)
        later.when(KeyExpiring)(lambda event, _: told.append(event.days_left))
        for day in (0, 1, 2, 31, 32, 47, 48, 54, 58, 60, 61, 62, 63):
            let_pass(world, DAY)
            then = replace(gov.runtime, clock=lambda day=day: gov.runtime.clock() + day * DAY)
            drive(watch_keys(world.engine, gov.over(lambda port: port, ()), then, PayloadKeys()))
            later.run_due()
    assert told == [60, 30, 14, 7, 3, 1, 0, -1, -2]


def test_the_day_on_which_a_key_ends_is_read_from_the_environment() -> None:
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_PAY__KEY_EXPIRES_ON: it is no day such as 2027-01-31"):
        Settings(pay={"api_key": "api_test_example0only", "key_expires_on": "31/01/2027"})
    accounts = {"moto": {"api_key": "api_test_moto0only", "key_expires_on": "2027-01-31"}}
    made = Settings(pay={"api_key": "api_test_example0only", "key_expires_on": "2027-03-01", "accounts": accounts})
    assert key_ends_of(made) == {("pay", "default"): date(2027, 3, 1), ("pay", "moto"): date(2027, 1, 31)}


def test_what_is_recorded_on_one_side_of_midnight_and_made_on_the_other_is_counted_once(world: World) -> None:
    payment = paid(world)
    world.later.pay.refund(payment.id, payment.amount, available=payment.amount, reference="REFUND-7")
    world.later.run_due()
    day = datetime.fromtimestamp(world.gov.runtime.clock(), UTC).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    with world.engine.begin() as connection:  # recorded before midnight; what came of the refund was found out next day
        connection.execute(sa.update(PAYMENT).values(created_at=midnight - 0.2))
        connection.execute(sa.update(OUTBOX).values(created_at=midnight - 60.0, ended_at=midnight + DAY + 60.0))
    days = [world.later.reconcile(day + timedelta(days=number)) for number in (-1, 0, 1)]
    assert [found.differences for found in days] == [(), (), ()]
    assert [(found.counts["payments"], found.counts["refunds"]) for found in days] == [(0, 0), (1, 1), (0, 0)]
    with world.engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).values(minor=1))
        connection.execute(sa.update(OUTBOX).values(provider_id="nosuchrefund"))
    days = [world.later.reconcile(day + timedelta(days=number)) for number in (-1, 0, 1)]
    assert [[one.problem for one in found.differences] for found in days] == [
        ["amounts differ"],
        ["amounts differ", "not recorded here"],
        ["not at the provider"],
    ]


@pytest.mark.parametrize("day", [date.min, date(1969, 12, 31), date.max])
def test_a_day_of_another_age_is_a_wrong_argument(world: World, day: date) -> None:
    with pytest.raises(InvalidInput, match="day"):
        world.later.reconcile(day)
