"""Comments that allow a rule to be broken on their line: which rules they name, and which of these are none."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING, Final

from govcomponents.check.findings import Finding
from govcomponents.check.rules import told_of_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcomponents.check.project import TextFile

_ALLOWED: Final = re.compile(r"govcomponents: *allow +((?:GC\d{3}\b[, ]*)+)", re.IGNORECASE)
_ID: Final = re.compile(r"GC\d{3}")
# Whatever looks like such a comment: another verb before an id, and ids that are none after the right one.
_MEANT: Final = re.compile(
    r"(?:#|//|;) *+govcomponents(?P<first>[:=, -]*+)(?P<verb>[a-z-]++)(?P<second>[:=, ]*+)(?P<rest>.*)", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\s,]+")
_LIKE_AN_ID: Final = re.compile(r"GC(?=\w*\d)\w{1,4}", re.IGNORECASE)  # not GCHQ, nor the number of a ticket
_FORM: Final = "a comment that allows is written `# govcomponents: allow GC301`"


def allowed_in(line: str) -> frozenset[str]:
    """Return the ids of rules that a comment on a line allows to be broken, whether there are such rules or not."""
    found = _ALLOWED.search(line)
    return frozenset(_ID.findall(found.group(1).upper())) if found else frozenset()


def check_allowances(files: Iterable[TextFile]) -> Iterator[Finding]:
    """GC002: give each comment that is meant to allow something, and names no rule that is there."""
    for file in files:
        if "govcomponents" not in file.text:
            continue
        for line, column, comment in _comments(file):
            for told in _wrong(comment):
                yield Finding(file.path, line, column, "GC002", told, file.source(line))


def _comments(file: TextFile) -> Iterator[tuple[int, int, str]]:
    """Give what looks like a comment of ours, with its line and column. In Python a text is no comment."""
    if not _MEANT.search(file.text):
        return
    if file.place.suffix == ".py":
        for number, column, comment in _of_python(file.text):
            if match := _MEANT.search(comment):
                yield number, column + match.start(), match.group()
        return
    is_in_text = False
    for number, line in enumerate(file.text.splitlines(), 1):
        if not is_in_text and (match := _MEANT.search(line)):
            yield number, match.start() + 1, match.group()
        if file.place.suffix == ".toml" and line.count("'''") % 2:
            is_in_text = not is_in_text


def _of_python(text: str) -> Iterator[tuple[int, int, str]]:
    """Give the comments of a Python file, as far as it can be read."""
    try:
        for one in tokenize.generate_tokens(io.StringIO(text).readline):
            if one.type == tokenize.COMMENT:
                yield one.start[0], one.start[1] + 1, one.string
    except (SyntaxError, tokenize.TokenError):
        return


def _wrong(comment: str) -> Iterator[str]:
    match = _MEANT.match(comment)
    if match is None:
        return
    words = _WORD.findall(match["rest"])
    named = [one for one in words if _ID.fullmatch(one.upper())]
    if match["verb"].lower() != "allow":
        if words and words[0] in named:
            yield f"it allows nothing: {_FORM}"
        return
    allowed = allowed_in(comment)
    if not allowed and named:
        yield f"it allows nothing: {_FORM}"
        return
    # After a rule that is there, a word may be a reason; before any, it can only be meant as a rule.
    meant = [one for one in words if _LIKE_AN_ID.fullmatch(one)] if allowed else words[:1]
    if not words:
        yield f"it names no rule: {_FORM}"
    for one in meant:
        if told := told_of_unknown(one):
            yield told
