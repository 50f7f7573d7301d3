"""One Python module as the rules see it: its calls, each with what stands round it, and the names it binds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from govcomponents.check.project import TextFile

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MAPS: Final = frozenset({"map", "starmap", "imap", "map_async"})
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


@dataclass(frozen=True, slots=True)
class Site:
    """One call, and what stands round it."""

    call: ast.Call
    around: Around | None
    statement: ast.AST | None
    """The statement that the call is in, or the expression that it is part of."""

    @property
    def name(self) -> str:
        """The last name of what is called: `send_email` of `gov.notify.send_email`."""
        return last_name(self.call.func)

    def keyword(self, name: str) -> ast.expr | None:
        """Return the value of a keyword argument."""
        return next((one.value for one in self.call.keywords if one.arg == name), None)

    def argument(self, position: int, name: str) -> ast.expr | None:
        """Return an argument that may be given by position or by name; None if it is not there to be seen."""
        args = self.call.args
        if len(args) > position and not any(isinstance(one, ast.Starred) for one in args[: position + 1]):
            return args[position]
        return self.keyword(name)

    @property
    def is_open(self) -> bool:
        """Whether it has arguments that cannot be seen, as by * or **."""
        return any(isinstance(one, ast.Starred) for one in self.call.args) or any(
            one.arg is None for one in self.call.keywords
        )

    def within(self) -> Iterator[Around]:
        """Give what stands round it, from within, up to the function that it is in; then that function."""
        for one in self.around.all() if self.around else ():
            yield one
            if isinstance(one.node, _FUNCTIONS):
                return

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The function that it is in."""
        found = [one.node for one in self.within() if isinstance(one.node, _FUNCTIONS)]
        return found[0] if found else None

    @property
    def is_in_loop(self) -> bool:
        """Whether it is made again and again by a loop of its own function."""
        return any(one.role == "again" for one in self.within())


