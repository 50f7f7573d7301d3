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


@pytest.mark.parametrize("service", NAMES)
def test_nobody_waits_for_a_provider_for_a_minute(service: str) -> None:
    """That is how long a call may take where nothing is set, and a page may make two."""
    image, demo = ((SERVICES / service / name).read_text(encoding="utf-8") for name in ("Dockerfile", "demo.py"))
    assert "GOVCOMPONENTS_TIME_LIMIT=10\n" in image
    assert "\nWAITS = 10.0" in demo
    assert demo.count("sandbox.settings()") == demo.count('settings().model_copy(update={"time_limit": WAITS})') == 1


def glue(service: str) -> int:
    """Count the statements of a service that use what the library gives, without its imports and the tests.

    What stands over a block (`if`, `for`, `with`) is counted for what it says itself, and not for its block again.
    """
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
            names = {name for part in said(node) for one in ast.walk(part) for name in named(one)}
            if names & given:
                lines.add((file.name, getattr(node, "lineno", 0)))
    return len(lines)


def said(node: ast.AST) -> list[ast.AST]:
    """Find what a statement says itself: all of it, or what stands over its block; nothing of a definition."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Try():
            return []
        case ast.If(test=test) | ast.While(test=test):
            return [test]
        case ast.For(iter=over) | ast.AsyncFor(iter=over):
            return [over]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return list(items)
        case ast.stmt():
            return [node]
    return []


def named(node: ast.AST) -> list[str]:
    """Give the name that a part of a statement uses, if it is one."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
    return []


@pytest.mark.parametrize("service", NAMES)
def test_a_service_has_little_glue(service: str) -> None:
    assert 5 < glue(service) <= MOST_GLUE
