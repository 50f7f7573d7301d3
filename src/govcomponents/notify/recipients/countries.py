"""Names of countries and territories as the last line of an address abroad, and the postage to each.

The names are data, `countries.json`, which says where each part comes from; the way names are compared is that of
alphagov/notifications-utils, `countries/`.
"""

# ruff: noqa: RUF001  # the apostrophes that people type

from __future__ import annotations

import json
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

UNITED_KINGDOM: Final = "United Kingdom"

_DROPPED: Final = str.maketrans("", "", " _-'’,.()")


class _Register(NamedTuple):
    by_key: dict[str, str]
    european: frozenset[str]


def _key(name: str) -> str:
    text = name.replace("&", "and").replace("+", "and").translate(_DROPPED).lower()
    folded = "".join(
        character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character)
    )
    return folded if folded.isascii() else unicodedata.normalize("NFC", text)


@cache
def _register() -> _Register:
    data = json.loads(files(__package__).joinpath("countries.json").read_text(encoding="utf-8"))
    by_key = {_key(other): name for name, others in data["names"].items() for other in others}
    return _Register(by_key | {_key(name): name for name in data["names"]}, frozenset(data["europe"]))


def country(line: str) -> str | None:
    """Return the English name of the country that a line names; None if it names none. A line with a digit does not."""
    if any(character.isdigit() for character in line):
        return None
    key = _key(line)
    by_key = _register().by_key
    for candidate in (key, f"the{key}", f"yr{key}", f"y{key}"):
        if found := by_key.get(candidate):
            return found
    return None


def postage(name: str) -> str | None:
    """Return the postage to a country by its English name: "europe", "rest-of-world", or None within the UK."""
    if name == UNITED_KINGDOM:
        return None
    return "europe" if name in _register().european else "rest-of-world"
