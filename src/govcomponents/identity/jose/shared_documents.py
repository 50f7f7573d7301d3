"""Documents of a provider that processes share: of all of them one fetches, and the others take what it put down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.core.http.transport import Transport

T = TypeVar("T")

log = logging.getLogger("govcomponents.identity")

TURN: Final = 10.0
"""Seconds for which one process has the turn to fetch: if it dies meanwhile, another one takes it."""
_PATIENCE: Final = 5.0
_POLL: Final = 0.1


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A document as a provider published it, with its times in seconds since the epoch: nothing in it is secret."""

    body: bytes
    fetched_at: float
    fresh_until: float


@runtime_checkable
class DocumentStore(Protocol):
    """A store of what providers publish, such as their keys. Must be safe to share between threads, and may block.

    Whoever can write to it decides which keys are trusted: guard it as you guard the service's database. `now` and
    `until` are in seconds since the epoch.
    """

    def get(self, key: str, now: float) -> SharedDocument | None:
        """Return the newest document that is kept under a key now; None if there is none."""
        ...

    def put(self, key: str, document: SharedDocument, until: float) -> None:
        """Keep a document until a time, in the place of an older one. The turn to fetch it ends."""
        ...

    def begin(self, key: str, until: float, now: float) -> bool:
        """Take the turn to fetch until a time; False if another process has it."""
        ...


class Shared:
    """One document in a store, for callers of either kind. A store that fails is as good as none."""

    def __init__(self, store: DocumentStore, transport: Transport, key: str) -> None:
        self._store = store
        self._transport = transport
        self._key = key

    async def get(self, now: float) -> SharedDocument | None:
        """Return the document that is kept now."""
        return await self._try(lambda: self._store.get(self._key, now), instead=None)

    async def put(self, document: SharedDocument, until: float) -> None:
        """Keep a document for all."""
        await self._try(lambda: self._store.put(self._key, document, until), instead=None)

    async def others(self, newer_than: float, clock: Callable[[], float]) -> SharedDocument | None:
        """Return what another process fetches meanwhile; None if this one has the turn, or the other takes too long."""
        now = clock()
        if await self._try(lambda: self._store.begin(self._key, now + TURN, now), instead=True):
            return None
        for _ in range(int(_PATIENCE / _POLL)):
            await self._transport.sleep(_POLL)
            found = await self.get(clock())
            if found is not None and found.fetched_at > newer_than:
                return found
        return None

    async def _try(self, work: Callable[[], T], *, instead: T) -> T:
        try:
            return await self._transport.run_blocking(work)
        except Exception as error:  # noqa: BLE001  # whatever a store does, people can sign in without it
            log.warning("the store of shared documents cannot be used (%s): it is left out", type(error).__name__)
            return instead
