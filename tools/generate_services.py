"""Writes the blocking service objects from the asyncio ones.

python tools/generate_services.py           # writes each service.py
python tools/generate_services.py --check   # exits with 1 if one is not up to date

An operation is written once, in `async_service.py`. A blocking caller's service is the same code with each `await`
driven to its end (`core/driver.py`), so the two cannot drift apart. The result is read by people: ruff formats it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "govcomponents"
SOURCES = (
    *(
        path
        for path in sorted(PACKAGE.glob("*/async_service.py"))
        if "self._perform(" in path.read_text(encoding="utf-8")
    ),
    *sorted(PACKAGE.glob("*/operations/async_*.py")),
    PACKAGE / "web" / "async_handlers.py",
    PACKAGE / "durable" / "async_later.py",
    PACKAGE / "durable" / "async_service.py",
)

_NAMES = {"AsyncGenerator": "Iterator", "AsyncIterator": "Iterator", "AsyncIterable": "Iterable"}
_ITERATORS = ("AsyncGenerator", "AsyncIterator")
_METHODS = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
_PHRASES = {
    "for asyncio callers": "for blocking callers",
    "Belongs to one event loop": "Safe to share between threads",
    "an `AsyncGovComponents": "a `GovComponents",
    "an async context manager": "a context manager",
    "`aclose`": "`close`",
    "AsyncGovComponents": "GovComponents",
    "AsyncDurable": "Durable",
    "await later.": "later.",
}
_GIVEN = ("handler", "receive", "check_store")
"""What a caller gives to be called: a blocking caller gives what blocks itself."""
_DRIVER = "govcomponents.core.driver"


class _ToBlocking(ast.NodeTransformer):
    """Rewrites a module: no `async`, no `await`, and no name that starts with Async."""

    def __init__(self, tree: ast.Module) -> None:
        self.drivers: set[str] = set()
        self._rewritten = {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)}

    def _driven(self, how: str, value: ast.expr) -> ast.Call:
        self.drivers.add(how)
        return ast.Call(ast.Name(how, ast.Load()), [value], [])

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = _METHODS.get(node.name, node.name)
        return ast.FunctionDef(**{name: getattr(node, name) for name in node._fields})

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.returns is not None and any(name in ast.unparse(node.returns) for name in _ITERATORS):
            for part in ast.walk(node):
                if isinstance(part, ast.Return) and part.value is not None:
                    part.value = self._driven("drive_iterator", part.value)
        self.generic_visit(node)
        return node

    def visit_Await(self, node: ast.Await) -> ast.expr:
        """Drive what is awaited, unless it blocks itself: a method of this module, a service's, or what is given."""
        self.generic_visit(node)
        called = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
        is_blocking = (
            called.startswith("self._gov.") or called in _GIVEN or called.removeprefix("self.") in self._rewritten
        )
        if is_blocking and called in (f"self.{name}" for name in _METHODS):
            node.value = ast.parse(f"self.{_METHODS[called.removeprefix('self.')]}()", mode="eval").body
        return node.value if is_blocking else self._driven("drive", node.value)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.For:
        self.generic_visit(node)
        fields = {name: getattr(node, name) for name in node._fields}
        return ast.For(**fields | {"iter": self._driven("drive_iterator", node.iter)})

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(_blocking_name(node.id), node.ctx)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.name = _blocking_name(node.name)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        names = {_blocking_name(alias.name): alias.asname for alias in node.names}
        module = (node.module or "").replace(".async_", ".")
        return ast.ImportFrom(module, [ast.alias(name, asname) for name, asname in names.items()], node.level)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "Awaitable":
            return self.visit(node.slice)
        if isinstance(node.value, ast.Name) and node.value.id == "AsyncGenerator" and isinstance(node.slice, ast.Tuple):
            node.slice = node.slice.elts[0]
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """A union of a blocking and an asyncio kind becomes one kind: `Iterable[T] | Iterable[T]` is `Iterable[T]`."""
        self.generic_visit(node)
        return node.left if ast.dump(node.left) == ast.dump(node.right) else node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            for ours, theirs in _PHRASES.items():
                node.value = node.value.replace(ours, theirs)
        return node


def _blocking_name(name: str) -> str:
    return _NAMES.get(name, name.removeprefix("Async"))


def generated(source: str, name: str) -> str:
    """Return the blocking module for the text of an asyncio one of that file name, formatted."""
    tree = ast.parse(source)
    rewriter = _ToBlocking(tree)
    tree = rewriter.visit(tree)
    doc, *body = tree.body
    first = str(doc.value.value).replace("asyncio", "blocking").replace("an `Async", "a `").rstrip()
    doc.value.value = f"{first}\n\nGenerated from {name} by `make format`: edit that file.\n"
    imports = [isinstance(node, ast.ImportFrom) and node.module != "__future__" for node in body]
    at = imports.index(True)
    if rewriter.drivers:
        body.insert(at, ast.ImportFrom(_DRIVER, [ast.alias(name) for name in sorted(rewriter.drivers)], 0))
    tree.body = [doc, *body]
    return _formatted(ast.unparse(ast.fix_missing_locations(tree)))


def _formatted(text: str) -> str:
    ruff = str(Path(sys.executable).with_name("ruff"))
    name = ["--stdin-filename", str(PACKAGE / "service.py"), "-"]
    for step in (["check", "--select", "I,F401,UP034", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run([ruff, *step, *name], input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def main() -> int:
    """Write each blocking module, or with --check say which ones are not up to date."""
    check = "--check" in sys.argv
    stale = []
    for source in SOURCES:
        target = source.with_name(source.name.removeprefix("async_"))
        text = generated(source.read_text(encoding="utf-8"), source.name)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(target)
            if not check:
                target.write_text(text, encoding="utf-8")
    for target in stale:
        print(target.relative_to(PACKAGE), "is not up to date: make format" if check else "written")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
