"""Faults on command: which are armed, and whether one is injected into the next call."""

from __future__ import annotations

import math
import random
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from govcomponents.sandbox.faults.catalogue import Fault, FaultKind
    from govcomponents.sandbox.state.clock import SandboxClock

EVERY_OPERATION = "*"
_LONGEST_SILENCE = 600.0


class UnknownName(ValueError):
    """A provider, a fault or an operation is misspelt; `known` are the right names."""

    def __init__(self, what: str, known: Iterable[str]) -> None:
        self.what = what
        self.known = tuple(sorted(known))
        super().__init__(f"there is no such {what}; the names are: {', '.join(self.known)}")


@dataclass(slots=True)
class ArmedFault:
    """A fault that waits for its calls.

    `operation` is the name by which it was armed, `strikes` are the operations that it may strike; empty for every one.
    `skip`: how many calls that fit are let through first.
    `nth`: only the nth call that fits, counted from 1 and from when it was armed. `times`: at most so often.
    `probability`: for each call that fits, drawn from `seed`. `until`: seconds since the epoch, by the sandbox's
    clock. `silent_seconds`: how long a time-out stays silent over HTTP. `seen` and `injected` count calls. `key` names
    the key whose calls alone it strikes, once it has struck one, where its kind is of one key.
    """

    id: str
    provider: str
    definition: Fault
    operation: str = EVERY_OPERATION
    nth: int | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    until: float | None = None
    silent_seconds: float = 60.0
    skip: int = 0
    seen: int = 0
    injected: int = 0
    key: str | None = None
    strikes: frozenset[str] = frozenset()
    chance: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    @property
    def kind(self) -> FaultKind:
        """Kind of the fault."""
        return self.definition.kind

    @property
    def fault(self) -> str:
        """The fault's name."""
        return self.definition.kind.name

    @property
    def ends(self) -> datetime | None:
        """The end of its time, by the sandbox's clock; None if it has no end."""
        return None if self.until is None else datetime.fromtimestamp(self.until, UTC)

    def applies_to(self, provider: str, operation: str) -> bool:
        """Whether a call is one that it may be injected into."""
        if provider != self.provider or (self.strikes and operation not in self.strikes):
            return False
        return not self.kind.operations or operation in self.kind.operations

    def matches(self, key_of: Callable[[], str]) -> bool:
        """Count a call that fits, and say whether the fault is injected. `key_of` names the key of the call."""
        key = key_of() if self.kind.of_a_key else None
        if self.key not in (None, key):
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.times is not None and self.injected >= self.times:
            return False
        if self.chance.random() >= self.probability:
            return False
        self.injected += 1
        self.key = key
        return True


