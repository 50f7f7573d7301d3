"""Compares what GOV.UK One Login publishes about itself with what this adapter has as constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.identity.jose.canonical_json import NotCanonical, parse_object

if TYPE_CHECKING:
    from govcomponents.core.messages import Response
    from govcomponents.identity.adapters.one_login.endpoints import Endpoints


def differences(response: Response, at: Endpoints, id_token_algorithm: str) -> list[str]:
    """Say what differs. The document's own texts are not shown. Raises NothingToUse if it cannot be read."""
    if response.status != 200:
        raise NothingToUse(f"the discovery document was answered with status {response.status}")
    try:
        document = parse_object(response.body)
    except NotCanonical as error:
        raise NothingToUse(f"the discovery document cannot be read: {error}") from None
    expected = {
        "issuer": at.issuer,
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "userinfo_endpoint": at.userinfo,
        "jwks_uri": at.jwks,
        "end_session_endpoint": at.logout,
    }
    found = [f"{name} is not {url}" for name, url in expected.items() if document.get(name) != url]
    offered = {
        "response_types_supported": "code",
        "code_challenge_methods_supported": "S256",
        "id_token_signing_alg_values_supported": id_token_algorithm,
    }
    for name, needed in offered.items():
        values = document.get(name, [needed])
        if not isinstance(values, list) or needed not in values:
            found.append(f"{name} does not list {needed}")
    return found
