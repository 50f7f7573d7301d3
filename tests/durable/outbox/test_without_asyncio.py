"""A blocking service needs no part of SQLAlchemy for asyncio, nor greenlet, which that part stands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SERVICE = """
import sys
sys.modules["greenlet"] = None  # as where it is not installed
import sqlalchemy as sa
from govcomponents import GovComponents, InvalidInput
from govcomponents.durable import Durable

with GovComponents.sandbox() as gov:
    later = Durable(gov, "sqlite:///store.db")
    values = {"name": "Sam", "amount": "1", "reference": "R", "refund": "no"}
    email = ("sam@example.com", "5ab1ec0d-0000-4000-8000-000000000101", values)
    with later.engine.begin() as connection:
        later.notify.send_email(*email, reference="R-1", on=connection)
    try:
        later.notify.send_email(*email, reference="R-2", on=7)
    except InvalidInput as error:
        print(error.field)
    print(later.run_due().done)
assert "sqlalchemy.ext.asyncio" not in sys.modules
"""


def test_the_durable_layer_works_without_greenlet(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVICE], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "on\n1\n"), done.stderr
