"""GC Notify's wire, where it differs from its family's: keys, files, times to send at, and jobs.

Sources: GC Notify docs; cds-snc/notification-api, its OpenAPI description and `app/v2`. Where the description, the docs
and the service differ, all forms are read and the described one is sent: the service takes the words that a message's
status has, not those that the description lists for searching.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.responses import Wire
from govcomponents.core.times import time_or_none, utc_time
from govcomponents.errors import NotSupported
from govcomponents.notify.adapters.notifications_api.wire import JSON, NotificationsWire, read_optional_time
from govcomponents.notify.bulk.spreadsheets import RECIPIENT_COLUMNS
from govcomponents.notify.models import Channel, Job, JobStatus, Status, TemplateId
from govcomponents.notify.templates.attachments import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.notify.inputs import JobInput, SmsInput

BASE_URL: Final = "https://api.notification.canada.ca"
JOBS_PATH: Final = "/v2/notifications/bulk"

# `gcntfy-{name}-{service id}-{secret}`, of which the service takes only the whole (GC Notify docs: "API keys",
# "Headers"; cds-snc/notification-api, `app/dao/api_key_dao.py`). Nothing in it says whether it is a live key.
_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
KEY_SHAPE: Final = re.compile(rf"gcntfy-[\x20-\x7e]*-{_UUID}-{_UUID}")

MAX_FILES: Final = 10
MAX_TOTAL: Final = 6 * 1024 * 1024
MAX_ROWS: Final = 50_000
_SHORTEST_NAME: Final = 3
_PHONE: Final = re.compile(r"\+?[0-9 ().\-\u00a0]+")

JOB_STATUSES: Final[Mapping[str, JobStatus]] = {
    "pending": JobStatus.PENDING,
    "scheduled": JobStatus.SCHEDULED,
    "ready to send": JobStatus.READY,
    "in progress": JobStatus.IN_PROGRESS,
    "finished": JobStatus.FINISHED,
    "sending limits exceeded": JobStatus.LIMITS_EXCEEDED,
    "cancelled": JobStatus.CANCELLED,
    "error": JobStatus.FAILED,
}


class JobState(Wire):
    """A job, as the answer describes it. No operation takes its id."""

    id: str
    job_status: str
    notification_count: int
    original_file_name: str | None = None
    template: str
    template_version: int | None = None
    template_type: str | None = None
    created_at: str | None = None
    scheduled_for: str | None = None
    sender_id: str | None = None


class JobAccepted(Wire):
    """The answer to a job that was accepted."""

    data: JobState


def _text_of(value: object) -> object:
    """Write one value of personalisation as the description has it: a text. A list stays one, which makes bullets."""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_text_of(item) for item in value]
    return value


class GcWire(NotificationsWire):
    """Requests and answers of GC Notify."""

    provider = "GC Notify"
    lookup = (
        "wait a few minutes, because GC Notify stores a message some time after it accepts it, then search for the "
        "message's reference before sending it again"
    )
    statuses: Mapping[str, Status] = {
        "created": Status.QUEUED,
        "pending-virus-check": Status.QUEUED,
        "sending": Status.SENDING,
        "pending": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "temporary-failure": Status.TEMPORARY_FAILURE,
        "permanent-failure": Status.PERMANENT_FAILURE,
        "provider-failure": Status.PERMANENT_FAILURE,
        "technical-failure": Status.TECHNICAL_FAILURE,
        "validation-failed": Status.REJECTED,
        "virus-scan-failed": Status.REJECTED,
        "pii-check-failed": Status.REJECTED,
        "cancelled": Status.CANCELLED,
    }

    def values(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Write the values of placeholders, without files."""
        return {name: _text_of(value) for name, value in values.items()}

    def email_values(self, values: Mapping[str, object], operation: str) -> Mapping[str, object]:
        """Write the personalisation of an email, with each file as an object of the API."""
        files = [value for value in values.values() if isinstance(value, Attachment)]
        if len(files) > MAX_FILES:
            raise self.refused(
                "personalisation", "it holds more than 10 files", "send at most 10 files with an email", operation
            )
        if sum(len(file.content) * 3 // 4 for file in files) > MAX_TOTAL:
            raise self.refused(
                "personalisation",
                "its files are larger than 6 MB together",
                "keep an email and its files within 6 MB",
                operation,
            )
        written = self.values(values)
        return {
            name: self._file(value, operation) if isinstance(value, Attachment) else value
            for name, value in written.items()
        }

    def _file(self, attachment: Attachment, operation: str) -> dict[str, object]:
        """Write a file: attached, or behind a link that lives for 7 days (GC Notify docs: Sending a file by email)."""
        for option, given in (
            ("asking for the address before a download", attachment.confirm_email),
            ("keeping a file for a number of weeks", attachment.retention_weeks),
        ):
            if given is not None:
                raise NotSupported(
                    option,
                    provider=self.provider,
                    operation=operation,
                    fix="leave that option of attach() out: a link lives for 7 days, and opens without a question",
                )
        if attachment.filename is None or len(attachment.filename) < _SHORTEST_NAME:
            raise self.refused(
                "personalisation",
                "a file has no name, or one below 3 characters",
                "give attach() a filename with its extension",
                operation,
            )
        return {
            "file": attachment.content,
            "filename": attachment.filename,
            "sending_method": "link" if attachment.as_link else "attach",
        }

    def send_sms(self, message: SmsInput) -> Request:
        """POST a text message.

        The service looks for a number anywhere in the text that it is given, so "call 613 253 2222" would be sent to
        that number; anything but a number is refused here.
        """
        if not _PHONE.fullmatch(message.to.reveal().strip()):
            raise self.refused(
                "to", "it is not a phone number alone", "give one number, such as +16132532222", "notify.send_sms"
            )
        return super().send_sms(message)

    def extra_fields(self, extra: Mapping[str, object], operation: str) -> Mapping[str, object]:
        """Check the provider's own fields: `scheduled_for` is one of them."""
        if "scheduled_for" not in extra:
            return extra
        return {**extra, "scheduled_for": self.scheduled_for(extra["scheduled_for"], operation)}

    def scheduled_for(self, moment: object, operation: str) -> object:
        """Write the time at which a message goes out: UTC, without an offset.

        The service discards an offset instead of converting the time, so a text with one is refused here (GC Notify
        docs: "scheduled_for"; cds-snc/notification-api, `app/schema_validation`). Raises InvalidInput.
        """
        problem = None
        if isinstance(moment, datetime):
            if moment.tzinfo is not None:
                return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
            problem = "it is a datetime without a zone"
        elif isinstance(moment, str):
            try:
                utc_time(moment)
            except ValueError:
                problem = "it is not a time in ISO 8601"
            else:
                if time_or_none(moment) is not None:
                    problem = "it has an offset, which the provider would discard"
        if problem is not None:
            fix = "give a datetime with its zone, or a text in UTC without an offset, such as 2026-03-02T15:00:00"
            raise self.refused("scheduled_for", problem, fix, operation)
        return moment

    def post_job(self, job: JobInput) -> Request:
        """POST a job, which is accepted whole or refused whole (GC Notify docs: Send in bulk)."""
        operation = "notify.send_job"
        if len(job.rows) > MAX_ROWS:
            raise self.refused("rows", "there are more than 50,000", "send several jobs, or use send_many", operation)
        fields: dict[str, object] = {
            "name": job.name,
            "template_id": self.template_id(job.template, operation),
            "rows": [[RECIPIENT_COLUMNS[job.channel], *job.columns], *job.rows],
        }
        if job.reference is not None:
            fields["reference"] = job.reference
        if job.sender is not None:
            fields["reply_to_id"] = self.uuid(
                job.sender,
                field="sender",
                fix="copy the id of the address or sender from Settings",
                operation=operation,
            )
        if job.send_at is not None:
            fields["scheduled_for"] = self.scheduled_for(job.send_at, operation)
        lookup = (
            "look for the job by its name in the service's pages, or search with include_jobs for its messages, "
            "before sending it again"
        )
        body = self.body(fields, operation, field="rows")
        return Request(operation, "POST", JOBS_PATH, Replay.UNSENT, JSON, body, lookup=lookup, template=JOBS_PATH)

    def to_job(self, channel: Channel, response: Response, request: Request) -> Job:
        """Read the answer to a job that was accepted."""
        accepted, raw = self.read(JobAccepted, response, request)
        state = accepted.data
        try:
            created_at, send_at = read_optional_time(state.created_at), read_optional_time(state.scheduled_for)
        except ValueError:
            raise self.unexpected("a time is not written as one", response, request) from None
        return Job(
            id=state.id,
            name=state.original_file_name,
            channel=channel if state.template_type is None else Channel(state.template_type),
            status=JOB_STATUSES.get(state.job_status, JobStatus.UNKNOWN),
            raw_status=state.job_status,
            count=state.notification_count,
            template_id=TemplateId(state.template),
            template_version=state.template_version,
            created_at=created_at,
            scheduled_for=send_at,
            raw=raw,
        )


WIRE: Final = GcWire()
