"""Values that people typed in, made safe: without links and formatting.

Source: GOV.UK Notify docs, "Sanitise personalisation"; alphagov/notifications-utils, `formatters.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from govcomponents.notify.templates.personalisation import placeholder_key

_ZERO_WIDTH: Final = "\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff"
_DOTS: Final = ".\u3002\uff0e\uff61"  # what browsers take for the dot between two labels of a host

# Names joined by dots. What is no label and no dot ends them, so that each character is looked at once.
_HOSTS: Final = re.compile(r"(?<![\w\-])[\w\-]+(?:\.[\w\-]+)+")
# What ends a label of a host in any script. Letters are not enough: many scripts write vowels as marks of their own.
_ENDS: Final = (
    rf"\s{_DOTS}\x00-,/:-@\[-\^`{{-\xa9\xab\xac\xae-\xb4\xb6-\xb9\xbb-\xbf\u2010-\u205e"
    r"\u3001-\u3004\u3008-\u3020\uff01-\uff0d\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_WIDE_HOSTS: Final = re.compile(rf"(?<![^{_ENDS}])(?<!@)[^{_ENDS}]+(?:[{_DOTS}][^{_ENDS}]+)+")
_WORD: Final = re.compile(r"\w+")
_TOP_LEVEL: Final = re.compile(r"[a-z]{2,63}", re.IGNORECASE)
_FIRST: Final = re.compile(r"\b(?<![@.])[\w\-]")
_HTTP: Final = re.compile(r"\b(?<![@.])https?://\Z", re.IGNORECASE)
_PATH: Final = re.compile(r"[/?#][^<\s]*")
_PORT_AND_PATH: Final = re.compile(r"(?::\d{1,5})?(?:[/?#][^<\s]*)?")
_ANY_SCHEME: Final = re.compile(r"\b[a-z][a-z0-9+.\-]{0,30}://[^<\s]*", re.IGNORECASE)
_BARE: Final = re.compile(r"[a-z0-9.-]+", re.IGNORECASE)
_ANY_DOT: Final = re.compile(f"[{_DOTS}]")
_INVISIBLE: Final = str.maketrans("", "", _ZERO_WIDTH)
_MARKDOWN: Final = re.compile(r"([`*_()\\{}\[\]<>#+\-.!|])")


class _Link(NamedTuple):
    start: int
    end: int
    kept: str


def sanitise(value: str, *, as_provider: bool = False) -> str:
    """Take links and formatting out of a value that somebody typed in.

    Web addresses are removed, but a bare name with dots stays, with a space after each dot; then every character that
    means something in Markdown is escaped. It is what GOV.UK Notify's `sanitise_content_for` does, and more: hosts of
    every script and addresses of machines without a name go too, which `as_provider` leaves as the provider does.
    """
    return _MARKDOWN.sub(r"\\\1", without_links(value, as_provider=as_provider))


def without_links(value: str, *, as_provider: bool = False) -> str:
    """Take only the links out of a value, for what is no Markdown: a subject, a text message."""
    kept = _without(value, _provider_links(value))
    if as_provider:
        return kept
    if "://" in kept:
        kept = _ANY_SCHEME.sub("", kept)
    return kept if kept.isascii() else _without(kept, _links_of_every_script(kept))


def _without(value: str, links: Iterator[_Link]) -> str:
    parts: list[str] = []
    position = 0
    for link in links:
        parts += (value[position : link.start], link.kept)
        position = link.end
    return "".join((*parts, value[position:]))


def _provider_links(value: str) -> Iterator[_Link]:
    """Where the provider sees a web address: names joined by dots, the last of letters, with or without a scheme."""
    reached = 0
    for host in _HOSTS.finditer(value):
        found = _top_level(value, max(host.start(), reached), host.end())
        if found is None:
            continue
        dot, end = found
        scheme = _HTTP.search(value, max(host.start() - 8, reached), host.start())
        first = scheme or _FIRST.search(value, max(host.start(), reached), dot)
        if first is None:
            continue
        path = _PATH.match(value, end)
        reached = path.end() if path else end
        link = value[first.start() : reached]
        yield _Link(first.start(), reached, link.replace(".", ". ") if _BARE.fullmatch(link) else "")


def _top_level(value: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the last name of a host is that can be a top-level domain: its dot and its end."""
    dot = end
    while (dot := value.rfind(".", start, dot)) >= 0:
        word = _WORD.match(value, dot + 1)
        if word and _TOP_LEVEL.fullmatch(word.group()) and value[word.end() : word.end() + 1] != "@":
            return dot, word.end()
    return None


def _links_of_every_script(value: str) -> Iterator[_Link]:
    """Where a mail program or a browser may see a web address that the provider does not."""
    reached = 0
    for host in _WIDE_HOSTS.finditer(value):
        last = _ANY_DOT.split(host.group())[-1].translate(_INVISIBLE)
        is_top_level = len(last) > 1 and (_is_written_in_letters(last) or last.lower().startswith("xn--"))
        if host.start() < reached or host.group().isascii() or not is_top_level:
            continue
        rest = _PORT_AND_PATH.match(value, host.end())
        reached = rest.end() if rest else host.end()
        yield _Link(host.start(), reached, _ANY_DOT.sub(". ", host.group()) if reached == host.end() else "")


def _is_written_in_letters(label: str) -> bool:
    return all(unicodedata.category(character)[0] in "LM" for character in label)


def sanitised(
    values: Mapping[str, object], wanted: Iterable[str], *, as_provider: bool = False
) -> dict[str, tuple[str, str]]:
    """Return name: (before, after) for each value that sanitising changes. Values that are not texts are left alone."""
    keys = {placeholder_key(name) for name in wanted}
    changed: dict[str, tuple[str, str]] = {}
    for name, value in values.items():
        if placeholder_key(name) not in keys or not isinstance(value, str):
            continue
        if (after := sanitise(value, as_provider=as_provider)) != value:
            changed[name] = (value, after)
    return changed
