"""Whether a call is repeated after a failure, and whether a failure of it is passed over."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.retrying import BROAD, SAFE, decorator_that_repeats
from govcomponents.check.code.syntax.expressions import dotted, last_name, text_of

if TYPE_CHECKING:
    from govcomponents.check.code.services import Operation
    from govcomponents.check.code.syntax.site import Site

_RETRYING: Final = frozenset({"Retrying", "AsyncRetrying", "retry_context"})
_TRIES: Final = frozenset({"attempt", "attempts", "attempt_number", "retry", "retries", "try_number", "tries"})


def repeated_by(operation: Operation) -> str:
    """Say what repeats a call after a failure: a decorator, a library's loop, or a loop of one's own; else nothing."""
    site, module = operation.site, operation.module
    for one in site.within():
        if one.role == "retried":
            return dotted(one.node.func if isinstance(one.node, ast.Call) else one.node)
        if isinstance(one.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return decorator_that_repeats(one.node, module)
        if isinstance(one.node, (ast.For, ast.AsyncFor)) and one.role == "again":
            if _called(one.node.iter) in _RETRYING:
                return f"{_called(one.node.iter)}"
            if _is_loop_of_tries(one.node, site):
                return "a loop of attempts"
        if isinstance(one.node, ast.While) and one.role == "again" and _tries_until_done(one.node, site):
            return "a loop until it succeeds"
        if isinstance(one.node, ast.Try) and one.role == "body" and (what := _again_in_handler(one.node, site)):
            return what
    return ""


def swallowed_by(site: Site) -> str:
    """Return what an `except` round a call catches and passes over in silence; nothing if none does."""
    for one in site.within():
        if isinstance(one.node, (ast.Try, ast.TryStar)) and one.role == "body":
            for handler in one.node.handlers:
                if not _caught(handler) & BROAD:
                    continue
                is_silent = _does_nothing(handler.body, site.function)
                return " ".join(sorted(_caught(handler) & BROAD)) if is_silent else ""
        if isinstance(one.node, (ast.With, ast.AsyncWith)):
            for item in one.node.items:
                expression = item.context_expr
                if isinstance(expression, ast.Call) and last_name(expression.func) == "suppress":
                    broad = {last_name(arg) for arg in expression.args} & BROAD
                    if broad:
                        return " ".join(sorted(broad))
    return ""


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _again_in_handler(own: ast.Try, site: Site) -> str:
    """Say how a handler makes the call again after a failure that may have acted: by a task, a recursion, or itself."""
    name = site.function_name
    for handler in own.handlers:
        if not _caught(handler) & BROAD:
            continue
        for one in ast.walk(handler):
            if not isinstance(one, ast.Call):
                continue
            if isinstance(one.func, ast.Attribute) and one.func.attr == "retry":
                return f"{dotted(one.func.value)}.retry()"
            if name and last_name(one.func) == name and dotted(one.func) in (name, f"self.{name}", f"cls.{name}"):
                return f"{name}, which calls itself after a failure"
            if one is not site.call and ast.dump(one) == ast.dump(site.call):
                return "the handler of its failure"
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
    if any(isinstance(one, (ast.Break, ast.Return)) for one in after):
        return True
    told = {last_name(target) for one in after if isinstance(one, ast.Assign) for target in one.targets} - {""}
    return bool(told & {last_name(one) for one in ast.walk(loop.test)})  # it goes on until what the body sets


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
        if _caught(handler) & (BROAD | SAFE | {"TimeoutError"}) and not any(
            isinstance(one, (ast.Raise, ast.Return, ast.Break)) for one in handler.body
        ):
            return bool(_caught(handler) & BROAD)
    return False


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"BaseException"}
    return {last_name(one) for one in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])}


def _does_nothing(body: list[ast.stmt], function: ast.AST | None) -> bool:
    """Whether a handler tells nobody. A bare return tells, where the function returns something otherwise."""
    returned = [one for one in ast.walk(function) if isinstance(one, ast.Return)] if function is not None else []
    is_told = any(one.value is not None and not _is_none(one.value) for one in returned)
    return all(
        isinstance(one, (ast.Pass, ast.Continue))
        or (isinstance(one, ast.Return) and not is_told and (one.value is None or _is_none(one.value)))
        or (isinstance(one, ast.Expr) and (text_of(one.value) is not None or isinstance(one.value, ast.Constant)))
        for one in body
    )


def _arguments(site: Site) -> list[ast.expr]:
    return [*site.call.args, *(one.value for one in site.call.keywords)]
