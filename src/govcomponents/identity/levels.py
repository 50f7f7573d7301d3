"""The words of identity: levels of confidence and of authentication, claims that can be asked for, languages."""

from __future__ import annotations

from enum import Enum, StrEnum


class Confidence(Enum):
    """A level of confidence that a person is who they say they are. Levels compare: `LOW < MEDIUM < HIGH`.

    The names are those of the UK's Good Practice Guide 45; an adapter maps its provider's levels to them. NONE is a
    person who signed in and proved nothing.
    """

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """The level's place in the order, from 0."""
        return _CONFIDENCE_ORDER.index(self.value)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Confidence) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, Confidence) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, Confidence) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, Confidence) else NotImplemented


_CONFIDENCE_ORDER = ("none", "low", "medium", "high")


class Authentication(Enum):
    """A level of authentication: a password alone, or a second factor as well. The levels compare."""

    SINGLE_FACTOR = "single_factor"
    TWO_FACTOR = "two_factor"

    def __lt__(self, other: object) -> bool:
        return (
            self is Authentication.SINGLE_FACTOR and other is Authentication.TWO_FACTOR
            if isinstance(other, Authentication)
            else NotImplemented
        )

    def __le__(self, other: object) -> bool:
        return self is other or self < other if isinstance(other, Authentication) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return other < self if isinstance(other, Authentication) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return other <= self if isinstance(other, Authentication) else NotImplemented


class Claim(StrEnum):
    """A claim that can be asked for, besides the subject and the email address, which always come."""

    PHONE = "phone"
    WALLET_SUBJECT = "wallet_subject"
    ADDRESS = "address"
    PASSPORT = "passport"
    DRIVING_PERMIT = "driving_permit"
    RETURN_CODES = "return_codes"

    @property
    def needs_proof(self) -> bool:
        """Whether the claim comes only with proof of identity."""
        return self not in (Claim.PHONE, Claim.WALLET_SUBJECT)
