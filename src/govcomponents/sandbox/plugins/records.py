"""Records of a stub for people: payments, refunds, sign-ins and so on, each with its history and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

KINDS: Mapping[str, str] = {
    "payments": "Payments",
    "refunds": "Refunds",
    "disputes": "Disputes",
    "agreements": "Agreements",
    "sign-ins": "Sign-ins",
    "people": "People",
    "keys": "Keys",
    "templates": "Templates",
}
"""The kinds that the pages know, with what they are called."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One step of a record's history."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done to a record: its name for programs, and the words on its button."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing that a stub keeps. `title` is what a person knows it by; `text` is shown whole, such as a template's.

    `facts` are pairs of a name and a value; `related` pairs of a kind and an id that belong to it.
    """

    id: str
    title: str
    status: str = ""
    at: datetime | None = None
    reference: str | None = None
    facts: Sequence[tuple[str, str]] = ()
    text: str = ""
    history: Sequence[Happened] = ()
    related: Sequence[tuple[str, str]] = ()
    actions: Sequence[Action] = ()


@runtime_checkable
class KeepsRecords(Protocol):
    """A stub whose records the pages show."""

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of all records of a kind, oldest first; nothing for a kind that it has not."""
        ...

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        ...

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Do one of the record's actions. Raises LookupError if it cannot be done now."""
        ...
