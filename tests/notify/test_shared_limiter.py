"""A limiter on a real Redis that processes with one key share: none is refused, and none waits for ever."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.observe import Happening, Observer
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import ConfigurationError, NotSent, RateLimited
from govcomponents.notify import LimitsLimiter, limiters
from govcomponents.notify.adapters.govuk_notify.adapter import GovUkNotify
from govcomponents.notify.policy import Policy
from govcomponents.notify.sending import Sender
from govcomponents.notify.service import NotifyService
from govcomponents.settings import NotifySettings
from notify.doubles import EMAIL, TEST_KEY, VALUES
from notify.govuk_notify.test_operations import ACCEPTED

from .redis_server import redis_server

PROCESS = """
import json, sys, time
from govcomponents.notify import LimitsLimiter
limiter = LimitsLimiter.from_url(sys.argv[1], per_minute=3000)
times = []
while len(times) < 60:
    wait = limiter.acquire(1)
    if wait > 0:
        time.sleep(wait)
    else:
        times.append(time.time())
print(json.dumps(times))
"""


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    with redis_server() as url:
        yield url


class Waiting(ScriptedTransport):
    """A transport that really waits."""

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        time.sleep(seconds)  # noqa: ASYNC251  # of a blocking caller


def notify(url: str | None, transport: ScriptedTransport, *observers: Observer, **changed: Any) -> NotifyService:
    given = {"api_key": TEST_KEY, "limiter_url": url, "requests_per_minute": 600, **changed}
    settings = NotifySettings.model_validate(given)
    runtime = Runtime(transport, observers=observers)
    return NotifyService(
        GovUkNotify.from_settings(settings, runtime), runtime, policy=Policy.from_settings(settings, runtime)
    )


def accepting(count: int) -> Waiting:
    return Waiting([Response(201, {"content-type": "application/json"}, json.dumps(ACCEPTED).encode())] * count)


def test_four_processes_keep_to_one_limit_together(redis: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS, redis], stdout=subprocess.PIPE) for _ in range(4)]
    times = sorted(moment for one in processes for moment in json.loads(one.communicate(timeout=60)[0]))
    assert len(times) == 240
    for begin in range(
        len(times) - 100
    ):  # of 50 a second, in whole seconds: never more than two seconds' worth at once
        assert times[begin + 99] - times[begin] > 0.9
    assert times[-1] - times[0] < 240 / 49 * 1.5 + 2


class Told(Observer):
    """Keeps what is told of waits."""

    def __init__(self) -> None:
        self.waits: list[Happening] = []

    def happened(self, happening: Happening, /) -> None:
        self.waits.append(happening)


class After:
    """A limiter whose next turn is others', and the ones after it are free."""

    def __init__(self) -> None:
        self.waits = [0.75, 0.0, 0.0]

    def acquire(self, _tokens: int) -> float:
        return self.waits.pop(0)


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_single_message_tells_for_how_long_it_waited(is_shared: bool) -> None:
    """For others that share the pace, and for the pace of its own process."""
    told = Told()
    answer = Response(201, {"content-type": "application/json"}, json.dumps(ACCEPTED).encode())
    transport = ScriptedTransport([answer] * 2)
    service = notify(None, transport, told, requests_per_minute=None if is_shared else 6)
    if is_shared:
        service._sender = Sender(service._port, service._runtime, None, None, After())
    for _ in range(2):
        service.send_email("sam@example.com", EMAIL, VALUES)
    (waited,) = [one for one in transport.waits if one > 0]
    (happened,) = told.waits
    assert (happened.name, happened.provider, happened.account, happened.labels) == (
        *("budget.waited", "GOV.UK Notify", "default"),
        {"scope": "notify"},
    )
    assert happened.seconds == pytest.approx(waited, abs=0.1)


def test_the_single_messages_of_two_services_share_it(redis: str) -> None:
    """Of 600 a minute, 49 in five seconds: the fiftieth of both together waits for the next five."""
    one, two = accepting(25), accepting(25)
    first, second = notify(redis, one), notify(redis, two)
    for _ in range(25):
        first.send_email("sam@example.com", EMAIL, VALUES)
        second.send_email("sam@example.com", EMAIL, VALUES)
    assert 0 < sum(one.waits) + sum(two.waits) <= 15
    assert len(one.sent) + len(two.sent) == 50


def test_send_many_uses_the_one_of_the_settings(redis: str) -> None:
    asked = Never()
    transport = ScriptedTransport([template()])
    service = notify(redis, transport)
    service._sender.limiter = asked
    asked.fails = True
    result = service.send_many([{"email address": "sam@example.com"}], EMAIL, channel="email", batch="b")
    assert not result.is_complete
    assert [request for request in transport.sent if request.method != "GET"] == []


def test_another_key_has_its_own(redis: str) -> None:
    first = notify(redis, accepting(0))
    other = notify(redis, accepting(0), api_key=TEST_KEY.replace("test", "another", 1))
    assert first._sender.limiter._key != other._sender.limiter._key
    assert TEST_KEY not in first._sender.limiter._key


def test_who_gets_no_turn_is_told_and_nothing_is_sent(redis: str) -> None:
    transport = ScriptedTransport()
    told = Told()
    starved = notify(redis, transport, told)
    starved._sender.limiter = Never()
    with pytest.raises(RateLimited) as caught:
        starved.send_email("sam@example.com", EMAIL, VALUES)
    assert transport.sent == []
    assert sum(transport.waits) == 30
    assert caught.value.retry_after == 1
    assert [round(one.seconds or 0.0) for one in told.waits] == [30]


class Never:
    """A limiter that others use up."""

    fails = False

    def acquire(self, _tokens: int) -> float:
        if self.fails:
            raise NotSent("no answer", operation="LimitsLimiter")
        return 1.0


def template() -> Response:
    told = {
        "id": EMAIL, "name": "Renewed", "type": "email", "created_at": "2026-01-10T15:00:00.000000Z",
        "updated_at": None, "created_by": "a@example.gov.uk", "version": 1, "body": "Hello", "subject": "Hello",
        "letter_contact_block": None, "postage": None, "personalisation": {},
    }  # fmt: skip
    return Response(200, {"content-type": "application/json"}, json.dumps(told).encode())


def test_a_store_that_does_not_answer_is_told_and_nothing_is_sent() -> None:
    with redis_server() as url:
        transport = ScriptedTransport()
        service = notify(url, transport)
    with pytest.raises(NotSent, match="shared limiter"):
        service.send_email("sam@example.com", EMAIL, VALUES)
    assert transport.sent == []


def test_a_limiter_needs_the_pace() -> None:
    with pytest.raises(ConfigurationError, match="REQUESTS_PER_MINUTE"):
        notify("memory://", ScriptedTransport(), requests_per_minute=None)


@pytest.mark.skipif(importlib.util.find_spec("limits") is None, reason="the package limits is not installed")
def test_windows_follow_each_other_by_the_clock(monkeypatch):
    """No part of a second is lost between two of them: each ends at a whole second, whenever it was first asked."""
    clock = SimpleNamespace(time=lambda: 1_790_000_000.75)
    monkeypatch.setattr(limiters, "time", clock)
    limiter = LimitsLimiter.from_url("memory://", per_minute=3000)

    assert [limiter.acquire(1) for _ in range(50)] == [0.0] * 49 + [0.25]
    clock.time = lambda: 1_790_000_001.0
    assert [limiter.acquire(1) for _ in range(50)] == [0.0] * 49 + [1.0]
    clock.time = lambda: 1_790_000_001.999
    assert limiter.acquire(1) == limiters._SHORTEST_WAIT
