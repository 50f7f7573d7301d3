"""Ends sessions: checks a logout request as the real service does, and says where the person goes.

Source: GOV.UK One Login technical documentation, "Managing your users' sessions";
govuk-one-login/authentication-api, `LogoutRequest` and `LogoutHandler`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from govcomponents.identity.adapters.one_login.wire import Endpoints
from govcomponents.sandbox.identity_provider.keys import SigningKeys
from govcomponents.sandbox.providers.one_login.clients import Clients, Decoded, decode


class SignOuts:
    """Decides about logout requests."""

    def __init__(self, at: Endpoints, keys: SigningKeys, clients: Clients) -> None:
        self._default = at.issuer + "signed-out"
        self._keys = keys
        self._clients = clients

    def redirect_url(self, query: Mapping[str, str]) -> str:
        """The URL to which the person is sent."""
        state = {"state": query["state"]} if query.get("state") else {}
        if "id_token_hint" not in query:
            return _with(self._default, state)
        token = decode(query["id_token_hint"])
        if token is None or not self._is_ours(token):
            return self._error("invalid_request", "unable to validate id_token_hint", state)
        client = self._clients.get(str(token.claims.get("aud")))
        if client is None:
            return self._error("unauthorized_client", "client not found", state)
        if "post_logout_redirect_uri" not in query:
            return _with(self._default, state)
        if query["post_logout_redirect_uri"] not in client.post_logout_redirect_urls:
            description = "client registry does not contain post_logout_redirect_uri"
            return self._error("invalid_request", description, state)
        return _with(query["post_logout_redirect_uri"], state)

    def subject(self, query: Mapping[str, str]) -> tuple[str, str] | None:
        """Who signs out, and from which client, if the hint is one of ours."""
        token = decode(query.get("id_token_hint", ""))
        if token is None or not self._is_ours(token):
            return None
        return str(token.claims.get("sub")), str(token.claims.get("aud"))

    def _is_ours(self, token: Decoded) -> bool:
        """Whether the key in use signed it; its expiry does not matter, and older keys do not count."""
        from jwt.algorithms import get_default_algorithms

        name = token.header.get("alg")
        if name not in ("ES256", "RS256"):
            return False
        signer = self._keys.signer(name)
        key = signer.public_key()
        return bool(get_default_algorithms()[name].verify(token.signed, key, token.signature))

    def _error(self, code: str, description: str, state: Mapping[str, str]) -> str:
        return _with(self._default, {"error_code": code, "error_description": description, **state})


def _with(url: str, parameters: Mapping[str, str]) -> str:
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"
