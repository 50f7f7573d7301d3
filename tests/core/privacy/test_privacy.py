from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import logging
import pickle
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError

from govcomponents import Personal, Secret
from govcomponents.privacy import Guarded

CANARY = "canary-7d1f"


@pytest.fixture(params=[Secret, Personal])
def guarded(request: pytest.FixtureRequest) -> Guarded[str]:
    made: Guarded[str] = request.param(CANARY)
    return made


def test_nothing_but_reveal_gives_the_value(guarded: Guarded[str], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().debug("%s %r", guarded, guarded)
    shown = [
        str(guarded),
        repr(guarded),
        f"{guarded}",
        f"{guarded!r:>20}",
        f"{guarded:>20}",
        "{}".format(guarded),  # noqa: UP032  # the way that is meant
        "%s" % guarded,  # noqa: UP031  # the same
        repr([guarded]),
        repr({"a": guarded}),
        caplog.text,
    ]
    assert CANARY not in " ".join(shown)
    assert guarded.reveal() == CANARY
    assert not hasattr(guarded, "__dict__")


def test_a_pickle_leaves_the_value_out(guarded: Guarded[str]) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(guarded, protocol)
        assert CANARY.encode() not in pickled
        again = pickle.loads(pickled)
        assert type(again) is type(guarded)
        with pytest.raises(LookupError, match="left out"):
            again.reveal()
        assert again != guarded
        assert again != pickle.loads(pickled)


def test_json_does_not_show_it(guarded: Guarded[str]) -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"a": guarded})
    assert CANARY not in str(caught.value)
    assert CANARY not in json.dumps({"a": guarded}, default=str)


def test_copies_are_the_same_guarded_value(guarded: Guarded[str]) -> None:
    @dataclasses.dataclass
    class Holder:
        value: Guarded[str]

    assert copy.copy(guarded) is guarded
    assert copy.deepcopy([guarded])[0] is guarded
    assert CANARY not in repr(dataclasses.asdict(Holder(guarded)))


def test_equality_goes_by_value_and_by_type() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Personal("a") == Personal("a") != Personal("b")
    assert Secret("a") != Personal("a")
    assert Personal("a") != Secret("a")
    assert Secret("a") != "a"
    assert Personal("a") != "a"
    assert len({Secret("a"), Secret("a"), Personal("a"), Personal("a")}) == 2
    assert Secret("\udc80") == Secret("\udc80")


class Person(BaseModel, hide_input_in_errors=True):
    key: Secret
    name: Personal[Annotated[str, Field(max_length=20)]]
    born: Personal[dt.date] | None = None


def test_a_model_wraps_what_it_is_given_and_shows_none_of_it() -> None:
    person = Person.model_validate({"key": CANARY, "name": "Ada " + CANARY, "born": "2001-02-03"})
    assert person.key.reveal() == CANARY
    assert person.born == Personal(dt.date(2001, 2, 3))
    for shown in (repr(person), str(person), person.model_dump_json(), json.dumps(person.model_dump(mode="json"))):
        assert CANARY not in shown
        assert "2001" not in shown
    assert person.model_dump()["key"] == Secret(CANARY)


def test_a_model_takes_wrapped_values_and_still_checks_them() -> None:
    person = Person(key=Secret("k"), name=Personal("Ada"))
    assert person.name == Personal("Ada")
    for name in ("x" * 21, Personal("x" * 21)):
        with pytest.raises(ValidationError) as caught:
            Person(key=Secret("k"), name=name)
        assert "xxxx" not in str(caught.value)


def test_a_model_refuses_what_the_inner_type_refuses() -> None:
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"key": "k", "name": "n", "born": CANARY})
    assert CANARY not in str(caught.value)
