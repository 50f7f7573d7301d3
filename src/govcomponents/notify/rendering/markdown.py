"""The parser of Markdown in emails and letters, as GOV.UK Notify reads it: from text to blocks.

It is the dialect of the early Markdown libraries with emphasis, code spans and strike-through left out, "^" for an
inset text and "•" for a bullet. How blocks are told apart decides how a message looks, so the rules and their order
are kept as they are, odd ones too (sources: GOV.UK Notify docs, "Formatting"; alphagov/notifications-utils,
`markdown.py`; the grammar published with mistune 0.8).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

_NESTED_AT_MOST: Final = 6
_UNKNOWN: Final = -2

_HRULE: Final = re.compile(r" {0,3}[-*_](?: *[-*_]){2,} *")
_HRULE_AFTER_LIST: Final = re.compile(r"(?:[-*_] *){3,}")
_FENCE: Final = re.compile(r" *(`{3,16}|~{3,16}) *(?:[^`\s]+)? *")
_TILDES: Final = re.compile(r" *(~{4,16})[^~`\s][^`\s]* *| *(~{4,16}) *")
_UNDERLINE: Final = re.compile(r" *[=\-]+ *")
_INSET: Final = re.compile(r" *\^.")
_LIST: Final = re.compile(r"( *)([•*-]|\d+\.)")
_NEXT_ITEM: Final = re.compile(r"(?:[•*-]|\d+\.) ")
_BULLETED: Final = re.compile(r" *(?:[*+-](?:\d+\.)?|\d+\.) ")
_DEFINITION: Final = re.compile(r""": *<?([^\s>]+)>?(?: +["(]([^\n]+)[")])? *(?:\n+|$)""")
_PLAIN_TABLE_RULE: Final = re.compile(r" *[-:]+ *\|[-| :]*")
_TABLE_RULE: Final = re.compile(r" *\| *[-:][-| :]*")

_ITEM: Final = re.compile(r"^(( *)(?:[•*-]|\d+\.)[^\n]*(?:\n(?!\2(?:[•*-]|\d+\.))[^\n]*)*)", re.MULTILINE)
_BULLET: Final = re.compile(r"^ *(?:[•*-]|\d+\.)")
_INSET_MARK: Final = re.compile(r"^ *\^ ?", re.MULTILINE)
_INDENT: Final = re.compile(r"^ {4}", re.MULTILINE)
_BLANK_LINES: Final = re.compile(r"^ +$", re.MULTILINE)
_SPACES: Final = re.compile(r"\s+")

Kind = Literal["newline", "hrule", "code", "heading", "paragraph", "text", "inset", "list", "item", "loose_item"]


@dataclass(slots=True)
class Block:
    """One block of a message: a paragraph, a heading, a list with its items, and so on. Tables are dropped."""

    kind: Kind
    text: str = ""
    level: int = 0
    is_ordered: bool = False
    children: Sequence[Block] = ()


@dataclass(slots=True)
class Document:
    """A parsed message. `links` are its link definitions, by their names: (address, title)."""

    blocks: list[Block]
    links: dict[str, tuple[str, str | None]]


def link_key(text: str) -> str:
    """Return the name of a link definition in the form in which names are compared."""
    lowered = text.lower()
    return lowered if lowered.isprintable() and " " not in lowered else _SPACES.sub(" ", lowered)


def parse(text: str) -> Document:
    """Parse a message. Every text is one: nothing is refused."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).replace("\u2424", "\n")
    links: dict[str, tuple[str, str | None]] = {}
    return Document(_Reader(_BLANK_LINES.sub("", text), links, {"inset": 0, "list": 0}).read(), links)


