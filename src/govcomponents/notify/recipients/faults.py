"""Rules that a recipient can break, and the error that says which, fit for the error summary of a page.

Source: GOV.UK Design System, "Email addresses", "Phone numbers" and "Addresses".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from govcomponents.core.inputs import member
from govcomponents.errors import InvalidInput


class RecipientFault(StrEnum):
    """A fault of a recipient: a closed list, for branching and for messages of your own."""

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
        fault = member(RecipientFault, fault, field="fault", operation="BadRecipient")
        page_message = _PAGE_MESSAGES[fault]
        kind = fault.value.partition("_")[0]
        field = {"email": "email_address", "phone": "phone_number", "address": "address"}[kind]
        super().__init__(field=field, problem=fault.value.replace("_", " "), fix=page_message)
        self.fault = fault
        self.page_message = page_message
