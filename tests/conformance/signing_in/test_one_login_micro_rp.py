"""The checks of the small relying party with which GOV.UK One Login's simulator accepts itself, made at the sandbox.

The relying party is not a package; its requests are made here as it makes them: no PKCE, no client_id beside the
assertion, an assertion whose times are fractions of a second, and an RS256 signature.
Source: govuk-one-login/simulator, `tests/acceptance`.
"""

from __future__ import annotations

import json
import time
import uuid
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import pytest
import requests

from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving
from govcomponents.sandbox.world import default_world

VOCABULARY = "https://vocab.account.gov.uk/v1/"
CORE_IDENTITY = f"{VOCABULARY}coreIdentityJWT"
OTHERS = tuple(f"{VOCABULARY}{name}" for name in ("address", "passport", "drivingPermit", "returnCode"))


@pytest.fixture
def server():
    world = default_world()
    clients = [{**one, "pkce_enforced": False} for one in world["one_login"]["clients"]]
    with serving({**world, "one_login": {**world["one_login"], "clients": clients}}, sign_in="page") as running:
        yield running


def signed_in(server, vtr, claims, outcome="success"):
    """Sign in as the relying party does; what the token endpoint and userinfo answered."""
    settings = server.sandbox.settings().identity
    asked = {
        "response_type": "code",
        "scope": "openid email phone",
        "client_id": settings.client_id,
        "state": uuid.uuid4().hex,
        "redirect_uri": settings.redirect_url,
        "nonce": uuid.uuid4().hex,
        "vtr": json.dumps([vtr]),
        "ui_locales": "en",
    }
    if claims:
        asked["claims"] = json.dumps({"userinfo": dict.fromkeys(claims)})
    browser = FormBrowser.over_http()
    page = browser.open(f"{server.base_url}/authorize?{urlencode(asked)}")
    back = parse_qs(urlsplit(browser.send(page.form_with("person"), person="SAM", outcome=outcome).url).query)
    assert back["state"] == [asked["state"]]
    now = time.time()
    assertion = {
        "aud": f"{server.base_url}/token",
        "iss": settings.client_id,
        "sub": settings.client_id,
        "exp": now + 300.5,
        "iat": now,
        "jti": str(uuid.uuid4()),
    }
    key = jwt.PyJWK(json.loads(settings.private_key.reveal()), algorithm="RS256").key
    form = {
        "code": back["code"][0],
        "redirect_uri": settings.redirect_url,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(assertion, key, algorithm="RS256"),
        "grant_type": "authorization_code",
    }
    tokens = requests.post(f"{server.base_url}/token", data=form, timeout=10)
    assert tokens.status_code == 200, tokens.text
    bearer = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
    person = requests.get(f"{server.base_url}/userinfo", headers=bearer, timeout=10)
    assert person.status_code == 200, person.text
    return asked, tokens.json(), person.json()


def proved(text, key):
    return jwt.decode(text, jwt.PyJWK(key).key, algorithms=["ES256"], options={"verify_aud": False})


def key_of(keys, name, text):
    kid = jwt.get_unverified_header(text)["kid"]
    return next(key for key in keys if key[name] == kid)


def test_authentication(server):
    asked, tokens, person = signed_in(server, "Cl.Cm", ())
    assert {"email", "phone_number"} <= person.keys()
    assert not {CORE_IDENTITY, *OTHERS} & person.keys()
    head = jwt.get_unverified_header(tokens["id_token"])
    assert head["alg"] == "ES256"
    keys = requests.get(f"{server.base_url}/.well-known/jwks.json", timeout=10).json()["keys"]
    claims = proved(tokens["id_token"], key_of(keys, "kid", tokens["id_token"]))
    assert all(isinstance(claims[name], str) for name in ("at_hash", "sid"))
    assert (claims["nonce"], claims["aud"], claims["vot"]) == (asked["nonce"], asked["client_id"], "Cl.Cm")
    assert (claims["iss"], claims["vtm"]) == (f"{server.base_url}/", f"{server.base_url}/trustmark")
    assert claims["sub"] == person["sub"]
    assert max(claims["auth_time"], claims["iat"]) <= time.time() < claims["exp"]


def test_identity(server):
    asked, tokens, person = signed_in(server, "Cl.Cm.P2", (CORE_IDENTITY, *OTHERS))
    text = person[CORE_IDENTITY]
    did = f"did:web:{quote(urlsplit(server.base_url).netloc, safe='.')}"
    head = jwt.get_unverified_header(text)
    assert head["kid"].startswith(f"{did}#")
    assert head["alg"] == "ES256"
    document = requests.get(f"{server.base_url}/.well-known/did.json", timeout=10).json()
    claims = proved(text, key_of(document["assertionMethod"], "id", text)["publicKeyJwk"])
    assert (claims["aud"], claims["sub"], claims["vot"]) == (asked["client_id"], person["sub"], "P2")
    assert (claims["iss"], claims["vtm"]) == (f"{server.base_url}/", f"{server.base_url}/trustmark")
    assert max(claims["nbf"], claims["iat"]) <= time.time() < claims["exp"]
    assert {"credentialSubject", "type"} <= claims["vc"].keys()
    assert len(tokens["access_token"].split(".")) == 3
    left = requests.get(
        f"{server.base_url}/logout", params={"id_token_hint": tokens["id_token"]}, allow_redirects=False, timeout=10
    )
    assert left.status_code == 302 or "signed out" in left.text


@pytest.mark.parametrize(
    "query",
    ["", "response_type=code&scope=email&client_id={client_id}&redirect_uri={redirect_url}&state=s&nonce=n"],
    ids=["nothing", "no openid"],
)
def test_authorize_errors(server, query):
    settings = server.sandbox.settings().identity
    given = query.format(client_id=quote(settings.client_id), redirect_url=quote(settings.redirect_url, safe=""))
    answer = requests.get(f"{server.base_url}/authorize?{given}", allow_redirects=False, timeout=10)
    if query:
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert (answer.status_code, back["error"], back["state"]) == (302, ["invalid_request"], ["s"])
    else:
        assert (answer.status_code, answer.text) == (400, "Request is missing parameters")
