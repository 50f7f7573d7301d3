"""A row of the outbox as a worker has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from govcomponents.durable.storage.schema import State


class Claimed(NamedTuple):
    """A row that this worker has until its lease ends. `now` is when it was claimed, by the database's clock."""

    id: int
    account: str
    operation: str
    reference: str
    journey: str | None
    payload: bytes | None
    state: State
    attempts: int
    claims: int
    doubt_since: float | None
    give_up_at: float
    created_at: float
    owner: str
    now: float
