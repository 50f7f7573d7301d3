"""What the levels of a provider mean: which it names in its tokens, and which are asked for.

Which of a provider's levels is worth how much is the service's decision, made in its settings. What a provider says
that is not in the table is worth no more than what it assures for every sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from govcomponents.identity.levels import Authentication, Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.port import StartSignIn


@dataclass(frozen=True, slots=True)
class Level:
    """What one level of a provider is worth."""

    authentication: Authentication
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a provider by their names on the wire; `floor` is what every sign-in there is worth."""

    table: Mapping[str, Level]
    floor: Level

    @property
    def all(self) -> tuple[Level, ...]:
        """Every level that can be reached."""
        return (self.floor, *self.table.values())

    def names_for(self, request: StartSignIn) -> list[str]:
        """The names to ask for, the lowest that will do first. None if every sign-in will do anyway.

        Where several levels of confidence will do, each of them is named, and none that nobody asked for.
        """
        if not request.confidence and request.authentication <= self.floor.authentication:
            return []
        wanted = request.confidence or (Confidence.NONE,)
        worth = {name: self.of(name) for name in self.table}
        fitting = [
            (level.confidence.rank, level.authentication is Authentication.TWO_FACTOR, name)
            for name, level in worth.items()
            if level.confidence in wanted and level.authentication >= request.authentication
        ]
        return [name for _, _, name in sorted(fitting)]

    def of(self, name: object) -> Level:
        """What a level that the provider named is worth, whatever it is."""
        named = self.table.get(name, self.floor) if isinstance(name, str) else self.floor
        return Level(
            max(named.authentication, self.floor.authentication, key=lambda level: level is Authentication.TWO_FACTOR),
            max(named.confidence, self.floor.confidence, key=lambda level: level.rank),
        )
