"""The strangers' adapters are short, and import from the public doors only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.py"))
ADAPTERS = [path for path in FILES if path.stem in ("console", "palpay", "simpleid")]
DOORS = {f"govcomponents{door}" for door in ("", ".adapters", ".errors", ".identity", ".notify", ".pay", ".testing")}


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_takes_at_most_180_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 180


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_is_imported_from_the_public_doors(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {module for module in modules if module and module.startswith("govcomponents")} <= DOORS
