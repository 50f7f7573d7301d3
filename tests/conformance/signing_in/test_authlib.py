"""Authlib, an OpenID Connect library that is not ours, signs in at the sandbox by GOV.UK One Login's rules."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving

authlib = pytest.importorskip("authlib", reason="Authlib is not installed (pip install Authlib)")
CORE_IDENTITY = "https://vocab.account.gov.uk/v1/coreIdentityJWT"


@pytest.fixture
def server():
    with serving(sign_in="page") as running:
        yield running


def discover(server):
    headers = {"User-Agent": "authlib-test"}
    found = requests.get(f"{server.base_url}/.well-known/openid-configuration", headers=headers, timeout=10).json()
    keys = requests.get(found["jwks_uri"], headers=headers, timeout=10).json()
    return found, keys


def test_a_sign_in_with_private_key_jwt_pkce_and_the_identity_claims(server):
    from authlib.common.security import generate_token
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import ECKey, KeySet, RSAKey

    settings = server.sandbox.settings().identity
    found, keys = discover(server)
    key = RSAKey.import_key(json.loads(settings.private_key.reveal()))
    session = OAuth2Session(
        settings.client_id,
        key,
        redirect_uri=settings.redirect_url,
        scope="openid email phone",
        code_challenge_method="S256",
        token_endpoint_auth_method=PrivateKeyJWT(found["token_endpoint"], alg="RS256"),
    )
    session.headers["User-Agent"] = "authlib-test"
    verifier, nonce = generate_token(48), generate_token(32)
    url, state = session.create_authorization_url(
        found["authorization_endpoint"],
        code_verifier=verifier,
        nonce=nonce,
        vtr='["Cl.Cm.P2"]',
        claims=json.dumps({"userinfo": {CORE_IDENTITY: None}}),
    )

    browser = FormBrowser.over_http()
    page = browser.send(browser.open(url).form_with("person"), person="SAM", outcome="success")
    assert page.url.startswith(settings.redirect_url)
    assert parse_qs(urlsplit(page.url).query)["state"] == [state]

    token = session.fetch_token(
        found["token_endpoint"], authorization_response=page.url, state=state, code_verifier=verifier
    )
    decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=["ES256", "RS256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={
            "iss": {"essential": True, "value": found["issuer"]},
            "aud": {"essential": True, "value": settings.client_id},
        },
        params={"nonce": nonce, "client_id": settings.client_id, "access_token": token["access_token"]},
    )
    claims.validate(leeway=30)
    assert claims["vot"] == "Cl.Cm"

    told = session.get(found["userinfo_endpoint"]).json()
    assert told["sub"] == claims["sub"]
    assert told["email"]
    did = requests.get(f"{server.base_url}/.well-known/did.json", headers={"User-Agent": "x"}, timeout=10).json()
    method = {one["id"]: one["publicKeyJwk"] for one in did["assertionMethod"]}
    proved_head = json.loads(_part(told[CORE_IDENTITY].split(".")[0]))
    proved = jwt.decode(told[CORE_IDENTITY], ECKey.import_key(method[proved_head["kid"]]), algorithms=["ES256"])
    assert proved.claims["vot"] == "P2"
    assert proved.claims["sub"] == claims["sub"]


def _part(text):
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_key_that_is_not_registered_is_refused(server):
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
    from joserfc.jwk import RSAKey

    settings = server.sandbox.settings().identity
    found, _keys = discover(server)
    session = OAuth2Session(
        settings.client_id,
        RSAKey.generate_key(2048),
        redirect_uri=settings.redirect_url,
        token_endpoint_auth_method=PrivateKeyJWT(found["token_endpoint"], alg="RS256"),
    )
    session.headers["User-Agent"] = "authlib-test"
    with pytest.raises(OAuthError, match="invalid_client"):
        session.fetch_token(found["token_endpoint"], code="a-code", grant_type="authorization_code")
