"""Writes a page for each rule of `govcomponents check`, and the list of them, from the rules themselves.

python docs/check/make_pages.py
"""

from __future__ import annotations

from pathlib import Path

from govcomponents.check.rules import GROUPS, rules
from govcomponents.check.rules.pages import page_of

HERE = Path(__file__).parent


def listed() -> str:
    """The list of all rules."""
    lines = [
        "# Rules of `govcomponents check`",
        "",
        "Made from the rules by `docs/check/make_pages.py`. An id never changes its meaning.",
    ]
    for group, title in GROUPS.items():
        lines += ["", f"## {title}", "", "| rule | finds | level |", "| --- | --- | --- |"]
        lines += [
            f"| [{rule.id}](rules/{rule.id}.md) {rule.name} | {rule.title} | {rule.level.value} |"
            for rule in rules().values()
            if rule.group == group
        ]
    return "\n".join(lines) + "\n"


PAGES = {"rules.md": listed, **{f"rules/{one.id}.md": (lambda one=one: page_of(one)) for one in rules().values()}}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
