"""POST /v2/notifications/...: accepts emails, text messages and jobs, or refuses them in GC Notify's order.

Sources: GC Notify docs; cds-snc/notification-api, `app/v2/notifications/post_notifications.py`.
"""

from __future__ import annotations

import base64
import csv
import io
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from govcomponents.notify.models import Channel
from govcomponents.notify.recipients import BadRecipient, email_address
from govcomponents.notify.templates import placeholders
from govcomponents.notify.templates import template as templates
from govcomponents.sandbox.http.messages import json_response
from govcomponents.sandbox.plugins.outbox import Attachment
from govcomponents.sandbox.providers.gc_notify.forms import checked, moment_of
from govcomponents.sandbox.providers.gc_notify.messages import Message, Messages, outcome, write
from govcomponents.sandbox.providers.gc_notify.refusals import Limits, Refusal, bad_request, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.gc_notify.callbacks import ReceiptSender
    from govcomponents.sandbox.providers.gc_notify.world import ApiKey, Service, Template

MAX_SMS_BYTES: Final = 612
_MAX_ROWS: Final = 50_000
_WIDE: Final = frozenset("ÂâÊêÎîÔôÛûŴŵŶŷ")
_HEADERS: Final = {"email": "email address", "sms": "phone number"}
_SMOKE: Final = frozenset(
    {
        *(f"simulate-delivered{suffix}@notification.canada.ca" for suffix in ("", "-2", "-3")),
        *(f"+1613253222{digit}" for digit in "234"),
    }
)


