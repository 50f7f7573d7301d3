"""The base of ports: a provider's name, declared capabilities, and NotSupported for everything else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from govcomponents.core.ports.doubt import UNKNOWABLE, Doubt
from govcomponents.errors import NotSupported

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from typing import Self

    from govcomponents.core.http.runtime import Runtime

SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True, slots=True)
class SecretForm:
    """The shape of a whole secret, the fewest characters that it has, and how to get one, in words.

    If the shape has a group named `random`, only what is in it counts: the rest is the same in everybody's.
    """

    shape: re.Pattern[str]
    told: str
    least: int = 16


class Port(Generic[SettingsT]):
    """The base of the three ports. Generic in the settings of its component.

    An adapter sets `provider` (for people, such as "GOV.UK Pay") and `capabilities`, on its class or on itself, and
    overrides the operations that it declares. What it does not override raises NotSupported before anything is sent.
    """

    provider: str
    capabilities: frozenset[StrEnum] = frozenset()
    secret_forms: Mapping[str, SecretForm] = MappingProxyType({})
    """The forms of what proves something, by the setting that holds it; they are checked at the start."""

    doubts: Mapping[str, Doubt] = MappingProxyType({})
    """What is known of an operation whose answer was lost, by its name, such as "notify.send_email"."""

    @classmethod
    def from_settings(cls, settings: SettingsT, runtime: Runtime) -> Self:
        """Build the adapter from its component's settings. Does no I/O. Raises ConfigurationError."""
        raise NotImplementedError(f"{cls.__name__} does not say how it is built")

    async def check(self) -> None:
        """Ask the provider whether it answers and takes the credential, by a read that costs and shows nothing.

        Raises the error that says why not; NotSupported where the adapter has no such read.
        """
        raise NotSupported("asking whether it works", provider=self.provider, operation="check")

    def prepare(self) -> None:
        """Import what the provider's answers are read by. Called, maybe on a thread, before the first call."""

    def require(self, *needed: StrEnum, operation: str = "") -> None:
        """Raise NotSupported for the first capability in `needed` that the adapter does not declare."""
        for capability in needed:
            if capability not in self.capabilities:
                raise self.unsupported(capability, operation=operation)

    def doubt(self, operation: str) -> Doubt:
        """Return what is known of an operation whose answer was lost."""
        return self.doubts.get(operation, UNKNOWABLE)

    def unsupported(self, capability: StrEnum, *, operation: str = "") -> NotSupported:
        """The error that says that this adapter does not do that."""
        return NotSupported(capability.value.replace("_", " "), provider=self.provider, operation=operation)


AnyPort: TypeAlias = Port[Any]
"""A port of any component, whatever its settings."""
