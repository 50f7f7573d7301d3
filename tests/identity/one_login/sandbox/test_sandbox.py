"""The GOV.UK One Login stub: its modes and worlds, what expires, what is used once, signing out."""

import json
import threading
from urllib.parse import parse_qsl, urlsplit

import pytest

from govcomponents.core.http.messages import Replay, Request
from govcomponents.errors import ConfigurationError
from govcomponents.identity.levels import Confidence
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.identity_provider.keys import SigningKeys
from identity.kit import CLIENT, GOLDEN, HOST, Desk, default_world, needs_golden

# -- modes and worlds ---------------------------------------------------------------------------------------------


def test_the_world_says_who_signs_in_at_once():
    world = json.loads(json.dumps(default_world()))
    world["clients"][0]["signs_in"] = "NIA"
    found = Desk(world={"one_login": world})
    for mode in ("at_once", None):
        found.sandbox = Sandbox({"one_login": world}, sign_in=mode)
        assert "code=" in found.visit(found.identity.start().url)
    found.sandbox = Sandbox({"one_login": world}, sign_in="page")
    assert "/_sandbox/sign-in" in found.visit(found.identity.start().url)


def test_the_world_says_who_is_turned_away():
    world = json.loads(json.dumps(default_world()))
    for error in ("access_denied", "temporarily_unavailable", "server_error"):
        world["clients"][0]["authorize_error"] = error
        found = Desk(world={"one_login": world})
        assert f"error={error}" in found.visit(found.identity.start().url)


def test_the_choice_of_a_test_can_be_undone(desk):
    desk.provider.sign_in_as("PAT")
    desk.provider.sign_in_as_the_world_says()
    assert desk.sign_in().email.reveal() == "sam@example.com"
    assert desk.provider.people == ("SAM", "NIA", "ALEX", "PAT", "ROBIN")
    with pytest.raises(KeyError):
        desk.provider.sign_in_as("NOBODY")


def test_a_world_without_one_login_has_none_of_its_pages():
    sandbox = Sandbox({})
    assert sandbox.settings().identity is None
    with pytest.raises(ConfigurationError, match=r"no GOV\.UK One Login"):
        _ = sandbox.one_login
    assert sandbox.visit(HOST + "/authorize").status == 404
    assert sandbox.visit(HOST + "/.well-known/openid-configuration").status == 404


def test_a_world_without_people_or_keys():
    world = {
        "clients": [{"symbol": "A", "client_id": CLIENT, "redirect_urls": ["https://service.example.gov.uk/signed-in"]}]
    }
    sandbox = Sandbox({"one_login": world}, sign_in="at_once")
    assert sandbox.one_login.client_settings() is None
    assert "error=server_error" in sandbox.visit(Desk().identity.start().url).headers["location"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"clients": [{"symbol": "A"}]}, "clients.0.client_id"),
        ({"clients": "all"}, "clients"),
        ({"clients": [], "colour": "blue"}, "colour"),
        ({"clients": [{"symbol": "A", "client_id": "a", "redirect_urls": []}]}, "redirect_urls"),
        ({"clients": [{"symbol": "A", "client_id": "a", "redirect_urls": ["x"], "signs_in": "X"}]}, "one_login"),
        ({"clients": [{"symbol": "A", "client_id": "a", "redirect_urls": ["x"], "key": "X"}]}, "one_login"),
        ({"clients": [{"symbol": "A", "client_id": "a", "redirect_urls": ["x"]}] * 2}, "twice"),
        ({"clients": [], "people": [{"symbol": "A", "sub": "s", "email": "e"}] * 2}, "twice"),
    ],
    ids=str,
)
def test_a_wrong_world_is_refused_by_place(change, place):
    with pytest.raises(ConfigurationError) as caught:
        Sandbox({"one_login": change})
    assert place in str(caught.value)


def test_a_wrong_mode_is_refused():
    with pytest.raises(ConfigurationError):
        Sandbox({"one_login": default_world()}, sign_in="sometimes")


def test_an_rs256_client_gets_its_settings():
    world = json.loads(json.dumps(default_world()))
    world["clients"][0]["id_token_signing_algorithm"] = "RS256"
    found = Desk(world={"one_login": world}, id_token_algorithm="RS256")
    assert found.provider.client_settings()["id_token_algorithm"] == "RS256"
    assert found.sign_in().subject


@needs_golden
def test_the_recorded_world_loads_as_it_is():
    sandbox = Sandbox(GOLDEN / "world.json")
    settings = sandbox.one_login.client_settings()
    assert settings["client_id"] == "licences-service-0001"
    assert {fact.name: fact.value for fact in sandbox.one_login.summary()}["Services"] == "7"


# -- what expires, what is used once ------------------------------------------------------------------------------


def call(desk, method, path, *, headers=None, form=None, agent="test"):
    from urllib.parse import urlencode

    sent = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    body = urlencode(form).encode() if form is not None else None
    return desk.sandbox.handle(Request("test", method, HOST + path, Replay.ALWAYS, sent, body))


def token_form(desk, started, callback, **changes):
    from govcomponents.identity.jose.signing import client_assertion
    from govcomponents.identity.protocol.registration import ASSERTION_TYPE

    code = dict(parse_qsl(urlsplit(callback).query))["code"]
    signer = desk.port._client.registration.signer
    assertion = client_assertion(signer, client_id=CLIENT, audience=f"{HOST}/", now=desk.sandbox.clock.time())
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": started.pending.redirect_url,
        "code_verifier": started.pending.code_verifier.reveal(),
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return {name: value for name, value in (form | changes).items() if value is not None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": None},
        {"code_verifier": "x" * 43},
        {"code_verifier": "é"},
        {"redirect_uri": "https://service.example.gov.uk/other"},
    ],
    ids=str,
)
def test_trap_12_whatever_is_wrong_burns_the_code(desk, wrong):
    started = desk.identity.start()
    callback = desk.visit(started.url)
    refused = call(desk, "POST", "/token", form=token_form(desk, started, callback, **wrong))
    assert (refused.status, json.loads(refused.body)["error"]) == (400, "invalid_grant")
    again = call(desk, "POST", "/token", form=token_form(desk, started, callback))
    assert json.loads(again.body) == {"error": "invalid_grant", "error_description": "Invalid grant"}


