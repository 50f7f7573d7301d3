"""Reads vectors of trust (`vtr`): with how much to sign in, and how far to prove identity.

Source: GOV.UK One Login technical documentation, "Authenticate your user" (vtr); govuk-one-login/authentication-api,
`VectorOfTrust`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from govcomponents.sandbox.providers.one_login.world import Client

_CREDENTIALS = frozenset({"Cl", "Cl.Cm"})
_LEVELS = frozenset({"P0", "P1", "P2", "P3"})
_NOT_VALID = "Request vtr not valid"
_NOT_PERMITTED = "Request vtr is not permitted"


class VectorsRefused(Exception):
    """The vectors are wrong, or not for this client; the message is the provider's text."""


@dataclass(frozen=True)
class Vector:
    """One vector: a credential trust, and a level of confidence or "P0"."""

    credential: str
    confidence: str = "P0"

    @property
    def asks_for_identity(self) -> bool:
        """Whether identity is to be proved."""
        return self.confidence != "P0"


DEFAULT_VECTORS = (Vector("Cl.Cm"),)


def read_vectors(vtr: object, client: Client) -> tuple[Vector, ...]:
    """Read the parameter, which is a JSON array as text, or a list of texts. Raises VectorsRefused."""
    if isinstance(vtr, str):
        try:
            vtr = json.loads(vtr)
        except (ValueError, RecursionError):
            raise VectorsRefused(_NOT_VALID) from None
    if not isinstance(vtr, list) or not all(isinstance(text, str) for text in vtr):
        raise VectorsRefused(_NOT_VALID)
    vectors = tuple(_vector(text) for text in vtr)
    if not vectors:
        return DEFAULT_VECTORS
    asking = [vector for vector in vectors if vector.asks_for_identity]
    if asking and len(asking) < len(vectors):
        raise VectorsRefused(_NOT_VALID)
    if any(vector.confidence not in client.levels_of_confidence for vector in asking) or (
        asking and (not client.identity_verification_supported or client.token_auth_method == "client_secret_post")  # noqa: S105  # a method's name
    ):
        raise VectorsRefused(_NOT_PERMITTED)
    return vectors


def _vector(text: str) -> Vector:
    parts = text.split(".")
    credential = ".".join(sorted(part for part in parts if part.startswith("C")))
    levels = [part for part in parts if part.startswith("P")]
    if credential not in _CREDENTIALS or len(levels) > 1 or not _LEVELS.issuperset(levels):
        raise VectorsRefused(_NOT_VALID)
    vector = Vector(credential, levels[0] if levels else "P0")
    if vector.asks_for_identity and credential != "Cl.Cm":
        raise VectorsRefused(_NOT_VALID)
    return vector
