"""Masks secrets and people in what the request log shows: of a request, its answer, its path and its headers."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

MASK: Final = "(hidden)"
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization"})
_SCHEMES: Final = frozenset({"apikey-v1", "basic", "bearer", "digest"})

# Headers of the libraries and servers on the way, which hold neither a secret nor anybody's data.
_PLAIN_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "pragma",
        "stripe-version",
        "traceparent",
        "transfer-encoding",
        "upgrade-insecure-requests",
        "user-agent",
    }
)

# Words of providers, and ids of things: neither a secret nor anybody's data. All other texts are masked.
PLAIN: Final = frozenset(
    {
        "amount",
        "api_version",
        "code",
        "created_at",
        "created_date",
        "currency",
        "error",
        "event_type",
        "field",
        "grant_type",
        "header",
        "id",
        "language",
        "method",
        "notification_id",
        "object",
        "page",
        "param",
        "payment_id",
        "reference",
        "refund_id",
        "resource_type",
        "response_type",
        "scope",
        "state",
        "status",
        "status_code",
        "template_id",
        "template_type",
        "token_type",
        "type",
        "version",
    }
)
# Of these a client sends texts of its own, or a browser what a person brought: plain in answers only.
PLAIN_IN_ANSWERS: Final = frozenset({"code", "error", "field", "header", "object", "param", "state"})
_OF_SERVICES: Final = frozenset({"reference"})  # answers repeat the service's own words
_PATH_WORD: Final = re.compile(r"[._]?[a-z][a-z_-]{0,31}(?:\.json)?|v[0-9]{1,2}")
_ID: Final = re.compile(r"(?=[A-Za-z_-]{0,63}[0-9])(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9_-]{12,64}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\[[a-z0-9_]{0,40}\])*")
_WORDS: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}(?: [a-z_:]{1,40})*")
_MANY_DIGITS: Final = re.compile(r"[0-9]{7}")
_BETWEEN_DIGITS: Final = str.maketrans("", "", " ().-")
_SECRET: Final = re.compile(r"(?:eyJ|api_|[sr]k_|whsec_|webhook_|gcntfy)", re.IGNORECASE)
EMAIL: Final = re.compile(r"[^\s@<>\"']{1,320}@[^\s@<>\"']{1,320}")


def pairs(text: str) -> list[tuple[str, str]]:
    """Read a query or a form; a part that has no "=" has no name, as it may be a value that was sent by itself."""
    return [
        pair
        for part in text.split("&")
        if part
        for pair in (parse_qsl(part, keep_blank_values=True) if "=" in part else [("", "")])
    ]


def shown_header(name: str, value: str) -> str:
    """Return a header's value if it holds neither a secret nor anybody's data; of credentials only the scheme."""
    if name in _PLAIN_HEADERS:
        return value
    scheme, *credentials = value.split(None, 1)[:2] or [""]
    is_scheme = name in _CREDENTIALS and bool(credentials) and scheme.lower() in _SCHEMES
    return f"{scheme} {MASK}" if is_scheme else MASK


def masked(value: object, plain: frozenset[str], name: str = "") -> object:
    """Return what JSON holds, under the names that it has, with the values masked that are not plain."""
    if isinstance(value, dict):
        shown: dict[str, object] = {}
        for key, part in value.items():
            label = shown_name(key)
            shown[label if label not in shown else f"{label} {len(shown)}"] = masked(part, plain, key)
        return shown
    if isinstance(value, list):
        return [masked(part, plain, name) for part in value]
    if value is None or isinstance(value, bool) or is_plain(name, value, plain):
        return EMAIL.sub(MASK, value) if isinstance(value, str) else value
    return MASK


def is_of_path(part: str) -> bool:
    """Whether a part of a path is a word as providers write them, or an id: neither a secret nor anybody's data."""
    is_id = _ID.fullmatch(part) is not None and not _SECRET.match(part)
    return is_id or _PATH_WORD.fullmatch(part) is not None


def shown_name(name: str) -> str:
    """Return a name as providers write theirs; what somebody put in a name's place is masked."""
    return name if _NAME.fullmatch(name) and not _MANY_DIGITS.search(name) else MASK


def is_plain(name: str, value: object, plain: frozenset[str]) -> bool:
    """Whether a value may be shown: its name is one of the plain ones, and it is words or an id as such names have."""
    if name not in plain:
        return False
    if not isinstance(value, str) or ("error" in plain and name not in _OF_SERVICES):
        return True
    is_number = _MANY_DIGITS.search(value.translate(_BETWEEN_DIGITS)) is not None and not any(map(str.isalpha, value))
    return _WORDS.fullmatch(value) is not None and not _SECRET.match(value) and not is_number
