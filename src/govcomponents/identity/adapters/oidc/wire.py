"""The wire format of a plain OpenID provider: parameters, scopes, levels, standard claims.

The sandbox reads what the adapter writes here. Which of a provider's levels is worth how much is the service's
decision, made in its settings: a level that is not in the table is worth no more than every sign-in there.
Source: OpenID Connect Core 1.0, sections 3.1.2.1, 5.1 and 5.4; RP-Initiated Logout 1.0, section 2.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.identity.levels import Authentication, Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from govcomponents.identity.inputs import StartSignIn
    from govcomponents.identity.pending import PendingSignIn

# What a service may not set for itself: each protects the sign-in, or is made anew for each.
RESERVED: Final = frozenset(
    {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "max_age", "login_hint"}
    | {"code_challenge_method", "response_mode", "request", "request_uri", "acr_values", "vtr", "ui_locales"}
)
ACR_VALUES: Final = "acr_values"
VTR: Final = "vtr"


@dataclass(frozen=True, slots=True)
class Level:
    """A provider's level in this library's words: level of authentication, and level of confidence."""

    authentication: Authentication
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a provider by their names on the wire; `floor` is the level of every sign-in."""

    table: Mapping[str, Level]
    floor: Level

    @property
    def all(self) -> tuple[Level, ...]:
        """Every level that can be reached."""
        return (self.floor, *self.table.values())

    def names_for(self, request: StartSignIn) -> list[str]:
        """Return the names to ask for, the lowest that will do first: an empty list if every sign-in will do.

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
        """Return the level that the provider named, in this library's words; the floor for an unknown one."""
        named = self.table.get(name, self.floor) if isinstance(name, str) else self.floor
        return Level(
            max(named.authentication, self.floor.authentication, key=lambda level: level is Authentication.TWO_FACTOR),
            max(named.confidence, self.floor.confidence, key=lambda level: level.rank),
        )


def scope(pending: PendingSignIn, base: Sequence[str], by_level: Mapping[str, str], by_claim: Mapping[str, str]) -> str:
    """The scopes of a sign-in: those of every sign-in, and those of the levels and claims that are asked for."""
    asked = [by_level[level.value] for level in pending.confidence if level.value in by_level]
    asked += [by_claim[claim.value] for claim in pending.claims if claim.value in by_claim]
    return " ".join(dict.fromkeys([*base, *asked]))


def level_parameters(names: Sequence[str], parameter: str) -> dict[str, str]:
    """The parameter that asks for levels: `acr_values` separates them by spaces, `vtr` is a JSON list (RFC 8485)."""
    if not names or parameter not in (ACR_VALUES, VTR):
        return {}
    return {parameter: json.dumps(list(names), separators=(",", ":")) if parameter == VTR else " ".join(names)}


def option_parameters(request: StartSignIn) -> dict[str, str]:
    """The parameters of the options that are asked for (OpenID Connect Core 3.1.2.1)."""
    found = {} if request.max_age is None else {"max_age": str(request.max_age)}
    return found if request.login_hint is None else found | {"login_hint": request.login_hint.reveal()}
