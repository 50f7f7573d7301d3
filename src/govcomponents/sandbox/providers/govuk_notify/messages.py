"""The messages that the services sent, and what becomes of each as the clock goes on.

Nothing runs by itself: a message's status is worked out from the clock when somebody looks.
Source: GOV.UK Notify docs, "Message status" and "Testing"; alphagov/notifications-api, `app/models.py`;
alphagov/notifications-utils, `letter_timings.py`, without bank holidays: a sandbox's dates are invented.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from govcomponents.notify.adapters.govuk_notify.wire import write_time
from govcomponents.notify.adapters.notifications_api import wire
from govcomponents.sandbox.notifications_api.messages import KeptMessages, Moving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.sandbox.providers.govuk_notify.world import ApiKey, Service, Template


SENDING_AFTER = 0.5
FINAL_AFTER = 2.0
PDF_AFTER = 2.0

_SMS_RATE = 0.0227
_SHEET_RATES: Mapping[str, float] = {"first": 1.53, "second": 0.68, "economy": 0.6, "europe": 1.72}
_REST_OF_WORLD_RATE = 1.72
_COMPLETED = frozenset(
    {
        *("sent", "delivered", "failed", "technical-failure", "temporary-failure", "permanent-failure"),
        *("returned-letter", "cancelled", "validation-failed"),
    }
)

# Calling prefixes whose networks report nothing back, so that a message stays `sent`.
_SILENT_PREFIXES = frozenset(
    {
        *(1, 52, 54, 56, 57, 84, 86, 211, 222, 228, 229, 231, 236, 238, 239, 240, 245, 246, 249, 252, 253, 257, 262),
        *(263, 266, 269, 297, 298, 299, 373, 378, 383, 504, 505, 508, 509, 593, 594, 595, 596, 597, 670, 672, 674),
        *(676, 677, 678, 680, 681, 682, 683, 685, 686, 690, 691, 692, 886, 960, 967, 970, 975, 993),
    }
)


@dataclass(slots=True)
class Message(Moving):
    """One message. `steps` is what its status becomes after so many seconds, the first one at once."""

    id: str
    service: Service
    key: ApiKey
    channel: Literal["email", "sms", "letter"]
    template: Template | None
    template_id: str
    template_version: int
    created_at: float
    to: str | None
    reference: str | None
    body: str
    subject: str | None
    steps: tuple[tuple[float, str], ...]
    personalisation: Mapping[str, object] = field(default_factory=dict)
    fragments: int = 0
    multiplier: int = 1
    postage: str | None = None
    unsubscribe_url: str | None = None
    pdf: bytes | None = None
    sender: str = ""
    told: str = "created"
    html: str | None = None
    text: str = ""
    files: tuple[tuple[str, str], ...] = ()
    """The names of the files behind its links, each with the file in base64."""

    def status(self, now: float) -> str:
        """The status by the clock, in the provider's own words, before letters are shown otherwise."""
        return self.step(now)[1]

    def shown_status(self, now: float) -> str:
        """The status as the API shows it."""
        status = self.status(now)
        if self.channel == "letter":
            return {"created": "accepted", "sending": "accepted", "delivered": "received"}.get(
                status, "received" if status == "returned-letter" else status
            )
        return status

    def pdf_at(self) -> float:
        """Time at which a letter's PDF is there, in seconds since the epoch."""
        return self.created_at + PDF_AFTER

    def cost(self, now: float) -> tuple[bool, float | None, dict[str, object]]:
        """Whether the cost is known, the cost in pounds, and its details."""
        status = self.status(now)
        if self.channel == "email":
            return True, 0.0, {}
        if self.channel == "sms":
            if status == "created":
                return False, None, {}
            details = {
                "billable_sms_fragments": self.fragments,
                "international_rate_multiplier": self.multiplier,
                "sms_rate": _SMS_RATE,
            }
            return True, round(self.fragments * self.multiplier * _SMS_RATE, 4), dict(details)
        if status == "pending-virus-check" or (self.key.kind != "test" and now < self.pdf_at()):
            return False, None, {}
        printed = self.key.kind != "test" and status in ("created", "sending", "delivered", "returned-letter")
        sheets = 1 if printed else 0
        postage = self.postage or "second"
        rate = _SHEET_RATES.get(postage, _REST_OF_WORLD_RATE)
        return True, rate * sheets, {"billable_sheets_of_paper": sheets, "postage": self.postage}

    def state(self, host: str, now: float) -> wire.NotificationState:
        """The message as the API gives it."""
        at, status = self.step(now)
        ready, cost, details = self.cost(now)
        sent = self.channel != "letter" and status not in ("created", "pending-virus-check")
        values = self.personalisation
        lines = {f"line_{number}": _line(values, f"address_line_{number}") for number in range(1, 7)}
        is_letter = self.channel == "letter"
        return wire.NotificationState(
            id=self.id,
            reference=self.reference,
            email_address=self.to if self.channel == "email" else None,
            phone_number=self.to if self.channel == "sms" else None,
            **(lines if is_letter else {}),
            postcode=_line(values, "postcode") if is_letter else None,
            type=self.channel,
            status=self.shown_status(now),
            template=wire.TemplateUsed(
                id=self.template_id,
                version=self.template_version,
                uri=f"{host}/v2/template/{self.template_id}/version/{self.template_version}",
            ),
            body=self.body,
            subject=self.subject,
            created_at=write(self.created_at),
            sent_at=write(self.created_at + SENDING_AFTER) if sent else None,
            completed_at=write(at) if status in _COMPLETED else None,
            postage=self.postage,
            one_click_unsubscribe_url=self.unsubscribe_url,
            estimated_delivery=write_moment(estimated_delivery(self.created_at, self.postage)) if is_letter else None,
            is_cost_data_ready=ready,
            cost_in_pounds=cost,
            cost_details=details,
        )


