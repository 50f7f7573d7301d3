"""Typography that GOV.UK Notify applies to emails and letters: smart quotes, en dashes, spaces before punctuation.

Source: alphagov/notifications-utils, `formatters.py`, and the published algorithm of SmartyPants that it uses.
"""

# ruff: noqa: RUF001  # typographic characters are what it is about

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# Each looks for the rarer character and back from it, because HTML is full of spaces.
_SPACE_BEFORE: Final = re.compile(r"(?<=[ \t])[,.]")
_SPACED_PUNCTUATION: Final = (" ,", " .", "\t,", "\t.")
_SPACED_HYPHENS: Final = re.compile(r"(?<=\s)[-–—]{1,3}\s+")
_HYPHEN_AND_SPACE: Final = re.compile(r"[-–—]\s")
_EMAIL: Final = re.compile(
    r"(?<![a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\\-‘’])[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\\-‘’]+@[^.@][^@\s]+"
)
_NOT_FOUND: Final = -1
_SKIPPED: Final = re.compile(r"<(/?)(?:pre|code|kbd|math|script|samp|style|a)\b", re.IGNORECASE)
_ESCAPES: Final = {"\\\\": "&#92;", '\\"': "&#34;", "\\'": "&#39;", "\\.": "&#46;", "\\-": "&#45;", "\\`": "&#96;"}
_ESCAPED: Final = re.compile(r"\\[\\\"'.\-`]")
_ENTITIES: Final = {"&#8217;": "’", "&#8216;": "‘", "&#8221;": "”", "&#8220;": "“"}

# Before an opening quote: white space, a dash, or their entities.
_OPENS: Final = r"(?:\s|&nbsp;|--|&[mn]dash;|–|—|&#8211;|&#8212;|&#x201[34];)"
_PUNCTUATION: Final = r"""[!"#$%'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
_RULES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (rf"^'(?={_PUNCTUATION}\B)", "’"),
        (rf'^"(?={_PUNCTUATION}\B)', "”"),
        (r"\"'(?=\w)", "“‘"),
        (r"'\"(?=\w)", "‘“"),
        (r"\b'(?=\d{2}s)", "’"),
        (rf"({_OPENS})'(?=\w)", r"\1‘"),
        (r"([^ \t\r\n\[{(\-])'(?!\s|s\b|\d)", r"\1’"),
        (r"([^ \t\r\n\[{(\-])'(?=\s|s\b)", r"\1’"),
        (r"'", "‘"),
        (rf'({_OPENS})"(?=\w)', r"\1“"),
        (r'([^ \t\r\n\[{(\-])"', r"\1”"),
        (r'"(?=\s)', "”"),
        (r'"', "“"),
    )
)


def has_quotes(text: str) -> bool:
    """Whether a text has straight quotes, or a backslash, for smart quotes to change."""
    return "'" in text or '"' in text or "\\" in text


def improve(text: str, *, quotes: bool = True) -> str:
    """Apply the typography to plain text, or to HTML, whose tags are left alone.

    `quotes` is False where it is known already that the text outside tags has none.
    """
    if any(pair in text for pair in _SPACED_PUNCTUATION):
        text = _without_spaces_before_punctuation(text)
    if quotes and has_quotes(text):
        text = _smart_quotes(text)
    if "@" in text:
        text = _EMAIL.sub(lambda found: found.group().replace("‘", "'").replace("’", "'"), text)
    return _with_dashes(text) if _HYPHEN_AND_SPACE.search(text) else text


def _without_spaces_before_punctuation(text: str) -> str:
    parts: list[str] = []
    position = 0
    for found in _SPACE_BEFORE.finditer(text):
        parts.append(text[position : found.start()].rstrip(" \t"))
        position = found.start()
    return "".join((*parts, text[position:]))


def _with_dashes(text: str) -> str:
    """Put an en dash for each run of hyphens and dashes between spaces."""
    parts: list[str] = []
    position = 0
    for found in _SPACED_HYPHENS.finditer(text):
        if found.start() > position:  # else the space before it belongs to another dash
            parts += (text[position : found.start()].rstrip(), " – ")
            position = found.end()
    return "".join((*parts, text[position:]))


def _smart_quotes(text: str) -> str:
    parts: list[str] = []
    previous = ""
    skipped = False
    position = 0
    for start, end in _tags(text):
        previous = _add(parts, text[position:start], previous, skipped=skipped)
        parts.append(text[start:end])
        if mark := _SKIPPED.match(text, start):
            skipped = not mark.group(1)
        position = end
    _add(parts, text[position:], previous, skipped=skipped)
    return "".join(parts)


def _tags(text: str) -> Iterator[tuple[int, int]]:
    """Give the start and end of each tag and comment; an end that was not found once is not searched for again."""
    start = text.find("<")
    has_comment_end = True
    while start >= 0:
        end = _NOT_FOUND
        if has_comment_end and text.startswith("<!--", start):
            end = text.find("-->", start + 4) + 2
            has_comment_end = end > 1
        if end <= 1:
            end = text.find(">", start)
        if end < 0:
            return
        yield start, end + 1
        start = text.find("<", end + 1)


def _add(parts: list[str], piece: str, previous: str, *, skipped: bool) -> str:
    """Add the text between two tags, with smart quotes; return its last character, which decides on the next quote."""
    if not piece:
        return previous
    last = piece[-1]
    if skipped or not ("'" in piece or '"' in piece or "\\" in piece):
        parts.append(piece)
        return last
    piece = _ESCAPED.sub(lambda found: _ESCAPES[found.group()], piece)
    if piece in ("'", '"'):
        opens = not previous or previous.isspace()
        parts.append(("‘" if opens else "’") if piece == "'" else ("“" if opens else "”"))
        return last
    for rule, replacement in _RULES:
        piece = rule.sub(replacement, piece)
    for entity, character in _ENTITIES.items():
        piece = piece.replace(entity, character)
    parts.append(piece)
    return last
