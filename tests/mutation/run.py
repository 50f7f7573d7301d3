"""Runs mutmut over areas, and tells the changes that no test notices: `python -m mutation.run [AREA ...]`.

Each area is run in a folder of its own, as mutmut reads its settings from where it is started and writes there. Fails
if too few are noticed, if one that is not noticed is not explained, or if an explanation fits no line any more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

from mutation.areas import AT_LEAST, ROOT, Area, areas

BESIDE = ("src", "tests", "docs", "tools", "examples", "bench", "Makefile", "README.md", "CHANGELOG.md")
NOTICED = frozenset({"killed", "timeout", "segfault"})
MUTMUT = str(Path(sys.executable).parent / "mutmut")


def _prepare(folder: Path, area: Area) -> None:
    for name in BESIDE:
        (folder / name).symlink_to(ROOT / name)
    settings = {
        "source_paths": ["src/govcomponents"],
        "only_mutate": list(area.files),
        "also_copy": list(BESIDE),
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": list(area.tests),
    }
    written = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    own = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(f"{own}\n[tool.mutmut]\n{written}\n", encoding="utf-8")


def _mutmut(folder: Path, *arguments: str) -> str:
    done = subprocess.run([MUTMUT, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"mutmut {arguments[0]} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def _tried(folder: Path) -> dict[str, str]:
    """Return the result of each change that was made, by its name."""
    lines = (line.strip().rpartition(": ") for line in _mutmut(folder, "results", "--all", "true").splitlines())
    return {name: result for name, _, result in lines if result and result != "not checked"}


def _change(folder: Path, name: str) -> tuple[str, ...]:
    """Return the function of a change, and the lines before and after it."""
    path = Path("src", *name.split(".")[:-1]).with_suffix(".py")
    with contextlib.chdir(folder):  # where mutmut looks, whatever it is given
        lines = get_diff_for_mutant(name, path=path).splitlines()[2:]
    function = re.sub(r"^x_|^x\u01c1|__mutmut_\d+$", "", name.rpartition(".")[2]).replace("\u01c1", ".")
    sides = ("\n".join(line[1:].strip() for line in lines if line[0] == sign and line[1:].strip()) for sign in "-+")
    return function, *sides


def run(area: Area, folder: Path, *, at_once: int) -> Iterator[str]:
    """Run an area. Yield what is to be told, and last the score. A line that begins with "! " is a failure."""
    _prepare(folder, area)
    _mutmut(folder, "run", f"--max-children={at_once}")
    tried = _tried(folder)
    known = {(function, one.was, one.now): one for one in area.explained for function in one.functions}
    unseen = {name: _change(folder, name) for name, result in tried.items() if result not in NOTICED}
    for name, change in unseen.items():
        if change in known:
            yield f"{area.name}: explained: {name}: {known[change].why}"
        else:
            yield "! {}: nobody noticed {} ({}), in {}:\n-{}\n+{}".format(area.name, name, tried[name], *change)
    for change in known.keys() - set(unseen.values()):
        yield "! {}: tests notice this, or it is no more, in {}:\n-{}\n+{}".format(area.name, *change)
    count = len(tried) - len(unseen)
    score = 100.0 * count / len(tried)
    mark = "! " if score < AT_LEAST else ""
    yield f"{mark}{area.name}: {count} of {len(tried)} changes noticed ({score:.1f} %)"


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the areas that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = areas()
    parser.add_argument("area", nargs="*", choices=[*known, []], help="default: all")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    failed = False
    for name in options.area or known:
        with tempfile.TemporaryDirectory(prefix="govcomponents-mutation-") as folder:
            for line in run(known[name], Path(folder), at_once=options.at_once):
                failed = failed or line.startswith("! ")
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
