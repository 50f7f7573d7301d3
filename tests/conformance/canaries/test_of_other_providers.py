"""No key and nobody is seen of Stripe, GC Notify, Login.gov and an OpenID provider: operations in each of their faults.

What `test_in_every_fault.py` does over the providers of the United Kingdom. An operation that a provider lacks
is refused before anything is sent; that is looked through once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from canary.test_canary import EMAIL_TEMPLATE, OPERATIONS, PHONE, SMS_TEMPLATE
from canary.test_canary_over_http import Service, Watched, watched  # noqa: F401  # a fixture
from conformance.canaries.test_in_every_fault import cases
from govcomponents import Secret, Settings
from govcomponents.contracts.modes import Mode
from govcomponents.identity import Claim
from govcomponents.sandbox.server import SandboxServer, serving

COMPONENTS = {"stripe": "pay", "gc_notify": "notify", "login_gov": "identity", "openid": "identity"}
THERE = "+16135550142"
TEMPLATES = [
    {"id": EMAIL_TEMPLATE, "type": "email", "name": "Renewed", "subject": "Renewed", "content": "Dear ((name))"},
    {"id": SMS_TEMPLATE, "type": "sms", "name": "Renewed", "content": "Dear ((name))"},
]
PEOPLE = ("sam@example.com", "1984-02-29", "Example Road", "447700900123", "12025550123")  # of the OpenID worlds
WORLD = {
    "stripe": {"secret_key": "sk_test_canary0key0of0the0tests"},
    "gc_notify": {"services": [{"templates": TEMPLATES}]},
}


def keys_of(settings: Settings) -> set[str]:
    """The keys and secrets of settings, and what a provider sends of a key that has parts."""
    sections = [one for one in (settings.pay, settings.notify, settings.identity) if one is not None]
    keys = {value.reveal() for section in sections for _name, value in section if isinstance(value, Secret)}
    return keys | {key[-36:] for key in keys}


class Elsewhere(Service):
    """A service whose providers ask for other things: a number of their country, no card's holder, other claims."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.told.canaries |= {THERE, *PEOPLE, *keys_of(args[0])}

    def call(self, operation: str, *args: object, shown: bool = True, **kwargs: Any) -> Any:
        kwargs.pop("prefilled", None)
        if "claims" in kwargs:
            kwargs["claims"] = [Claim.PHONE, Claim.ADDRESS]
        return super().call(operation, *(THERE if one == PHONE else one for one in args), shown=shown, **kwargs)


@pytest.fixture(params=COMPONENTS)
def server(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    with serving({request.param: WORLD.get(request.param, {})}, port=0) as running:
        yield running


@pytest.fixture
def service(
    server: SandboxServer,
    gov_mode: Mode,
    gov_runner: asyncio.Runner,
    watched: Watched,  # noqa: F811  # the fixture's value
) -> Iterator[Elsewhere]:
    watched.begin()
    made = Elsewhere(server.sandbox.settings(), server, gov_mode, gov_runner, watched.observers())
    yield made
    made.close()


def test_nothing_leaks_in_any_operation_and_any_fault(
    service: Elsewhere,
    watched: Watched,  # noqa: F811  # the same
    caplog: pytest.LogCaptureFixture,
) -> None:
    (provider,) = (one.spec.section for one in service.sandbox.providers)
    component = COMPONENTS[provider]
    leaks: list[tuple[str, str, set[str]]] = []

    def perform(operation: str, fault: str) -> None:
        with caplog.at_level(logging.DEBUG):
            OPERATIONS[operation](service)
        service.told.texts += [watched.reported(), watched.traced(), caplog.text]
        leaks.extend((operation, fault, canary) for canary in service.told.found())
        service.told.texts.clear()
        caplog.clear()

    supported = []
    for operation in (name for name in OPERATIONS if name.startswith(f"{component}.")):
        service.told.is_lacking = False
        perform(operation, "none")
        supported += [operation] * (not service.told.is_lacking)
    before = service.errors
    mine, tried = service.mode is Mode.BLOCKING, 0
    for row, (fault, where) in enumerate(cases(provider)):
        for operation in supported[(row + mine) % 2 :: 2]:
            service.sandbox.faults.arm(provider, fault, **where)
            perform(operation, fault)
            service.sandbox.faults.clear()
            tried += 1
        service.sandbox.reset()
    service.told.texts.append(watched.counted())
    assert service.told.found() == set()
    assert leaks == []
    assert service.errors - before > tried / 4 > 2  # the faults were there
