"""`govcomponents notify`: templates locked and compared, and a CSV file sent, against a served sandbox."""

import csv
import json

import pytest

from govcomponents.cli import notify as command
from govcomponents.cli.main import main
from govcomponents.notify.bulk.results import BulkProgress
from govcomponents.sandbox.server import serving

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
KEY = "demo-test-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-000000000001"


@pytest.fixture
def server(monkeypatch):
    with serving() as running:
        monkeypatch.setenv("GOVCOMPONENTS_ENVIRONMENT", "test")
        monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__API_KEY", KEY)
        monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__BASE_URL", running.base_url)
        yield running


def run(capsys, *arguments):
    status = main(["notify", *map(str, arguments)])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_templates_are_locked_and_compared(server, tmp_path, capsys):
    file = tmp_path / "templates.toml"
    file.write_text(f'[receipt]\nchannel = "email"\n[receipt.ids.test]\nen = "{EMAIL}"\n', encoding="utf-8")

    assert run(capsys, "lock", file, "--check")[0] == 1
    status, out, _ = run(capsys, "lock", file)
    assert (status, "Locked 1 of 1 templates" in out) == (0, True)
    lock = tmp_path / "templates.lock.json"
    assert json.loads(lock.read_text())["templates"][0]["id"] == EMAIL
    assert run(capsys, "lock", file, "--check")[:2] == (0, "Everything is as it was locked.\n")
    lock.write_text(lock.read_text().replace('"version": 1', '"version": 2'))
    status, out, _ = run(capsys, "lock", file, "--check")
    assert (status, "version changed" in out) == (1, True)

    file.write_text(file.read_text().replace(EMAIL, "99999999-9999-4999-8999-999999999999"), encoding="utf-8")
    status, out, _ = run(capsys, "lock", file)
    assert (status, "no template 99999999" in out) == (1, True)


def test_a_csv_file_is_sent_and_goes_on_where_it_was(server, tmp_path, capsys):
    file = tmp_path / "people.csv"
    lines = ["email address,name,reference,amount,refund", *[f"p{n}@example.com,P{n},R{n},£1,no" for n in range(5)]]
    file.write_text("\n".join([*lines, "not an address,P,R,£1,no", lines[1]]), encoding="utf-8")
    result = tmp_path / "result.csv"
    arguments = ["bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b", "--result", result]

    status, out, _ = run(capsys, *arguments, "--per-minute", "60000", "--concurrency", "2")
    assert (status, out) == (0, "5 accepted, 1 refused, 1 repeated rows left out.\n")
    rows = list(csv.DictReader(result.read_text(encoding="utf-8").splitlines()))
    assert sorted(row["outcome"] for row in rows) == ["accepted"] * 5 + ["duplicate", "refused"]
    assert "example.com" not in result.read_text()

    status, out, _ = run(capsys, *arguments)
    assert (status, out) == (0, "0 accepted, 7 done earlier.\n")
    assert len(server.sandbox.notify.messages.all()) == 5


def test_a_send_that_stops_says_why_and_what_to_do(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__API_KEY", KEY[:-1] + "9")
    file = tmp_path / "people.csv"
    file.write_text("email address\np@example.com\n", encoding="utf-8")

    status, _, err = run(capsys, "bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b")
    assert (status, "key" in err) == (1, True)


def test_the_bar_is_for_those_who_watch(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = command._Bar()
    bar.show(BulkProgress(accepted=25))
    bar.show(BulkProgress(accepted=26))
    bar.end()
    assert capsys.readouterr().err == "\r25 accepted\n"
    assert command.describe(BulkProgress(accepted=1, refused=2, unknown=3, not_sent=4, duplicates=5, earlier=6)) == (
        "1 accepted, 6 done earlier, 2 refused, 5 repeated rows left out, 4 not sent, 3 of unknown outcome"
    )
