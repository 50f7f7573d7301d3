"""What the pages say: their Python runs, their commands exist, their links lead somewhere.

Each page's ```python blocks run in order, in one namespace, with warnings as errors and an empty environment. A block
below the line `<!-- not run: why -->` is not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from govcomponents.cli.main import parser

from .sources import ROOT

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]
    if page.is_file()
)
BLOCK = re.compile(
    r"(?P<mark><!-- not run: .+? -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
# Besides make: what a reader types before there is anything of ours to run, and what other tests run.
KNOWN = (
    "python3 -m venv .venv",
    "pip install ",
    ".venv/bin/pip install ",
    ".venv/bin/python examples/",
    "git clone ",
    "export GOVCOMPONENTS_",
)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _blocks(page: Path, *languages: str) -> list[tuple[str, bool]]:
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(one["code"], one["mark"] is None) for one in found if one["language"] in languages]


def _commands(page: Path) -> list[str]:
    lines = [line for code, _ in _blocks(page, "sh", "bash", "console") for line in code.splitlines()]
    bare = [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]
    return [line for line in bare if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def runner() -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")}
    command = [sys.executable, "-W", "error", "-m", "distribution.page_runner"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT / "tests", env=kept, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.stdin.close()


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page, "python")], ids=_name)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, runner: subprocess.Popen[str]) -> None:
    code = "\n\n".join(block for block, runs in _blocks(page, "python") if runs)
    script = tmp_path / f"page_{page.stem}.py"  # "flask.py" would hide flask
    script.write_text(code, encoding="utf-8")
    runner.stdin.write(f"{script}\n")
    runner.stdin.flush()
    assert runner.stdout.readline() == "0\n", script.with_suffix(".txt").read_text(encoding="utf-8")


DOORS = re.compile(
    r"govcomponents(\.(pay|notify|identity|errors|testing|pytest_plugin|adapters|durable|web|observability|integrations\.\w+))?"
)


def _other_doors(text: str) -> list[str]:
    imported = re.findall(r"^\s*(?:from|import) (govcomponents[\w.]*)", text, re.MULTILINE)
    return [module for module in imported if not DOORS.fullmatch(module)]


def test_a_page_goes_through_public_doors_only() -> None:
    found = {_name(page): [_other_doors(code) for code, _ in _blocks(page, "python")] for page in PAGES}
    assert {name: others for name, others in found.items() if any(others)} == {}


def test_an_example_goes_through_public_doors_only() -> None:
    found = {_name(example): _other_doors(example.read_text("utf-8")) for example in (ROOT / "examples").glob("*.py")}
    assert {name: others for name, others in found.items() if others} == {}


@pytest.mark.parametrize("page", [page for page in PAGES if _commands(page)], ids=_name)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    is_ours_to_run = page.parent == ROOT  # the first pages that people follow, word for word
    for command in _commands(page):
        words = command.split()
        if words[0] == "make":
            assert [word for word in words[1:] if "=" not in word][0] in TARGETS, command  # noqa: RUF015  # read as typed
        elif words[0].endswith("govcomponents") and not set(command) & set("$\\&|<>"):
            parser().parse_args(words[1:])
        elif words[0].endswith("pytest"):
            assert all((ROOT / word).exists() for word in words[1:] if word.startswith("tests")), command
        elif is_ours_to_run:
            assert command.startswith(KNOWN), command


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve()
        assert there.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}, (
                target
            )


MOST_PAGES = 14
NUMBERED = {"docs/adr", "docs/check/rules"}
"""Folders whose pages are looked up by their number."""


def test_a_folder_of_pages_is_read_at_a_glance() -> None:
    folders = Counter(page.parent.relative_to(ROOT).as_posix() for page in PAGES)
    assert {name: count for name, count in folders.items() if count > MOST_PAGES and name not in NUMBERED} == {}


def test_a_page_names_no_machine() -> None:
    texts = {_name(page): page.read_text(encoding="utf-8") for page in PAGES}
    machine = re.compile(r"(?<![\w.])/(?:home|root|tmp|usr|Users)/")
    assert [name for name, text in texts.items() if machine.search(text)] == []
    assert [name for name, text in texts.items() if "TODO" in text] == []


def test_every_setting_of_the_pages_is_a_setting() -> None:
    from govcomponents.settings import IdentitySettings, NotifySettings, PaySettings

    sections = {"PAY": PaySettings, "NOTIFY": NotifySettings, "IDENTITY": IdentitySettings}
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for section, name in re.findall(
            r"GOVCOMPONENTS_(PAY|NOTIFY|IDENTITY)__(?:ACCOUNTS__[A-Z]+__)?([A-Z_]+)", page.read_text(encoding="utf-8")
        ):
            assert name.lower() in sections[section].declared(), (_name(page), name)
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    for section, kind in sections.items():
        assert [name for name in kind.declared() if f"`GOVCOMPONENTS_{section}__{name.upper()}`" not in told] == []
