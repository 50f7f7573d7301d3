"""Reads the security events that Login.gov pushes to a service: one signed token each, about one account.

Source: developers.login.gov, "Security events"; 18F/identity-idp, app/services/push_notification, for their names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.errors import CallbackRefused, SignInReason
from govcomponents.identity.account_events import AccountEvent, AccountEventKind
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.tokens import MAX_TOKEN, TokenRefused
from govcomponents.identity.protocol import flow, logout
from govcomponents.identity.protocol.replay_stores import ReplayStore
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.jose.tokens import Rules
    from govcomponents.identity.protocol.relying_party import RelyingParty

OPERATION: Final = "identity.parse_account_event"
MEDIA: Final = "application/secevent+jwt"
TYPE: Final = "secevent+jwt"
_LIFE: Final = 12 * 3600
_MAX_ID: Final = 256
_MAX_TYPE: Final = 256

_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
_OWN: Final = "https://schemas.login.gov/secevent/risc/event-type/"
KINDS: Final[Mapping[str, AccountEventKind]] = {
    f"{_RISC}account-purged": AccountEventKind.PURGED,
    f"{_RISC}account-disabled": AccountEventKind.DISABLED,
    f"{_RISC}account-enabled": AccountEventKind.ENABLED,
    f"{_RISC}identifier-changed": AccountEventKind.IDENTIFIER_CHANGED,
    f"{_RISC}identifier-recycled": AccountEventKind.IDENTIFIER_RECYCLED,
    f"{_RISC}recovery-activated": AccountEventKind.RECOVERY_ACTIVATED,
    f"{_RISC}recovery-information-changed": AccountEventKind.RECOVERY_INFORMATION_CHANGED,
    f"{_OWN}mfa-limit-account-locked": AccountEventKind.LOCKED,
    f"{_OWN}password-reset": AccountEventKind.PASSWORD_RESET,
    f"{_OWN}reproof-completed": AccountEventKind.PROVED_AGAIN,
}


async def parse(
    body: object,
    content_type: str | None,
    *,
    client: RelyingParty,
    provider: str,
    audience: str,
    issuers: frozenset[str],
    store: ReplayStore,
) -> AccountEvent:
    """Check an event. Raises CallbackRefused, Unavailable if the store failed, SignInUnavailable without keys."""
    try:
        token = _token(body, content_type)
        rules = replace(
            client.rules(await client.metadata(OPERATION)),
            name="security event",
            audience=audience,
            types=frozenset({TYPE}),
            type_required=True,
            max_age=_LIFE,
        )
        claims = await client.verify(token, rules)
        event = _event(claims, rules, provider=provider, issuers=issuers)
        now, until = client.clock(), claims["exp"] + rules.leeway
        await client.http.transport.run_blocking(
            lambda: logout.remember(store, rules.issuer, event.id, until=until, now=now, provider=provider)
        )
    except TokenRefused as error:
        raise CallbackRefused(
            error.happened,
            code=error.reason.value,
            fix="do nothing about the account; answer as govcomponents.identity.protocol.logout.answer_to says",
            operation=OPERATION,
            provider=provider,
        ) from None
    except NothingToUse as missing:
        raise flow.unavailable(provider, str(missing), fix="answer 503", operation=OPERATION) from None
    return event


def _token(body: object, content_type: str | None) -> str:
    """Return the token, which is the whole body. Raises TokenRefused."""
    if content_type is not None and content_type.partition(";")[0].strip().lower() != MEDIA:
        raise TokenRefused(SignInReason.MALFORMED, "the request is not a security event")
    if isinstance(body, bytes) and len(body) <= MAX_TOKEN:
        try:
            return body.decode("ascii")
        except UnicodeDecodeError:
            pass
    elif isinstance(body, str):
        return body
    raise TokenRefused(SignInReason.MALFORMED, "the security event is not text, or too large")


def _event(claims: Mapping[str, Any], rules: Rules, *, provider: str, issuers: frozenset[str]) -> AccountEvent:
    """Read what happened: exactly one thing, to one account. Raises TokenRefused."""
    if "nonce" in claims:
        raise TokenRefused(SignInReason.BAD_TYPE, "the security event has a nonce, as an ID token has")
    events = claims.get("events")
    if not isinstance(events, dict) or len(events) != 1:
        raise TokenRefused(SignInReason.BAD_TYPE, "the security event does not tell of exactly one thing")
    ((kind, told),) = events.items()
    subject = told.get("subject") if isinstance(told, dict) else None
    if not isinstance(subject, dict) or len(kind) > _MAX_TYPE or not kind.isprintable():
        raise TokenRefused(SignInReason.MALFORMED, "the security event is about nobody, or has no usable name")
    notice_id = claims.get("jti")
    if not isinstance(notice_id, str) or not 0 < len(notice_id) <= _MAX_ID or not notice_id.isprintable():
        raise TokenRefused(SignInReason.MALFORMED, "the security event has no usable jti")
    person, email = _subject(subject, issuers)
    reason = told.get("reason")
    return AccountEvent(
        provider=provider,
        issuer=rules.issuer,
        kind=KINDS.get(kind, AccountEventKind.UNKNOWN),
        type=kind,
        subject=person,
        email=email,
        reason=reason if isinstance(reason, str) else None,
        issued_at=logout.moment(claims),
        id=notice_id,
    )


def _subject(subject: Mapping[str, Any], issuers: frozenset[str]) -> tuple[Personal[str] | None, Personal[str] | None]:
    """Read whose account it is: a subject of this issuer, with or without its final slash, or an email address."""
    match subject.get("subject_type"):
        case "iss-sub":
            if subject.get("iss") not in issuers:
                raise TokenRefused(SignInReason.BAD_ISSUER, "the security event is about another issuer's account")
            return Personal(tokens.check_subject(subject, "security event")), None
        case "email" if isinstance(subject.get("email"), str) and subject["email"]:
            return None, Personal(subject["email"])
    raise TokenRefused(SignInReason.BAD_SUBJECT, "the security event does not say whose account it is about")
