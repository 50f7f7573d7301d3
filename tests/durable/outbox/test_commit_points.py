"""Each commit point has a name, tests can be told of it, and a service that does everything comes to all of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from durable.conftest import OWN
from durable.processes.dying_process import live
from durable.test_inbox import callback_world
from govcomponents.durable.storage import commit_points
from govcomponents.durable.storage.commit_points import CommitPoint, dying_at, reached, watching
from govcomponents.durable.storage.migrating import migrate
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

OF_RECOVERY = {
    CommitPoint.OUTBOX_LOOKED_UP,
    CommitPoint.PAYMENT_FOUND,
    CommitPoint.PAYMENT_SETTLING,
    CommitPoint.PAYMENT_SETTLED,
}


def test_a_service_that_does_everything_comes_to_every_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    OWN.create_all(engine)
    seen: list[CommitPoint] = []
    with serving(callback_world()) as server, watching(seen.append):
        live(f"sqlite:///{tmp_path / 'store.db'}", environment(server.sandbox.settings()), None)
    engine.dispose()
    assert set(seen) == set(CommitPoint) - OF_RECOVERY


def test_nobody_watches_unless_a_test_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert commit_points._watch is None
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    with watching(dying_at("outbox.sent", time=2)):
        reached(CommitPoint.OUTBOX_SENT)
        reached(CommitPoint.OUTBOX_SENDING)
        assert killed == []
        reached(CommitPoint.OUTBOX_SENT)
    assert killed == [(os.getpid(), 9)]
    reached(CommitPoint.OUTBOX_SENT)
    assert len(killed) == 1
    with pytest.raises(ValueError, match=r"outbox\.unknown"):
        dying_at("outbox.unknown")
