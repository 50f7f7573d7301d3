"""Any method, path, header and body: an answer, never a fault of the sandbox's own, never a hang."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govcomponents.notify.adapters.govuk_notify.wire import ServiceKey
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY, Call
from govcomponents.sandbox.world import default_world

NOW = "2026-03-02T09:00:00Z"


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox({**default_world(), "stripe": {}}, now=NOW)
    made.callbacks.receive(lambda callback: 200)
    return made


def known_paths(sandbox):
    for owner in sandbox._router.owners:
        for route in owner.routes():
            yield route.method, route.path


def concrete(path, words):
    """A path with something in place of each part that varies."""
    parts = iter(words)
    return "/".join(next(parts, "x") if part.startswith("<") else part for part in path.split("/"))


words = st.lists(
    st.text(min_size=1, max_size=12) | st.sampled_from(["1", "0", "-1", "a" * 300, "%00", ".."]), max_size=4
)
junk = st.binary(max_size=200)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
names = [
    "amount",
    "reference",
    "description",
    "return_url",
    "email_address",
    "template_id",
    "phone_number",
    "grant_type",
]
names += [
    "code",
    "redirect_uri",
    "client_assertion",
    "metadata",
    "seconds",
    "fault",
    "provider",
    "now",
    "world",
    "copies",
]
filled = st.dictionaries(
    st.sampled_from(names), st.integers() | st.text(max_size=12) | st.none() | st.lists(st.integers())
)
objects = filled.map(lambda value: json.dumps(value).encode())
forms = st.lists(
    st.tuples(st.sampled_from([*names, "card_number", "person", "outcome", "action"]), st.text(max_size=12))
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "replace"))
bodies = junk | jsons | objects | forms
header_names = st.sampled_from(
    ["authorization", "content-type", "accept", "user-agent", "idempotency-key", "origin", "host"]
)
headers = st.dictionaries(
    header_names,
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
    | st.sampled_from(
        ["Bearer ", "Bearer a.b.c", "application/json", "application/x-www-form-urlencoded", "Basic eA=="]
    ),
)
queries = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)


def credentials(sandbox, path):
    given_settings = sandbox.settings()
    if path.startswith("/v1"):
        return {"authorization": f"Bearer {given_settings.pay.api_key.reveal()}"}
    if path.startswith("/stripe"):
        return {"authorization": f"Bearer {sandbox.stripe.client_settings()['api_key']}"}
    if path.startswith("/v2"):
        key = ServiceKey.parse(given_settings.notify.api_key)
        return {"authorization": f"Bearer {key.token(sandbox.clock.time())}"}
    return {"user-agent": "test"}


def check(sandbox, call):
    answer = sandbox.respond(call)
    assert 200 <= answer.status < 500
    assert isinstance(answer.body, bytes)
    for name, value in answer.headers.items():
        assert name == name.lower()
        assert "\n" not in value


fuzzing = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzing
@given(data=st.data())
def test_known_paths_with_any_content(sandbox, data):
    method, path = data.draw(st.sampled_from(sorted(set(known_paths(sandbox)))))
    target = concrete(path, data.draw(words))
    sent = data.draw(headers)
    if data.draw(st.booleans()):
        sent = {**sent, **credentials(sandbox, path)}
    if data.draw(st.booleans()):
        sent["content-type"] = "application/json"
    check(sandbox, Call(method, target, data.draw(queries), sent, data.draw(bodies), sandbox.base_url))


@fuzzing
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"]),
    start=st.sampled_from(
        ["/", "/v1/", "/v2/", "/_sandbox/", "/.well-known/", "/secure/", "/stripe/", "/stripe/v1/", "/token"]
    ),
    rest=st.text(max_size=40),
    query=queries,
    sent=headers,
    body=bodies,
)
def test_any_path(sandbox, method, start, rest, query, sent, body):
    check(sandbox, Call(method, start + rest, query, sent, body, sandbox.base_url))


def test_a_body_beyond_the_limit_is_refused(sandbox):
    call = Call("POST", "/v1/payments", "", {}, b"x" * (MAX_REQUEST_BODY + 1), sandbox.base_url)
    assert sandbox.respond(call).status == 413
