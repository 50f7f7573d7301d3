"""Reads logout tokens: notices that a person signed out elsewhere (OpenID Connect Back-Channel Logout 1.0).

Anybody on the internet can call the address at which they arrive, so every check of section 2.6 is made before a
notice is believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import SignInReason
from govcomponents.identity.jose.tokens import TokenRefused, check_id, check_subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.identity.jose.tokens import Rules

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = frozenset({"logout+jwt", "jwt"})
MAX_AGE: Final = 600


def token_of(body: bytes) -> str:
    """Return the one logout token of a form. Raises TokenRefused."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=64)
    except ValueError:
        raise TokenRefused(SignInReason.MALFORMED, "the logout notice is not a form") from None
    found = [value for name, value in pairs if name == "logout_token"]
    if len(found) != 1 or not found[0]:
        raise TokenRefused(SignInReason.MALFORMED, "the logout notice does not carry exactly one logout_token")
    return found[0]


def check_notice(claims: Mapping[str, Any], rules: Rules, *, names_person: bool) -> tuple[str | None, str | None]:
    """Check what makes a token a logout token, and return its subject and its session. Raises TokenRefused.

    `names_person`: the provider names the person, so a session alone will not do, and tells of nothing else.
    """
    if "nonce" in claims:
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} has a nonce, as an ID token has")
    events = claims.get("events")
    if not isinstance(events, dict) or events.get(EVENT) != {} or (names_person and len(events) != 1):
        raise TokenRefused(SignInReason.BAD_TYPE, f"the {rules.name} does not tell of a logout, or not of that alone")
    subject = session = None
    if "sub" in claims or names_person:
        subject = check_subject(claims, rules.name)
    if "sid" in claims:
        session = check_id(claims, "sid", rules)
    if subject is None and session is None:
        raise TokenRefused(SignInReason.BAD_SUBJECT, f"the {rules.name} names neither a person nor a session")
    return subject, session
