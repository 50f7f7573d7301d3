"""`govcomponents notify`: templates locked and compared, and a CSV file sent, against a served sandbox."""

import csv
import json
import stat

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
    assert (status, out) == (1, "5 accepted, 1 refused, 1 repeated rows left out.\n")
    rows = list(csv.DictReader(result.read_text(encoding="utf-8").splitlines()))
    assert sorted(row["outcome"] for row in rows) == ["accepted"] * 5 + ["duplicate", "refused"]
    assert "example.com" not in result.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (result, tmp_path / "people.csv.checkpoint")} == {0o600}

    status, out, _ = run(capsys, *arguments)
    assert (status, out) == (1, "0 accepted, 7 done earlier, 1 refused earlier.\n")
    assert len(server.sandbox.notify.messages.all()) == 5


def test_a_send_that_stops_says_why_and_what_to_do(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__API_KEY", KEY[:-1] + "9")
    file = tmp_path / "people.csv"
    file.write_text("email address\np@example.com\n", encoding="utf-8")

    status, _, err = run(capsys, "bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b")
    assert (status, "key" in err) == (2, True)


def test_everything_accepted_is_done_and_told_to_programs(server, tmp_path, capsys):
    file = tmp_path / "people.csv"
    file.write_text("email address,name,reference,amount,refund\np@example.com,P,R,£1,no\n", encoding="utf-8")
    result = tmp_path / "result.csv"
    result.write_text("row,outcome,notification id,reference,problem\n0,accepted,x,y,\n")
    arguments = ["bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b", "--result", result, "--json"]
    status, out, _ = run(capsys, *arguments)
    told = json.loads(out)
    assert (status, told["is_complete"], told["progress"]["accepted"]) == (0, True, 1)
    assert len(result.read_text().splitlines()) == 3  # what it held is still there


@pytest.mark.parametrize(
    ("heading", "change", "said"),
    [
        ("email address,name", [], "no column for"),
        ("telephone", [], "email address"),
        ("email address,name,reference,amount,refund", ["--template", "receipt"], "not a UUID"),
        ("email address,name,reference,amount,refund", ["--result", "/absent/result.csv"], "/absent/result.csv: "),
        (None, [], "No such file or directory"),
    ],
    ids=str,
)
def test_nothing_is_written_before_the_checks_have_passed(server, tmp_path, capsys, heading, change, said):
    file = tmp_path / "people.csv"
    if heading is not None:
        file.write_text(f"{heading}\np@example.com,P,R,£1,no\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    status, out, err = run(
        capsys, "bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b", "--result",
        tmp_path / "result.csv", *change,
    )  # fmt: skip
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_templates_file_that_is_not_there_is_named(server, tmp_path, capsys):
    status, _, err = run(capsys, "lock", tmp_path / "templates.toml", "--check")
    assert status == 2  # and not 1, which says that something changed
    assert f"{tmp_path / 'templates.toml'} cannot be read (No such file or directory)" in err


def test_a_provider_that_cannot_be_had_is_no_drift(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GOVCOMPONENTS_ENVIRONMENT", "test")
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__API_KEY", KEY)
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__BASE_URL", "http://127.0.0.1:9")
    file = tmp_path / "templates.toml"
    file.write_text(f'[receipt]\nchannel = "email"\n[receipt.ids.test]\nen = "{EMAIL}"\n', encoding="utf-8")
    assert run(capsys, "lock", file, "--check")[0] == 2


def test_a_lock_is_reported_to_programs(server, tmp_path, capsys):
    file = tmp_path / "templates.toml"
    file.write_text(f'[receipt]\nchannel = "email"\n[receipt.ids.test]\nen = "{EMAIL}"\n', encoding="utf-8")
    status, out, _ = run(capsys, "lock", file, "--json")
    assert (status, json.loads(out)["locked"], json.loads(out)["absent"]) == (0, [EMAIL], [])
    status, out, _ = run(capsys, "lock", file, "--check", "--json")
    assert (status, json.loads(out)) == (0, {"changed": []})


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
