"""Sign-ins, people and keys of an OpenID provider for people; every such stub keeps its sign-ins here."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.plugins.records import Action, Happened, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.state.clock import SandboxClock

_MOST: Final = 10_000
DELETE_ACCOUNT: Final = Action("delete_account", "Delete their account; who comes back is somebody new")
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


class SignInRecords(ABC):
    """The records of an OpenID provider's stub: its sign-ins, its people and its signing keys."""

    section: str

    def _keep_records(self, clock: SandboxClock) -> None:
        self._sign_ins = SignIns(clock)

    @property
    @abstractmethod
    def people(self) -> tuple[str, ...]:
        """The symbols of the people who can sign in."""

    @abstractmethod
    def person_record(self, person: str) -> Record | None:
        """A person as a record."""

    @abstractmethod
    def key_ids(self) -> Sequence[str]:
        """The ids of the keys that are published."""

    @abstractmethod
    def sign_in_as(self, person: str) -> None:
        """From now on sign in this person at once."""

    @abstractmethod
    def rotate_keys(self) -> None:
        """Sign with new keys from now on."""

    def sign_out_everywhere(self, person: str) -> list[str]:
        """End a person's session at the provider; only some can. Raises LookupError."""
        raise LookupError("this provider cannot do that")

    def delete_account(self, person: str) -> list[str]:
        """Delete a person's account, and tell the services; only some can. Raises LookupError."""
        raise LookupError("this provider cannot do that")

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of its records of a kind."""
        return {"sign-ins": self._sign_ins.ids(), "people": self.people, "keys": (self.section,)}.get(kind, ())

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        if kind == "sign-ins":
            return self._sign_ins.record(record_id)
        if kind == "people":
            return self.person_record(record_id)
        return self._keys() if kind == "keys" and record_id == self.section else None

    def _keys(self) -> Record:
        return Record(
            id=self.section,
            title="Signing keys",
            status="in use",
            facts=[(f"Key {number}", key_id) for number, key_id in enumerate(self.key_ids(), 1)],
            actions=[Action("rotate", "Rotate them")],
        )

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Do one of a record's actions. Raises LookupError if it cannot be done now."""
        record = self.record(kind, record_id)
        if record is None or action not in {one.name for one in record.actions}:
            raise LookupError("that cannot be done to it now")
        if action == "rotate":
            self.rotate_keys()
        elif action == "sign_out":
            self.sign_out_everywhere(record_id)
        elif action == "delete_account":
            self.delete_account(record_id)
        else:
            self.sign_in_as(record_id)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
