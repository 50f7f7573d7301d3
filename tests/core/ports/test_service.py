from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from govcomponents import CallbackRefused, InvalidInput, NotFound, Unavailable
from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.port import Port
from govcomponents.core.ports.service import Service
from govcomponents.core.results import Result
from govcomponents.core.transports.scripted import ScriptedTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Result):
    id: str


class ToyPort(Port):
    provider = "Toy"

    def __init__(self, secret: bytes = b"good") -> None:
        self.secret = secret

    async def get(self, thing_id: str) -> Thing:
        if thing_id == "none":
            raise NotFound("there is no such thing", operation="toy.get", provider=self.provider)
        return Thing(id=thing_id)

    async def search(self) -> AsyncGenerator[Thing, None]:
        for number in range(3):
            yield Thing(id=str(number))

    async def parse_callback(self, body: bytes) -> Thing:
        if body != self.secret:
            raise CallbackRefused("the signature is wrong", code="bad_signature")
        return Thing(id="event")


class Toy(Service[ToyPort]):
    def get(self, thing_id: str) -> Thing:
        return drive(self._perform("toy.get", self._port.get(thing_id)))

    def search(self) -> list[Thing]:
        return list(drive_iterator(self._each(self._port.search())))

    def parse_callback(self, body: bytes) -> Thing:
        return drive(self._first_to_accept(lambda port: port.parse_callback(body)))


def _toy(account: str = "default", siblings: dict[str, ToyPort] | None = None) -> Toy:
    return Toy(ToyPort(), Runtime(ScriptedTransport([]), account=account), siblings)


@pytest.mark.parametrize("wrong", [None, "port", object()], ids=["None", "text", "object"])
def test_a_service_stands_on_a_port_and_a_runtime(wrong: object) -> None:
    kind = type(wrong).__name__
    with pytest.raises(InvalidInput) as caught:
        Toy(wrong, Runtime(ScriptedTransport([])))
    problem = f"it is of the type {kind}, which has no require and unsupported"
    told = f"port: {problem}; nothing was sent. To fix: give an adapter"
    assert (str(caught.value), caught.value.operation) == (told, "")
    with pytest.raises(InvalidInput) as caught:
        Toy(ToyPort(), wrong)
    told = f"runtime: it is of the type {kind}, which has no share; nothing was sent. To fix: give a Runtime"
    assert (str(caught.value), caught.value.operation) == (told, "")


def test_results_items_and_errors_say_their_account() -> None:
    toy = _toy("moto")
    assert toy.get("a").account == "moto"
    assert {thing.account for thing in toy.search()} == {"moto"}
    with pytest.raises(NotFound, match=r"toy\.get \(Toy, account moto\)") as caught:
        toy.get("none")
    assert caught.value.account == "moto"


def test_one_account_needs_no_name() -> None:
    assert _toy().get("a").account == "default"
    with pytest.raises(NotFound) as caught:
        _toy().get("none")
    assert "(Toy)" in str(caught.value)


def test_a_callback_says_which_accounts_secret_proved_it() -> None:
    toy = _toy(siblings={"moto": ToyPort(b"theirs")})
    assert toy.parse_callback(b"good").account == "default"
    assert toy.parse_callback(b"theirs").account == "moto"
    with pytest.raises(CallbackRefused) as caught:
        toy.parse_callback(b"forged")
    assert caught.value.account == "default"


class Unreachable(ToyPort):
    """An account whose keys cannot be had."""

    async def parse_callback(self, body: bytes) -> Thing:
        raise Unavailable("the key set cannot be fetched", provider=self.provider)


class Replayed(ToyPort):
    """An account that has seen the callback before."""

    async def parse_callback(self, body: bytes) -> Thing:
        raise CallbackRefused("the notification came before", code="replayed")


def test_an_account_whose_keys_cannot_be_had_keeps_no_other_from_being_tried() -> None:
    toy = Toy(Unreachable(), Runtime(ScriptedTransport([])), {"moto": ToyPort(b"theirs")})
    assert toy.parse_callback(b"theirs").account == "moto"


@pytest.mark.parametrize(
    ("own", "sibling", "account"), [(ToyPort(), Unreachable(), "moto"), (Unreachable(), ToyPort(), "default")]
)
def test_what_no_account_accepts_may_be_for_the_one_that_cannot_tell(own: Port, sibling: Port, account: str) -> None:
    toy = Toy(own, Runtime(ScriptedTransport([])), {"moto": sibling})
    with pytest.raises(Unavailable, match="key set cannot be fetched") as caught:
        toy.parse_callback(b"of nobody")
    assert caught.value.account == account


def test_a_callback_that_came_before_is_told_so_whosever_it_is() -> None:
    toy = Toy(ToyPort(), Runtime(ScriptedTransport([])), {"moto": Replayed(), "other": Unreachable()})
    with pytest.raises(CallbackRefused) as caught:
        toy.parse_callback(b"of moto")
    assert (caught.value.code, caught.value.account) == ("replayed", "moto")


def test_the_repr_names_the_adapter_and_the_account() -> None:
    assert repr(_toy()) == "<Toy: Toy>"
    assert repr(_toy("moto")) == "<Toy: Toy, account 'moto'>"
    assert _toy().capabilities == ToyPort.capabilities
