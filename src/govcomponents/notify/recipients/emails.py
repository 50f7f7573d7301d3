"""Email addresses by the provider's rules.

Source: alphagov/notifications-utils, `recipient_validation/email_address.py`.
"""

from __future__ import annotations

import re
from typing import Final

from govcomponents.core.inputs import text_argument
from govcomponents.frames import leaving_frames_behind
from govcomponents.notify.recipients.faults import BadRecipient, RecipientFault

_OBSCURE: Final = str.maketrans("", "", "\u180e\u200b\u200c\u200d\u2060\ufeff\u00a0\u202f")
_WHITESPACE: Final = " \t\n\r\x0b\x0c"
_ADDRESS: Final = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\-]+@([^.@][^@\s]+)")
_LABEL: Final = re.compile(r"(?:xn|[a-z0-9]+)(?:-?-[a-z0-9]+)*", re.IGNORECASE)
_TOP: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9]+(?:-[a-z0-9]+)*", re.IGNORECASE)


@leaving_frames_behind
def email_address(text: str) -> str:
    """Return an email address as the provider sends to it, in lower case.

    Its form is checked and nothing else: no name server is asked. Raises BadRecipient.
    """
    text = text_argument(text, field="email_address", fix="give one address as text", operation="notify.recipients")
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
