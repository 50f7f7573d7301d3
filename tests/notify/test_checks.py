"""Whether the provider answers and takes the key: asked for, and never raised."""

from __future__ import annotations

import pytest

from govcomponents import GovComponents, OutcomeUnknown, Settings
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.sandbox.app import Sandbox

from .doubles import TEST_KEY, refused
from .gc_notify.support import KEY as GC_KEY

KEYS = {"govuk_notify": TEST_KEY, "gc_notify": GC_KEY}
NONE_THERE = refused(404, "NoResultFound", "No result found")


def check(adapter, transport, **settings):
    made = Settings(environment="test", notify={"adapter": adapter, "api_key": KEYS[adapter], **settings})
    with GovComponents.from_settings(made, transport=transport, retry=RetryPolicy.none()) as gov:
        return gov.check()[0]


def test_a_good_key_is_taken_and_a_wrong_one_refused_by_the_sandbox():
    sandbox = Sandbox()
    settings = sandbox.settings().notify

    def transport():
        return InProcessTransport(sandbox.handle, sandbox.clock.advance)

    assert check("govuk_notify", transport(), api_key=settings.api_key, base_url=settings.base_url).ok is True
    wrong = check("govuk_notify", transport(), base_url=settings.base_url, api_key=TEST_KEY[:-4] + "ffff")
    assert wrong.ok is False
    assert "[status 403" in wrong.problem
    assert TEST_KEY[-36:-4] not in wrong.problem
    assert sandbox.messages() == []


@pytest.mark.parametrize("adapter", KEYS)
def test_whoever_is_told_that_there_is_no_such_message_was_let_in(adapter):
    transport = ScriptedTransport([NONE_THERE])
    found = check(adapter, transport)
    assert (found.ok, found.component, found.account, found.problem) == (True, "notify", "default", None)
    (asked,) = transport.sent
    assert asked.method == "GET"
    assert not asked.body


@pytest.mark.parametrize("adapter", KEYS)
@pytest.mark.parametrize(
    "answer",
    [
        refused(403, "AuthError", "Invalid token: API key not found"),
        Response(404, {}, b"<html>no such page</html>"),
        Response(503),
        Response(429),
        OutcomeUnknown("cut"),
    ],
    ids=["refused", "proxy", "down", "busy", "cut"],
)
def test_whoever_is_told_anything_else_was_not(adapter, answer):
    assert check(adapter, ScriptedTransport([answer])).ok is False
