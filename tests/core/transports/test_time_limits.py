"""The one limit of time over a call: with all its attempts and waits, whatever drips and wherever, in both modes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tenacity import stop_after_attempt, wait_fixed, wait_none

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents, RetryPolicy, Settings
from govcomponents.contracts.modes import Mode
from govcomponents.core.deadline import limited, seconds_left
from govcomponents.core.driver import drive
from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.refreshed_value import NothingToUse, RefreshedValue
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import GovComponentsError, NotSent, OutcomeUnknown
from govcomponents.notify.service import NotifyService
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.port import PayPort
from govcomponents.pay.service import PayService

from .test_misbehaving_servers import DRIPS, _drip, serving

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from core.loopback import Caller

    from .test_misbehaving_servers import Connection

    Make = Callable[..., Caller]

LIMIT = 0.8
SLACK = 0.6  # for a busy machine
KEY = "api_test_" + "k" * 50


class Call:
    """A read that may be tried five times, by the client of an adapter."""

    def __init__(self, make_caller: Make, mode: Mode, runner: asyncio.Runner) -> None:
        self._mode, self._runner = mode, runner
        self._make = make_caller

    def __call__(self, base: str, wait: object = None, **limits: float) -> float:
        """Make the call, which must fail. Returns how long it took."""
        caller = self._make(**{"connect_timeout": 0.3, "read_timeout": 0.3, "total_timeout": LIMIT, **limits})
        policy = RetryPolicy(stop=stop_after_attempt(5), wait=wait or wait_none())
        client = HttpClient(Runtime(caller.transport, retry=policy), provider="P", base_url=base)
        sending = client.send(Request("pay.get", "GET", "/a", Replay.ALWAYS))
        started = time.monotonic()
        with pytest.raises((OutcomeUnknown, NotSent)):
            drive(sending) if self._mode is Mode.BLOCKING else self._runner.run(sending)
        return time.monotonic() - started


@pytest.fixture
def call(make_caller: Make, gov_mode: Mode, gov_runner: asyncio.Runner) -> Call:
    return Call(make_caller, gov_mode, gov_runner)


@pytest.mark.parametrize(("head", "drop"), DRIPS.values(), ids=list(DRIPS))
def test_all_attempts_end_within_the_limit_whatever_drips(call: Call, head: str, drop: str) -> None:
    with serving(lambda connection: _drip(connection, head, drop)) as base:
        assert call(base) < LIMIT + SLACK


def test_attempts_that_nobody_answers_end_within_the_limit(call: Call) -> None:
    with serving(lambda connection: connection.wait(20) and None) as base:
        assert call(base) < LIMIT + SLACK


def test_no_wait_is_begun_that_would_pass_the_limit(call: Call) -> None:
    with serving(lambda connection: connection.request() and None) as base:
        assert call(base, wait_fixed(5)) < 0.5


def _handshake(connection: Connection) -> None:
    connection.sock.recv(1)
    connection.write("\x16\x03\x03\x3f\xff")
    while not connection.wait(0.05):
        connection.write("\x02")


def test_a_tls_handshake_that_drips_is_not_sent_within_the_limit(call: Call, make_caller: Make) -> None:
    with serving(_handshake) as base:
        secure = base.replace("http:", "https:")
        assert call(secure, connect_timeout=0.5) < LIMIT + SLACK
        started = time.monotonic()
        with pytest.raises(NotSent):
            make_caller(connect_timeout=0.4, total_timeout=LIMIT).send(
                Request("pay.create", "POST", secure + "/a", Replay.UNSENT)
            )
        assert time.monotonic() - started < LIMIT + SLACK


IN_A_HEAD = [name for name in DRIPS if name not in ("chunk size", "chunks", "body")]  # CONNECT's answer has no body


@pytest.mark.parametrize(
    ("scheme", "drips"), [*(("http", name) for name in DRIPS), *(("https", name) for name in IN_A_HEAD)]
)
def test_a_proxy_that_drips_does_not_pass_the_limit(
    call: Call, monkeypatch: pytest.MonkeyPatch, scheme: str, drips: str
) -> None:
    with serving(lambda connection: _drip(connection, *DRIPS[drips])) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy)
        assert call(f"{scheme}://api.example.gov.uk") < LIMIT + SLACK


def test_the_limit_is_a_setting_of_both_callers(gov_mode: Mode, gov_runner: asyncio.Runner) -> None:
    with serving(lambda connection: _drip(connection, "HTTP/1.1 200 OK\r\n", "X: y\r\n")) as base:
        settings = Settings(environment="test", time_limit=0.5, pay={"api_key": KEY, "base_url": base})
        took: list[float] = []
        if gov_mode is Mode.BLOCKING:
            with GovComponents.from_settings(settings) as gov:
                for _ in range(2):
                    started = time.monotonic()
                    with pytest.raises(GovComponentsError):
                        gov.pay.get("a1")
                    took.append(time.monotonic() - started)
        else:

            async def get() -> None:
                async with AsyncGovComponents.from_settings(settings) as gov:
                    for _ in range(2):
                        started = time.monotonic()
                        with pytest.raises(GovComponentsError):
                            await gov.pay.get("a1")
                        took.append(time.monotonic() - started)

            gov_runner.run(get())
        assert took[1] < 0.5 + SLACK, "the first has imports on its clock"


def test_the_limit_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOVCOMPONENTS_TIME_LIMIT", "25")
    assert Settings.from_environment().time_limit == 25
    assert Settings.from_environment(time_limit=10).time_limit == 10


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "inf", "soon", "601"])
def test_a_limit_that_is_none_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("GOVCOMPONENTS_TIME_LIMIT", wrong)
    with pytest.raises(ConfigurationError, match="GOVCOMPONENTS_TIME_LIMIT"):
        Settings.from_environment()


# -- calls of several requests ---------------------------------------------------------------------------------------


def test_all_requests_of_a_call_end_within_its_limit(
    make_caller: Make, gov_mode: Mode, gov_runner: asyncio.Runner
) -> None:
    """A sign-in makes up to four: each with a limit of its own would be four times as long."""
    caller = make_caller(connect_timeout=0.3, read_timeout=0.5, total_timeout=LIMIT)
    ended: list[str] = []

    async def call(base: str) -> None:
        client = HttpClient(Runtime(caller.transport, retry=RetryPolicy(wait=wait_none())), provider="P", base_url=base)
        with limited(LIMIT):
            for _ in range(4):
                try:
                    await client.send(Request("identity.complete", "GET", "/a", Replay.ALWAYS))
                except (OutcomeUnknown, NotSent) as error:
                    ended.append(type(error).__name__)

    with serving(lambda connection: connection.wait(20) and None) as base:
        started = time.monotonic()
        drive(call(base)) if gov_mode is Mode.BLOCKING else gov_runner.run(call(base))
        assert time.monotonic() - started < LIMIT + SLACK
    assert ended == ["OutcomeUnknown", "NotSent", "NotSent", "NotSent"]


def test_a_call_inside_another_ends_with_that_one() -> None:
    assert seconds_left() is None
    with limited(1):
        with limited(60):
            assert (seconds_left() or 9) <= 1
        with limited(0.1):
            assert (seconds_left() or 9) <= 0.1
        with limited(None):
            assert (seconds_left() or 9) <= 1
    assert seconds_left() is None


class _Transport(ScriptedTransport):
    total_timeout = 7.0


class _Port(PayPort):
    """A port that tells how much time each of its operations has."""

    provider = "P"
    capabilities = frozenset(PayCapability)

    def __init__(self) -> None:
        self.left: list[float | None] = []

    async def check(self) -> None:
        self.left.append(seconds_left())


def test_each_call_of_a_service_has_the_transport_s_limit() -> None:
    port = _Port()
    for transport in (_Transport(), ScriptedTransport()):
        PayService(port, Runtime(transport)).check()
    limit, none = port.left
    assert limit is not None
    assert 6 < limit <= 7
    assert none is None


@pytest.mark.parametrize(("service", "operation"), [(PayService, "pay.mop_up"), (NotifyService, "notify.send_many")])
def test_what_takes_long_by_its_nature_has_none(service: type, operation: str) -> None:
    assert operation in service._without_limit


def test_a_fetch_for_many_has_more_time_than_the_one_who_began_it(gov_runner: asyncio.Runner) -> None:
    import asyncio

    left: list[float | None] = []

    async def fetch() -> tuple[str, float]:
        left.append(seconds_left())
        await asyncio.sleep(0.2)
        return "keys", 60.0

    async def both() -> None:
        value = RefreshedValue(fetch, time.time, name="key set", stale_limit=60)

        async def hurried() -> None:
            with limited(0.05), pytest.raises(NothingToUse):
                await value.current()

        async def patient() -> None:
            assert await value.current() == "keys"

        await asyncio.gather(hurried(), patient())

    gov_runner.run(both())
    assert left == [None]
