"""The commands of the runbook do what it says, on a store in which each of its troubles is real."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable.test_inbox import KEY, callback_world, receipt
from durable.world import Failing, World
from govcomponents import GovComponents, Money, OutcomeUnknown
from govcomponents.cli.main import main
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.durable.storage.migrating import migrate
from govcomponents.notify import DeliveryReceipt
from govcomponents.sandbox.app import Sandbox

RUNBOOK = (Path(__file__).parents[2] / "docs" / "operations" / "runbook.md").read_text(encoding="utf-8")
COMMANDS = list(dict.fromkeys(re.findall(r"`govcomponents ([^`]+)`", RUNBOOK)))
BACK = "https://service.example.gov.uk/back"
Run = Callable[[str], tuple[int, Any]]


class Broken(World):
    """A service's store on which a key is refused, a call is in doubt, one is dead, and a handler fails."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.sandbox = Sandbox(callback_world())
        self.wire = Failing(self.sandbox)
        self.gov = GovComponents.from_settings(self.sandbox.settings(), transport=self.wire)
        self.later = Durable(self.gov, engine, keys=[KEY], worker=WorkerOptions(concurrency=1))
        self.later.when(DeliveryReceipt)(self.fails)
        self.wire.faults.append(self.wire.unheard)
        with pytest.raises(OutcomeUnknown):
            self.later.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
        self.email("in-doubt")
        self.wire.faults.append(self.wire.lost)
        self.later.run_due()
        self.email("too-late", give_up_after=timedelta(seconds=1), send_at=None)
        with engine.begin() as connection:
            late = "UPDATE gov_outbox SET give_up_at = give_up_at - 60 WHERE reference = 'too-late'"
            connection.execute(sa.text(late))
        self.later.receive("notify", *receipt(1))
        for _ in range(10):
            self.later.run_due()
            with engine.begin() as connection:
                connection.execute(sa.text("UPDATE gov_inbox SET due_at = 0 WHERE source = 'notify'"))
        self.sandbox.faults.arm("notify", "key_revoked")
        self.email("paused")
        self.later.run_due()

    def fails(self, _event: DeliveryReceipt, _transaction: object) -> None:
        raise LookupError("no such licence")


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Broken]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    made = Broken(engine)
    with made.gov:
        yield made
    engine.dispose()


@pytest.fixture
def run(broken: Broken, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(command: str) -> tuple[int, Any]:
        assert re.sub(r" [0-9]+$", " ID", command) in COMMANDS, "the runbook has no such command"
        capsys.readouterr()
        status = main([*command.split(), "--database", str(broken.engine.url), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def test_status_names_what_waits_for_somebody(run: Run) -> None:
    status, facts = run("status")
    assert status == 1
    assert facts["needs_somebody"]
    assert facts["outbox"]["paused"] == ["default notify."]
    assert (facts["outbox"]["dead"], facts["outbox"]["in_doubt"], facts["callbacks"]["gave_up"]) == (1, 1, 1)
    assert facts["payments"] == {"looked_for": 1}


@pytest.mark.parametrize(
    ("table", "state", "problem"),
    [
        ("outbox", "dead", "TooLate"),
        ("outbox", "in-doubt", "OutcomeUnknown"),
        ("inbox", "given-up", "TooManyTries"),
        ("payments", "unknown", "OutcomeUnknown"),
    ],
)
def test_a_row_is_listed_with_its_problem_and_tried_again(
    broken: Broken, run: Run, table: str, state: str, problem: str
) -> None:
    _, facts = run(f"{table} list --state {state}")
    (row,) = facts["rows"]
    assert row["problem"].split()[0] == problem
    assert run(f"{table} retry {row['id']}") == (0, {"done": [row["id"]], "left": []})


def test_all_rows_with_a_problem_are_tried_again_and_go_out_when_the_key_is_good(broken: Broken, run: Run) -> None:
    status, facts = run("outbox retry --problem TooLate")
    assert (status, len(facts["done"])) == (0, 1)
    broken.sandbox.faults.clear()
    broken.let_pass(300)
    broken.later.run_due()
    assert (broken.held("too-late"), broken.held("paused"), broken.held("in-doubt")) == (1, 1, 1)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_runbook_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = command.split()
    names = [word for word in words if not word.startswith("--")]
    depth = 2 if names[0] in ("outbox", "inbox", "payments") else 1
    with pytest.raises(SystemExit) as ended:
        main([*names[:depth], "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in shown] == []