class Sending:
    """Accepts messages, for all services of one sandbox."""

    def __init__(self, messages: Messages, context: SandboxContext, receipts: ReceiptSender, base_url: str) -> None:
        self._messages = messages
        self._context = context
        self._receipts = receipts
        self._base_url = base_url
        self._limits = Limits()

    def post(self, service: Service, key: ApiKey, channel: str, body: bytes) -> Response:
        """Answer the POST of an email or a text message. Raises Refusal."""
        now = self._context.clock.time()
        fields = checked(channel, body, now)
        if service.suspended:
            raise bad_request("Service is suspended", 403)
        if channel not in service.permissions:
            raise bad_request(f"Service is not allowed to send {'emails' if channel == 'email' else 'text messages'}")
        with self._messages.lock:
            self._limits.spend(service, key, now)
            template = find_template(service, fields["template_id"], channel)
            self._limits.check(service, key, channel, now)
        self._check_sender(service, fields)
        name = "email_address" if channel == "email" else "phone_number"
        to = self._recipient(service, channel, fields[name])
        self._check_allowed(service, key, to)
        message = self._made(service, key, template, to, fields.get("personalisation") or {}, fields, now)
        if to not in _SMOKE:
            self._keep(message, now)
        content: dict[str, object] = {"body": message.body}
        if channel == "email":
            content |= {"subject": message.subject, "from_email": service.email_sender}
        else:
            content |= {"from_number": service.name}
        return json_response(
            201,
            {
                "id": message.id,
                "reference": message.reference,
                "uri": f"{self._base_url}/v2/notifications/{message.id}",
                "template": {
                    "id": template.id,
                    "version": template.version,
                    "uri": f"{self._base_url}/services/{service.id}/templates/{template.id}",
                },
                "scheduled_for": fields.get("scheduled_for"),
                "content": content,
            },
        )

    def post_job(self, service: Service, key: ApiKey, body: bytes) -> Response:
        """Answer the POST of a job, which is accepted whole or refused whole. Raises Refusal."""
        now = self._context.clock.time()
        fields = checked("bulk", body, now)
        if ("rows" in fields) == ("csv" in fields):
            raise bad_request("You should specify either rows or csv")
        template = find_template(service, fields["template_id"], None)
        rows = fields["rows"] if "rows" in fields else list(csv.reader(io.StringIO(fields["csv"])))
        made = self._rows(service, key, template, rows, fields, now)
        with self._messages.lock:
            of_day, of_year = self._limits.left(service, key, template.type, now)
            for left, period in ((of_day, "daily"), (of_year, "annual")):
                if len(made) > left:
                    unit = "messages" if template.type == "email" else "sms messages"
                    raise bad_request(
                        f"You only have {left} remaining {unit} before you reach your {period} limit. "
                        f"You've tried to send {len(made)} messages."
                    )
        job_id = self._context.ids.uuid()
        for message in made:
            message.job_id = job_id
            self._keep(message, now)
        return json_response(
            201,
            {
                "data": {
                    "id": job_id,
                    "job_status": "pending" if fields.get("scheduled_for") is None else "scheduled",
                    "notification_count": len(made),
                    "original_file_name": fields["name"],
                    "template": template.id,
                    "template_version": template.version,
                    "template_type": template.type,
                    "service": service.id,
                    "service_name": {"name": service.name},
                    "api_key": {"id": key.secret[::-1], "name": key.name, "key_type": key.kind},
                    "created_at": write(now),
                    "updated_at": None,
                    "scheduled_for": fields.get("scheduled_for"),
                    "processing_started": None,
                    "processing_finished": None,
                    "sender_id": fields.get("reply_to_id"),
                    "archived": False,
                }
            },
        )

    def _rows(
        self,
        service: Service,
        key: ApiKey,
        template: Template,
        rows: Sequence[Sequence[Any]],
        fields: Mapping[str, Any],
        now: float,
    ) -> list[Message]:
        if len(rows) < 2:
            raise bad_request("Missing data rows: rows or csv")
        if len(rows) - 1 > _MAX_ROWS:
            raise bad_request(f"Too many rows. Maximum number of rows allowed is {_MAX_ROWS}")
        header = [str(name) for name in rows[0]]
        folded = [placeholders_key(name) for name in header]
        if twice := sorted({name for name, one in zip(header, folded, strict=True) if folded.count(one) > 1}):
            raise bad_request(f"Duplicate column headers: {', '.join(twice)}")
        recipient = _HEADERS[template.type]
        wanted = [recipient, *placeholders.names(template.subject, template.content)]
        if missing := [name for name in wanted if placeholders_key(name) not in folded]:
            raise bad_request(f"Missing column headers: {', '.join(missing)}")
        made, wrong = [], []
        for number, row in enumerate(rows[1:]):
            values = dict(zip(header, row, strict=False))
            raw = str(values.pop(header[folded.index(placeholders_key(recipient))], ""))
            blank = [name for name, value in values.items() if value in (None, "")]
            try:
                to = self._recipient(service, template.type, raw)
            except Refusal:
                wrong.append(f"Row {number} - `{recipient}`: invalid recipient.")
                continue
            wrong += [f"Row {number} - `{name}`: Missing." for name in blank]
            if not blank:
                self._check_allowed(service, key, to)
                made.append(self._made(service, key, template, to, values, {**fields, "reference": None}, now))
        if wrong:
            raise bad_request("Some rows have errors. " + " ".join(wrong))
        return made

    def _check_sender(self, service: Service, fields: Mapping[str, Any]) -> None:
        for name, known in (("email_reply_to_id", service.reply_to_ids), ("sms_sender_id", service.sms_sender_ids)):
            if fields.get(name) is not None and fields[name] not in known:
                raise bad_request(f"{name} {fields[name]} does not exist in database for service id {service.id}")

    def _recipient(self, service: Service, channel: str, raw: str) -> str:
        if channel == "email":
            try:
                return email_address(raw)
            except BadRecipient:
                raise invalid("email_address Not a valid email address") from None
        number = first_number(raw)
        if not number.startswith("+1") and "international_sms" not in service.permissions:
            raise bad_request("Cannot send to international mobile numbers")
        return number

    def _check_allowed(self, service: Service, key: ApiKey, to: str) -> None:
        if key.kind == "test" or (key.kind == "live" and not service.restricted) or to in {*service.safelist, *_SMOKE}:
            return
        if key.kind == "team":
            raise bad_request("Can’t send to this recipient using a team-only API key")  # noqa: RUF001  # as it writes
        raise bad_request("Can’t send to this recipient when service is in trial mode")  # noqa: RUF001  # likewise

    def _made(
        self,
        service: Service,
        key: ApiKey,
        template: Template,
        to: str,
        values: Mapping[str, object],
        fields: Mapping[str, Any],
        now: float,
    ) -> Message:
        plain, files = self._with_files(service, template, values)
        given = placeholders.Values(plain)
        if missing := given.missing(placeholders.names(template.subject, template.content)):
            raise bad_request(f"Missing personalisation: {', '.join(missing)}")
        html, subject, fragments = None, None, None
        if template.type == "sms":
            body = placeholders.fill(template.content, given)
            fragments = _fragments(f"{service.name}: {body}" if service.sms_prefix else body)
        else:
            body = templates.fill_body(template.content, given)
            subject = templates.fill_subject(template.subject or "", given, Channel.EMAIL)
            html = templates.email_html(template.content, given)
        if not body.strip():
            raise bad_request("Message is empty or just whitespace")
        starts = 0.0 if fields.get("scheduled_for") is None else max(0.0, moment_of(fields["scheduled_for"]) - now)
        return Message(
            id=self._context.ids.uuid(),
            service=service,
            key=key,
            channel=template.type,
            template=template,
            created_at=now,
            to=to,
            reference=fields.get("reference"),
            body=body,
            subject=subject,
            html=html,
            steps=outcome(to, key.kind, starts),
            scheduled_for=fields.get("scheduled_for"),
            fragments=fragments,
            files=files,
        )

    def _with_files(
        self, service: Service, template: Template, values: Mapping[str, object]
    ) -> tuple[dict[str, object], list[Attachment]]:
        """Put the address of a link in the place of a file that is sent as one, and take the others out."""
        plain: dict[str, object] = {}
        files: list[Attachment] = []
        for name, value in values.items():
            if not isinstance(value, Mapping):
                plain[name] = value
                continue
            if template.type != "email" or "upload_document" not in service.permissions:
                raise bad_request("Service is not allowed to send documents")
            data = base64.b64decode(str(value["file"]))
            files.append(Attachment(str(value.get("filename") or name), "application/octet-stream", data))
            if value["sending_method"] == "link":
                plain[name] = f"{self._base_url}/d/{self._context.ids.uuid()}"
        return plain, files

    def _keep(self, message: Message, now: float) -> None:
        self._messages.add(message)
        with self._messages.lock:
            self._limits.count(message.service, message.key, message.channel, now)
        told = "an email" if message.channel == "email" else "a text message"
        happened = f"The service sent {told}: {message.template.name}"
        self._context.timeline.record("notify", happened, message.reference, message.to)
        self._receipts.accepted(message)


