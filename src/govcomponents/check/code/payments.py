"""Rules about payments: made twice, lost as soon as they are made, and amounts that are not exact."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from govcomponents.check.code.repeats import repeated_by
from govcomponents.check.code.syntax.expressions import dotted, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcomponents.check.code.sending import Found
    from govcomponents.check.code.services import Operation
    from govcomponents.check.code.syntax.module import Module
    from govcomponents.check.code.syntax.site import Site

_ONLY_SHOWN: Final = frozenset({"str", "Decimal", "int", "round"})
_PAGES: Final = frozenset({"redirect_url", "next_url"})
_MAKES: Final = frozenset({"create", "create_by_telephone"})


def made_again(operation: Operation) -> Iterator[Found]:
    """GC303: a payment or refund is made again after any failure, without an idempotency key."""
    site = operation.site
    if operation.component != "pay" or operation.name not in _MAKES | {"refund"} or operation.is_later or site.is_open:
        return
    key = site.keyword("idempotency_key")
    if key is None and (how := repeated_by(operation)):
        yield "GC303", site.call, f"pay.{operation.name} is repeated by {how} without an idempotency key"


def not_kept(operation: Operation) -> Iterator[Found]:
    """GC306: a payment is made, and its id is thrown away."""
    site = operation.site
    if operation.component != "pay" or operation.name not in _MAKES or operation.is_later:
        return
    parent = site.statement
    if isinstance(parent, ast.Await):
        parent = operation.module.parents.get(parent)
    if isinstance(parent, ast.Expr):
        yield "GC306", site.call, f"the result of pay.{operation.name} is thrown away, and the payment's id with it"
    elif isinstance(parent, ast.Attribute) and parent.attr in _PAGES:
        yield "GC306", site.call, f"only .{parent.attr} of pay.{operation.name} is used: the payment's id is lost"
    elif isinstance(parent, (ast.Assign, ast.AnnAssign)) and (how := _used_for_its_page(parent, site)):
        yield "GC306", site.call, f"the result of pay.{operation.name} is {how}: the payment's id is lost"


def _used_for_its_page(statement: ast.Assign | ast.AnnAssign, site: Site) -> str:
    """Say how little a payment in a variable of a function is used, if nothing but its page is."""
    function = site.function
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or function is None:
        return ""
    name, loads, pages = targets[0].id, 0, set()
    for one in ast.walk(function):
        if isinstance(one, (ast.Global, ast.Nonlocal)) and name in one.names:
            return ""
        if isinstance(one, ast.Call) and last_name(one.func) in ("locals", "vars"):
            return ""
        if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load):
            loads += 1
        if isinstance(one, ast.Attribute) and one.attr in _PAGES and dotted(one.value) == name:
            loads -= 1
            pages.add(one.attr)
    if loads:
        return ""
    return f"used for .{' and .'.join(sorted(pages))} alone" if pages else f"kept in `{name}`, which nothing uses"


def money(module: Module) -> Iterator[Found]:
    """GC310: an amount is written as a float, or as a whole number that could be pounds or pence."""
    if "Money" not in module.file.text:
        return
    for site in module.sites:
        func = site.call.func
        way = func.attr if isinstance(func, ast.Attribute) and module.is_ours(func.value, "Money") else ""
        if module.is_ours(func, "Money"):
            way = "Money"
        if way not in ("gbp", "of", "from_pence", "Money"):
            continue
        amount = site.argument(0, {"from_pence": "pence", "Money": "minor"}.get(way, "amount"))
        kind = _number(amount, module)
        wrong = (float,) if way in ("from_pence", "Money") else (float, int)
        if kind in wrong and isinstance(amount, ast.expr):
            shown = "Money" if way == "Money" else f"Money.{way}"
            told = "a float" if kind is float else "a whole number, which could be pounds or pence"
            yield "GC310", amount, f"{shown} is given {told}"


def _constant(node: ast.AST | None, module: Module) -> ast.AST | None:
    """Return what a name in capitals stands for, if the module says so once; else the expression itself."""
    if isinstance(node, ast.Name) and node.id.isupper() and len(module.bound.get(node.id, ())) == 1:
        return module.bound[node.id][0]
    return node


def _number(node: ast.AST | None, module: Module) -> type | None:
    """Whether an expression is worked out as a float, or is a whole number; None of what cannot be told."""
    node = _constant(node, module)
    if isinstance(node, ast.UnaryOp):
        return _number(node.operand, module)
    if isinstance(node, ast.Call) and last_name(node.func) == "float":
        return float
    if isinstance(node, ast.Call) and last_name(node.func) in _ONLY_SHOWN and node.args:
        return float if _number(node.args[0], module) is float else None  # the cents that it lost do not come back
    if isinstance(node, ast.BinOp):
        parts = {_number(node.left, module), _number(node.right, module)}
        return float if float in parts or (isinstance(node.op, ast.Div) and int in parts) else None
    return type(node.value) if isinstance(node, ast.Constant) and type(node.value) in (int, float) else None


RULES: Final = (made_again, not_kept)
