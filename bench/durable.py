"""Measures the durable layer and prints a table: `python -m bench.durable [--rows N] [--ended N]`.

Ratios are of medians, in one run, each turn of ours beside one of the bare transaction. A row that is not met says so.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from durable.servers.postgres import NoPostgres, remove, start
from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.durable import AsyncDurable, Durable, WorkerOptions, running
from govcomponents.durable.inbox.events import PaymentFound
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.outbox import claims, outcomes
from govcomponents.durable.outbox.delivery import Delivery
from govcomponents.durable.outbox.outcomes import Outcome
from govcomponents.durable.outbox.rows import Claimed
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import OUTBOX, State
from govcomponents.durable.storage.sealing import PayloadKeys

KEY = base64.b64encode(os.urandom(32)).decode()
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": "no"}
OWN = sa.MetaData()
LICENCES = sa.Table("licence", OWN, sa.Column("id", sa.Integer, primary_key=True), sa.Column("state", sa.Text))
_numbers = iter(range(10**9))
READY_ROW = (
    "INSERT INTO gov_outbox (account, operation, reference, payload, content, state, attempts, claims, due_at, "
    "give_up_at, created_at) VALUES ('default', 'notify.send_email', ?, ?, ?, 0, 0, 0, 1.8e9, 1.9e9, 1.8e9) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


class Answering(Delivery):
    """Sends nothing, and says after `wait` seconds that it did: what is left is the engine."""

    wait = 0.0

    async def handle(self, row: Claimed, deadline: float) -> Outcome:
        del row, deadline
        await asyncio.sleep(self.wait)  # of 0 too: whatever waits for a network lets others work meanwhile
        return outcomes.done("found")


def sqlite(folder: Path, level: str) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{folder / f'{level}.db'}")

    @sa.event.listens_for(engine, "connect")
    def _set(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {level}")

    return engine


def prepared(engine: sa.Engine) -> sa.Engine:
    migrate(engine)
    OWN.create_all(engine)
    return engine


def transactions(engine: sa.Engine, gov: GovComponents) -> tuple[Callable[[], None], ...]:
    """One transaction of a service: bare, with an email of ours, and with the same row by the driver: the floor."""
    later = Durable(gov, engine, keys=[KEY])
    insert = sa.insert(LICENCES)
    mark = "?" if engine.dialect.name == "sqlite" else "%s"

    def ours(connection: sa.Connection) -> None:
        reference = f"B-{next(_numbers)}"
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=connection)

    def by_the_driver(connection: sa.Connection) -> None:
        cursor = connection.connection.dbapi_connection.cursor()
        cursor.execute(READY_ROW.replace("?", mark), (f"B-{next(_numbers)}", bytes(228), bytes(36)))
        cursor.fetchone()
        cursor.close()

    def once(*also: Callable[[sa.Connection], None]) -> None:
        with engine.begin() as connection:
            connection.execute(insert, {"state": "paid"})
            for work in also:
                work(connection)

    return once, partial(once, ours), partial(once, by_the_driver)


def transaction_times(engine: sa.Engine, gov: GovComponents, turns: int = 9, many: int = 150) -> list[float]:
    """The microseconds of the bare transaction, of one with an email of ours, and of one with the driver's row."""

    def each(transaction: Callable[[], None]) -> float:
        begun = time.perf_counter()
        for _ in range(many):
            transaction()
        return (time.perf_counter() - begun) / many * 1e6

    kinds = transactions(engine, gov)
    found = [[each(kind) for kind in kinds] for _ in range(turns + 1)][1:]  # the first turn warms up
    return [statistics.median(times) for times in zip(*found, strict=True)]


def fill(engine: sa.Engine, gov: GovComponents, rows: int) -> None:
    later = Durable(gov, engine, keys=[KEY])
    with engine.begin() as connection:
        for _ in range(rows):
            reference = f"B-{next(_numbers)}"
            later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=connection)


async def engine_alone(engine: sa.Engine, wait: float, concurrency: int) -> tuple[float, float]:
    """Rows a second, and microseconds of CPU for each."""
    running.Delivery = Answering
    Answering.wait = wait
    try:
        async with AsyncGovComponents.sandbox() as gov:
            later = AsyncDurable(gov, engine, keys=[KEY], worker=WorkerOptions(concurrency=concurrency))
            begun, cpu = time.perf_counter(), time.process_time()
            done = await later.run_due()
            return done.done / (time.perf_counter() - begun), (time.process_time() - cpu) / done.done * 1e6
    finally:
        running.Delivery = Delivery


