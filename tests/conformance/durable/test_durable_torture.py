"""The durable layer under torture: a database restarted under load, and callbacks that come thrice, in any order.

DURABLE_RESTARTS and DURABLE_CALLBACKS say how often, and how many: `make torture` takes 20 and 10,000.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.conftest import LICENCES, OWN
from durable.outbox.test_kills import EMAIL, FOR_EVER, VALUES
from durable.servers.postgres import NoPostgres, Postgres, remove, start
from govcomponents import GovComponents, Settings, Unavailable
from govcomponents.durable import Durable
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import INBOX, OUTBOX, State
from govcomponents.sandbox.server import serving

RESTARTS = int(os.environ.get("DURABLE_RESTARTS", "3"))
CALLBACKS = int(os.environ.get("DURABLE_CALLBACKS", "300"))
RECEIVERS = 4
HERE = Path(__file__).parents[2]


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield server
    remove(server)


def process(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"durable.processes.{module}", *arguments]
    return subprocess.Popen(command, cwd=HERE, env=os.environ | {"PYTHONPATH": str(HERE)})


def put_down(later: Durable, reference: str) -> None:
    """Put one email down; the reference makes that harmless to repeat while the database is away."""
    until = time.monotonic() + FOR_EVER
    while True:
        try:
            later.notify.send_email("sam@example.com", EMAIL, VALUES, reference=reference)
        except Unavailable:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


def test_a_database_that_is_restarted_under_load_loses_and_doubles_nothing(postgres: Postgres) -> None:
    rows = 100 * (RESTARTS + 1)
    engine = sa.create_engine(postgres.url)
    migrate(engine)
    with serving() as sandbox:
        settings = sandbox.sandbox.settings()
        assert settings.notify is not None
        key, where = settings.notify.api_key.reveal(), str(settings.notify.base_url)
        gov = GovComponents.from_settings(Settings(notify={"api_key": key, "base_url": where}))
        later = Durable(gov, engine)
        workers = [process("killed_worker", postgres.url, where, key) for _ in range(2)]
        try:
            for number in range(rows):
                put_down(later, f"R-{number}")
                if number % 100 == 50 and number // 100 < RESTARTS:
                    postgres.stop("immediate")
                    postgres.start()

            def is_open() -> int:
                now = later.status()
                return now.pending + now.sending + now.in_doubt

            left, until = is_open(), time.monotonic() + FOR_EVER
            while left:  # as long as rows come to their ends, however slow the machine is
                assert time.monotonic() < until, f"{left} rows have not come to an end"
                time.sleep(0.2)
                if (now := is_open()) < left:
                    until = time.monotonic() + FOR_EVER
                left = now
            assert [worker.poll() for worker in workers] == [None, None]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        sent = Counter(str(one.reference) for one in gov.notify.search(channel="email"))
        with engine.connect() as connection:
            states = Counter(connection.scalars(sa.select(OUTBOX.c.state)))
        gov.close()
    engine.dispose()
    assert {reference: count for reference, count in sent.items() if count != 1} == {}
    assert (len(sent), states) == (rows, Counter({State.DONE: rows}))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    found: Postgres = request.getfixturevalue("postgres")
    return found.url


def test_callbacks_that_come_thrice_in_any_order_to_several_receivers_have_their_effect_once(url: str) -> None:
    engine = sa.create_engine(url)
    migrate(engine)
    OWN.create_all(engine)
    arguments = [str(RECEIVERS), str(CALLBACKS)]
    receivers = [process("receiving_process", url, str(number), *arguments) for number in range(RECEIVERS)]
    assert [receiver.wait(timeout=3600) for receiver in receivers] == [0] * RECEIVERS
    with engine.connect() as connection:
        effects = Counter(connection.scalars(sa.select(LICENCES.c.state)))
        still_open = connection.scalar(sa.select(sa.func.count()).where(INBOX.c.is_open == 1))
    engine.dispose()
    assert still_open == 0
    assert effects == Counter({f"R-{number}": 1 for number in range(CALLBACKS)})
