"""Events: what a provider reports by callback about a person's session or account, and the answers to them.

The words of account events are those of OpenID's RISC profile, in which they are sent (RFC 8417 for the token's form).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, Self, TypeAlias

from govcomponents.core.results import Result
from govcomponents.errors import CallbackRefused, GovComponentsError, SignInReason
from govcomponents.frames import leaving_frames_behind
from govcomponents.privacy import Personal


class IdentityEventKind(StrEnum):
    """The kinds of events. Each has its own class."""

    LOGOUT = "logout"
    ACCOUNT = "account"
    UNKNOWN = "unknown"


class AccountChange(StrEnum):
    """A change of a person's account at the provider."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event(Result):
    """The base of events. `key` is the same each time that the same event comes; `occurred_at` is when it was sent.

    It may come again until `expires_at`, unless it is marked as done: `gov.identity.mark_done(event)`.
    """

    key: str
    provider: str
    issuer: str
    occurred_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice(_Event):
    """A person signed out, or was signed out, at the provider: close all of their sessions with this service.

    Where `session` is given, the notice is about that session at the provider; where `subject` is, about all of that
    person. Sessions that began after `occurred_at` may stay.
    """

    kind: Literal[IdentityEventKind.LOGOUT] = field(default=IdentityEventKind.LOGOUT, init=False)
    subject: Personal[str] | None
    session: Personal[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent(_Event):
    """A change of an account at the provider. What follows from it is the service's decision.

    It is about `subject`, or about everybody with `email`. `raw_type` is the provider's own name of the change,
    `reason` its reason if it gave one.
    """

    kind: Literal[IdentityEventKind.ACCOUNT] = field(default=IdentityEventKind.ACCOUNT, init=False)
    change: AccountChange
    raw_type: str
    subject: Personal[str] | None = None
    email: Personal[str] | None = None
    reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(_Event):
    """An event of a type that this version does not know: the provider's own, about an account."""

    kind: Literal[IdentityEventKind.UNKNOWN] = field(default=IdentityEventKind.UNKNOWN, init=False)
    raw_type: str
    subject: Personal[str] | None = None
    email: Personal[str] | None = None


IDENTITY_EVENTS: Final = (LogoutNotice, AccountEvent, UnknownEvent)
IdentityEvent: TypeAlias = LogoutNotice | AccountEvent | UnknownEvent
"""The events that `gov.identity.parse_callback` returns."""


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """An answer to a callback, for the service to send: `done()` after the work, `for_error()` if anything failed.

    `status` is the number of HTTP.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    @leaving_frames_behind
    def done(cls) -> Self:
        """Make the answer that says that the work is done: exactly 200, for some providers take no other."""
        return cls(200, _HEADERS)

    @classmethod
    @leaving_frames_behind
    def for_error(cls, error: GovComponentsError) -> Self:
        """Make the answer to a callback for which `parse_callback` raised this error.

        400 says that the event was not good, 200 that it came before, which is work done too. Anything else, such as
        a store or keys that cannot be had, is 503: the provider tries again.
        """
        if not isinstance(error, CallbackRefused):
            return cls(503, _HEADERS)
        if error.code == SignInReason.REPLAYED:
            return cls.done()
        return cls(400, {**_HEADERS, "Content-Type": "application/json"}, b'{"error":"invalid_request"}')


_HEADERS: Final = {"Cache-Control": "no-store"}
