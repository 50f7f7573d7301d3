"""Events as rows: written with what they hold about people, to be sealed, and read back as the same classes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from pydantic import TypeAdapter

from govcomponents.pay.ids import PaymentId
from govcomponents.pay.models import Payment
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.core.results import Result

_SUBJECTS = ("payment_id", "notification_id", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """A call of the outbox that was refused or given up, and will not be made any more unless somebody sees to it.

    `is_refused` is true if the provider said no. `problem` is the class of the error and the provider's code, or why it
    was given up: TooLate (it was not made), InDoubt, Poison, KeyMissing, NotConfigured or PayloadLost (it may have been
    made, where it had been tried before: look at the provider before you make another).
    """

    key: str
    operation: str
    account: str
    reference: str
    journey: str | None
    is_refused: bool
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFound:
    """A payment that was made, and whose making was not brought to its end: the process died, or the answer was lost.

    Its person may still be on the way to the page, or may have paid: handlers are given the `payment` as it stands now.
    """

    key: str
    account: str
    payment_id: PaymentId
    reference: str
    journey: str | None
    payment: Payment | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureDue:
    """A payment with `delayed_capture` that nobody has captured or cancelled for four days: soon it is let go of."""

    key: str
    account: str
    payment_id: PaymentId
    reference: str
    journey: str | None
    payment: Payment | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureMissing:
    """A payment that its person has paid, and whose money the provider has not taken for eight days: ask them why."""

    key: str
    account: str
    payment_id: PaymentId
    reference: str
    journey: str | None
    payment: Payment | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesChanged:
    """Templates of the provider that are not what they were when they were locked. `problems` says which, and how."""

    key: str
    account: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyExpiring:
    """A key, secret or certificate of a component that ends soon, or has ended: `days_left` is 0 on its last day.

    `expires_on` is what the setting `key_expires_on` of the account says. No provider tells of it.
    """

    key: str
    account: str
    component: str
    expires_on: date
    days_left: int


OwnEvent: TypeAlias = GaveUp | PaymentFound | CaptureDue | CaptureMissing | TemplatesChanged | KeyExpiring
"""The events that the durable layer itself tells of."""


def kind_of(event: Result | OwnEvent, source: str) -> str:
    """Return the name under which an event's class is found again."""
    return f"{source}.{type(event).__name__}"


def subject_of(event: Result | OwnEvent, source: str) -> str:
    """Return a hash of what an event is about; of the event itself where it is about nothing else."""
    about = next((_plain(found) for name in _SUBJECTS if (found := getattr(event, name, None)) is not None), None)
    return subject_named(source, about) if about else hashed(f"{source}\0{event_key(event)}\0alone")


def subject_named(source: str, about: str) -> str:
    """Return the hash of an id that events of this source are about."""
    return hashed(f"{source}\0{about}")


def _plain(about: object) -> str:
    """An id of a person is a random one of the provider's. Nothing that could be guessed from its hash is taken."""
    return str(about.reveal() if isinstance(about, Personal) else about)


def event_key(event: Any) -> str:
    """Return what is the same each time that an event comes."""
    key: str = event.key
    return key


def hashed(text: str) -> str:
    """Return a hash of an id, which is not to be read in the table."""
    return hashlib.sha256(text.encode()).hexdigest()


def written(event: Result | OwnEvent) -> bytes:
    """Write an event whole, but for the provider's raw message: this is what is sealed."""
    if isinstance(event, OwnEvent):
        facts: dict[str, object] = {part.name: getattr(event, part.name) for part in fields(event)}
    else:
        facts = event.to_dict(reveal=True)
    facts.pop("kind", None)  # fixed by the class
    return json.dumps(facts, ensure_ascii=False, default=_day).encode()


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"an event holds a {type(value).__name__}")


def read(payload: bytes, kind: str) -> object:
    """Read an event back. Raises LookupError or ValueError if it is of a class that this version does not have."""
    return _adapter(kind).validate_json(payload)


def kinds_of(event: type[Any]) -> list[str]:
    """Return the names under which a class of events is stored; none if it is no class of events."""
    return [name for name, kind in _classes().items() if kind is event]


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_classes()[kind])


@cache
def _classes() -> dict[str, type[Any]]:
    from govcomponents.identity.events import IdentityEvent
    from govcomponents.notify.events import NotifyEvent
    from govcomponents.pay.events import PayEvent

    unions = {"pay": PayEvent, "notify": NotifyEvent, "identity": IdentityEvent}
    found = {f"{source}.{one.__name__}": one for source, union in unions.items() for one in get_args(union)}
    of_payments = {f"payments.{kind.__name__}": kind for kind in (PaymentFound, CaptureDue, CaptureMissing)}
    own = {"outbox.GaveUp": GaveUp, "templates.TemplatesChanged": TemplatesChanged, "keys.KeyExpiring": KeyExpiring}
    return found | own | of_payments