class Faults:
    """The faults that are armed in one sandbox. Safe to share between threads."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._armed: dict[str, ArmedFault] = {}
        self._number = 0
        self._operations: dict[str, frozenset[str]] = {}
        self._methods: dict[str, Mapping[str, frozenset[str]]] = {}
        self._definitions: dict[str, Mapping[str, Fault]] = {}
        self.any_armed = False
        """Looked at for every call, without the lock: nearly always there is none."""

    def register(
        self,
        provider: str,
        operations: frozenset[str],
        faults: Mapping[str, Fault],
        methods: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Add a provider: its operations' names, its faults by name, and the operations that do a service's methods."""
        self._operations[provider] = operations
        self._methods[provider] = {method: frozenset(done_by) for method, done_by in (methods or {}).items()}
        self._definitions[provider] = faults

    @property
    def definitions(self) -> Mapping[str, Mapping[str, Fault]]:
        """The faults of each provider, by name."""
        return self._definitions

    @property
    def operations(self) -> Mapping[str, frozenset[str]]:
        """The names of the operations of each provider."""
        return self._operations

    @property
    def methods(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The operations of each provider by the methods of a service that they do, where these have other names."""
        return self._methods

    def _struck_by(self, provider: str, name: str) -> frozenset[str]:
        """The operations that a name stands for: a method's own, or the one of that name."""
        return self._methods[provider].get(name, self._operations[provider] & {name})

    def find(self, provider: str, fault: str, operation: str = EVERY_OPERATION) -> Fault:
        """Return a fault that a provider's operation can have. Raises UnknownName, which lists the right names."""
        if provider not in self._operations:
            raise UnknownName("provider", self._operations)
        if fault not in self._definitions[provider]:
            raise UnknownName(f"fault of {provider}", self._definitions[provider])
        definition = self._definitions[provider][fault]
        fitting = frozenset(definition.kind.operations) or self._operations[provider]
        known = {
            name
            for name in (*self._operations[provider], *self._methods[provider])
            if self._struck_by(provider, name) & fitting
        }
        if operation != EVERY_OPERATION and operation not in known:
            raise UnknownName(f"operation of {provider} for this fault", {EVERY_OPERATION, *known})
        return definition

    def arm(
        self,
        provider: str,
        fault: str,
        *,
        operation: str = EVERY_OPERATION,
        nth: int | None = None,
        times: int | None = None,
        probability: float = 1.0,
        seed: int = 0,
        seconds: float | None = None,
        silent_seconds: float = 60.0,
        skip: int = 0,
    ) -> ArmedFault:
        """Arm a fault for the calls of a provider; `seconds` is how long, by the sandbox's clock.

        Raises UnknownName for a misspelt name, which lists the right ones, and ValueError for a number out of range.
        """
        definition = self.find(provider, fault, operation)
        if any(number is not None and number < 1 for number in (nth, times)):
            raise ValueError("nth and times count from 1")
        if skip < 0:
            raise ValueError("skip is not below 0")
        if not 0 <= probability <= 1:
            raise ValueError("probability is from 0 to 1")
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise ValueError("seconds is more than 0")
        if not 0 <= silent_seconds <= _LONGEST_SILENCE:
            raise ValueError(f"silent_seconds is from 0 to {_LONGEST_SILENCE:g}")
        until = None if seconds is None else self._clock.time() + seconds
        with self._lock:
            self._number += 1
            armed = ArmedFault(
                f"fault-{self._number}",
                provider,
                definition,
                operation,
                nth,
                times,
                probability,
                seed,
                until,
                silent_seconds,
                skip,
                strikes=self._struck_by(provider, operation),
                chance=random.Random(seed),  # noqa: S311  # chances that can be repeated, nothing secret
            )
            self._armed[armed.id] = armed
            self.any_armed = True
        return replace(armed)

    def disarm(self, fault_id: str) -> None:
        """Take one back. Raises KeyError if it is not armed."""
        with self._lock:
            del self._armed[fault_id]
            self.any_armed = bool(self._armed)

    def forget_providers(self) -> None:
        """Take all back, forget every provider, and count from the beginning again."""
        self.clear()
        self._number = 0
        self._operations.clear()
        self._methods.clear()
        self._definitions.clear()

    def clear(self) -> None:
        """Take all back."""
        with self._lock:
            self._armed.clear()
            self.any_armed = False

    def armed(self) -> list[ArmedFault]:
        """All that are armed, oldest first; those whose time is over are dropped."""
        with self._lock:
            self._drop_old()
            return [replace(one) for one in self._armed.values()]

    def match(self, provider: str, operation: str, key_of: Callable[[], str] = str) -> ArmedFault | None:
        """Count a call, and return the fault to inject, if there is one: the one that was armed first.

        `key_of` names the key of the call; it is asked where a fault is of one key.
        """
        with self._lock:
            self._drop_old()
            for armed in self._armed.values():
                if armed.applies_to(provider, operation) and armed.matches(key_of):
                    return replace(armed)
        return None

    def _drop_old(self) -> None:
        now = self._clock.time()
        for fault_id in [one.id for one in self._armed.values() if one.until is not None and one.until <= now]:
            del self._armed[fault_id]
        self.any_armed = bool(self._armed)
