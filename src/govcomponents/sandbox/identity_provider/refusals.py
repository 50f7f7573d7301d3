"""Tells the request log whose call an OpenID provider refused, and the SDK error that the refusal stands for."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from govcomponents.errors import GovComponentsError, RequestRefused
from govcomponents.identity.protocol.flow import EndpointError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from govcomponents.core.http.messages import Request, Response
    from govcomponents.identity.protocol.error_mapping import ErrorMapping
    from govcomponents.sandbox.http.messages import Call


def explained(request: Request, response: Response, mapping: ErrorMapping) -> GovComponentsError:
    """Return the error that a refusal stands for, by the endpoint that gave it."""
    try:
        told = json.loads(response.body)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    code, description = str(told.get("error") or ""), str(told.get("error_description") or "")
    if request.operation == "token":
        return mapping.of_token(EndpointError(response.status, code, description), request.provider)
    if request.operation == "userinfo":
        code = code or (response.headers.get("www-authenticate", "").partition('error="')[2].partition('"')[0])
        return mapping.of_userinfo(EndpointError(response.status, code, description), request.provider)
    return RequestRefused(
        "the provider refused the request that the person's browser brought",
        operation=request.operation,
        provider=request.provider,
        status=response.status,
        fix="compare the client's id, redirect URL, scopes and claims with how the client is registered",
    )


def caller_of(call: Call, known: Collection[str]) -> str:
    """Return the id of the client that a call is of: by a parameter, basic credentials or a signed assertion."""
    given = dict(call.query if call.method == "GET" else call.form)
    names = [given.get("client_id", "")]
    scheme, _, credentials = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        names.append(_decoded(credentials).partition(":")[0])
    names.append(_issuer(given.get("client_assertion", "")))
    return next((name for name in names if name in known), "")


def remedy_of(call: Call, registered: Mapping[str, Sequence[str]], section: str) -> str:
    """Say what is not registered of a browser's request that was refused, and how to register it, without naming it.

    `registered` are the redirect URLs of each client. Return an empty text if both are registered.
    """
    query = dict(call.query)
    client_id = query.get("client_id", "")
    if client_id not in registered:
        return (
            f"No client is registered under the client_id that came. Those that are: {', '.join(registered)}. "
            f"To register another, add it to the clients in the section {section} of a world for --world"
        )
    urls = registered[client_id]
    if query.get("redirect_uri") not in urls:
        return (
            f"The redirect URL that came is not registered for {client_id}. Those that are: {', '.join(urls)}. "
            "To register it, give it to --redirect-to letter for letter, or add it to the client in a world"
        )
    return ""


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""


def _issuer(token: str) -> str:
    try:
        claims = json.loads(_decoded(token.split(".")[1]))
    except (ValueError, IndexError, RecursionError):
        return ""
    return str(claims.get("iss", "")) if isinstance(claims, dict) else ""
