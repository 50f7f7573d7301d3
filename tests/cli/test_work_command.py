"""`govcomponents work` with a service's handlers: several processes, started again when a handler takes one down."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from govcomponents.cli.main import main
from govcomponents.durable.inbox.events import GaveUp
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.migrating import migrate
from govcomponents.durable.storage.schema import INBOX
from govcomponents.durable.storage.sealing import PayloadKeys

APP = """
import os
import time
import urllib.request
from pathlib import Path

import sqlalchemy as sa

from govcomponents import GovComponents
from govcomponents.durable import Durable, GaveUp, WorkerOptions

later = Durable(GovComponents.sandbox(), "sqlite:///store.db", worker=WorkerOptions(lease=1.0))


@later.when(GaveUp)
def gave_up(event: GaveUp, transaction: sa.Connection) -> None:
    tries = Path(f"{event.reference}.tries")
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    transaction.execute(sa.text("INSERT INTO effect VALUES (:name)"), {"name": event.reference})
    if len(tries.read_text()) == 1 and event.reference == "kills":
        os._exit(9)
    if len(tries.read_text()) == 1 and event.reference == "hangs":
        time.sleep(600)
"""


def event(reference: str) -> GaveUp:
    facts: Any = {"operation": "pay.refund", "account": "default", "journey": None, "is_refused": True, "problem": "x"}
    return GaveUp(key=reference, reference=reference, **facts)


def effects(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.scalars(sa.text("SELECT name FROM effect")))


def answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_handlers_that_kill_or_hang_take_one_process_down_and_act_once(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(textwrap.dedent(APP), encoding="utf-8")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE effect (name TEXT)"))
        for name in ("fine", "kills", "hangs"):
            insert_event(connection, event(name), "outbox", PayloadKeys())
    port = free_port()
    command = [sys.executable, "-m", "govcomponents.cli.main", "work", "--app", "jobs:later", "--processes", "2"]
    worker = subprocess.Popen(
        [*command, "--health-port", str(port)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 240
    seen: set[int] = set()
    while effects(engine) != ["fine", "hangs", "kills"] and time.monotonic() < until:
        seen.add(answer(port, "/health"))
        with engine.begin() as connection:  # no test has the time that a failed event waits for
            connection.execute(sa.update(INBOX).where(INBOX.c.owner.is_(None)).values(due_at=0))
        time.sleep(0.1)
    while answer(port, "/ready") != 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert answer(port, "/ready") == 200
    assert answer(port, "/elsewhere") == 404
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as shown:
        families = {family.name: family for family in text_string_to_metric_families(shown.read().decode())}
    waiting = {sample.labels["govcomponents_source"] for sample in families["govcomponents_inbox_rows"].samples}
    assert waiting == {"outbox"}
    worker.send_signal(signal.SIGTERM)
    told, complained = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert effects(engine) == ["fine", "hangs", "kills"]
    assert sum(json.loads(line)["handled"] for line in told.splitlines()) >= 1
    assert "another one is started" in complained
    assert "a handler hangs" in complained
    assert 200 in seen
    engine.dispose()


def test_an_app_that_is_none_is_told(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("nowhere:later", "os:path", "os", "os:nothing"):
        assert main(["work", "--once", "--app", name]) == 2
        assert "module:name" in capsys.readouterr().err
    assert main(["work", "--once", "--app", "os:path", "--database", "sqlite:///x.db"]) == 2
    assert "leave --database and --keys-file out" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
