"""One transaction of a service on SQLite: bare, with a row of the driver's in it, and with a queued email."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import durable
from bench.variants.measuring import choose, cpu_of
from govcomponents import GovComponents

COUNT = 2000


def _measure(which: int) -> None:
    with GovComponents.sandbox() as gov, tempfile.TemporaryDirectory() as folder:
        engine = durable.prepared(durable.sqlite(Path(folder), "NORMAL"))
        cpu_of(durable.transactions(engine, gov)[which], COUNT, warm_up=60)
        engine.dispose()


def bare() -> None:
    _measure(0)


def with_an_email() -> None:
    _measure(1)


def with_the_drivers_row() -> None:
    _measure(2)


VARIANTS: dict[str, object] = {
    "transaction": bare,
    "transaction_with_email": with_an_email,
    "transaction_with_row": with_the_drivers_row,
}

if __name__ == "__main__":
    choose(VARIANTS)
