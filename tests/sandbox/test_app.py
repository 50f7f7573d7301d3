"""The sandbox in process: which URLs it takes, what it answers to strangers, what it refuses to be."""

from __future__ import annotations

import base64
import json

import pytest

from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.errors import ConfigurationError
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.http.messages import Call
from govcomponents.sandbox.identity_provider.token_faults import corrupt
from govcomponents.sandbox.world import default_world

from .people import MAYBE_REAL_CARD


@pytest.fixture(scope="module")
def sandbox():
    return Sandbox(now="2026-03-02T09:00:00Z")


@pytest.mark.parametrize("url", ["{}/_sandbox/clock", "/_sandbox/clock", "http://other.example.com/_sandbox/clock"])
def test_any_way_to_write_the_address_is_understood(sandbox, url):
    assert b"<h1>Clock</h1>" in sandbox.visit(url.format(sandbox.base_url)).body


def test_a_fragment_is_not_part_of_the_path_and_escapes_are_decoded(sandbox):
    assert sandbox.visit(f"{sandbox.base_url}/_sandbox/clock#set").status == 200
    assert sandbox.visit(f"{sandbox.base_url}/%5Fsandbox/clock").status == 200
    assert sandbox.visit(sandbox.base_url).status == 200


def test_a_transports_request_is_answered(sandbox):
    request = Request("test", "GET", f"{sandbox.base_url}/_sandbox/api/clock", Replay.ALWAYS, {"Accept": "x"})
    answer = sandbox.handle(request)
    assert (answer.status, json.loads(answer.body)["running"]) == (200, False)


def test_what_was_answered_is_answered_again(sandbox):
    again = [Call("GET", path, "", {}, b"", sandbox.base_url) for path in ("/_sandbox/clock", "/nothing")]
    assert [sandbox._redo(call).status for call in again] == [200, 404]


def test_a_provider_that_the_world_leaves_out_is_not_there():
    empty = Sandbox({})
    for path in ("/v1/payments", "/v2/notifications", "/authorize", "/.well-known/openid-configuration"):
        assert empty.visit(empty.base_url + path).status == 404
    settings = empty.settings()
    assert (settings.pay, settings.notify, settings.identity) == (None, None, None)
    with pytest.raises(ConfigurationError, match="no Stripe"):
        assert empty.stripe


def test_closing_without_a_state_file_does_nothing(sandbox):
    sandbox.close()
    assert sandbox.visit(sandbox.base_url).status == 200


def test_an_answer_that_holds_nothing_to_corrupt_stays(sandbox):
    keys = sandbox.one_login.keys
    refused = Response(400, {}, b"{}")
    assert corrupt("id_token_expired", refused, keys) is refused
    plain = Response(200, {}, b'{"sub":"somebody"}')
    assert corrupt("core_identity_expired", plain, keys).body == plain.body
    page = Response(200, {}, b"<html>")
    ended = Response(302, {"location": "https://service.example.gov.uk/back?error=access_denied"})
    for answer in (page, ended):
        assert corrupt("callback_wrong_state", answer, keys) is answer


@pytest.mark.parametrize("section", ["pay", "stripe"])
def test_a_card_number_that_may_be_real_is_known_at_each_provider(section):
    stub = Sandbox(default_world("stripe")).provider(section)
    assert stub.may_be_real(MAYBE_REAL_CARD)
    assert not stub.may_be_real("4242 4242 4242 4242")


LIVE = "sk_live_" + "canary0" * 4
BASIC = "Basic " + base64.b64encode(f"{LIVE}:".encode()).decode()


@pytest.mark.parametrize(
    ("section", "path", "authorization"),
    [
        ("pay", "/v1/payments", f"Bearer {LIVE}"),
        ("notify", "/v2/notifications", f"Bearer {LIVE}"),
        ("stripe", "/stripe/v1/refunds", f"Bearer {LIVE}"),
        ("stripe", "/stripe/v1/refunds", BASIC),
        ("gc_notify", "/gc-notify/v2/notifications", f"ApiKey-v1 {LIVE}"),
    ],
)
def test_a_live_key_is_refused_by_every_provider_and_noted_without_it(section, path, authorization):
    sandbox = Sandbox({section: default_world(section)[section]})
    answer = sandbox.respond(Call("GET", path, "", {"authorization": authorization}, b"", sandbox.base_url))
    assert answer.status in (401, 403)
    (event,) = sandbox.timeline.events()
    assert "looks like a live key" in event.happened
    assert event.component == sandbox.providers[0].spec.component
    assert "canary" not in sandbox.visit(f"{sandbox.base_url}/_sandbox/requests/1").body.decode()
