"""The ways in which a text can be spelt where it leaks: as it is, in URLs, in JSON and in base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote, quote_plus

_LEAST = 6  # characters: what is shorter would be found by chance


@cache
def spellings(text: str) -> frozenset[str]:
    """Every spelling of a text that is looked for."""
    found = {text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1], repr(text)[1:-1]}
    data = text.encode()
    for before in range(3):  # base64 takes three bytes at a time, so there are three ways to begin
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        inside = whole[(before * 8 + 5) // 6 : len(whole) - 1]
        if len(inside) >= 2 * _LEAST:
            found |= {inside, inside.replace("+", "-").replace("/", "_")}
    return frozenset(one for one in found if len(one) >= _LEAST)


def leaked(canaries: Iterable[str], told: str) -> set[str]:
    """The canaries of which any spelling is in a text."""
    return {canary for canary in canaries if any(one in told for one in spellings(canary))}