class _Reader:
    """Parses one text into blocks, line by line; each line is looked at a fixed number of times."""

    def __init__(self, text: str, links: dict[str, tuple[str, str | None]], depths: dict[str, int]) -> None:
        self._text = text.rstrip("\n")
        self._lines = self._text.split("\n") if self._text else []
        self._count = len(self._lines)
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._end = len(self._text.rstrip())
        self._links = links
        self._depths = depths
        self._found: dict[str, tuple[int, int]] = {}
        self._fences: dict[tuple[str, int], list[int]] = {}

    def read(self, *, in_list: bool = False) -> list[Block]:
        rule = self._in_list if in_list else self._anywhere
        blocks: list[Block] = []
        at = 0
        while at < self._count:
            if self._lines[at]:
                at, block = rule(at)
            else:
                after = self._skip(at)
                block = Block("newline") if after - at > 1 else None
                at = after
            if block is not None:
                blocks.append(block)
                if block.kind == "text" and self._skip(at) > at:  # it leaves the end of its own line unread
                    blocks.append(Block("newline"))
                    at = self._skip(at)
        return blocks

    def _anywhere(self, at: int) -> tuple[int, Block | None]:
        line = self._lines[at]
        first = line.lstrip(" ")[:1]
        if _HRULE.fullmatch(line):
            return self._skip(at + 1), Block("hrule")
        found = (
            self._code(at)
            or (self._fenced(at) if first in "`~" else None)
            or (self._heading(at) if first == "#" else None)
            or (self._plain_table(at) if "|" in line else None)
            or self._underlined(at)
            or (self._inset(at) if first == "^" else None)
            or self._list(at)
        )
        if found is not None:
            return found
        if first == "[":
            if defined := self._definition(at):
                key, link, title, after = defined
                self._links[link_key(key)] = (link, title)
                return after, None
            if after := self._footnote(at):
                return after, None
        if first == "|" and (after := self._table(at)):
            return after, None
        after = at + 1
        while after < self._count and self._lines[after] and not self._begins_block(after):
            after += 1
        return self._skip(after), Block("paragraph", self._between(at, after).rstrip("\n"))

    def _in_list(self, at: int) -> tuple[int, Block | None]:
        found = self._code(at) or self._fenced(at) or self._underlined(at)
        if found is not None:
            return found
        if _HRULE.fullmatch(self._lines[at]):
            return self._skip(at + 1), Block("hrule")
        return self._inset(at) or self._list(at) or (at + 1, Block("text", self._lines[at]))

    def _begins_block(self, at: int) -> bool:
        """Whether a line begins a block, and so ends the paragraph above it."""
        line = self._lines[at]
        bare = line.lstrip(" ")
        first = bare[:1]
        if (first in "#>" and len(bare) > 1) or self._underlined(at):
            return True
        if first in "`~":
            return self._fenced(at) is not None
        if first == "[":
            return self._definition(at) is not None or self._footnote(at) > 0
        if bullet := _BULLETED.match(line):
            return bullet.end() < len(line) or at + 1 < self._count
        return _HRULE.fullmatch(line) is not None

    def _skip(self, at: int) -> int:
        """Return the next line that is not empty."""
        while at < self._count and not self._lines[at]:
            at += 1
        return at

    def _between(self, at: int, after: int) -> str:
        return self._text[self._starts[at] : self._starts[after]]

    def _find(self, character: str, position: int) -> int:
        """Return the next position of a character, which is searched for once; -1 if there is none."""
        asked, found = self._found.get(character, (position, _UNKNOWN))
        if found == _UNKNOWN or position < asked or -1 < found < position:
            found = self._text.find(character, position)
            self._found[character] = (position, found)
        return found

    def _code(self, at: int) -> tuple[int, Block] | None:
        after = at
        while after < self._count and self._lines[after].startswith("    ") and len(self._lines[after]) > 4:
            after = self._skip(after + 1)
        return (after, Block("code", _INDENT.sub("", self._between(at, after)))) if after > at else None

    def _fenced(self, at: int) -> tuple[int, Block] | None:
        line = self._lines[at]
        opened = _FENCE.fullmatch(line)
        if opened is None or at + 1 >= self._count:
            return None
        fence = opened.group(1)
        shortest = 3 if fence[0] == "~" and _TILDES.fullmatch(line) else len(fence)
        start = self._starts[at + 1]
        for length in range(len(fence), shortest - 1, -1):
            ends = self._ends_of_fences(fence[0], length)
            following = bisect_left(ends, at + 1)
            for after in ends[following : following + 2]:
                mark = self._starts[after] + len(self._lines[after].rstrip(" ")) - length
                if mark > start:
                    content = self._text[start:mark]
                    return self._skip(after + 1), Block("code", content.rstrip() or content[0])
        return None

    def _ends_of_fences(self, mark: str, length: int) -> list[int]:
        """Return the lines that end with a code fence of at least a length."""
        found = self._fences.get((mark, length))
        if found is None:
            fence = mark * length
            found = [at for at, line in enumerate(self._lines) if line.rstrip(" ").endswith(fence)]
            self._fences[mark, length] = found
        return found

    def _heading(self, at: int) -> tuple[int, Block] | None:
        bare = self._lines[at].lstrip(" ")
        level = min(len(bare) - len(bare.lstrip("#")), 6)
        content = bare[level:].lstrip(" ")
        if not content:
            if level == len(bare):  # all of it are marks, or spaces after them
                if level == 1:
                    return None
                level, content = level - 1, "#"
            else:
                content = " "
        first, rest = content[0], content[1:].rstrip(" ").rstrip("#").rstrip(" ")
        return self._skip(at + 1), Block("heading", first + rest, level)

    def _underlined(self, at: int) -> tuple[int, Block] | None:
        if at + 1 >= self._count or not _UNDERLINE.fullmatch(self._lines[at + 1]):
            return None
        level = 1 if self._lines[at + 1].rstrip(" ")[-1] == "=" else 2
        return self._skip(at + 2), Block("heading", self._lines[at], level)

    def _plain_table(self, at: int) -> tuple[int, None] | None:
        bare = self._lines[at].lstrip(" ")
        if bare[0].isspace() or "|" not in bare[1:] or at + 2 >= self._count:
            return None
        if not _PLAIN_TABLE_RULE.fullmatch(self._lines[at + 1]):
            return None
        after = at + 2
        while after < self._count and "|" in self._lines[after]:
            after += 1
        return self._skip(after), None

    def _table(self, at: int) -> int:
        """Return the line after a table; 0 if there is none."""
        is_table = len(self._lines[at].lstrip(" ")) > 1 and at + 2 < self._count
        if not (is_table and _TABLE_RULE.fullmatch(self._lines[at + 1])):
            return 0
        after = at + 2
        while after < self._count and self._lines[after].lstrip(" ").startswith("|"):
            after += 1
        return self._skip(after)

    def _definition(self, at: int) -> tuple[str, str, str | None, int] | None:
        """Return the name, address and title of a link definition, and the line after it."""
        line = self._lines[at]
        start = self._starts[at] + len(line) - len(line.lstrip(" ")) + 1
        end = self._find("]", start)
        if end <= start or -1 < self._find("^", start) < end:
            return None
        found = _DEFINITION.match(self._text, end + 1)
        if found is None:
            return None
        return (
            self._text[start:end],
            found.group(1),
            found.group(2),
            bisect_left(self._starts, found.end(), 0, self._count),
        )

    def _footnote(self, at: int) -> int:
        """Return the line after a footnote; 0 if there is none."""
        start = self._starts[at] + 2
        if not self._lines[at].startswith("[^"):
            return 0
        end = self._find("]", start)
        if end <= start or self._text[end + 1 : end + 2] != ":":
            return 0
        after = self._skip(bisect_right(self._starts, end, 0, self._count))
        while after < self._count and self._lines[after].startswith(" "):
            after = self._skip(after + 1)
        return after

    def _inset(self, at: int) -> tuple[int, Block] | None:
        after = at
        while after < self._count and _INSET.match(self._lines[after]):
            while after < self._count and self._lines[after]:
                after += 1
            after = self._skip(after)
        return (after, self._nested("inset", self._between(at, after))) if after > at else None

    def _list(self, at: int) -> tuple[int, Block] | None:
        bullet = _LIST.match(self._lines[at])
        if bullet is None or self._starts[at] + bullet.end() >= len(self._text):
            return None
        after = self._end_of_list(at, bullet)
        return after, self._nested("list", self._between(at, after), is_ordered="." in bullet.group(2))

    def _end_of_list(self, at: int, bullet: re.Match[str]) -> int:
        """Return the line after a list."""
        indent = bullet.group(1)
        lines, starts, count = self._lines, self._starts, self._count
        line, breaks = at, -1 if bullet.end() == len(lines[at]) else 0
        while True:
            after = line + 1
            while after < count and not lines[after]:
                after += 1
            if after >= count or starts[line] + len(lines[line]) > self._end:
                return count
            breaks += after - line
            if breaks and (breaks > 2 or self._ends_list(after, indent, is_apart=breaks == 2)):
                return after
            line, breaks = after, 0

    def _ends_list(self, at: int, indent: str, *, is_apart: bool) -> bool:
        line = self._lines[at]
        inner = line[len(indent) :] if line.startswith(indent) else None
        first = line.lstrip(" ")[:1]
        if first in ("-", "*", "_"):
            is_rule = _HRULE_AFTER_LIST.fullmatch
            if is_rule(line) or (indent and inner and is_rule(inner)):
                return True
        elif first == "[" and (self._definition(at) or self._footnote(at)):
            return True
        return is_apart and not line.startswith(" ") and not (inner is not None and _NEXT_ITEM.match(inner))

    def _nested(self, name: Literal["inset", "list"], text: str, *, is_ordered: bool = False) -> Block:
        """Parse an inset text or a list; one that is nested too deep stays as it is written."""
        is_list = name == "list"
        self._depths[name] += 1
        if self._depths[name] > _NESTED_AT_MOST:
            left = [Block("text", text)]
            children = [Block("item", children=left)] if is_list else left
        elif is_list:
            children = self._items(text)
        else:
            children = _Reader(_INSET_MARK.sub("", text), self._links, self._depths).read()
        self._depths[name] -= 1
        return Block(name, is_ordered=is_ordered, children=children)

    def _items(self, text: str) -> list[Block]:
        items: list[Block] = []
        found = _ITEM.findall(text)
        ends_open = False
        for number, (item, _) in enumerate(found):
            bullet = _BULLET.match(item)
            content = item[bullet.end() :] if bullet else item
            if "\n " in content:
                content = re.sub(rf"^ {{1,{len(item) - len(content)}}}", "", content, flags=re.MULTILINE)
            gap = content.find("\n\n")
            is_loose = ends_open or (gap >= 0 and not content[gap:].isspace())
            if number != len(found) - 1 and content:
                ends_open = content[-1] == "\n"
                is_loose = is_loose or ends_open
            line = content.rstrip("\n")
            children: Sequence[Block]
            if not line and not content:
                children = ()
            elif "\n" not in line and line.lstrip(" ")[:1].isalpha() and not line.startswith("    "):
                children = (Block("text", line),)  # as most are
            else:
                children = _Reader(content, self._links, self._depths).read(in_list=True)
            items.append(Block("loose_item" if is_loose else "item", children=children))
        return items
