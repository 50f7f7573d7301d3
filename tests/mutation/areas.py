"""The areas whose lines are changed, read from `areas.toml`, with what is known of the changes that nobody notices."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
AT_LEAST = 95.0
"""Per cent of the changes that tests must notice."""

MEASURED = "1 December 2026"
"""The day of the figures in `areas.toml`."""


@dataclass(frozen=True)
class Explained:
    """A change that makes no difference, by the functions that have it, the lines before and after it, and why."""

    functions: tuple[str, ...]
    was: str
    now: str
    why: str


@dataclass(frozen=True)
class Area:
    """Some files, the tests that are to notice changes in them, and the figures of the last run."""

    name: str
    told: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    explained: tuple[Explained, ...]
    noticed: int
    changes: int

    def source(self) -> str:
        """Return the whole source of its files."""
        return "\n".join(path.read_text(encoding="utf-8") for one in self.files for path in sorted(ROOT.glob(one)))


def areas() -> dict[str, Area]:
    """Read all of them, by name."""
    rows = tomllib.loads((Path(__file__).parent / "areas.toml").read_text(encoding="utf-8"))["area"]
    return {row["name"]: _area(row) for row in rows}


def _area(row: dict[str, object]) -> Area:
    explained = tuple(
        Explained(tuple(one["in"]), one["was"], one["is"], one["why"]) for one in row.get("explained", ())
    )
    return Area(
        row["name"], row["told"], tuple(row["files"]), tuple(row["tests"]), explained,
        row.get("noticed", 0), row.get("changes", 0),
    )  # fmt: skip
