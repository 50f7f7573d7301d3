"""Operations that are called under a name of their own, by partial(), or by what they are handed to, such as a pool."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from govcomponents.check.code.retrying import repeats_what_it_is_given
from govcomponents.check.code.syntax.around import MAPS, Around
from govcomponents.check.code.syntax.expressions import last_name, text_of
from govcomponents.check.code.syntax.site import TAKES_A_CALL, THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site

    Find = Callable[[ast.AST], "tuple[str, bool] | None"]
    """Returns the component that an expression is, and whether it is the durable layer's."""


@dataclass(frozen=True, slots=True)
class Method:
    """An operation that an expression stands for. `given` is the partial() that holds some of its arguments.

    `by` is what it is wrapped in, such as `sync_to_async`.
    """

    component: str
    name: str
    is_later: bool
    given: ast.Call | None = None
    by: ast.AST | None = None


def named_methods(module: Module, find: Find) -> dict[str, Method]:
    """Return names that are one operation in a module: `send = gov.notify.send_email`, `send = partial(...)` of it."""
    found = {name: _method(values[0], find) for name, values in module.bound.items() if len(values) == 1}
    return {name: method for name, method in found.items() if method is not None}


def call_of_method(site: Site, module: Module, named: dict[str, Method], find: Find) -> tuple[Method, Site] | None:
    """Return the operation that a call makes by another name or by other means, and the call as it would be itself."""
    func, args = site.call.func, site.call.args
    method = named.get(_own_name(func))
    if method is not None and _is_parameter(func, site):
        return None
    if method is None and isinstance(func, ast.Call):
        method = _method(func, find)
    if method is not None:
        return method, _as_retried(replace(site, call=_whole(site.call, args, method)), method.by, module)
    by = _kept_in(func, module)
    if isinstance(by, ast.Call) and repeats_what_it_is_given(by, module):  # Retrying(...)(method, arguments)
        method = _method(args[0], find) if args else None
        if method is None:
            return None
        return method, _as_retried(replace(site, call=_whole(site.call, args[1:], method)), by, module)
    if site.name in MAPS | TAKES_A_CALL:
        for position, argument in enumerate(args[:2]):
            if method := _method(argument, find):
                around = Around(site.call, "again", site.around) if site.name in MAPS else site.around
                return method, replace(site, call=_whole(site.call, args[position + 1 :], method), around=around)
    if site.name in THREADS:
        method = _method(site.handed[0], find) if site.handed else None
        return None if method is None else (method, replace(site, call=_in_thread(site, method)))
    return None


def _in_thread(site: Site, method: Method) -> ast.Call:
    """Return the call that a thread makes: `Thread(target=send, args=(to,), kwargs={"reference": case})`."""
    args, kwargs = site.argument(2, "args"), site.argument(3, "kwargs")
    given = args.elts if isinstance(args, (ast.Tuple, ast.List)) else []
    named = [] if kwargs is None else [ast.keyword(arg=None, value=kwargs)]
    if isinstance(kwargs, ast.Dict) and all(text_of(key) for key in kwargs.keys):
        named = [
            ast.keyword(arg=text_of(key), value=value) for key, value in zip(kwargs.keys, kwargs.values, strict=True)
        ]
    if args is not None and not isinstance(args, (ast.Tuple, ast.List)):
        given = [ast.Starred(value=args)]
    return _whole(ast.copy_location(ast.Call(func=site.call.func, args=[], keywords=named), site.call), given, method)


def _method(node: ast.AST, find: Find) -> Method | None:
    """Return the operation that an expression is, not one that it calls: itself, partial() of it, or wrapped."""
    given = by = None
    if isinstance(node, ast.Call) and node.args:
        if last_name(node.func) == "partial":
            given = node
        elif len(node.args) == 1:
            by = node.func
        else:
            return None
        node = node.args[0]
    known = find(node.value) if isinstance(node, ast.Attribute) else None
    return Method(known[0], node.attr, known[1], given, by) if isinstance(node, ast.Attribute) and known else None


def _kept_in(node: ast.expr, module: Module) -> ast.expr:
    """Return what a name was given, if it was once; else the expression itself."""
    values = module.bound.get(node.id, []) if isinstance(node, ast.Name) else []
    return values[0] if len(values) == 1 else node


def _as_retried(site: Site, by: ast.AST | None, module: Module) -> Site:
    if by is None or not repeats_what_it_is_given(by, module):
        return site
    return replace(site, around=Around(by, "retried", site.around))


def _own_name(func: ast.expr) -> str:
    """Return the name of `name` and `self.name`."""
    if isinstance(func, ast.Attribute):
        return func.attr if isinstance(func.value, ast.Name) and func.value.id in ("self", "cls") else ""
    return func.id if isinstance(func, ast.Name) else ""


def _is_parameter(func: ast.expr, site: Site) -> bool:
    """Whether a name is one of the function's own parameters, which may be anything."""
    function = site.function
    if not isinstance(func, ast.Name) or function is None:
        return False
    args = function.args
    return func.id in {one.arg for one in (*args.posonlyargs, *args.args, *args.kwonlyargs)}


def _whole(call: ast.Call, args: list[ast.expr], method: Method) -> ast.Call:
    """Return a call with these arguments, and those that a partial() holds for it."""
    keywords = call.keywords
    if method.given is not None:
        args = [*method.given.args[1:], *args]
        named = {one.arg for one in call.keywords}
        keywords = [*keywords, *(one for one in method.given.keywords if one.arg is None or one.arg not in named)]
    return ast.copy_location(ast.Call(func=call.func, args=args, keywords=keywords), call)