def placeholders_key(name: str) -> str:
    """Write the name of a column as placeholders are compared."""
    from govcomponents.notify.templates.personalisation import placeholder_key

    return placeholder_key(name)


def find_template(service: Service, template_id: str, channel: str | None) -> Template:
    """Return the template that a message is sent with. Raises Refusal."""
    found = next((one for one in service.templates if one.id == str(uuid.UUID(template_id))), None)
    if found is None:
        raise bad_request("Template not found")
    if channel is not None and found.type != channel:
        raise bad_request(f"{found.type} template is not suitable for {channel} notification")
    if found.archived:
        raise bad_request(f"Template {found.id} has been deleted")
    return found


def first_number(text: str) -> str:
    """Return the first number anywhere in a text, with its plus, as the service finds it. Raises Refusal."""
    import phonenumbers

    if ";" in text:
        raise invalid("phone_number Not a valid number")
    found = next(iter(phonenumbers.PhoneNumberMatcher(text, "US")), None)
    if found is None:
        raise invalid("phone_number Not a valid local number" if not text.strip().startswith("+") else _ABROAD)
    return str(phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164))


_ABROAD: Final = "phone_number Not a valid international number"


def _fragments(text: str) -> int:
    """Count the fragments of a text message in bytes, as the service does. Raises Refusal if there are too many."""
    size = len(text.encode())
    if size > MAX_SMS_BYTES:
        raise bad_request(f"Content for template has a character count greater than the limit of {MAX_SMS_BYTES}")
    one, more = (70, 67) if _WIDE & set(text) else (160, 153)
    return 1 if size <= one else math.ceil(size / more)
