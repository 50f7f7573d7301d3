"""The parser of links in a paragraph, in a time that grows with the length alone whatever people wrote.

What is a link is the grammar published with mistune 0.8: a label, in which brackets may stand in pairs, then "(address
"title")" or "[name]". A label ends where the longest one does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

from govcomponents.notify.rendering.markdown import link_key

_MARKS: Final = re.compile(r"[\[\]^]")
_SPACES: Final = re.compile(r"\s*")
_TITLE: Final = re.compile(r"(?<!\s)\s+['\"]")
_CLOSED: Final = re.compile(r"['\"]\s*\)")
_SCHEMES: Final = ("http:", "https:", "mailto:", "tel:")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.\-]*:(?!\d{1,5}(?:[/?#]|\Z))", re.IGNORECASE)
_CONTROLS: Final = dict.fromkeys((*range(0x21), 0x7F))
_LONGEST_NAME: Final = 255
_NONE: Final = -1


class Link(NamedTuple):
    """A link in a text: the position after it, its label, its address and its title."""

    end: int
    label: str
    address: str
    title: str | None


class Links:
    """Finds the links of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        marks = [(found.start(), found.group()) for found in _MARKS.finditer(text)]
        self._brackets = [at for at, mark in marks if mark != "^"]
        self._index = {at: index for index, at in enumerate(self._brackets)}
        self._closed = [found.start() for found in _CLOSED.finditer(text)]
        self._walk(marks)

    def _walk(self, marks: list[tuple[int, str]]) -> None:
        """Work out, from the right, where the label at each bracket ends: of a link, of a reference, or of neither."""
        text = self._text
        size = len(self._brackets)
        self._inline, self._reference, self._alone = ([_NONE] * (size + 1) for _ in range(3))
        self._pair = [_NONE] * (size + 1)  # the bracket that ends the pair, where a label may hold it
        last_parenthesis = text.rfind(")")
        close = caret = _NONE
        index = size
        for at, mark in reversed(marks):
            if mark == "^":
                caret = at
                continue
            index -= 1
            if mark == "]":
                follows = self._brackets[index + 1] if index + 1 < size else _NONE
                self._alone[index] = at
                if follows != _NONE and text[follows] == "]":
                    self._inline[index], self._reference[index] = self._inline[index + 1], self._reference[index + 1]
                elif self._pair[index + 1] != _NONE and _SPACES.fullmatch(text, at + 1, follows):
                    self._reference[index] = at
                if self._inline[index] == _NONE and text[at + 1 : at + 2] == "(" and at + 1 < last_parenthesis:
                    self._inline[index] = at
                close = index
            elif close != _NONE:
                self._alone[index] = self._alone[close + 1]
                if caret == _NONE or caret > self._brackets[close]:
                    self._pair[index] = close
                    self._inline[index] = self._inline[close + 1]
                    self._reference[index] = self._reference[close + 1]

    def at(self, position: int) -> Link | None:
        """Return the link whose label's bracket is at a position, with its address beside it; None if there is none."""
        end = self._inline[self._index[position] + 1]
        if end == _NONE:
            return None
        text = self._text
        spaces = _SPACES.match(text, end + 2)
        start = spaces.end() if spaces else end + 2
        close = text.index(")", start)
        label = text[position + 1 : end]
        if titled := _TITLE.search(text, start, close):
            after = bisect_right(self._closed, titled.end() - 1)
            if after < len(self._closed):
                title_end = self._closed[after]
                over = text.index(")", title_end) + 1
                return Link(over, label, text[start : titled.start()], text[titled.end() : title_end])
        return Link(close + 1, label, text[start:close].rstrip(), None)

    def named(self, position: int, known: Mapping[str, tuple[str, str | None]]) -> Link | None:
        """Return the link at a position whose address is known by its own name or else its label, or None."""
        text = self._text
        node = self._index[position] + 1
        if (end := self._reference[node]) != _NONE:
            opening = self._index[end] + 1
            over = self._brackets[self._pair[opening]]
            start = self._brackets[opening] + 1
            label = text[position + 1 : end]
            if found := _known(text[start:over] if start < over else label, known):
                return Link(over + 1, label, *found)
        if (end := self._alone[node]) != _NONE and (found := _known(text[position + 1 : end], known)):
            return Link(end + 1, text[position + 1 : end], *found)
        return None


def _known(name: str, known: Mapping[str, tuple[str, str | None]]) -> tuple[str, str | None] | None:
    return known.get(link_key(name)) if len(name) <= _LONGEST_NAME else None


def safe_address(address: str) -> str | None:
    """Return an address that is safe in an `href`, in quotation marks; None for one that no email should link to.

    An address without a scheme is one of the web, as the provider takes it. Others than http, https, mailto and tel
    are none.
    """
    if not address.lower().startswith(_SCHEMES):
        if _SCHEME.match(address.translate(_CONTROLS)):
            return None
        address = f"http://{address}"
    return quote(address, safe=":/?#=&;%", errors="replace")
