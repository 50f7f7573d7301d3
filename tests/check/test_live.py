"""`check --live` asks a served sandbox as it would an account: it compares, it finds, and it sends nothing."""

from __future__ import annotations

import json

import pytest

from govcomponents.cli.main import main
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving

TEMPLATES = """[receipt]
channel = "email"
[receipt.ids.test]
en = "5ab1ec0d-0000-4000-8000-000000000101"
"""


@pytest.fixture
def account(tmp_path, monkeypatch):
    """A served sandbox whose settings are the environment's, and a service with a locked template."""
    with serving() as server:
        for name, value in environment(server.sandbox.settings()):
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "templates.toml").write_text(TEMPLATES, "utf-8")
        assert main(["notify", "lock", "templates.toml"]) == 0
        yield server.sandbox


def test_an_account_that_is_as_locked_is_clean_and_is_sent_nothing(account, capsys):
    capsys.readouterr()
    assert main(["check", "--live", "."]) == 0
    told = capsys.readouterr().out
    assert [f"{one} default: ok" in told for one in ("pay", "notify", "identity")] == [True] * 3
    asked = {request.method for request in account.requests.requests()}
    assert asked == {"GET"}
    assert account.notify.messages.all() == []
    assert account.pay.charges() == []


@pytest.mark.parametrize(
    ("variable", "value", "component"),
    [
        ("GOVCOMPONENTS_PAY__API_KEY", "api_test_nobodys0key0at0all0here0k", "pay"),
        (
            "GOVCOMPONENTS_NOTIFY__API_KEY",
            "nobody-5ab1ec0d-0000-4000-8000-000000000001-5ab1ec0d-5ec2-4000-8000-0000000000ff",
            "notify",
        ),
    ],
)
def test_a_credential_that_is_refused_is_a_finding(account, monkeypatch, capsys, variable, value, component):
    monkeypatch.setenv(variable, value)
    capsys.readouterr()
    assert main(["check", "--live", "--format", "json", "."]) == 1
    captured = capsys.readouterr()
    (found,) = [one for one in json.loads(captured.out)["findings"] if one["rule"] == "GC501"]
    assert found["message"].startswith(f"{component} default:")
    assert value not in captured.out + captured.err


def test_a_template_that_changed_at_the_account_is_a_finding(account, tmp_path, capsys):
    lock = tmp_path / "templates.lock.json"
    lock.write_text(lock.read_text("utf-8").replace('"amount"', '"sum"'), "utf-8")
    capsys.readouterr()
    assert main(["check", "--live", "--format", "json", "."]) == 1
    assert "GC502" in {one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]}


def test_a_provider_that_cannot_be_had_is_no_finding(account, monkeypatch, capsys):
    monkeypatch.setenv("GOVCOMPONENTS_PAY__BASE_URL", "http://127.0.0.1:9")
    assert main(["check", "--live", "."]) == 2
    assert "pay.check" in capsys.readouterr().err
