"""Whether a call is repeated after a failure, and whether a failure of it is passed over."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.module import dotted, last_name, text_of

if TYPE_CHECKING:
    from govcomponents.check.code.module import Module, Site
    from govcomponents.check.code.services import Operation

_LIBRARIES: Final = frozenset({"tenacity", "backoff", "retry", "retrying", "stamina", "retrying_async", "aioretry"})
_RETRYING: Final = frozenset({"Retrying", "AsyncRetrying", "retry_context"})
_BROAD: Final = frozenset({"Exception", "BaseException", "GovComponentsError", "OutcomeUnknown"})
_SAFE: Final = frozenset({"NotSent", "Unavailable", "RateLimited"})
"""Failures after which nothing has happened at the provider."""
_BY_ITSELF: Final = ("autoretry_for", "retries", "retry")
_TRIES: Final = frozenset({"attempt", "attempts", "attempt_number", "retry", "retries", "try_number", "tries"})


def repeated_by(operation: Operation) -> str:
    """Say what repeats a call after a failure: a decorator, a library's loop, or a loop of one's own; else nothing."""
    site, module = operation.site, operation.module
    for one in site.within():
        if isinstance(one.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return _decorator(one.node, module)
        if isinstance(one.node, (ast.For, ast.AsyncFor)) and one.role == "again":
            if _called(one.node.iter) in _RETRYING:
                return f"{_called(one.node.iter)}"
            if _is_loop_of_tries(one.node, site):
                return "a loop of attempts"
        if isinstance(one.node, ast.While) and one.role == "again" and _tries_until_done(one.node, site):
            return "a loop until it succeeds"
        if isinstance(one.node, ast.Try) and one.role == "body" and (task := _asks_again(one.node)):
            return f"{task}.retry()"
    return ""


def swallowed_by(site: Site) -> str:
    """Return what an `except` round a call catches and passes over in silence; nothing if none does."""
    for one in site.within():
        if isinstance(one.node, (ast.Try, ast.TryStar)) and one.role == "body":
            for handler in one.node.handlers:
                if not _caught(handler) & _BROAD:
                    continue
                return " ".join(sorted(_caught(handler) & _BROAD)) if _does_nothing(handler.body) else ""
        if isinstance(one.node, (ast.With, ast.AsyncWith)):
            for item in one.node.items:
                expression = item.context_expr
                if isinstance(expression, ast.Call) and last_name(expression.func) == "suppress":
                    broad = {last_name(arg) for arg in expression.args} & _BROAD
                    if broad:
                        return " ".join(sorted(broad))
    return ""


def _decorator(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> str:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = dotted(called)
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
    return bool(named & _SAFE) and not named & (_BROAD | {"retry_if_not_exception_type", "retry_unless_exception_type"})


def _asks_again(own: ast.Try) -> str:
    """Return the task that a handler has tried again, as Celery's are, after a failure that may have acted."""
    for handler in own.handlers:
        if not _caught(handler) & _BROAD:
            continue
        for one in ast.walk(handler):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "retry":
                return dotted(one.func.value)
        return ""
    return ""


def _called(node: ast.AST) -> str:
    return last_name(node.func) if isinstance(node, ast.Call) else ""


def _is_loop_of_tries(loop: ast.For | ast.AsyncFor, site: Site) -> bool:
    """Whether each turn makes the same call again, after one that failed."""
    own = _own_try(loop, site)
    if own is None or not _goes_on(own):
        return False
    variable = last_name(loop.target)
    used = {last_name(one) for argument in _arguments(site) for one in ast.walk(argument)}
    return (_called(loop.iter) == "range" or variable in _TRIES) and variable not in used


def _tries_until_done(loop: ast.While, site: Site) -> bool:
    own = _own_try(loop, site)
    if own is None or not _goes_on(own):
        return False
    after = [*own.body, *own.orelse]
    return any(isinstance(one, (ast.Break, ast.Return)) for one in after)


def _own_try(loop: ast.AST, site: Site) -> ast.Try | None:
    """The `try` inside a loop whose body the call is in."""
    for one in site.within():
        if one.node is loop:
            return None
        if isinstance(one.node, ast.Try) and one.role == "body":
            return one.node
    return None


def _goes_on(own: ast.Try) -> bool:
    """Whether a failure that may have acted leads to the next turn."""
    for handler in own.handlers:
        if _caught(handler) & (_BROAD | _SAFE | {"TimeoutError"}) and not any(
            isinstance(one, (ast.Raise, ast.Return, ast.Break)) for one in handler.body
        ):
            return bool(_caught(handler) & _BROAD)
    return False


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"BaseException"}
    return {last_name(one) for one in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])}


def _does_nothing(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(one, (ast.Pass, ast.Continue))
        or (isinstance(one, ast.Expr) and (text_of(one.value) is not None or isinstance(one.value, ast.Constant)))
        for one in body
    )


def _arguments(site: Site) -> list[ast.expr]:
    return [*site.call.args, *(one.value for one in site.call.keywords)]
