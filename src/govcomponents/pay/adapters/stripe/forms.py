"""Form bodies with nested parameters, both directions: `a[b][0]=c` (stripe-python, _encode.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote_plus

Form: TypeAlias = "dict[str, str | Form]"
"""A form read back: texts and forms by name; a list is a form whose names are numbers."""

_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


def flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the pairs of a form: lists numbered from 0, booleans as words. Raises TypeError for what has no form."""
    for name, value in values.items():
        if not _is_name(name):
            raise TypeError("a name must be text without square brackets")
        yield from _pairs(f"{prefix}[{name}]" if prefix else name, value)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name) and "[" not in name and "]" not in name


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, (str, int)):
        yield name, str(value)
    elif isinstance(value, Mapping):
        yield from flatten(value, name)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _pairs(f"{name}[{number}]", item)
    else:
        raise TypeError(f"a form cannot hold a {type(value).__name__}")


def encode(pairs: Iterable[tuple[str, str]]) -> str:
    """Write pairs as a form body or a query."""
    return "&".join(f"{_quoted_name(name)}={quote_plus(value)}" for name, value in pairs)


@lru_cache(maxsize=1024)
def _quoted_name(name: str) -> str:
    return quote_plus(name)


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
