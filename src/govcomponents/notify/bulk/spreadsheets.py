"""The rows of a bulk send: read one at a time from an iterator or a CSV file, and checked before the first is sent.

Headings are compared as placeholders are. Source: GOV.UK Notify, bulk sending from a spreadsheet (notifications-utils,
`recipients.py`).
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import itertools
import os
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final, TextIO, TypeAlias

from govcomponents.core.inputs import path_argument
from govcomponents.errors import InvalidInput
from govcomponents.notify.guards import recipient_key
from govcomponents.notify.models import Channel
from govcomponents.notify.templates.personalisation import placeholder_key
from govcomponents.privacy import Personal

Source: TypeAlias = Iterable[Mapping[str, object]] | str | os.PathLike[str]
"""Rows: mappings of column names to values, or the path of a CSV file."""

RECIPIENT_COLUMNS: Final = {Channel.EMAIL: "email address", Channel.SMS: "phone number"}
_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_HEADING: Final = 100_000
_STATED: Final = re.compile(r'"?sep=(.*?)"?', re.IGNORECASE)
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # of Excel and LibreOffice, and of Excel before 2007
_LIKE_A_NUMBER: Final = re.compile(r"[\s()+.\-\u2010-\u2015\u2212]*\d[\s\d()+.\-\u2010-\u2015\u2212]*")
_SPACES_AND_QUOTE: Final = re.compile(r' *"')
_TO_QUOTE: Final = re.compile(r'[^"]*(?:""[^"]*)*"')
_INVISIBLE: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff\xad")
_OPERATION: Final = "notify.send_many"


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row: its number (from 1, the heading not counted), who gets the message, and the values. It never prints.

    Rows of a file are numbered by their place in it, so that blank ones count. `columns` are those that the rows have,
    which may have no value in this one. `problem` is what is wrong with its recipient, who is an empty text then.
    """

    number: int
    to: str
    values: Mapping[str, object]
    columns: tuple[str, ...] = ()
    problem: str = ""

    @property
    def check(self) -> int:
        """A checksum of 32 bits by which a row is known again."""
        return zlib.crc32(self._content())

    @property
    def fingerprint(self) -> int:
        """64 bits by which a row that repeats another is found."""
        if self.problem:
            return self.number + 1  # it repeats none: each is told of
        to = recipient_key(self.to) if _LIKE_A_NUMBER.fullmatch(self.to) else self.to.strip().lower()
        return int.from_bytes(hashlib.blake2b(self._content(to), digest_size=8).digest(), "big") or 1

    def _content(self, to: str | None = None) -> bytes:
        parts = [
            self.to.strip().lower() if to is None else to,
            *(f"{placeholder_key(name)}={value}" for name, value in sorted(self.values.items())),
        ]
        return "\x1f".join(parts).encode("utf-8", "surrogatepass")


def heading_key(name: str) -> str:
    """Return the form in which a heading is compared: of what looks alike, also a no-break space is a space.

    A heading that was pasted from a web page or a document may hold one, or a character that nobody sees.
    """
    return placeholder_key("".join(name.translate(_INVISIBLE).split()))


def read_rows(source: Source, channel: Channel, encoding: str | None = None) -> Iterator[Row]:
    """Read rows, from an iterable of mappings or a CSV file as spreadsheet programs write it.

    A file is in UTF-8, or in UTF-16 with a byte order mark, unless an `encoding` is given; commas, semicolons or tabs
    part its cells. Rows without any value are left out. Raises InvalidInput if the column of the recipient is missing,
    or twice there.
    """
    numbered: Iterable[tuple[int, Mapping[str, object], tuple[str, ...]]]
    if isinstance(source, (str, os.PathLike)):
        path = path_argument(source, field="rows", fix="give the path of a CSV file", operation=_OPERATION)
        numbered = _from_csv(path, channel, encoding)
    elif hasattr(source, "__iter__") and not isinstance(source, (Mapping, bytes)):
        numbered = ((number, mapping, ()) for number, mapping in enumerate(source, 1))
    else:
        raise _wrong(
            f"they are of the type {type(source).__name__}", "give an iterable of mappings, or the path of a CSV file"
        )
    wanted = placeholder_key(RECIPIENT_COLUMNS[channel])
    for number, mapping, heading in numbered:
        if not isinstance(mapping, Mapping):
            raise _wrong(f"row {number} is not a mapping", "give mappings of column names to values")
        to, problem, values = "", "", {}
        has_recipient = False
        for name, value in mapping.items():
            if heading_key(str(name)) in (wanted, "to"):
                if has_recipient:
                    raise _wrong(
                        f"row {number} has two columns of the recipient",
                        f"give one of {RECIPIENT_COLUMNS[channel]!r} and 'to'",
                    )
                (to, problem), has_recipient = _recipient(value), True
            elif value is not None:
                values[str(name)] = _settled(value)
        if not has_recipient:
            raise _wrong(
                f"row {number} has no {RECIPIENT_COLUMNS[channel]!r}", f"add a column {RECIPIENT_COLUMNS[channel]!r}"
            )
        yield Row(number, to, values, heading or tuple(map(str, mapping)), problem)


