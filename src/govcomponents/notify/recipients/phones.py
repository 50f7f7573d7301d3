"""Phone numbers by the provider's rules, on the data of libphonenumber (package `phonenumbers`) that it uses too.

Source: alphagov/notifications-utils, `recipient_validation/phone_number.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from govcomponents.core.inputs import flag_argument, text_argument
from govcomponents.core.results import GuardedText
from govcomponents.errors import ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.notify.recipients.faults import BadRecipient, RecipientFault

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_ALLOWED: Final = re.compile(r"[0-9()\-+\s\u180e\u200b\u200c\u200d\u2060\ufeff\u00a0\u202f]*", re.ASCII)
_DRAMA: Final = re.compile(r"7700[0-9-]")
_NOT_A_COUNTRY: Final = "001"
# Numbers pasted from pages and documents have these for a hyphen. The provider takes them, and no others.
_HYPHENS: Final = str.maketrans(dict.fromkeys("\u2011\u2013\u2014\u2212", "-"))
# Ascension, Saint Helena, Tuvalu and North Korea: the provider has no route to them.
_NOT_TEXTED: Final = frozenset({247, 290, 688, 850})


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that the provider accepts. `digits` is the international form without "+"; the number never prints.

    `is_uk` is true of every +44 number, `is_crown_dependency` of those of Jersey, Guernsey and the Isle of Man, which
    are charged as numbers abroad. `is_surprising` is true of a number abroad that was written like a UK mobile.
    """

    digits: GuardedText
    is_uk: bool
    is_uk_landline: bool
    is_crown_dependency: bool
    country_code: int
    is_surprising: bool

    @property
    def is_international(self) -> bool:
        """Whether the provider counts it as a number abroad: then `sent` may be the last that is heard of it."""
        return not self.is_uk or self.is_crown_dependency

    def __repr__(self) -> str:
        return f"PhoneNumber(country_code={self.country_code}, is_international={self.is_international})"


@cache
def _library() -> ModuleType:
    try:
        import phonenumbers
    except ImportError:
        raise ConfigurationError(
            "checking phone numbers needs the package phonenumbers, which is not installed",
            fix='pip install "govcomponents[recipients]"',
        ) from None
    return phonenumbers


@leaving_frames_behind
def phone_number(text: str, *, international: bool = False, uk_landlines: bool = False) -> PhoneNumber:
    """Return a phone number that text messages can go to.

    Without `international` only UK numbers pass (with Jersey, Guernsey and the Isle of Man), and without
    `uk_landlines` only mobiles among those. The provider takes a UK mobile with one digit too many for a number
    abroad; `PhoneNumber.is_surprising` tells. Needs the extra `recipients`. Raises BadRecipient.
    """
    flag_argument(international, field="international", operation="notify.recipients")
    flag_argument(uk_landlines, field="uk_landlines", operation="notify.recipients")
    number = parse(text)
    if not international and not number.is_uk:
        raise BadRecipient(RecipientFault.PHONE_INTERNATIONAL)
    if not uk_landlines and number.is_uk_landline:
        raise BadRecipient(RecipientFault.PHONE_NOT_UK_MOBILE)
    return number


def parse(text: str) -> PhoneNumber:
    """Read a number as the provider does, whatever it may be sent to. Raises BadRecipient.

    A number that cannot be read is tried once more without its "+" and its leading zeros.
    """
    text = text_argument(text, field="phone_number", fix="give one number as text", operation="notify.recipients")
    text = text.translate(_HYPHENS)
    try:
        number = _parse(text)
    except BadRecipient:
        number = _parse(text.replace("+", "").lstrip("0"))
    library = _library()
    code = number.country_code
    if code in _NOT_TEXTED or library.region_code_for_country_code(code) == _NOT_A_COUNTRY:
        raise BadRecipient(RecipientFault.PHONE_COUNTRY)
    kind = library.PhoneNumberType
    region = library.region_code_for_number(number)
    is_uk = code == 44
    landlines = (kind.FIXED_LINE, kind.FIXED_LINE_OR_MOBILE, kind.UAN)
    return PhoneNumber(
        digits=library.format_number(number, library.PhoneNumberFormat.E164)[1:],
        is_uk=is_uk,
        is_uk_landline=is_uk and library.number_type(number) in landlines,
        is_crown_dependency=is_uk and region not in ("GB", None),
        country_code=code,
        is_surprising=not is_uk and text.lstrip().startswith("07"),
    )


def _parse(text: str) -> Any:
    if not _ALLOWED.fullmatch(text):
        raise BadRecipient(RecipientFault.PHONE_CHARACTERS)
    if not text:
        raise BadRecipient(RecipientFault.PHONE_TOO_SHORT)
    library = _library()
    try:
        number = library.parse(text, "GB")
    except library.NumberParseException:
        raise BadRecipient(RecipientFault.PHONE_INVALID) from None
    reason = library.is_possible_number_with_reason(number)
    if reason != library.ValidationResult.IS_POSSIBLE:
        number = _as_international(text)
        if number is None:
            raise BadRecipient(_impossible(reason))
    if not _is_accepted(number) and not _DRAMA.match(str(number.national_number)):
        raise BadRecipient(RecipientFault.PHONE_INVALID)
    return number


def _as_international(text: str) -> Any:
    """A number that lost its "+", as spreadsheets do it; None if it is not one."""
    library = _library()
    try:
        number = library.parse(f"+{text}")
    except library.NumberParseException:
        return None
    return number if library.is_possible_number(number) else None


def _impossible(reason: int) -> RecipientFault:
    results = _library().ValidationResult
    return {
        results.TOO_SHORT: RecipientFault.PHONE_TOO_SHORT,
        results.IS_POSSIBLE_LOCAL_ONLY: RecipientFault.PHONE_TOO_SHORT,
        results.TOO_LONG: RecipientFault.PHONE_TOO_LONG,
        results.INVALID_COUNTRY_CODE: RecipientFault.PHONE_COUNTRY,
    }.get(reason, RecipientFault.PHONE_INVALID)


def _is_accepted(number: Any) -> bool:
    library = _library()
    kind = library.PhoneNumberType
    accepted = (kind.FIXED_LINE, kind.MOBILE, kind.FIXED_LINE_OR_MOBILE, kind.UAN, kind.PERSONAL_NUMBER)
    return bool(library.is_valid_number(number)) and library.number_type(number) in accepted
