"""Messages as their readers see them, which the outbox page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from govcomponents.sandbox.plugins.records import Action


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message: its name, its type and what is in it."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message, rendered. `kind` is "email", "sms" or "letter".

    `text` is what a reader sees without HTML; `html` the whole document of an email (made by the stub, with
    every value escaped) or None; `fragments` how many a text message takes; `sender` who it seems to come from;
    `marks` what can happen to it yet, such as that it bounces.
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
    template_id: str = ""
    attachments: Sequence[Attachment] = ()
    marks: Sequence[Action] = ()


@runtime_checkable
class KeepsMessages(Protocol):
    """A stub that keeps what was sent; the outbox page shows it."""

    def outbox(self) -> Sequence[OutboxMessage]:
        """All messages that it still holds, oldest first."""
        ...


@runtime_checkable
class KnowsTemplates(Protocol):
    """A stub that knows from which templates messages can be sent; one without templates has none."""

    def templates(self) -> Mapping[str, str]:
        """Return the name of each template by its id."""
        ...


@runtime_checkable
class SearchesMessages(Protocol):
    """A stub that finds messages without rendering all of them, and to whose messages something can happen."""

    def newest_messages(self, words: Sequence[str], limit: int) -> tuple[list[OutboxMessage], int]:
        """The newest messages that hold all words (in lower case), newest first, and how many there are of all."""
        ...

    def outbox_message(self, message_id: str) -> OutboxMessage | None:
        """One message."""
        ...

    def delete_message(self, message_id: str) -> None:
        """Take one off the outbox; the provider's API still knows it. Raises LookupError."""
        ...

    def mark_message(self, message_id: str, mark: str) -> None:
        """Let one of its marks happen. Raises LookupError if it cannot now."""
        ...
