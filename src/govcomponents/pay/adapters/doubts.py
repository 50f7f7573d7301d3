"""Doubts of payments: after a lost answer the payment itself tells what became of it, whoever the provider is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from govcomponents.core.ports.doubt import Doubt, LookUp, OnAbsent

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_STATE: Final = Doubt(look_up=LookUp.STATE, visible_after=60, on_absent=OnAbsent.SEND)
DOUBTS: Final[Mapping[str, Doubt]] = MappingProxyType(
    {f"pay.{operation}": _BY_STATE for operation in ("refund", "capture", "cancel")}
)
"""A refund names what was left to refund, so that one which comes too often is refused; the others act once."""
