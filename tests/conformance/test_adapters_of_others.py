"""Each package of examples/adapters is built, installed into a clean environment, found by name, and passes its kit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in (ROOT / "examples" / "adapters").glob("*/pyproject.toml"))
FIND = """
import sys
from importlib.metadata import entry_points
component, name, package = sys.argv[1:]
found = {one.name: one for one in entry_points(group=f"govcomponents.{component}")}[name].load()
assert found.__module__.startswith(package + "."), found
from govcomponents import GovComponents, Settings
try:
    GovComponents.from_settings(Settings(**{component: {"adapter": name}}), require=(component,)).close()
except Exception as error:
    assert "there is no" not in str(error), error  # it may miss its settings, but not its name
"""
NAMES = {
    "apprise_notify": ("notify", "apprise"),
    "county_id": ("identity", "county_id"),
    "harbour_pay": ("pay", "harbour_pay"),
}


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _wheel(source: Path, out: Path) -> Path:
    copy = out / "source"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".*", "node_modules", "__pycache__", "dist", "build"))
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", out, copy, cwd=out)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return _wheel(ROOT, tmp_path_factory.mktemp("library"))


def test_every_package_of_the_examples_is_checked():
    assert {path.name for path in PACKAGES} == set(NAMES)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_keeps_the_contract_in_a_clean_environment(package, library, tmp_path):
    (tmp_path / "built").mkdir()
    wheel = _wheel(package, tmp_path / "built")
    home = tmp_path / "env"
    python = home / "bin" / "python"
    _run(sys.executable, "-m", "venv", home, cwd=tmp_path)
    install = [python, "-m", "pip", "install", "--quiet", f"{library}[async]", f"{wheel}[test]", "pytest-xdist"]
    installed = subprocess.run(
        [str(part) for part in install], capture_output=True, text=True, timeout=600, check=False
    )
    if installed.returncode:
        pytest.skip(f"its dependencies could not be had: {installed.stderr.strip()[-200:]}")
    tests = shutil.copytree(package / "tests", tmp_path / "tests")
    _run(python, "-c", FIND, *NAMES[package.name], package.name, cwd=tmp_path)
    told = _run(python, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", tests, cwd=tmp_path)
    assert " passed" in told
    assert " skipped" not in told
