"""Reads the fields of a form on the sandbox's own pages, and collects what is wrong with every one of them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_LARGEST: Final = 1e10
_DATE_PARTS: Final = {"day": 2, "month": 2, "year": 4}


class Form:
    """A form that was sent: what was typed, and the problem of each field that cannot be used, by the field's id."""

    def __init__(self, typed: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        self.typed = dict(typed)
        self.problems: dict[str, str] = {}

    def refuse(self, field: str, problem: str) -> None:
        """Note what is wrong with a field; the first problem of a field stays."""
        self.problems.setdefault(field, problem)

    def problems_in_order(self, fields: Sequence[str]) -> dict[str, str]:
        """The problems in the order in which the fields stand on the page."""
        return {field: self.problems[field] for field in [*fields, *self.problems] if field in self.problems}

    def text(self, field: str) -> str:
        """The text that was typed into a field, without spaces around it."""
        return self.typed.get(field, "").strip()

    def whole(self, field: str, name: str, *, least: int = 0, most: int = 999_999_999) -> int | None:
        """A whole number within bounds; None if the field is empty or wrong."""
        text = self.text(field)
        if not text:
            return None
        if _WHOLE.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        self.refuse(field, f"{name} must be a whole number from {least} to {most:,}")
        return None

    def number(self, field: str, name: str, *, above: float | None = None, most: float = _LARGEST) -> float | None:
        """A number that is not negative, or is above a bound; None if the field is empty or wrong."""
        text = self.text(field)
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if (number >= 0 if above is None else number > above) and number <= most:
            return number
        bounds = "0" if above is None else f"more than {above:g},"
        self.refuse(field, f"{name} must be a number from {bounds} to {most:,.0f}".replace("from more", "more"))
        return None

    def moment(self) -> str | None:
        """The moment of a date input with a time beside it, or of one field `moment`, as ISO 8601; None if wrong.

        As in the design system's date input, what is missing is told in one sentence, and only what is wrong is marked.
        """
        if "day" not in self.typed:
            return self.text("moment")
        missing = [part for part in _DATE_PARTS if not self.text(part)]
        if missing:
            self.refuse(missing[0], f"the date must include a {' and '.join(missing)}")
            for part in missing[1:]:
                self.refuse(part, "")
        for part, longest in _DATE_PARTS.items():
            text = self.text(part)
            if text and not (text.isascii() and text.isdigit() and len(text) <= longest):
                self.refuse(part, f"the {part} must be a number of at most {longest} digits")
            elif text and part == "year" and len(text) < longest:
                self.refuse(part, "the year must have 4 digits")
        time = self.text("time") or "00:00"
        if not re.fullmatch(r"([01]?\d|2[0-3])[:.][0-5]\d(:[0-5]\d)?", time, re.ASCII):
            self.refuse("time", "the time must be hours and minutes, such as 09:30")
        if self.problems:
            return None
        hour, _, rest = time.replace(".", ":").partition(":")
        year, month, day = (int(self.text(part)) for part in ("year", "month", "day"))
        return f"{year:04}-{month:02}-{day:02}T{int(hour):02}:{rest}"
