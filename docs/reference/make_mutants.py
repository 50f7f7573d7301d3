"""Writes the page of mistakes that the contract kit catches, from the lists of `tests/mutants/seeds`.

python docs/reference/make_mutants.py
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from mutants.mistakes import Adapter, Mistake, adapters  # noqa: E402  # it is not in the package
from mutation.areas import AT_LEAST, MEASURED, areas  # noqa: E402  # nor is it

INTRODUCTION = """# Mistakes that the contract kit catches

Made from the lists in `tests/mutants/seeds` by `docs/reference/make_mutants.py`.

Each row is a mistake that an author of an adapter may make. It is made on purpose in the source of that adapter, one
at a time, and the adapter's contract suite runs. The test that is named must fail, and it must pass without the
mistake. `make conformance` runs all of them, and `make mutants` does so alone. A row whose source has changed is
refused, so the lists cannot grow old. The sandbox keeps the source without the mistake. Some mistakes make no
difference outside of the adapter: no test can fail, and the row says why. The last column counts what is listed and was
not tried yet.
"""

LINES = """
## Lines that are changed one by one

`make mutate` changes each line of what decides in turn, by [`mutmut`](https://mutmut.readthedocs.io/), and runs the
tests of that area: some minutes for all. `make conformance` does the same. Both fail if fewer than {least:g} % are
noticed, or if one that is not noticed is not explained below. These are the figures of {day}:

| area | noticed | of | per cent |
| --- | ---: | ---: | ---: |
"""


def page() -> str:
    """Write the whole page."""
    found = adapters().values()
    lines = [INTRODUCTION, "| adapter | caught | makes no difference | not tried yet |", "| --- | ---: | ---: | ---: |"]
    for one in found:
        name = f"[`{one.name}`](#{one.name})" if one.tried else f"`{one.name}`"
        lines.append(f"| {name} | {_counts([one])} |")
    lines += [f"| all | {_counts(found)} |", ""]
    return "\n".join(lines) + "".join(_section(one) for one in found if one.tried) + _lines()


def _counts(adapters: Collection[Adapter]) -> str:
    caught, unseen = sum(len(one.tried) for one in adapters), sum(len(one.unseen) for one in adapters)
    return f"{caught} | {unseen} | {sum(len(one.mistakes) for one in adapters) - caught - unseen}"


def _section(adapter: Adapter) -> str:
    def where(mistake: Mistake) -> str:
        return "/".join(mistake.file.rpartition("src/")[2].split("/")[-2:])

    lines = [f"\n## {adapter.name}\n"]
    for file, mistakes in groupby(sorted(adapter.tried, key=where), key=where):
        lines += [f"In `{file}`:\n", "| mistake | fails |", "| --- | --- |"]
        lines += [f"| {one.told} | `{one.caught_by}` |" for one in mistakes]
        lines.append("")
    if adapter.unseen:
        lines += ["These make no difference outside of the adapter:\n", "| mistake | why |", "| --- | --- |"]
        lines += [f"| {one.told} | {one.unseen} |" for one in adapter.unseen]
        lines.append("")
    return "\n".join(lines)


def _lines() -> str:
    found = areas().values()
    lines = [LINES.format(least=AT_LEAST, day=MEASURED).rstrip()]
    lines += [f"| {it.told} | {it.noticed} | {it.changes} | {100 * it.noticed / it.changes:.1f} |" for it in found]
    for one in found:
        if one.explained:
            lines += [f"\n### {one.name.capitalize()}\n", "These make no difference:\n", "| line | changed | why |"]
            lines += [
                "| --- | --- | --- |",
                *(f"| {_code(it.was)} | {_code(it.now)} | {it.why} |" for it in one.explained),
            ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return "<br>".join(f"`{line}`".replace("|", "\\|") for line in text.splitlines()) or "(nothing)"


PAGES = {"mutants.md": page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
