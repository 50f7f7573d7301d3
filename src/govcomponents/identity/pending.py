"""A sign-in that was started, as a service keeps it until the person comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from govcomponents.core.canonical_json import parse_object
from govcomponents.core.journeys import check_journey
from govcomponents.core.results import Result
from govcomponents.errors import InvalidInput
from govcomponents.frames import shield
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.urls import is_safe_return_path
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PENDING_LIFE: Final = 3600
MAX_DUMP: Final = 8192
MAX_AGE: Final = 86_400
_VERSION: Final = 1
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignIn(Result):
    """A sign-in that was started and has not ended. It belongs to one browser, and is to be used once.

    It holds what was asked for, and the three secrets that prove that the person who comes back is the one who was
    sent: keep it where only that browser's session reaches it (on the server, or sealed in a cookie), take it out
    when the person comes back, and never accept it from anywhere else. `dump()` gives text, `load()` takes it.

    `confidence` are the levels that will do; none: no proof was asked for. `created_at` is in seconds since the
    epoch. `subject` is who is expected to come back, `journey` the journey in which it was started.
    """

    provider: str
    issuer: str
    client_id: str
    redirect_url: str
    state: Secret
    nonce: Secret
    code_verifier: Secret
    confidence: tuple[Confidence, ...] = ()
    authentication: Authentication = Authentication.TWO_FACTOR
    claims: tuple[Claim, ...] = ()
    created_at: int
    max_age: int | None = None
    subject: Personal[str] | None = None
    return_to: str | None = None
    journey: str | None = None

    def dump(self) -> str:
        """Return everything as text, secrets included: store it only where this browser's session alone reaches it."""
        values = {"version": _VERSION} | self.to_dict(reveal=True)
        return json.dumps({name: value for name, value in values.items() if value is not None}, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> PendingSignIn:
        """Read what `dump` gave. Raises InvalidInput if it is anything else; the person then has to start again."""
        from pydantic import ValidationError

        try:
            values = parse_object(text.encode()) if len(text) <= MAX_DUMP else {}
            version = values.pop("version", None)
            numbers = (version, values.get("created_at"), values.get("max_age", 0))
            if version == _VERSION and all(type(one) is int for one in numbers) and values.keys() <= _STORED:
                pending = _validator().validate_python(values)
                check_journey(pending.journey, "identity.complete")
                if _is_whole(pending):
                    return pending
        except (AttributeError, TypeError, ValueError, RecursionError, ValidationError):
            pass
        raise InvalidInput(
            field="pending",
            problem="this is not what PendingSignIn.dump() gave, or an older version of this library made it",
            fix="let the person start the sign-in again",
            operation="identity.complete",
        )


_STORED: Final = frozenset(part.name for part in fields(PendingSignIn)) - {"raw"}


def _is_whole(pending: PendingSignIn) -> bool:
    """Whether the values are ones that `start` makes: a store that was tampered with may hold anything."""
    return (
        all(secret.reveal() for secret in (pending.state, pending.nonce, pending.code_verifier))
        and 0 <= pending.created_at <= _LAST_SECOND
        and (pending.max_age is None or 0 <= pending.max_age <= MAX_AGE)
        and (pending.return_to is None or is_safe_return_path(pending.return_to))
        and len(set(pending.confidence)) == len(pending.confidence)
        and Confidence.NONE not in pending.confidence
    )


@lru_cache(maxsize=1)
def _validator() -> TypeAdapter[PendingSignIn]:
    from pydantic import TypeAdapter

    return TypeAdapter(PendingSignIn)
