"""What a provider tells a service about a person's account, apart from any sign-in: it was disabled, or deleted.

The words are those of OpenID's RISC profile, in which such events are sent (RFC 8417 for the form of the token).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from govcomponents.privacy import Personal


class AccountEventKind(StrEnum):
    """What happened to an account; UNKNOWN for what a provider may add."""

    PURGED = "purged"
    DISABLED = "disabled"
    ENABLED = "enabled"
    LOCKED = "locked"
    IDENTIFIER_CHANGED = "identifier_changed"
    IDENTIFIER_RECYCLED = "identifier_recycled"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # the name of an event
    RECOVERY_ACTIVATED = "recovery_activated"
    RECOVERY_INFORMATION_CHANGED = "recovery_information_changed"
    PROVED_AGAIN = "proved_again"
    UNKNOWN = "unknown"


class AccountEvent(BaseModel):
    """Something happened to an account at the provider. What follows from it is the service's decision.

    It is about `subject`, or about everybody with `email`. `type` is the provider's own name of what happened, `reason`
    its reason if it gave one. `id` is the event's own.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    provider: str
    issuer: str
    kind: AccountEventKind
    type: str
    subject: Personal[str] | None = None
    email: Personal[str] | None = None
    reason: str | None = Field(None, repr=False)
    issued_at: datetime
    id: str
