"""What is due is sent, each row comes to a state that says what became of it, and what is in doubt is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from durable.world import EMAIL, SMS, VALUES, World
from govcomponents import AsyncGovComponents, InvalidInput, Money, NotSent
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.http.single_attempt import steady_time
from govcomponents.durable import AsyncDurable, GaveUp, WorkReport
from govcomponents.durable.outbox import worker
from govcomponents.durable.storage.schema import OUTBOX, PAUSE, State


def test_what_is_due_is_sent_and_its_payload_is_gone_with_the_same_statement(world: World) -> None:
    for number in range(30):
        world.email(f"R-{number}")
    world.later.notify.send_sms("07700900001", SMS, VALUES, reference="R-0")
    assert world.later.run_due() == WorkReport(done=31)
    assert [world.held(f"R-{number}") for number in range(30)] == [2] + [1] * 29
    row = world.row("R-7")
    assert (row.state, row.payload, row.owner, row.problem, row.claims) == (State.DONE, None, None, None, 0)
    assert world.gov.notify.get(row.provider_id).reference == "R-7"
    assert world.later.run_due() == WorkReport()
    assert world.hearing.names.count("outbox.queued") == world.hearing.names.count("outbox.delivered") == 31


def test_the_asyncio_face_does_the_same(engine: sa.Engine) -> None:
    async def run() -> WorkReport:
        async with AsyncGovComponents.sandbox() as gov:
            later = AsyncDurable(gov, engine)
            for number in range(30):
                await later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=f"R-{number}")
            return await later.run_due()

    assert asyncio.run(run()) == WorkReport(done=30)


def test_it_works_inside_a_running_loop_and_with_a_limit(world: World) -> None:
    for number in range(5):
        world.email(f"R-{number}")

    async def run() -> WorkReport:
        return world.later.run_due(limit=2, seconds=30)

    assert asyncio.run(run()) == WorkReport(done=2)
    with pytest.raises(InvalidInput, match="limit: it is not a number above 0"):
        world.later.run_due(limit=0)


def test_what_is_not_due_waits(world: World) -> None:
    world.email(send_at=datetime.now(UTC) + timedelta(hours=1))
    assert world.later.run_due() == WorkReport()
    world.let_pass(3601)
    assert world.later.run_due() == WorkReport(done=1)


def test_an_answer_that_was_lost_is_looked_up_later_and_nothing_is_sent_again(world: World) -> None:
    world.wire.faults = [world.wire.lost]
    world.email()
    assert world.later.run_due() == WorkReport(in_doubt=1)
    row = world.row()
    assert (row.state, row.problem) == (State.IN_DOUBT, "OutcomeUnknown")
    assert row.doubt_since is not None
    assert row.due_at - row.doubt_since == pytest.approx(35, abs=1)
    world.let_pass(36)
    assert world.later.run_due() == WorkReport(done=1)
    assert (world.held(), world.row().state) == (1, State.DONE)
    assert "outbox.in_doubt" in world.hearing.names


def test_a_request_that_nobody_heard_is_sent_again_once_that_is_known(world: World) -> None:
    world.wire.faults = [world.wire.unheard]
    world.email()
    assert world.later.run_due() == WorkReport(in_doubt=1)
    world.let_pass(36)
    assert world.later.run_due() == WorkReport(done=1, waiting=1)
    assert world.held() == 1


def test_a_row_whose_lease_ran_out_is_looked_up_and_not_before_it_can_be_seen(world: World) -> None:
    """As a worker leaves it that was killed after the provider had acted."""
    world.email()
    world.gov.notify.send_email("sam@example.com", EMAIL, VALUES, "R-1")
    with world.engine.begin() as connection:
        connection.execute(
            sa.update(OUTBOX).values(state=State.SENDING, owner="gone", claims=1, due_at=OUTBOX.c.due_at - 5)
        )
    assert world.later.run_due() == WorkReport(in_doubt=1)
    assert world.row().due_at - world.row().doubt_since == pytest.approx(35, abs=0.5)
    assert world.row().claims == 1
    world.let_pass(36)
    # Whoever had it may be at it for a lease still, if the database's clock was set forward.
    assert world.later.run_due() == WorkReport()
    world.let_pass(60)
    assert world.later.run_due() == WorkReport(done=1)
    assert world.held() == 1


def test_what_certainly_did_not_arrive_is_tried_again_after_a_while(world: World) -> None:
    world.wire.faults = [world.wire.unsent] * 3
    world.email()
    for _ in range(3):
        assert world.later.run_due() == WorkReport(waiting=1)
        assert world.row().state == State.PENDING
        world.let_pass(7200)
    assert world.row().attempts == 3
    assert world.later.run_due() == WorkReport(done=1)
    assert len([one for one in world.wire.sent if one.method == "POST"]) == 4  # the store repeats, and nobody else


def test_what_is_refused_ends_and_says_why_without_the_text(world: World) -> None:
    world.later.notify.send_email("sam@example.com", "5ab1ec0d-0000-4000-8000-00000000dead", VALUES, reference="R-1")
    assert world.later.run_due() == WorkReport(refused=1)
    row = world.row()
    assert (row.state, row.problem.split()[0]) == (State.REFUSED, "NotFound")
    assert row.ended_at is not None


def _answer(
    status: int, kind: str, message: str, headers: dict[str, str] | None = None
) -> Callable[[Request], Response]:
    body = f'{{"status_code": {status}, "errors": [{{"error": "{kind}", "message": "{message}"}}]}}'.encode()
    return lambda _request: Response(status, {"content-type": "application/json", **(headers or {})}, body)


def test_a_refused_credential_pauses_the_account_and_loses_no_row(world: World) -> None:
    refused = _answer(403, "AuthError", "Invalid token: API key not found")
    world.wire.faults = [refused] * 4
    for number in range(40):
        world.email(f"R-{number}")
    assert world.later.run_due().waiting >= 4
    with world.engine.connect() as connection:
        pause = connection.execute(sa.select(PAUSE)).one()
    assert (pause.account, pause.scope, pause.problem.split()[0]) == ("default", "notify.", "CredentialsRefused")
    world.email("R-later")
    assert world.later.run_due() == WorkReport()
    world.let_pass(301)
    world.later.run_due()
    assert [world.held(f"R-{number}") for number in range(40)] == [1] * 40


def test_the_days_limit_pauses_the_operation_until_it_is_over(world: World) -> None:
    world.wire.faults = [_answer(429, "TooManyRequestsError", "Exceeded send limits (email: 250) for today")]
    world.email()
    assert world.later.run_due() == WorkReport(waiting=1)
    with world.engine.connect() as connection:
        pause = connection.execute(sa.select(PAUSE)).one()
    assert (pause.scope, pause.problem.split()[0]) == ("notify.send_email", "DailyLimitReached")
    world.later.notify.send_sms("07700900001", SMS, VALUES, reference="R-2")
    assert world.later.run_due() == WorkReport(done=1)
    world.let_pass(86_400 + 60)
    assert world.later.run_due() == WorkReport(done=1)


def test_what_is_too_late_is_given_up_unsent(world: World) -> None:
    world.email(give_up_after=timedelta(hours=1))
    world.let_pass(3601)
    assert world.later.run_due() == WorkReport(dead=1)
    assert (world.row().problem, world.held()) == ("TooLate", 0)
    assert "outbox.dead" in world.hearing.names


def test_a_row_that_brings_its_workers_down_is_given_up_in_the_end(world: World) -> None:
    world.email("R-1")
    world.email("R-2")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(claims=10))
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-2").values(claims=9))
    assert world.later.run_due() == WorkReport(dead=1, done=1, waiting=1)  # each alone: the other one waits
    assert (world.row("R-1").problem, world.held("R-1"), world.held("R-2")) == ("Poison", 0, 1)


def test_rows_that_are_tried_alone_are_all_sent(world: World) -> None:
    for number in range(5):
        world.email(f"R-{number}")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(claims=3))
    assert world.later.run_due() == WorkReport(done=5, waiting=4)  # only the first time are all claimed, and given back
    assert [world.held(f"R-{number}") for number in range(5)] == [1] * 5


def test_after_rows_that_are_tried_alone_others_are_claimed_together_again(world: World) -> None:
    for number in range(42):
        world.email(f"R-{number}")
    with world.engine.begin() as connection:
        suspects = OUTBOX.c.reference.in_(["R-0", "R-1"])
        connection.execute(sa.update(OUTBOX).where(suspects).values(claims=3))
    commits: list[sa.Connection] = []
    sa.event.listen(world.engine, "commit", commits.append)
    assert world.later.run_due().done == 42
    assert [world.held(f"R-{number}") for number in range(42)] == [1] * 42
    assert len(commits) < 20


def test_a_worker_takes_no_more_than_ends_in_a_quarter_of_a_second_with_the_databases_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has in hand is in doubt when it dies, so a slow database must not look like a fast provider."""
    for number in range(60):
        world.email(f"R-{number}")
    in_the_database = [0.0]
    monkeypatch.setattr(worker, "steady_time", lambda: steady_time() + in_the_database[0])
    claimed: list[int] = []

    def _commit(connection: sa.Connection) -> None:
        in_the_database[0] += 1.0
        sending = sa.select(sa.func.count()).where(OUTBOX.c.state == State.SENDING)
        claimed.append(connection.scalar(sending) or 0)

    sa.event.listen(world.engine, "commit", _commit)
    assert world.later.run_due().done == 60
    assert max(claimed) == 8  # twice as many as are sent at once


