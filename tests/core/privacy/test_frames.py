"""What fails leaves its frames behind: no error that a caller gets holds what the call was given or made of it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents import (
    AsyncGovComponents,
    ConfigurationError,
    GovComponents,
    GovComponentsError,
    InvalidInput,
    Money,
    NotFound,
    Settings,
)
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.durable.async_later import AsyncLaterNotify, AsyncLaterPay
from govcomponents.durable.async_service import AsyncDurable
from govcomponents.durable.later import LaterNotify, LaterPay
from govcomponents.durable.service import Durable
from govcomponents.frames import leave_frames_behind, leaving_frames_behind
from govcomponents.identity import AsyncIdentityService, IdentityService
from govcomponents.notify import AsyncNotifyService, NotifyService
from govcomponents.pay import AsyncPayService, PayService
from govcomponents.web import Person
from govcomponents.web.async_handlers import AsyncWebHandlers
from govcomponents.web.handlers import WebHandlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

SERVICES = (
    PayService,
    NotifyService,
    IdentityService,
    AsyncPayService,
    AsyncNotifyService,
    AsyncIdentityService,
    LaterNotify,
    LaterPay,
    AsyncLaterNotify,
    AsyncLaterPay,
    Durable,
    AsyncDurable,
    WebHandlers,
    AsyncWebHandlers,
)
KEY = "api_test_" + "canary" * 7
BACK = "https://service.example.gov.uk/back"


def entries(error: BaseException) -> Iterator[TracebackType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace
        trace = trace.tb_next


def files(error: BaseException) -> set[str]:
    return {entry.tb_frame.f_code.co_filename for entry in entries(error)}


def caught(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # whatever came out
        return error
    raise AssertionError("it did not fail")


def no_such_payment() -> object:
    with GovComponents.sandbox() as gov:
        return gov.pay.get("none")


@pytest.mark.parametrize("service", SERVICES)
def test_every_public_method_of_a_service_leaves_its_frames_behind(service: type) -> None:
    for name, member in inspect.getmembers_static(service, inspect.isfunction):
        assert name.startswith("_") or hasattr(member, "__leaves_frames_behind__"), name


DOORS = ("", ".pay", ".notify", ".identity", ".durable", ".web")
WITHOUT_DATA = {
    "Answer": "what is sent to the person's own browser",
    "Problem": "an Answer",
    "CallbackQueryFilter": "a filter of logging",
    "Observer": "sees no argument",
    "Personal": "its value is its own to show",
    "Requirement": "levels and claims",
    "Secret": "its value is its own to show",
    "SignedIn": "makes an answer of an answer",
}


def public_classes() -> dict[str, type]:
    """The classes that are exported, but for errors, protocols and what adapters are made of."""
    found = {}
    for door in DOORS:
        module = importlib.import_module(f"govcomponents{door}")
        for name in dir(module):
            kind = getattr(module, name)
            if isinstance(kind, type) and not issubclass(kind, BaseException) and not getattr(kind, "_is_protocol", 0):
                found[name] = kind
    return found


def test_every_method_that_is_exported_leaves_its_frames_behind() -> None:
    kinds = public_classes()
    assert {"Person", "PendingSignIn", "SqlDocumentStore", "FileEndedSessions", "SignInCookies"} <= kinds.keys()
    bare = set()
    for name, kind in kinds.items():
        for method, member in inspect.getmembers_static(kind):
            function = getattr(member, "__func__", member)
            is_ours = inspect.isfunction(function) and str(function.__module__).startswith("govcomponents")
            if is_ours and not method.startswith("_") and not hasattr(function, "__leaves_frames_behind__"):
                bare.add(f"{name}.{method}")
    assert {one for one in bare if one.partition(".")[0] not in WITHOUT_DATA} == set()


@pytest.mark.parametrize("components", [GovComponents, AsyncGovComponents])
def test_every_public_method_of_the_components_does(components: type) -> None:
    for name in dir(components):
        member = getattr(components, name)
        if not name.startswith("_") and (inspect.isfunction(member) or inspect.ismethod(member)):
            assert hasattr(member, "__leaves_frames_behind__"), name


def test_what_cannot_be_read_as_a_person_is_in_no_frame() -> None:
    error = caught(lambda: Person.load('{"version": 1, "subject": "canary", "id_token": "canary"}'))
    assert isinstance(error, InvalidInput)
    assert files(error) == {__file__}


def test_a_wrapped_method_is_still_what_it_was() -> None:
    assert "amount" in inspect.signature(PayService.create).parameters
    assert inspect.iscoroutinefunction(AsyncPayService.create)
    assert not inspect.iscoroutinefunction(PayService.create)
    with pytest.raises(TypeError, match=r"PayService\.get\(\) missing 1 required positional argument"):
        GovComponents.sandbox().pay.get()


def test_our_own_error_goes_on_at_the_callers_line() -> None:
    error = caught(no_such_payment)
    assert isinstance(error, NotFound)
    last = list(entries(error))[-1].tb_frame
    assert files(error) == {__file__} or "args" not in last.f_locals
    assert error.__context__ is None
    assert error.__cause__ is None


def test_what_the_caller_was_handling_stays_in_sight() -> None:
    mine = KeyError("mine")

    def call() -> None:
        try:
            raise mine
        except KeyError:
            no_such_payment()

    error = caught(call)
    assert error.__context__ is mine
    assert mine.__traceback__ is not None
    assert "During handling" in "".join(traceback.format_exception(error))


def test_an_iterator_leaves_its_frames_behind() -> None:
    with GovComponents.sandbox() as gov:
        error = caught(lambda: list(gov.pay.search_refunds(settled_from="canary")))
        assert isinstance(error, InvalidInput)
        assert files(error) == {__file__}
        transport = ScriptedTransport([RuntimeError("a fault of the transport")])
    with GovComponents.from_settings(Settings(pay={"api_key": KEY}), transport=transport) as real:
        error = caught(lambda: list(real.pay.search(email="canary@example.com")))
        assert isinstance(error, RuntimeError)
        assert files(error) == {__file__}


def test_an_async_iterator_leaves_its_frames_behind() -> None:
    async def go() -> None:
        transport = ScriptedTransport([RuntimeError("a fault of the transport")])
        async with AsyncGovComponents.from_settings(Settings(pay={"api_key": KEY}), transport=transport) as gov:
            async for _ in gov.pay.search(email="canary@example.com"):
                pass

    assert not [file for file in files(caught(lambda: asyncio.run(go()))) if "/govcomponents/core/" in file]


def test_an_error_that_is_not_ours_says_by_which_way_it_came() -> None:
    transport = ScriptedTransport([RuntimeError("a fault of the transport")])
    with GovComponents.from_settings(Settings(pay={"api_key": KEY}), transport=transport) as gov:
        error = caught(lambda: gov.pay.create(Money.gbp("1.00"), "R", "D", BACK, email="canary@example.com"))
    assert files(error) == {__file__}
    (note,) = error.__notes__
    assert "scripted.py" in note
    assert "canary" not in note


def test_a_function_of_the_caller_that_fails_keeps_its_frame() -> None:
    def on_change(_change: object) -> None:
        try:
            raise LookupError("first")
        except LookupError:
            raise ValueError("mine") from None

    @leaving_frames_behind
    def public(function: Callable[[object], None]) -> None:
        function("canary")

    error = caught(lambda: public(on_change))
    assert "on_change" in {entry.tb_frame.f_code.co_name for entry in entries(error)}
    assert isinstance(error.__context__, LookupError)
    assert error.__context__.__traceback__ is not None
    assert error.__suppress_context__
    assert not hasattr(error, "__notes__")


def test_errors_that_led_to_another_are_left_behind() -> None:
    def deep() -> None:
        secret = KEY  # noqa: F841  # in the frame
        try:
            int("canary", base=3)
        except ValueError as error:
            raise RuntimeError("outer") from error

    with pytest.raises(RuntimeError) as raised:
        deep()
    error = raised.value
    assert isinstance(error.__cause__, ValueError)
    error.__cause__.__traceback__ = None  # as of one that a library raised in C
    leave_frames_behind(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_each_error_of_a_group_is_looked_at() -> None:
    group = ExceptionGroup("several", [NotFound("none"), ValueError("x")])
    group.exceptions[0].__context__ = KeyError(KEY)
    leave_frames_behind(group)
    assert group.exceptions[0].__context__ is None


def test_wrong_settings_leave_their_values_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    error = caught(lambda: GovComponents.from_settings(Settings(pay={"api_key": KEY + " "})))
    assert isinstance(error, ConfigurationError)
    assert files(error) == {__file__}
    monkeypatch.setenv("GOVCOMPONENTS_PAY__API_KEY", KEY)
    monkeypatch.setenv("GOVCOMPONENTS_ENVIRONMENT", "prod")
    for call in (Settings.from_environment, GovComponents.from_settings):
        error = caught(call)
        assert isinstance(error, ConfigurationError)
        assert files(error) == {__file__}


def test_a_call_that_is_cancelled_leaves_its_frames_behind() -> None:
    class Slow(ScriptedTransport):
        async def send(self, request: Any) -> Any:
            await asyncio.sleep(60)

    async def go() -> BaseException:
        async with AsyncGovComponents.from_settings(Settings(pay={"api_key": KEY}), transport=Slow()) as gov:
            call = gov.pay.create(Money.gbp("1.00"), "R", "D", BACK, email="canary@example.com")
            task = asyncio.ensure_future(call)
            asyncio.get_running_loop().call_later(0.01, task.cancel)
            try:
                await task
            except asyncio.CancelledError as error:
                return error
            raise AssertionError("it was not cancelled")

    cancelled = asyncio.run(go())
    assert not [file for file in files(cancelled) if "/core/" in file and "/tests/" not in file]


def test_iterating_may_be_ended_early() -> None:
    async def go() -> AsyncIterator[object]:
        async with AsyncGovComponents.sandbox() as gov:
            for number in range(3):
                await gov.pay.create(Money.gbp("1.00"), f"R-{number}", "D", BACK)
            async for payment in gov.pay.search():
                yield payment
                break

    async def first() -> object:
        return await anext(go())

    assert asyncio.run(first()) is not None
    with GovComponents.sandbox() as gov:
        gov.pay.create(Money.gbp("1.00"), "R", "D", BACK)
        for _ in gov.pay.search():
            break


def test_only_our_own_errors_lose_everything() -> None:
    assert issubclass(NotFound, GovComponentsError)
    error = ValueError("x")
    leave_frames_behind(error)
    assert error.__traceback__ is None
