"""Guards of recipients outside production: an allow-list, or one recipient who gets everything instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govcomponents.errors import InvalidInput
from govcomponents.notify.inputs import EmailInput, LetterInput, SmsInput
from govcomponents.notify.models import Channel
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.notify.inputs import JobInput, Message

_FIX = "add the recipient to GOVCOMPONENTS_NOTIFY__ALLOWED_RECIPIENTS, or set where messages are redirected"


@dataclass(frozen=True, slots=True)
class RecipientGuard:
    """The recipients who may be sent to, outside production.

    `allowed` holds email addresses, domains such as "@example.gov.uk", and phone numbers. A message to anybody else
    goes to `redirect_emails_to` or `redirect_texts_to`, or is refused where there is none. Letters go to nobody.
    """

    allowed: frozenset[str] = field(repr=False)
    redirect_emails_to: Personal[str] | None = None
    redirect_texts_to: Personal[str] | None = None

    @classmethod
    def make(
        cls, allowed: Sequence[str], redirect_emails_to: str | None = None, redirect_texts_to: str | None = None
    ) -> RecipientGuard:
        """Make a guard from plain texts."""
        return cls(
            frozenset(recipient_key(one) for one in allowed),
            None if redirect_emails_to is None else Personal(redirect_emails_to),
            None if redirect_texts_to is None else Personal(redirect_texts_to),
        )

    def message(self, message: Message, operation: str) -> Message:
        """Return a message with the recipient that it may go to. Raises InvalidInput, and then nothing is sent.

        A letter goes to nobody: nobody can be sure whose address it is.
        """
        if isinstance(message, EmailInput):
            return message.model_copy(update={"to": self.recipient(message.to, Channel.EMAIL, operation)})
        if isinstance(message, SmsInput):
            return message.model_copy(update={"to": self.recipient(message.to, Channel.SMS, operation)})
        raise self._refused("address" if isinstance(message, LetterInput) else "pdf", operation)

    def job(self, job: JobInput) -> JobInput:
        """Return a job whose every row goes to a recipient that it may go to. Raises InvalidInput."""
        rows = tuple(
            (self.recipient(Personal(to), job.channel, "notify.send_job").reveal(), *values) for to, *values in job.rows
        )
        return job.model_copy(update={"rows": rows})

    def recipient(self, to: Personal[str], channel: Channel, operation: str) -> Personal[str]:
        """Return who is sent to instead of `to`, or `to`. Raises InvalidInput for one who is not allowed."""
        key = recipient_key(to.reveal())
        if key in self.allowed or ("@" in key and f"@{key.rpartition('@')[2]}" in self.allowed):
            return to
        instead = self.redirect_emails_to if channel is Channel.EMAIL else self.redirect_texts_to
        if instead is None:
            raise self._refused("to", operation)
        return instead

    @staticmethod
    def _refused(field_name: str, operation: str) -> InvalidInput:
        return InvalidInput(
            field=field_name,
            problem="the recipient is not allowed outside production",
            fix=_FIX,
            operation=operation,
        )


def recipient_key(recipient: str) -> str:
    """Return the form in which recipients are compared: addresses in lower case, UK numbers by ten digits."""
    if "@" in recipient:
        return recipient.strip().lower()
    digits = "".join(character for character in recipient if character.isdigit())
    for prefix in ("00440", "0044", "440", "44", "0"):
        if digits.startswith(prefix) and len(digits) - len(prefix) == 10:
            return digits[-10:]
    return digits or recipient.strip().lower()
