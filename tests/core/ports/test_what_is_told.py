"""A call of a service as its observers, its limit of time, its connections and its accounts see it."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from govcomponents import CallbackRefused, ConfigurationError, InvalidInput, NotFound, NotSupported, Unavailable
from govcomponents.core.deadline import seconds_left
from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.journeys import within_journey
from govcomponents.core.observe import Happening, Observer
from govcomponents.core.ports.port import Port
from govcomponents.core.ports.service import Service
from govcomponents.core.results import Result
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import UnexpectedReply, UnreadableItems, WrongAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Result):
    id: str


class Limited(ScriptedTransport):
    """Has a limit for whole calls, and notes how often it was told to use no connection again."""

    total_timeout = 7.0
    renewed = 0

    def renew(self) -> None:
        self.renewed += 1


class Toy(Port):
    provider = "Toy"

    def __init__(self, *steps: object) -> None:
        self.steps = steps
        self.left: list[float | None] = []
        self.ended = False

    async def get(self) -> Thing:
        self.left.append(seconds_left())
        return self._played(self.steps[0])

    async def search(self) -> AsyncGenerator[Thing, None]:
        try:
            for step in self.steps:
                yield self._played(step)
        finally:
            self.ended = True

    @staticmethod
    def _played(step: object) -> Thing:
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Thing) else Thing(id=step)


class Things(Service[Toy]):
    _without_limit = frozenset({"toy.wait"})

    def call(self, operation: str = "toy.get", **asked: object) -> Thing:
        return drive(self._perform(operation, self._port.get(), **asked))

    def search(self, **asked: object) -> list[Thing]:
        return list(drive_iterator(self._each(self._port.search(), "toy.search", **asked)))

    def callback(self) -> Thing:
        return drive(self._first_to_accept(lambda port: port.get()))

    def port_of(self, account: str) -> Toy:
        return self._port_of(account, "toy.act")

    def tell(self, happened: str, **labels: str) -> None:
        self._tell(happened, **labels)


class Watching(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.operations: list[object] = []
        self.happenings: list[Happening] = []

    def operation(self, operation: object, /) -> None:
        self.operations.append(operation)

    def happened(self, happening: Happening, /) -> None:
        self.happenings.append(happening)


class Listening(Observer):
    """Watches no call, and hears only what happened."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def happened(self, happening: Happening, /) -> None:
        self.happenings.append(happening)


@pytest.fixture(params=[True, False], ids=["watched", "unwatched"])
def observers(request: pytest.FixtureRequest) -> tuple[Observer, ...]:
    return (Watching(),) if request.param else ()


def things(*steps: object, account: str = "default", transport: object = None, **options: object) -> Things:
    siblings, observers = options.get("siblings"), options.get("observers", ())
    runtime = Runtime(transport or Limited(), account=account, observers=observers)
    return Things(Toy(*steps), runtime, siblings)


def test_an_operation_is_told_with_its_provider_account_and_journey() -> None:
    watching = Watching()
    service = things("a", account="moto", observers=(watching,))
    with within_journey("case-1", in_metadata=False):
        service.call()
    (told,) = watching.operations
    assert (told.name, told.provider, told.account, told.journey) == ("toy.get", "Toy", "moto", "case-1")
    assert told.error is None


def test_what_failed_is_told_by_its_class_and_so_is_an_answer_that_belongs_elsewhere() -> None:
    for step, told in ((NotFound("there is none"), "NotFound"), ("b", "WrongAnswer")):
        watching = Watching()
        with pytest.raises((NotFound, WrongAnswer)):
            things(step, observers=(watching,)).call(id="a")
        assert [one.error for one in watching.operations] == [told]


def test_whoever_only_hears_what_happens_watches_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Listening()
    monkeypatch.setattr("govcomponents.core.ports.service.OperationWatch", None)
    assert things("a", observers=(listening,)).call() == Thing(id="a")


def test_a_whole_call_is_limited_but_for_those_that_take_as_long_as_they_take(
    observers: tuple[Observer, ...],
) -> None:
    service = things("a", observers=observers)
    service.call()
    service.call("toy.wait")
    within, without = service._port.left
    assert 6.0 < within <= 7.0
    assert without is None


def test_a_transport_without_a_limit_sets_none() -> None:
    service = things("a", transport=ScriptedTransport())
    service.call()
    assert service._port.left == [None]


@pytest.mark.parametrize(
    ("step", "renewed"),
    [("b", 1), (UnexpectedReply("it cannot be read"), 1), (NotFound("there is none"), 0), (Unavailable("away"), 0)],
)
def test_after_an_answer_of_another_call_no_connection_is_used_again(
    step: object, renewed: int, observers: tuple[Observer, ...]
) -> None:
    transport = Limited()
    service = things(step, account="moto", transport=transport, observers=observers)
    with pytest.raises((UnexpectedReply, NotFound, Unavailable)) as caught:
        service.call(id="a")
    assert caught.value.account == "moto"
    assert transport.renewed == renewed
    if isinstance(caught.value, WrongAnswer):
        assert (caught.value.operation, caught.value.provider) == ("toy.get", "Toy")


UNREAD = UnreadableItems("2 items cannot be read", ids=("c", "d"))


