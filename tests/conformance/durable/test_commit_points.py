"""A service is killed at each commit point, on both databases, and goes on: nothing is lost, nothing is done twice."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.conftest import LICENCES, OWN
from durable.processes.dying_process import live
from durable.servers.postgres import NoPostgres, remove, start
from durable.test_inbox import KEY, callback_world
from govcomponents import GovComponents
from govcomponents.durable.audit.chain import verify_audit
from govcomponents.durable.storage.commit_points import CommitPoint
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import INBOX, METADATA, OUTBOX, PAYMENT, State
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["durable.processes.dying_process"])

# What only a process comes to that goes on after another one was killed: where that one was.
_BEFORE = {
    CommitPoint.OUTBOX_LOOKED_UP: CommitPoint.OUTBOX_SENT,
    CommitPoint.PAYMENT_FOUND: CommitPoint.PAYMENT_MADE,
    CommitPoint.PAYMENT_SETTLING: CommitPoint.PAYMENT_MADE,
    CommitPoint.PAYMENT_SETTLED: CommitPoint.PAYMENT_MADE,
}
# Where the payment is never made, as the process died before, and where it is found by its reference.
_NOT_MADE = {CommitPoint.PAYMENT_BEGUN}
_FOUND = {CommitPoint.PAYMENT_MADE, CommitPoint.PAYMENT_NOTING, *(_BEFORE.keys() - {CommitPoint.OUTBOX_LOOKED_UP})}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    try:
        found = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield found.url
    remove(found)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'store.db'}" if is_file else request.getfixturevalue("server")
    made = sa.create_engine(url)
    for metadata in (METADATA, OWN):
        metadata.drop_all(made)
    migrate(made)
    OWN.create_all(made)
    yield made
    made.dispose()


def run(engine: sa.Engine, variables: dict[str, str], point: CommitPoint | None, time: int = 1) -> int | None:
    url = engine.url.render_as_string(hide_password=False)
    process = PROCESSES.Process(target=live, args=(url, variables, point, time))
    process.start()
    process.join(120)
    if process.exitcode is None:
        process.kill()
    return process.exitcode


@pytest.mark.parametrize("point", CommitPoint)
def test_a_service_that_is_killed_at_a_commit_point_loses_and_doubles_nothing(
    engine: sa.Engine, point: CommitPoint
) -> None:
    with serving(callback_world()) as server:
        settings = server.sandbox.settings()
        variables = dict(environment(settings))
        for at in filter(None, (_BEFORE.get(point), point)):
            assert run(engine, variables, at) == -signal.SIGKILL, f"it never came to {at}"
        assert run(engine, variables, None) == 0
        with GovComponents.from_settings(settings) as gov:
            sent = Counter(str(one.reference) for one in gov.notify.search(channel="email"))
            paid = [one.is_paid for one in gov.pay.search(reference="RENEW-7")]
    with engine.connect() as connection:
        states = Counter(connection.scalars(sa.select(OUTBOX.c.state)))
        still_open = connection.scalar(sa.select(sa.func.count()).where(INBOX.c.is_open == 1))
        payments = connection.execute(sa.select(PAYMENT.c.is_open, PAYMENT.c.problem)).all()
        effects = Counter(connection.scalars(sa.select(LICENCES.c.state)))
    is_made = point not in _NOT_MADE
    assert sent == {"R-with": 1, "R-alone": 1}
    assert (states, still_open) == ({State.DONE: 2}, 0)
    assert (paid, payments) == ([True] * is_made, [(0, None if is_made else "NotMade")])
    told = {"asked": 1, "receipt R-0": 1, "receipt R-1": 1}
    told |= {"payment succeeded": 1} if is_made else {}
    assert effects == told | ({"found": 1} if point in _FOUND else {})
    assert verify_audit(engine, PayloadKeys([KEY])).problems == ()
