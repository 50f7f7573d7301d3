"""Whether an answer belongs to its call: each kind of value, both sides of each limit, and what is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from govcomponents.core.driver import drive
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.answers import Between, belonging, check_belongs, check_is
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import NotFound, UnexpectedReply, WrongAnswer

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
LOOKUP = "look it up by your own reference before repeating anything; see what is between you and the provider"


@dataclass
class Thing:
    id: object
    reference: object = None


class Renewing(ScriptedTransport):
    """Notes how often it was told to use no connection again."""

    renewed = 0

    def renew(self) -> None:
        self.renewed += 1


async def giving(given: object) -> object:
    if isinstance(given, Exception):
        raise given
    return given


def belongs(given: object, transport: object = None, **asked: object) -> object:
    runtime = Runtime(transport or Renewing())
    return drive(belonging(giving(given), asked, operation="toy.get", provider="Toy", runtime=runtime))


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("a1", "a1"),
        ("A1B2", "a1b2"),
        ("a1b2", "A1B2"),
        (None, "a1"),
        ("a1", None),
        (7, 7),
        (MARCH, Between(MARCH, APRIL)),
        (MARCH - SECOND, Between(MARCH, None)),
        (APRIL + SECOND, Between(None, APRIL)),
        (MARCH - SECOND, Between(MARCH, APRIL)),
        (APRIL + SECOND, Between(MARCH, APRIL)),
        (MARCH, Between(None, None)),
    ],
)
def test_what_was_asked_for_is_handed_out(told: object, wanted: object) -> None:
    check_is("id", told, wanted, operation="toy.get", provider="Toy")


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("a2", "a1"),
        (7, 8),
        (7, "7"),
        ("7", 7),
        (MARCH - SECOND - INSTANT, Between(MARCH, APRIL)),
        (APRIL + SECOND + INSTANT, Between(MARCH, APRIL)),
        (MARCH - SECOND - INSTANT, Between(MARCH, None)),
        (APRIL + SECOND + INSTANT, Between(None, APRIL)),
        ("2026-03-02", Between(MARCH, APRIL)),
    ],
)
def test_what_was_not_asked_for_is_told_as_another_answer(told: object, wanted: object) -> None:
    with pytest.raises(WrongAnswer) as caught:
        check_is("created_at", told, wanted, operation="toy.get", provider="Toy")
    error = caught.value
    assert error.happened == "the answer is to another question: its created_at is not the one that was asked for"
    assert (error.operation, error.provider, error.lookup, error.fix) == ("toy.get", "Toy", LOOKUP, LOOKUP)


def test_each_field_of_each_result_is_compared() -> None:
    for given in (Thing("a", "R"), (Thing("a", "R"), Thing("a", None)), ()):
        check_belongs(given, {"id": "a", "reference": "R"}, operation="toy.get", provider="Toy")
    others = Thing("a", "S"), (Thing("a", "R"), Thing("b", "R")), (Thing("b"), Thing("a"))
    for given, field in zip(others, ("reference", "id", "id"), strict=True):
        with pytest.raises(WrongAnswer, match=f"its {field} is not") as caught:
            check_belongs(given, {"id": "a", "reference": "R"}, operation="toy.get", provider="Toy")
        assert (caught.value.operation, caught.value.provider) == ("toy.get", "Toy")


def test_a_connection_is_used_again_after_an_answer_that_belongs_or_a_refusal() -> None:
    transport = Renewing()
    thing = Thing("a")
    assert belongs(thing, transport, id="a") is thing
    with pytest.raises(NotFound):
        belongs(NotFound("there is none"), transport, id="a")
    assert transport.renewed == 0


@pytest.mark.parametrize("given", [Thing("b"), UnexpectedReply("it cannot be read")])
def test_no_connection_is_used_again_after_an_answer_that_does_not(given: object) -> None:
    transport = Renewing()
    with pytest.raises(UnexpectedReply) as caught:
        belongs(given, transport, id="a")
    assert transport.renewed == 1
    if isinstance(caught.value, WrongAnswer):
        assert (caught.value.operation, caught.value.provider) == ("toy.get", "Toy")