@pytest.mark.parametrize(
    ("step", "renewed"), [("b", 1), (UnexpectedReply("it cannot be read"), 1), (UNREAD, 0), (NotFound("none"), 0)]
)
def test_each_item_is_compared_and_what_was_given_before_stays(step: object, renewed: int) -> None:
    transport = Limited()
    service = things("a", step, account="moto", transport=transport)
    found = drive_iterator(service._each(service._port.search(), "toy.search", id="a"))
    assert next(found) == Thing(id="a", account="moto")
    with pytest.raises((UnexpectedReply, NotFound)) as caught:
        next(found)
    assert caught.value.account == "moto"
    assert transport.renewed == renewed
    assert service._port.ended
    if isinstance(caught.value, WrongAnswer):
        assert (caught.value.operation, caught.value.provider) == ("toy.search", "Toy")


def test_an_item_of_another_call_names_no_operation_where_none_is_given() -> None:
    service = things("b")
    with pytest.raises(WrongAnswer) as caught:
        list(drive_iterator(service._each(service._port.search(), id="a")))
    assert (caught.value.operation, caught.value.provider) == ("", "Toy")


def test_what_a_service_raises_has_left_the_frames_of_its_call_behind() -> None:
    class Own(Service[Toy]):  # made here, as it is when the class is made that its methods are shielded
        def read(self) -> Thing:
            return drive(self._perform("toy.get", self._port.get()))

    service = Own(Toy(NotFound("there is none")), Runtime(Limited()))
    with pytest.raises(NotFound) as caught:
        service.read()
    names = " ".join(frame.name for frame in traceback.extract_tb(caught.value.__traceback__))
    assert "_perform" not in names


def test_a_service_says_what_to_do_instead_of_pickling_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        pickle.dumps(things("a"))
    error = caught.value
    assert error.happened == "a Things holds connections and keys, and can be neither copied nor pickled"
    assert error.fix == "share the one, also between threads; in another process make one with from_settings()"


def test_where_there_is_one_account_nothing_is_copied() -> None:
    thing = Thing(id="a")
    assert things(thing).call() is thing
    assert things(thing).search()[0] is thing
    assert things(thing, account="moto").search() == [Thing(id="a", account="moto")]


def test_a_fault_of_the_adapter_goes_through_as_it_is() -> None:
    transport = Limited()
    service = things(KeyError("a fault of its own"), transport=transport)
    with pytest.raises(KeyError):
        service.search()
    with pytest.raises(KeyError):
        service.call()
    assert transport.renewed == 0


def test_the_account_of_an_event_is_this_one_or_a_sibling() -> None:
    sibling = Toy()
    service = things(account="main", siblings={"moto": sibling})
    assert service.port_of("main") is service._port
    assert service.port_of("moto") is sibling
    with pytest.raises(InvalidInput) as caught:
        service.port_of("other")
    error = caught.value
    assert (error.field, error.problem) == ("event", "it is for an account that is not this one")
    assert (error.fix, error.operation) == ("use gov.account(event.account)", "toy.act")


def test_what_happened_is_told_to_all_who_hear() -> None:
    watching, listening = Watching(), Listening()
    things(account="moto", observers=(watching, listening)).tell("sign_in.refused", reason="replayed")
    told = [Happening("sign_in.refused", "Toy", "moto", {"reason": "replayed"})]
    assert watching.happenings == listening.happenings == told


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("not_configured", "not_configured"),
        ("bad_signature", "bad_signature"),
        ("canary-of-somebody", "not_proved"),
        (None, "not_proved"),
    ],
)
def test_a_refused_callback_is_told_by_a_closed_list_of_reasons(code: str | None, reason: str) -> None:
    listening = Listening()
    with pytest.raises(CallbackRefused):
        things(CallbackRefused("no", code=code), observers=(listening,)).callback()
    assert listening.happenings == [Happening("callback.refused", "Toy", "default", {"reason": reason})]


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("the key set cannot be fetched"),
        NotSupported("callbacks", provider="Toy"),
        InvalidInput(field="body", problem="it is not bytes", fix="give bytes"),
    ],
)
def test_what_is_no_refusal_is_not_told_as_one(error: Exception) -> None:
    listening = Listening()
    with pytest.raises(type(error)) as caught:
        things(error, observers=(listening,), account="moto").callback()
    assert caught.value is error
    assert listening.happenings == []


def test_arguments_that_are_wrong_are_told_before_another_account_is_tried() -> None:
    sibling = Toy("a")
    wrong = InvalidInput(field="body", problem="it is not bytes", fix="give bytes")
    with pytest.raises(InvalidInput):
        things(wrong, siblings={"moto": sibling}).callback()
    assert sibling.left == []


def test_the_first_refusal_is_raised_and_any_doubt_before_it() -> None:
    first, second = CallbackRefused("the first"), NotSupported("callbacks", provider="Toy")
    for own, other in ((first, second), (second, first)):
        with pytest.raises(type(own)) as caught:
            things(own, siblings={"moto": Toy(other)}).callback()
        assert caught.value is own
    doubts = Unavailable("the first"), Unavailable("the second")
    with pytest.raises(Unavailable) as undecided:
        things(doubts[0], siblings={"moto": Toy(doubts[1]), "other": Toy(first)}).callback()
    assert undecided.value is doubts[0]
