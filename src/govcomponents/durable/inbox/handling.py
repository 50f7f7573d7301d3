"""Handling: each event's handlers run in the transaction that marks it as done, so that their effect comes once."""

from __future__ import annotations

import inspect
import logging
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from govcomponents.durable.inbox.events import kinds_of, read
from govcomponents.durable.inbox.store import Waiting, claim_event, end_event, event_name, put_back
from govcomponents.durable.storage.sealing import PayloadLost
from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from govcomponents.durable.storage.sealing import PayloadKeys

log = logging.getLogger("govcomponents")

Handler: TypeAlias = "Callable[[Any, sa.Connection], object]"
"""A handler of events. Its effect goes into the transaction that it is given, and nothing in it is committed by it."""
E = TypeVar("E")

MAX_TRIES: Final = 10
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 3600.0


class Handlers:
    """The handlers of a service, by the class of event."""

    def __init__(self) -> None:
        self._by_kind: dict[type[Any], list[Callable[..., object]]] = {}
        self.kinds: list[str] = []

    def add(self, kind: object, handler: object) -> None:
        """Add one. Raises InvalidInput for what is no class, or cannot be called as a handler is."""
        if not isinstance(kind, type) or not (names := kinds_of(kind)):
            fix = "give the class of the events, such as PaymentChanged"
            raise InvalidInput(field="kind", problem="it is not a class of events", fix=fix, operation="when")
        if not callable(handler) or inspect.iscoroutinefunction(handler):
            fix = "give a plain function of two arguments: the event, and the transaction as a SQLAlchemy Connection"
            raise InvalidInput(field="handler", problem="it is not a plain function", fix=fix, operation="when")
        self._by_kind.setdefault(kind, []).append(handler)
        self.kinds += [name for name in names if name not in self.kinds]

    def of(self, event: object) -> list[Callable[..., object]]:
        """Return the handlers of an event's class."""
        return self._by_kind.get(type(event), [])


def handle_next(engine: sa.Engine, keys: PayloadKeys, handlers: Handlers, *, lease: float) -> str | None:
    """Handle the next event, if one is due. Returns "handled", "failed" or "gave_up"; None if there is none."""
    with engine.begin() as connection:
        row = claim_event(connection, handlers.kinds, lease=lease, me=secrets.token_hex(8))
    if row is None:
        return None
    if row.claims > MAX_TRIES:
        return _give_up(engine, row, "TooManyTries")
    try:
        event = read(keys.unseal(row.payload, event_name(row.source, row.account, row.key)), row.kind)
    except (PayloadLost, LookupError, ValueError) as error:
        return _give_up(engine, row, type(error).__name__)
    try:
        with engine.begin() as connection:
            if not end_event(connection, row, None):
                return "failed"  # this worker was away for too long: another one has it
            for handler in handlers.of(event):
                handler(event, connection)
    except Exception as error:  # noqa: BLE001  # whatever the service's own code raises, the event is tried again
        log.warning("a handler of %s failed with %s; it is tried again", row.kind, type(error).__name__)
        with engine.begin() as connection:
            put_back(connection, row, type(error).__name__, min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (row.claims - 1)))
        return "failed"
    return "handled"


def handle_due(
    engine: sa.Engine, keys: PayloadKeys, handlers: Handlers, *, lease: float, seconds: float | None
) -> dict[str, int]:
    """Handle what is due, one event after the other, for at most so many seconds. Returns how often each came out."""
    until = None if seconds is None else time.monotonic() + seconds
    counts = {"handled": 0, "failed": 0, "gave_up": 0}
    while handlers.kinds and (until is None or time.monotonic() < until):
        outcome = handle_next(engine, keys, handlers, lease=lease)
        if outcome is None:
            break
        counts[outcome] += 1
    return counts


def _give_up(engine: sa.Engine, row: Waiting, problem: str) -> str:
    log.error("an event of %s was given up: %s", row.kind, problem)
    with engine.begin() as connection:
        end_event(connection, row, problem)
    return "gave_up"
