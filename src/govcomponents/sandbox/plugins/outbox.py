"""Messages as their readers see them, which the outbox page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message, rendered. `kind` is "email", "sms" or "letter".

    `text` is what a reader sees without HTML; `html` the whole document of an email (made by the stub, with
    every value escaped) or None; `fragments` how many a text message takes; `sender` who it seems to come from.
    """

    id: str
    kind: str
    at: datetime
    to: str
    text: str
    status: str
    sender: str = ""
    subject: str = ""
    html: str | None = None
    fragments: int | None = None
    reference: str | None = None
    template: str = ""


@runtime_checkable
class KeepsMessages(Protocol):
    """A stub that keeps what was sent; the outbox page shows it."""

    def outbox(self) -> Sequence[OutboxMessage]:
        """All messages that it still holds, oldest first."""
        ...
