"""Observers: around each operation, around each attempt of it, and of what else happened; no argument reaches them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from govcomponents.errors import DEFAULT_ACCOUNT, InvalidInput

log = logging.getLogger("govcomponents")

_Watcher: TypeAlias = AbstractContextManager[object]
_now: Final = time.perf_counter
AttemptOutcome: TypeAlias = Literal["answered", "not_sent", "outcome_unknown"]
"""The end of one attempt: an answer, whatever it says; nothing sent; or no knowing whether it arrived."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One attempt of one call, after it ended. Safe to log: no URL, no body, no argument.

    `outcome` is "answered", "not_sent" or "outcome_unknown"; `status` is the answer's, `seconds` the time that the
    attempt took, `attempt` counts from 1.
    """

    operation: str
    provider: str
    method: str
    attempt: int
    outcome: AttemptOutcome
    status: int | None
    seconds: float
    request_id: str | None


@dataclass(slots=True)
class Operation:
    """One operation of a service, such as pay.create, with its attempts and the waits between them inside.

    `journey` is the opaque id of the journey that it belongs to, if there is one. `attempts`, `seconds` and `error` are
    filled in when it has ended; `error` is the name of the error's class.
    """

    name: str
    provider: str
    account: str = DEFAULT_ACCOUNT
    journey: str | None = None
    attempts: int = 0
    seconds: float = 0.0
    error: str | None = None
    watchers: tuple[Observer, ...] | None = field(default=None, repr=False, compare=False)
    """Who watches the attempts of this operation; None where that was not asked yet."""

    @property
    def component(self) -> str:
        """The component: "pay", "notify" or "identity"."""
        return self.name.partition(".")[0]


@dataclass(slots=True)
class Attempt:
    """One HTTP request of an operation. It holds the URL's template, such as "/v1/payments/{id}", and never the URL.

    `scheme`, `server` and `port` are of the provider's URL; `template` is empty where the adapter gives none. `number`
    counts from 1. What an observer puts into `headers`, such as `traceparent`, goes out with the request; it replaces
    no header of the adapter's own. `outcome`, `status`, `request_id` and `seconds` are filled in when the
    attempt has ended.
    """

    operation: Operation
    number: int
    method: str
    server: str
    port: int
    template: str
    scheme: str = "https"
    headers: dict[str, str] = field(default_factory=dict)
    outcome: AttemptOutcome = "outcome_unknown"
    status: int | None = None
    request_id: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened beside the calls, such as a sign-in that was refused. Its labels are of closed sets.

    `name` is "sign_in.refused" (label `reason`), "retry.waited" and "bulk.paused" (`operation`; `seconds` is the
    wait), "budget.waited" (`scope`, such as "notify"; `seconds` is the sum of what its requests waited for the pace),
    "callback.refused" (`reason`: "not_proved", "not_configured" or a SignInReason), "keys.fetched" and
    "keys.rotated" (the provider's; `source` is "jwks" or "did"), "journey.step" (`what` and `outcome`, as in the
    journey's timeline), or of an extension. `seconds` is a time, where one belongs to it.
    `journey` is the opaque id of the journey that it belongs to, and `item` the row of the store that it is told of,
    such as "outbox 7": both are no labels of metrics.
    """

    name: str
    provider: str
    account: str = DEFAULT_ACCOUNT
    labels: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    journey: str | None = None
    item: str | None = None


class Observer:
    """Base of observers: override what you need. Called on the caller's thread, so be quick.

    `operation` and `attempt` may return a context manager: it is entered before and left after. It is always left
    without an exception: what happened is on the record. An observer that fails is logged by the type of its error,
    and stops neither the call nor the other observers.
    """

    def operation(self, operation: Operation, /) -> AbstractContextManager[object] | None:  # noqa: ARG002  # a hook
        """Watch an operation that begins."""
        return None

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object] | None:  # noqa: ARG002  # a hook
        """Watch a request that is about to go out."""
        return None

    def happened(self, happening: Happening, /) -> None:
        """Hear of something that happened beside the calls."""


class _AfterEachAttempt(Observer):
    """Calls a plain function with the event of each attempt that has ended."""

    def __init__(self, function: Callable[[CallEvent], object]) -> None:
        self._function = function

    def attempt(self, attempt: Attempt, /) -> AbstractContextManager[object]:
        return _Event(self._function, attempt)


class _Event(AbstractContextManager[None]):
    def __init__(self, function: Callable[[CallEvent], object], attempt: Attempt) -> None:
        self._function = function
        self._attempt = attempt

    def __exit__(self, *exception: object) -> None:
        it = self._attempt
        self._function(
            CallEvent(
                it.operation.name,
                it.operation.provider,
                it.method,
                it.number,
                it.outcome,
                it.status,
                it.seconds,
                it.request_id,
            )
        )


AnyObserver: TypeAlias = Observer | Callable[[CallEvent], object]
"""An observer, or a plain function that is called with the event of each attempt after it has ended."""


