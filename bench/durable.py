"""Measures the durable layer and prints a table: `python -m bench.durable [--rows N] [--ended N]`.

Ratios are of medians, in one run, each turn of ours beside one of the bare transaction. A row that is not met says so.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from durable.postgres import NoPostgres, remove, start
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


class Answering(Delivery):
    """Sends nothing, and says after `wait` seconds that it did: what is left is the engine."""

    wait = 0.0

    async def handle(self, row: Claimed, deadline: float) -> Outcome:
        del row, deadline
        if self.wait:
            await asyncio.sleep(self.wait)
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


def enqueue_ratio(engine: sa.Engine, gov: GovComponents, turns: int = 9, many: int = 150) -> float:
    later = Durable(gov, engine, keys=[KEY])
    insert = sa.insert(LICENCES)

    def once(*, is_ours: bool) -> float:
        begun = time.perf_counter()
        for _ in range(many):
            with engine.begin() as connection:
                connection.execute(insert, {"state": "paid"})
                if is_ours:
                    reference = f"B-{next(_numbers)}"
                    later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference, on=connection)
        return time.perf_counter() - begun

    once(is_ours=False), once(is_ours=True)
    found = [(once(is_ours=False), once(is_ours=True)) for _ in range(turns)]
    return statistics.median(bare for bare, _ in found) / statistics.median(ours for _, ours in found)


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


def claiming(engine: sa.Engine, gov: GovComponents, ended: int) -> tuple[float, str]:
    """The 99th percentile, in ms, of a claim of one row beside so many ended ones; and how PostgreSQL finds it."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO gov_outbox (account, operation, reference, state, attempts, claims, due_at, give_up_at, "
            "created_at, ended_at) SELECT 'default', 'notify.send_email', 'E-' || n, "
            f"{int(State.DONE)}, 1, 0, 0, 0, 0, 1e12 FROM generate_series(1, {ended}) AS n"
        )
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE gov_outbox")
    fill(engine, gov, 1000)
    took = []
    for _ in range(300):
        at = time.perf_counter()
        claims.turn(engine, [], most=1, lease=60.0, me="bench")
        took.append((time.perf_counter() - at) * 1000)
    claim = claims._CLAIMS[0].compile(dialect=engine.dialect)  # noqa: SLF001  # its plan is what is asked for
    with engine.begin() as connection:
        values = claim.construct_params({"most": 1, "lease": 60.0, "me": "bench"})
        plan = connection.exec_driver_sql(f"EXPLAIN {claim}", values).scalars().all()
        connection.execute(sa.delete(OUTBOX))
    names = [line.strip() for line in plan if "Scan" in line]
    return statistics.quantiles(took, n=100)[98], "; ".join(name.split("  (")[0] for name in names)


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
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: a load above 1 makes every figure worse\n")
    with GovComponents.sandbox() as gov, tempfile.TemporaryDirectory() as folder, postgres() as server:
        stores = {level: prepared(sqlite(Path(folder), level)) for level in ("NORMAL", "FULL")}
        for level, limit in (("NORMAL", 0.45), ("FULL", 0.65)):
            row(
                f"transaction with one email / bare, SQLite {level}",
                enqueue_ratio(stores[level], gov),
                limit,
                "",
                at_least,
            )
        every = {"SQLite FULL": prepared(sqlite(Path(folder), "EXTRA"))}
        if server is not None:
            ratio = enqueue_ratio(server, gov)
            row("transaction with one email / bare, PostgreSQL", ratio, 0.65, "", at_least)
            with server.begin() as connection:
                connection.execute(sa.delete(OUTBOX))
            every["PostgreSQL"] = server
        for name, engine in every.items():
            fill(engine, gov, options.rows)
            rate, cpu = asyncio.run(engine_alone(engine, 0.0, 64))
            row(f"engine alone, {name}", rate, 15_000, "rows/s", at_least)
            row(f"engine alone, {name}, CPU", cpu, 40, "µs/row", at_most)
            fill(engine, gov, options.rows // 2)
            rate, _ = asyncio.run(engine_alone(engine, 0.1, 200))
            row(f"provider answers after 100 ms, 200 at once, {name}", rate / 2000, 0.9, "", at_least)
        if server is not None:
            row("a callback is stored, 200/s, PostgreSQL, p99", receiving(server), 20, "ms", at_most)
            p99, plan = claiming(server, gov, options.ended)
            row(f"claim beside {options.ended:,} ended rows, PostgreSQL, p99", p99, 5, "ms", at_most)
            print(f"\nThe claim is found by: {plan}")
        for engine in stores.values():
            engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
