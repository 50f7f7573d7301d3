"""Reads authorization requests and refuses the wrong ones, in the order and with the texts of the real service.

Some refusals are shown to the person and never reach the client, because it is not known where to send them; the
others redirect. Sources: GOV.UK One Login technical documentation, "Authenticate your user" (errors of /authorize);
govuk-one-login/authentication-api, `QueryParamsAuthorizeValidator` and `RequestObjectAuthorizeValidator`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from govcomponents.identity.adapters.one_login import wire
from govcomponents.sandbox.providers.one_login.clients import SKEW, Clients, KeysUnreadable, decode, is_number
from govcomponents.sandbox.providers.one_login.vectors import DEFAULT_VECTORS, Vector, VectorsRefused, read_vectors
from govcomponents.sandbox.providers.one_login.world import Client

_RESPONSE_TYPES = frozenset({"code", "token", "id_token", "none"})
_PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})
_SCOPES = frozenset({"openid", "email", "phone", "wallet-subject-id", "offline_access"})
_FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "vbscript"})
_MISSING = "Request is missing parameters"
INVALID = "Invalid request"
_DENIED = "Access denied by resource owner or authorization server"


class ShownRefusal(Exception):
    """A refusal that the person's browser shows; the client learns nothing."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class SentRefusal(Exception):
    """A refusal that goes back to the client with the person."""

    def __init__(self, error: str, description: str, redirect_url: str, state: str | None, *, fragment: bool) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.redirect_url = redirect_url
        self.state = state
        self.fragment = fragment


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that is right: what a sign-in of this client is to give."""

    client: Client
    redirect_url: str
    state: str
    nonce: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    vectors: tuple[Vector, ...]
    language: str
    code_challenge: str | None
    max_age: int | None
    prompts: tuple[str, ...]
    id_token_hint: str | None
    fragment: bool

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of confidence that will do; none if no identity is to be proved."""
        return tuple(vector.confidence for vector in self.vectors if vector.asks_for_identity)

    @property
    def credential(self) -> str:
        """The credential trust that the ID token states: that of the lowest vector."""
        return min((vector.credential for vector in self.vectors), key=len)

    def refuse(self, error: str, description: str) -> SentRefusal:
        """A refusal of this request."""
        return SentRefusal(error, description, self.redirect_url, self.state, fragment=self.fragment)


