"""Recipients by the provider's own rules: email addresses, phone numbers and postal addresses, before they are sent to.

Every function returns the form that the provider uses, or raises `BadRecipient`, whose `page_message` is fit for the
error summary of a page. No error holds what was typed in.
"""

from __future__ import annotations

from govcomponents.notify.recipients.emails import email_address
from govcomponents.notify.recipients.faults import BadRecipient, RecipientFault
from govcomponents.notify.recipients.phones import PhoneNumber, phone_number
from govcomponents.notify.recipients.postal import PostalAddress, postal_address

__all__ = [
    "BadRecipient",
    "PhoneNumber",
    "PostalAddress",
    "RecipientFault",
    "email_address",
    "phone_number",
    "postal_address",
]
