"""Outcomes of sign-ins, and the grants behind codes and access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govcomponents.sandbox.providers.one_login.requests import AuthorizationRequest
from govcomponents.sandbox.providers.one_login.world import Person


class Outcome(StrEnum):
    """Outcome of a sign-in, as the sign-in page offers it and tests choose it.

    SUCCESS: the person signs in, and is proved as far as the world says. NOT_PROVED: they sign in, and identity is not
    proved. LEFT: they end the journey. LOST_SESSION: the provider lost its own session. UNAVAILABLE and SERVER_ERROR:
    the provider cannot. CLOSED: the browser is closed; nobody comes back. IN_PERSON: they go to a Post Office and come
    back days later.
    """

    SUCCESS = "success"
    NOT_PROVED = "not_proved"
    LEFT = "left"
    LOST_SESSION = "lost_session"
    UNAVAILABLE = "unavailable"
    SERVER_ERROR = "server_error"
    IN_PERSON = "in_person"
    CLOSED = "closed"


DENIED: Final = "Access denied by resource owner or authorization server"
ENDINGS: Final = {
    Outcome.LEFT: ("access_denied", DENIED),
    Outcome.LOST_SESSION: (
        "access_denied",
        "Access denied for security reasons, a new authentication request may be successful",
    ),
    Outcome.UNAVAILABLE: ("temporarily_unavailable", ""),
    Outcome.SERVER_ERROR: ("server_error", "Unexpected server error"),
}
"""The OAuth error and its sentence with which a sign-in ends."""
OUTCOME_OF_ERROR: Final = {
    "access_denied": Outcome.LEFT,
    "temporarily_unavailable": Outcome.UNAVAILABLE,
    "server_error": Outcome.SERVER_ERROR,
}


@dataclass(frozen=True)
class Grant:
    """A granted sign-in, which a code and then an access token stand for."""

    request: AuthorizationRequest
    person: Person
    signed_in_at: int
    session: str
    confidence: str | None
    return_codes: tuple[str, ...]
