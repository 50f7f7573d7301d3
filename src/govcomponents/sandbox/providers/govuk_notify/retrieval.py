"""GET and preview: messages, their PDFs, templates and received texts.

Source: alphagov/notifications-api, `app/v2/notifications`, `app/v2/template`, `app/v2/inbound_sms`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from govcomponents.core.http.messages import Response
from govcomponents.notify.adapters.notifications_api import wire
from govcomponents.sandbox.http.messages import json_response
from govcomponents.sandbox.providers.govuk_notify import content as contents
from govcomponents.sandbox.providers.govuk_notify import schemas
from govcomponents.sandbox.providers.govuk_notify.messages import Message, Messages, write
from govcomponents.sandbox.providers.govuk_notify.responses import Refusal, bad_request, invalid, no_result
from govcomponents.sandbox.providers.govuk_notify.sending import body_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.plugins.context import SandboxContext
    from govcomponents.sandbox.providers.govuk_notify.world import (
        ApiKey,
        Platform,
        ReceivedText,
        Service,
        Template,
        TemplateVersion,
    )

_FAILED = frozenset(
    {
        *("technical-failure", "temporary-failure", "permanent-failure"),
        *("validation-failed", "virus-scan-failed", "returned-letter"),
    }
)
_GROUPS = {
    "failed": _FAILED,
    "accepted": frozenset({"created", "sending"}),
    "received": frozenset({"delivered"}),
}


class Retrieval:
    """Answers what is asked about, for all services of one sandbox."""

    def __init__(self, platform: Platform, messages: Messages, forms: schemas.Forms, context: SandboxContext) -> None:
        self._platform = platform
        self._messages = messages
        self._forms = forms
        self._context = context
        self._made_at = context.clock.time()
        self._texts: dict[str, list[tuple[float, ReceivedText]]] = {}

    def keep_text(self, service: Service, text: ReceivedText) -> None:
        """Keep a text that was sent to a service."""
        with self._messages.lock:
            self._texts.setdefault(service.id, []).append((self._context.clock.time(), text))

    def _message(self, service: Service, message_id: str) -> Message:
        if not schemas.is_uuid(message_id):
            raise invalid("notification_id is not a valid UUID")
        message = self._messages.get(str(uuid.UUID(message_id)))
        if message is None or message.service is not service:
            raise no_result()
        return message

    def one(self, service: Service, message_id: str) -> Response:
        """GET /v2/notifications/{id}: whatever the kind of key."""
        return self._json(self._state(self._message(service, message_id), self._context.clock.time()))

    def _state(self, message: Message, now: float) -> dict[str, Any]:
        unknown = {"line_7", "one_click_unsubscribe", "status_description", "provider_response"}
        if message.channel != "letter":
            unknown.add("estimated_delivery")
        return message.state(self._context.base_url, now).model_dump(exclude=unknown)

    @staticmethod
    def _json(value: object) -> Response:
        return json_response(200, value)

    def pdf(self, service: Service, message_id: str) -> Response:
        """GET /v2/notifications/{id}/pdf."""
        message = self._message(service, message_id)
        now = self._context.clock.time()
        if message.channel != "letter":
            raise bad_request("Notification is not a letter")
        status = message.status(now)
        if status == "virus-scan-failed":
            raise bad_request("File did not pass the virus scan")
        if status == "technical-failure":
            raise bad_request("PDF not available for letters in status technical-failure")
        if status == "pending-virus-check" or (message.pdf is None and now < message.pdf_at()):
            raise Refusal(400, [("PDFNotReadyError", "PDF not available yet, try again later")])
        return Response(200, {"content-type": "application/pdf"}, message.pdf or _drawn(message))

    def many(self, service: Service, key: ApiKey, call: Call) -> Response:
        """GET /v2/notifications: those of the same kind of key, newest first."""
        query: dict[str, Any] = {}
        for name, value in call.query:
            if name in ("status", "template_type"):
                query.setdefault(name, []).append(value)
            else:
                query.setdefault(name, value)
        self._forms.check(schemas.NOTIFICATIONS, query)
        now = self._context.clock.time()
        statuses = frozenset().union(*(_GROUPS.get(name, {name}) for name in query.get("status", ())))
        channels = query.get("template_type", ())
        found = [
            message
            for message in self._messages.newest_first(service.id)
            if message.key.kind == key.kind
            and (not channels or message.channel in channels)
            and ("reference" not in query or message.reference == query["reference"])
            and (not statuses or message.status(now) in statuses)
        ]
        if "older_than" in query:
            found = self._after(found, service, str(uuid.UUID(query["older_than"])))
        page = found[: self._platform.list_page_size]
        url = f"{self._context.base_url}{wire.NOTIFICATIONS_PATH}"
        links = {"current": _with_query(url, call.query)}
        if page:
            rest = [pair for pair in call.query if pair[0] != "older_than"]
            links["next"] = _with_query(url, [*rest, ("older_than", page[-1].id)])
        return self._json({"links": links, "notifications": [self._state(message, now) for message in page]})

    def _after(self, found: Sequence[Message], service: Service, message_id: str) -> list[Message]:
        marker = self._messages.get(message_id)
        if marker is None or marker.service is not service:
            return []
        ordered = self._messages.newest_first(service.id)
        older = {message.id for message in ordered[ordered.index(marker) + 1 :]}
        return [message for message in found if message.id in older]

    def received(self, service: Service, call: Call) -> Response:
        """GET /v2/received-text-messages."""
        query = dict(call.query)
        self._forms.check(schemas.RECEIVED, query)
        with self._messages.lock:
            kept = list(self._texts.get(service.id, ()))
        texts = [*((self._made_at, text) for text in service.received_text_messages), *kept][::-1]
        if "older_than" in query:
            wanted = str(uuid.UUID(query["older_than"]))
            ids = [text.id for _, text in texts]
            texts = texts[ids.index(wanted) + 1 :] if wanted in ids else []
        page = texts[: self._platform.list_page_size]
        url = f"{self._context.base_url}/v2/received-text-messages"
        links = {"current": url}
        if page:
            links["next"] = _with_query(url, [("older_than", page[-1][1].id)])
        shown = [{**text.model_dump(), "created_at": write(at), "service_id": service.id} for at, text in page]
        return self._json({"links": links, "received_text_messages": shown})

    def template(self, service: Service, template_id: str, version: int = 0) -> Response:
        """GET /v2/template/{id} and its versions; archived templates too."""
        found, wanted = self._template(service, template_id, version)
        return self._json(self._described(service, found, wanted))

    def _template(self, service: Service, template_id: str, version: int) -> tuple[Template, TemplateVersion]:
        if not schemas.is_uuid(template_id):
            raise invalid("id is not a valid UUID")
        template = service.by_template_id.get(str(uuid.UUID(template_id)))
        wanted = template.version(version) if template else None
        if template is None or wanted is None:
            raise no_result()
        return template, wanted

    def _described(self, service: Service, template: Template, version: TemplateVersion) -> dict[str, object]:
        at = write(self._made_at)
        block = service.contact_block(template) if template.type == "letter" else None
        return {
            "id": template.id,
            "name": template.name,
            "type": template.type,
            "created_at": at,
            "updated_at": at if version.version > 1 else None,
            "created_by": template.created_by,
            "version": version.version,
            "body": version.content,
            "subject": version.subject,
            "letter_contact_block": block or None,
            "personalisation": {name: {"required": True} for name in contents.wanted(service, template, version)},
            "postage": template.postage,
        }

    def templates(self, service: Service, call: Call) -> Response:
        """GET /v2/templates: those that are not archived, by name and then type."""
        query = dict(call.query)
        self._forms.check(schemas.TEMPLATES, query)
        found = [
            template
            for template in service.templates
            if not template.archived and query.get("type", template.type) == template.type
        ]
        found.sort(key=lambda template: (template.name, template.type))
        return self._json({"templates": [self._described(service, template, template.current) for template in found]})

    def preview(self, service: Service, template_id: str, raw: bytes) -> Response:
        """POST /v2/template/{id}/preview."""
        body = body_of(raw) if raw else {}
        self._forms.check(schemas.PREVIEW, {**body, "id": template_id} if isinstance(body, dict) else body)
        template, version = self._template(service, template_id, 0)
        values = body.get("personalisation", {})
        filled = contents.fill(service, template, version, values)
        return self._json(
            {
                "id": template.id,
                "type": template.type,
                "version": version.version,
                "body": filled.body,
                "html": contents.html_body(version, values) if template.type == "email" else None,
                "subject": filled.subject,
                "postage": template.postage,
            }
        )


def _with_query(url: str, query: Sequence[tuple[str, str]]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _drawn(message: Message) -> bytes:
    """A PDF of one page with nothing on it but that it is a sandbox's: the smallest that viewers open."""
    text = b"BT /F1 18 Tf 72 760 Td (A letter of the sandbox: " + message.id.encode() + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table) + trailer
