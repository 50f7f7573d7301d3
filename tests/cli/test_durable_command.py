"""`govcomponents durable migrate` and `status`, and `govcomponents work`, as they are typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from govcomponents import GovComponents, Settings
from govcomponents.cli.main import main
from govcomponents.durable import Durable
from govcomponents.sandbox.server import serving

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


def test_the_tables_are_made_and_the_outbox_is_counted(tmp_path: Path, capsys: Any) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    assert main(["durable", "migrate", "--database", url]) == 0
    assert "the tables are of version 3" in capsys.readouterr().out
    with GovComponents.sandbox() as gov:
        later = Durable(gov, url)
        later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1")
        later.notify.send_email("sam@example.com", "no-such-template", VALUES, reference="R-2")
        assert main(["durable", "status", "--database", url, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["pending"], found["refused"], found["paused"]) == (2, 0, [])
        assert found["late_by"] >= 0
        later.run_due()
        later.close()
    assert main(["durable", "status", "--database", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["refused"] == 1


def test_what_cannot_be_a_store_is_told_with_its_cure(capsys: Any) -> None:
    assert main(["durable", "migrate", "--database", "mysql://host/name"]) == 2
    assert "use PostgreSQL or SQLite" in capsys.readouterr().err
    assert main(["durable", "status", "--database", "sqlite://"]) == 2
    assert "give a file" in capsys.readouterr().err


@pytest.mark.parametrize("is_once", [True, False])
def test_a_worker_sends_what_is_due_and_ends_as_it_is_asked(tmp_path: Path, is_once: bool) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with serving() as server:
        notify = server.sandbox.settings().notify
        assert notify is not None
        settings = Settings(notify={"api_key": notify.api_key, "base_url": str(notify.base_url)})
        with GovComponents.from_settings(settings) as gov:
            later = Durable(gov, url)
            later.notify.send_email("sam@example.com", EMAIL, VALUES, reference="R-1")
            variables = {
                "GOVCOMPONENTS_ENVIRONMENT": "test",
                "GOVCOMPONENTS_NOTIFY__API_KEY": notify.api_key.reveal(),
                "GOVCOMPONENTS_NOTIFY__BASE_URL": str(notify.base_url),
                "DATABASE_URL": url,
            }
            command = [sys.executable, "-m", "govcomponents.cli.main", "work", *(["--once"] if is_once else [])]
            worker = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
            until = time.monotonic() + 30
            while later.status().pending + later.status().sending and time.monotonic() < until:
                time.sleep(0.05)
            if not is_once:
                worker.send_signal(signal.SIGTERM)
            told, _ = worker.communicate(timeout=30)
            assert worker.returncode == 0
            assert json.loads(told.splitlines()[0])["done"] == 1
            assert [one.reference for one in gov.notify.search()] == ["R-1"]
            later.close()
