"""Commands on files that are wrong, and with an output that is closed, full, or left by whoever read it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from govcomponents.cli import outcome
from govcomponents.cli.main import main

TEMPLATES = '[receipt]\nchannel = "email"\n[receipt.ids.test]\nen = "5ab1ec0d-0000-4000-8000-000000000101"\n'
BULK = ["--template", "5ab1ec0d-0000-4000-8000-000000000101", "--channel", "email", "--batch", "b"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "GOVCOMPONENTS_NOTIFY__API_KEY", f"test-{'-'.join(['26785a09-ab16-4eb0-8407-a37497a57506'] * 2)}"
    )
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__BASE_URL", "http://127.0.0.1:9")
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk").write_text("junk\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00junk")
    (tmp_path / "broken.py").write_text("import govcomponents\ndef (\n")
    (tmp_path / "templates.toml").write_text(TEMPLATES)
    (tmp_path / "people.csv").write_text("email address\na@example.com\n")
    return tmp_path


def ended(arguments, capsys):
    try:
        status = main([str(one) for one in arguments])
    except SystemExit as stopped:  # of the parser
        status = stopped.code
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sandbox --port 0 --world junk", "the world file junk is not JSON: line 1, column 1"),
        ("sandbox --port 0 --world bytes.py", "the world file bytes.py is not JSON in UTF-8"),
        ("sandbox --port 0 --world folder", "folder cannot be read: Is a directory"),
        ("sandbox --port 0 --state folder", "the state file folder cannot be opened: Is a directory"),
        ("sandbox --port 0 --state absent/x", "absent/x cannot be opened: No such file or directory"),
        ("sandbox --port 0 --state junk", "the state file junk is not a sandbox's"),
        ("sandbox --port 0 --env absent/x", "absent/x cannot be written: No such file or directory"),
        ("sandbox --port 0 --scenario absent.toml", "absent.toml cannot be read: No such file or directory"),
        ("sandbox --port 0 --scenarios absent", "there is no folder absent"),
        ("sandbox --port 0 --scenarios junk", "there is no folder junk"),
        ("sandbox --port 0 --host 192.0.2.1", "give an address of this machine with --host"),
        (
            "notify lock junk",
            r"junk cannot be read (Expected '=' after a key in a key/value pair (at line 1, column 5))",
        ),
        ("notify lock --environment tset", "templates.toml has no id of a template for the environment 'tset'"),
        ("check --baseline absent", "there is no baseline absent"),
        ("check --baseline junk", "junk cannot be read: it is not JSON: line 1, column 1"),
        ("durable migrate --database=", "--database is empty"),
        ("status --database postgresql://127.0.0.1:1/x", "(OperationalError: Connection refused)"),
        ("outbox show x", "argument id: it is not a number above 0"),
        ("outbox show 99999999999999999999", "argument id: it is not a number above 0"),
        ("status --every never", "argument --every: it is no number of seconds"),
        ("work --health-port 99999", "argument --health-port: it is no port"),
        ("work --once --database sqlite:///absent.db", "no file of the durable layer at the path that the URL names"),
        ("work --once", "no file of the durable layer at the path that the URL names"),
        ("work --once --keys-file junk", "junk: a data key of the durable layer is not 32 bytes"),
        ("work --once --app broken:later", "--app cannot be imported (SyntaxError"),
        ("work --once --app ./broken.py:later", "--app names a file, not a module. To fix: give module:name"),
        ("work --once --app left:later", "--app cannot be imported (SystemExit)"),
        ("work --once --app raised:later", "--app cannot be imported (RuntimeError)"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(command, told, place, capsys):
    (place / "left.py").write_text("import sys\nsys.exit(3)\n")
    (place / "raised.py").write_text("raise RuntimeError('secret')\n")
    before = sorted(place.iterdir())
    status, out, err = ended(command.split(), capsys)
    assert (status, out) == (2, "")
    assert told in err
    assert "secret" not in err
    assert sorted(one for one in place.iterdir() if one.name != "__pycache__") == before  # nothing was written


def test_a_port_that_is_taken_is_named(place, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ended(["durable", "migrate", "--database", "sqlite:///x.db"], capsys)[0] == 0
        status, _, err = ended(["journey", "j", "--serve", port, "--database", "sqlite:///x.db"], capsys)
    assert status == 2
    assert f"port {port} of the loopback address cannot be used: Address already in use" in err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--result", "people.csv"], "people.csv is given for the people and for --result"),
        (["--result", "./people.csv.checkpoint"], "people.csv.checkpoint is given for --checkpoint and for --result"),
        (["--checkpoint", "folder/../people.csv"], "for the people and for --checkpoint"),
        (["--result", "junk"], "junk is no file of results"),
        (["--result", "absent/x"], "absent/x: No such file or directory"),
    ],
)
def test_a_bulk_send_writes_over_no_file_of_another_kind(more, told, place, capsys):
    before = {one: one.read_bytes() for one in place.iterdir() if one.is_file()}
    status, _, err = ended(["notify", "bulk", "people.csv", *BULK, *more], capsys)
    assert status == 2
    assert told in err
    assert {one: one.read_bytes() for one in place.iterdir() if one.is_file()} == before


@pytest.mark.parametrize(
    ("file", "at", "reason"),
    [
        ("bytes.py", "bytes.py", "it is not in UTF-8"),
        ("broken.py", "broken.py:2:1", f"Python 3.{sys.version_info.minor} does not parse it"),
    ],
)
def test_a_check_passes_no_file_that_it_could_not_read(file, at, reason, place, capsys):
    status, out, _ = ended(["check", file, "--no-environment"], capsys)
    assert status == 1
    assert f"{at}: GC001 file-unread: {reason}; it was not looked at" in out
    status, out, _ = ended(["check", file, "--no-environment", "--json"], capsys)
    assert (status, json.loads(out)["unread"]) == (1, [f"{at}: {reason}; it was not looked at"])
    status, _, err = ended(["check", file, "--no-environment", "--format", "junit"], capsys)
    assert (status, reason in err) == (1, True)


@pytest.mark.parametrize("option", [["--format", "github"], ["--format", "sarif"], ["--write-baseline", "new.json"]])
def test_a_check_of_a_folder_with_nothing_in_it_is_no_clean_one(place, capsys, option, monkeypatch):
    status, out, err = ended(["check", "folder", "--no-environment", *option], capsys)
    assert (status, out.strip()) == (2, "")
    assert "no file that a rule looks at is in folder. To fix: run it in the service's folder, or" in err
    assert not Path("new.json").exists()
    assert ended(["check", "templates.toml", "folder", "--no-environment"], capsys)[0] == 0
    monkeypatch.chdir("folder")
    assert "no file that a rule looks at is in this folder. To fix: " in ended(["check", "--no-environment"], capsys)[2]


def test_what_this_processs_variables_show_is_told_where_there_is_no_file(place, capsys, monkeypatch):
    monkeypatch.setenv("GOVCOMPONENTS_PAY__API_KYE", "x")
    status, out, _ = ended(["check", "folder"], capsys)
    assert (status, "GC1" in out) == (1, True)


def command(*arguments, **more):
    program = [sys.executable, "-m", "govcomponents.cli.main", *arguments]
    return subprocess.run(program, stderr=subprocess.PIPE, text=True, timeout=60, check=False, **more)


def test_whoever_reads_the_output_may_leave():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = command("sandbox", "world", stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_is_closed_is_none():
    done = command("sandbox", "world", preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")  # noqa: PTH110  # at import
def test_an_output_that_is_full_is_named():
    with open("/dev/full", "w") as full:  # noqa: PTH123  # a device
        done = command("sandbox", "world", stdout=full)
    assert (done.returncode, done.stderr) == (2, "govcomponents: standard output: No space left on device\n")


def test_an_output_that_is_no_file_may_be_left_too(monkeypatch):
    class Left:
        def write(self, _text):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

        def fileno(self):
            raise ValueError

    monkeypatch.setattr(sys, "stdout", Left())
    outcome.tell("to nobody")
