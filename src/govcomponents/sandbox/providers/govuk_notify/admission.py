"""Admits requests: who calls, by the signed token, and whether the provider's limits let them.

Source: GOV.UK Notify REST API docs, "Authorisation header" and "Limits"; alphagov/notifications-api,
`app/authentication/auth.py` and `app/notifications/validators.py`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import math
import uuid
from typing import TYPE_CHECKING, Any

from govcomponents.sandbox.providers.govuk_notify.responses import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.sandbox.providers.govuk_notify.world import ApiKey, Service


_UNREADABLE = (
    "Invalid token: make sure your API token matches the example at "
    "https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header"
)


def authenticate(
    header: str, services: Mapping[str, Service], now: float, lifetime: float, revoked: Mapping[str, bool]
) -> tuple[Service, ApiKey]:
    """Return the service and the key that signed. Raises Refusal, 401 or 403.

    `revoked` says of some keys, by their secrets, whether they are revoked, whatever the world says.
    """
    if not header:
        raise Refusal(401, [("AuthError", "Unauthorized: authentication token must be provided")])
    if header[:7].title() != "Bearer ":
        raise Refusal(401, [("AuthError", "Unauthorized: authentication bearer scheme must be used")])
    head, claims, signed, signature = _parse(header[7:])
    service = _service(claims, services)
    if head.get("alg") != "HS256":
        raise _forbidden("Invalid token: algorithm used is not HS256")
    for key in service.api_keys:
        if not _is_signed(key.secret, signed, signature) or "iat" not in claims:
            continue
        _check_claims(claims, now, lifetime)
        if revoked.get(key.secret, key.revoked) if revoked else key.revoked:
            raise _forbidden("Invalid token: API key revoked")
        return service, key
    raise _forbidden("Invalid token: API key not found")


def caller_of(header: str, services: Mapping[str, Service]) -> tuple[Service, ApiKey | None] | None:
    """Return the service that a token names and the key that signed it, whatever else is wrong with it."""
    try:
        _head, claims, signed, signature = _parse(header[7:])
        service = _service(claims, services)
    except Refusal:
        return None
    return service, next((key for key in service.api_keys if _is_signed(key.secret, signed, signature)), None)


def _forbidden(message: str) -> Refusal:
    return Refusal(403, [("AuthError", message)])


def _parse(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        signed, _, signature = token.encode("ascii").rpartition(b".")
        head, _, body = signed.partition(b".")
        parts = json.loads(_decode(head)), json.loads(_decode(body))
        if not all(isinstance(part, dict) for part in parts):
            raise _forbidden(_UNREADABLE)
        return *parts, signed, _decode(signature)
    except (ValueError, RecursionError, binascii.Error):
        raise _forbidden(_UNREADABLE) from None


def _is_signed(secret: str, signed: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(hmac.digest(secret.encode(), signed, "sha256"), signature)


def _decode(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _service(claims: Mapping[str, Any], services: Mapping[str, Service]) -> Service:
    if not claims.get("iss"):
        raise _forbidden("Invalid token: iss field not provided")
    service = services.get(claims["iss"]) if isinstance(claims["iss"], str) else None
    if service is None:
        try:
            service = services.get(str(uuid.UUID(claims["iss"])))
        except (ValueError, AttributeError, TypeError):
            raise _forbidden("Invalid token: service id is not the right data type") from None
    if service is None:
        raise _forbidden("Invalid token: service not found")
    if not service.api_keys:
        raise _forbidden("Invalid token: service has no API keys")
    if not service.active:
        raise _forbidden("Invalid token: service is archived")
    return service


def _check_claims(claims: Mapping[str, Any], now: float, lifetime: float) -> None:
    issued, expires = claims["iat"], claims.get("exp")
    if not isinstance(issued, (int, float)) or isinstance(issued, bool) or "aud" in claims:
        raise _forbidden(_UNREADABLE)
    if expires is not None and not (isinstance(expires, (int, float)) and expires > now - lifetime):
        raise _forbidden(_UNREADABLE)
    if abs(int(now) - issued) > lifetime:
        raise _forbidden("Error: Your system clock must be accurate to within 30 seconds")


_SECONDS_A_DAY = 86_400
_MAX_BUCKET = 1000


class Limits:
    """Counts for all services. Its owner holds a lock round it."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._sent: dict[tuple[str, str, int], int] = {}

    def spend(self, service: Service, key: ApiKey, now: float) -> None:
        """Take a token for one request. Raises Refusal (429) if that leaves less than one."""
        rate = service.rate_limit_per_minute
        capacity = min(math.ceil(rate / 3) + 1, _MAX_BUCKET)
        tokens, since = self._buckets.get((service.id, key.kind), (float(capacity), now))
        left = min(capacity, tokens + max(0.0, now - since) * rate / 60) - 1
        self._buckets[service.id, key.kind] = (max(left, 0.0), now)
        if left < 1:
            name = key.kind.upper()
            message = f"Exceeded rate limit for key type {name} of {rate} requests per 60 seconds"
            raise Refusal(429, [("RateLimitError", message)])

    def check_day(self, service: Service, key: ApiKey, what: str, now: float) -> None:
        """Raise Refusal (429) if the day's messages of that kind are used up. Test keys are not counted."""
        limit = service.daily_limits.get(what)
        if key.kind == "test" or limit is None:
            return
        if self._sent.get((service.id, what, int(now // _SECONDS_A_DAY)), 0) + 1 > limit:
            raise Refusal(429, [("TooManyRequestsError", f"Exceeded send limits ({what}: {limit}) for today")])

    def count(self, service: Service, key: ApiKey, what: str, now: float) -> None:
        """Count a message that was accepted."""
        if key.kind != "test":
            day = (service.id, what, int(now // _SECONDS_A_DAY))
            self._sent[day] = self._sent.get(day, 0) + 1
