"""No module imports itself through others, not even for the type checker; no folder and no module is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grimp

from .sources import PACKAGE, ROOT

if TYPE_CHECKING:
    from pathlib import Path


def circles() -> list[list[str]]:
    """Every set of modules that reach each other, by their direct imports."""
    graph = grimp.build_graph("govcomponents", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = imports[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    reach = {module: reached(module) for module in imports}
    found = {frozenset(other for other in reach[module] if module in reach[other]) for module in imports}
    return sorted(sorted(circle) for circle in found if circle)


def test_imports_make_no_circle() -> None:
    assert circles() == []


MOST_FILES = 13
"""With `__init__`. Who looks for something reads a folder's names at a glance."""


def test_a_folder_is_read_at_a_glance() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    counts = {str(folder.relative_to(PACKAGE)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}


MOST_LINES = 400
"""Of a module that is written by hand: what one job takes, and one sitting reads."""


def test_a_module_is_read_in_one_sitting() -> None:
    written = [path for folder in (PACKAGE, ROOT / "tests") for path in folder.rglob("*.py") if not _is_generated(path)]
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


SIZES = {"pay/adapters/govuk_pay": (920, 5), "pay/adapters/stripe": (1380, 5)}
"""Lines and modules of the adapters that may be larger than others (docs/adr/0016-how-large-an-adapter-may-be.md)."""
SHARED_BASES = {"notify/adapters/notifications_api"}


def test_an_adapter_is_small() -> None:
    too_large = {}
    for folder in (home.parent for home in PACKAGE.glob("*/adapters/*/__init__.py")):
        name = folder.relative_to(PACKAGE).as_posix()
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("*.py"))
        most_lines, most_modules = SIZES.get(name, (900, 4))
        if name not in SHARED_BASES and (lines > most_lines or len(modules) > most_modules):
            too_large[name] = lines, len(modules)
    assert too_large == {}


def _is_generated(path: Path) -> bool:
    return "by `make format`: edit that file" in path.read_text(encoding="utf-8")[:500]
