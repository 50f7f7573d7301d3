"""The person who is signed in, as a service keeps them between requests, and what a page requires of a person."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from govcomponents.core.canonical_json import parse_object
from govcomponents.core.inputs import instance_argument, member, members, number_argument
from govcomponents.core.results import Result
from govcomponents.errors import InvalidInput
from govcomponents.frames import shield
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.pending import MAX_AGE
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import TypeAdapter

    from govcomponents.identity.models import Identity

_VERSION: Final = 1


@shield
@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Result):
    """The person who is signed in to this service: as little as a service needs from page to page.

    `issuer` and `subject` together name the person. `signed_in_at` is in seconds since the epoch, `session` the id of
    this session with the service, and `provider_session` the provider's own id of its session, where it tells one.
    `id_token` is for signing out at the provider.
    """

    provider: str
    issuer: str
    subject: Personal[str]
    confidence: Confidence
    authentication: Authentication
    signed_in_at: int
    session: Secret
    provider_session: Secret | None = None
    id_token: Secret | None = None

    @classmethod
    def of(cls, identity: Identity, now: float) -> Person:
        """Return what is to be kept of an identity that has just been proved: a session of its own begins.

        `now` is in seconds since the epoch. Raises InvalidInput for what is no identity or no time.
        """
        from govcomponents.identity.models import Identity

        fix, operation = "give what gov.identity.complete returned", "web.Person.of"
        instance_argument(identity, Identity, field="identity", fix=fix, operation=operation)
        number_argument(now, field="now", fix="give seconds since the epoch", operation=operation)
        return cls(
            account=identity.account,
            provider=identity.provider,
            issuer=identity.issuer,
            subject=identity.subject,
            confidence=identity.confidence,
            authentication=identity.authentication,
            signed_in_at=int(now),
            session=Secret(secrets.token_urlsafe(24)),
            provider_session=_provider_session(identity.id_token),
            id_token=identity.id_token,
        )

    def dump(self) -> str:
        """Return everything as text: keep it on the server, or sealed; see `WebHandlers`."""
        values = self.to_dict(reveal=True)
        return json.dumps({"version": _VERSION} | {name: value for name, value in values.items() if value is not None})

    @classmethod
    def load(cls, text: str) -> Person:
        """Read what `dump` gave. Raises InvalidInput for anything else: the person then signs in again."""
        from pydantic import ValidationError

        try:
            values = parse_object(text.encode())
            if values.pop("version", None) == _VERSION:
                return reader().validate_python(values)
        except (AttributeError, TypeError, ValueError, RecursionError, ValidationError):
            pass
        raise InvalidInput(
            field="person",
            problem="this is not what Person.dump() gave, or an older version of this library made it",
            fix="let the person sign in again",
            operation="web.person",
        )


@cache
def reader() -> TypeAdapter[Person]:
    """Return what reads a person from text. It takes milliseconds to make."""
    from pydantic import TypeAdapter

    return TypeAdapter(Person)


def _provider_session(id_token: Secret) -> Secret | None:
    """Read the provider's id of the session (`sid`) from an ID token that was checked already."""
    try:
        payload = id_token.reveal().split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("sid")
    except (IndexError, ValueError, AttributeError):
        return None
    return Secret(found) if isinstance(found, str) and found else None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement of a page: how far the person must have proved who they are, and how they must have signed in.

    `confidence` is a level or several of which any will do, `max_age` how many seconds ago at most they may have
    signed in. Make it with `Requirement.of`, which also takes the levels as text.
    """

    confidence: tuple[Confidence, ...] = ()
    authentication: Authentication = Authentication.TWO_FACTOR
    claims: tuple[Claim, ...] = ()
    max_age: int | None = None

    @classmethod
    def of(
        cls,
        *,
        confidence: Confidence | str | Iterable[Confidence | str] = (),
        authentication: Authentication | str = Authentication.TWO_FACTOR,
        claims: Iterable[Claim | str] = (),
        max_age: int | None = None,
    ) -> Requirement:
        """Make a requirement. Raises InvalidInput for a level or claim that there is not, or no such time."""
        operation = "web.Requirement"
        if max_age is not None:
            fix = f"give whole seconds, from 0 to {MAX_AGE}"
            instance_argument(max_age, int, field="max_age", fix=fix, operation=operation)
            if isinstance(max_age, bool) or not 0 <= max_age <= MAX_AGE:
                problem = "nobody can be asked to have signed in so long ago"
                raise InvalidInput(field="max_age", problem=problem, fix=fix, operation=operation)
        return cls(
            members(Confidence, confidence, field="confidence", operation=operation),
            member(Authentication, authentication, field="authentication", operation=operation),
            members(Claim, claims, field="claims", operation=operation),
            max_age,
        )

    def is_met_by(self, person: Person, now: float) -> bool:
        """Whether a person who is signed in has shown what the page requires."""
        levels = [level for level in self.confidence if level is not Confidence.NONE]
        return (
            (not levels or any(person.confidence >= level for level in levels))
            and person.authentication >= self.authentication
            and (self.max_age is None or now - person.signed_in_at <= self.max_age)
        )
