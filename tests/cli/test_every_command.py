"""Every command: the same exit statuses, one JSON object with --json, and one line for what is wrong."""

import argparse
import json
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from govcomponents import GovComponents, Settings
from govcomponents.cli.main import main, parser
from govcomponents.durable import Durable
from govcomponents.durable.storage.schema import State
from govcomponents.sandbox.server import SandboxServer, serving

EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
HEADING = "email address,name,reference,amount,refund"
VALUES = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}


@dataclass
class Place:
    folder: Path
    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    url: str = field(init=False)

    def __post_init__(self):
        self.url = f"sqlite:///{self.folder / 'store.db'}"

    def file(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def key(self, name="key.pem"):
        assert main(["identity", "new-key", str(self.folder / name)]) == 0
        return self.folder / name

    def templates(self, template=EMAIL):
        return self.file("templates.toml", f'[receipt]\nchannel = "email"\n[receipt.ids.test]\nen = "{template}"\n')

    def without_network(self):
        self.monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__BASE_URL", "http://127.0.0.1:9")

    def bulk(self, *rows, heading=HEADING):
        file = self.file("people.csv", "\n".join([heading, *rows]))
        return ["notify", "bulk", file, "--template", EMAIL, "--channel", "email", "--batch", "b"]

    def outbox(self, *templates):
        with GovComponents.from_settings(self.settings) as gov:
            later = Durable(gov, self.url)
            for number, template in enumerate(templates):
                later.notify.send_email("sam@example.com", template, VALUES, reference=f"R-{number}")
            later.close()


def served(place):
    serve = SandboxServer.serve

    def until_told(server):
        threading.Thread(target=server.stop).start()
        return serve(server)

    place.monkeypatch.setattr(SandboxServer, "serve", until_told)
    return ["sandbox", "--port", 0]


def locked(place):
    main(["notify", "lock", str(place.templates())])
    return ["notify", "lock", place.folder / "templates.toml", "--check"]


def drifted(place):
    command = locked(place)
    lock = place.folder / "templates.lock.json"
    lock.write_text(lock.read_text().replace('"version": 1', '"version": 2'))
    return command


def unreachable(place, command):
    place.without_network()
    return command


def with_outbox(place, command, *templates):
    place.outbox(*templates)
    return [*command, "--database", place.url]


def dead(place, words=("durable", "status")):
    command = with_outbox(place, list(words), EMAIL)
    import sqlite3

    with closing(sqlite3.connect(place.folder / "store.db")) as store, store:
        store.execute("UPDATE gov_outbox SET state = ?", (State.DEAD.value,))
    return command


OLD_CODE = "from notifications_python_client import NotificationsAPIClient\nclient = NotificationsAPIClient(key)\n"
NO_STORE = ["--database", "mysql://host/name"]

COMMANDS = {
    ("sandbox", 0): served,
    ("sandbox", 2): lambda place: ["sandbox", "--port", 0, "--world", place.folder / "absent.json"],
    ("sandbox world", 0): lambda _: ["sandbox", "world"],
    ("sandbox world", 2): lambda _: ["sandbox", "world", "--nonsense"],
    ("identity new-key", 0): lambda place: ["identity", "new-key", place.folder / "key.pem"],
    ("identity new-key", 2): lambda place: ["identity", "new-key", place.file("key.pem", "mine")],
    ("identity jwks", 0): lambda place: ["identity", "jwks", place.key()],
    ("identity jwks", 2): lambda place: ["identity", "jwks", place.key(), place.folder / "absent.pem"],
    ("notify lock", 0): locked,
    ("notify lock", 1): drifted,
    ("notify lock", 2): lambda place: unreachable(place, ["notify", "lock", place.templates()]),
    ("notify bulk", 0): lambda place: place.bulk("a@example.com,A,R,£1,no"),
    ("notify bulk", 1): lambda place: place.bulk("a@example.com,A,R,£1,no", "nobody,B,R,£1,no"),
    ("notify bulk", 2): lambda place: place.bulk("a@example.com", heading="email address"),
    ("durable migrate", 0): lambda place: ["durable", "migrate", "--database", place.url],
    ("durable migrate", 2): lambda _: ["durable", "migrate", *NO_STORE],
    ("durable status", 0): lambda place: with_outbox(place, ["durable", "status"], EMAIL),
    ("durable status", 1): dead,
    ("durable status", 2): lambda place: ["durable", "status", "--database", place.url],
    ("work", 0): lambda place: with_outbox(place, ["work", "--once"], EMAIL),
    ("work", 1): lambda place: with_outbox(place, ["work", "--once"], EMAIL, "no-such-template"),
    ("work", 2): lambda place: ["work", "--once", "--keys-file", place.folder / "absent", "--database", place.url],
    ("journey", 1): lambda place: with_outbox(place, ["journey", "licence-7"]),
    ("audit verify", 0): lambda place: with_outbox(place, ["audit", "verify"]),
    ("audit verify", 1): lambda place: with_outbox(place, ["audit", "verify", "--last", "another"]),
    ("audit export", 0): lambda place: with_outbox(place, ["audit", "export"], EMAIL),
    ("status", 0): lambda place: with_outbox(place, ["status"]),
    ("status", 1): lambda place: dead(place, ["status"]),
    ("status", 2): lambda _: ["status", *NO_STORE],
    ("reconcile", 0): lambda place: with_outbox(place, ["reconcile", "2026-03-01"]),
    ("reconcile", 2): lambda place: with_outbox(place, ["reconcile", "yesterday"]),
    ("check", 0): lambda place: ["check", place.file("service.py", "gov = None"), "--no-environment"],
    ("check", 1): lambda place: ["check", place.file(".env", "GOVCOMPONENTS_PAY_API_KEY=x"), "--no-environment"],
    ("check", 2): lambda place: ["check", place.folder / "absent"],
    ("contract run", 2): lambda _: ["contract", "run", "no-such-adapter"],
    ("new-adapter", 0): lambda place: ["new-adapter", "pay", "toll_bridge", "--into", place.folder],
    ("new-adapter", 2): lambda _: ["new-adapter", "pay", "Not a name"],
    ("migrate", 0): lambda place: ["migrate", place.file("old.py", OLD_CODE)],
    ("migrate", 1): lambda place: ["migrate", place.file("old.py", f"{OLD_CODE}client.get_all_template_versions(x)")],
    ("migrate", 2): lambda place: ["migrate", place.folder / "absent.py"],
    ("outbox show", 0): lambda place: with_outbox(place, ["outbox", "show", "1"], EMAIL),
}
for table, state in (("outbox", "dead"), ("inbox", "given-up"), ("payments", "made")):
    for action, status, more in (
        ("list", 0, []),
        ("show", 1, ["99"]),
        *(
            (action, status, more)
            for action in ("retry", "give-up")
            for status, more in ((0, ["--state"]), (1, ["99"]))
        ),
    ):
        COMMANDS[f"{table} {action}", status] = lambda place, words=(table, action, *more), state=state: with_outbox(
            place, [*words, *([state] if words[-1] == "--state" else [])]
        )
for name in [*{name for name, _ in COMMANDS if name.split()[0] in ("outbox", "inbox", "payments", "audit")}, "journey"]:
    words = [*name.split(), *(["1"] if name.split()[-1] in ("journey", "show", "retry", "give-up") else [])]
    COMMANDS[name, 2] = lambda place, words=words: [*words, "--database", place.url]

NEVER_IN_PART = {
    *("sandbox", "sandbox world", "identity new-key", "identity jwks", "durable migrate", "audit export"),
    *("outbox list", "inbox list", "payments list", "new-adapter"),
}
NEED_ROWS = {("journey", 0), ("inbox show", 0), ("payments show", 0), ("reconcile", 1)}  # test_durable_command.py
NEED_ROWS |= {("contract run", 0), ("contract run", 1)}  # test_contract_command.py


def commands(whole, path=""):
    """Give every command that can be run, by its words."""
    parts = [action for action in whole._actions if isinstance(action, argparse._SubParsersAction)]
    if whole.get_default("run") is not None:
        yield path, whole
    for part in parts:
        for name, inner in part.choices.items():
            yield from commands(inner, f"{path} {name}".strip())


def test_each_command_is_tried_with_each_status_that_it_can_have():
    wanted = {(name, status) for name, _ in commands(parser()) for status in (0, 1, 2)}
    assert set(COMMANDS) == {one for one in wanted - NEED_ROWS if one[1] != 1 or one[0] not in NEVER_IN_PART}


def test_each_command_reports_to_programs_and_tells_its_statuses():
    for name, command in commands(parser()):
        assert "--json" in command._option_string_actions, name
        assert "Exit status" in (command.epilog or ""), name


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture
def place(server, tmp_path, monkeypatch):
    notify = server.sandbox.settings().notify
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOVCOMPONENTS_ENVIRONMENT", "test")
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__API_KEY", notify.api_key.reveal())
    monkeypatch.setenv("GOVCOMPONENTS_NOTIFY__BASE_URL", server.base_url)
    settings = Settings(notify={"api_key": notify.api_key, "base_url": str(notify.base_url)})
    return Place(tmp_path, settings, monkeypatch)


@pytest.mark.parametrize(("name", "status"), sorted(COMMANDS))
@pytest.mark.parametrize("is_json", [False, True])
def test_a_command_ends_as_all_do(name, status, is_json, place, capsys):
    arguments = [*map(str, COMMANDS[name, status](place)), *(["--json"] if is_json else [])]
    capsys.readouterr()
    try:
        ended = main(arguments)
    except SystemExit as stopped:  # of the parser
        ended = stopped.code
    shown = capsys.readouterr()
    assert ended == status, shown
    if status == 2:
        assert shown.out == ""
        assert shown.err.splitlines()[-1].startswith("govcomponents")
    elif is_json:
        lines = shown.out.splitlines() if name in ("work", "audit export") else [shown.out]
        assert all(isinstance(json.loads(line), dict) for line in lines)
    else:
        assert shown.out or name == "audit export"
