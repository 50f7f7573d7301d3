from __future__ import annotations

import copy
import importlib
import json
import pickle
import typing
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from pydantic import TypeAdapter

from govcomponents import Money, Personal, Secret
from govcomponents.core.results import PlainValues, Result, of_account
from govcomponents.identity import Name, NamePart, NamePartKind
from govcomponents.pay import Agreement, AgreementStatus, Payment, PaymentState, PaymentStatus

CANARY = "canary-7d1f"
_DOORS = [importlib.import_module(f"govcomponents.{component}") for component in ("pay", "notify", "identity")]


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    city: Personal[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence(Result):
    id: str
    amount: Money
    colour: Colour
    issued: datetime
    until: date
    email: Personal[str]
    key: Secret
    part: Part
    tags: tuple[str, ...] = ()


def _results() -> list[type]:
    """The results of the three components."""
    exported = [getattr(door, name) for door in _DOORS for name in door.__all__]
    return [one for one in exported if isinstance(one, type) and issubclass(one, Result)]


def _parts(annotation: object) -> Iterator[type]:
    """The classes of fields that an annotation names, and of theirs."""
    for argument in typing.get_args(annotation):
        yield from _parts(argument)
    if isinstance(annotation, type) and is_dataclass(annotation):
        yield annotation
        for of_field in typing.get_type_hints(annotation).values():
            yield from _parts(of_field)


@pytest.fixture
def licence() -> Licence:
    return Licence(
        id="7",
        amount=Money(14500, "GBP"),
        colour=Colour.RED,
        issued=datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
        until=date(2027, 11, 28),
        email=Personal(f"{CANARY}@example.com"),
        key=Secret(f"{CANARY}-key"),
        part=Part(city=Personal(f"{CANARY}-city")),
        tags=("a", "b"),
        raw={"email": CANARY},
    )


def test_what_walks_over_a_result_finds_no_raw_answer_and_callers_do(licence: Licence) -> None:
    found = asdict(licence)
    assert found["raw"] == {}
    assert CANARY not in f"{found} {json.dumps(found, default=str)} {licence.raw!r} {astuple(licence)}"
    assert CANARY not in repr([getattr(licence, part.name) for part in fields(licence)])
    assert CANARY.encode() not in pickle.dumps(licence.raw)
    assert licence.raw == {"email": CANARY}
    assert {**licence.raw} == dict(licence.raw) == {"email": CANARY}
    assert "raw" not in licence.to_dict()
    assert "raw" not in licence.__getstate__()  # what serialisers other than pickle ask for
    assert replace(licence, id="8").raw["email"] == CANARY


def test_to_dict_gives_plain_values_and_masks_people(licence: Licence) -> None:
    assert licence.to_dict() == {
        "account": "default",
        "id": "7",
        "amount": {"minor": 14500, "currency": "GBP"},
        "colour": "red",
        "issued": "2026-11-28T09:30:00+00:00",
        "until": "2027-11-28",
        "email": "[personal]",
        "key": "[secret]",
        "part": {"city": "[personal]"},
        "tags": ["a", "b"],
    }
    assert CANARY not in json.dumps(licence.to_dict())
    assert licence.to_dict(reveal=True)["email"] == f"{CANARY}@example.com"
    assert licence.to_dict(reveal=True)["part"] == {"city": f"{CANARY}-city"}
    assert "raw" not in licence.to_dict(reveal=True)


def test_pydantic_and_web_frameworks_can_dump_it_masked(licence: Licence) -> None:
    text = TypeAdapter(Licence).dump_json(licence).decode()
    assert CANARY not in text
    assert json.loads(text)["email"] == "[personal]"
    assert "raw" not in json.loads(text)
    assert TypeAdapter(Licence).validate_python(licence) == licence


@pytest.mark.parametrize("kind", _results(), ids=lambda kind: f"{kind.__module__.split('.')[1]}-{kind.__name__}")
def test_a_web_framework_can_describe_every_result(kind: type) -> None:
    assert "account" in TypeAdapter(kind).json_schema(mode="validation")["properties"]
    assert "raw" not in TypeAdapter(kind).json_schema(mode="serialization")["properties"]


def test_every_part_of_a_result_gives_plain_values_as_the_result_does() -> None:
    parts = {part for kind in _results() for part in _parts(kind)}
    assert {"Card", "PaymentState", "Name", "Passport"} <= {part.__name__ for part in parts}
    assert {part.__name__ for part in parts if not issubclass(part, PlainValues)} == {"Money"}
    exported = {name for door in _DOORS for name in door.__all__}
    assert {part.__name__ for part in parts} - exported == {"Money"}
    state = PaymentState(PaymentStatus.CREATED, "created", is_finished=False)
    assert json.loads(json.dumps(state.to_dict()))["status"] == "created"
    name = Name(parts=(NamePart(kind=NamePartKind.GIVEN, value=Personal(CANARY)),))
    assert CANARY not in json.dumps(name.to_dict())
    assert CANARY in json.dumps(name.to_dict(reveal=True))


def test_it_is_immutable_compares_and_hashes(licence: Licence) -> None:
    with pytest.raises(FrozenInstanceError):
        licence.id = "8"
    same = Licence(**{name: getattr(licence, name) for name in licence.__dataclass_fields__ if name != "raw"})
    assert same == licence
    assert hash(same) == hash(licence)


def test_a_pickle_leaves_people_secrets_and_the_raw_answer_behind(licence: Licence) -> None:
    pickled = pickle.dumps(licence)
    assert CANARY.encode() not in pickled
    again = pickle.loads(pickled)
    assert (again.id, again.amount, again.colour, again.raw) == (licence.id, licence.amount, licence.colour, {})
    with pytest.raises(LookupError, match="left out"):
        again.email.reveal()
    assert again.email != licence.email


def test_copies_are_the_same(licence: Licence) -> None:
    assert copy.copy(licence) is licence
    assert copy.deepcopy([licence])[0] is licence


def test_the_repr_shows_neither_people_nor_the_raw_answer(licence: Licence) -> None:
    assert CANARY not in repr(licence)


def test_an_account_is_stamped_on_results_and_tuples_of_them(licence: Licence) -> None:
    assert of_account(licence, "moto").account == "moto"
    assert of_account((licence,), "moto")[0].account == "moto"
    assert of_account(licence, "moto").raw is licence.raw
    assert of_account(None, "moto") is None


def test_metadata_is_read_as_a_mapping_and_copied_by_nothing() -> None:
    payment = Payment(
        id="p1",
        state=PaymentState(PaymentStatus.CREATED, "created", is_finished=False),
        amount=Money(100),
        total=Money(100),
        reference="R",
        description="D",
        created_at=None,
        metadata={"note": CANARY, "copies": 2},
    )
    assert payment.metadata["note"] == CANARY
    assert dict(payment.metadata) == {"note": CANARY, "copies": 2}
    assert replace(payment, account="moto").metadata == payment.metadata
    dumped = TypeAdapter(Payment).dump_python(payment, mode="json")
    assert dumped["metadata"] == {"note": "[personal]", "copies": "[personal]"}
    assert payment.to_dict()["metadata"] == dumped["metadata"]
    assert payment.to_dict(reveal=True)["metadata"] == {"note": CANARY, "copies": 2}
    told = f"{payment!r} {asdict(payment)} {astuple(payment)} {payment.metadata}"
    told += json.dumps(asdict(payment), default=str)
    assert CANARY not in told + pickle.dumps(payment).decode("latin-1")
    assert pickle.loads(pickle.dumps(payment)).metadata == {}


def test_who_an_agreement_is_with_shows_nowhere() -> None:
    agreement = Agreement(
        id="a1",
        reference="R",
        description="D",
        status=AgreementStatus.ACTIVE,
        raw_status="active",
        created_at=None,
        user_identifier=Personal(CANARY),
    )
    assert agreement.user_identifier is not None
    assert agreement.user_identifier.reveal() == CANARY
    told = f"{agreement!r} {asdict(agreement)} {json.dumps(asdict(agreement), default=str)} {agreement.to_dict()}"
    assert CANARY not in told + pickle.dumps(agreement).decode("latin-1")
