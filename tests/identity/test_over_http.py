"""Signing in over real HTTP: both callers, many at once, through the page that people see."""

import asyncio
import json
from collections import Counter

import pytest
from pydantic import TypeAdapter

from govcomponents.components import AsyncGovComponents, GovComponents
from govcomponents.identity import Claim, Confidence, Identity
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.server import serving

from .kit import default_world

ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.ADDRESS, Claim.RETURN_CODES]}


@pytest.fixture
def server():
    with serving({"one_login": default_world()}) as running:
        yield running


def come_back(url):
    browser = FormBrowser.over_http()
    return browser.send(browser.open(url).form_with("person"), person="SAM", outcome="success").url


def test_a_blocking_caller(server):
    with GovComponents.from_settings(server.sandbox.settings()) as gov:
        gov.identity.check()
        started = gov.identity.start(**ASK)
        identity = gov.identity.complete(started.pending, come_back(started.url))
    assert identity.confidence is Confidence.MEDIUM
    assert identity.current_addresses


def test_an_asyncio_caller_and_twenty_at_once_fetch_the_keys_once(server):
    asked = Counter()

    async def one(gov):
        started = await gov.identity.start(**ASK)
        callback = await asyncio.to_thread(come_back, started.url)
        return await gov.identity.complete(started.pending, callback)

    async def all_of_them():
        def observe(event):
            asked[event.operation] += 1

        async with AsyncGovComponents.from_settings(server.sandbox.settings(), observers=[observe]) as gov:
            return await asyncio.gather(*(one(gov) for _ in range(20)))

    identities = asyncio.run(all_of_them())
    assert {identity.confidence for identity in identities} == {Confidence.MEDIUM}
    assert asked["identity.keys"] == 2  # the key set and the DID document, once each
    assert asked["identity.complete"] == 40


def test_what_is_dumped_holds_nothing_personal(server):
    with GovComponents.from_settings(server.sandbox.settings()) as gov:
        started = gov.identity.start(**ASK)
        identity = gov.identity.complete(started.pending, come_back(started.url))
    shown = json.dumps(identity.to_dict()) + TypeAdapter(Identity).dump_json(identity).decode()
    assert "sam@example.com" not in shown
    assert "ROWAN" not in shown
    assert "urn:fdc" not in shown
    assert "eyJ" not in shown
