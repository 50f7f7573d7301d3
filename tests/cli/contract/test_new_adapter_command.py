"""`govcomponents new-adapter` writes packages whose tests fail only where the author has still to fill in."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import subprocess
import sys
import tomllib

import pytest

from govcomponents.cli.main import main
from plain_pytest import PLAIN


@pytest.mark.parametrize(
    ("component", "to_do"),
    [("pay", {"create", "get"}), ("notify", {"send_email"}), ("identity", {"complete"})],
)
def test_a_new_package_fails_only_where_something_is_to_be_filled_in(component, to_do, tmp_path, capsys):
    assert main(["new-adapter", component, "my_provider", "--into", str(tmp_path)]) == 0
    home = tmp_path / "my_provider"
    assert f"next: cd {home}" in capsys.readouterr().out
    about = tomllib.loads((home / "pyproject.toml").read_text("utf-8"))
    assert about["project"]["entry-points"] == {
        f"govcomponents.{component}": {"my_provider": "my_provider.adapter:MyProvider"}
    }
    only = "blocking and not fault and not hostile and not forged and not personal"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLAIN, "-k", only, str(home)],
        cwd=home, env={**os.environ, "PYTHONPATH": "src"}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    failed = int(re.search(r"(\d+) failed", ran.stdout).group(1))
    passed = int(re.search(r"(\d+) passed", ran.stdout).group(1))
    assert passed > failed
    told = re.findall(r"^Still to do: fill in (\w+) in src/my_provider/adapter\.py: .+$", ran.stdout, re.MULTILINE)
    assert len(told) == failed
    assert set(told) == to_do
    assert "Traceback" not in ran.stdout
    assert " error" not in ran.stdout


@pytest.mark.parametrize("component", ["pay", "notify", "identity"])
def test_every_type_that_a_new_adapter_names_is_there(component, tmp_path):
    assert main(["new-adapter", component, "my_provider", "--into", str(tmp_path)]) == 0
    kind = runpy.run_path(str(tmp_path / "my_provider" / "src" / "my_provider" / "adapter.py"))["MyProvider"]
    own = [getattr(kind, name) for name in vars(kind) if inspect.isroutine(getattr(kind, name))]
    hints = [inspect.get_annotations(inspect.unwrap(getattr(one, "__func__", one)), eval_str=True) for one in own]
    assert len(hints) >= 3
    assert all("return" in hint for hint in hints)


@pytest.mark.parametrize("name", ["My", "my-provider", "2pay", "class", "a__b", "../up", "govcomponents", ""])
def test_a_name_that_no_package_can_have_is_refused(name, tmp_path, capsys):
    assert main(["new-adapter", "pay", name, "--into", str(tmp_path)]) == 2
    assert "my_provider" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("component", "name", "holder", "other"),
    [
        ("pay", "stripe", "the built-in adapter of pay", "stripe_pay"),
        ("pay", "smtp", "the built-in adapter of notify", "smtp_pay"),
        ("identity", "one_login", "the built-in adapter of identity", "one_login_identity"),
        ("notify", "json", "a module of Python itself", "json_notify"),
        ("notify", "winreg", "a module of Python itself", "winreg_notify"),
        ("pay", "pydantic_core", "a package that can be imported here", "pydantic_core_pay"),
        ("notify", "notifications_python_client", "a package that", "notifications_python_client_notify"),
        ("identity", "types_requests", "a package that is installed here (types-requests)", "types_requests_identity"),
    ],
)
def test_a_name_that_somebody_else_has_is_refused_and_another_one_is_said(
    component, name, holder, other, tmp_path, capsys
):
    assert main(["new-adapter", component, name, "--into", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert f"{name} is the name of {holder}" in told
    assert f"such as {other}\n" in told
    assert list(tmp_path.iterdir()) == []
    assert main(["new-adapter", component, other, "--into", str(tmp_path)]) == 0


def test_the_name_of_an_adapter_that_is_installed_is_refused(tmp_path, capsys, monkeypatch):
    about = tmp_path / "installed" / "ours-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n", "utf-8")
    (about / "entry_points.txt").write_text("[govcomponents.notify]\nletters_by_post = ours.adapter:Post\n", "utf-8")
    monkeypatch.syspath_prepend(str(about.parent))
    assert main(["new-adapter", "notify", "letters_by_post", "--into", str(tmp_path)]) == 2
    assert "an adapter of notify that is installed here" in capsys.readouterr().err


def test_a_folder_that_is_not_there_or_not_to_be_written_is_said_with_what_to_do(tmp_path, capsys):
    absent, file = tmp_path / "not there", tmp_path / "file"
    file.write_text("", "utf-8")
    assert main(["new-adapter", "pay", "my_provider", "--into", str(absent)]) == 2
    assert f"make the folder first: mkdir -p '{absent}'" in capsys.readouterr().err
    assert main(["new-adapter", "pay", "my_provider", "--into", str(file)]) == 2
    assert "my_provider cannot be made: Not a directory. To fix: give a folder" in capsys.readouterr().err


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "my_provider").mkdir()
    assert main(["new-adapter", "pay", "my_provider", "--into", str(tmp_path)]) == 2
    assert f"{tmp_path / 'my_provider'} is there already. To fix: give another name" in capsys.readouterr().err
    assert list((tmp_path / "my_provider").iterdir()) == []
