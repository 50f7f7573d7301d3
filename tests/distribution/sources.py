"""The package's own source files, parsed, for the tests of what they promise."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import govcomponents

ROOT = Path(__file__).parents[2]
PACKAGE = Path(govcomponents.__file__).parent
COMPONENTS = ("pay", "notify", "identity")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found
