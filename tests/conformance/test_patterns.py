"""Every regular expression that sees people's or strangers' text takes a time that grows with its length alone."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import govcomponents

ROOT = Path(govcomponents.__path__[0])
SOURCES = {path: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}
METHODS = "search|match|fullmatch|sub|split|findall|finditer"
# These read the service's own files and a developer's own arguments.
OWN = ("govcomponents.check.", "govcomponents.cli.", "govcomponents.contracts.")
LONG, LONGER = 4_000, 12_000
QUICK, SLOW = 0.01, 0.5  # seconds of this thread


def modules() -> Iterator[object]:
    for found in pkgutil.walk_packages(govcomponents.__path__, "govcomponents.", onerror=lambda _name: None):
        if not found.name.startswith(OWN) and not found.name.endswith("__main__"):
            try:
                yield importlib.import_module(found.name)
            except Exception:  # a framework that is not installed, or not set up  # noqa: BLE001
                continue


def patterns() -> dict[str, tuple[re.Pattern, set[str]]]:
    """Each pattern that is compiled or written inline, by where it stands, with the methods that are called of it."""
    found = {}
    text = "\n".join(SOURCES.values())
    for module in modules():
        for name, value in vars(module).items():
            if type(value) is re.Pattern:
                used = set(re.findall(rf"\b{name}\.({METHODS})\b", text))
                found[f"{module.__name__}.{name}"] = (
                    value,
                    used or {"match", "fullmatch"},
                )  # such as shapes of keys, which others match
    for path, source in SOURCES.items():
        where = ".".join(("govcomponents", *path.relative_to(ROOT).with_suffix("").parts))
        if where.startswith(OWN):
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=told), *_]
                ):
                    if method in METHODS.split("|"):
                        found[f"{where}:{node.lineno}"] = re.compile(told), {method}
    return found


PATTERNS = patterns()


def seeds(pattern: re.Pattern) -> list[str]:
    """What to repeat: letters and words of the pattern itself, and pairs and triples of them."""
    told = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    letters = sorted({letter for letter in told if letter not in "\\?{}|^$"} | set('a0 -.@\n"'))
    words = re.findall(r"[A-Za-z0-9_&;:/<>@-]{2,12}", told)
    chance = random.Random(told)
    many = ["".join(chance.choices(letters, k=length)) for length in (2, 2, 3) for _ in range(12)]
    return [*letters[:25], *words[:10], *many]


def took(call, text) -> float:
    began = time.thread_time()
    call(text)
    return time.thread_time() - began


@pytest.fixture(autouse=True)
def _ended():
    """End a search that would go on for minutes, of the processor's time: a machine that stands still is no pattern."""

    def stop(*_: object) -> None:
        raise AssertionError("a search did not end")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def test_patterns_are_found():
    assert len(PATTERNS) > 120
    assert "govcomponents.notify.bulk.spreadsheets._LIKE_A_NUMBER" in PATTERNS


@pytest.mark.parametrize("where", PATTERNS)
def test_it_is_linear(where):
    pattern, methods = PATTERNS[where]
    for method in methods:
        bound = getattr(pattern, method)
        call = {
            "sub": lambda text, pattern=pattern: pattern.sub(text[:0], text),
            "finditer": lambda text, pattern=pattern: sum(1 for _ in pattern.finditer(text)),
        }.get(method, bound)
        for seed in seeds(pattern):
            for end in ("\0", "!\n"):

                def made(size, method=method, seed=seed, end=end):
                    text = ("" if method in ("match", "fullmatch") else "a") + seed * (size // len(seed)) + end
                    return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")

                if took(call, made(LONG)) > QUICK:
                    best = min(took(call, made(LONGER)) for _ in range(3))
                    assert best < SLOW, f"{where}.{method}: {seed!r} again and again takes {best:.1f} s"
