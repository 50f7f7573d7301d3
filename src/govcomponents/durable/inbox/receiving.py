"""Receiving: an event that was proved is stored and committed before the provider is answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.durable.audit.entries import tell_step
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.writing import writing
from govcomponents.errors import CallbackRefused, ConfigurationError, InvalidInput, Unavailable
from govcomponents.web.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from govcomponents.core.observe import Observer
    from govcomponents.core.results import Result
    from govcomponents.durable.audit.entries import Entry
    from govcomponents.durable.storage.sealing import PayloadKeys
    from govcomponents.errors import GovComponentsError

log = logging.getLogger("govcomponents")

SOURCES: Final = ("pay", "notify", "identity")
_COME_AGAIN: Final = 503
_REFUSED: Final = 401


def stored(
    engine: sa.Engine, event: Result, source: str, keys: PayloadKeys, observers: Sequence[Observer] = ()
) -> Answer:
    """Store an event, commit, and answer: 200 also for one that came before, 503 if the database is away."""
    reached(CommitPoint.INBOX_PROVED)
    steps: list[Entry] = []
    try:
        with writing(engine, "receive") as connection:
            insert_event(connection, event, source, keys, steps)
            reached(CommitPoint.INBOX_STORING)
    except (Unavailable, ConfigurationError) as error:
        log.error("a callback of %s could not be stored, and is to come again: %s", source, error)  # noqa: TRY400  # where is said
        return Answer(_COME_AGAIN)
    reached(CommitPoint.INBOX_STORED)
    for step in steps:
        tell_step(observers, step)
    return Answer(200)


def not_proved(error: GovComponentsError, source: str) -> Answer:
    """Answer to what is not proved, or cannot be read now: nothing is stored."""
    if isinstance(error, (InvalidInput, ConfigurationError)):
        raise error
    log.warning("a callback of %s was refused: %s", source, type(error).__name__)
    if source == "identity":
        return Answer.for_error(error)  # its providers have a standard that says which answers they take
    is_forged = isinstance(error, CallbackRefused) and error.code != NOT_CONFIGURED
    return Answer(_REFUSED if is_forged else _COME_AGAIN)


def check_source(source: object) -> None:
    """Raise InvalidInput unless it names a component that sends callbacks."""
    if source not in SOURCES:
        problem, fix = "it is no source of callbacks", f"give one of {', '.join(SOURCES)}"
        raise InvalidInput(field="source", problem=problem, fix=fix, operation="receive")
