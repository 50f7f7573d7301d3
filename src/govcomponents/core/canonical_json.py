"""Reads base64url and JSON as the JOSE standards write them, and refuses every other way to write the same.

Lenient readers are how forged tokens get in: two readers that disagree about one text, one of them checking and the
other one using it. So: canonical base64url without padding, UTF-8 without a byte order mark, no member twice, no
NaN or Infinity, bounded depth and bounded numbers (RFC 7515 sections 2 and 4, RFC 7519 section 4, RFC 8259).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import NoReturn

MAX_DEPTH = 32
MAX_DIGITS = 20
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*\Z")
# A text is passed over once and never tried again from within, or an unterminated one would take quadratic time.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotCanonical(ValueError):
    """The text is not canonical. The message says what is wrong and never holds any of the text."""


def decode_base64url(segment: bytes) -> bytes:
    """Decode canonical base64url without padding. Raises NotCanonical."""
    if not _BASE64URL.match(segment):
        raise NotCanonical("it is not base64url")
    try:
        decoded = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise NotCanonical("it is not base64url") from None
    if len(segment) % 4 and base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:
        raise NotCanonical("its base64url is not canonical")
    return decoded


def encode_base64url(value: bytes) -> str:
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def parse_object(body: bytes) -> dict[str, object]:
    """Parse a JSON object. Raises NotCanonical for anything else, and for what lenient readers let through."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotCanonical("it is not UTF-8") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except NotCanonical:
        raise
    except (ValueError, RecursionError):
        raise NotCanonical("it is not JSON") from None
    if not isinstance(value, dict):
        raise NotCanonical("it is not a JSON object")
    return value


def parse(body: bytes) -> object:
    """Parse any JSON value, of any size, as one reader only can: UTF-8, no member twice, no NaN or Infinity.

    For answers and for messages that are proved, where `parse_object` is for what strangers send: how large a number
    may be is for the reader of each member to say. Raises NotCanonical.
    """
    try:
        return _ANSWER_DECODER.decode(body.decode("utf-8"))
    except NotCanonical:
        raise
    except (ValueError, RecursionError):
        raise NotCanonical("it is not JSON") from None


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCanonical("a JSON object holds a member twice")
    return members


def _no_constants(_: str) -> NoReturn:
    raise NotCanonical("it holds a number that is not finite")


def _bounded_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotCanonical("it holds a number that is too long")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if len(digits) > 4 * MAX_DIGITS or not math.isfinite(value):
        raise NotCanonical("it holds a number that is too large")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for found in _STRUCTURE.finditer(text):
        sign = found.group()
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotCanonical("its JSON is nested too deep")
        elif sign in "]}":
            depth -= 1


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_int=_bounded_int, parse_float=_finite
)
_ANSWER_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
