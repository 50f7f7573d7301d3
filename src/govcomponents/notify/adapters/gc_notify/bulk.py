"""GC Notify's wire for jobs: many messages in one request.

The request is all or nothing, and its answer holds a job's id that no operation takes. Source: GC Notify docs, "Send
in bulk"; cds-snc/notification-api, its OpenAPI description and `app/v2/notifications/post_notifications.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from govcomponents.core.messages import Replay, Request
from govcomponents.core.responses import Wire
from govcomponents.notify.adapters.gc_notify.checks import refuse, scheduled_for, template_id, uuid
from govcomponents.notify.adapters.gc_notify.wire import JSON, body, read, read_optional_time, unexpected
from govcomponents.notify.bulk.jobs import Job, JobStatus
from govcomponents.notify.bulk.spreadsheets import RECIPIENT_COLUMNS
from govcomponents.notify.models import Channel, TemplateId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.core.messages import Response
    from govcomponents.notify.bulk.jobs import JobInput

BULK_PATH: Final = "/v2/notifications/bulk"
MAX_ROWS: Final = 50_000
STATUSES: Final[Mapping[str, JobStatus]] = {
    "pending": JobStatus.PENDING,
    "scheduled": JobStatus.SCHEDULED,
    "ready to send": JobStatus.READY,
    "in progress": JobStatus.IN_PROGRESS,
    "finished": JobStatus.FINISHED,
    "sending limits exceeded": JobStatus.LIMITS_EXCEEDED,
    "cancelled": JobStatus.CANCELLED,
    "error": JobStatus.FAILED,
}
_LOOKUP: Final = (
    "look for the job by its name in the service's pages, or search with include_jobs for its messages, before "
    "sending it again"
)


class JobState(Wire):
    """A job, as the answer describes it."""

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


def post_job(job: JobInput) -> Request:
    """POST a job."""
    operation = "notify.send_job"
    if len(job.rows) > MAX_ROWS:
        raise refuse("rows", "there are more than 50,000", "send several jobs, or use send_many", operation)
    heading = [RECIPIENT_COLUMNS[job.channel], *job.columns]
    fields: dict[str, object] = {
        "name": job.name,
        "template_id": template_id(job.template, operation),
        "rows": [heading, *job.rows],
    }
    if job.reference is not None:
        fields["reference"] = job.reference
    if job.sender is not None:
        fields["reply_to_id"] = uuid(
            job.sender, field="sender", fix="copy the id of the address or sender from Settings", operation=operation
        )
    if job.send_at is not None:
        fields["scheduled_for"] = scheduled_for(job.send_at, operation)
    content = body(fields, operation, field="rows")
    return Request(operation, "POST", BULK_PATH, Replay.UNSENT, JSON, content, None, _LOOKUP)


def to_job(channel: Channel, response: Response, request: Request) -> Job:
    """Read the answer to a job that was accepted."""
    accepted, raw = read(JobAccepted, response, request)
    state = accepted.data
    try:
        created_at, send_at = read_optional_time(state.created_at), read_optional_time(state.scheduled_for)
    except ValueError:
        raise unexpected("a time is not written as one", response, request) from None
    return Job(
        id=state.id,
        name=state.original_file_name,
        channel=channel if state.template_type is None else Channel(state.template_type),
        status=STATUSES.get(state.job_status, JobStatus.UNKNOWN),
        provider_status=state.job_status,
        count=state.notification_count,
        template_id=TemplateId(state.template),
        template_version=state.template_version,
        created_at=created_at,
        scheduled_for=send_at,
        raw=raw,
    )
