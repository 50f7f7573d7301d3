"""The rows of a bulk send: read one at a time from an iterator or a CSV file, and checked before the first is sent.

Headings are compared as placeholders are. Source: GOV.UK Notify, bulk sending from a spreadsheet (notifications-utils,
`recipients.py`).
"""

from __future__ import annotations

import csv
import hashlib
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from govcomponents.core.inputs import path_argument
from govcomponents.errors import InvalidInput
from govcomponents.notify.models import Channel
from govcomponents.notify.templates.personalisation import placeholder_key
from govcomponents.privacy import Personal

Source: TypeAlias = Iterable[Mapping[str, object]] | str | os.PathLike[str]
"""Rows: mappings of column names to values, or the path of a CSV file."""

RECIPIENT_COLUMNS: Final = {Channel.EMAIL: "email address", Channel.SMS: "phone number"}
_OPERATION: Final = "notify.send_many"


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One row: its number (from 1, the heading not counted), who gets the message, and the values. It never prints."""

    number: int
    to: str
    values: Mapping[str, object]

    @property
    def check(self) -> int:
        """A checksum of 32 bits by which a row is known again."""
        return zlib.crc32(self._content())

    @property
    def fingerprint(self) -> int:
        """64 bits by which a row that repeats another is found."""
        return int.from_bytes(hashlib.blake2b(self._content(), digest_size=8).digest(), "big") or 1

    def _content(self) -> bytes:
        parts = [
            self.to.strip().lower(),
            *(f"{placeholder_key(name)}={value}" for name, value in sorted(self.values.items())),
        ]
        return "\x1f".join(parts).encode("utf-8", "surrogatepass")


def read_rows(source: Source, channel: Channel) -> Iterator[Row]:
    """Read rows, from an iterable of mappings or a CSV file (UTF-8, with or without a BOM).

    Rows without any value are left out. Raises InvalidInput if the column of the recipient is missing, or twice there.
    """
    if isinstance(source, (str, os.PathLike)):
        path = path_argument(source, field="rows", fix="give the path of a CSV file", operation=_OPERATION)
        mappings: Iterable[Mapping[str, object]] = _from_csv(path, channel)
    elif hasattr(source, "__iter__") and not isinstance(source, (Mapping, bytes)):
        mappings = source
    else:
        raise _wrong(
            f"they are of the type {type(source).__name__}", "give an iterable of mappings, or the path of a CSV file"
        )
    wanted = placeholder_key(RECIPIENT_COLUMNS[channel])
    for number, mapping in enumerate(mappings, 1):
        if not isinstance(mapping, Mapping):
            raise _wrong(f"row {number} is not a mapping", "give mappings of column names to values")
        to, values = "", {}
        has_recipient = False
        for name, value in mapping.items():
            if placeholder_key(str(name)) in (wanted, "to"):
                recipient = value.reveal() if isinstance(value, Personal) else value
                to, has_recipient = str(recipient or ""), True
            elif value is not None:
                values[str(name)] = value
        if not has_recipient:
            raise _wrong(
                f"row {number} has no {RECIPIENT_COLUMNS[channel]!r}", f"add a column {RECIPIENT_COLUMNS[channel]!r}"
            )
        yield Row(number, to, values)


def _from_csv(path: Path, channel: Channel) -> Iterator[Mapping[str, object]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, skipinitialspace=True)
            heading = [name.strip() for name in next(lines, [])]
            _check_heading(heading, channel)
            for cells in lines:
                if any(cell.strip() for cell in cells):
                    yield _row_of(heading, cells)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise _wrong(f"the file {path} cannot be read ({reason})", "give a CSV file in UTF-8") from None


def _check_heading(heading: list[str], channel: Channel) -> None:
    wanted = placeholder_key(RECIPIENT_COLUMNS[channel])
    count = sum(placeholder_key(name) in (wanted, "to") for name in heading)
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
        key = next((known for known in row if placeholder_key(known) == placeholder_key(name)), None)
        if key is None:
            row[name] = cell
        else:
            before = row[key]
            row[key] = [*before, cell] if isinstance(before, list) else [before, cell]
    return row


def _wrong(problem: str, fix: str) -> InvalidInput:
    return InvalidInput(field="rows", problem=problem, fix=fix, operation=_OPERATION)


def missing_columns(first: Row, placeholders: Iterable[str]) -> list[str]:
    """Return the placeholders for which a row has no column."""
    given = {placeholder_key(name) for name in first.values}
    return [name for name in placeholders if placeholder_key(name) not in given]


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
