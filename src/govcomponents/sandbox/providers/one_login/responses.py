"""Responses of GOV.UK One Login: tokens, claims about a person, and the documents that it publishes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from govcomponents.core.canonical_json import encode_base64url
from govcomponents.core.http.messages import Response
from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.adapters.one_login.wire import Endpoints
from govcomponents.identity.jose.signing import signed_jwt
from govcomponents.identity.jose.tokens import half_hash, same
from govcomponents.identity.protocol.flow import code_challenge
from govcomponents.sandbox.http.messages import Call, redirect
from govcomponents.sandbox.identity_provider.keys import SigningKeys
from govcomponents.sandbox.providers.one_login.requests import SentRefusal
from govcomponents.sandbox.providers.one_login.sign_ins import Grant
from govcomponents.sandbox.providers.one_login.world import Lifetimes

_EVIDENCE = {"address": wire.ADDRESS, "passport": wire.PASSPORT, "driving_permit": wire.DRIVING_PERMIT}


class TokenResponses:
    """Makes tokens and claims for one issuer."""

    def __init__(self, at: Endpoints, keys: SigningKeys, lifetimes: Lifetimes) -> None:
        self._at = at
        self._keys = keys
        self._lifetimes = lifetimes

    def tokens(self, grant: Grant, access_token: str, now: int) -> dict[str, object]:
        """The answer of the token endpoint."""
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": self._lifetimes.access_token,
            "id_token": self.id_token(grant, access_token, now),
        }

    def access_token(self, grant: Grant, word: str, now: int) -> str:
        """An access token: it looks like a signed token, as the real one does, which services are known to decode.

        `word` makes it unlike every other. Its last part is the hash of the others: nobody can verify it, and nobody
        but the userinfo endpoint, which knows the whole, has a reason to.
        """
        claims = {
            "sub": grant.person.sub,
            "iss": self._at.issuer,
            "client_id": grant.request.client.client_id,
            "scope": list(grant.request.scopes),
            "iat": now,
            "exp": now + self._lifetimes.access_token,
            "sid": grant.session,
            "jti": word,
        }
        header = {"kid": self._keys.signer("ES256").key_id, "typ": "JWT", "alg": "ES256"}
        parts = [encode_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
        return ".".join([*parts, encode_base64url(hashlib.sha512(".".join(parts).encode()).digest())])

    def id_token(self, grant: Grant, access_token: str, now: int) -> str:
        """The ID token, with the algorithm that the client is registered for."""
        signer = self._keys.signer(grant.request.client.id_token_signing_algorithm)
        claims = {
            "sub": grant.person.sub,
            "iss": self._at.issuer,
            "aud": grant.request.client.client_id,
            "iat": now,
            "exp": now + self._lifetimes.id_token,
            "nonce": grant.request.nonce,
            "at_hash": half_hash(access_token, signer.algorithm),
            "sid": grant.session,
            "vot": grant.request.credential,
            "vtm": self._at.trustmark,
            "auth_time": grant.signed_in_at,
        }
        return signed_jwt(signer, claims, kind=None)

    def userinfo(self, grant: Grant, now: int) -> dict[str, object]:
        """The answer of the userinfo endpoint: what the scopes and claims of the request let be told."""
        person, scopes = grant.person, grant.request.scopes
        told: dict[str, object] = {"sub": person.sub}
        if "email" in scopes:
            told |= {"email": person.email, "email_verified": person.email_verified}
        if "phone" in scopes:
            if person.phone_number is not None:
                told["phone_number"] = person.phone_number
            told["phone_number_verified"] = person.phone_number_verified
        if "wallet-subject-id" in scopes and person.wallet_subject_id is not None:
            told["wallet_subject_id"] = person.wallet_subject_id
        asked = grant.request.claims
        if grant.confidence is not None:
            for attribute, name in _EVIDENCE.items():
                evidence = getattr(person, attribute)
                if name in asked and evidence is not None:
                    told[name] = evidence
            if wire.CORE_IDENTITY in asked and person.core_identity is not None:
                told[wire.CORE_IDENTITY] = self.core_identity(grant, dict(person.core_identity), now)
        if wire.RETURN_CODE in asked:
            told[wire.RETURN_CODE] = [{"code": code} for code in grant.return_codes]
        return told

    def core_identity(self, grant: Grant, credential: dict[str, Any], now: int) -> str:
        """The core identity token: always ES256, signed with a key of the DID document."""
        signer = self._keys.signer("core_identity")
        claims = {
            "iss": self._at.identity_issuer,
            "sub": grant.person.sub,
            "aud": grant.request.client.client_id,
            "nbf": now,
            "iat": now,
            "exp": now + self._lifetimes.core_identity,
            "vot": grant.confidence,
            "vtm": self._at.trustmark,
            "vc": credential,
        }
        return signed_jwt(signer.renamed(f"{self._at.did}#{signer.key_id}"), claims, kind=None)


def discovery(at: Endpoints) -> dict[str, object]:
    """The discovery document, with the members of the real service's."""
    return {
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "userinfo_endpoint": at.userinfo,
        "end_session_endpoint": at.logout,
        "issuer": at.issuer,
        "jwks_uri": at.jwks,
        "scopes_supported": ["openid", "email", "phone", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
        "ui_locales_supported": ["en", "cy"],
        "service_documentation": "https://docs.sign-in.service.gov.uk/",
        "op_policy_uri": "https://signin.account.gov.uk/privacy-notice",
        "op_tos_uri": "https://signin.account.gov.uk/terms-and-conditions",
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "trustmarks": at.trustmark,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "sub",
            "email",
            "email_verified",
            "phone_number",
            "phone_number_verified",
            "wallet_subject_id",
            wire.PASSPORT,
            wire.DRIVING_PERMIT,
            wire.CORE_IDENTITY,
            wire.ADDRESS,
            wire.RETURN_CODE,
        ],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": False,
    }


def trustmark(at: Endpoints) -> dict[str, object]:
    """The trustmark: what the vectors of trust of this issuer may hold."""
    return {
        "idp": at.issuer,
        "trustmark_provider": at.issuer,
        "C": ["Cl", "Cl.Cm"],
        "P": ["P0", "P1", "P2", "P3"],
    }


def without_user_agent(call: Call) -> Response | None:
    """The gateway's answer to a direct call without a User-Agent."""
    return None if call.headers.get("user-agent", "").strip() else blocked()


def blocked() -> Response:
    """The page of the network before the provider, which refuses a request."""
    page = "<!DOCTYPE html><title>403</title><h1>403 ERROR</h1><p>The request could not be satisfied.</p>"
    return Response(403, {"content-type": "text/html; charset=utf-8"}, page.encode())


def sent_back(refused: SentRefusal) -> Response:
    """Send the person back with an error."""
    parameters = {"error": refused.error, "error_description": refused.description}
    if refused.state is not None:
        parameters["state"] = refused.state
    return back(refused.redirect_url, parameters, fragment=refused.fragment)


def back(url: str, parameters: Mapping[str, str], *, fragment: bool) -> Response:
    """Send the person back with parameters."""
    mark = "#" if fragment else "&" if "?" in url else "?"
    return redirect(f"{url}{mark}{urlencode(parameters, quote_via=quote)}")


def verifier_fits(challenge: str | None, verifier: str | None) -> bool:
    """Whether a code verifier is the one that a challenge was made of, or neither was sent."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    return verifier.isascii() and same(code_challenge(verifier), challenge)
