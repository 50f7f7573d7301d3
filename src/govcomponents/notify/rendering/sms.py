"""Text messages: the characters they can hold, their length, and how many messages they are charged as.

Source: alphagov/notifications-utils, `sanitise_text.py` and `template.py`; GOV.UK Notify docs, "Text message pricing".
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from govcomponents.core.results import PlainValues

MAX_LENGTH: Final = 918

_EXTENDED: Final = frozenset("^{}\\[~]|€")
_GSM: Final = _EXTENDED | frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_WELSH: Final = frozenset("àèìòùẁỳÀÈÌÒÙẀỲáéíóúẃýÁÉÍÓÚẂÝäëïöüẅÿÄËÏÖÜẄŸâêîôûŵŷÂÊÎÔÛŴŶ")
_UNICODE: Final = _WELSH - _GSM
_KEPT: Final = _GSM | _WELSH
_REPLACED: Final = {
    **dict.fromkeys("\u2011\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u2018\u2019\u201a", "'"),
    **dict.fromkeys("\u201c\u201d\u201e", '"'),
    **dict.fromkeys("\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029", ""),
    **dict.fromkeys("\u00a0\u202f\t", " "),
    "\u2026": "...",
    "Ł": "L",
    "ł": "l",
}
_BEFORE_PUNCTUATION: Final = re.compile(r"(?<![ \t])[ \t]+([,.])")
_MANY_NEWLINES: Final = re.compile(r"\n{3,}")
_WIDE: Final = str.maketrans(dict.fromkeys("\u00a0\u202f", " "))
_ZERO_WIDTH: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True, slots=True)
class TextLength(PlainValues):
    """The length of a text message, and how many messages it is charged as.

    `characters` counts the whole text with the service's name in front, `fragments` the messages that it is charged
    as. `is_unicode` tells that a letter such as "ŵ" makes each message hold 70 characters instead of 160, and
    `unicode_characters` which. `is_too_long` counts without the service's name: at most 918.
    """

    characters: int
    fragments: int
    is_unicode: bool
    unicode_characters: frozenset[str]
    is_too_long: bool
    is_empty: bool


def clean(text: str, *, prefix: str | None = None) -> str:
    """Put a filled text message in its final layout, with the service's name in front if it is shown."""
    if prefix:
        text = f"{prefix.strip()}: {text}"
    text = _BEFORE_PUNCTUATION.sub(r"\1", text)
    lines = (" ".join(line.translate(_WIDE).translate(_ZERO_WIDTH).split()) for line in text.splitlines())
    return _MANY_NEWLINES.sub("\n\n", "\n".join(lines)).strip()


def encode(text: str) -> str:
    """Replace what a text message cannot hold: by what means the same where there is such, else by "?".

    Letters with an accent on a character of their own (NFD) lose it: put names into NFC first.
    """
    return "".join([character if character in _KEPT else _downgraded(character) for character in text])


@lru_cache(maxsize=512)
def _downgraded(character: str) -> str:
    if (replacement := _REPLACED.get(character)) is not None:
        return replacement
    decomposed = unicodedata.decomposition(character)
    if decomposed and "<" not in decomposed:
        first = chr(int(decomposed.split()[0], 16))
        if first in _KEPT:
            return first
    return "?"


def measure(text: str, *, prefix: str | None = None) -> TextLength:
    """Measure a filled text message that was put into its layout by `clean`, with the same prefix."""
    final = encode(text)
    count = len(final.encode("utf-16-le")) // 2
    wide = frozenset(text) & _UNICODE
    if wide:
        fragments = 1 if count <= 70 else math.ceil(count / 67)
    else:
        septets = count + sum(final.count(character) for character in _EXTENDED)
        fragments = 1 if septets <= 160 else math.ceil(septets / 153)
    body = max(count - len(encode(prefix.strip())) - 2, 0) if prefix else count
    return TextLength(count, fragments, bool(wide), wide, body > MAX_LENGTH, body == 0)
