"""GOV.UK Notify's wire, where it differs from its family's: keys, files, letters and received texts.

Source: GOV.UK Notify REST API docs; alphagov/notifications-api, `app/models.py` and `app/v2`. Where docs and server
differ, both forms are read and the documented one is sent.
"""

from __future__ import annotations

import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.responses import Wire, read_part
from govcomponents.core.times import utc_time
from govcomponents.notify.adapters.notifications_api.wire import (
    NOTIFICATION,
    NotificationsWire,
    notification_path,
    page,
)
from govcomponents.notify.models import Channel, NotificationId, Sent, Status
from govcomponents.notify.templates.attachments import Attachment
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from govcomponents.notify.events import InboundSms
    from govcomponents.notify.inputs import LetterInput, PrecompiledInput

BASE_URL: Final = "https://api.notifications.service.gov.uk"
LETTER_PATH: Final = "/v2/notifications/letter"
RECEIVED_PATH: Final = "/v2/received-text-messages"

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
KEY_SHAPE: Final = re.compile(rf"(?:.*-)?{_UUID}-{_UUID}", re.DOTALL)
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _base64(value: bytes) -> bytes:
    return binascii.b2a_base64(value, newline=False).rstrip(b"=").translate(_URL_SAFE)


_TOKEN_HEADER: Final = _base64(b'{"typ":"JWT","alg":"HS256"}')


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """One API key, taken apart. The name and the service's id may be shown; the secret may not.

    A key is `{name}-{service id}-{secret}`, where the last two are UUIDs and the name may hold hyphens, so it is read
    from the right. Nothing in it says whether it is a live, a team or a test key, so no guard can tell a live one by
    its text. Source: GOV.UK Notify REST API docs, "Authorisation header" and "API keys".
    """

    name: str
    service_id: str
    secret: Secret

    @classmethod
    def parse(cls, key: Secret) -> ServiceKey:
        """Take apart a key that has the KEY_SHAPE."""
        text = key.reveal()
        return cls(text[:-74], text[-73:-37], Secret(text[-36:]))

    def token(self, now: float) -> str:
        """Sign a token for a request that is sent now; the provider accepts it for 30 seconds either way."""
        claims = f'{{"iss":"{self.service_id}","iat":{int(now)}}}'.encode()
        signed = _TOKEN_HEADER + b"." + _base64(claims)
        signature = hmac.digest(self.secret.reveal().encode(), signed, "sha256")
        return (signed + b"." + _base64(signature)).decode()


class SentPrecompiled(Wire):
    """The answer to a ready-made letter, which is shorter than the others."""

    id: str
    reference: str | None = None
    postage: str | None = None


class ReceivedState(Wire):
    """A received text, as the API gives it."""

    id: str
    user_number: str
    notify_number: str
    created_at: str
    service_id: str | None = None
    content: str


def write_time(moment: datetime) -> str:
    """Write a time as the provider does: UTC, six digits of a second, and Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class GovUkWire(NotificationsWire):
    """Requests and answers of GOV.UK Notify."""

    provider = "GOV.UK Notify"
    lookup = "wait a minute, then search for the message's reference before sending it again"
    statuses: Mapping[str, Status] = {
        "created": Status.QUEUED,
        "accepted": Status.QUEUED,
        "pending-virus-check": Status.QUEUED,
        "sending": Status.SENDING,
        "pending": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "received": Status.DISPATCHED,
        "returned-letter": Status.DISPATCHED,
        "temporary-failure": Status.TEMPORARY_FAILURE,
        "permanent-failure": Status.PERMANENT_FAILURE,
        "technical-failure": Status.TECHNICAL_FAILURE,
        "validation-failed": Status.REJECTED,
        "virus-scan-failed": Status.REJECTED,
        "cancelled": Status.CANCELLED,
    }

    def file_fields(self, value: object) -> dict[str, object]:
        """Write a file as the API wants it: without the options that are left to the provider."""
        if not isinstance(value, Attachment) or not value.as_link:
            return super().file_fields(value)
        fields: dict[str, object] = {"file": value.content}
        if value.filename is not None:
            fields["filename"] = value.filename
        if value.confirm_email is not None:
            fields["confirm_email_before_download"] = value.confirm_email
        if value.retention_weeks is not None:
            fields["retention_period"] = f"{value.retention_weeks} week{'' if value.retention_weeks == 1 else 's'}"
        return fields

    def send_letter(self, letter: LetterInput) -> Request:
        """POST a letter. Its address lines are personalisation with names of their own."""
        operation = "notify.send_letter"
        lines = {f"address_line_{number}": line for number, line in enumerate(letter.address.reveal(), 1)}
        fields: dict[str, object] = {
            "template_id": self.template_id(letter.template, operation),
            "personalisation": {**letter.personalisation, **lines},
        }
        return self.post(operation, LETTER_PATH, fields, letter)

    def send_precompiled_letter(self, letter: PrecompiledInput) -> Request:
        """POST a ready-made letter."""
        fields: dict[str, object] = {"content": letter.pdf.reveal()}
        if letter.postage is not None:
            fields["postage"] = letter.postage
        return self.post("notify.send_precompiled_letter", LETTER_PATH, fields, letter)

    def words_of(self, statuses: Iterable[Status]) -> set[str]:
        """Return the words to search for: some that a letter has are not searched for as they are shown."""
        wanted = super().words_of(statuses) - {"accepted"}
        if "created" in wanted:
            wanted.add("sending")  # a letter that is with the printer is shown as `accepted`
        if "received" in wanted:
            wanted = wanted - {"received"} | {"delivered"}
        return wanted

    def get_pdf(self, notification_id: str) -> Request:
        """GET a letter's PDF."""
        operation = "notify.get_letter_pdf"
        path = f"{notification_path(self, notification_id, operation)}/pdf"
        headers = {"Accept": "application/pdf, application/json"}
        return Request(operation, "GET", path, Replay.ALWAYS, headers, template=f"{NOTIFICATION}/pdf")

    def get_received(self, older_than: str | None) -> Request:
        """GET one page of received texts."""
        return page("notify.search_inbound_sms", RECEIVED_PATH, [], older_than)

    def to_sent_precompiled(self, response: Response, request: Request) -> Sent:
        """Read the answer to a ready-made letter that was taken in; whether it can be printed is found out later."""
        letter, raw = self.read(SentPrecompiled, response, request)
        return Sent(
            id=NotificationId(letter.id),
            channel=Channel.LETTER,
            reference=letter.reference,
            template_id=None,
            template_version=None,
            subject=None,
            body=None,
            sender=None,
            postage=letter.postage,
            raw=raw,
        )

    def to_received_text(self, raw: Mapping[str, object], response: Response, request: Request) -> InboundSms:
        """Read one text of a page."""
        from govcomponents.notify.events import InboundSms

        state = read_part(ReceivedState, raw, response, request=request, provider=self.provider)
        try:
            occurred_at = utc_time(state.created_at)
        except ValueError:
            raise self.unexpected("a time is not written as one", response, request) from None
        return InboundSms(
            key=f"{state.id}:received",
            occurred_at=occurred_at,
            id=state.id,
            sender=Personal(state.user_number),
            number=state.notify_number,
            content=Personal(state.content),
            raw=raw,
        )


WIRE: Final = GovUkWire()
