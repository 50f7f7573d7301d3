"""`govcomponents status`: what it tells, as text, as JSON and on a screen that is drawn again."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from govcomponents import GovComponents
from govcomponents.cli.main import main
from govcomponents.cli.outcome import INTERRUPTED
from govcomponents.durable import Durable

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
VALUES = {"name": "Canary", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    assert main(["durable", "migrate", "--database", url]) == 0
    with GovComponents.sandbox() as gov:
        later = Durable(gov, url)
        later.notify.send_email("canary@example.com", EMAIL, VALUES, reference="R-1")
        later.close()
    return url


def test_it_tells_how_everything_stands(url: str, capsys: Any) -> None:
    capsys.readouterr()
    assert main(["status", "--database", url, "--json"]) == 0
    told = capsys.readouterr().out
    found = json.loads(told)
    assert found["outbox"]["pending"] == 1
    assert found["callbacks"] == {"waiting": 0, "without_key": 0, "late_by": 0.0, "gave_up": 0, "last": {}}
    assert found["data_keys"].keys() == {"none"}
    assert found["data_keys"]["none"]["rows"] == 1
    assert 0 <= found["data_keys"]["none"]["age"] < 300
    assert (found["payments"], found["needs_somebody"]) == ({"looked_for": 0}, False)
    assert main(["status", "--database", url]) == 0
    text = capsys.readouterr().out
    assert "outbox pending: 1" in text
    assert "data key none: " in text
    assert "1 rows need it" in text
    assert text.startswith("needs somebody: no\n")
    assert "anary" not in told + text


def test_what_needs_somebody_is_told_by_the_exit_status(url: str, capsys: Any) -> None:
    import sqlalchemy as sa

    capsys.readouterr()
    engine = sa.create_engine(url)
    ahead = time.time() + 50
    at = datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp()
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO gov_inbox"
                " (account, source, key, kind, subject, is_open, claims, due_at, problem, created_at)"
                " VALUES ('default', 'pay', 'k', 'payment', 's', 0, 3, :at, 'LookupError', :at)"
            ),
            {"at": at},
        )
        connection.execute(sa.text("INSERT INTO gov_budget VALUES ('default', 'notify', :at)"), {"at": ahead})
    engine.dispose()
    assert main(["status", "--database", url, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["callbacks"]["gave_up"], found["needs_somebody"]) == (1, True)
    assert found["callbacks"]["last"] == {"pay": "2026-03-02T09:00:00+00:00"}
    assert 40 <= found["budgets"]["default notify"] <= 50


def test_the_ages_of_providers_keys_are_told_where_processes_share_them(url: str, capsys: Any) -> None:
    import sqlalchemy as sa

    from govcomponents.durable import SqlDocumentStore
    from govcomponents.identity import SharedDocument

    capsys.readouterr()
    assert main(["status", "--database", url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provider_keys"] == []
    engine, now = sa.create_engine(url), time.time()
    store = SqlDocumentStore(engine)
    for key, body, age, fresh_for in (
        ("keys https://issuer.example.gov.uk", b'{"keys": []}', 7200, 60),
        ("discovery https://issuer.example.gov.uk", b'{"issuer": "https://issuer.example.gov.uk/"}', 60, 60),
        ("did x", b'{"id": "did:web:identity.example.gov.uk", "assertionMethod": []}', 90_000, -60),
        ("keys https://other.example.gov.uk", b'{"keys": []}', 1, 60),
        ("discovery https://other.example.gov.uk", b"<html>", 1, 60),
    ):
        store.put(key, SharedDocument(body, now - age, now + fresh_for), now + 1e6)
    store.begin("keys https://being.fetched.example.gov.uk", now + 10, now)
    engine.dispose()
    assert main(["status", "--database", url, "--json"]) == 0
    found = {(one["kind"], one["name"]): one for one in json.loads(capsys.readouterr().out)["provider_keys"]}
    hashes = {name for kind, name in found if len(name) == 8}
    assert found.keys() == {
        ("jwks", "https://issuer.example.gov.uk/"),
        ("discovery", "https://issuer.example.gov.uk/"),
        ("did", "did:web:identity.example.gov.uk"),
        *((kind, name) for kind in ("jwks", "unreadable") for name in hashes if (kind, name) in found),
    }
    assert len(found) == 5
    keys, did = found["jwks", "https://issuer.example.gov.uk/"], found["did", "did:web:identity.example.gov.uk"]
    assert (7200 <= keys["age"] < 7500, keys["is_stale"]) == (True, False)
    assert (90_000 <= did["age"] < 90_300, did["is_stale"]) == (True, True)
    assert main(["status", "--database", url]) == 0
    text = capsys.readouterr().out
    assert "jwks https://issuer.example.gov.uk/: 2 h " in text
    assert "did did:web:identity.example.gov.uk: 1 d 1 h old, due to be fetched again\n" in text


def test_the_screen_is_drawn_until_it_is_interrupted(url: str, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    capsys.readouterr()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["govcomponents.cli.store.status"].time, "sleep", sleep)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main(["status", "--database", url, "--every", "5"]) == INTERRUPTED
    assert slept == [5.0] * 3
    assert "outbox pending" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "x", "1e9"])
def test_a_time_that_is_none_is_refused(seconds: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["status", "--every", seconds])
    assert ended.value.code == 2
    assert "--every" in capsys.readouterr().err


def test_without_tables_it_says_what_to_do(tmp_path: Path, capsys: Any) -> None:
    assert main(["status", "--database", f"sqlite:///{tmp_path / 'none.db'}"]) == 2
    assert "govcomponents:" in capsys.readouterr().err
