"""The sandbox deletes people's accounts: services are told as the provider tells them, and who comes back is new."""

from __future__ import annotations

import json

import pytest

from govcomponents import GovComponents
from govcomponents.identity.events import AccountChange, AccountEvent, LogoutNotice
from govcomponents.sandbox.world import default_world, with_callbacks_to

HOOK = "https://service.example.gov.uk/hooks"
NOW = "2026-03-02T09:00:00Z"


def signed_in(gov):
    started = gov.identity.start()
    back = gov.simulator.visit(started.url).headers["location"]
    return gov.identity.complete(started.pending, back)


def world_of(section):
    chosen = default_world("one_login") if section == "one_login" else {section: {}}
    return with_callbacks_to(json.loads(json.dumps(chosen)), HOOK)


@pytest.mark.parametrize("section", ["one_login", "login_gov"])
def test_the_service_is_told_and_who_comes_back_has_another_subject(section):
    with GovComponents.sandbox(world_of(section), now=NOW) as gov:
        stub = gov.simulator.provider(section)
        stub.sign_in_as("SAM")
        before = signed_in(gov)
        got = []
        gov.simulator.callbacks.receive(lambda callback: got.append(callback) or 200)
        gov.simulator.play("account-deleted")
        assert got == []
        gov.simulator.control.advance(days=1, seconds=1)
        events = [gov.identity.parse_callback(one.body, one.headers) for one in got]
        about = [event for event in events if event.subject.reveal() == before.subject.reveal()]
        if section == "one_login":
            assert [type(event) for event in about] == [LogoutNotice]
        else:
            assert [(type(event), event.change) for event in about] == [(AccountEvent, AccountChange.PURGED)]
        stub.sign_in_as("ALEX" if "ALEX" in stub.people else stub.people[1])
        stub.sign_in_as("SAM")
        after = signed_in(gov)
        assert after.email.reveal() == before.email.reveal()
        assert after.subject.reveal() != before.subject.reveal()
        gov.simulator.reset()
        gov.simulator.provider(section).sign_in_as("SAM")
        assert signed_in(gov).subject.reveal() == before.subject.reveal()


def test_a_plain_provider_reports_nothing():
    with GovComponents.sandbox({"openid": {}}) as gov, pytest.raises(LookupError):
        gov.simulator.openid.delete_account("SAM")
