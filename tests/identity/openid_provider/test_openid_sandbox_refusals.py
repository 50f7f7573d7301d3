"""What the sandbox's plain OpenID provider and its Login.gov refuse."""

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from govcomponents.core.canonical_json import decode_base64url
from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.errors import SignInDenied
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.privacy import Secret
from identity.kit import HOST, service_of

from .openid_sandbox import ASK, RSA, rsa_jwk, sandbox_of, service_on, settings_of, sign_in


def changed(url, **changes):
    query = dict(parse_qsl(urlsplit(url).query)) | changes
    return f"{url.partition('?')[0]}?{urlencode({name: value for name, value in query.items() if value is not ...})}"


@pytest.mark.parametrize(
    ("section", "change", "error"),
    [
        ("openid", {"response_type": "token"}, "invalid_request"),
        ("openid", {"scope": "email"}, "invalid_scope"),
        ("openid", {"code_challenge": ...}, "invalid_request"),
        ("openid", {"code_challenge_method": "plain"}, "invalid_request"),
        ("openid", {"nonce": ...}, "invalid_request"),
        ("login_gov", {"acr_values": "urn:example:level"}, "invalid_request"),
        ("login_gov", {"prompt": "none"}, "invalid_request"),
        ("login_gov", {"nonce": "short"}, "invalid_request"),
    ],
)
def test_wrong_requests_are_sent_back(section, change, error):
    sandbox = sandbox_of(section)
    started = service_on(sandbox, section).start()
    back = sandbox.visit(changed(started.url, **change)).headers["location"]
    found = dict(parse_qsl(urlsplit(back).query))
    assert (found["error"], found["state"]) == (error, started.pending.state.reveal())


@pytest.mark.parametrize("left_out", [{"nonce": ...}, {"code_challenge": ..., "code_challenge_method": ...}])
def test_c4_a_client_may_be_registered_to_send_neither_nonce_nor_pkce(left_out):
    """Both are optional for the code flow, and libraries such as django-allauth send no nonce."""
    client = {"client_id": "plain", "pkce": "optional", "nonce": "optional"}
    sandbox = sandbox_of("openid", world={"clients": [client]})
    sandbox.openid.sign_in_as("SAM")
    service = service_on(sandbox, "openid")
    started = service.start()
    back = dict(parse_qsl(urlsplit(sandbox.visit(changed(started.url, **left_out)).headers["location"]).query))
    form = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "client_id": "plain",
        "redirect_uri": "https://service.example.gov.uk/signed-in",
    }
    verifier = started.pending.code_verifier.reveal()

    def redeem(form):
        url = changed(started.url).partition("?")[0].replace("authorize", "token")
        request = Request("x", "POST", url, Replay.UNSENT, {"content-type": "application/x-www-form-urlencoded"})
        body = urlencode(form).encode()
        return sandbox.handle(
            Request(request.operation, request.method, request.url, request.replay, request.headers, body)
        )

    if "nonce" in left_out:
        answer = redeem(form | {"code_verifier": verifier})
        assert "nonce" not in json.loads(jwt_payload(json.loads(answer.body)["id_token"]))
    else:
        assert redeem(form).status == 200
        again = dict(parse_qsl(urlsplit(sandbox.visit(changed(started.url, **left_out)).headers["location"]).query))
        with_verifier = form | {"code": again["code"], "code_verifier": verifier}
        assert redeem(with_verifier).status == 400, "a verifier without a challenge is a downgrade (RFC 9700)"


def jwt_payload(token):
    return decode_base64url(token.split(".")[1].encode())


@pytest.mark.parametrize("change", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example.com/"}])
def test_a_stranger_is_not_sent_anywhere(change):
    sandbox = sandbox_of("openid")
    url = changed(service_on(sandbox, "openid").start().url, **change)
    assert sandbox.visit(url).status == 400


def test_a_parameter_twice_is_sent_back():
    sandbox = sandbox_of("openid")
    started = service_on(sandbox, "openid").start()
    assert "error=" in sandbox.visit(f"{started.url}&scope=openid").headers["location"]


@pytest.mark.parametrize("section", ["openid", "login_gov"])
@pytest.mark.parametrize("spoilt", ["verifier", "grant", "late", "redirect"])
def test_codes_are_really_checked(section, spoilt):
    sandbox = sandbox_of(section)
    service = service_on(sandbox, section)
    started = service.start()
    back = sandbox.visit(started.url).headers["location"]
    kept = started.pending
    if spoilt == "verifier":
        kept = replace(kept, code_verifier=Secret("x" * 43))
    elif spoilt == "redirect":
        kept = replace(kept, redirect_url="https://service.example.gov.uk/other")
        if section == "login_gov":  # it does not look at it
            assert service.complete(kept, back)
            return
    elif spoilt == "late":
        sandbox.clock.advance(301)
    else:
        body = urlencode({"grant_type": "password", "code": "x"}).encode()
        url = sandbox.openid.client_settings()["issuer"] + "/token" if section == "openid" else None
        url = url or f"{HOST}/login-gov/api/openid_connect/token"
        answer = sandbox.handle(Request("x", "POST", url, Replay.UNSENT, {}, body))
        assert answer.status == 400
        return
    with pytest.raises(SignInDenied):
        service.complete(kept, back)


def test_an_assertion_counts_once():
    world = {"clients": [{"authentication": "private_key_jwt", "public_jwk": rsa_jwk()}]}
    sandbox = sandbox_of("openid", world)
    sent = []

    def answer(request):
        sent.append(request)
        return sandbox.handle(request)

    own = settings_of(sandbox, "openid", **RSA)
    runtime = Runtime(InProcessTransport(answer, sandbox.clock.advance), clock=sandbox.clock.time)
    service = service_of(OpenIdConnect.from_settings(own, runtime))
    sign_in(sandbox, service, **ASK)
    (used,) = [request for request in sent if request.method == "POST"]
    started = service.start()
    code = dict(parse_qsl(urlsplit(sandbox.visit(started.url).headers["location"]).query))["code"]
    form = dict(parse_qsl(used.body.decode())) | {"code": code, "code_verifier": started.pending.code_verifier.reveal()}
    again = sandbox.handle(Request("x", "POST", used.url, Replay.UNSENT, used.headers, urlencode(form).encode()))
    assert again.status == 401
    assert json.loads(again.body)["error"] == "invalid_client"


@pytest.mark.parametrize("authorization", ["", "Basic x", "Basic " + base64.b64encode(b"\xff:").decode(), "Bearer x"])
def test_a_pair_that_is_none(authorization):
    sandbox = sandbox_of("openid", {"clients": [{"authentication": "client_secret_basic", "client_secret": "s"}]})
    started = service_on(sandbox, "openid").start()
    code = dict(parse_qsl(urlsplit(sandbox.visit(started.url).headers["location"]).query))["code"]
    body = urlencode({"grant_type": "authorization_code", "code": code}).encode()
    headers = {"authorization": authorization}
    answer = sandbox.handle(Request("x", "POST", f"{HOST}/openid/token", Replay.UNSENT, headers, body))
    assert answer.status == 401


def test_userinfo_needs_the_token():
    sandbox = sandbox_of("openid")
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Basic x"}):
        answer = sandbox.handle(Request("x", "GET", f"{HOST}/openid/me", Replay.ALWAYS, headers))
        assert answer.status == 404
        answer = sandbox.handle(Request("x", "GET", f"{HOST}/openid/userinfo", Replay.ALWAYS, headers))
        assert answer.status == 401