def engine_in_processes(engine: sa.Engine, gov: GovComponents, rows: int, processes: int = 2) -> float:
    """Rows a second of several workers at once, each in a process of its own, from the first row to the last."""
    command = [sys.executable, "-m", "bench.durable", "--engine", "--on", engine.url.render_as_string()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": Path(__file__).parents[1], "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(processes)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * processes
    fill(engine, gov, rows)
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [[float(part) for part in worker.communicate()[0].split()] for worker in workers]
    done, begun, ended = zip(*told, strict=True)
    assert sum(done) == rows, f"{sum(done)} of {rows} rows were worked off"
    return rows / (max(ended) - min(begun))


async def one_of_several(url: str) -> None:
    """Work off what is due once a line is read, and tell how many rows that were, when it began and when it ended."""
    running.Delivery = Answering
    async with AsyncGovComponents.sandbox() as gov:
        later = AsyncDurable(gov, url, keys=[KEY])
        await later.run_due()  # whatever is imported for the first row is imported now
        print("ready", flush=True)
        sys.stdin.readline()
        begun = time.monotonic()
        done = await later.run_due()
        print(done.done, begun, time.monotonic())


def receiving(engine: sa.Engine, per_second: int = 200, seconds: float = 5.0) -> float:
    """The 99th percentile, in ms, of storing a callback, at so many a second."""
    keys, took = PayloadKeys([KEY]), []
    begun = time.perf_counter()
    for number in range(int(per_second * seconds)):
        time.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        event = PaymentFound(
            key=f"k{number}-{begun}", account="default", payment_id=f"p{number}", reference="R", journey=None
        )
        at = time.perf_counter()
        with engine.begin() as connection:
            insert_event(connection, event, "pay", keys)
        took.append((time.perf_counter() - at) * 1000)
    return statistics.quantiles(took, n=100)[98]


def add_rows(engine: sa.Engine, rows: int, state: State) -> None:
    """Put so many rows into PostgreSQL by one statement, and its indexes after that, as a restored backup has them."""
    with engine.begin() as connection:
        for index in OUTBOX.indexes:
            index.drop(connection)
        connection.exec_driver_sql(
            "INSERT INTO gov_outbox (account, operation, reference, payload, state, attempts, claims, due_at, "
            "give_up_at, created_at, ended_at) SELECT 'default', 'notify.send_email', 'E-' || n, "
            f"{'NULL' if state is State.DONE else 'decode(repeat($$00$$, 300), $$hex$$)'}, {int(state)}, 1, 0, 0, "
            f"1e12, 0, {'1e12' if state is State.DONE else 'NULL'} FROM generate_series(1, {rows}) AS n"
        )
        for index in OUTBOX.indexes:
            index.create(connection)
    with engine.connect() as connection:
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql("VACUUM ANALYZE gov_outbox")
        alone.exec_driver_sql("CHECKPOINT")  # else what was put in is written to the disk while something is measured


def claiming(engine: sa.Engine, gov: GovComponents, ended: int) -> tuple[float, float, float, str]:
    """The 99th percentile, in ms, of a claim of one row beside so many ended ones, and of its statements alone.

    What is between the two is the commit, which waits for the disk: beside it that of a bare transaction of one row is
    measured, taken in turn. And how PostgreSQL finds the row.
    """
    add_rows(engine, ended, State.DONE)
    fill(engine, gov, 2000)
    for _ in range(100):  # a process that has worked for a while has its statements compiled, and PostgreSQL its plans
        claims.turn(engine, [], most=1, lease=60.0, me="bench")
    took, of_statements, of_commits = [], [], []
    asked: list[tuple[str, object]] = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _begin(_connection: object, _cursor: object, text: str, values: object, *_more: object) -> None:
        asked.append((text, values))
        of_statements[-1] -= time.perf_counter()

    @sa.event.listens_for(engine, "after_cursor_execute")
    def _end(*_facts: object) -> None:
        of_statements[-1] += time.perf_counter()

    unheard = sa.create_engine(engine.url)  # what it does is not counted among the statements
    for _ in range(1000):
        asked.clear()
        of_statements.append(0.0)
        at = time.perf_counter()
        claims.turn(engine, [], most=1, lease=60.0, me="bench")
        took.append(time.perf_counter() - at)
        of_commits.append(one_commit(unheard))
    unheard.dispose()
    sa.event.remove(engine, "before_cursor_execute", _begin)
    sa.event.remove(engine, "after_cursor_execute", _end)
    with engine.begin() as connection:
        lines = [
            line
            for text, values in asked
            if "gov_outbox" in text
            for line in connection.exec_driver_sql(f"EXPLAIN {text}", values).scalars()
        ]
        connection.rollback()
    names = dict.fromkeys(line.strip(" ->").split("  (")[0] for line in lines if "Scan" in line and "gov_" in line)
    p99s = (statistics.quantiles(times, n=100)[98] * 1000 for times in (took, of_statements, of_commits))
    return *p99s, "; ".join(names)


def one_commit(engine: sa.Engine) -> float:
    """The seconds in which a transaction of one row of the service's own is committed."""
    with engine.connect() as connection:
        connection.execute(sa.insert(LICENCES), {"state": "paid"})
        begun = time.perf_counter()
        connection.commit()
        return time.perf_counter() - begun


def memory(engine: sa.Engine, due: int, limit: int) -> float:
    """The largest memory, in MiB, of a process that works off `limit` of so many rows that are due."""
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE gov_outbox")
    add_rows(engine, due, State.PENDING)
    command = [sys.executable, "-m", "bench.durable", "--work-off", str(limit), "--on", str(engine.url)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return float(told.stdout)


def work_off(url: str, limit: int) -> float:
    """Work off so many rows in this process, and return the most memory that it ever had, in MiB."""
    running.Delivery = Answering

    async def work() -> None:
        async with AsyncGovComponents.sandbox() as gov:
            await AsyncDurable(gov, url, keys=[KEY]).run_due(limit=limit)

    asyncio.run(work())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def postgres() -> Iterator[sa.Engine | None]:
    try:
        server = start()
    except NoPostgres as error:
        print(f"PostgreSQL is left out: {error}")
        yield None
        return
    engine = sa.create_engine(server.url)
    try:
        yield prepared(engine)
    finally:
        engine.dispose()
        remove(server)


def row(name: str, found: float, limit: float, unit: str, met: Callable[[float, float], bool]) -> None:
    sign = ">=" if met(1, 0) else "<="
    is_met = "yes" if met(found, limit) else "NO"
    print(f"| {name:<58} | {found:>10,.2f} {unit:<6} | {sign} {limit:>9,.2f} | {is_met:<3} |", flush=True)


def at_least(found: float, limit: float) -> bool:
    return found >= limit


def at_most(found: float, limit: float) -> bool:
    return found <= limit


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the durable layer.")
    parser.add_argument("--rows", type=int, default=10_000, help="rows that the engine works off")
    parser.add_argument("--ended", type=int, default=1_000_000, help="ended rows beside which one is claimed")
    parser.add_argument("--due", type=int, default=1_000_000, help="rows that are due while memory is measured")
    parser.add_argument("--only", choices=["claim", "memory"], help="measure nothing else")
    parser.add_argument("--work-off", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--engine", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--on", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        asyncio.run(one_of_several(options.on))
        return 0
    if options.work_off is not None:
        print(work_off(options.on, options.work_off))
        return 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: a load above 1 makes every figure worse\n")
    with GovComponents.sandbox() as gov, tempfile.TemporaryDirectory() as folder, postgres() as server:
        if options.only is None:
            measure_calls(gov, Path(folder), server, options.rows)
        if server is not None and options.only in (None, "claim"):
            p99, alone, commit, plan = claiming(server, gov, options.ended)
            row(f"claim beside {options.ended:,} ended rows, PostgreSQL, p99", p99, 5, "ms", at_most)
            row("of it the statements, without the commit", alone, 5, "ms", at_most)
            row("a commit of one other row, in turn with them, p99", commit, 5, "ms", at_most)
            print(f"\nThe claim is found by: {plan}")
        if server is not None and options.only in (None, "memory"):
            few, many = memory(server, 10_000, 10_000), memory(server, options.due, min(options.due, 100_000))
            row(f"memory of a worker, {options.due:,} rows due, over 10,000", many - few, 20, "MiB", at_most)
    return 0


def put_down(name: str, found: list[float], limit: float) -> None:
    bare, ours, by_the_driver = found
    row(f"transaction with one email / bare, {name}", bare / ours, limit, "", at_least)
    row(f"the same row, ready, by the driver / bare, {name}", bare / by_the_driver, limit, "", at_least)
    print(
        f"    bare {bare:,.0f} µs, with the driver's row {by_the_driver:,.0f} µs, with ours {ours:,.0f} µs", flush=True
    )


def measure_calls(gov: GovComponents, folder: Path, server: sa.Engine | None, rows: int) -> None:
    """Measure what a call costs where it is put down, where it is made, and where it is called back."""
    stores = {level: prepared(sqlite(folder, level)) for level in ("NORMAL", "FULL")}
    for level, limit in (("NORMAL", 0.45), ("FULL", 0.65)):
        put_down(f"SQLite {level}", transaction_times(stores[level], gov), limit)
    every = {"SQLite FULL": prepared(sqlite(folder, "EXTRA"))}
    if server is not None:
        put_down("PostgreSQL", transaction_times(server, gov), 0.65)
        with server.begin() as connection:
            connection.execute(sa.delete(OUTBOX))
        every["PostgreSQL"] = server
    for name, engine in every.items():
        fill(engine, gov, rows)
        rate, cpu = asyncio.run(engine_alone(engine, 0.0, 64))
        row(f"engine alone, {name}", rate, 15_000, "rows/s", at_least)
        row(f"engine alone, {name}, CPU", cpu, 40, "µs/row", at_most)
        row(f"engine alone, {name}, two processes", engine_in_processes(engine, gov, rows), 15_000, "rows/s", at_least)
        fill(engine, gov, rows // 2)
        rate, _ = asyncio.run(engine_alone(engine, 0.1, 200))
        row(f"provider answers after 100 ms, 200 at once, {name}", rate / 2000, 0.9, "", at_least)
    if server is not None:
        row("a callback is stored, 200/s, PostgreSQL, p99", receiving(server), 20, "ms", at_most)
    for engine in stores.values():
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
