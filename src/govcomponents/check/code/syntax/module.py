"""One Python module as the rules see it: its calls, each with what stands round it, and the names it binds."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from govcomponents.check.code.syntax.around import DEFINED, DIVIDED, FUNCTIONS, MAPS
from govcomponents.check.code.syntax.expressions import dotted, last_name
from govcomponents.check.code.syntax.site import THREADS, Site

if TYPE_CHECKING:
    from govcomponents.check.code.syntax.around import Around
    from govcomponents.check.project import TextFile

_OWN: Final = (["self"], ["cls"])


@dataclass
class Module:
    """One module. `bound` are the values and annotations of each name; of `self.x` the name is `x`."""

    file: TextFile
    tree: ast.Module
    sites: list[Site] = field(default_factory=list)
    bound: dict[str, list[ast.expr]] = field(default_factory=dict)
    typed: dict[str, list[ast.expr]] = field(default_factory=dict)
    returned: dict[str, list[ast.expr]] = field(default_factory=dict)
    """What each function returns, with the annotation of it."""
    parameters: dict[str, list[list[str]]] = field(default_factory=dict)
    """The names of what each function is given, of a class what its `__init__` is given, without `self`."""
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

    @cached_property
    def called_again(self) -> Mapping[str, int]:
        """The functions of this module that it calls in a loop itself, each with the line on which it does."""
        count = Counter(one.name for one in ast.walk(self.tree) if isinstance(one, DEFINED))
        threads = {one.name for one in ast.walk(self.tree) if isinstance(one, ast.ClassDef) and _is_thread(one)}
        found: dict[str, int] = {}
        for site in self.sites:
            if site.name in MAPS or site.is_in_loop:
                for called in (site.call.func, *site.handed):
                    name = last_name(called)
                    if dotted(called) in (name, f"self.{name}", f"cls.{name}"):
                        found.setdefault("run" if name in threads else name, site.call.lineno)
        return {name: line for name, line in found.items() if count[name] == 1}

    @cached_property
    def thrown_away(self) -> frozenset[ast.AST]:
        """The inside of each asyncio.gather(..., return_exceptions=True) whose results nobody looks at."""
        found: set[ast.AST] = set()
        for site in self.sites:
            keeps = site.keyword("return_exceptions") if site.name == "gather" else None
            if isinstance(keeps, ast.Constant) and keeps.value is True:
                parent = self.parents.get(site.statement) if isinstance(site.statement, ast.Await) else site.statement
                found.update(ast.walk(site.call) if isinstance(parent, ast.Expr) else ())
        return frozenset(found)

    def origin_of(self, node: ast.AST) -> str:
        """Return where an expression comes from: `govcomponents.Money` of `gc.Money`, if it was imported as `gc`."""
        first, dot, rest = dotted(node).partition(".")
        origin = self.origins.get(first, "")
        return f"{origin}{dot}{rest}" if origin else ""

    def is_ours(self, node: ast.AST, name: str) -> bool:
        """Whether an expression is what the package itself calls by a name."""
        origin = self.origin_of(node)
        return origin.startswith("govcomponents.") and origin.rpartition(".")[2] == name

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
            divide = DIVIDED.get(type(node))
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

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, _around: object, parent: object) -> None:
        is_method = isinstance(parent, ast.ClassDef)
        name = parent.name if isinstance(parent, ast.ClassDef) and node.name == "__init__" else node.name
        taken = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        self.parameters.setdefault(name, []).append(taken[1:] if is_method and taken[:1] in _OWN else taken)
        if node.returns is not None:
            self.returned.setdefault(node.name, []).append(node.returns)

    def _return(self, node: ast.Return, around: Around | None, _parent: object) -> None:
        functions = (one.node for one in around.all() if isinstance(one.node, FUNCTIONS)) if around else iter(())
        function = next(functions, None)
        if node.value is not None and isinstance(function, DEFINED):
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


def _is_thread(node: ast.ClassDef) -> bool:
    """Whether each of a class runs its `run` once, beside others."""
    return any(last_name(one) in THREADS for one in node.bases)