def as_observer(observer: AnyObserver) -> Observer:
    """Return an observer as it is, and a plain function as one that is called with the event of each attempt."""
    return observer if isinstance(observer, Observer) else _AfterEachAttempt(observer)


def as_observers(operation: str, given: object) -> tuple[Observer, ...]:
    """Return each as an observer. Raises InvalidInput for what is no list of them."""
    if (
        isinstance(given, str)
        or not isinstance(given, Iterable)
        or not all(isinstance(one, Observer) or callable(one) for one in given)
    ):
        raise InvalidInput(
            field="observers",
            problem="it is not a list of observers",
            fix="give a list of Observers, and of functions that take a CallEvent",
            operation=operation,
        )
    own = tuple(as_observer(one) for one in given)
    kinds = {type(one) for one in own}
    return (*own, *(one for one in _of_all if type(one) not in kinds))


_of_all: list[Observer] = []
"""What watches all components that are made: filled by no code of a service, only by how the process was started."""


def watch_all(observer: Observer) -> None:
    """Let an observer watch all components that are made from now on and have none of its kind."""
    watch_no_more(type(observer))
    _of_all.append(observer)


def watch_no_more(kind: type[Observer]) -> None:
    """Let no observer of a kind watch what is made from now on, unless it is given."""
    _of_all[:] = [one for one in _of_all if type(one) is not kind]


UNWATCHED: Final[_Watcher] = nullcontext()
"""What an observer's `operation` gives that wants to hear nothing of an operation, nor of its attempts."""
_current: ContextVar[Operation | None] = ContextVar("govcomponents_operation", default=None)


class OperationWatch:
    """Lets the observers watch one operation, which is the current one of this thread or task meanwhile."""

    __slots__ = ("_entered", "_observers", "_operation", "_started", "_token")

    def __init__(self, observers: Sequence[Observer], operation: Operation) -> None:
        self._observers = observers
        self._operation = operation

    def __enter__(self) -> None:
        operation = self._operation
        self._entered: list[_Watcher] | None = None
        unwatched: tuple[Observer, ...] = ()
        for observer in self._observers:
            try:
                watcher = observer.operation(operation)
                if watcher is UNWATCHED:
                    unwatched = (*unwatched, observer)
                elif watcher is not None:
                    watcher.__enter__()
                    self._entered = [watcher] if self._entered is None else [*self._entered, watcher]
            except Exception as error:  # noqa: BLE001  # whatever an observer does, the call goes on
                _failed(error)
        if unwatched:
            operation.watchers = tuple(one for one in watchers_of_attempts(self._observers) if one not in unwatched)
        self._token = _current.set(operation)
        self._started = _now()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._operation.seconds = _now() - self._started
        if kind is not None:
            self._operation.error = kind.__name__
        _current.reset(self._token)
        if self._entered is not None:
            _leave(self._entered)


class AttemptWatch:
    """Lets the observers watch one attempt."""

    __slots__ = ("_attempt", "_entered", "_observers", "_started")

    def __init__(self, observers: Sequence[Observer], attempt: Attempt) -> None:
        self._observers = observers
        self._attempt = attempt

    def __enter__(self) -> None:
        attempt = self._attempt
        self._entered: list[_Watcher] | None = None
        for observer in self._observers:
            try:
                if (watcher := observer.attempt(attempt)) is not None:
                    watcher.__enter__()
                    self._entered = [watcher] if self._entered is None else [*self._entered, watcher]
            except Exception as error:  # noqa: BLE001  # as above
                _failed(error)
        self._started = _now()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._attempt.seconds = _now() - self._started
        if self._entered is not None:
            _leave(self._entered)


def watchers_of_calls(observers: Sequence[Observer]) -> tuple[Observer, ...]:
    """Return the observers that watch operations or attempts; the others have nothing to do in a call."""
    return tuple(one for one in observers if _has(one, "operation") or _has(one, "attempt"))


def watchers_of_attempts(observers: Sequence[Observer]) -> tuple[Observer, ...]:
    """Return the observers that watch attempts."""
    return tuple(one for one in observers if _has(one, "attempt"))


def _has(observer: Observer, hook: str) -> bool:
    """Whether an observer has a hook of its own, be it on its class or on itself."""
    return hook in getattr(observer, "__dict__", ()) or getattr(type(observer), hook) is not getattr(Observer, hook)


def _leave(entered: list[_Watcher]) -> None:
    for watcher in reversed(entered):
        try:
            watcher.__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001  # as above
            _failed(error)


def current_operation() -> Operation | None:
    """Return the operation that this thread or task is in; None outside of any, and where nobody observes."""
    return _current.get()


def tell(observers: Sequence[Observer], happening: Happening) -> None:
    """Tell each observer what happened."""
    for observer in observers:
        try:
            observer.happened(happening)
        except Exception as error:  # noqa: BLE001  # as above
            _failed(error)


def _failed(error: Exception) -> None:
    operation = _current.get()
    log.warning(
        "an observer failed with %s during %s", type(error).__name__, operation.name if operation else "no operation"
    )