def _line(values: Mapping[str, object], key: str) -> str | None:
    value = values.get(key)
    return None if value is None else str(value)


def write(seconds: float) -> str:
    """Write a time of the clock as the API does."""
    return write_moment(datetime.fromtimestamp(seconds, UTC))


def write_moment(moment: datetime) -> str:
    """Write a time as the API does."""
    return write_time(moment)


def outcome(
    channel: Literal["email", "sms"], raw: str, kind: str, *, international: bool = False, country_code: int = 44
) -> tuple[tuple[float, str], ...]:
    """Steps of a message's status: the recipients that fail with a test key are matched as they were written."""
    if kind == "test":
        failures = {
            ("sms", "7700900003"): "temporary-failure",
            ("sms", "7700900002"): "permanent-failure",
            ("email", "temp-fail@simulator.notify"): "temporary-failure",
            ("email", "perm-fail@simulator.notify"): "permanent-failure",
        }
        wanted = raw.strip()[-10:] if channel == "sms" else raw.strip()
        final = failures.get((channel, wanted), "delivered")
        return _sent_then(final)
    if international:
        steps = ((0.0, "created"), (SENDING_AFTER, "sent"))
        return steps if country_code in _SILENT_PREFIXES else (*steps, (FINAL_AFTER, "delivered"))
    return _sent_then("delivered")


@cache
def _sent_then(final: str) -> tuple[tuple[float, str], ...]:
    """The usual way of a message; all that go it share one tuple."""
    return ((0.0, "created"), (SENDING_AFTER, "sending"), (FINAL_AFTER, final))


class Messages(KeptMessages[Message]):
    """All messages of a sandbox. Safe to share between threads."""

    def __init__(self) -> None:
        super().__init__()
        self._by_service: dict[str, list[Message]] = {}

    def add(self, message: Message) -> None:
        """Keep one. The names of its values are those of its template: it shares them with the other messages."""
        message.personalisation = {sys.intern(name): value for name, value in message.personalisation.items()}
        with self.lock:
            super().add(message)
            self._by_service.setdefault(message.service.id, []).append(message)

    def newest_first(self, service_id: str) -> list[Message]:
        """All messages of a service."""
        with self.lock:
            return self._by_service.get(service_id, [])[::-1]

    def newest(self) -> Iterator[Message]:
        """All that are on the outbox, newest first."""
        return (message for message in reversed(self.all()) if message.id not in self.hidden)


_LONDON = ZoneInfo("Europe/London")
_CUT_OFF = time(17, 30)
_ARRIVAL = time(16, 0)
_SATURDAY = 5
_SUNDAY = 6
# Working days after printing, and the last weekday on which that post is delivered.
_DAYS = {"first": (1, _SATURDAY), "second": (5, _SATURDAY), "economy": (7, _SATURDAY), "europe": (6, 4)}
_REST_OF_WORLD = (8, 4)


def estimated_delivery(created_at: float, postage: str | None) -> datetime:
    """The latest time at which a letter accepted then is expected."""
    created = datetime.fromtimestamp(created_at, _LONDON)
    day = created.date()
    if created.time() >= _CUT_OFF:
        day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    count, last_weekday = _DAYS.get(postage or "second", _REST_OF_WORLD)
    day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    while count:
        day += timedelta(days=1)
        if day.weekday() <= last_weekday:
            count -= 1
    return datetime.combine(day, _ARRIVAL, _LONDON).astimezone(UTC)