@dataclass(slots=True)
class Module:
    """One module. `bound` are the values and annotations of each name; of `self.x` the name is `x`."""

    file: TextFile
    tree: ast.Module
    sites: list[Site] = field(default_factory=list)
    bound: dict[str, list[ast.expr]] = field(default_factory=dict)
    typed: dict[str, list[ast.expr]] = field(default_factory=dict)
    returned: dict[str, list[ast.expr]] = field(default_factory=dict)
    """What each function returns, with the annotation of it."""
    origins: dict[str, str] = field(default_factory=dict)
    """Where imported names come from: `{"Secret": "govcomponents.Secret"}`."""
    texts: list[ast.Constant] = field(default_factory=list)
    parents: dict[ast.AST, ast.AST | None] = field(default_factory=dict)
    """What an `await` is part of."""

    @classmethod
    def parsed(cls, file: TextFile) -> Module:
        """Parse a file. Raises SyntaxError, ValueError, RecursionError or MemoryError if this Python cannot read it."""
        tree = ast.parse(file.text)
        module = cls(file, tree)
        module._collect()
        return module

    def known_as(self, name: str) -> str:
        """Return what a name is called in the package itself, where it was imported `as` something else."""
        origin = self.origins.get(name, "")
        return origin.rpartition(".")[2] if origin.startswith("govcomponents.") else name

    def _collect(self) -> None:
        waiting: list[tuple[ast.AST, Around | None, ast.AST | None]] = [(self.tree, None, None)]
        while waiting:
            node, around, parent = waiting.pop()
            note = self._NOTED.get(type(node))
            if note is not None:
                note(self, node, around, parent)
            divide = _DIVIDED.get(type(node))
            if divide is not None:
                waiting += [(child, one, node) for child, one in divide(node, around)]
                continue
            for name in node._fields:
                child = getattr(node, name, None)
                if isinstance(child, ast.AST):
                    waiting.append((child, around, node))
                elif isinstance(child, list):
                    waiting += [(one, around, node) for one in child if isinstance(one, ast.AST)]

    def _call(self, node: ast.Call, around: Around | None, parent: ast.AST | None) -> None:
        self.sites.append(Site(node, around, parent))

    def _bind(self, target: ast.AST, value: ast.expr | None, *, into: str = "bound") -> None:
        if value is None:
            return
        if name := last_name(target):
            getattr(self, into).setdefault(name, []).append(value)
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=False):
                self._bind(one, part, into=into)

    def _assign(self, node: ast.Assign, _around: object, _parent: object) -> None:
        for target in node.targets:
            self._bind(target, node.value)

    def _annotated(self, node: ast.AnnAssign, _around: object, _parent: object) -> None:
        self._bind(node.target, node.value)
        self._bind(node.target, node.annotation, into="typed")

    def _named(self, node: ast.NamedExpr, _around: object, _parent: object) -> None:
        self._bind(node.target, node.value)

    def _with(self, node: ast.withitem, _around: object, _parent: object) -> None:
        if node.optional_vars is not None:
            self._bind(node.optional_vars, node.context_expr)

    def _argument(self, node: ast.arg, _around: object, _parent: object) -> None:
        if node.annotation is not None:
            self.typed.setdefault(node.arg, []).append(node.annotation)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, _around: object, _parent: object) -> None:
        if node.returns is not None:
            self.returned.setdefault(node.name, []).append(node.returns)

    def _return(self, node: ast.Return, around: Around | None, _parent: object) -> None:
        functions = (one.node for one in around.all() if isinstance(one.node, _FUNCTIONS)) if around else iter(())
        function = next(functions, None)
        if node.value is not None and isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.returned.setdefault(function.name, []).append(node.value)

    def _import(self, node: ast.Import, _around: object, _parent: object) -> None:
        for one in node.names:
            self.origins[one.asname or one.name.partition(".")[0]] = (
                one.name if one.asname else one.name.partition(".")[0]
            )

    def _import_from(self, node: ast.ImportFrom, _around: object, _parent: object) -> None:
        for one in node.names:
            self.origins[one.asname or one.name] = f"{node.module or ''}.{one.name}"

    def _constant(self, node: ast.Constant, _around: object, _parent: object) -> None:
        if isinstance(node.value, str):
            self.texts.append(node)

    def _await(self, node: ast.Await, _around: object, parent: ast.AST | None) -> None:
        self.parents[node] = parent

    _NOTED: ClassVar[Mapping[type, Callable[..., None]]] = {
        ast.Await: _await,
        ast.Call: _call,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.NamedExpr: _named,
        ast.withitem: _with,
        ast.arg: _argument,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.Return: _return,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Constant: _constant,
    }


_Parts = list[tuple[ast.AST, "Around | None"]]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, around: Around | None) -> _Parts:
    outside: list[ast.AST] = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    inside = Around(node, "body", around)
    return [*((one, around) for one in outside), *((one, inside) for one in node.body)]


def _lambda(node: ast.Lambda, around: Around | None) -> _Parts:
    return [(node.args, around), (node.body, Around(node, "body", around))]


def _call(node: ast.Call, around: Around | None) -> _Parts:
    parts: _Parts = [(one, around) for one in (node.func, *node.args, *node.keywords)]
    mapped = node.args[0] if node.args and last_name(node.func) in _MAPS else None
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


_DIVIDED: Final[Mapping[type, Callable[..., _Parts]]] = {
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


def last_name(node: ast.AST) -> str:
    """Return the last name of an expression: `b` of `a.b`, `a` of `a`; nothing of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of such an expression; of a part that is no name only a dot."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def names_in(node: ast.AST) -> frozenset[str]:
    """Return every name and attribute that an expression mentions, those in texts of annotations too."""
    if isinstance(node, ast.Name):
        return frozenset({node.id})
    found = {
        last_name(one) or (text_of(one) or "").rpartition(".")[2]
        for one in ast.walk(node)
        if isinstance(one, (ast.Name, ast.Attribute, ast.Constant))
    }
    return frozenset(found - {""})


def text_of(node: ast.AST | None) -> str | None:
    """Return the text that an expression plainly is."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
