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


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "my_provider").mkdir()
    assert main(["new-adapter", "pay", "my_provider", "--into", str(tmp_path)]) == 2
    assert "my_provider" in capsys.readouterr().err
    assert list((tmp_path / "my_provider").iterdir()) == []
