"""The surroundings of each part of a module: the function, loop, `try` or `with` that it is in, and in which part."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.syntax.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFINED: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
FUNCTIONS: Final = (*DEFINED, ast.Lambda)
MAPS: Final = frozenset({"map", "starmap", "imap", "map_async"})
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Around:
    """Something that stands round a call. `role` is the part of `node` that the call is in, such as "body"."""

    node: ast.AST
    role: str
    outer: Around | None

    def all(self) -> Iterator[Around]:
        """Give this and what stands round it, from within."""
        one: Around | None = self
        while one is not None:
            yield one
            one = one.outer


_Parts = list[tuple[ast.AST, "Around | None"]]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, around: Around | None) -> _Parts:
    outside: list[ast.AST] = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    inside = Around(node, "body", around)
    return [*((one, around) for one in outside), *((one, inside) for one in node.body)]


def _lambda(node: ast.Lambda, around: Around | None) -> _Parts:
    return [(node.args, around), (node.body, Around(node, "body", around))]


def _call(node: ast.Call, around: Around | None) -> _Parts:
    parts: _Parts = [(one, around) for one in (node.func, *node.args, *node.keywords)]
    mapped = node.args[0] if node.args and last_name(node.func) in MAPS else None
    if isinstance(mapped, ast.Lambda):
        again = Around(node, "again", around)  # as in a comprehension: it is the caller's own loop
        parts[1:2] = [(mapped.args, around), (mapped.body, again)]
    return parts


def _for(node: ast.For | ast.AsyncFor, around: Around | None) -> _Parts:
    again = Around(node, "again", around)
    return [
        (node.target, around),
        (node.iter, around),
        *((one, again) for one in node.body),
        *((one, around) for one in node.orelse),
    ]


def _while(node: ast.While, around: Around | None) -> _Parts:
    again = Around(node, "again", around)
    return [(node.test, again), *((one, again) for one in node.body), *((one, around) for one in node.orelse)]


def _try(node: ast.Try, around: Around | None) -> _Parts:
    body = Around(node, "body", around)
    rest = [*node.handlers, *node.orelse, *node.finalbody]
    return [*((one, body) for one in node.body), *((one, around) for one in rest)]


def _handler(node: ast.ExceptHandler, around: Around | None) -> _Parts:
    handler = Around(node, "handler", around)
    return [*([(node.type, around)] if node.type else []), *((one, handler) for one in node.body)]


def _comprehension(node: ast.expr, around: Around | None) -> _Parts:
    again = Around(node, "again", around)
    generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]  # each of _COMPREHENSIONS has it
    elements = [getattr(node, name) for name in ("elt", "key", "value") if hasattr(node, name)]
    first, *others = generators
    parts: _Parts = [(first.iter, around), *((one, again) for one in (*elements, *others, *first.ifs))]
    return parts


def _with_block(node: ast.With | ast.AsyncWith, around: Around | None) -> _Parts:
    inside = Around(node, "body", around)
    return [*((one, around) for one in node.items), *((one, inside) for one in node.body)]


def _class(node: ast.ClassDef, around: Around | None) -> _Parts:
    inside = Around(node, "class", around)
    outside: list[ast.AST] = [*node.decorator_list, *node.bases, *node.keywords]
    return [*((one, around) for one in outside), *((one, inside) for one in node.body)]


DIVIDED: Final[Mapping[type, Callable[..., _Parts]]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.Call: _call,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.With: _with_block,
    ast.AsyncWith: _with_block,
    ast.ClassDef: _class,
    **dict.fromkeys(_COMPREHENSIONS, _comprehension),
}
"""How the parts of each kind of node are divided; those of all others stand in what their node stands in."""
