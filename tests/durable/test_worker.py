"""What is due is sent, each row comes to a state that says what became of it, and what is in doubt is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import AsyncGovComponents, GovComponents, Happening, InvalidInput, Money, NotSent, Observer
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.durable import AsyncDurable, Durable, WorkerOptions, WorkReport
from govcomponents.durable.storage.schema import OUTBOX, PAUSE, State
from govcomponents.errors import OutcomeUnknown
from govcomponents.sandbox.app import Sandbox

EMAIL, SMS = "5ab1ec0d-0000-4000-8000-000000000101", "5ab1ec0d-0000-4000-8000-000000000102"
VALUES = {"name": "Canary Nightingale", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


class Failing(InProcessTransport):
    """A sandbox's transport on which the next requests fail as they are told."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.handle, sandbox.clock.advance)
        self.faults: list[Callable[[Request], Response | None]] = []
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if request.method == "POST" and self.faults and (answer := self.faults.pop(0)(request)) is not None:
            return answer
        return await super().send(request)

    def lost(self, request: Request) -> Response:
        """The provider acts, and its answer is lost."""
        self._handle(request)
        raise OutcomeUnknown("the answer was lost", operation=request.operation)

    def unheard(self, request: Request) -> Response:
        """The provider never hears of it, and nobody knows."""
        raise OutcomeUnknown("the answer was lost", operation=request.operation)

    def unsent(self, request: Request) -> Response:
        raise NotSent("no connection", operation=request.operation)


class Hearing(Observer):
    def __init__(self) -> None:
        self.names: list[str] = []

    def happened(self, happening: Happening) -> None:
        self.names.append(happening.name)


class World:
    """A sandbox, components over it, and the durable layer on one database."""

    def __init__(self, engine: sa.Engine, lease: float = 60.0) -> None:
        self.sandbox = Sandbox()
        self.wire = Failing(self.sandbox)
        self.hearing = Hearing()
        self.gov = GovComponents.from_settings(self.sandbox.settings(), transport=self.wire, observers=[self.hearing])
        self.engine = engine
        self.later = Durable(self.gov, engine, worker=WorkerOptions(lease=lease, concurrency=4))

    def email(self, reference: str = "R-1", **more: Any) -> None:
        self.later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, **more)

    def row(self, reference: str = "R-1") -> Any:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(OUTBOX).where(OUTBOX.c.reference == reference)).one()

    def let_pass(self, seconds: float) -> None:
        """Let time go by: everything that waits is due so much earlier."""
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(OUTBOX).values(
                    due_at=OUTBOX.c.due_at - seconds,
                    doubt_since=OUTBOX.c.doubt_since - seconds,
                    give_up_at=OUTBOX.c.give_up_at - seconds,
                    created_at=OUTBOX.c.created_at - seconds,
                )
            )
            connection.execute(sa.update(PAUSE).values(until=PAUSE.c.until - seconds))

    def held(self, reference: str = "R-1") -> int:
        """How many messages the provider has under a reference."""
        return len(list(self.gov.notify.search(reference=reference)))


@pytest.fixture
def world(engine: sa.Engine) -> Iterator[World]:
    made = World(engine)
    with made.gov:
        yield made


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
    world.email()
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(claims=6))
    assert world.later.run_due() == WorkReport(dead=1)
    assert (world.row().problem, world.held()) == ("Poison", 0)


def test_rows_that_are_tried_alone_are_all_sent(world: World) -> None:
    for number in range(5):
        world.email(f"R-{number}")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(claims=3))
    assert world.later.run_due().done == 5
    assert [world.held(f"R-{number}") for number in range(5)] == [1] * 5


def paid(world: World, amount: str = "10.00", **more: Any) -> Any:
    """A payment that its person has paid."""
    from govcomponents.sandbox.browser import FormBrowser

    payment = world.gov.pay.create(Money.gbp(amount), "RENEW-7", "Renew", "https://service.example.gov.uk/back", **more)
    del FormBrowser
    world.sandbox.visit  # noqa: B018  # the page is driven by the pay tests
    return payment


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
