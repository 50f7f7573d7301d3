"""Rules about requests: what a callback is proved with, and components that are made for each request."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.services import is_made
from govcomponents.check.code.syntax.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.check.code.sending import Found
    from govcomponents.check.code.services import Operation
    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site

_PARSED: Final = frozenset({"json", "get_json", "form", "POST", "dumps", "decode", "body_params", "model_dump_json"})
_ROUTES: Final = frozenset({"route", "get", "post", "put", "patch", "delete", "api_view", "websocket"})
_REQUESTS: Final = frozenset({"request", "req", "_request"})


def parsed_body(operation: Operation) -> Iterator[Found]:
    """GC305: a callback is proved by a body that was parsed and written again, or turned into text."""
    if operation.name != "parse_callback":
        return
    yield from _parsed(operation.site, 0)


def _parsed(site: Site, position: int) -> Iterator[Found]:
    body = site.argument(position, "body")
    if body is None:
        return
    how = _way(body)
    if isinstance(body, ast.Call) and isinstance(body.func, ast.Attribute) and body.func.attr == "encode":
        body = body.func.value
    if not how and isinstance(body, ast.Name) and site.function is not None:
        values = [
            one.value
            for one in ast.walk(site.function)
            if isinstance(one, ast.Assign) and any(last_name(target) == body.id for target in one.targets)
        ]
        how = next((way for value in values if (way := _way(value))), "")
    if how:
        yield "GC305", site.call, f"{site.name} is given a body that went through `{how}`"


def received(module: Module) -> Iterator[Found]:
    """GC305, for the durable layer's `receive`."""
    for site in module.sites:
        if site.name == "receive" and isinstance(site.call.func, ast.Attribute):
            component = site.argument(0, "source")
            if isinstance(component, ast.Constant) and component.value in ("pay", "notify", "identity"):
                yield from _parsed(site, 1)


def made_in_views(module: Module) -> Iterator[Found]:
    """GC308: components are made for each request or in a loop; and GC305 of the durable layer."""
    yield from received(module)
    for site in module.sites:
        if not is_made(site, module) or last_name(site.call.func) != "from_settings":
            continue
        function = site.function
        if site.is_in_loop:
            yield "GC308", site.call, "the components are made again in each turn of a loop"
        elif isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and (
            _is_view(function) or _is_dependency(function, module)
        ):
            yield "GC308", site.call, f"the components are made for each request, in {function.name}"
        elif isinstance(site.statement, ast.Assign) and any(
            _is_of_request(one, module) for one in site.statement.targets
        ):
            yield "GC308", site.call, "the components are made for each request, and kept in what Flask ends with it"


def _is_view(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if any(argument.arg in _REQUESTS for argument in function.args.args[:2]):
        return True
    called = (one.func for one in function.decorator_list if isinstance(one, ast.Call))
    return any(isinstance(one, ast.Attribute) and one.attr in _ROUTES for one in called)


def _is_dependency(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether FastAPI calls it for each request, and it keeps nothing from one to the next."""
    if function.decorator_list:
        return False  # such as @cache
    return any(
        site.name == "Depends" and last_name(site.argument(0, "dependency") or site.call) == function.name
        for site in module.sites
    )


def _is_of_request(node: ast.expr, module: Module) -> bool:
    """Whether it is an attribute of Flask's `g`."""
    holder = node.value if isinstance(node, ast.Attribute) else None
    return isinstance(holder, ast.Name) and module.origins.get(holder.id) == "flask.g"


def _way(node: ast.AST) -> str:
    """How a body was made, if that changed it."""
    for one in ast.walk(node):
        name = last_name(one.func) if isinstance(one, ast.Call) else ""
        if name in ("str", *_PARSED):
            return name
        if isinstance(one, ast.keyword) and one.arg == "as_text" and getattr(one.value, "value", False):
            return one.arg
        if isinstance(one, ast.Attribute) and one.attr in ("json", "form", "POST"):
            return one.attr
    return ""


RULES: Final = (parsed_body,)
