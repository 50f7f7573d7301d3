"""The mop-up job on a real table: run twice, and by several workers at once, each change is applied once."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from govcomponents import GovComponents, Money
from govcomponents.core.http.messages import Response
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.pay import PaymentStatus, Unfinished
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving
from govcomponents.settings import Settings

from .govuk_pay.context import KEY, world

WORKERS = 4


class Table:
    """What a service keeps: one connection for each worker, and compare-and-set by the database."""

    def __init__(self, path):
        self.path = path

    def connect(self):
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.execute("create table if not exists payments (id text primary key, status text, changes int)")
        return connection

    def unfinished(self, connection, created_at):
        rows = connection.execute("select id, status from payments where status = 'created'").fetchall()
        return [Unfinished(identifier, created_at, PaymentStatus(status)) for identifier, status in rows]

    def on_change(self, connection):
        def apply(change):
            done = connection.execute(
                "update payments set status = ?, changes = changes + 1 where id = ? and status = ?",
                (change.payment.status, change.payment.id, change.before.status),
            )
            return done.rowcount == 1

        return apply


@pytest.fixture
def served():
    with serving(world()) as server:
        settings = Settings(environment="test", pay={"api_key": KEY, "base_url": server.base_url})
        with GovComponents.from_settings(settings) as gov:
            yield server, gov


def test_several_workers_at_once_apply_each_change_once(served, tmp_path):
    server, gov = served
    table = Table(tmp_path / "payments.sqlite")
    with closing(table.connect()) as first:
        for number in range(10):
            payment = gov.pay.create(Money(100 + number), f"M-{number}", "x", "https://service.example.gov.uk/")
            if number % 2:
                payer.pay_by_card(FormBrowser(server.sandbox.visit), payment.next_url.reveal())
            first.execute("insert into payments values (?, 'created', 0)", (payment.id,))
    started = datetime.fromtimestamp(server.sandbox.clock.time(), UTC) - timedelta(minutes=10)

    def work(_number):
        with closing(table.connect()) as connection:
            waiting = table.unfinished(connection, started)
            return gov.pay.mop_up(waiting, table.on_change(connection), older_than=timedelta(minutes=5))

    with ThreadPoolExecutor(WORKERS) as pool:
        reports = list(pool.map(work, range(WORKERS)))
    with closing(table.connect()) as last:
        rows = last.execute("select status, changes from payments").fetchall()
    assert sorted(rows) == [("created", 0)] * 5 + [("succeeded", 1)] * 5
    assert sum(len(report.changed) for report in reports) == 5
    assert all(not report.failed for report in reports)
    again = work(0)
    assert (again.changed, len(again.unchanged)) == ((), 5)


def test_what_is_handed_over_is_the_payment_that_was_waited_for_and_says_its_account():
    found = []
    answers = [payment("a1", "success"), payment("another", "success"), payment("c3", "success")]
    with GovComponents.from_settings(
        Settings(environment="test", pay={"api_key": KEY, "accounts": {"moto": {"api_key": KEY + "2"}}}),
        transport=ScriptedTransport(answers),
    ) as gov:
        old = datetime(2020, 1, 1, tzinfo=UTC)
        waiting = [Unfinished(one, old, PaymentStatus.CREATED) for one in ("a1", "b2", "c3")]
        report = gov.account("moto").pay.mop_up(waiting, lambda change: found.append(change))
    assert [(change.payment.id, change.account, change.payment.account) for change in found] == [
        ("a1", "moto", "moto"),
        ("c3", "moto", "moto"),
    ]
    assert (report.changed, report.failed, report.account) == (("a1", "c3"), (("b2", "WrongAnswer"),), "moto")
    assert report.to_dict()["failed"] == [["b2", "WrongAnswer"]]
    assert found[0].to_dict()["before"]["status"] == "created"


def payment(identifier, status):
    body = {
        "payment_id": identifier,
        "amount": 100,
        "reference": "R-1",
        "description": "x",
        "state": {"status": status, "finished": True},
    }
    return Response(200, {}, json.dumps(body).encode())
