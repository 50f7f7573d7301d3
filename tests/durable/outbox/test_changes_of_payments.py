"""Queued refunds, captures and cancellations, at each payment provider, with every fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import Failing, World
from govcomponents import GovComponents, Money
from govcomponents.durable import Durable, WorkerOptions
from govcomponents.durable.storage.schema import State
from govcomponents.pay import PaymentStatus
from govcomponents.sandbox.app import Sandbox
from govcomponents.sandbox.world import default_world
from govcomponents.testing import FormBrowser, pay_by_card

PROVIDERS = ("govuk_pay", "stripe")
FAULTS = ("lost", "unheard", "unsent")
MINUTES, A_DAY = 300.0, 90_000.0
"""Seconds between two turns. After a day no provider knows the key of the first request any more."""
FEE, PART = Money.gbp("145.00"), Money.gbp("45.00")


def world_of(engine: sa.Engine, provider: str) -> World:
    """A world whose payments are a provider's."""
    world = World(engine)
    if provider != "govuk_pay":
        world.sandbox = Sandbox({provider: default_world(provider)[provider]})
        world.wire = Failing(world.sandbox)
        world.gov = GovComponents.from_settings(world.sandbox.settings(), transport=world.wire)
        world.later = Durable(world.gov, engine, worker=WorkerOptions(lease=60.0, concurrency=4))
    return world


def payment_in(world: World, **more: Any) -> Any:
    return world.gov.pay.create(FEE, "RENEW-7", "Renew a licence", "https://service.example.gov.uk/back", **more)


def paid(world: World, **more: Any) -> Any:
    payment = payment_in(world, **more)
    pay_by_card(FormBrowser(world.sandbox.visit), payment.redirect_url())
    world.sandbox.clock.advance(3600)
    return world.gov.pay.get(payment.id)


def work(world: World, faults: tuple[str, ...], pause: float) -> Any:
    """Take turns until the row has ended. The sandbox's time goes on with the store's."""
    world.wire.faults = [getattr(world.wire, name) for name in faults]
    for _ in range(6):
        world.later.run_due()
        if world.row().state not in (State.PENDING, State.IN_DOUBT):
            break
        world.let_pass(pause)
        world.sandbox.clock.advance(pause)
    return world.row()


def refund_is_made_once(world: World, faults: tuple[str, ...], pause: float = MINUTES) -> None:
    payment = paid(world)
    world.later.pay.refund(payment.id, PART, available=payment.refundable_amount(), reference="R-1")
    row = work(world, faults, pause)
    (refund,) = world.gov.pay.list_refunds(payment.id)
    assert (row.state, row.provider_id, refund.amount) == (State.DONE, refund.id, PART)


def payment_is_captured(world: World, faults: tuple[str, ...]) -> None:
    payment = paid(world, delayed_capture=True)
    world.later.pay.capture(payment.id, reference="R-1")
    row = work(world, faults, MINUTES)
    assert (row.state, row.provider_id or payment.id) == (State.DONE, payment.id)
    assert world.gov.pay.get(payment.id).status is PaymentStatus.SUCCEEDED


def payment_is_cancelled(world: World, faults: tuple[str, ...]) -> None:
    payment = payment_in(world)
    world.later.pay.cancel(payment.id, reference="R-1")
    row = work(world, faults, MINUTES)
    assert (row.state, row.provider_id or payment.id) == (State.DONE, payment.id)
    assert world.gov.pay.get(payment.id).status is PaymentStatus.CANCELLED


CHANGES = (refund_is_made_once, payment_is_captured, payment_is_cancelled)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("holds", CHANGES)
def test_a_change_is_made_once(
    engine: sa.Engine, holds: Callable[[World, tuple[str, ...]], None], provider: str, fault: str
) -> None:
    holds(world_of(engine, provider), (fault,))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refund_is_made_once_though_its_key_is_forgotten(engine: sa.Engine, provider: str, fault: str) -> None:
    refund_is_made_once(world_of(engine, provider), (fault,), A_DAY)
