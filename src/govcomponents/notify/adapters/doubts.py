"""Doubts of messages: after a lost answer they are looked up by reference, where the service lists them so."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from govcomponents.core.ports.doubt import Doubt, LookUp, OnAbsent

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY: Final = 86_400.0


def by_reference(*, visible_after: float, kept_for: float) -> Mapping[str, Doubt]:
    """Return the doubts of a service that lists messages by reference; times in seconds are as for `Doubt`."""
    doubt = Doubt(look_up=LookUp.REFERENCE, visible_after=visible_after, kept_for=kept_for, on_absent=OnAbsent.SEND)
    return MappingProxyType({f"notify.send_{channel}": doubt for channel in ("email", "sms", "letter")})
