"""Writes messages to a stream instead of sending them: a notify adapter whose provider speaks no HTTP."""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime
from typing import Self, TextIO

from govcomponents import Personal, errors, notify
from govcomponents import adapters as sdk
from govcomponents.adapters import NotifyCapability as Can

Message = sdk.EmailInput | sdk.SmsInput
LOOKUP = "look at what was written before writing it again"


class Console(sdk.NotifyPort):
    """Writes each message as a line of JSON, and keeps what it wrote for as long as the process lives."""

    provider = "the console"
    capabilities = frozenset({Can.EMAIL, Can.SMS, Can.GET})

    def __init__(self, runtime: sdk.Runtime, stream: TextIO) -> None:
        self._runtime = runtime
        self._stream = stream
        self._kept: dict[str, notify.Notification] = {}

    @classmethod
    def from_settings(cls, settings: sdk.NotifySettings, runtime: sdk.Runtime) -> Self:
        settings.own_settings()
        return cls(runtime, sys.stdout)

    async def send_email(self, email: sdk.EmailInput) -> notify.Sent:
        return await self._write(notify.Channel.EMAIL, email, "notify.send_email")

    async def send_sms(self, message: sdk.SmsInput) -> notify.Sent:
        return await self._write(notify.Channel.SMS, message, "notify.send_sms")

    async def get(self, notification_id: notify.NotificationId) -> notify.Notification:
        if notification_id not in self._kept:
            raise errors.NotFound("nothing was written under this id", fix="check the id", operation="notify.get")
        return self._kept[notification_id]

    async def _write(
        self, channel: notify.Channel, message: sdk.EmailInput | sdk.SmsInput, operation: str
    ) -> notify.Sent:
        if message.extra:
            problem = "a console has no fields of its own"
            raise errors.InvalidInput(field="extra", problem=problem, fix="leave it out", operation=operation)
        number = notify.NotificationId(str(uuid.uuid4()))
        values = {name: str(value) for name, value in message.personalisation.items()}
        body = f"{message.template}: {values}"
        line = json.dumps({"id": number, "to": message.to.reveal(), "body": body}) + "\n"

        def work() -> None:
            try:
                self._stream.write(line)
            except OSError as error:
                raise errors.NotSent(f"nothing was written ({type(error).__name__})", operation=operation) from None
            try:
                self._stream.flush()
            except OSError as error:
                happened = f"it may have been written ({type(error).__name__})"
                raise errors.OutcomeUnknown(happened, lookup=LOOKUP, operation=operation) from None

        await self._runtime.transport.run_blocking(work)  # keeps an event loop free while the stream is slow
        facts = {
            "id": number,
            "channel": channel,
            "reference": message.reference,
            "template_id": notify.TemplateId(message.template),
            "template_version": None,
            "subject": None,
            "body": Personal(body),
            "raw": {},
        }
        self._kept[number] = notify.Notification(
            **facts,
            status=notify.Status.SENT,
            raw_status="written",
            recipient=message.to,
            address=None,
            created_at=datetime.fromtimestamp(self._runtime.clock(), UTC),
            sent_at=None,
            completed_at=None,
        )
        return notify.Sent(**facts, sender=None)
