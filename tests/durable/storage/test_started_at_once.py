"""Processes that start together on a new SQLite file make its tables once, and none of them fails."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
