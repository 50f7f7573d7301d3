"""Reads notices that a person signed out elsewhere, which a provider sends to the service (back-channel logout).

Anybody on the internet can call the address at which they arrive, so every check of OpenID Connect Back-Channel
Logout 1.0 (2.6) is made before a notice is believed. What the service answers is part of the protocol: `answer_to`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from govcomponents.errors import CallbackRefused, GovComponentsError, SignInReason, Unavailable
from govcomponents.identity.jose.tokens import TokenRefused, check_subject
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from govcomponents.identity.jose.tokens import Rules
    from govcomponents.identity.protocol.replay_stores import ReplayStore

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
MAX_BODY: Final = 64 * 1024
MAX_AGE: Final = 600
MIN_REMEMBERED: Final = 180
_MAX_ID: Final = 256
_FORM: Final = "application/x-www-form-urlencoded"
_OPERATION: Final = "identity.parse_logout"


class LogoutNotice(BaseModel):
    """A person signed out, or was signed out, at the provider: close all of their sessions with this service.

    Where `session` is given, the notice is about that session at the provider; where `subject` is, about all of that
    person. Sessions that began after `issued_at` may stay.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)

    provider: str
    issuer: str
    subject: Personal[str] | None
    session: Personal[str] | None = None
    issued_at: datetime
    id: str = Field(description="the notice's own id")


class LogoutAnswer(BaseModel):
    """What the service must answer."""

    model_config = ConfigDict(frozen=True)

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer_to(error: GovComponentsError | None = None) -> LogoutAnswer:
    """Return what to answer the provider: after the sessions are closed, or with the error that `parse_logout` raised.

    Exactly 200 says that the work is done; a notice that was seen before is work done too. 400 says that the notice
    was not good. Anything else, such as a store that does not answer, is 503: the provider tries again.
    """
    headers = {"Cache-Control": "no-store"}
    if error is None or (isinstance(error, CallbackRefused) and error.code == SignInReason.REPLAYED):
        return LogoutAnswer(status=200, headers=headers, body=b"")
    if isinstance(error, CallbackRefused):
        body = b'{"error":"invalid_request"}'
        return LogoutAnswer(status=400, headers={**headers, "Content-Type": "application/json"}, body=body)
    return LogoutAnswer(status=503, headers=headers, body=b"")


def token_of(body: object, content_type: str | None) -> str:
    """Return the one logout token of a request. Raises TokenRefused."""
    if isinstance(body, Mapping):
        given: object = body.get("logout_token", ())
        values = [given] if isinstance(given, str) else list(given) if isinstance(given, Sequence) else []
    else:
        values = _values_of_form(body, content_type)
    if len(values) != 1 or not isinstance(values[0], str) or not values[0]:
        raise _malformed("does not carry exactly one logout_token")
    return values[0]


def _values_of_form(body: object, content_type: str | None) -> list[object]:
    from urllib.parse import parse_qsl

    if content_type is not None and content_type.partition(";")[0].strip().lower() != _FORM:
        raise _malformed("is not a form")
    if not isinstance(body, (bytes, str)) or len(body) > MAX_BODY:
        raise _malformed("is no body, or too large a one")
    try:
        text = body if isinstance(body, str) else body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=64)
    except ValueError:
        raise _malformed("is not a form") from None
    return [value for name, value in pairs if name == "logout_token"]


def check_notice(
    claims: Mapping[str, Any], rules: Rules, *, subject_required: bool, one_event: bool
) -> tuple[str | None, str | None, str]:
    """Check what makes a token a logout token; return its subject, its session and its id. Raises TokenRefused.

    `subject_required`: the provider names the person, and a session alone will not do. `one_event`: it tells of
    nothing else.
    """
    if "nonce" in claims:
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} has a nonce, as an ID token has")
    events = claims.get("events")
    if not isinstance(events, dict) or events.get(EVENT) != {} or (one_event and len(events) != 1):
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} does not tell of a logout, or not of that alone")
    subject = session = None
    if "sub" in claims or subject_required:
        subject = check_subject(claims, rules.name)
    if "sid" in claims:
        session = _id(claims, "sid", rules)
    if subject is None and session is None:
        raise TokenRefused(SignInReason.BAD_SUBJECT, f"the {rules.name} names neither a person nor a session")
    return subject, session, _id(claims, "jti", rules)


def _id(claims: Mapping[str, Any], name: str, rules: Rules) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_ID or not value.isprintable():
        raise TokenRefused(SignInReason.MALFORMED, f"the {rules.name} has no usable {name}")
    return value


def remember(store: ReplayStore, issuer: str, notice_id: str, *, until: float, now: float, provider: str) -> None:
    """Keep a notice's id until it cannot come again. Raises TokenRefused if it is known, Unavailable if that failed."""
    try:
        is_new = store.add(f"{issuer}\n{notice_id}", max(until, now + MIN_REMEMBERED), now)
    except Exception as error:  # noqa: BLE001  # a store is the service's own, and may raise anything
        raise Unavailable(
            f"the store of logout notices failed ({type(error).__name__})",
            fix="answer 503, so that the provider tries again; mend the store",
            operation=_OPERATION,
            provider=provider,
        ) from None
    if not is_new:
        raise TokenRefused(SignInReason.REPLAYED, "the logout notice came before")


def refused(error: TokenRefused, provider: str) -> CallbackRefused:
    """The error for a notice that is not to be believed; its `code` is the reason."""
    return CallbackRefused(
        error.happened,
        code=error.reason.value,
        fix="close no session; answer as govcomponents.identity.answer_to says",
        operation=_OPERATION,
        provider=provider,
    )


def moment(claims: Mapping[str, Any]) -> datetime:
    """When a token was issued. Its claims are checked already."""
    return datetime.fromtimestamp(claims["iat"], UTC)


def _malformed(what: str) -> TokenRefused:
    return TokenRefused(SignInReason.MALFORMED, f"the logout notice {what}")
