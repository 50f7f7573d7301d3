"""What a service keeps between sending a person to the provider and their coming back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govcomponents.errors import InvalidInput
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from typing import Self

PENDING_LIFE: Final = 3600
MAX_DUMP: Final = 8192
_VERSION: Final = 1


class PendingSignIn(BaseModel):
    """A sign-in that was started and has not ended. Frozen; belongs to one browser; to be used once.

    It holds what was asked for and the three secrets that prove that the person who comes back is the one who was
    sent: keep it where only that browser's session reaches it (on the server, or sealed in a cookie), take it out
    when the person comes back, and never accept it from anywhere else. `dump()` gives text, `load()` takes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    provider: str
    issuer: str
    client_id: str
    redirect_url: str
    state: Secret
    nonce: Secret
    code_verifier: Secret
    confidence: tuple[Confidence, ...] = Field((), description="the levels that will do; empty: no proof was asked for")
    authentication: Authentication = Authentication.TWO_FACTOR
    claims: tuple[Claim, ...] = ()
    created_at: int = Field(description="seconds since the epoch")
    max_age: int | None = None
    subject: Personal[str] | None = Field(None, description="who is expected to come back")
    return_to: str | None = None

    def dump(self) -> str:
        """Return everything as text, secrets included: store it only where this browser's session alone reaches it."""
        values = {
            "version": _VERSION,
            "provider": self.provider,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "redirect_url": self.redirect_url,
            "state": self.state.reveal(),
            "nonce": self.nonce.reveal(),
            "code_verifier": self.code_verifier.reveal(),
            "confidence": [level.value for level in self.confidence],
            "authentication": self.authentication.value,
            "claims": [claim.value for claim in self.claims],
            "created_at": self.created_at,
            "max_age": self.max_age,
            "subject": None if self.subject is None else self.subject.reveal(),
            "return_to": self.return_to,
        }
        return json.dumps({key: value for key, value in values.items() if value is not None}, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Self:
        """Read what `dump` gave. Raises InvalidInput if it is anything else; the person then has to start again."""
        try:
            values = json.loads(text) if len(text) <= MAX_DUMP else None
        except (TypeError, ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or values.pop("version", None) != _VERSION:
            raise _unreadable()
        try:
            return cls(**values)
        except (ValidationError, TypeError):
            raise _unreadable() from None


def _unreadable() -> InvalidInput:
    return InvalidInput(
        field="pending",
        problem="this is not what PendingSignIn.dump() gave, or an older version of this library made it",
        fix="let the person start the sign-in again",
        operation="identity.complete",
    )
