"""Reads what a provider sends to a service by POST: logout tokens in a form, security event tokens as the body."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.core.times import time_of
from govcomponents.errors import CallbackRefused, SignInReason, Unavailable
from govcomponents.identity.events import AccountEvent, LogoutNotice, UnknownEvent
from govcomponents.identity.jose.tokens import TokenRefused, check_id
from govcomponents.identity.protocol import flow, logout, security_events
from govcomponents.identity.protocol.cures import cure_of_notification
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.identity.events import IdentityEvent
    from govcomponents.identity.jose.tokens import Rules
    from govcomponents.identity.protocol.relying_party import RelyingParty
    from govcomponents.identity.protocol.security_events import SecurityEventPolicy
    from govcomponents.identity.replay_stores import ReplayStore

MAX_BODY: Final = 64 * 1024
MIN_REMEMBERED: Final = 180
_OPERATION: Final = "identity.parse_callback"
_FORM: Final = "application/x-www-form-urlencoded"


class NotificationReader:
    """Reads and checks the notifications of one provider. `store` keeps the keys of those that the service dealt with.

    `logout` says whether the provider sends logout tokens, `security_events` how its security events must be; None: it
    sends none.
    """

    def __init__(
        self,
        client: RelyingParty,
        store: ReplayStore,
        *,
        logout: bool = True,
        security_events: SecurityEventPolicy | None = None,
    ) -> None:
        self._client = client
        self._store = store
        self._has_logout = logout
        self._security_events = security_events

    async def read(self, body: bytes, headers: Mapping[str, str]) -> IdentityEvent:
        """Check a notification. `headers` have their names in lower case.

        It may come again, until `mark_done`. Raises CallbackRefused, Unavailable if the store failed, and
        SignInUnavailable without the provider's keys.
        """
        provider = self._client.provider
        try:
            is_logout = self._is_logout(body, headers.get("content-type"))
            rules = self._client.rules(await self._client.metadata(_OPERATION))
            claims, event = await (self._logout(body, rules) if is_logout else self._security_event(body, rules))
            event = replace(event, expires_at=_end_of(claims["exp"] + rules.leeway))
            key, now = self._key_of(event), self._client.clock()
            if await self._in_store(lambda: self._store.has(key, now), _OPERATION):
                raise TokenRefused(SignInReason.REPLAYED, "the notification came before, and was dealt with")
        except TokenRefused as error:
            raise CallbackRefused(
                error.happened,
                code=error.reason.value,
                fix=cure_of_notification(error),
                operation=_OPERATION,
                provider=provider,
            ) from None
        except NothingToUse as missing:
            raise flow.unavailable(provider, str(missing), fix="answer 503", operation=_OPERATION) from None
        return event

    def _is_logout(self, body: bytes, content_type: str | None) -> bool:
        """Tell a logout token's form from a security event. Without a media type, only a form has an equals sign."""
        if len(body) > MAX_BODY:
            raise _malformed("is too large")
        media = (content_type or "").partition(";")[0].strip().lower()
        is_form = media == _FORM or (not media and (b"=" in body or self._security_events is None))
        is_event = media == security_events.MEDIA or (not media and not is_form)
        if (is_form and self._has_logout) or (is_event and self._security_events is not None):
            return is_form
        raise _malformed("is not of a kind that the provider sends")

    async def _logout(self, body: bytes, rules: Rules) -> tuple[dict[str, Any], LogoutNotice]:
        policy = self._client.token_policy
        rules = replace(
            rules,
            name="logout token",
            algorithms=policy.logout_algorithms or rules.algorithms,
            types=logout.TYPES,
            from_anybody=True,
            max_age=logout.MAX_AGE,
        )
        claims = await self._client.verify(logout.token_of(body), rules)
        subject, session = logout.check_notice(claims, rules, names_person=policy.logout_names_person)
        return claims, LogoutNotice(
            key=_key(claims, rules),
            provider=self._client.provider,
            issuer=rules.issuer,
            occurred_at=_time(claims),
            subject=None if subject is None else Personal(subject),
            session=None if session is None else Personal(session),
        )

    async def _security_event(self, body: bytes, rules: Rules) -> tuple[dict[str, Any], AccountEvent | UnknownEvent]:
        policy = self._security_events
        assert policy is not None  # noqa: S101  # _is_logout saw to it
        rules = replace(
            rules,
            name="security event",
            audience=policy.audience,
            types=security_events.TYPES,
            from_anybody=True,
            type_required=True,
            max_age=policy.max_age,
        )
        claims = await self._client.verify(body.decode("latin-1"), rules)
        report = security_events.read_report(claims, policy)
        key, occurred_at, issuer = _key(claims, rules), _time(claims), rules.issuer
        if report.change is None:
            return claims, UnknownEvent(
                key=key,
                provider=self._client.provider,
                issuer=issuer,
                occurred_at=occurred_at,
                raw_type=report.raw_type,
                subject=report.subject,
                email=report.email,
            )
        return claims, AccountEvent(
            key=key,
            provider=self._client.provider,
            issuer=issuer,
            occurred_at=occurred_at,
            change=report.change,
            raw_type=report.raw_type,
            subject=report.subject,
            email=report.email,
            reason=report.reason,
        )

    async def mark_done(self, event: IdentityEvent) -> None:
        """Keep an event's key for as long as it can come again. Raises Unavailable if the store failed."""
        key, now = self._key_of(event), self._client.clock()
        until = 0.0 if event.expires_at is None else event.expires_at.timestamp()
        await self._in_store(lambda: self._store.add(key, max(until, now + MIN_REMEMBERED), now), "identity.mark_done")

    def _key_of(self, event: IdentityEvent) -> str:
        """Name an event in the store. Two clients may share one, and each gets a notice of its own."""
        return f"{self._client.registration.client_id}#{event.key}"

    async def _in_store(self, work: Callable[[], bool], operation: str) -> bool:
        try:
            return await self._client.http.transport.run_blocking(work)
        except Exception as error:  # noqa: BLE001  # a store is the service's own, and may raise anything
            raise Unavailable(
                f"the store of keys of events failed ({type(error).__name__})",
                fix="answer 503, so that the provider tries again; mend the store",
                operation=operation,
                provider=self._client.provider,
            ) from None


def _key(claims: Mapping[str, Any], rules: Rules) -> str:
    return f"{rules.issuer}#{check_id(claims, 'jti', rules)}"


def _time(claims: Mapping[str, Any]) -> datetime:
    """When a token was issued. Its claims are checked already."""
    return datetime.fromtimestamp(claims["iat"], UTC)


def _end_of(seconds: float) -> datetime:
    """When a token ends, and the event cannot come again; some never do."""
    return time_of(seconds) or datetime.max.replace(tzinfo=UTC)


def _malformed(what: str) -> TokenRefused:
    return TokenRefused(SignInReason.MALFORMED, f"the notification {what}")
