"""What is held about people is sealed, is gone when it is not needed, and nothing of it is in a dump of the tables."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import GovComponents, InvalidInput
from govcomponents.durable import Durable, Erasure
from govcomponents.durable.storage.schema import METADATA, OUTBOX, State

from .world import EMAIL, VALUES, World

KEY, NEWER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqYWI="


def dumped(engine: sa.Engine) -> bytes:
    """Every value of every table."""
    found = b""
    with engine.connect() as connection:
        for table in METADATA.tables.values():
            for row in connection.execute(sa.select(table)):
                found += b"".join(
                    bytes(part) if isinstance(part, (bytes, memoryview)) else str(part).encode() for part in row
                )
    return found


def put(later: Durable, reference: str, **more: Any) -> None:
    later.notify.send_email("canary.person@example.com", EMAIL, VALUES, reference=reference, **more)


def test_nothing_about_people_can_be_read_in_the_tables(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        put(Durable(gov, engine), "R-open")
        assert b"canary.person" in dumped(engine)  # without a key, which production does not allow
        with engine.begin() as connection:
            connection.execute(sa.delete(OUTBOX))
        put(Durable(gov, engine, keys=[KEY]), "R-sealed")
        assert b"canary.person" not in dumped(engine)
        assert b"Nightingale" not in dumped(engine)


def test_a_key_that_is_newer_seals_and_the_older_one_still_opens(engine: sa.Engine) -> None:
    with GovComponents.sandbox() as gov:
        put(Durable(gov, engine, keys=[KEY]), "R-1")
        put(Durable(gov, engine, keys=[NEWER, KEY]), "R-2")
        assert Durable(gov, engine, keys=[NEWER]).run_due().dead == 1  # the older key is gone
        put(Durable(gov, engine, keys=[KEY]), "R-3")
        assert Durable(gov, engine, keys=[NEWER, KEY]).run_due().done == 1


def test_a_payload_opens_for_its_own_row_only(world: World) -> None:
    later = Durable(world.gov, world.engine, keys=[KEY])
    put(later, "R-1")
    put(later, "R-2")
    with world.engine.begin() as connection:
        other = sa.select(OUTBOX.c.payload).where(OUTBOX.c.reference == "R-1").scalar_subquery()
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-2").values(payload=other))
    assert (later.run_due().dead, world.row("R-2").problem) == (1, "PayloadLost")


def test_a_journey_is_erased_and_what_was_not_sent_is_cancelled(world: World) -> None:
    put(world.later, "R-1", journey="J-1")
    world.later.run_due()
    put(world.later, "R-2", journey="J-1")
    put(world.later, "R-3", journey="J-1")
    put(world.later, "R-4", journey="J-2")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.reference == "R-3").values(state=State.IN_DOUBT))
    assert world.later.erase(journey="J-1") == Erasure(erased=2, cancelled=1, left=1)
    assert (world.row("R-2").state, world.row("R-2").problem, world.row("R-2").payload) == (State.DEAD, "Erased", None)
    assert world.row("R-4").payload is not None
    with pytest.raises(InvalidInput, match="journey"):
        world.later.erase(journey="")


def test_what_was_given_up_is_kept_for_a_week_and_the_row_for_a_month(world: World) -> None:
    put(world.later, "R-1")
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(give_up_at=0.0))
    assert world.later.run_due().dead == 1
    assert world.row("R-1").payload is not None
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(ended_at=OUTBOX.c.ended_at - 8 * 86_400))
    world.later.run_due()
    assert (world.row("R-1").payload, world.row("R-1").content) == (None, None)
    with world.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(ended_at=OUTBOX.c.ended_at - 30 * 86_400))
    world.later.run_due()
    with world.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) == 0
