"""Completion in shells, as argcomplete asks for it."""

import os
import subprocess
import sys

import pytest

from govcomponents.cli.main import main


def test_a_shell_is_told_how_a_command_line_goes_on(tmp_path):
    pytest.importorskip("argcomplete")
    answers = tmp_path / "answers"
    environment = dict(os.environ) | {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": str(answers), "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": "govcomponents notify lo", "COMP_POINT": "23", "COMP_TYPE": "9",
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "govcomponents.cli.main"], env=environment, check=True, timeout=60)
    assert answers.read_text().strip() == "lock"


def test_without_the_package_nothing_is_completed(monkeypatch, capsys):
    monkeypatch.setenv("_ARGCOMPLETE", "1")
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_ctrl_c_leaves_no_traceback(monkeypatch, capsys):
    def interrupted(_file, setting):
        raise KeyboardInterrupt

    monkeypatch.setattr("govcomponents.identity.jose.signing.read_key_file", interrupted)
    assert main(["identity", "jwks", "file"]) == 130
    assert capsys.readouterr().err == "govcomponents: interrupted\n"
