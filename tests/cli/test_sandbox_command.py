"""`govcomponents sandbox`, as a person runs it: what it prints, what it refuses, how it stops."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from govcomponents import GovComponents, Money, Settings
from govcomponents.cli import main as command
from govcomponents.cli.main import main
from govcomponents.cli.sandbox import welcome
from govcomponents.sandbox.control.client import Control
from govcomponents.sandbox.server import SandboxServer


class Running:
    """The command in a process of its own; `lines` is what it printed until it was ready."""

    def __init__(self, *arguments, module="govcomponents.cli.main", before=("sandbox",)):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GOVCOMPONENTS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", module, *before, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("To see what is in it"):
                break

    @property
    def base_url(self):
        return re.search(r"http://\S+", self.lines[0])[0]

    def exports(self):
        pairs = [shlex.split(line)[1].split("=", 1) for line in self.lines if line.startswith("  export ")]
        return dict(pairs)

    def stop(self, number):
        self.process.send_signal(number)
        printed, complained = self.process.communicate(timeout=30)
        return self.process.returncode, printed, complained

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_ends_cleanly_on_a_signal(number):
    with Running("--port", "0", "--now", "2026-03-02T09:00:00Z") as running:
        open_connection = socket.create_connection(("127.0.0.1", int(running.base_url.rpartition(":")[2])))
        state = Control.over_http(running.base_url).state()
        assert state.clock.running is False
        assert state.base_url == running.base_url
        assert running.stop(number) == (0, "The sandbox has stopped.\n", "")
        open_connection.close()


def test_what_it_prints_can_be_pasted_and_works(monkeypatch):
    with Running("--port", "0", "--seed", "5", "--sign-in", "at_once") as running:
        for name, value in running.exports().items():
            monkeypatch.setenv(name, value)
        settings = Settings.from_environment()
        with GovComponents.from_settings(settings) as gov:
            payment = gov.pay.create(Money.gbp("10.00"), "R-1", "Renew", f"{running.base_url}/_sandbox/came-back")
            assert payment.reference == "R-1"
            assert gov.identity.start().url.startswith(f"{running.base_url}/authorize")
        assert Control.over_http(running.base_url).state().seed == 5


def test_c3_what_it_prints_of_an_openid_provider_works_too(monkeypatch, tmp_path):
    """Settings that are tables are JSON; with another provider in the world, this one is an account."""
    world = tmp_path / "world.json"
    for content, account in (
        ({"one_login": None, "openid": {}}, "default"),
        ({"one_login": _one_login(), "openid": {}}, "openid"),
    ):
        world.write_text(json.dumps(content), encoding="utf-8")
        with (
            Running("--port", "0", "--world", str(world), "--sign-in", "at_once") as running,
            monkeypatch.context() as m,
        ):
            for name, value in running.exports().items():
                m.setenv(name, value)
            with GovComponents.from_settings(Settings.from_environment()) as gov:
                started = gov.account(account).identity.start(claims=["phone"])
                assert started.url.startswith(f"{running.base_url}/openid/authorize")


def _one_login():
    from importlib.resources import files

    return json.loads(files("govcomponents.sandbox.providers.one_login").joinpath("default_world.json").read_text())


def test_people_come_back_to_a_page_of_one_s_own(monkeypatch):
    page = "http://localhost:8000/signed-in"
    with Running("--port", "0", "--sign-in", "at_once", "--redirect-to", page) as running:
        for name, value in running.exports().items():
            monkeypatch.setenv(name, value)
        with GovComponents.from_settings(Settings.from_environment()) as gov:
            url = gov.identity.start().url
        answer = requests.get(url, allow_redirects=False, timeout=10)
        assert answer.headers["location"].startswith(f"{page}?")


def test_every_provider_s_people_come_back_to_a_page_of_one_s_own(monkeypatch, tmp_path):
    page = "http://localhost:8000/signed-in"
    world = tmp_path / "world.json"
    listed = {"clients": [{"client_id": "own", "redirect_urls": ["https://own.example.gov.uk/back"]}]}
    world.write_text(json.dumps({"openid": {}, "login_gov": listed}), encoding="utf-8")
    with Running("--port", "0", "--world", str(world), "--redirect-to", page) as running:
        for name, value in running.exports().items():
            monkeypatch.setenv(name, value)
        with GovComponents.from_settings(Settings.from_environment()) as gov:
            for account in ("openid", "login_gov"):
                url = gov.account(account).identity.start().url
                assert parse_qs(urlsplit(url).query)["redirect_uri"] == [page]
                assert "/sign-in" in requests.get(url, allow_redirects=False, timeout=10).headers["location"]


def test_a_redirect_that_is_none_is_refused(capsys):
    assert main(["sandbox", "--port", "0", "--redirect-to", "signed-in"]) == 2
    assert "redirect" in capsys.readouterr().err


def test_a_misspelt_key_of_a_world_is_named(capsys, tmp_path):
    world = tmp_path / "world.json"
    world.write_text('{"pay": {"servicse": []}}', encoding="utf-8")
    assert main(["sandbox", "--port", "0", "--world", str(world)]) == 2
    said = capsys.readouterr().err
    assert "pay.servicse" in said
    assert "is services meant?" in said


def test_python_m_is_the_same():
    with Running("--port", "0", module="govcomponents.sandbox", before=()) as running:
        assert running.lines[0].startswith("The govcomponents sandbox is at http://127.0.0.1:")
        assert running.stop(signal.SIGINT)[0] == 0


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sandbox", "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for option in ("--host", "--port", "--world", "--seed", "--now", "--sign-in", "--public-url", "--state"):
        assert option in printed
    assert "default: 8910" in printed
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "sandbox" in capsys.readouterr().out


def test_the_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.fullmatch(r"govcomponents \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("wrong", [[], ["sandbx"], ["sandbox", "--port", "many"], ["sandbox", "--sign-in", "never"]])
def test_a_wrong_command_line_is_explained(capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert "usage: govcomponents" in capsys.readouterr().err


def complaint(capsys, *arguments):
    assert main(["sandbox", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_port_in_use_is_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "perhaps a sandbox is running there already" in complaint(capsys, "--port", port)
    for wrong in ("70000", "-1"):
        assert "cannot listen" in complaint(capsys, "--port", wrong)
    assert "cannot listen on 192.0.2.1" in complaint(capsys, "--host", "192.0.2.1", "--port", "0")


def test_a_wrong_world_or_time_is_one_line_and_frees_the_port(capsys, tmp_path):
    missing = str(tmp_path / "none.json")
    assert "cannot be read: No such file" in complaint(capsys, "--port", "0", "--world", missing)
    broken = tmp_path / "world.json"
    broken.write_text('{"pay": ', encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    assert "line 1" in complaint(capsys, "--port", port, "--world", str(broken))
    assert "ISO 8601" in complaint(capsys, "--port", port, "--now", "noon")
    socket.create_server(("127.0.0.1", int(port))).close()


def test_without_the_extra_it_says_what_to_install(capsys, monkeypatch):
    from importlib import util

    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *rest: None if name == "jinja2" else find(name, *rest))
    said = complaint(capsys, "--port", "0")
    assert "the sandbox needs jinja2" in said
    assert 'pip install "govcomponents[sandbox]"' in said


def test_it_runs_in_this_process_too(capsys, monkeypatch):
    def ready(self):
        stop = signal.getsignal(signal.SIGTERM)
        threading.Thread(target=stop, args=(signal.SIGTERM, None)).start()
        return serve(self)

    serve = SandboxServer.serve
    monkeypatch.setattr(SandboxServer, "serve", ready)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert command.main(["sandbox", "--port", "0"]) == 0
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert capsys.readouterr().out.endswith("The sandbox has stopped.\n")


def test_the_welcome_says_when_others_can_reach_it():
    server = SandboxServer(host="127.0.0.1", public_url="https://sandbox.example.gov.uk/")
    try:
        assert "other machines can reach it" in welcome(server, "0.0.0.0")
        home = welcome(server, "127.0.0.1")
        assert "other machines" not in home
        assert "https://sandbox.example.gov.uk/v1/payments" in home
        assert "export GOVCOMPONENTS_PAY__BASE_URL=https://sandbox.example.gov.uk\n" in home
    finally:
        server.close()


def test_a_world_with_one_provider_prints_only_its_lines(tmp_path):
    world = tmp_path / "world.json"
    world.write_text("{}", encoding="utf-8")
    server = SandboxServer(world)
    try:
        assert re.findall(r"export (\w+)", welcome(server, "127.0.0.1")) == ["GOVCOMPONENTS_ENVIRONMENT"]
    finally:
        server.close()


def test_it_listens_on_ipv6_where_the_machine_has_it():
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        server = SandboxServer(host="::1")
    except Exception:  # noqa: BLE001  # whatever the machine says of it
        pytest.skip("this machine has no IPv6 loopback")
    assert server.base_url.startswith("http://[::1]:")
    server.close()


def test_the_sandbox_package_is_not_imported_before_it_is_needed():
    code = (
        "import sys, govcomponents.cli.main; print([m for m in sys.modules if m.startswith('govcomponents.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_default_world_is_printed_and_merged_over(capsys):
    from govcomponents.sandbox.world import default_world, merged_world

    assert main(["sandbox", "world"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(default_world()))
    client = printed["one_login"]["clients"][0]["client_id"]
    mine = {"client_id": client, "redirect_urls": ["http://localhost:8000/signed-in"]}
    new = {**printed["one_login"]["clients"][0], "client_id": "mine", "symbol": "MINE"}
    merged = merged_world(printed, {"pay": None, "one_login": {"clients": [mine, new]}, "openid": {}})
    assert "pay" not in merged
    assert merged["openid"] == {}
    assert merged["notify"] == printed["notify"]
    first, *_, last = merged["one_login"]["clients"]
    assert first == {**printed["one_login"]["clients"][0], "redirect_urls": ["http://localhost:8000/signed-in"]}
    assert last == new


def test_the_settings_are_written_into_a_file_of_ones_own(tmp_path):
    path = tmp_path / "sandbox.env"
    with Running("--port", "0", "--env", str(path)) as running:
        written = dict(shlex.split(line)[0].split("=", 1) for line in path.read_text().splitlines())
        assert written == running.exports()
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_not_the_sandboxs_in_a_file_of_settings_stays(tmp_path):
    path = tmp_path / ".env"
    others = "# mine\nSECRET_KEY=of-my-own\nexport KEY='of two\nlines'\nGOVCOMPONENTS_TIME_LIMIT=20\n\nLAST=1"
    before = "GOVCOMPONENTS_PAY__API_KEY='of two\nlines'\nGOVCOMPONENTS_IDENTITY__GONE=1\n"
    path.write_text(before + others)
    for _ in range(2):  # who starts it again has it again
        with Running("--port", "0", "--env", str(path)) as running:
            assert path.read_text().startswith(f"{others}\nGOVCOMPONENTS_")
            written = path.read_text().removeprefix(f"{others}\n")
            assert dict(shlex.split(line)[0].split("=", 1) for line in written.splitlines()) == running.exports()
