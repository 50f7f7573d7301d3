"""Django's own emails by the notification component: password resets, error mails, whatever calls `send_mail`.

MAILERS = {"default": {"BACKEND": "govcomponents.integrations.django.mail.EmailBackend"}}  # from Django 6.1
EMAIL_BACKEND = "govcomponents.integrations.django.mail.EmailBackend"  # before
GOVCOMPONENTS_EMAIL_TEMPLATE = "..."  # a template whose subject is ((subject)) and whose text is ((body))
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

from govcomponents.errors import ConfigurationError, GovComponentsError, InvalidInput
from govcomponents.integrations.django.service import gov

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.mail import EmailMessage

SETTING: Final = "GOVCOMPONENTS_EMAIL_TEMPLATE"


class EmailBackend(BaseEmailBackend):
    """A backend of Django's emails over `gov.components.notify`, with one template for them all.

    Each recipient gets an email of their own: nobody sees who else got it. The sender is the template's; `from_email`
    and other headers are the provider's business, and left out. Raises ConfigurationError if the setting is missing,
    and InvalidInput for a message with files, unless Django is told to fail silently.

    An entry of MAILERS may have a template of its own: `"OPTIONS": {"template": "..."}`.
    """

    def __init__(self, *args: Any, template: str | None = None, fail_silently: bool = False, **options: Any) -> None:
        # `fail_silently` is not passed on: from Django 6.1 a backend that knows it keeps it itself.
        super().__init__(*args, **options)
        self.fail_silently = fail_silently
        self._template = template

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send messages, and return how many were accepted for all their recipients."""
        return sum(self._is_accepted(message) for message in email_messages)

    def _is_accepted(self, message: EmailMessage) -> bool:
        recipients = message.recipients()
        accepted = 0
        for recipient in recipients:
            try:
                self._send(message, recipient)
            except GovComponentsError:
                if not self.fail_silently:  # else it is no reason to leave the others out
                    raise
                continue
            accepted += 1
        return 0 < accepted == len(recipients)

    def _send(self, message: EmailMessage, recipient: str) -> None:
        template: Any = self._template or getattr(settings, SETTING, None)
        if not template:
            raise ConfigurationError(
                f"{SETTING} is not set, so Django's emails have no template",
                fix="set it to the id of a template whose subject is ((subject)) and whose text is ((body))",
            )
        if message.attachments:
            raise InvalidInput(
                field="attachments",
                problem="Django's emails are sent without files",
                fix="send it by gov.components.notify.send_email, with a template that has a placeholder for the file",
                operation="django.send_mail",
            )
        words = {"subject": str(message.subject), "body": str(message.body)}
        gov.components.notify.send_email(recipient, template, words, str(uuid.uuid4()))
