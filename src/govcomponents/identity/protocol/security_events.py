"""Reads security event tokens: what happened to a person's account (RFC 8417, OpenID's RISC profile)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import SignInReason
from govcomponents.identity.events import AccountChange
from govcomponents.identity.jose.tokens import TokenRefused, check_subject
from govcomponents.identity.protocol import claims
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA: Final = "application/secevent+jwt"
TYPES: Final = frozenset({"secevent+jwt"})
_MAX_TYPE: Final = 256
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
RISC_CHANGES: Final[Mapping[str, AccountChange]] = {
    f"{_RISC}account-purged": AccountChange.PURGED,
    f"{_RISC}account-disabled": AccountChange.DISABLED,
    f"{_RISC}account-enabled": AccountChange.ENABLED,
    f"{_RISC}identifier-changed": AccountChange.IDENTIFIER_CHANGED,
    f"{_RISC}identifier-recycled": AccountChange.IDENTIFIER_RECYCLED,
    f"{_RISC}recovery-activated": AccountChange.RECOVERY_ACTIVATED,
    f"{_RISC}recovery-information-changed": AccountChange.RECOVERY_INFORMATION_CHANGED,
}


@dataclass(frozen=True, slots=True)
class SecurityEventPolicy:
    """Requirements on a provider's security events.

    `audience` is whom they are for, `issuers` are the forms of the issuer that a subject may be of, `max_age` is in
    seconds. `changes` are the names of changes that this provider has besides those of RISC.
    """

    audience: str
    issuers: frozenset[str]
    max_age: int
    changes: Mapping[str, AccountChange]


@dataclass(frozen=True, slots=True)
class AccountReport:
    """A security event as its token tells it: one change of one account."""

    raw_type: str
    change: AccountChange | None
    subject: Personal[str] | None
    email: Personal[str] | None
    reason: str | None


def read_report(told_of: Mapping[str, Any], policy: SecurityEventPolicy) -> AccountReport:
    """Read the one change of one account that a token tells of. Raises TokenRefused."""
    if "nonce" in told_of:
        raise TokenRefused(SignInReason.BAD_TYPE, "the security event has a nonce, as an ID token has")
    events = told_of.get("events")
    if not isinstance(events, dict) or len(events) != 1:
        raise TokenRefused(SignInReason.BAD_TYPE, "the security event does not tell of exactly one thing")
    ((kind, told),) = events.items()
    subject = told.get("subject") if isinstance(told, dict) else None
    if not isinstance(subject, dict) or len(kind) > _MAX_TYPE or not kind.isprintable():
        raise TokenRefused(SignInReason.MALFORMED, "the security event is about nobody, or has no usable name")
    person, email = _subject(subject, policy.issuers)
    reason = claims.text(told.get("reason"))
    change = RISC_CHANGES.get(kind) or policy.changes.get(kind)
    return AccountReport(kind, change, person, email, None if reason is None else reason.reveal())


def _subject(subject: Mapping[str, Any], issuers: frozenset[str]) -> tuple[Personal[str] | None, Personal[str] | None]:
    """Read whose account it is: a subject of this issuer, with or without its final slash, or an email address."""
    match subject.get("subject_type"):
        case "iss-sub":
            issuer = subject.get("iss")
            if not isinstance(issuer, str) or issuer not in issuers:
                raise TokenRefused(SignInReason.BAD_ISSUER, "the security event is about another issuer's account")
            return Personal(check_subject(subject, "security event")), None
        case "email" if (email := claims.address_text(subject.get("email"))) is not None:
            return None, email
    raise TokenRefused(SignInReason.BAD_SUBJECT, "the security event does not say whose account it is about")
