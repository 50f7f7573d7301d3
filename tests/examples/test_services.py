"""The example services have little glue, and are installed from the clone in which a newcomer is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "examples" / "services"
NAMES = sorted(one.name for one in SERVICES.iterdir() if (one / "README.md").exists())
MOST_GLUE = 25


@pytest.mark.parametrize("service", NAMES)
def test_the_readme_installs_from_the_clone(service: str) -> None:
    """The package may be on no index that a newcomer has: the first command takes the clone in which they are."""
    folder = SERVICES / service
    commands = (folder / "README.md").read_text(encoding="utf-8").partition("```sh\n")[2].partition("```")[0]
    install, start = commands.splitlines()
    assert (folder / install.split()[2] / "pyproject.toml").exists()
    assert (install.split()[-2:], start) == (["-r", "requirements-dev.txt"], "python demo.py")


def glue(service: str) -> int:
    """Count the statements of a service that use what the library gives, without its imports and the tests."""
    lines = set()
    for file in (SERVICES / service / "renewal").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        given = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("govcomponents")
            for alias in node.names
        } | {"gov", "later", "web"}  # the names of what stands on it
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and not isinstance(
                node,
                (ast.ImportFrom, ast.Import, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.With),
            ):
                names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                names |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
                if names & given:
                    lines.add((file.name, node.lineno))
    return len(lines)


@pytest.mark.parametrize("service", NAMES)
def test_a_service_has_little_glue(service: str) -> None:
    assert 5 < glue(service) <= MOST_GLUE
