"""Repeats of a function after a failure: by a library for that, a decorator, or a queue's own way."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.syntax.expressions import dotted, last_name

if TYPE_CHECKING:
    from govcomponents.check.code.syntax.module import Module

_LIBRARIES: Final = frozenset({"tenacity", "backoff", "retry", "retrying", "stamina", "retrying_async", "aioretry"})
BROAD: Final = frozenset({"Exception", "BaseException", "GovComponentsError", "OutcomeUnknown"})
SAFE: Final = frozenset({"NotSent", "Unavailable", "RateLimited"})
"""Failures after which nothing has happened at the provider."""
_BY_ITSELF: Final = ("autoretry_for", "retries", "retry")


def repeats_what_it_is_given(node: ast.AST, module: Module) -> bool:
    """Whether an expression is a library's way to repeat a function: `Retrying(...)`, `stamina.retry(...)`."""
    called = node.func if isinstance(node, ast.Call) else node
    origin = module.origins.get(dotted(called).partition(".")[0], "")
    return origin.partition(".")[0] in _LIBRARIES and not _only_what_is_safe(node)


def decorator_that_repeats(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> str:
    """Say which decorator makes a function's calls again; nothing if none does."""
    for one in function.decorator_list:
        values = module.bound.get(one.id, []) if isinstance(one, ast.Name) and one.id not in module.origins else []
        decorator = values[0] if len(values) == 1 else one  # it may be kept in a name
        name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        origin = module.origins.get(name.partition(".")[0], "")
        if origin.partition(".")[0] in _LIBRARIES and not _only_what_is_safe(decorator):
            return f"@{name}"
        given = {one.arg: one.value for one in decorator.keywords} if isinstance(decorator, ast.Call) else {}
        if origin.partition(".")[0] == "dramatiq" and not _is_nothing(given.get("max_retries", decorator)):
            return f"@{name}, which tries again by itself"
        for way in _BY_ITSELF if name.endswith("task") else ():
            if way in given and not _is_nothing(given[way]) and not _only_what_is_safe(given[way]):
                return f"@{name}({way}=...)"
    return ""


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _only_what_is_safe(node: ast.AST) -> bool:
    named = {last_name(one) for one in ast.walk(node)}
    return bool(named & SAFE) and not named & (BROAD | {"retry_if_not_exception_type", "retry_unless_exception_type"})
