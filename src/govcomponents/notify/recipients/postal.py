"""Postal addresses by the provider's rules: how lines are put in order, and what makes an address one.

Source: GOV.UK Notify docs, "Send a letter"; alphagov/notifications-utils, `recipient_validation/postal_address.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govcomponents.core.inputs import flag_argument, text_argument
from govcomponents.core.results import GuardedText
from govcomponents.errors import InvalidInput
from govcomponents.frames import leaving_frames_behind, shield
from govcomponents.notify.recipients.countries import UNITED_KINGDOM, country, postage
from govcomponents.notify.recipients.faults import BadRecipient, RecipientFault

_FIX: Final = "give a text with line breaks, or a list of lines"
LINE_KEYS: Final = tuple(f"address_line_{number}" for number in range(1, 8))

# Royal Mail's postcode areas, with those of the Crown dependencies and of the forces.
_AREAS: Final = (  # noqa: SIM905  # readable so
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E "
    "EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS "
    "LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR "
    "SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE "
).split()
_POSTCODE: Final = re.compile(rf"(?:{'|'.join(_AREAS)})[0-9][0-9A-Z]?[0-9][A-BD-HJLNP-UW-Z]{{2}}")
_BFPO: Final = re.compile(r"bfpo ?(?:c/o)?(?: ?(\d{1,9}))?", re.IGNORECASE)  # of a line whose spaces are single
_BEFORE_PUNCTUATION: Final = re.compile(r" ([,.])")  # of a line whose spaces are single
_NAMES_SOMETHING: Final = re.compile(r"[a-zA-Z0-9]")
_NO_FIXED_ABODE: Final = re.compile(r"no fixed (?:abode|address)", re.IGNORECASE)
_FORBIDDEN_FIRST: Final = tuple('@()=[]"\\/,<>~')
_WIDE: Final = str.maketrans(dict.fromkeys("\u00a0\u202f", " "))
_ZERO_WIDTH: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff")


@shield
@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address as the provider puts it in order. It never prints.

    `lines` is what will be printed. `postage` is "europe" or "rest-of-world" for an address abroad, and None for one
    in the UK, where the template decides.
    """

    lines: tuple[GuardedText, ...]
    postage: str | None
    has_postcode: bool
    is_bfpo: bool

    def __repr__(self) -> str:
        return f"PostalAddress(postage={self.postage!r})"

    @classmethod
    def from_personalisation(cls, values: Mapping[str, object]) -> PostalAddress:
        """Read an address from personalisation. `postcode` counts only where the key `address_line_7` is absent."""
        names: object = values
        if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names):
            raise _not_lines(values)
        keys = LINE_KEYS if "address_line_7" in values else (*LINE_KEYS[:6], "postcode")
        return cls.read("\n".join(str(values.get(key) or "") for key in keys))

    @classmethod
    def read(cls, text: str) -> PostalAddress:
        """Read an address from lines of text: blank ones are dropped, the country is named in English."""
        text = text_argument(text, field="address", fix=_FIX, operation="notify.recipients")
        lines = [_normal(line) for line in text.splitlines()]
        lines = [_BEFORE_PUNCTUATION.sub(r"\1", line) for line in lines if line]
        bfpo = next((found.group(1) for line in lines if (found := _BFPO.fullmatch(line)) and found.group(1)), None)
        if bfpo is not None:
            lines = [line for line in lines if not _BFPO.fullmatch(line)]
        abroad: str | None = None
        named = country(lines[-1]) if lines else None
        if named == UNITED_KINGDOM:
            del lines[-_uk_lines(lines) :]
        elif named is not None:
            abroad = named
            lines.pop()
        postcode = _postcode(lines[-1]) if lines and abroad is None else None
        if postcode is not None:
            lines[-1] = postcode
        if bfpo is not None:
            lines.append(f"BFPO {int(bfpo)}")
        if abroad is not None:
            lines.append(abroad)
        return cls(tuple(lines), postage(abroad) if abroad else None, postcode is not None, bfpo is not None)

    def fault(self, *, international: bool) -> RecipientFault | None:
        """Return the first rule that the address breaks, in the provider's order; None if it breaks none.

        Raises InvalidInput if `international` is neither True nor False.
        """
        flag_argument(international, field="international", operation="PostalAddress.fault")
        is_abroad = self.postage is not None
        if len(self.lines) < 3:
            return RecipientFault.ADDRESS_TOO_SHORT
        if len(self.lines) > 7:
            return RecipientFault.ADDRESS_TOO_LONG
        if not all(_NAMES_SOMETHING.search(line) for line in self.lines[:2]):
            return RecipientFault.ADDRESS_NO_NAME
        if self.is_bfpo and is_abroad:
            return RecipientFault.ADDRESS_BFPO_COUNTRY
        if not (self.has_postcode or self.is_bfpo or (international and is_abroad)):
            return RecipientFault.ADDRESS_LAST_LINE if international else RecipientFault.ADDRESS_POSTCODE
        if any(line.startswith(_FORBIDDEN_FIRST) for line in self.lines):
            return RecipientFault.ADDRESS_CHARACTERS
        if any(line.lower() == "nfa" for line in self.lines) or _NO_FIXED_ABODE.search("\n".join(self.lines)):
            return RecipientFault.ADDRESS_NO_FIXED_ABODE
        return None


@leaving_frames_behind
def postal_address(lines: str | list[str] | tuple[str, ...], *, international: bool = False) -> PostalAddress:
    """Return a postal address as it will be printed. `lines` is a text with line breaks, or a list of lines.

    With `international` the last line may be a country. Raises BadRecipient.
    """
    flag_argument(international, field="international", operation="notify.recipients")
    if isinstance(lines, (list, tuple)) and all(isinstance(line, str) for line in lines):
        lines = "\n".join(lines)
    elif not isinstance(lines, str):
        raise _not_lines(lines)
    address = PostalAddress.read(lines)
    if fault := address.fault(international=international):
        raise BadRecipient(fault)
    return address


def _not_lines(given: object) -> InvalidInput:
    problem = f"it is not the lines of an address, but of the type {type(given).__name__}"
    return InvalidInput(field="address", problem=problem, fix=_FIX, operation="notify.recipients")


def _uk_lines(lines: list[str]) -> int:
    """How many lines the provider takes off for the UK: one for each that names it, though another be between."""
    count = 0
    for line in reversed(lines):
        named = country(line)
        if named not in (None, UNITED_KINGDOM):
            break
        count += named is not None
    return count


def _normal(line: str) -> str:
    return " ".join(line.rstrip(" ,").translate(_WIDE).translate(_ZERO_WIDTH).split()).rstrip(" ,")


def _postcode(line: str) -> str | None:
    squeezed = "".join(line.translate(_WIDE).translate(_ZERO_WIDTH).split()).upper()
    return f"{squeezed[:-3]} {squeezed[-3:]}" if _POSTCODE.fullmatch(squeezed) else None
