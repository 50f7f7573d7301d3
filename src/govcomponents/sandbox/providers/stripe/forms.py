"""Form bodies with nested parameters, `a[b][0]=c`, read back into a tree (stripe-python, _encode.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

Form: TypeAlias = "dict[str, str | Form]"
"""A form read back: texts and forms by name; a list is a form whose names are numbers."""

_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


@lru_cache(maxsize=1024)  # forms have few names, and the same ones again and again
def _parts(name: str) -> tuple[str, ...]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError("a parameter's name does not nest")
    return (found.group(1), *_PART.findall(found.group(2)))


def nest(pairs: Iterable[tuple[str, str]]) -> Form:
    """Read the pairs of a form back into a tree. Raises ValueError for a name that does not nest."""
    tree: Form = {}
    for name, value in pairs:
        *parents, last = _parts(name)
        place = tree
        for parent in parents:
            below = place.setdefault(parent, {})
            if isinstance(below, str):
                raise ValueError("a parameter is both a text and a form")  # noqa: TRY004  # what was sent is wrong, not its type
            place = below
        place[last or str(len(place))] = value
    return tree
