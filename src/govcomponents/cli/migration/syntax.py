"""Reads pieces of Python: the name of an expression, the method that is called, the key of a subscript."""

from __future__ import annotations

import libcst as cst


def dotted(node: cst.BaseExpression) -> str:
    """The name of a variable or an attribute, such as "self.client"; nothing for another expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr.value}" if inner else ""
    return ""


def package(node: cst.BaseExpression) -> str:
    """The first part of a dotted name."""
    return dotted(node).partition(".")[0]


def method(node: cst.BaseExpression) -> str:
    """The name of the method that is called; nothing for what is no call."""
    if isinstance(node, cst.Call):
        function = node.func
        return function.attr.value if isinstance(function, cst.Attribute) else dotted(function)
    return ""


def code(node: cst.BaseExpression) -> str:
    """The expression as it was written."""
    return cst.Module([]).code_for_node(node)


def text(node: cst.Subscript) -> str | None:
    """The key of a subscript, if it is one text."""
    element = node.slice[0].slice if len(node.slice) == 1 else None
    if isinstance(element, cst.Index) and isinstance(element.value, cst.SimpleString):
        value = element.value.evaluated_value
        return value if isinstance(value, str) else None
    return None
