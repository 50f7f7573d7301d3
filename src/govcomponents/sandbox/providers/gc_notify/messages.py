"""The messages that services of GC Notify sent, and what becomes of each as the clock goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from govcomponents.sandbox.notifications_api.messages import KeptMessages, Moving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.sandbox.plugins.outbox import Attachment
    from govcomponents.sandbox.providers.gc_notify.world import ApiKey, Service, Template

SENDING_AFTER: Final = 0.5
FINAL_AFTER: Final = 2.0
_FAILING: Final = {
    "+15149301633": "temporary-failure",
    "temp-fail@simulator.notify": "temporary-failure",
    "+15149301632": "permanent-failure",
    "perm-fail@simulator.notify": "permanent-failure",
}
_DESCRIBED: Final[Mapping[str, Mapping[str, str]]] = {
    "email": {
        "delivered": "Delivered",
        "sent": "Delivered",
        "permanent-failure": "No such address",
        "temporary-failure": "Content or inbox issue",
        "technical-failure": "Tech issue",
    },
    "sms": {
        "delivered": "Delivered",
        "sent": "Sent",
        "permanent-failure": "No such number",
        "temporary-failure": "Carrier issue",
        "technical-failure": "Tech issue",
    },
}
FINAL: Final = frozenset({"delivered", "permanent-failure", "temporary-failure", "technical-failure"})


@dataclass(slots=True)
class Message(Moving):
    """One message. `steps` is what its status becomes after so many seconds, the first one at once."""

    id: str
    service: Service
    key: ApiKey
    channel: Literal["email", "sms"]
    template: Template
    created_at: float
    to: str
    reference: str | None
    body: str
    subject: str | None
    html: str | None
    steps: tuple[tuple[float, str], ...]
    job_id: str | None = None
    scheduled_for: str | None = None
    fragments: int | None = None
    files: Sequence[Attachment] = field(default_factory=tuple)

    def described(self, status: str) -> str:
        """The words of GC Notify for a status."""
        return _DESCRIBED[self.channel].get(status, "In transit")

    def state(self, base_url: str, now: float) -> dict[str, object]:
        """The message as the API gives it."""
        at, status = self.step(now)
        is_sent = status not in ("created", "pending-virus-check")
        return {
            "id": self.id,
            "reference": self.reference,
            "email_address": self.to if self.channel == "email" else None,
            "phone_number": self.to if self.channel == "sms" else None,
            **{f"line_{number}": None for number in range(1, 7)},
            "postcode": None,
            "postage": None,
            "type": self.channel,
            "status": status,
            "status_description": self.described(status),
            "provider_response": None,
            "template": {
                "id": self.template.id,
                "version": self.template.version,
                "uri": f"{base_url}/v2/template/{self.template.id}/version/{self.template.version}",
            },
            "body": self.body,
            "subject": self.subject,
            "created_at": write(self.created_at),
            "created_by_name": None,
            "sent_at": write(self.created_at + self.steps[min(1, len(self.steps) - 1)][0]) if is_sent else None,
            "completed_at": write(at) if status in FINAL else None,
            "scheduled_for": self.scheduled_for,
        }


def outcome(recipient: str, kind: str, starts_after: float = 0.0) -> tuple[tuple[float, str], ...]:
    """Return what becomes of a message: with a test key some recipients fail."""
    final = _FAILING.get(recipient, "delivered") if kind == "test" else "delivered"
    return ((0.0, "created"), (starts_after + SENDING_AFTER, "sending"), (starts_after + FINAL_AFTER, final))


def write(seconds: float) -> str:
    """Write a time of the clock as the API does."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


Messages: TypeAlias = KeptMessages[Message]
"""All messages of a sandbox's GC Notify."""
