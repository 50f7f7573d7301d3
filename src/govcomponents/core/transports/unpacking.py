"""Unpacks the body of an answer that came compressed, though nobody asked for that: whole, or not at all.

The HTTP libraries hand out what they could unpack of an answer that was cut off, and disagree about what follows its
end. Sources: RFC 9110 section 8.4 (content codings), RFC 1952 (gzip: members, each with a checksum and its length).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from govcomponents.core.transports.failures import lost

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request

_GZIP = 16 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS
_MOST_MEMBERS = 64  # each copies what follows it


def unpacked(encoding: str | None, body: bytes, most: int, request: Request) -> bytes:
    """Return a body as it was before it was compressed, `most` bytes of it.

    A body of an encoding that is none of gzip and deflate comes back as it is: GOV.UK Pay's rate limiter calls "utf-8"
    one. Raises OutcomeUnknown for a body that is cut off, damaged, larger, or followed by anything.
    """
    if not encoding or not body:
        return body
    for coding in reversed([name.strip().lower() for name in encoding.split(",")]):
        if coding in ("gzip", "x-gzip", "deflate"):
            try:
                body = _whole(body, coding, most)
            except zlib.error:
                raise lost(request, "the answer was lost (its compressed body is cut off or damaged)") from None
            if len(body) > most:
                raise lost(request, f"the answer is larger than {most} bytes")
    return body


def _whole(body: bytes, coding: str, most: int) -> bytes:
    """Unpack a body that ends where it says, `most` bytes and one more of it at most. Raises zlib.error."""
    if coding == "deflate":
        try:
            return _member(body, zlib.MAX_WBITS, most)[0]
        except zlib.error:
            return _member(body, _BARE, most)[0]  # some servers leave out zlib's head and checksum
    parts: list[bytes] = []
    size = 0
    while body and size <= most:
        if len(parts) == _MOST_MEMBERS:
            raise zlib.error
        part, body = _member(body, _GZIP, most - size)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _member(body: bytes, window: int, most: int) -> tuple[bytes, bytes]:
    unpacker = zlib.decompressobj(window)
    part = unpacker.decompress(body, most + 1)
    if len(part) > most:
        return part, b""
    if not unpacker.eof:
        raise zlib.error
    if window != _GZIP and unpacker.unused_data:
        raise zlib.error
    return part, unpacker.unused_data
