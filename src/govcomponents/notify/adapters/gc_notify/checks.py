"""Checks of what callers pass to GC Notify: ids, and the time at which a message goes out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from govcomponents.errors import InvalidInput

PROVIDER: Final = "GC Notify"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def refuse(field: str, problem: str, fix: str, operation: str) -> InvalidInput:
    """The error for an argument that cannot be sent as it is."""
    return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=PROVIDER)


def uuid(value: str, *, field: str, fix: str, operation: str) -> str:
    """Return an id as the description writes it, in lower case. Raises InvalidInput unless it is a UUID."""
    if not _UUID.fullmatch(value):
        raise refuse(field, "it is not a UUID", fix, operation)
    return value.lower()


def template_id(template: str, operation: str) -> str:
    """Return a template's id. Raises InvalidInput unless it is a UUID."""
    return uuid(template, field="template", fix="copy the template's id from its page", operation=operation)


def scheduled_for(moment: object, operation: str) -> object:
    """Write the time at which a message goes out: UTC, without an offset.

    The service discards an offset instead of converting the time, so a text with one is refused here (GC Notify docs:
    "scheduled_for"; cds-snc/notification-api, `app/schema_validation`). Raises InvalidInput.
    """
    fix = "give a datetime with its zone, or a text in UTC without an offset, such as 2026-03-02T15:00:00"
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise refuse("scheduled_for", "it is a datetime without a zone", fix, operation)
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    if isinstance(moment, str):
        try:
            has_offset = datetime.fromisoformat(moment).tzinfo is not None
        except ValueError:
            raise refuse("scheduled_for", "it is not a time in ISO 8601", fix, operation) from None
        if has_offset:
            raise refuse("scheduled_for", "it has an offset, which the provider would discard", fix, operation)
    return moment
