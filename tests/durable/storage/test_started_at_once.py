"""Processes that start together on a new SQLite file make its tables once, and none of them fails."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from govcomponents import GovComponents
from govcomponents.durable import Durable

PROCESSES, FILES = 8, 10


def test_all_of_them_come_up(tmp_path: Path) -> None:
    with GovComponents.sandbox() as gov, ThreadPoolExecutor(PROCESSES) as pool:
        for number in range(FILES):
            url = f"sqlite:///{tmp_path / f'store-{number}.db'}"
            gate = threading.Barrier(PROCESSES)

            def start(url: str = url, gate: threading.Barrier = gate) -> None:
                gate.wait()
                later = Durable(gov, url)
                later.check()
                later.engine.dispose()

            for one in [pool.submit(start) for _ in range(PROCESSES)]:
                one.result()


def test_one_waits_while_another_writes_to_a_file_that_is_not_set_yet(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with GovComponents.sandbox() as gov, ThreadPoolExecutor(1) as pool, closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE licence (id INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        made = pool.submit(Durable, gov, f"sqlite:///{file}")
        with pytest.raises(TimeoutError):
            made.result(timeout=0.2)
        other.commit()
        later = made.result()
        later.check()
        later.engine.dispose()
