"""Sign-ins, people and keys of an OpenID provider for people; every such stub keeps its sign-ins here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.plugins.records import Action, Happened, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.state.clock import SandboxClock

_MOST: Final = 10_000
SIGN_IN_AS: Final = Action("choose", "Sign in as this person from now on, without the page")


@dataclass(slots=True)
class SignIn:
    """One sign-in: who it was, at which client, how it ended, and when its code was exchanged."""

    id: str
    at: float
    person: str
    client: str
    ended: str
    levels: str = ""
    exchanged_at: float | None = None


class SignIns:
    """The newest sign-ins of one provider. Safe to share between threads."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, SignIn] = OrderedDict()
        self._number = 0

    def add(self, person: str, client: str, ended: str, *, levels: str = "", code: str = "") -> None:
        """Keep one. `code` is what stands for it until it is exchanged."""
        with self._lock:
            self._number += 1
            one = SignIn(str(self._number), self._clock.time(), person, client, ended, levels)
            self._kept[code or one.id] = one
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def exchanged(self, code: str) -> None:
        """Note that the service exchanged a code."""
        with self._lock:
            if (one := self._kept.get(code)) is not None:
                one.exchanged_at = self._clock.time()

    def ids(self) -> Sequence[str]:
        """The ids of all, oldest first."""
        with self._lock:
            return [one.id for one in self._kept.values()]

    def record(self, record_id: str) -> Record | None:
        """One of them."""
        with self._lock:
            one = next((each for each in reversed(self._kept.values()) if each.id == record_id), None)
            return None if one is None else _shown(one)


def _shown(one: SignIn) -> Record:
    history = [Happened(_moment(one.at), one.ended)]
    if one.exchanged_at is not None:
        history.append(Happened(_moment(one.exchanged_at), "the service exchanged the code for tokens"))
    return Record(
        id=one.id,
        title=one.person or "Nobody",
        status=one.ended,
        at=_moment(one.at),
        facts=[("Service", one.client), ("Levels asked for", one.levels or "none")],
        history=history,
        related=[("people", one.person)] if one.person else [],
    )


def key_record(section: str, key_ids: Sequence[str]) -> Record:
    """The signing keys of a provider as one record, which can be rotated."""
    return Record(
        id=section,
        title="Signing keys",
        status="in use",
        facts=[(f"Key {number}", key_id) for number, key_id in enumerate(key_ids, 1)],
        actions=[Action("rotate", "Rotate them")],
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
