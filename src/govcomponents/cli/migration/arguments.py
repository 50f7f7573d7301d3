"""Writes the arguments of a call as it is here: their names, the weeks of a file, the lines of an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from govcomponents.cli.migration.syntax import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.cli.migration.notify_calls import Call


def named(call: Call, given: Sequence[cst.Arg]) -> list[cst.Arg]:
    """The arguments, under their names here; the first `kept` stay in their place."""
    order = list(call.becomes)
    made = []
    for number, argument in enumerate(given):
        name = argument.keyword.value if argument.keyword else order[number]
        if argument.keyword is None and number < call.kept:
            made.append(argument)
            continue
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        made.append(argument.with_changes(keyword=cst.Name(call.becomes.get(name, name)), equal=equal))
    return made


def weeks(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The number in "52 weeks", or None of what is no such text."""
    if isinstance(node, cst.SimpleString) and isinstance(node.evaluated_value, str):
        number = node.evaluated_value.partition(" ")[0]
        return cst.Integer(number) if number.isascii() and number.isdigit() else None
    return node if isinstance(node, cst.Name) and node.value == "None" else None


def address_and_rest(node: cst.BaseExpression) -> tuple[cst.BaseExpression | None, cst.BaseExpression | None]:
    """The lines of the address among a letter's personalisation, and the rest; None twice if they cannot be told."""
    if isinstance(node, cst.Dict):
        lines: dict[str, cst.BaseExpression] = {}
        rest: list[cst.BaseDictElement] = []
        for element in node.elements:
            if not isinstance(element, cst.DictElement):
                rest.append(element)
                continue
            if not isinstance(element.key, cst.SimpleString):
                return None, None
            key = element.key.evaluated_value
            if isinstance(key, str) and (key.startswith("address_line_") or key == "postcode"):
                lines["address_line_7" if key == "postcode" else key] = element.value
            else:
                rest.append(element)
        if not lines:
            return None, None
        if rest:
            rest[-1] = rest[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        items = [cst.Element(lines[key]) for key in sorted(lines)]
        return cst.List(items), node.with_changes(elements=rest)
    name = dotted(node)
    if not name:
        return None, None
    lines_of = f'[{name}[key] for key in sorted({name}) if key.startswith("address_line_")]'
    others = f'{{key: value for key, value in {name}.items() if not key.startswith("address_line_")}}'
    return cst.parse_expression(lines_of), cst.parse_expression(others)
