"""Whether the provider answers and takes the key: asked for, and never raised."""

from __future__ import annotations

import pytest

from govcomponents import GovComponents, OutcomeUnknown, Settings
from govcomponents.core.http.messages import Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.sandbox.app import Sandbox

from .govuk_pay import context
from .stripe import context as stripe_context

KEYS = {"govuk_pay": context.KEY, "stripe": stripe_context.KEY}
WORLDS = {"govuk_pay": context.world(), "stripe": stripe_context.world()}


def check(adapter, transport, **settings):
    made = Settings(environment="test", pay={"adapter": adapter, "api_key": KEYS[adapter], **settings})
    with GovComponents.from_settings(made, transport=transport, retry=RetryPolicy.none()) as gov:
        return gov.check()[0]


@pytest.mark.parametrize("adapter", KEYS)
def test_a_good_key_is_taken_and_a_wrong_one_refused(adapter):
    sandbox = Sandbox(WORLDS[adapter])
    base_url = sandbox.settings().pay.base_url

    def transport():
        return InProcessTransport(sandbox.handle, sandbox.clock.advance)

    assert check(adapter, transport(), base_url=base_url).ok is True
    wrong = check(adapter, transport(), base_url=base_url, api_key=KEYS[adapter][:-1])
    assert wrong.ok is False
    assert "refused" in wrong.problem
    assert KEYS[adapter][:-1] not in wrong.problem
    assert sandbox.timeline.events() == []


@pytest.mark.parametrize("adapter", KEYS)
@pytest.mark.parametrize(
    "answer",
    [Response(404, {}, b"<html>no such page</html>"), Response(503), Response(429), OutcomeUnknown("cut")],
    ids=["proxy", "down", "busy", "cut"],
)
def test_whoever_else_answers_has_not_taken_the_key(adapter, answer):
    transport = ScriptedTransport([answer])
    found = check(adapter, transport)
    assert (found.ok, found.component, found.account) == (False, "pay", "default")
    (asked,) = transport.sent
    assert asked.method == "GET"
    assert not asked.body
