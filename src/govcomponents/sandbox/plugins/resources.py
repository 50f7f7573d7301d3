"""Resources of stubs that outlive a reset, such as a listening socket; all are closed with the sandbox."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class Closes(Protocol):
    """Something that has to be closed."""

    def close(self) -> None:
        """Let it go."""
        ...


ClosesT = TypeVar("ClosesT", bound=Closes)


class Resources:
    """The resources of one sandbox, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, Closes] = {}

    def get(self, name: str, make: Callable[[], ClosesT]) -> ClosesT:
        """Return the one of that name, which is made the first time."""
        with self._lock:
            if name not in self._held:
                self._held[name] = make()
            return cast("ClosesT", self._held[name])

    def close(self) -> None:
        """Close all."""
        with self._lock:
            held = list(self._held.values())
            self._held.clear()
        for one in held:
            one.close()
