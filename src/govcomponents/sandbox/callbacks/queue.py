"""The callbacks that a sandbox sends to services: queued by the stubs, delivered and repeated by its clock.

In process nothing is sent by itself, because nothing leaves the process: give `receive` a function, or call
`deliver_due`. The HTTP server sends them from a thread of its own.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Literal, Protocol

from govcomponents.sandbox.callbacks.destinations import REFUSED
from govcomponents.sandbox.callbacks.posting import Callback, DeliveryResult, DeliveryRule, post_over_http

if TYPE_CHECKING:
    from govcomponents.sandbox.state.clock import SandboxClock
    from govcomponents.sandbox.state.timeline import Timeline

MAX_COPIES = 10
"""How often a callback can be sent at most."""
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, by the sandbox's clock."""

    at: datetime
    status: int | None
    problem: str


class Recorder(Protocol):
    """Notes what changes the queue, for a sandbox that keeps its state."""

    def step(self) -> AbstractContextManager[object]:
        """Hold the clock still, and everybody else off, for the length of a `with` block."""
        ...

    def note(self, kind: str, data: Mapping[str, object]) -> None:
        """Note what was done in the block."""
        ...

    def note_changes(self, kind: str) -> AbstractContextManager[object]:
        """As `step`, and note it by itself if anything has changed in the block."""
        ...


class _NoRecorder:
    def step(self) -> AbstractContextManager[object]:
        return nullcontext()

    def note(self, kind: str, data: Mapping[str, object]) -> None:
        """Note nothing."""

    def note_changes(self, kind: str) -> AbstractContextManager[object]:
        return nullcontext()


State = Literal["waiting", "delivered", "given_up"]
Make = Callable[[int], Callback | None]
Post = Callable[[Callback], DeliveryResult]


@dataclass(slots=True)
class Delivery:
    """One callback on its way, with its attempts. `due` is when the next attempt is, in seconds since the epoch."""

    id: str
    due: float
    make: Make
    callback: Callback | None = None
    state: State = "waiting"
    attempts: list[Attempt] = field(default_factory=list)
    failures_left: int | None = None
    in_flight: bool = False

    @property
    def due_at(self) -> datetime:
        """Time of the next attempt."""
        return datetime.fromtimestamp(self.due, UTC)


@dataclass(frozen=True, slots=True)
class Perturbation:
    """Perturbation of callbacks on purpose, because a real network does it too.

    `copies`: how often each is sent; `delay_seconds`: how much later; `shuffle_seconds`: each is late by a random
    part of this, so that they arrive out of order; `paused`: nothing is sent until this is taken back.
    """

    copies: int = 1
    delay_seconds: float = 0.0
    shuffle_seconds: float = 0.0
    paused: bool = False
    seed: int = 0


