"""Redaction of what is recorded: a value stays only where its name and its form say that it is nobody's.

Free text, names, addresses and tokens cannot be told from their form, so that what is not known to be harmless goes.
The search for what must not be in a recording is another look at the whole text, by other means than the redaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from govcomponents.recordings.sent import SentTexts

EMAIL: Final = "redacted@example.com"
PHONE: Final = "07700900000"
TEXT: Final = "redacted"
URL: Final = "https://redacted.example/"

_HARMLESS_NAME: Final = re.compile(
    r"(?:.*_)?(?:id|status|state|code|type|kind|version|currency|language|method|rel|object|postage|provider|reference"
    r"|date|at|on|created|updated|expires|due|error|errors|payment_type|authorisation_mode|gateway_account_id)"
)
_HARMLESS_VALUE: Final = re.compile(r"[\w.:+-]{1,80}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_SEARCHED: Final[Mapping[str, re.Pattern[str]]] = {
    "an email address": re.compile(r"[\w.+-]+@(?!(?:[\w-]+\.)*example\.(?:com|org|net)\b)[\w-]+(?:\.[\w-]+)+"),
    "a phone number": re.compile(r"(?<![\w.-])(?:\+44|0044|0)7(?!700[ -]?900)\d(?:[ -]?\d){8}(?![\w-])"),
    "an API key": re.compile(r"\b(?:api_(?:live|test)_|[sr]k_(?:live|test)_|whsec_|webhook_(?:live|test)_)\w{8,}"),
    "an API key of Notify": re.compile(r"[\w.-]*(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-?){2}"),
    "a token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*"),
    "a credential": re.compile(r"\b(?:bearer|basic|apikey-v1)\s+[\w.+/=-]{8,}", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a National Insurance number": re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]\b"),
    "a postcode": re.compile(r"\b(?!ZZ)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"),
}
_CARD: Final = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")


def redacted(value: object, sent: SentTexts, name: str = "") -> object:
    """Return a value of JSON with everything in it taken out that may be somebody's, or a secret.

    A reference that was sent, and what else was sent and may not stay, is replaced by the field that sent it.
    """
    if isinstance(value, Mapping):
        return {str(key): redacted(inner, sent, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, sent, name) for inner in value]
    if not isinstance(value, str) or not value:
        return value
    if "reference" not in name.lower() and _is_harmless(name.lower(), value):
        return value
    if (mark := sent.mark_for(value, name, _in_place_of(name.lower(), value))) is not None:
        return mark
    return value if _is_harmless(name.lower(), value) else _in_place_of(name.lower(), value)


def found_in(text: str, secrets: frozenset[str] = frozenset()) -> Iterator[str]:
    """Give the kinds of what must not be in a recording and is in this text, never the things themselves."""
    for kind, pattern in _SEARCHED.items():
        if pattern.search(text):
            yield kind
    if any(_is_card(match.group()) for match in _CARD.finditer(text)):
        yield "a card number"
    if any(secret in text for secret in secrets):
        yield "a value that this test names as secret"


def _is_harmless(name: str, value: str) -> bool:
    if any(found_in(value)):
        return False
    return bool(_TIME.fullmatch(value) or (_HARMLESS_NAME.fullmatch(name) and _HARMLESS_VALUE.fullmatch(value)))


def _in_place_of(name: str, value: str) -> str:
    if value.startswith(("https://", "http://")):
        return URL
    if "email" in name or "@" in value:
        return EMAIL
    return PHONE if "phone" in name or "mobile" in name else TEXT


def _is_card(text: str) -> bool:
    """Whether digits are those of a card (the Luhn check), and not of a test card that everybody has."""
    digits = [int(one) for one in text if one.isdigit()]
    doubled = [one if index % 2 == 0 else sum(divmod(2 * one, 10)) for index, one in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1
