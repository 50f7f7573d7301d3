"""Inputs of the identity operations, validated."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from govcomponents.core.inputs import Input
from govcomponents.core.validation import MAX_URL, is_absolute_url, is_text
from govcomponents.errors import InvalidInput
from govcomponents.identity.events import IDENTITY_EVENTS
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.models import Identity
from govcomponents.identity.pending import MAX_AGE, PendingSignIn
from govcomponents.identity.urls import is_safe_return_path
from govcomponents.privacy import Personal, Secret

MAX_LOGIN_HINT = 256
_STATE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def _levels(levels: tuple[Confidence, ...]) -> tuple[Confidence, ...]:
    if len(set(levels)) != len(levels):
        raise ValueError("a level is there twice")
    if len(levels) > 1 and Confidence.NONE in levels:
        raise ValueError("Confidence.NONE cannot stand beside other levels")
    return tuple(level for level in sorted(levels, key=lambda level: level.rank) if level is not Confidence.NONE)


def _claims(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return tuple(dict.fromkeys(claims))


def _hint(hint: Personal[str] | None) -> Personal[str] | None:
    if hint is not None and not 0 < len(hint.reveal()) <= MAX_LOGIN_HINT:
        raise ValueError("it is empty or too long")
    if hint is not None and not is_text(hint.reveal()):
        raise ValueError("it holds half of a surrogate pair, which is no character")
    if hint is not None and not hint.reveal().isprintable():
        raise ValueError("it holds a control character, or one that nobody sees")
    return hint


def _token(token: Secret | None) -> Secret | None:
    if token is not None and not _is_id_token(token):
        raise ValueError("it is no ID token")
    return token


def _is_id_token(token: Secret) -> bool:
    text: object = token.reveal()
    return isinstance(text, str) and text.isascii() and text.isprintable() and text != ""


def _path(path: str | None) -> str | None:
    if path is not None and len(path) > MAX_URL:
        raise ValueError(f"it is longer than {MAX_URL:,} characters")
    if path is not None and not is_safe_return_path(path):
        raise ValueError("it could lead to another site")
    return path


class StartSignIn(Input):
    """Input of identity.start, validated. `confidence` has no NONE: without a level no proof is asked for."""

    confidence: Annotated[tuple[Confidence, ...], AfterValidator(_levels)] = Field(
        description="give Confidence.NONE, one level, or the levels of which any will do"
    )
    authentication: Authentication = Field(description="give Authentication.SINGLE_FACTOR or TWO_FACTOR")
    claims: Annotated[tuple[Claim, ...], AfterValidator(_claims)] = Field(
        description="give members of Claim, such as [Claim.ADDRESS]"
    )
    language: str = Field(description='give a language code that the provider has, such as "en"')
    max_age: int | None = Field(None, ge=0, le=MAX_AGE, description="give seconds, from 0 to 86400")
    sign_in_again: Annotated[Secret | None, AfterValidator(_token)] = Field(
        None, description="give the person's Identity, or its id_token"
    )
    expect: Personal[str] | None = Field(None, description="give the person's Identity, or its subject")
    login_hint: Annotated[Personal[str] | None, AfterValidator(_hint)] = Field(
        None, description="give an email address of at most 256 characters"
    )
    return_to: Annotated[str | None, AfterValidator(_path)] = Field(
        None, description="give a path of this site, such as /licences; safe_return_path() makes one of any text"
    )


def id_token_of(given: Identity | Secret | None) -> Secret | None:
    """Return the ID token of an identity, or the one that was kept of it."""
    return given.id_token if isinstance(given, Identity) else given


def expected(expect: Identity | Personal[str] | None, again: Identity | Secret | None) -> Personal[str] | None:
    """Return who must come back: whoever is named, or the person who is to sign in again."""
    if expect is None and isinstance(again, Identity):
        return again.subject
    return expect.subject if isinstance(expect, Identity) else expect


def check_pending(pending: object, operation: str = "identity.complete") -> None:
    """Raise InvalidInput unless it is a pending sign-in."""
    if not isinstance(pending, PendingSignIn):
        raise InvalidInput(
            field="pending",
            problem=f"it is not a PendingSignIn, but of the type {type(pending).__name__}",
            fix="give what start() returned, or PendingSignIn.load(...) of what you kept",
            operation=operation,
        )


def check_event(event: object) -> None:
    """Raise InvalidInput unless it is an event of this component."""
    if not isinstance(event, IDENTITY_EVENTS):
        raise InvalidInput(
            field="event",
            problem="it is no event of identity",
            fix="give what gov.identity.parse_callback returned",
            operation="identity.mark_done",
        )


def check_sign_out(identity: object, return_to: object, state: object) -> None:
    """Raise InvalidInput unless the arguments of a sign-out are an identity or its ID token, a URL and a short text."""
    operation = "identity.sign_out_url"
    if state is not None and (return_to is None or not isinstance(state, str) or not _STATE.fullmatch(state)):
        raise InvalidInput(
            field="state",
            problem="it is no text of 1 to 128 letters, digits, hyphens, dots and underscores that comes back to a URL",
            fix="give such a text, as secrets.token_urlsafe() makes it, and return_to with it",
            operation=operation,
        )
    if not isinstance(identity, (Identity, Secret)):
        raise InvalidInput(
            field="identity",
            problem="it is neither an Identity nor the id_token of one",
            fix="give what complete() returned, or Secret(...) of the ID token that you kept",
            operation=operation,
        )
    if isinstance(identity, Secret) and not _is_id_token(identity):
        raise InvalidInput(
            field="identity",
            problem="the secret is no ID token",
            fix="give Secret(...) of the ID token that you kept: identity.id_token.reveal()",
            operation=operation,
        )
    if return_to is not None and not is_absolute_url(return_to):
        raise InvalidInput(
            field="return_to",
            problem="it is not an absolute URL",
            fix="give a URL that is registered for the client, such as https://service.example.gov.uk/signed-out",
            operation=operation,
        )
