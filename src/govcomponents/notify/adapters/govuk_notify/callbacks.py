"""GOV.UK Notify's callbacks, beside its family's: received texts and returned letters.

Source: GOV.UK Notify REST API docs, "Callbacks"; alphagov/notifications-api, `app/celery/service_callback_tasks.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.http.responses import Wire
from govcomponents.core.times import utc_time
from govcomponents.notify.adapters.govuk_notify.wire import WIRE
from govcomponents.notify.adapters.notifications_api.callbacks import CallbackReader
from govcomponents.notify.events import InboundSms, LetterReturned, NotifyEvent
from govcomponents.notify.models import NotificationId, TemplateId
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping


class InboundText(Wire):
    """A received text message; its members are named otherwise than when it is listed."""

    id: str
    source_number: str
    destination_number: str
    message: str
    date_received: str


class ReturnedLetter(Wire):
    """A letter that came back."""

    notification_id: str
    reference: str | None = None
    date_sent: str
    sent_by: str | None = None
    template_name: str | None = None
    template_id: str | None = None
    template_version: int | None = None
    spreadsheet_file_name: str | None = None
    spreadsheet_row_number: int | None = None
    upload_letter_file_name: str | None = None


class GovUkCallbacks(CallbackReader):
    """Reads the callbacks of GOV.UK Notify."""

    provider = WIRE.provider
    statuses = WIRE.statuses
    after_refusal = "what is refused never comes again"

    def event(self, raw: Mapping[str, Any]) -> NotifyEvent:
        """Read one callback: each kind has a member that no other has."""
        if "source_number" in raw:
            return _text(InboundText.model_validate(raw), raw)
        if "date_sent" in raw:
            return _returned(ReturnedLetter.model_validate(raw), raw)
        return super().event(raw)


READER: Final = GovUkCallbacks()


def _text(text: InboundText, raw: Mapping[str, object]) -> InboundSms:
    return InboundSms(
        key=f"{text.id}:received",
        occurred_at=utc_time(text.date_received),
        id=text.id,
        sender=Personal(text.source_number),
        number=text.destination_number,
        content=Personal(text.message),
        raw=raw,
    )


def _returned(letter: ReturnedLetter, raw: Mapping[str, object]) -> LetterReturned:
    by_api = letter.sent_by in (None, "API")
    return LetterReturned(
        key=f"{letter.notification_id}:returned",
        occurred_at=None,
        notification_id=NotificationId(letter.notification_id),
        reference=letter.reference,
        sent_at=utc_time(letter.date_sent),
        sent_by=None if by_api else Personal(letter.sent_by or ""),
        template_id=None if letter.template_id in (None, "None") else TemplateId(letter.template_id or ""),
        template_name=letter.template_name,
        template_version=letter.template_version,
        raw=raw,
    )