def test_a_call_of_an_account_that_no_worker_has_is_told_of_and_given_up_in_its_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[GaveUp] = []
    world.later.when(GaveUp)(lambda event, _transaction: heard.append(event))
    for number in range(3):
        world.email(f"R-{number}")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(account="renamed"))
    for _ in range(5):
        world.later.run_due()
        world.let_pass(2 * 86_400.0)
        if not heard:
            assert (world.row("R-0").state, world.row("R-0").problem) == (State.PENDING, "NotConfigured")
    assert [(one.account, one.problem) for one in heard] == [("renamed", "NotConfigured")] * 3
    told = "this worker lacks the settings of the account of some calls: see `govcomponents outbox list --problem"
    assert caplog.text.count(told) == 4


def test_a_payment_is_cancelled_later_and_a_lost_answer_is_told_by_its_state(world: World) -> None:
    payment = world.gov.pay.create(Money.gbp("10.00"), "RENEW-7", "Renew", "https://service.example.gov.uk/back")
    world.wire.faults = [world.wire.lost]
    world.later.pay.cancel(payment.id, reference="R-1")
    assert world.later.run_due() == WorkReport(in_doubt=1)
    world.let_pass(61)
    assert world.later.run_due() == WorkReport(done=1)
    assert world.row().provider_id == payment.id


def test_a_worker_that_slept_past_its_lease_sends_nothing(world: World) -> None:
    """The deadline is looked at right before the request leaves."""
    from govcomponents.core.http.single_attempt import single_attempt, steady_time

    with (
        single_attempt(steady_time() - 0.001),
        pytest.raises(NotSent, match="time in which this call may be made is over"),
    ):
        world.gov.notify.send_email("sam@example.com", EMAIL, VALUES, "R-1")
    assert world.wire.sent == []
