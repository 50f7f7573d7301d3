"""Framing of answers: which end where they say, so that their connection may be used again."""

from __future__ import annotations

from typing import Final

_WITHOUT_BODY: Final = frozenset({204, 205})


def may_be_kept(status: int) -> bool:
    """Whether a connection may be used again after an answer of this status, if all of it came.

    Only after a success that has a body. A server or proxy that gave up, refused or redirected may have the real answer
    still to come; and neither a refusal nor an answer without a body tells what it is about, so one that came twice
    would be taken for the answer to the next call.
    """
    return 200 <= status < 300 and status not in _WITHOUT_BODY


def is_well_framed(length: str | None, coding: str | None) -> bool:
    """Whether Content-Length and Transfer-Encoding say in one way only where the body ends (RFC 9112 section 6)."""
    if coding is not None:
        return length is None and coding.strip().lower() == "chunked"
    if length is None:
        return True
    first, *others = (part.strip() for part in length.split(","))
    return first.isascii() and first.isdigit() and all(other == first for other in others)
