"""What people on call see of the rows, and do with them: listed, tried again, given up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents.cli.main import main
from govcomponents.durable import GaveUp
from govcomponents.durable.storage.schema import INBOX, OUTBOX, PAYMENT, State

from .world import VALUES, World


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], url: str) -> Any:
    """A function that runs a command on the database, and returns its status and what it reports."""

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        status = main([*arguments, "--database", url, "--json"])
        out = capsys.readouterr().out
        assert "Canary" not in out
        assert "sam@example.com" not in out
        return status, json.loads(out)

    return run


def test_a_refused_call_is_listed_and_tried_again(world: World, told: Any) -> None:
    world.later.notify.send_email("sam@example.com", "no-such-template", VALUES, reference="R-1", journey="J-1")
    world.email("R-2")
    world.later.run_due()
    status, facts = told("outbox", "list", "--state", "refused")
    assert status == 0
    (row,) = facts["rows"]
    assert (row["reference"], row["state"], row["journey"]) == ("R-1", "refused", "J-1")
    assert row["problem"].split()[0] in {"NotFound", "InvalidInput", "RequestRefused"}
    assert told("outbox", "list", "--journey", "J-1", "--problem", row["problem"].split()[0])[1]["rows"] == [row]
    status, facts = told("outbox", "show", str(row["id"]))
    assert (status, facts["row"]) == (0, row)
    assert told("outbox", "retry", "--state", "refused") == (0, {"done": [row["id"]], "left": []})
    assert world.row("R-1").state == State.PENDING
    done = world.row("R-2").id
    assert told("outbox", "retry", str(done), "999") == (1, {"done": [], "left": [done, 999]})
    assert told("outbox", "show", "999")[0] == 1


def test_what_may_have_been_sent_is_looked_up_when_it_is_tried_again(world: World, told: Any) -> None:
    world.email()
    world.wire.faults.append(world.wire.lost)
    world.later.run_due()
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(state=int(State.DEAD), problem="InDoubt", ended_at=1.0))
    row = world.row()
    assert told("outbox", "retry", str(row.id))[0] == 0
    assert world.row().state == State.IN_DOUBT
    world.let_pass(60)
    world.later.run_due()
    assert (world.row().state, world.held()) == (State.DONE, 1)


def test_it_is_sent_again_only_if_that_is_asked_for(world: World, told: Any) -> None:
    world.email()
    world.wire.faults.append(world.wire.lost)
    world.later.run_due()
    assert told("outbox", "retry", str(world.row().id), "--send-again")[0] == 0
    world.later.run_due()
    assert (world.row().state, world.held()) == (State.DONE, 2)


def test_what_waits_is_given_up_and_its_handler_hears_of_it(world: World, told: Any) -> None:
    world.email("R-1", send_at=None)
    world.email("R-2")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-2").values(state=1, owner="somebody"))
    first, second = world.row("R-1").id, world.row("R-2").id
    assert told("outbox", "give-up", str(first), str(second)) == (1, {"done": [first], "left": [second]})
    heard: list[GaveUp] = []
    world.later.when(GaveUp)(lambda event, transaction: heard.append(event))
    world.later.run_due()
    assert [(one.reference, one.problem) for one in heard] == [("R-1", "GivenUp")]
    assert world.held("R-1") == 0


def test_an_event_that_was_given_up_is_handled_after_a_retry(world: World, told: Any) -> None:
    from govcomponents.durable.inbox.store import insert_event
    from govcomponents.durable.storage.sealing import PayloadKeys

    event = GaveUp(
        key="1", operation="pay.refund", account="default", reference="R-1", journey=None, is_refused=True, problem="x"
    )
    with world.engine.begin() as connection:
        insert_event(connection, event, "outbox", PayloadKeys())
        connection.execute(sa.update(INBOX).values(claims=99))
    heard: list[GaveUp] = []
    world.later.when(GaveUp)(lambda event, transaction: heard.append(event))
    assert world.later.run_due().events_given_up == 1
    status, facts = told("inbox", "list", "--state", "given-up")
    (row,) = facts["rows"]
    assert (status, row["kind"], row["problem"]) == (0, "outbox.GaveUp", "TooManyTries")
    assert told("inbox", "retry", "--problem", "TooManyTries")[0] == 0
    assert (world.later.run_due().handled, heard) == (1, [event])
    assert told("inbox", "give-up", str(row["id"]))[0] == 1
    assert told("inbox", "list", "--state", "handled")[1]["rows"][0]["id"] == row["id"]


def test_a_payment_that_is_not_known_is_looked_for_again(world: World, told: Any) -> None:
    with world.engine.begin() as connection:
        values = {"account": "default", "reference": "R-1", "minor": 14500, "currency": "GBP", "created_at": 1.0}
        connection.execute(sa.insert(PAYMENT).values(values | {"is_open": 0, "look_at": 1.0, "problem": "NotMade"}))
    (row,) = told("payments", "list")[1]["rows"]
    assert (row["state"], row["amount"], row["created_at"]) == ("not-made", "£145.00", "1970-01-01T00:00:01+00:00")
    assert told("payments", "retry", str(row["id"]))[0] == 0
    assert told("payments", "list", "--state", "unknown")[1]["rows"][0]["problem"] is None
    assert told("payments", "give-up", str(row["id"]))[0] == 0
    assert told("payments", "show", str(row["id"]))[1]["row"]["problem"] == "GivenUp"


def test_a_command_that_names_no_row_does_nothing_to_all(world: World, url: str, capsys: Any) -> None:
    world.email(give_up_after=timedelta(hours=1))
    assert main(["outbox", "give-up", "--database", url]) == 2
    assert "give their numbers" in capsys.readouterr().err
    assert main(["outbox", "list", "--database", url]) == 0
    assert "notify.send_email  default  R-1" in capsys.readouterr().out
    assert world.row().state == State.PENDING


def test_what_is_not_there_is_not_called_done(world: World, url: str, capsys: Any) -> None:
    world.email()
    world.later.run_due()
    done = world.row().id
    assert main(["outbox", "retry", str(done), "999", "--database", url]) == 1
    shown = capsys.readouterr().out
    assert f"left: {done} (done already" in shown
    assert "left: 999 (there is no such row)" in shown


def test_what_a_person_did_is_on_the_journey(world: World, told: Any) -> None:
    world.email("R-1", journey="J-1")
    told("outbox", "give-up", str(world.row().id))
    told("outbox", "retry", str(world.row().id))
    told("outbox", "retry", str(world.row().id), "--send-again")
    assert [step.outcome for step in world.later.journey("J-1")] == [
        "queued",
        "given up by an operator",
        "tried again by an operator",
        "sent again by an operator",
    ]


def test_what_is_refused_or_given_up_is_in_the_log_with_the_command(world: World, caplog: Any) -> None:
    world.later.notify.send_email("sam@example.com", "no-such-template", VALUES, reference="R-1")
    world.email("R-2")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-2").values(give_up_at=0.0))
    world.later.run_due()
    lines = {record.levelname: record.getMessage() for record in caplog.records if "outbox show" in record.getMessage()}
    assert "was refused" in lines["WARNING"]
    assert lines["WARNING"].endswith(f"see `govcomponents outbox show {world.row('R-1').id}`")
    assert "was given up (TooLate)" in lines["ERROR"]
    assert "sam@example.com" not in caplog.text


def test_a_handler_that_raises_is_told_of_by_its_place(world: World, caplog: Any) -> None:
    @world.later.when(GaveUp)
    def broken(event: GaveUp, transaction: sa.Connection) -> None:
        raise ValueError("canary.person@example.com")

    world.email(give_up_after=timedelta(microseconds=1))
    world.later.run_due()
    assert "failed with ValueError at test_operating.py:" in caplog.text
    assert "in broken; it is tried again: `govcomponents inbox show 1`" in caplog.text
    assert "canary.person" not in caplog.text


def test_its_place_is_one_in_the_services_own_code_and_not_in_a_library(world: World, caplog: Any) -> None:
    @world.later.when(GaveUp)
    def broken(event: GaveUp, transaction: sa.Connection) -> None:
        json.loads("{canary")

    world.email(give_up_after=timedelta(microseconds=1))
    world.later.run_due()
    assert "failed with JSONDecodeError at test_operating.py:" in caplog.text
    assert "in broken;" in caplog.text


def test_the_numbers_and_lists_of_what_failed_read_nothing_of_what_is_done(engine: sa.Engine) -> None:
    from govcomponents.durable.operating.rows import TABLES, Wanted, found
    from govcomponents.durable.outbox.status import outbox_status

    asked: list[tuple[str, Any]] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, text, given, *_: asked.append((text, given)))
    outbox_status(engine)
    found(engine, TABLES["outbox"], Wanted(state="dead", limit=100))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # a table that is empty is read whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            # Of a table so small it would as soon read an index of all that has ended: it need not.
            connection.exec_driver_sql("DROP INDEX gov_outbox_ended, gov_outbox_kept")
        for text, given in [one for one in asked if "FROM gov_outbox" in one[0]]:
            explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
            plan = str(connection.exec_driver_sql(f"{explain} {text}", given).all())
            assert "gov_outbox_lane" in plan or "gov_outbox_failed" in plan, (text, plan)
        connection.rollback()


def test_a_list_that_is_cut_says_so(world: World, told: Any, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        world.email(f"R-{number}")
    for limit, is_cut in ((2, True), (3, False), (2**63 - 1, False)):
        facts = told("outbox", "list", "--limit", str(limit))[1]
        assert (len(facts["rows"]), facts["is_cut"]) == (min(limit, 3), is_cut)
        assert main(["outbox", "list", "--limit", str(limit), "--database", url]) == 0
        shown = capsys.readouterr()
        assert len(shown.out.splitlines()) == min(limit, 3)
        assert shown.err == ("these are the newest 2, and there are more: --limit N shows them\n" if is_cut else "")


def test_rows_are_named_in_one_way(world: World, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers beside a filter would be tried whatever the filter says."""
    world.email()
    for action in ("retry", "give-up"):
        assert main(["outbox", action, "1", "--problem", "TooLate", "--database", url]) == 2
        assert "by their numbers and by what they have in common" in capsys.readouterr().err
    assert world.row().state == State.PENDING


