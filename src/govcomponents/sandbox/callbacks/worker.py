"""The thread that sends a served sandbox's callbacks when they are due, by its clock."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from govcomponents.sandbox.http.crash_report import report

if TYPE_CHECKING:
    from govcomponents.sandbox.callbacks.queue import Callbacks
    from govcomponents.sandbox.state.clock import SandboxClock

_LOOK_AGAIN = 1.0
"""Seconds after which the stubs are asked again whether time alone has made something due."""


class CallbackWorker:
    """Sends from one thread, so that a slow receiver holds up no call to the sandbox."""

    def __init__(self, callbacks: Callbacks, clock: SandboxClock) -> None:
        self._callbacks = callbacks
        self._clock = clock
        self._wanted = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-callbacks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._callbacks.serve(self._wanted.set, report)
        self._thread.start()

    def stop(self) -> None:
        """Send no more. Waits for an attempt that is on its way, a few seconds at most."""
        self._stopping = True
        self._wanted.set()
        if self._thread.ident is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping:
            self._wanted.clear()
            self._callbacks.deliver_due()
            self._wanted.wait(self._pause())

    def _pause(self) -> float | None:
        """Seconds for which nothing can become due; None while only a move of the clock can change that."""
        if not self._clock.is_running:
            return None
        due = self._callbacks.next_due()
        until_due = None if due is None else max(0.0, due - self._clock.time())
        if self._callbacks.has_hooks:
            return _LOOK_AGAIN if until_due is None else min(_LOOK_AGAIN, until_due)
        return until_due
