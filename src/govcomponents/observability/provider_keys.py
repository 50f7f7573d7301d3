"""The gauge of how old the copies of providers' keys are, by when they were told to be fetched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from govcomponents.observability.names import PROVIDER_KEYS_AGE, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.core.observe import Happening


class ProviderKeys:
    """Remembers when each provider's keys were fetched last in this process."""

    def __init__(self) -> None:
        self._fetched: dict[tuple[str, str, str], float] = {}

    def hear(self, happening: Happening) -> None:
        """Note the time if keys were fetched."""
        if happening.name == "keys.fetched":
            source = happening.labels.get("source", "")
            self._fetched[happening.provider, happening.account, source] = time.monotonic()

    def read(self) -> Sequence[Reading]:
        """Return the age of each."""
        now = time.monotonic()
        return [Reading(PROVIDER_KEYS_AGE, now - at, labels) for labels, at in list(self._fetched.items())]
