"""The lists of mistakes: one file of `seeds` for each adapter."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEEDS = Path(__file__).parent / "seeds"


@dataclass(frozen=True)
class Mistake:
    """One mistake in an adapter's source: `old` becomes `new` in `file`. The test `caught_by` must then fail.

    `unseen` says instead why no caller and no provider can tell the difference. One without either was not tried yet:
    `python -m mutants.run ADAPTER --find` tells which test catches it, if one does.
    """

    told: str
    file: str
    old: str
    new: str
    caught_by: str = ""
    unseen: str = ""

    @property
    def module(self) -> str:
        """The name of the module that is in the file."""
        return self.file.rpartition("src/")[2].removesuffix(".py").replace("/", ".")

    def source(self) -> str:
        """The source of the module with the mistake in it. Raises ValueError if the list is out of date."""
        text = (ROOT / self.file).read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.file} holds {found} times, and not once: {self.old}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Adapter:
    """One adapter: the file with its contract suite, and the mistakes that are made in it."""

    name: str
    suite: str
    mistakes: tuple[Mistake, ...]

    @property
    def tried(self) -> tuple[Mistake, ...]:
        """The mistakes of which it is known that the kit catches them."""
        return tuple(one for one in self.mistakes if one.caught_by)

    @property
    def unseen(self) -> tuple[Mistake, ...]:
        """The mistakes that make no difference outside of the adapter."""
        return tuple(one for one in self.mistakes if one.unseen)


def adapters() -> dict[str, Adapter]:
    """Read the lists of all adapters."""
    found = {}
    for path in sorted(SEEDS.glob("*.toml")):
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        folder = told.get("folder", "")
        mistakes = tuple(Mistake(**{**one, "file": normpath(folder + one["file"])}) for one in told["mistake"])
        found[path.stem] = Adapter(path.stem, told["suite"], mistakes)
    return found
