"""A payment is recorded before and after it is made; one whose making came to no end is found by its reference."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import World
from govcomponents import InvalidInput, Money, OutcomeUnknown, Unavailable
from govcomponents.durable import PaymentFound
from govcomponents.durable.storage.schema import PAYMENT

BACK = "https://service.example.gov.uk/back"


def rows(world: World) -> list[Any]:
    with world.engine.connect() as connection:
        return list(connection.execute(sa.select(PAYMENT).order_by(PAYMENT.c.id)))


def make(world: World, reference: str = "RENEW-7", **more: Any) -> Any:
    return world.later.pay.create(Money.gbp("145.00"), reference, "Renew a licence", BACK, **more)


def let_pass(world: World, seconds: float) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.update(PAYMENT).values(look_at=PAYMENT.c.look_at - seconds))


def test_the_record_has_the_id_once_the_payment_is_made(world: World) -> None:
    payment = make(world, journey="J-1")
    (row,) = rows(world)
    assert (row.payment_id, row.is_open, row.reference, row.minor) == (payment.id, 0, "RENEW-7", 14500)
    assert row.journey == "J-1"
    assert payment.redirect_url()


def test_a_payment_whose_answer_was_lost_is_found_by_its_reference_and_told(world: World) -> None:
    told: list[PaymentFound] = []
    world.later.when(PaymentFound)(lambda event, transaction: told.append(event))
    make(world)  # the same reference and amount, recorded as it should be
    world.wire.faults = [world.wire.lost]
    with pytest.raises(OutcomeUnknown):
        make(world, journey="J-1")
    assert (rows(world)[1].is_open, rows(world)[1].problem) == (1, "OutcomeUnknown")
    assert world.later.run_due().handled == 0
    let_pass(world, 301)
    assert world.later.run_due().handled == 1
    row = rows(world)[1]
    assert (row.is_open, row.payment_id) == (0, told[0].payment_id)
    assert row.payment_id != rows(world)[0].payment_id
    assert (told[0].reference, told[0].journey) == ("RENEW-7", "J-1")
    assert world.gov.pay.get(told[0].payment_id).reference == "RENEW-7"


def test_one_that_was_never_made_is_looked_for_three_times(world: World) -> None:
    world.wire.faults = [world.wire.unheard]
    with pytest.raises(OutcomeUnknown):
        make(world)
    for looks in range(3):
        assert rows(world)[0].looks == looks
        let_pass(world, 3600)
        world.later.run_due()
    assert (rows(world)[0].is_open, rows(world)[0].problem) == (0, "NotMade")


def test_what_is_refused_is_closed_and_a_wrong_argument_is_no_record(world: World) -> None:
    world.wire.faults = [world.wire.unsent] * 5
    with pytest.raises(InvalidInput, match="description"):
        world.later.pay.create(Money.gbp("145.00"), "RENEW-7", "", BACK)
    with pytest.raises(InvalidInput, match="journey"):
        make(world, journey=" ")
    assert rows(world) == []


def test_what_cannot_be_recorded_is_not_made(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE gov_payment"))
    with pytest.raises(Unavailable, match=r"could not be recorded .* so it was not made"):
        make(world)
    assert world.wire.sent == []
