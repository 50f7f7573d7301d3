"""A payment is recorded before and after it is made; one whose making came to no end is found by its reference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from durable.world import World
from govcomponents import InvalidInput, Money, OutcomeUnknown, ReferenceReused, Unavailable
from govcomponents.durable import PaymentFound
from govcomponents.durable.storage.schema import PAYMENT
from govcomponents.testing import FormBrowser, cancel_payment, pay_by_card

BACK = "https://service.example.gov.uk/back"


def rows(world: World) -> list[Any]:
    with world.engine.connect() as connection:
        return list(connection.execute(sa.select(PAYMENT).order_by(PAYMENT.c.id)))


def make(world: World, reference: str = "RENEW-7", **more: Any) -> Any:
    return world.later.pay.create(Money.gbp("145.00"), reference, "Renew a licence", BACK, **more)


def let_pass(world: World, seconds: float) -> None:
    with world.engine.begin() as connection:
        earlier = {"look_at": PAYMENT.c.look_at - seconds, "created_at": PAYMENT.c.created_at - seconds}
        connection.execute(sa.update(PAYMENT).values(earlier))


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


def made(world: World, reference: str = "RENEW-7") -> list[str]:
    return [one.id for one in world.gov.pay.search(reference=reference)]


def test_once_gives_the_payment_that_is_there_until_it_is_over(world: World) -> None:
    browser = FormBrowser(world.sandbox.visit)
    first = make(world, once=True)
    again = make(world, once=True)
    assert (again.id, again.is_finished) == (first.id, False)
    cancel_payment(browser, again.redirect_url())
    second = make(world, once=True)
    assert second.id != first.id
    pay_by_card(browser, second.redirect_url())
    paid = make(world, once=True)
    assert (paid.id, paid.is_paid) == (second.id, True)
    assert sorted(made(world)) == sorted([first.id, second.id])
    assert make(world, "RENEW-8", once=True).id not in (first.id, second.id)
    assert make(world).id not in (first.id, second.id)  # who does not ask for one gets another


def test_once_makes_one_of_many_that_are_asked_for_at_the_same_time(world: World) -> None:
    at_once = Barrier(8)

    def click(_number: int) -> str | None:
        at_once.wait()
        try:
            return str(make(world, once=True).id)
        except OutcomeUnknown:
            return None

    with ThreadPoolExecutor(8) as people:
        answers = set(people.map(click, range(8))) - {None}
    assert answers == {make(world, once=True).id}
    assert made(world) == list(answers)


def test_once_after_a_lost_answer_gives_what_was_made_and_waits_for_what_may_be(world: World) -> None:
    world.wire.faults = [world.wire.lost, world.wire.unheard]
    with pytest.raises(OutcomeUnknown, match="lost"):
        make(world, once=True)
    assert [make(world, once=True).id] == made(world)
    with pytest.raises(OutcomeUnknown, match="lost"):
        make(world, "RENEW-8", once=True)
    with pytest.raises(OutcomeUnknown, match="its making was cut short"):
        make(world, "RENEW-8", once=True)
    assert made(world, "RENEW-8") == []
    let_pass(world, 11)
    assert [make(world, "RENEW-8", once=True).id] == made(world, "RENEW-8")


def test_who_makes_a_payment_for_so_long_that_another_is_begun_does_not_give_its_page(world: World) -> None:
    others: list[Any] = []

    def slow(_request: Any) -> None:
        let_pass(world, 11)
        others.append(make(world, once=True))

    world.wire.faults = [slow]
    with pytest.raises(OutcomeUnknown, match="another payment of the reference was begun"):
        make(world, once=True)
    assert len(made(world)) == 2  # nobody was given the page of the slow one
    assert make(world, once=True).id == others[0].id


def test_what_is_made_while_another_looks_for_it_is_not_made_again(world: World) -> None:
    world.wire.faults = [world.wire.unheard]
    with pytest.raises(OutcomeUnknown):
        make(world, once=True)
    let_pass(world, 11)
    send, at_last = world.wire.send, []

    async def searched(request: Any) -> Any:
        """After the search found nothing, the one who was so slow has the payment and records it."""
        answer = await send(request)
        if not at_last:
            at_last.append(None)
            at_last[0] = world.gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
            with world.engine.begin() as connection:
                connection.execute(sa.update(PAYMENT).values(payment_id=at_last[0].id, is_open=0))
        return answer

    world.wire.send = searched
    assert make(world, once=True).id == at_last[0].id
    assert made(world) == [at_last[0].id]


def test_once_refuses_another_amount_while_the_payment_is_open_or_paid(world: World) -> None:
    first = make(world, once=True)
    with pytest.raises(ReferenceReused, match="another amount"):
        world.later.pay.create(Money.gbp("160.00"), "RENEW-7", "Renew a licence", BACK, once=True)
    assert made(world) == [first.id]
    cancel_payment(FormBrowser(world.sandbox.visit), first.redirect_url())
    other = world.later.pay.create(Money.gbp("160.00"), "RENEW-7", "Renew a licence", BACK, once=True)
    assert other.amount == Money.gbp("160.00")


def test_a_reference_that_no_database_takes_is_a_wrong_argument(world: World) -> None:
    with pytest.raises(InvalidInput, match="reference"):
        make(world, "RENEW\0007")
    assert rows(world) == []
    assert world.wire.sent == []