def _recipient(value: object) -> tuple[str, str]:
    """Return the recipient, and what is wrong with it: spreadsheets' libraries give a whole number for some numbers."""
    if isinstance(value, Personal):
        value = value.reveal()
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str):
        return (value or "").strip(), ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value), ""
    return "", f"it is not text, but of the type {type(value).__name__}"


def _settled(value: object) -> object:
    """Return a value that is the same however often it is looked at, and in every process: sets have an order."""
    if isinstance(value, (AbstractSet, Iterator)):
        items = list(value)
        return sorted(items, key=str) if isinstance(value, AbstractSet) else items
    return value


def _from_csv(
    path: Path, channel: Channel, encoding: str | None
) -> Iterator[tuple[int, Mapping[str, object], tuple[str, ...]]]:
    number = line = before = 0
    try:
        with path.open(encoding=_encoding(path, encoding), newline="") as file:
            delimiter, before = _delimiter(path, file, channel)
            lines = _Lines(file, delimiter)
            records = csv.reader(lines, delimiter=delimiter, strict=True)
            heading: list[str] = []
            while not any(heading) and (names := next(records, None)) is not None:  # blank lines may come before it
                heading = [name.strip() for name in names]
                line = records.line_num
                lines.begin_record()
            _check_heading(heading, channel)
            for number, cells in enumerate(records, 1):  # the numbers are in the error below
                line = records.line_num
                lines.begin_record()
                if any(cell.strip() for cell in cells):
                    yield number, _row_of(heading, cells), tuple(filter(None, heading))
    except UnicodeError:
        raise _wrong(
            f"the file {path} cannot be read: it is not in {encoding or 'UTF-8 or UTF-16'}",
            'save it as "CSV UTF-8", or give its encoding: encoding="cp1252" is what Excel on Windows calls CSV',
        ) from None
    except LookupError:
        raise InvalidInput(
            field="encoding",
            problem="there is no such encoding",
            fix='give a name that Python knows, such as "cp1252"',
            operation=_OPERATION,
        ) from None
    except csv.Error as error:
        where = (
            f"{f'row {number + 1}' if line else 'the heading'} of the file {path}, which begins in line "
            f"{before + line + 1}, cannot be read"
        )
        if "field larger" in str(error):
            problem = f"{where}: it holds a cell of more than {csv.field_size_limit():,} characters"
            raise _wrong(problem, "shorten the cell; or close its quotation, if it has no end") from None
        raise _wrong(
            f"{where}: it holds a quotation that does not end, or ends within a cell",
            "close the quotation: a quotation mark within one is written twice",
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _wrong(f"the file {path} cannot be read ({reason})", "give a CSV file") from None


class _Lines:
    """The lines of a file, without the spaces between what parts two cells and the quotation of the second.

    Some programs write `a, "b, c"`. Python's csv module leaves out such spaces only together with those that begin a
    cell without a quotation, which belong to it (RFC 4180 section 2).
    """

    def __init__(self, file: TextIO, delimiter: str) -> None:
        self._file = file
        self._delimiter = delimiter
        self._spaced = re.compile(rf"(?:^|{re.escape(delimiter)}) +\"")
        self._is_new = True

    def begin_record(self) -> None:
        """Say that a record has ended: the next line begins one, and no line within a quotation."""
        self._is_new = True

    def __iter__(self) -> Iterator[str]:
        """Give the lines."""
        return self

    def __next__(self) -> str:
        """Give the next line."""
        line = next(self._file)
        # A line after the first of a record is asked for only because a quotation goes on in it.
        within, self._is_new = not self._is_new, False
        return self._tidied(line, within=within) if self._spaced.search(line) else line

    def _tidied(self, line: str, *, within: bool) -> str:
        kept: list[str] = []
        at = 0
        while at < len(line):
            if not within:
                cell = _SPACES_AND_QUOTE.match(line, at)
                if cell is None:
                    end = line.find(self._delimiter, at) + 1 or len(line)
                    kept.append(line[at:end])
                    at = end
                    continue
                kept.append('"')
                at = cell.end()
            quoted = _TO_QUOTE.match(line, at)
            if quoted is None:
                kept.append(line[at:])
                break
            within = False
            end = line.find(self._delimiter, quoted.end()) + 1 or len(line)
            kept.append(line[at:end])
            at = end
        return "".join(kept)


def _encoding(path: Path, told: str | None) -> str:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(_WORKBOOKS):
        raise _wrong(f"the file {path} is a workbook, not a CSV file", 'save the sheet as "CSV UTF-8"')
    if told is not None:
        name = codecs.lookup(str(told).replace("\0", "NUL")).name
        return "utf-8-sig" if name == "utf-8" else name
    # The mark of UTF-32 begins with that of UTF-16.
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, zeros, letters in (("utf-16-le", start[1::2], start[0::2]), ("utf-16-be", start[0::2], start[1::2])):
        if zeros and not any(zeros) and all(letters):
            return name  # without a mark
    return "utf-8-sig"


def _delimiter(path: Path, file: TextIO, channel: Channel) -> tuple[str, int]:
    """Return what parts the cells, and how many lines come before the heading.

    It is what the line `sep=;` says, which Excel reads, or what makes the heading right.
    """
    first = file.readline(_LONGEST_HEADING)
    if "\0" in first:
        raise _wrong(
            f"the file {path} cannot be read: its first line holds NUL characters",
            'save it as "CSV UTF-8", or give its encoding, such as encoding="utf-16-le"',
        )
    if stated := _STATED.fullmatch(first.rstrip("\r\n")):
        if len(delimiter := stated.group(1)) == 1 and delimiter not in '" \r\n':
            return delimiter, 1
        raise _wrong(
            f"the first line of the file {path} states what parts its cells, and it is not one character",
            "write sep=; or leave that line out",
        )
    wanted = placeholder_key(RECIPIENT_COLUMNS[channel])
    chosen = _DELIMITERS[0]
    for delimiter in _DELIMITERS:
        file.seek(0)
        # A heading may be of several lines: Excel quotes a cell that holds a line break.
        lines = iter(lambda: file.readline(_LONGEST_HEADING), "")
        records = csv.reader(lines, skipinitialspace=True, delimiter=delimiter)
        cells = next((record for record in records if any(map(str.strip, record))), [])
        if any(heading_key(cell) in (wanted, "to") for cell in cells):
            chosen = delimiter
            break
    file.seek(0)
    return chosen, 0


def _check_heading(heading: list[str], channel: Channel) -> None:
    wanted = placeholder_key(RECIPIENT_COLUMNS[channel])
    count = sum(heading_key(name) in (wanted, "to") for name in heading)
    if count != 1:
        problem = "is there twice" if count else "is missing"
        raise _wrong(
            f"the column {RECIPIENT_COLUMNS[channel]!r} {problem}",
            "give the file one such column, named in its first line",
        )


def _row_of(heading: list[str], cells: list[str]) -> dict[str, object]:
    """Return a row by its columns; columns of the same name make a list, cells beyond the heading are left out."""
    row: dict[str, object] = {}
    for name, cell in zip(heading, cells, strict=False):
        if not name:
            continue
        key = next((known for known in row if heading_key(known) == heading_key(name)), None)
        if key is None:
            row[name] = cell
        else:
            before = row[key]
            row[key] = [*before, cell] if isinstance(before, list) else [before, cell]
    return row


def _wrong(problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field="rows", problem=problem, fix=fix, operation=_OPERATION)


def missing_columns(first: Row, placeholders: Iterable[str]) -> list[str]:
    """Return the placeholders for which rows have no column; that one has no value is for its own row to tell."""
    given = {heading_key(name) for name in first.columns}
    return [name for name in placeholders if heading_key(name) not in given]


def respelt(first: Row, rest: Iterator[Row], placeholders: Iterable[str]) -> Iterator[Row]:
    """Return the first row and the rest, each column that only looks like a placeholder under the placeholder's name.

    The provider compares the two exactly.
    """
    wanted = {heading_key(name): name for name in placeholders}
    other = {
        name: spelling
        for name in first.columns
        if (spelling := wanted.get(heading_key(name))) and placeholder_key(name) != placeholder_key(spelling)
    }
    for row in itertools.chain((first,), rest):
        if other:
            values = {other.get(name, name): value for name, value in row.values.items()}
            yield replace(row, values=values, columns=tuple(other.get(name, name) for name in row.columns))
        else:
            yield row


class Seen:
    """A set of numbers of 64 bits, none of them 0, in eleven to twenty-two bytes each."""

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * 1024))
        self._count = 0

    def add(self, number: int) -> bool:
        """Add a number; return whether it is new."""
        if 4 * (self._count + 1) > 3 * len(self._table):
            self._grow()
        if self._put(self._table, number):
            self._count += 1
            return True
        return False

    @staticmethod
    def _put(table: array[int], number: int) -> bool:
        mask = len(table) - 1
        place = number & mask
        while (found := table[place]) != 0:
            if found == number:
                return False
            place = (place + 1) & mask
        table[place] = number
        return True

    def _grow(self) -> None:
        bigger = array("Q", bytes(16 * len(self._table)))
        for number in self._table:
            if number:
                self._put(bigger, number)
        self._table = bigger
