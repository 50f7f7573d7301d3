"""Names and texts of a module's expressions."""

from __future__ import annotations

import ast
import re
from typing import Final

_ANNOTATION: Final = re.compile(r"[\w.\[\]|, ]{1,200}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*")


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
    found = {last_name(one) for one in ast.walk(node) if isinstance(one, (ast.Name, ast.Attribute))}
    for one in ast.walk(node):
        text = text_of(one)
        if text and _ANNOTATION.fullmatch(text):
            found.update(_IDENTIFIER.findall(text))
    return frozenset(found - {""})


def text_of(node: ast.AST | None) -> str | None:
    """Return the text that an expression plainly is."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