def test_a_code_is_good_for_five_minutes(desk):
    for wait, status in ((299, 200), (300, 400)):
        started = desk.identity.start()
        callback = desk.visit(started.url)
        desk.sandbox.clock.stop_at(desk.sandbox.clock.now().isoformat())
        desk.sandbox.clock.advance(wait)
        assert call(desk, "POST", "/token", form=token_form(desk, started, callback)).status == status


def test_an_access_token_is_good_for_three_minutes(desk):
    desk.sandbox.clock.stop_at("2026-11-23T12:00:00")
    started = desk.identity.start()
    given = json.loads(call(desk, "POST", "/token", form=token_form(desk, started, desk.visit(started.url))).body)
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    assert call(desk, "GET", "/userinfo", headers=bearer).status == 200
    desk.sandbox.clock.advance(180)
    assert call(desk, "GET", "/userinfo", headers=bearer).status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/did.json"),
        ("GET", "/trustmark"),
        ("POST", "/token"),
        ("GET", "/userinfo"),
    ],
)
def test_t19_a_caller_without_a_user_agent_is_turned_away(desk, method, path):
    assert call(desk, method, path, agent=" ").status == 403
    assert call(desk, method, path).status != 403


def test_the_trustmark(desk):
    assert json.loads(call(desk, "GET", "/trustmark").body)["idp"] == f"{HOST}/"


def test_long_queries_are_blocked(desk):
    assert desk.sandbox.visit(HOST + "/authorize?x=" + "y" * 4095).status == 403
    assert desk.sandbox.visit(HOST + "/logout?x=" + "y" * 2047).status == 403


def test_answers_in_the_fragment(desk):
    started = desk.identity.start()
    location = desk.sandbox.visit(started.url + "&response_mode=fragment").headers["location"]
    assert "#code=" in location
    refused = desk.sandbox.visit(started.url.replace("nonce", "other") + "&response_mode=fragment").headers["location"]
    assert "#error=" in refused


def test_a_redirect_url_with_a_query_keeps_it():
    world = json.loads(json.dumps(default_world()))
    url = "https://service.example.gov.uk/signed-in?service=a"
    world["clients"][0]["redirect_urls"] = [url]
    found = Desk(world={"one_login": world}, redirect_url=url)
    started = found.identity.start()
    assert found.visit(started.url).startswith(f"{url}&code=")
    assert found.identity.complete(started.pending, found.visit(started.url))


# -- signing out --------------------------------------------------------------------------------------------------


def test_signing_out(desk):
    identity = desk.sign_in()
    back = "https://service.example.gov.uk/signed-out"
    assert desk.visit(desk.identity.sign_out_url(identity, back)) == back
    assert desk.visit(desk.identity.sign_out_url(identity, back) + "&state=s") == f"{back}?state=s"
    own = desk.visit(desk.identity.sign_out_url(identity))
    assert own == f"{HOST}/signed-out"
    assert "You are signed out" in desk.sandbox.visit(own).body.decode()
    wrong = desk.visit(desk.identity.sign_out_url(identity, "https://evil.example.com/"))
    assert "error_code=invalid_request" in wrong
    assert "does not contain" in desk.sandbox.visit(wrong).body.decode()


def test_trap_18_a_hint_older_than_the_key_does_not_count(desk):
    identity = desk.sign_in()
    desk.provider.keys.rotate("ES256")
    answer = desk.visit(desk.identity.sign_out_url(identity, "https://service.example.gov.uk/signed-out"))
    assert "unable%20to%20validate" in answer


def test_a_hint_of_a_client_that_is_gone(desk):
    from govcomponents.identity.jose.signing import signed_jwt

    token = signed_jwt(desk.provider.keys.signer("ES256"), {"aud": "gone"})
    assert "client%20not%20found" in desk.visit(f"{HOST}/logout?id_token_hint={token}")
    assert "unable%20to%20validate" in desk.visit(f"{HOST}/logout?id_token_hint=e30.e30.AA")


# -- keys and threads ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_keys():
    first, second, other = SigningKeys("a"), SigningKeys("a"), SigningKeys("b")
    assert first.jwks() == second.jwks() != other.jwks()
    assert first.signer("core_identity").key_id != first.signer("ES256").key_id


@pytest.mark.parametrize("purpose", ["ES256", "core_identity", "RS256"])
def test_a_rotation_in_its_three_steps(purpose):
    keys = SigningKeys("a")
    old = keys.signer(purpose)
    new = keys.publish_next(purpose)
    assert keys.signer(purpose) is old
    assert keys.published(purpose) == [old, new]
    keys.use_next(purpose)
    assert keys.signer(purpose) is new
    assert keys.published(purpose) == [old, new]
    keys.withdraw_old(purpose)
    assert keys.published(purpose) == [new]


def test_fifty_threads_sign_in_at_once():
    desk = Desk()
    done = []

    def work():
        done.extend(desk.sign_in(confidence=Confidence.MEDIUM).subject for _ in range(4))

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 200


def test_the_timeline_holds_nothing_personal(desk):
    desk.sign_in(confidence=Confidence.MEDIUM)
    shown = repr(desk.sandbox.timeline.events())
    assert "identity proved to P2" in shown
    assert "sam@" not in shown
    assert "urn:" not in shown