class RequestReader:
    """Reads authorization requests for the registered clients."""

    def __init__(self, clients: Clients, *, authorize_url: str) -> None:
        self._clients = clients
        self._authorize_url = authorize_url

    def read(self, query: Mapping[str, str], now: float) -> AuthorizationRequest:
        """Read a query. Raises ShownRefusal or SentRefusal."""
        redirect_url = query.get("redirect_uri", "")
        if not query.get("client_id") or (redirect_url and not _is_uri(redirect_url)):
            raise ShownRefusal(400, _MISSING)
        client = self._clients.get(query["client_id"])
        signed = bool(query.get("request"))
        if not signed and not redirect_url:
            raise ShownRefusal(400, _MISSING)
        if client is None or (redirect_url and redirect_url not in client.redirect_urls):
            raise ShownRefusal(400, INVALID)
        self._check_form(query, client, redirect_url)
        if signed:
            return self._read_object(query, client, now)
        if client.request_object_required:
            self._send("access_denied", "JAR required for client but request does not contain Request Object", query)
        return self._read_query(query, client)

    def _check_form(self, query: Mapping[str, str], client: Client, redirect_url: str) -> None:
        """Refuse a request by its form, before it is looked at closer."""
        types = query.get("response_type", "")
        scope = query.get("scope")
        wrong = (
            bool(types and not _RESPONSE_TYPES.issuperset(types.split(" ")))
            or bool(query.get("request_uri") and not _is_uri(query["request_uri"]))
            or bool(query.get("request") and query.get("request_uri"))
            or bool(query.get("prompt") and not _PROMPTS.issuperset(query["prompt"].split(" ")))
            or not (types or query.get("request"))
            or not (scope or query.get("request"))
            or bool(scope and "openid" not in scope.split(" "))
            or not _is_integer(query.get("max_age"))
            or not _is_json_object(query.get("claims"))
        )
        if query.get("request"):
            if query["request"].endswith("."):  # not signed at all
                raise ShownRefusal(400, INVALID)
            token = decode(query["request"])
            wrong = wrong or token is None or token.claims.get("sub") == client.client_id
        if not wrong:
            return
        if not redirect_url:
            raise ShownRefusal(400, _MISSING)
        self._send("invalid_request", INVALID, query)

    def _read_query(self, query: Mapping[str, str], client: Client) -> AuthorizationRequest:
        if query.get("response_mode", "query") not in ("query", "fragment"):
            raise ShownRefusal(400, INVALID)
        if not query.get("state"):
            self._send("invalid_request", "Request is missing state parameter", query)
        if query.get("request_uri"):
            self._send("request_uri_not_supported", "Request URI parameter not supported", query)
        if query.get("response_type") != "code":
            self._send("unsupported_response_type", "Unsupported response type", query)
        return self._finish(
            query, client, json.loads(query.get("claims") or "{}"), query.get("vtr") or None, "query params"
        )

    def _read_object(self, query: Mapping[str, str], client: Client, now: float) -> AuthorizationRequest:
        token = decode(query["request"])
        if token is None or token.header.get("alg") not in wire.CLIENT_ALGORITHMS:
            raise ShownRefusal(400, INVALID)
        try:
            good = self._clients.verifies(client, token)
        except KeysUnreadable:
            raise ShownRefusal(500, "Unexpected server error") from None
        if not good:
            raise ShownRefusal(400, "Trust chain validation failed")
        inner = dict(token.claims)
        if not _is_in_time(inner, now) or inner.get("redirect_uri") not in client.redirect_urls:
            raise ShownRefusal(400, INVALID)
        if (inner.get("response_mode") or "query") not in ("query", "fragment"):
            raise ShownRefusal(400, INVALID)
        if not inner.get("state"):
            self._send("invalid_request", "Request is missing state parameter", inner | {"state": None})
        self._check_outside(query, client, inner)
        self._check_inside(query, client, inner)
        claims = inner.get("claims") or {}
        if isinstance(claims, str):
            claims = json.loads(claims) if _is_json_object(claims) else None
        if not isinstance(claims, dict):
            self._send("invalid_request", "Request contains invalid claims", inner)
        if not isinstance(inner.get("ui_locales", ""), str):
            self._send("invalid_request", "ui_locales parameter is invalid", inner)
        hint = inner.get("login_hint")
        if isinstance(hint, str) and len(hint) > 256:
            self._send("invalid_request", "login_hint parameter is invalid", inner)
        return self._finish(inner, client, claims, inner.get("vtr") or None, "request object")

    def _check_outside(self, query: Mapping[str, str], client: Client, inner: Mapping[str, Any]) -> None:
        if query.get("response_type") != "code":
            self._send("unsupported_response_type", "Unsupported response type", inner)
        if not _scopes_fit(query.get("scope"), client):
            self._send("invalid_scope", "Invalid, unknown or malformed scope", inner)
        if inner.get("client_id") != query["client_id"]:
            self._send("unauthorized_client", "Unauthorized client", inner)
        if inner.get("request") or inner.get("request_uri"):
            self._send("invalid_request", INVALID, inner)

    def _check_inside(self, query: Mapping[str, str], client: Client, inner: Mapping[str, Any]) -> None:
        audience = inner.get("aud")
        if self._authorize_url not in (audience if isinstance(audience, list) else [audience]):
            self._send("access_denied", _DENIED, inner)
        if inner.get("iss") != query["client_id"]:
            self._send("unauthorized_client", "Unauthorized client", inner)
        if inner.get("response_type") != "code":
            self._send("unsupported_response_type", "Unsupported response type", inner)

    def _finish(
        self, values: Mapping[str, Any], client: Client, claims: Mapping[str, Any], vtr: object, where: str
    ) -> AuthorizationRequest:
        """The checks that both ways of asking have in common."""
        if not _scopes_fit(values.get("scope"), client):
            self._send("invalid_scope", "Invalid, unknown or malformed scope", values)
        wanted = claims.get("userinfo")
        names = tuple(wanted) if isinstance(wanted, dict) else ()
        if any(name not in wire.IDENTITY_CLAIMS or name not in client.claims for name in names):
            self._send("invalid_request", "Request contains invalid claims", values)
        if not values.get("nonce"):
            self._send("invalid_request", "Request is missing nonce parameter", values)
        challenge = self._challenge(values, client)
        try:
            vectors = DEFAULT_VECTORS if vtr is None else read_vectors(vtr, client)
        except VectorsRefused as refused:
            self._send("invalid_request", str(refused), values)
        max_age = self._max_age(values, where)
        if values.get("channel") not in (None, "", "web", "generic_app"):
            self._send("invalid_request", "Invalid value for channel parameter.", values)
        prompts = tuple(str(values.get("prompt") or "").split())
        if "select_account" in prompts:
            self._send("unmet_authentication_requirements", "Unmet authentication requirements", values)
        hint = values.get("id_token_hint")
        return AuthorizationRequest(
            client=client,
            redirect_url=str(values["redirect_uri"]),
            state=str(values["state"]),
            nonce=str(values["nonce"]),
            scopes=tuple(dict.fromkeys(str(values["scope"]).split(" "))),
            claims=names if any(vector.asks_for_identity for vector in vectors) else (),
            vectors=vectors,
            language="cy" if str(values.get("ui_locales") or "").startswith("cy") else "en",
            code_challenge=challenge,
            max_age=max_age if client.max_age_enabled else None,
            prompts=prompts if where == "request object" else (),
            id_token_hint=hint if isinstance(hint, str) and where == "request object" else None,
            fragment=values.get("response_mode") == "fragment",
        )

    def _challenge(self, values: Mapping[str, Any], client: Client) -> str | None:
        challenge, method = values.get("code_challenge"), values.get("code_challenge_method")
        if challenge is None:
            if client.pkce_enforced:
                self._send(
                    "invalid_request", "Request is missing code_challenge parameter, but PKCE is enforced.", values
                )
            return None
        if not str(challenge).strip():
            self._send("invalid_request", "Invalid value for code_challenge parameter.", values)
        if not method:
            self._send(
                "invalid_request",
                "Request is missing code_challenge_method parameter. "
                "code_challenge_method is required when code_challenge is present.",
                values,
            )
        if method != "S256":
            self._send("invalid_request", "Invalid value for code_challenge_method parameter.", values)
        return str(challenge)

    def _max_age(self, values: Mapping[str, Any], where: str) -> int | None:
        found = values.get("max_age")
        if found is None or found == "":
            return None
        if isinstance(found, bool) or not isinstance(found, (int, str)) or not _is_integer(str(found)):
            self._send("invalid_request", "Max age could not be parsed to an integer", values)
        if int(found) < 0:
            self._send("invalid_request", f"Max age is negative in {where}", values)
        return int(found)

    def _send(self, error: str, description: str, values: Mapping[str, Any]) -> NoReturn:
        state = values.get("state")
        raise SentRefusal(
            error,
            description,
            str(values["redirect_uri"]),
            state if isinstance(state, str) and state else None,
            fragment=values.get("response_mode") == "fragment",
        )


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and parts.scheme not in _FORBIDDEN_SCHEMES and bool(parts.netloc or parts.path)


def _is_integer(text: str | None) -> bool:
    if not text:
        return True
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 12


def _is_json_object(text: str | None) -> bool:
    try:
        return not text or isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _is_in_time(claims: Mapping[str, Any], now: float) -> bool:
    expires, begins = claims.get("exp", now), claims.get("nbf", now)
    return is_number(expires) and is_number(begins) and bool(begins - SKEW <= now <= expires + SKEW)


def _scopes_fit(scope: object, client: Client) -> bool:
    scopes = scope.split(" ") if isinstance(scope, str) else []
    return "openid" in scopes and all(name in _SCOPES and name in client.scopes for name in scopes)
