"""Responses to calls that a fault is injected into: another one, half of the right one, too much of one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.messages import Response
from govcomponents.sandbox.faults.catalogue import Effect
from govcomponents.sandbox.http.messages import ConnectionCut, json_response, text_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.sandbox.faults.arming import ArmedFault
    from govcomponents.sandbox.http.messages import Call, Handler

_OVERSIZE = 9 * 1024 * 1024


def inject(
    armed: ArmedFault, call: Call, handler: Handler, corrupt: Callable[[ArmedFault, Response], Response]
) -> Response:
    """Answer a call that a fault is injected into; `corrupt` changes what a response holds.

    Raises ConnectionCut where no answer comes.
    """
    effect = armed.kind.effect
    if effect is Effect.SILENCE_BEFORE:
        raise ConnectionCut(armed.silent_seconds)
    if effect is Effect.CUT_BEFORE:
        raise ConnectionCut
    if effect is Effect.INSTEAD:
        return _INSTEAD[armed.fault][armed.provider]()
    response = handler(call)
    if effect is Effect.SILENCE_AFTER:
        raise ConnectionCut(armed.silent_seconds)
    if effect is Effect.CUT_AFTER:
        raise ConnectionCut
    if effect is Effect.CORRUPTS:
        return corrupt(armed, response)
    if effect is Effect.MALFORMED:
        status = 200 if response.status in (204, 304) else response.status
        return Response(status, {**response.headers, "content-type": "application/json"}, b'{"half": ')
    return Response(response.status, response.headers, b" " * _OVERSIZE)


def _page(status: int, title: str) -> Callable[[], Response]:
    body = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>".encode()
    return lambda: Response(status, {"content-type": "text/html"}, body)


def _json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Callable[[], Response]:
    return lambda: json_response(status, value, headers)


def _notify(status: int, error: str, message: str) -> Callable[[], Response]:
    return _json(status, {"status_code": status, "errors": [{"error": error, "message": message}]})


def _stripe(status: int, kind: str, message: str, code: str | None = None) -> Callable[[], Response]:
    return _json(status, {"error": {"type": kind, "message": message} | ({} if code is None else {"code": code})})


def _openid(response: Callable[[], Response]) -> dict[str, Callable[[], Response]]:
    return {"openid": response, "login_gov": response}


# GOV.UK Pay docs: API error codes, API rate limits; alphagov/pay-publicapi: the rate limiter's bogus Content-Encoding.
# GOV.UK Notify docs: Errors; alphagov/notifications-api: v2/errors.
# GOV.UK One Login docs: Request tokens; govuk-one-login/authentication-api.
# Stripe docs: Errors, Rate limits.
_INSTEAD: Mapping[str, Mapping[str, Callable[[], Response]]] = {
    "rate_limited": {
        "pay": _json(429, {"code": "P0900", "description": "Too many requests"}, {"content-encoding": "utf-8"}),
        "notify": _notify(
            429, "RateLimitError", "Exceeded rate limit for key type TEST of 3000 requests per 60 seconds"
        ),
        "stripe": _stripe(429, "invalid_request_error", "Request rate limit exceeded.", "rate_limit"),
    },
    "daily_limit_reached": {
        "notify": _notify(429, "TooManyRequestsError", "Exceeded send limits (email: 250000) for today"),
    },
    "server_error": {
        "pay": _json(500, {"code": "P0198", "description": "Downstream system error"}),
        "notify": _notify(500, "Exception", "Internal server error"),
        "one_login": lambda: text_response(500, "Internal server error"),
        **_openid(_json(500, {"error": "server_error"})),
        "stripe": _stripe(500, "api_error", "An unknown error occurred"),
    },
    "bad_gateway": {
        "pay": _page(502, "Bad Gateway"),
        "notify": _page(502, "Bad Gateway"),
        "one_login": _json(502, {"message": "Internal server error"}),
        **_openid(_page(502, "Bad Gateway")),
        "stripe": _page(502, "Bad Gateway"),
    },
    "unavailable": {
        "pay": _json(503, {"code": 503, "message": "HTTP 503 Service Unavailable"}),
        "notify": _page(503, "Service Unavailable"),
        "one_login": _page(503, "Service Unavailable"),
        **_openid(_page(503, "Service Unavailable")),
        "stripe": _stripe(503, "api_error", "Stripe is temporarily unavailable"),
    },
    "gateway_time_out": {
        "pay": _page(504, "Gateway Time-out"),
        "notify": _notify(504, "EventletTimeout", "Timeout serving request"),
        "one_login": _json(504, {"message": "Endpoint request timed out"}),
        **_openid(_page(504, "Gateway Time-out")),
        "stripe": _page(504, "Gateway Time-out"),
    },
    "outage_not_found": {
        "pay": _page(404, "Not Found"),
        "notify": _page(404, "Not Found"),
    },
    "outage_bad_request": {
        "pay": _page(400, "Bad Request"),
        "notify": _page(400, "Bad Request"),
        "one_login": _json(400, {"error": "server_error", "error_description": "Unexpected server error"}),
    },
    "key_revoked": {
        "pay": lambda: Response(
            401,
            {"content-type": "text/plain", "www-authenticate": "Bearer"},
            b"Credentials are required to access this resource.",
        ),
        "notify": _notify(403, "AuthError", "Invalid token: API key not found"),
        "stripe": _stripe(401, "invalid_request_error", "Expired API key provided", "api_key_expired"),
    },
}
