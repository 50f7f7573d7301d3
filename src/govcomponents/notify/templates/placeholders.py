"""Placeholders of templates: parsing a template into them, and filling them with values.

The rules are GOV.UK Notify's (docs: "Personalisation", "Conditional text"; alphagov/notifications-utils, `field.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, cast

from govcomponents.notify.templates.personalisation import placeholder_key

_PLACEHOLDER: Final = re.compile(r"\(\(([^()]+)\)\)")
_TRUE: Final = frozenset({"yes", "y", "true", "t", "1", "include", "show"})
_OBSCURE: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029\u00a0\u202f")
_WHITESPACE: Final = " \t\n\r\x0b\x0c"


def names(*texts: str | None) -> tuple[str, ...]:
    """Return the names of the placeholders in the texts, each once, in order and as the template spells them."""
    return _names(texts)


@lru_cache(maxsize=256)  # of a template they are always the same
def _names(texts: tuple[str | None, ...]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for slot in _slots(texts):
        found.setdefault(slot.key, slot.name)
    return tuple(found.values())


def conditional_names(*texts: str | None) -> frozenset[str]:
    """Return the keys of the conditional placeholders: those that show or hide a text."""
    return frozenset(slot.key for slot in _slots(texts) if slot.shown is not None)


class _Slot(NamedTuple):
    """One placeholder of a template; `shown` is the text of a conditional one."""

    written: str
    name: str
    key: str
    shown: str | None


@lru_cache(maxsize=256)  # a service sends few templates, each many times
def _pieces(text: str) -> tuple[str | _Slot, ...]:
    """Parse a template into plain texts and placeholders."""
    plain_and_inner = _PLACEHOLDER.split(text)
    pieces: list[str | _Slot] = [*plain_and_inner]
    for at in range(1, len(pieces), 2):
        inner = plain_and_inner[at]
        name, conditional, shown = inner.partition("??")
        pieces[at] = _Slot(f"(({inner}))", name, placeholder_key(name), shown if conditional else None)
    return tuple(pieces)


def _slots(texts: Iterable[str | None]) -> Iterator[_Slot]:
    return (piece for text in texts if text for piece in _pieces(text) if isinstance(piece, _Slot))


class Values:
    """Values of placeholders, looked up without regard to case, spaces, `_` and `-` in names; the last one wins."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {placeholder_key(name): value for name, value in values.items()}
        self._escaped: Mapping[str, object] | None = None

    def of_key(self, key: str) -> object:
        """Return the value for a name in its compared form (`placeholder_key`), or None."""
        return self._values.get(key)

    def of_escaped_key(self, key: str, escape: Callable[[str], str]) -> object:
        """Return the value for a name that was HTML-escaped together with its template, or None."""
        if self._escaped is None:
            self._escaped = {escape(name): value for name, value in self._values.items()}
        return self._escaped.get(key)

    def missing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the names that have no value; None counts as no value."""
        return tuple([name for name in wanted if self._values.get(placeholder_key(name)) is None])


def fill(text: str, values: Values, *, bullets: bool = False, escape: Callable[[str], str] | None = None) -> str:
    """Fill a template with values, in one pass: a value that looks like a placeholder stays as it is.

    A list becomes bullets with `bullets`, else "a, b and c". `escape` is applied to the text first and to each value.
    A placeholder without a value stays.
    """
    parts: list[str] = []
    for piece in _pieces(text if escape is None else escape(text)):
        if isinstance(piece, str):
            parts.append(piece)
            continue
        value = values.of_key(piece.key)
        if value is None and escape is not None and "&" in piece.key:
            value = values.of_escaped_key(piece.key, escape)
        if value is None:
            parts.append(piece.written)
            continue
        is_list = isinstance(value, (list, tuple))
        written = _written_list(value, bullets=bullets) if is_list else str(value)
        if piece.shown is not None:
            parts.append(piece.shown if written.lower() in _TRUE else "")
        else:
            parts.append(written if escape is None else escape(written))
    return "".join(parts)


def _written_list(items: object, *, bullets: bool) -> str:
    kept = [
        text
        for item in cast("Iterable[object]", items)
        if item is not None and (text := str(item).translate(_OBSCURE).strip(_WHITESPACE))
    ]
    if not kept:
        return ""
    if bullets:
        return "\n\n" + "\n".join(f"* {item}" for item in kept)
    return kept[0] if len(kept) == 1 else f"{', '.join(kept[:-1])} and {kept[-1]}"