def test_as_many_as_an_outage_leaves_are_tried_again_by_one_command(world: World, told: Any) -> None:
    """A statement of PostgreSQL's driver has no more than 65,535 parameters."""
    many = 66_000
    values = "'default', 'notify.send_sms', 'R-' || n, 5, 0, 0, 0, 9e9, 0, 0, 'TooLate'"
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 66000)"
    columns = (
        "account, operation, reference, state, attempts, claims, due_at, give_up_at, created_at, ended_at, problem"
    )
    with world.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO gov_outbox ({columns}) {numbers} SELECT {values} FROM numbers"
            if world.engine.dialect.name == "sqlite"
            else f"{numbers} INSERT INTO gov_outbox ({columns}) SELECT {values} FROM numbers"
        )
        connection.execute(sa.update(OUTBOX).values(payload=b"x"))
    status, facts = told("outbox", "retry", "--problem", "TooLate")
    assert (status, len(facts["done"]), facts["left"]) == (0, many, [])
    assert world.later.status().pending == many


def test_times_and_numbers_that_no_calendar_and_no_column_has_hide_no_row(world: World, told: Any) -> None:
    world.email("R-1", send_at=datetime.max.replace(tzinfo=UTC))
    world.email("R-2", give_up_after=timedelta.max)
    world.email("R-3", send_at=datetime.min.replace(tzinfo=UTC))
    assert [row["reference"] for row in told("outbox", "list")[1]["rows"]] == ["R-3", "R-2", "R-1"]
    assert told("outbox", "show", str(world.row("R-2").id))[1]["row"]["give_up_at"].startswith("9999-12-31T23:59:59")
    assert told("outbox", "show", str(10**20))[0] == 1
    assert told("outbox", "retry", str(10**20)) == (1, {"done": [], "left": [10**20]})
