"""Texts that a service sends, by their fields: where an answer repeats one, a recording names the field alone.

It is played with what is sent then: references may be made anew for each test, or hold what no file may.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request

_MARK: Final = "$sent"
"""What stands in a recorded answer for a text that was sent has this member: the exchange, a dot and the field."""
_ELSE: Final = "else"
"""And this one: the text that is played if nothing is sent there."""


class SentTexts:
    """The texts that the requests of one recording have sent, in the order of its exchanges."""

    def __init__(self) -> None:
        self._exchanges = 0
        self._texts: dict[str, str] = {}

    def note(self, request: Request) -> None:
        """Note what the next request sends in its query and its body."""
        self._exchanges += 1
        for field, text in _fields(request):
            self._texts[f"{self._exchanges}.{field}"] = text

    def mark_for(self, text: str, name: str, substitute: str) -> dict[str, str] | None:
        """Return what stands for a text that was sent; None if it was not. A field of the answer's `name` is better."""
        places = [place for place, sent in self._texts.items() if sent == text]
        if not places:
            return None
        place = min(places, key=lambda place: (not place.endswith(f".{name}"), place.count(".")))
        return {_MARK: place, _ELSE: substitute}

    def filled(self, answer: object) -> object:
        """Return a recorded answer with what has been sent now."""
        if isinstance(answer, dict):
            if answer.keys() == {_MARK, _ELSE}:
                return self._texts.get(answer[_MARK], answer[_ELSE])
            return {name: self.filled(inner) for name, inner in answer.items()}
        return [self.filled(inner) for inner in answer] if isinstance(answer, list) else answer


def _fields(request: Request) -> Iterator[tuple[str, str]]:
    """Give each text in the query and the body, which is JSON or a form, with the name of its field."""
    yield from parse_qsl(urlsplit(request.url).query)
    body = (request.body or b"").decode(errors="replace")
    try:
        yield from _texts(json.loads(body), ())
    except ValueError:
        yield from parse_qsl(body)


def _texts(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, (*path, str(name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, str(index)))
    elif isinstance(value, str) and value:
        yield ".".join(path), value
