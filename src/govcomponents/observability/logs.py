"""An observer that writes one log line for each operation, to the standard library's logging or to structlog."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Protocol

from govcomponents.core.inputs import method_argument
from govcomponents.core.observe import Happening, Observer, Operation
from govcomponents.frames import leaving_frames_behind


class StructuredLogger(Protocol):
    """A logger that takes an event and its keys, as structlog's do."""

    def info(self, event: str, **keys: object) -> object:
        """Log an event that is as it should be."""
        ...

    def warning(self, event: str, **keys: object) -> object:
        """Log an event that somebody may have to look at."""
        ...


class LogObserver(Observer):
    """Writes one line for each operation, and one for each thing that happens beside them.

    `logger` is one of the standard library's, by default "govcomponents.operations", which gets the keys in `extra`; or
    one that takes keys, as structlog's do. The keys are `operation`, `provider`, `account`, `seconds`, `attempts`,
    `error` and, on a journey, its opaque id as `journey`: no argument, URL, answer, credential or personal datum is
    among them. What went wrong is a warning.
    """

    @leaving_frames_behind
    def __init__(self, logger: logging.Logger | StructuredLogger | None = None) -> None:
        fix = "give a logger of the standard library, or one that takes keys, or leave it out"
        if logger is not None:
            method_argument(logger, "info", "warning", field="logger", fix=fix, operation="LogObserver")
        self._logger = logger or logging.getLogger("govcomponents.operations")

    def operation(self, operation: Operation, /) -> AbstractContextManager[object]:
        """Write the line when the operation has ended."""
        return _Line(self, operation)

    def happened(self, happening: Happening, /) -> None:
        """Write a line for what happened."""
        keys: dict[str, object] = {"provider": happening.provider, "account": happening.account, **happening.labels}
        if happening.journey is not None:
            keys["journey"] = happening.journey
        if happening.seconds is not None:
            keys["seconds"] = round(happening.seconds, 3)
        self.write(logging.INFO, happening.name, keys)

    def write(self, level: int, event: str, keys: dict[str, object]) -> None:
        """Write one line."""
        if isinstance(self._logger, logging.Logger):
            if self._logger.isEnabledFor(level):
                told = " ".join(f"{name}={value}" for name, value in keys.items() if value is not None)
                self._logger.log(level, "%s %s", event, told, extra={"event": event, **keys})
        elif level >= logging.WARNING:
            self._logger.warning(event, **keys)
        else:
            self._logger.info(event, **keys)


class _Line(AbstractContextManager[None]):
    __slots__ = ("_observer", "_operation")

    def __init__(self, observer: LogObserver, operation: Operation) -> None:
        self._observer = observer
        self._operation = operation

    def __exit__(self, *_exception: object) -> None:
        it = self._operation
        keys: dict[str, object] = {
            "operation": it.name,
            "provider": it.provider,
            "account": it.account,
            "seconds": round(it.seconds, 3),
            "attempts": it.attempts,
            "error": it.error,
        }
        if it.journey is not None:
            keys["journey"] = it.journey
        self._observer.write(logging.WARNING if it.error else logging.INFO, it.name, keys)
