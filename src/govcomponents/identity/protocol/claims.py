"""Reads single claims of a token or an answer. What is missing, empty, null or of another type is None.

Control characters, halves of surrogate pairs, marks that turn the direction of writing and others that nobody sees are
never handed on: databases refuse them, and in a header or on a page they would do something else than be read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from govcomponents.core.times import date_or_none
from govcomponents.identity.models import Address, DrivingPermit, Name, NamePart, NamePartKind, Passport
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

P = TypeVar("P", Address, Passport, DrivingPermit)

_UPRN: Final = re.compile(r"0*[1-9][0-9]{0,11}")
_JOINS_LETTERS: Final = frozenset("\u200c\u200d")  # which words of many scripts need
_WHEN: Final = frozenset({"valid_from", "valid_until"})
_PROTOCOL_CLAIMS: Final = frozenset({"nonce", "at_hash", "c_hash", "jti", "s_hash"})
_NAME_PARTS: Final = (
    ("given_name", NamePartKind.GIVEN),
    ("middle_name", NamePartKind.GIVEN),
    ("family_name", NamePartKind.FAMILY),
)
_PROVED_BY_FLAG: Final = ("email", "phone_number", "phone")


def text(value: object) -> Personal[str] | None:
    """A text of one line, such as a name. A control character or an end of a line is a space; unseen marks go."""
    if not isinstance(value, str):
        return None
    return Personal(found) if (found := _clean(value)) else None


def lines(value: object) -> Personal[str] | None:
    """A text of one or several lines, such as an address (OpenID Connect Core 5.1.1)."""
    if not isinstance(value, str):
        return None
    found = "\n".join(_clean(line) for line in value.replace("\r\n", "\n").split("\n")).strip("\n")
    return Personal(found) if found else None


def address_text(value: object) -> Personal[str] | None:
    """An email address or a phone number, as it came. One with a character that is no part of any is None."""
    if not isinstance(value, str) or not value or any(_is_harmful(sign) for sign in value):
        return None
    return Personal(value)


def uprn(value: object) -> Personal[int] | None:
    """A unique property reference number, of up to 12 digits: a number, or a text as it was once."""
    digits = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return Personal(int(digits)) if _UPRN.fullmatch(digits) else None


def flag(value: object) -> bool:
    """A boolean; some providers send it as text. Anything but true is false."""
    return value is True or value == "true"


def day(value: object) -> Personal[date] | None:
    """A date as OpenID Connect Core 5.1 writes it: YYYY-MM-DD. A year alone, or one left out as 0000, is no date."""
    found = date_or_none(value)
    return None if found is None else Personal(found)


def merged(signed: Mapping[str, Any], unsigned: Mapping[str, Any]) -> dict[str, Any]:
    """Put the claims of the ID token and of userinfo together. What is signed is never replaced by what is not.

    Whether an address is verified is said of one address: it does not count for another one.
    """
    found = {**unsigned, **signed}
    for name in _PROVED_BY_FLAG:
        told = f"{name}_verified"
        if name in signed and told not in signed and signed[name] != unsigned.get(name):
            found.pop(told, None)
    return found


def _clean(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value.strip()
    kept = (" " if _ends_line(sign) else sign for sign in value if not _is_dropped(sign))
    return "".join(kept).strip()


def _is_dropped(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cs", "Cf") and sign not in _JOINS_LETTERS


def _ends_line(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Zl", "Zp")


def _is_harmful(sign: str) -> bool:
    return _is_dropped(sign) or _ends_line(sign)


def names(claims: Mapping[str, Any]) -> tuple[Name, ...]:
    """The name that the standard claims give, in its parts if they have them."""
    parts = [(text(claims.get(claim)), kind) for claim, kind in _NAME_PARTS]
    found = tuple(NamePart(kind=kind, value=value) for value, kind in parts if value is not None)
    whole = text(claims.get("name"))
    if not found and whole is not None:
        found = (NamePart(kind=NamePartKind.UNKNOWN, value=whole),)
    return (Name(parts=found),) if found else ()


def addresses(claim: object) -> tuple[Address, ...]:
    """The address of the standard claim (OpenID Connect Core 5.1.1), or none."""
    if not isinstance(claim, dict):
        return ()
    address = Address(
        lines=lines(claim.get("formatted")),
        street=lines(claim.get("street_address")),
        locality=text(claim.get("locality")),
        region=text(claim.get("region")),
        postcode=text(claim.get("postal_code")),
        country=text(claim.get("country")),
    )
    return present((address,))


def present(found: Iterable[P]) -> tuple[P, ...]:
    """Leave out what says nothing: an address, say, of which no more is known than since when it was one."""
    return tuple(one for one in found if _says_something(one))


def _says_something(found: Address | Passport | DrivingPermit) -> bool:
    return any(getattr(found, part.name) is not None for part in fields(found) if part.name not in _WHEN)


def about_the_person(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims about the person, without those that only serve the protocol."""
    return {name: value for name, value in claims.items() if name not in _PROTOCOL_CLAIMS}
