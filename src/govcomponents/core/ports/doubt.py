"""Doubts: how it is found out what became of a call whose answer was lost, and when it may be made again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LookUp(StrEnum):
    """The way to find out whether the provider acted."""

    REFERENCE = "by its reference"
    """The provider lists it by the reference that it was sent with."""
    STATE = "by the state of what it changes"
    """The payment itself tells."""
    NONE = "not at all"
    """The provider cannot be asked."""


class OnAbsent(StrEnum):
    """The next step when the provider does not know of the call."""

    SEND = "it is made again"
    GIVE_UP = "it is given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """The knowledge that an adapter has of an operation whose answer was lost. Times are in seconds.

    `visible_after` is how long after the request the provider may take to show that it acted; nothing is asked
    earlier. `key_lifetime` is how long it honours an idempotency key, with which the call is simply made again; 0 where
    there is none. `kept_for` is how long it can be found: later, being absent proves nothing.
    """

    look_up: LookUp = LookUp.NONE
    visible_after: float = 0.0
    key_lifetime: float = 0.0
    kept_for: float = float("inf")
    on_absent: OnAbsent = OnAbsent.GIVE_UP


UNKNOWABLE = Doubt()
"""Nothing can be found out: after a lost answer the call is given up, for a person to decide."""
