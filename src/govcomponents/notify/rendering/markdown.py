"""The Markdown of emails and letters, as GOV.UK Notify reads it, into the tokens that `markup` writes out.

It is the dialect of the early Markdown libraries with emphasis, code spans and strike-through left out, "^" for an
inset text and "•" for a bullet. How blocks are told apart decides how a message looks, so the rules and their order
are kept as they are, odd ones too (sources: GOV.UK Notify docs, "Formatting"; alphagov/notifications-utils,
`markdown.py`; the grammar published with mistune 0.8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

_NESTED_AT_MOST: Final = 6

_HRULE: Final = r" {0,3}[-*_](?: *[-*_]){2,} *(?:\n+|$)"
_HEADING: Final = r" *#{1,6} *[^\n]+?(?: *#*) *(?:\n+|$)"
_UNDERLINED: Final = r"[^\n]+\n *(?:=|-)+ *(?:\n+|$)"
_DEFINITION: Final = r""" *\[[^^\]]+\]: *<?[^\s>]+>?(?: +["(][^\n]+[")])? *(?:\n+|$)"""
_FOOTNOTE: Final = r"\[\^[^\]]+\]: *[^\n]*(?:\n+|$)(?: {1,}[^\n]*(?:\n+|$))*"
_QUOTED: Final = r" *>[^\n]+"
_FENCED: Final = r" *(`{3,}|~{3,}) *(?:[^`\s]+)? *\n[\s\S]+?\s*\2 *(?:\n+|$)"
_BULLETED: Final = r" *(?=[*+-]|\d+\.)(?:[*+-])?(?:\d+\.)? [\s\S]"

_RULES: Final = {
    "newline": re.compile(r"\n+"),
    "hrule": re.compile(_HRULE),
    "code": re.compile(r"( {4}[^\n]+\n*)+"),
    "fences": re.compile(r" *(`{3,}|~{3,}) *([^`\s]+)? *\n([\s\S]+?)\s*\1 *(?:\n+|$)"),
    "heading": re.compile(r" *(#{1,6}) *([^\n]+?) *#* *(?:\n+|$)"),
    "plain_table": re.compile(r" *(\S.*\|.*)\n *([-:]+ *\|[-| :]*)\n((?:.*\|.*(?:\n|$))*)\n*"),
    "underlined": re.compile(r"([^\n]+)\n *(=|-)+ *(?:\n+|$)"),
    "inset": re.compile(r"( *\^[^\n]+(\n[^\n]+)*\n*)+"),
    "list": re.compile(
        r"( *)([•*-]|\d+\.)[\s\S]+?"
        r"(?:\n+(?=\1?(?:[-*_] *){3,}(?:\n+|$))"
        rf"|\n+(?={_DEFINITION})|\n+(?={_FOOTNOTE})"
        r"|\n{2,}(?! )(?!\1(?:[•*-]|\d+\.) )\n*|\s*$)"
    ),
    "definition": re.compile(r""" *\[([^^\]]+)\]: *<?([^\s>]+)>?(?: +["(]([^\n]+)[")])? *(?:\n+|$)"""),
    "footnote": re.compile(r"\[\^([^\]]+)\]: *([^\n]*(?:\n+|$)(?: {1,}[^\n]*(?:\n+|$))*)"),
    "table": re.compile(r" *\|(.+)\n *\|( *[-:]+[-| :]*)\n((?: *\|.*(?:\n|$))*)\n*"),
    "paragraph": re.compile(
        rf"((?:[^\n]+\n?(?!{_FENCED}|{_BULLETED}|{_HRULE}|{_HEADING}|{_UNDERLINED}|{_QUOTED}|{_DEFINITION}|{_FOOTNOTE}))+)\n*"
    ),
    "text": re.compile(r"[^\n]+"),
}
_EVERYWHERE: Final = tuple(_RULES)
_IN_LISTS: Final = ("newline", "code", "fences", "underlined", "hrule", "inset", "list", "text")

_ITEM: Final = re.compile(r"^(( *)(?:[•*-]|\d+\.)[^\n]*(?:\n(?!\2(?:[•*-]|\d+\.))[^\n]*)*)", re.MULTILINE)
_BULLET: Final = re.compile(r"^ *(?:[•*-]|\d+\.)")
_LOOSE: Final = re.compile(r"\n\n(?!\s*$)")
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
    children: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A message taken apart. `links` are the definitions that reference links refer to: key: (link, title)."""

    blocks: list[Block]
    links: dict[str, tuple[str, str | None]]


def link_key(text: str) -> str:
    """The form in which names of link definitions are compared."""
    return _SPACES.sub(" ", text.lower())


def parse(text: str) -> Document:
    """Take a message apart. Every text is one: nothing is refused."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).replace("\u2424", "\n")
    links: dict[str, tuple[str, str | None]] = {}
    return Document(_Reader(links).read(_BLANK_LINES.sub("", text), _EVERYWHERE), links)


class _Reader:
    def __init__(self, links: dict[str, tuple[str, str | None]]) -> None:
        self._links = links
        self._depths = {"inset": 0, "list": 0}

    def read(self, text: str, rules: tuple[str, ...]) -> list[Block]:
        blocks: list[Block] = []
        text = text.rstrip("\n")
        position = 0
        while position < len(text):
            rest = text[position:]
            for name in rules:
                if found := _RULES[name].match(rest):
                    if block := self._block(name, found):
                        blocks.append(block)
                    position += found.end()
                    break
        return blocks

    def _block(self, name: str, found: re.Match[str]) -> Block | None:
        match name:
            case "newline":
                return Block("newline") if len(found.group()) > 1 else None
            case "hrule":
                return Block("hrule")
            case "code":
                return Block("code", _INDENT.sub("", found.group()))
            case "fences":
                return Block("code", found.group(3))
            case "heading":
                return Block("heading", found.group(2), len(found.group(1)))
            case "underlined":
                return Block("heading", found.group(1), 1 if found.group(2) == "=" else 2)
            case "inset" | "list":
                return self._nested(name, found)
            case "definition":
                self._links[link_key(found.group(1))] = (found.group(2), found.group(3))
                return None
            case "paragraph":
                return Block("paragraph", found.group(1).rstrip("\n"))
            case "text":
                return Block("text", found.group())
            case _:
                return None

    def _nested(self, name: str, found: re.Match[str]) -> Block:
        """An inset text or a list; what is nested too deep stays as it is written."""
        is_list = name == "list"
        self._depths[name] += 1
        if self._depths[name] > _NESTED_AT_MOST:
            left = [Block("text", found.group())]
            children = [Block("item", children=left)] if is_list else left
        elif is_list:
            children = self._items(found.group())
        else:
            children = self.read(_INSET_MARK.sub("", found.group()), _EVERYWHERE)
        self._depths[name] -= 1
        if is_list:
            return Block("list", is_ordered="." in found.group(2), children=children)
        return Block("inset", children=children)

    def _items(self, text: str) -> list[Block]:
        items: list[Block] = []
        found = _ITEM.findall(text)
        ends_open = False
        for number, (item, _) in enumerate(found):
            content = _BULLET.sub("", item, count=1)
            if "\n " in content:
                content = re.sub(rf"^ {{1,{len(item) - len(content)}}}", "", content, flags=re.MULTILINE)
            is_loose = ends_open or bool(_LOOSE.search(content))
            if number != len(found) - 1 and content:
                ends_open = content[-1] == "\n"
                is_loose = is_loose or ends_open
            items.append(Block("loose_item" if is_loose else "item", children=self.read(content, _IN_LISTS)))
        return items