class Callbacks:
    """All callbacks of one sandbox. Safe to share between threads."""

    def __init__(
        self, clock: SandboxClock, timeline: Timeline, permits: Callable[[str], bool] = lambda _url: True
    ) -> None:
        """`permits` says whether a callback may leave the process for an address."""
        self._clock = clock
        self._permits = permits
        self._timeline = timeline
        self._lock = threading.Lock()
        self._came_back = threading.Condition(self._lock)
        self._deliveries: dict[str, Delivery] = {}
        self._queue: list[tuple[float, int, str]] = []
        self._number = 0
        self._hooks: list[Callable[[], None]] = []
        self._post: Post = self._post_where_permitted
        self._is_automatic = False
        self._perturbation = Perturbation()
        self._random = random.Random(0)  # noqa: S311  # an order that can be repeated, nothing secret
        self._here = threading.local()
        self.has_new = False
        """Whether something was queued since the last delivery: the sandbox looks at it after each call."""
        self.wake: Callable[[], None] = self._mark_new
        self._is_served = False
        self.recorder: Recorder = _NoRecorder()
        self._on_error: Callable[[Exception], None] | None = None
        clock.on_move(self._changed)

    def send(self, callback: Callback | Make, *, after: float = 0.0) -> list[str]:
        """Queue a callback for `after` seconds from now; returns its id, and those of its copies.

        A function is called with the number of the attempt (1, 2, ...) when that is due, for what must be fresh
        each time, such as a signed token; at the first attempt it may return None: then there is nothing to send.
        """
        made = callback if isinstance(callback, Callback) else None
        make: Make = (lambda _number: callback) if isinstance(callback, Callback) else callback
        with self._lock:
            ids = [self._add(make, made, after) for _ in range(self._perturbation.copies)]
        self.wake()
        return ids

    def _add(self, make: Make, made: Callback | None, after: float) -> str:
        wanted = self._perturbation
        late = wanted.delay_seconds + self._random.uniform(0, wanted.shuffle_seconds)
        self._number += 1
        delivery = Delivery(f"callback-{self._number}", self._clock.time() + after + late, make, made)
        self._deliveries[delivery.id] = delivery
        if len(self._deliveries) > _KEPT:
            self._deliveries.pop(next(iter(self._deliveries)))
        self._enqueue(delivery)
        return delivery.id

    def _enqueue(self, delivery: Delivery) -> None:
        heapq.heappush(self._queue, (delivery.due, int(delivery.id.rpartition("-")[2]), delivery.id))

    def _first(self) -> Delivery | None:
        """The waiting delivery that is due first. Entries that others have overtaken are dropped on the way."""
        while self._queue:
            due, _number, delivery_id = self._queue[0]
            delivery = self._deliveries.get(delivery_id)
            if delivery and delivery.state == "waiting" and not delivery.in_flight and delivery.due == due:
                return delivery
            heapq.heappop(self._queue)
        return None

    def before_delivery(self, hook: Callable[[], None]) -> None:
        """Call `hook` before due callbacks are looked for: a stub brings its state up to the clock there."""
        self._hooks.append(hook)

    @property
    def queued(self) -> int:
        """Number of callbacks queued since the beginning."""
        return self._number

    @property
    def has_hooks(self) -> bool:
        """Whether something may become due that is not queued yet."""
        return bool(self._hooks)

    def receive(self, receiver: Callable[[Callback], int]) -> None:
        """From now on give each due callback to `receiver` in this process, which returns the status it answers."""

        def hand_over(callback: Callback) -> DeliveryResult:
            return DeliveryResult(receiver(callback))

        self._post = hand_over
        self._is_automatic = True
        self.deliver_if_received()

    def _post_where_permitted(self, callback: Callback) -> DeliveryResult:
        return post_over_http(callback) if self._permits(callback.url) else DeliveryResult(None, REFUSED)

    @property
    def is_automatic(self) -> bool:
        """Whether due callbacks are sent without being asked for."""
        return self._is_automatic or self._is_served

    def serve(self, wake: Callable[[], None], on_error: Callable[[Exception], None]) -> None:
        """Leave the sending to a thread, which `wake` wakes; what goes wrong there is told to `on_error`."""
        self.wake = wake
        self._is_served = True
        self._on_error = on_error

    def perturb(self, perturbation: Perturbation) -> None:
        """Duplicate, delay, shuffle or pause from now on. `Perturbation()` takes it back.

        Raises ValueError unless there are 1 to 10 copies, and no negative number of seconds.
        """
        if (
            not 1 <= perturbation.copies <= MAX_COPIES
            or min(perturbation.delay_seconds, perturbation.shuffle_seconds) < 0
        ):
            raise ValueError("give 1 to 10 copies, and no negative number of seconds")
        with self._lock:
            self._perturbation = perturbation
            self._random.seed(perturbation.seed)
        self._changed()

    @property
    def perturbation(self) -> Perturbation:
        """The perturbation in force."""
        return self._perturbation

    def deliveries(self) -> list[Delivery]:
        """All that are kept, oldest first; copies, so that they can be read while others change."""
        with self._lock:
            return [replace(one, attempts=list(one.attempts)) for one in self._deliveries.values()]

    def resend(self, delivery_id: str) -> None:
        """Send one again now, from its first attempt. Raises KeyError if there is no such delivery."""
        with self._lock:
            delivery = self._deliveries[delivery_id]
            delivery.state = "waiting"
            delivery.due = self._clock.time()
            delivery.failures_left = None
            self._enqueue(delivery)
        self._changed()

    def next_due(self) -> float | None:
        """Time of the next attempt, in seconds since the epoch; None if none is waiting or all are paused."""
        with self._lock:
            first = None if self._perturbation.paused else self._first()
            return first.due if first else None

    def deliver_due(self) -> int:
        """Send whatever is due by the clock, in the order of due times, repetitions too. Returns how many attempts.

        An attempt counts as made when it was due, so that one great step of the clock makes all repetitions.
        """
        count = 0
        with self.held_back():
            with self.recorder.note_changes("sweep"):
                self.sweep()
            while delivery := self._take_due():
                self._guarded(partial(self._attempt, delivery))
                count += 1
        return count

    def deliver_all(self, patience: float = 5.0) -> int:
        """As `deliver_due`, and wait for what another thread is sending, `patience` seconds at most.

        So whoever asks reads next what has come of everything that was due, and not all but one.
        """
        is_inside = getattr(self._here, "delivering", False)  # a receiver that asks cannot wait for itself
        count = self.deliver_due()
        until = monotonic() + patience
        while not is_inside and self._await_others(until - monotonic()):
            count += self.deliver_due()  # what an attempt of the other thread has made due
        return count

    def _await_others(self, seconds: float) -> bool:
        """Wait until something that another thread is sending has come back. False if there is no such thing left."""
        with self._came_back:
            is_under_way = any(one.in_flight for one in self._deliveries.values())
            return is_under_way and self._came_back.wait(seconds)

    def sweep(self) -> None:
        """Let the stubs do what time alone has made due."""
        for hook in self._hooks:
            self._guarded(hook)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            if self._on_error is None:
                raise
            self._on_error(error)

    def _mark_new(self) -> None:
        # Not delivered on the spot: a stub may hold its own lock, and a receiver may call it.
        self.has_new = True

    def _changed(self) -> None:
        self.wake()
        self.deliver_if_received()

    def deliver_if_received(self) -> None:
        """Deliver what is due if there is a receiver in this process; otherwise do nothing."""
        self.has_new = False
        if self._is_automatic and not getattr(self._here, "delivering", False):
            self.deliver_due()

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let this thread send nothing for the length of a `with` block, whatever becomes due."""
        before = getattr(self._here, "delivering", False)
        self._here.delivering = True
        try:
            yield
        finally:
            self._here.delivering = before

    def _take_due(self) -> Delivery | None:
        now = self._clock.time()
        with self._lock:
            first = None if self._perturbation.paused else self._first()
            if first is None or first.due > now:
                return None
            heapq.heappop(self._queue)
            first.in_flight = True
            return first

    def _attempt(self, delivery: Delivery) -> None:
        try:
            with self.recorder.step():
                if self._deliveries.get(delivery.id) is not delivery:
                    return  # the sandbox was brought back to another state since it was taken
                callback = delivery.make(len(delivery.attempts) + 1)
                self.recorder.note("made", {"id": delivery.id})
            result = DeliveryResult(None) if callback is None else self._post(callback)
        except BaseException:
            with self._came_back:
                delivery.state, delivery.in_flight = "given_up", False
                self._came_back.notify_all()
            raise
        with self.recorder.step():
            self._finish(delivery, callback, result)
            self.recorder.note("attempt", {"id": delivery.id, "status": result.status, "problem": result.problem})

    def remake(self, delivery_id: str) -> None:
        """Redo the making of a callback."""
        delivery = self._deliveries[delivery_id]
        delivery.callback = delivery.make(len(delivery.attempts) + 1)

    def redo_attempt(self, delivery_id: str, result: DeliveryResult) -> None:
        """Redo what came of an attempt, without sending."""
        delivery = self._deliveries[delivery_id]
        self._finish(delivery, delivery.callback, result)

    def _finish(self, delivery: Delivery, callback: Callback | None, result: DeliveryResult) -> None:
        with self._came_back:
            delivery.in_flight = False
            self._came_back.notify_all()
            if callback is None:
                self._deliveries.pop(delivery.id, None)
                return
            delivery.callback = callback
            delivery.attempts.append(Attempt(delivery.due_at, result.status, result.problem))
            self._settle(delivery, callback.rule, result)
        ended = f"answered {result.status}" if result.status is not None else f"failed ({result.problem})"
        self._timeline.record(
            callback.component, f"The provider sent the callback {callback.kind}: {ended}", callback.reference
        )

    def _settle(self, delivery: Delivery, rule: DeliveryRule, result: DeliveryResult) -> None:
        left = len(rule.waits) if delivery.failures_left is None else delivery.failures_left
        if result.status is not None and rule.is_taken(result.status):
            delivery.state = "delivered"
        elif left and rule.is_repeated(result.status):
            delivery.due += rule.waits[len(rule.waits) - left]
            delivery.failures_left = left - 1
            self._enqueue(delivery)
        else:
            delivery.state = "given_up"

    def clear(self) -> None:
        """Forget everything, every perturbation, and the hooks of stubs that are no more."""
        with self._lock:
            self._deliveries.clear()
            self._queue.clear()
            self._hooks.clear()
            self._perturbation = Perturbation()
            self._number = 0  # ids begin again too, so that the same calls give the same ones
            self._random.seed(0)
