"""Recipients by the provider's own rules: email addresses, phone numbers and postal addresses, before they are sent to.

Every function returns the form that the provider uses, or raises `BadRecipient`, whose `page_message` is fit for the
error summary of a page. No error holds what was typed in.
Source: alphagov/notifications-utils, `recipient_validation/`; GOV.UK Design System, "Email addresses" and others.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from govcomponents.notify.recipients.phones import PhoneNumber
    from govcomponents.notify.recipients.postal import PostalAddress

_OBSCURE: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff\u00a0\u202f")
_WHITESPACE: Final = " \t\n\r\x0b\x0c"
_ADDRESS: Final = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\-]+@([^.@][^@\s]+)")
_LABEL: Final = re.compile(r"(?:xn|[a-z0-9]+)(?:-?-[a-z0-9]+)*", re.IGNORECASE)
_TOP: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9]+(?:-[a-z0-9]+)*", re.IGNORECASE)


class RecipientFault(StrEnum):
    """What is wrong with a recipient: a closed list, for branching and for messages of your own."""

    EMAIL_MISSING = "email_missing"
    EMAIL_INVALID = "email_invalid"
    PHONE_MISSING = "phone_missing"
    PHONE_CHARACTERS = "phone_characters"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_COUNTRY = "phone_country"
    PHONE_INVALID = "phone_invalid"
    PHONE_NOT_UK_MOBILE = "phone_not_uk_mobile"
    PHONE_INTERNATIONAL = "phone_international"
    ADDRESS_TOO_SHORT = "address_too_short"
    ADDRESS_TOO_LONG = "address_too_long"
    ADDRESS_NO_NAME = "address_no_name"
    ADDRESS_BFPO_COUNTRY = "address_bfpo_country"
    ADDRESS_LAST_LINE = "address_last_line"
    ADDRESS_POSTCODE = "address_postcode"
    ADDRESS_CHARACTERS = "address_characters"
    ADDRESS_NO_FIXED_ABODE = "address_no_fixed_abode"


_PAGE_MESSAGES: Final = {
    RecipientFault.EMAIL_MISSING: "Enter an email address",
    RecipientFault.EMAIL_INVALID: "Enter an email address in the correct format, like name@example.com",
    RecipientFault.PHONE_MISSING: "Enter a phone number",
    RecipientFault.PHONE_CHARACTERS: "Phone number must only include numbers, spaces, brackets, hyphens and +",
    RecipientFault.PHONE_TOO_SHORT: "Phone number does not have enough digits",
    RecipientFault.PHONE_TOO_LONG: "Phone number has too many digits",
    RecipientFault.PHONE_COUNTRY: "Enter a phone number with a country code that can receive text messages",
    RecipientFault.PHONE_INVALID: "Enter a phone number, like 07700 900 982 or +44 808 157 0192",
    RecipientFault.PHONE_NOT_UK_MOBILE: "Enter a UK mobile phone number, like 07700 900 982",
    RecipientFault.PHONE_INTERNATIONAL: "Enter a UK phone number",
    RecipientFault.ADDRESS_TOO_SHORT: "Address must have at least 3 lines",
    RecipientFault.ADDRESS_TOO_LONG: "Address must have no more than 7 lines",
    RecipientFault.ADDRESS_NO_NAME: "The first 2 lines of the address must each include a letter or a number",
    RecipientFault.ADDRESS_BFPO_COUNTRY: "A British Forces Post Office address must not end with a country",
    RecipientFault.ADDRESS_LAST_LINE: "The last line of the address must be a UK postcode or the name of a country",
    RecipientFault.ADDRESS_POSTCODE: "The last line of the address must be a UK postcode",
    RecipientFault.ADDRESS_CHARACTERS: 'Address lines must not start with @ ( ) = [ ] " \\ / , < > or ~',
    RecipientFault.ADDRESS_NO_FIXED_ABODE: "Enter an address that a letter can be delivered to",
}


class BadRecipient(InvalidInput):
    """A recipient that the provider would refuse. `fault` says why, `page_message` tells the person who typed it."""

    def __init__(self, fault: RecipientFault) -> None:
        page_message = _PAGE_MESSAGES[fault]
        kind = fault.value.partition("_")[0]
        field = {"email": "email_address", "phone": "phone_number", "address": "address"}[kind]
        super().__init__(field=field, problem=fault.value.replace("_", " "), fix=page_message)
        self.fault = fault
        self.page_message = page_message


def email_address(text: str) -> str:
    """Return an email address as the provider sends to it, in lower case.

    Its form is checked and nothing else: no name server is asked. Raises BadRecipient.
    """
    address = text.translate(_OBSCURE).strip(_WHITESPACE)
    if not address:
        raise BadRecipient(RecipientFault.EMAIL_MISSING)
    found = _ADDRESS.fullmatch(address)
    if found is None or len(address) > 320 or ".." in address or not _is_domain(found.group(1)):
        raise BadRecipient(RecipientFault.EMAIL_INVALID)
    return address.lower()


def _is_domain(text: str) -> bool:
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return False
    labels = text.split(".")
    return (
        len(text) <= 253
        and len(labels) >= 2
        and all(0 < len(label) <= 63 and _LABEL.fullmatch(label) for label in labels)
        and _TOP.fullmatch(labels[-1]) is not None
    )


def phone_number(text: str, *, international: bool = False, uk_landlines: bool = False) -> PhoneNumber:
    """Return a phone number that text messages can go to.

    Without `international` only UK numbers pass (with Jersey, Guernsey and the Isle of Man), and without
    `uk_landlines` only mobiles among those. The provider takes a UK mobile with one digit too many for a number
    abroad; `PhoneNumber.is_surprising` tells. Needs the extra `recipients`. Raises BadRecipient.
    """
    from govcomponents.notify.recipients.phones import parse

    number = parse(text)
    if not international and not number.is_uk:
        raise BadRecipient(RecipientFault.PHONE_INTERNATIONAL)
    if not uk_landlines and number.is_uk_landline:
        raise BadRecipient(RecipientFault.PHONE_NOT_UK_MOBILE)
    return number


def postal_address(lines: str | list[str] | tuple[str, ...], *, international: bool = False) -> PostalAddress:
    """Return a postal address as it will be printed. `lines` is a text with line breaks, or a list of lines.

    With `international` the last line may be a country. Raises BadRecipient.
    """
    from govcomponents.notify.recipients.postal import PostalAddress

    address = PostalAddress.read(lines if isinstance(lines, str) else "\n".join(lines))
    if fault := address.fault(international=international):
        raise BadRecipient(fault)
    return address
