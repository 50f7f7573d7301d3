"""The authorization endpoint of the GOV.UK One Login stub: signed requests, and what is refused in a query."""

import json
import re

import pytest

from govcomponents.identity.protocol.flow import authorization_parameters, with_query
from identity.kit import CLIENT, HOST, Desk, default_world


def request_object(desk, **changes):
    from govcomponents.identity.jose.signing import signed_jwt

    pending = desk.identity.start().pending
    now = int(desk.sandbox.clock.time())
    claims = {
        **authorization_parameters(pending, "openid email"),
        "iss": CLIENT, "aud": f"{HOST}/authorize", "iat": now, "exp": now + 300,
    } | changes  # fmt: skip
    signer = desk.port._client.registration.signer
    claims = {name: value for name, value in claims.items() if value is not None}
    outer = {"response_type": "code", "client_id": CLIENT, "scope": "openid email"}
    return desk.sandbox.visit(with_query(f"{HOST}/authorize", outer | {"request": signed_jwt(signer, claims)}))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, "code="),
        ({"claims": {"userinfo": {}}}, "code="),
        ({"claims": '{"userinfo": {}}'}, "code="),
        ({"claims": ["x"]}, "invalid%20claims"),
        ({"claims": "x"}, "invalid%20claims"),
        ({"aud": [f"{HOST}/authorize", "other"]}, "code="),
        ({"aud": "other"}, "access_denied"),
        ({"ui_locales": ["en"]}, "ui_locales"),
        ({"login_hint": "x" * 257}, "login_hint"),
        ({"channel": "fax"}, "channel"),
        ({"nonce": None}, "nonce"),
        ({"max_age": True}, "could%20not%20be%20parsed"),
        ({"max_age": 60, "prompt": "login"}, "code="),
        ({"prompt": "login", "id_token_hint": "x"}, "Unable%20to%20validate"),
        ({"code_challenge": None}, "PKCE%20is%20enforced"),
        ({"code_challenge_method": None}, "code_challenge_method"),
        ({"vtr": ["Cl.Cm.P3"]}, "not%20permitted"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid profile"}, "invalid_scope"),
        ({"iss": "other"}, "unauthorized_client"),
    ],
    ids=str,
)
def test_signed_requests(desk, changes, found):
    assert found in request_object(desk, **changes).headers["location"]


@pytest.mark.parametrize(
    "changes", [{"exp": 1}, {"exp": "soon"}, {"nbf": 10**11}, {"redirect_uri": "https://evil.example.com"}]
)
def test_signed_requests_that_are_shown_to_the_person_only(desk, changes):
    answer = request_object(desk, **changes)
    assert (answer.status, answer.body) == (400, b"Invalid request")


def test_a_client_may_have_to_sign_its_requests():
    world = json.loads(json.dumps(default_world()))
    world["clients"][0]["request_object_required"] = True
    found = Desk(world={"one_login": world})
    assert "JAR%20required" in found.visit(found.identity.start().url)
    assert "code=" in request_object(found).headers["location"]


def test_unsigned_requests_are_refused(desk):
    outer = {"response_type": "code", "client_id": CLIENT, "scope": "openid", "request": "eyJhbGciOiJub25lIn0.e30."}
    assert desk.sandbox.visit(with_query(f"{HOST}/authorize", outer)).body == b"Invalid request"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ("&vtr=", "code="),
        ("&vtr=%5B%5D", "code="),
        ("&vtr=%7B%7D", "not%20valid"),
        ("&vtr=%5B%22Cl.Cm%22%2C%22Cl.Cm.P2%22%5D", "not%20valid"),
        ("&vtr=%5B%22P2.Cm.Cl%22%5D", "code="),
        ("&max_age=60", "code="),
        ("&max_age=-60", "negative"),
        ("&max_age=x", "Invalid%20request"),
        ("&request_uri=https%3A%2F%2Fa.example%2Fr", "request_uri_not_supported"),
        ("&channel=web", "code="),
        ("&claims=%5B%5D", "Invalid%20request"),
    ],
)
def test_more_of_the_query(desk, changes, found):
    assert found in desk.visit(re.sub("&vtr=[^&]*", "", desk.identity.start().url) + changes)
