"""What goes in and what comes back: neither complaint ever shows a value."""

from __future__ import annotations

import contextlib
import importlib
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, field_validator

from govcomponents import InvalidInput, Money, UnexpectedReply
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.responses import Wire, read, read_part
from govcomponents.core.inputs import Input, checked_input
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.core.transports.scripted import ScriptedTransport

CANARY = "canary-7d1f"


class Create(Input):
    amount: Money = Field(description="pass a Money")
    reference: Annotated[str, Field(max_length=10, description="use at most 10 characters")]
    metadata: dict[str, str] = Field(default_factory=dict, description="use text only")
    note: str = ""

    @field_validator("note")
    @classmethod
    def _no_digits(cls, value: str) -> str:
        if any(character.isdigit() for character in value):
            raise ValueError("a note has no digits")
        return value


def _input_models(kind: type[Input] = Input) -> set[type[Input]]:
    below = kind.__subclasses__()
    return {*below, *(model for one in below for model in _input_models(one))}


def test_every_field_of_an_input_model_says_how_to_mend_it() -> None:
    for module in ("pay.inputs", "pay.mop_up", "notify.inputs", "notify.bulk.plan", "identity.inputs"):
        importlib.import_module(f"govcomponents.{module}")
    models = [model for model in _input_models() if model.__module__.startswith("govcomponents.")]
    assert len(models) > 20
    fields = [(model.__name__, name, one) for model in models for name, one in model.model_fields.items()]
    assert [(model, name) for model, name, one in fields if not one.description] == []


def test_good_input_is_a_frozen_model() -> None:
    with checked_input("pay.create", Create):
        made = Create(amount=Money(1), reference="R-1")
    assert (made.amount, made.reference) == (Money(1), "R-1")
    with pytest.raises(ValueError, match="frozen"):
        made.reference = "R-2"


@pytest.mark.parametrize(
    ("changed", "field", "problem", "fix"),
    [
        ({"amount": CANARY}, "amount", "the type Money", "pass a Money"),
        ({"reference": CANARY * 2}, "reference", "at most 10 characters", "use at most 10 characters"),
        ({"reference": 5}, "reference", "not text", "use at most 10 characters"),
        ({"metadata": {"a": 5}}, "metadata.a", "not text", "use text only"),
        ({"note": CANARY}, "note", "a note has no digits", "see the operation's documentation"),
        ({"other": CANARY}, "other", "no such field", "see the operation's documentation"),
    ],
)
def test_bad_input_names_the_field_what_is_wrong_and_how_to_mend_it(
    changed: dict[str, object], field: str, problem: str, fix: str
) -> None:
    with pytest.raises(InvalidInput) as caught, checked_input("pay.create", Create):
        Create(**{"amount": Money(1), "reference": "R-1", **changed})
    error = caught.value
    assert (error.field, error.fix, error.operation) == (field, fix, "pay.create")
    assert problem in error.problem
    assert "Value error" not in error.problem
    assert CANARY not in str(error)
    assert error.__context__ is None


class Reply(Wire):
    id: str
    size: int = 0


REQUEST = Request("pay.get", "GET", "/x", Replay.ALWAYS, lookup="get it again")


def test_an_answer_is_read_and_what_is_unknown_ignored() -> None:
    answer = Response(200, {}, b'{"id": "a", "new_field": {"b": 1}}')
    assert read(Reply, answer, request=REQUEST, provider="Provider") == Reply(id="a")
    assert read_part(Reply, {"id": "b"}, answer, request=REQUEST, provider="Provider") == Reply(id="b")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "the body"),
        (b"<html>canary-7d1f</html>", "the body"),
        (b'"canary-7d1f"', "the body"),
        (b'{"id": "a", "size": "canary-7d1f"}', "size"),
        (b'{"id": 5}', "id"),
        (b"\xff\xfe", "the body"),
        (b"[" * 100_000, "the body"),
    ],
)
def test_an_answer_that_cannot_be_read_names_the_part_and_never_its_value(body: bytes, where: str) -> None:
    with pytest.raises(UnexpectedReply) as caught:
        read(Reply, Response(201, {"x-request-id": "r-1"}, body), request=REQUEST, provider="Provider")
    error = caught.value
    assert where in error.happened
    assert (error.status, error.request_id, error.operation, error.provider) == (201, "r-1", "pay.get", "Provider")
    assert (error.lookup, error.fix) == ("get it again", "get it again")
    assert CANARY not in str(error)


def test_a_part_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UnexpectedReply, match="size") as caught:
        read_part(Reply, {"id": "a", "size": CANARY}, Response(200), request=REQUEST, provider="Provider")
    assert CANARY not in str(caught.value)


@given(st.binary())
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with contextlib.suppress(UnexpectedReply):
        assert isinstance(read(Reply, Response(200, {}, body), request=REQUEST, provider="Provider"), Reply)


def test_the_scripted_transport_plays_its_steps_and_no_more() -> None:
    transport = ScriptedTransport(
        [Response(200), LookupError("planned"), lambda request: Response(201, {}, request.url.encode())]
    )
    assert drive(transport.send(REQUEST)).status == 200
    with pytest.raises(LookupError):
        drive(transport.send(REQUEST))
    assert drive(transport.send(REQUEST)).body == b"/x"
    with pytest.raises(AssertionError, match=r"pay\.get"):
        drive(transport.send(REQUEST))
    drive(transport.sleep(3))
    drive(transport.aclose())
    assert (len(transport.sent), transport.waits) == (4, [3])


def test_the_in_process_transport_calls_its_handler() -> None:
    waited: list[float] = []
    transport = InProcessTransport(lambda request: Response(200, {}, request.method.encode()), waited.append)
    assert drive(transport.send(REQUEST)).body == b"GET"
    drive(transport.sleep(2))
    drive(transport.aclose())
    assert waited == [2]
