"""The Python of the pages passes the type checker, strictly, as a careful reader's own code would.

Here and not in `make test`, because it is the type checker that works, and reads the package and its libraries anew. It
reads the package as it is installed, as a reader's type checker does, by whose plugins its own code is not looked at.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from distribution.sources import ROOT
from distribution.test_docs import PAGES, _blocks
from govcomponents.cli.main import main

OPTIONS = [
    "--strict",
    "--no-error-summary",
    "--hide-error-context",
    "--no-color-output",
    "--disable-error-code=no-redef",
]


@pytest.mark.parametrize("component", ["pay", "notify", "identity"])
def test_a_new_adapter_passes_mypy_strict(component: str, tmp_path: Path) -> None:
    assert main(["new-adapter", component, "my_provider", "--into", str(tmp_path)]) == 0
    home = tmp_path / "my_provider"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={ROOT / '.mypy_cache' / 'pages'}", "src", "tests"],
        cwd=home,
        env={"MYPYPATH": str(home / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr


def test_the_python_of_the_pages_passes_mypy_strict(tmp_path: Path) -> None:
    names = {}
    for page in PAGES:
        code = "\n\n".join(block for block, runs in _blocks(page, "python") if runs)
        if code:
            name = re.sub(r"\W", "_", str(page.relative_to(ROOT).with_suffix("")))
            names[f"{name}.py"] = str(page.relative_to(ROOT))
            (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={ROOT / '.mypy_cache' / 'pages'}", *sorted(names)],
        cwd=tmp_path,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if line.partition(":")[0] in names]
    assert found == [], "\n".join(f"{names[line.partition(':')[0]]} block{line.partition(':')[2]}" for line in found)
    assert done.returncode == 0, done.stdout + done.stderr
