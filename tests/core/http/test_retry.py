"""When a request is sent again, by its replay class: the whole table, in both modes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from tenacity import (
    stop_after_attempt,
    stop_after_delay,
    stop_before_delay,
    wait_chain,
    wait_exception,
    wait_exponential,
    wait_fixed,
    wait_incrementing,
    wait_random_exponential,
)

from govcomponents.contracts.modes import Mode
from govcomponents.core.driver import drive
from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.retry import RetryPolicy, retry_after
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import ConfigurationError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from tenacity.stop import StopBaseT
    from tenacity.wait import WaitBaseT

OK = Response(200, {}, b"{}")
NOT_SENT = NotSent("no connection")
LOST = OutcomeUnknown("lost", lookup="look it up", idempotency_key="key-1")
OUTCOMES = {
    "not sent": NOT_SENT,
    "lost": LOST,
    "429": Response(429),
    "500": Response(500),
    "502": Response(502),
    "503": Response(503),
    "504": Response(504),
    "400": Response(400),
    "404": Response(404),
    "501": Response(501),
    "302": Response(302),
}
AGAIN = {
    Replay.ALWAYS: {"not sent", "lost", "429", "500", "502", "503", "504"},
    Replay.IDEMPOTENT: {"not sent", "lost", "429", "500", "502", "503", "504"},
    Replay.UNSENT: {"not sent", "429"},
}


def _request(replay: Replay) -> Request:
    return Request("pay.create", "POST", "/v1/payments", replay, body=b"{}", idempotency_key="key-1")


@pytest.fixture
def send(gov_mode: Mode, gov_runner: asyncio.Runner) -> Callable[[HttpClient, Request], Response]:
    def call(client: HttpClient, request: Request) -> Response:
        return drive(client.send(request)) if gov_mode is Mode.BLOCKING else gov_runner.run(client.send(request))

    return call


Send = "Callable[[HttpClient, Request], Response]"


def _client(transport: ScriptedTransport, retry: RetryPolicy | None = None, **more: object) -> HttpClient:
    runtime = Runtime(transport, retry=retry or RetryPolicy())
    return HttpClient(runtime, provider="Provider", base_url="https://api.example.gov.uk", **more)


@pytest.mark.parametrize("replay", list(Replay), ids=lambda replay: replay.value)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_request_is_sent_again_only_as_its_replay_class_allows(send: Send, replay: Replay, outcome: str) -> None:
    first = OUTCOMES[outcome]
    transport = ScriptedTransport([first, OK])
    client = _client(transport)
    if outcome in AGAIN[replay]:
        assert send(client, _request(replay)) is OK
        assert len(transport.sent) == 2
        assert len(transport.waits) == 1
        assert 0 <= transport.waits[0] <= 1
    elif isinstance(first, Exception):
        with pytest.raises(type(first)):
            send(client, _request(replay))
        assert (len(transport.sent), transport.waits) == (1, [])
    else:
        assert send(client, _request(replay)) is first
        assert (len(transport.sent), transport.waits) == (1, [])


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_policy_counts_the_first_attempt(send: Send, attempts: int) -> None:
    transport = ScriptedTransport([NotSent("no connection") for _ in range(9)])
    with pytest.raises(NotSent):
        send(_client(transport, RetryPolicy(stop=stop_after_attempt(attempts))), _request(Replay.UNSENT))
    assert len(transport.sent) == attempts
    assert len(transport.waits) == attempts - 1


def test_waits_grow_and_stay_under_the_most() -> None:
    transport = ScriptedTransport([Response(503)] * 8)
    policy = RetryPolicy(stop=stop_after_attempt(8), wait=wait_random_exponential(max=4))
    answer = drive(_client(transport, policy).send(_request(Replay.ALWAYS)))
    assert answer.status == 503
    assert all(wait <= most for wait, most in zip(transport.waits, [1, 2, 4, 4, 4, 4, 4], strict=True))


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(send: Send, status: int) -> None:
    transport = ScriptedTransport([Response(status, {"retry-after": "7"}), OK])
    assert send(_client(transport), _request(Replay.ALWAYS)) is OK
    assert transport.waits == [7]


@pytest.mark.parametrize(("asked", "waited"), [("1.5", 1.5), ("+5", 5), ("+2.25", 2.25), (" 7 ", 7), ("007", 7)])
def test_seconds_are_understood_also_as_they_should_not_be_written(send: Send, asked: str, waited: float) -> None:
    transport = ScriptedTransport([Response(429, {"retry-after": asked}), OK])
    assert send(_client(transport), _request(Replay.ALWAYS)) is OK
    assert transport.waits == [max(waited, transport.waits[0])]
    assert retry_after(Response(503, {"retry-after": asked})) == waited


@pytest.mark.parametrize("asked", ["21", "20.5", "+21", "9" * 400])
def test_a_wait_that_is_too_long_is_not_waited_for(send: Send, asked: str) -> None:
    first = Response(429, {"retry-after": asked})
    transport = ScriptedTransport([first])
    assert send(_client(transport), _request(Replay.ALWAYS)) is first
    assert (len(transport.sent), transport.waits) == (1, [])


def test_a_later_wait_that_is_too_long_is_not_waited_for_either(send: Send) -> None:
    last = Response(429, {"retry-after": "600"})
    transport = ScriptedTransport([NOT_SENT, last])
    assert send(_client(transport), _request(Replay.UNSENT)) is last
    assert len(transport.sent) == 2


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "soon",
        "-5",
        "1,5",
        "1.",
        ".5",
        "+",
        "++5",
        "1e2",
        "5 s",
        "nan",
        "inf",
        "Fri, 31 Dec 1999 23:59:59 GMT",
        "\u00b2",
    ],
)
def test_a_retry_after_that_is_no_number_of_seconds_counts_as_none(send: Send, asked: str) -> None:
    transport = ScriptedTransport([Response(429, {"retry-after": asked}), OK])
    send(_client(transport), _request(Replay.ALWAYS))
    assert transport.waits[0] <= 1


@pytest.mark.parametrize(
    "asked", ["Sun, 06 Nov 1994 08:49:44 GMT", "Sunday, 06-Nov-94 08:49:44 GMT", "Sun Nov  6 08:49:44 1994"]
)
def test_a_retry_after_may_be_a_date(send: Send, asked: str) -> None:
    """Compared with the answer's own date: the two clocks may differ (RFC 9110 section 10.2.3)."""
    told = {"retry-after": asked, "date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    transport = ScriptedTransport([Response(503, told), OK])
    assert send(_client(transport), _request(Replay.ALWAYS)) is OK
    assert transport.waits == [7]


def test_a_date_without_one_of_the_answer_is_compared_with_the_clock() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    asked = retry_after(Response(503, {"retry-after": soon}))
    assert asked is not None
    assert 30 < asked <= 40
    assert retry_after(Response(503, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"})) == 0


@pytest.mark.parametrize(
    "asked", ["2026-11-29", "Sun, 06 Nov 1994 08:49:44 +0100", "Sun, 41 Nov 1994 08:49:44 GMT", "Sun, 06 Nov 1994"]
)
def test_what_is_no_date_of_http_says_nothing(asked: str) -> None:
    assert retry_after(Response(503, {"retry-after": asked})) is None


def test_a_429_that_is_no_rate_limit_is_not_repeated(send: Send) -> None:
    transport = ScriptedTransport([Response(429)])
    client = _client(transport, is_rate_limit=lambda _response: False)
    assert send(client, _request(Replay.ALWAYS)).status == 429
    assert len(transport.sent) == 1


def test_the_last_failure_is_what_the_caller_gets(send: Send) -> None:
    transport = ScriptedTransport([NOT_SENT, NOT_SENT, LOST])
    with pytest.raises(OutcomeUnknown) as caught:
        send(_client(transport), _request(Replay.UNSENT))
    assert caught.value is LOST


def test_a_failure_in_between_that_may_not_be_repeated_ends_it(send: Send) -> None:
    transport = ScriptedTransport([NOT_SENT, LOST, OK])
    with pytest.raises(OutcomeUnknown):
        send(_client(transport), _request(Replay.UNSENT))
    assert len(transport.sent) == 2


@pytest.mark.parametrize("last", [[NOT_SENT, NOT_SENT], [Response(429), NOT_SENT], [NOT_SENT, Response(429)]])
def test_a_lost_keyed_request_stays_in_doubt_when_the_next_is_turned_away(
    send: Send, last: list[Response | Exception]
) -> None:
    transport = ScriptedTransport([LOST, *last])
    with pytest.raises(OutcomeUnknown) as caught:
        send(_client(transport), _request(Replay.IDEMPOTENT))
    assert caught.value.idempotency_key == "key-1"
    assert len(transport.sent) == 3


def test_a_keyed_request_that_a_server_failed_stays_in_doubt(send: Send) -> None:
    failed = Response(502)
    transport = ScriptedTransport([failed, NOT_SENT, NOT_SENT])
    with pytest.raises(OutcomeUnknown, match="ended with NotSent"):
        send(_client(transport), _request(Replay.IDEMPOTENT))


@pytest.mark.parametrize("last", [Response(400), Response(401), Response(403), Response(404), Response(409)])
def test_a_refusal_of_a_later_attempt_does_not_undo_an_earlier_one(send: Send, last: Response) -> None:
    transport = ScriptedTransport([LOST, last])
    with pytest.raises(OutcomeUnknown, match=f"ended with status {last.status}") as caught:
        send(_client(transport), _request(Replay.IDEMPOTENT))
    assert (caught.value.status, caught.value.provider) == (last.status, "Provider")


@pytest.mark.parametrize("end", [Response(201), Response(402, {"idempotent-replayed": "true"})])
def test_a_real_answer_ends_the_doubt(send: Send, end: Response) -> None:
    transport = ScriptedTransport([LOST, end])
    assert send(_client(transport), _request(Replay.IDEMPOTENT)) is end


def test_a_read_that_was_never_sent_at_last_is_not_sent(send: Send) -> None:
    transport = ScriptedTransport([LOST, NOT_SENT, NOT_SENT])
    with pytest.raises(NotSent):
        send(_client(transport), _request(Replay.ALWAYS))


def test_another_error_is_not_repeated(send: Send) -> None:
    transport = ScriptedTransport([NOT_SENT, ConfigurationError("another loop")])
    with pytest.raises(ConfigurationError):
        send(_client(transport), _request(Replay.ALWAYS))
    assert len(transport.sent) == 2


def test_an_interrupt_is_no_outcome() -> None:
    def interrupt(_request: Request) -> Response:
        raise KeyboardInterrupt

    transport = ScriptedTransport([NOT_SENT, interrupt, OK])
    with pytest.raises(KeyboardInterrupt):
        drive(_client(transport).send(_request(Replay.ALWAYS)))
    assert len(transport.sent) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"stop": 3}, {"wait": 1.0}] + [{"max_retry_after": most} for most in (-1, float("inf"), float("nan"), "20", True)],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)


def test_the_policy_none_sends_once(send: Send) -> None:
    transport = ScriptedTransport([LOST])
    with pytest.raises(OutcomeUnknown):
        send(_client(transport, RetryPolicy.none()), _request(Replay.ALWAYS))
    assert transport.waits == []
    assert RetryPolicy.none().is_none
    assert not RetryPolicy().is_none


@pytest.mark.parametrize(
    ("wait", "waits"),
    [
        (wait_fixed(3), [3, 3, 3]),
        (wait_exponential(multiplier=2, max=5), [2, 4, 5]),
        (wait_incrementing(start=1, increment=2), [1, 3, 5]),
        (wait_chain(wait_fixed(1), wait_fixed(9)), [1, 9, 9]),
        (wait_fixed(1) + wait_fixed(2), [3, 3, 3]),
        (wait_exception(lambda error: 4 if isinstance(error, NotSent) else 0), [4, 4, 4]),
        (lambda state: state.attempt_number * 10, [10, 20, 30]),
    ],
)
def test_waits_are_those_of_the_strategy(send: Send, wait: WaitBaseT, waits: list[float]) -> None:
    transport = ScriptedTransport([NOT_SENT] * 4)
    with pytest.raises(NotSent):
        send(_client(transport, RetryPolicy(stop=stop_after_attempt(4), wait=wait)), _request(Replay.UNSENT))
    assert transport.waits == waits


@pytest.mark.parametrize(
    ("stop", "attempts"),
    [
        (stop_after_attempt(2), 2),
        (stop_after_delay(25), 4),
        (stop_before_delay(25), 3),
        (stop_after_attempt(5) | stop_after_delay(15), 3),
        (stop_after_attempt(2) & stop_after_delay(15), 3),
        (lambda state: state.idle_for >= 10, 2),
        (lambda state: state.outcome.result().status == 503, 1),
    ],
)
def test_the_strategy_says_when_to_stop(send: Send, stop: StopBaseT, attempts: int) -> None:
    transport = ScriptedTransport([Response(503)] * 9)
    policy = RetryPolicy(stop=stop, wait=wait_fixed(10))
    runtime = Runtime(transport, clock=lambda: 1000.0 + sum(transport.waits), retry=policy)
    client = HttpClient(runtime, provider="Provider", base_url="https://api.example.gov.uk")
    assert send(client, _request(Replay.ALWAYS)).status == 503
    assert len(transport.sent) == attempts
    assert transport.waits == [10] * (attempts - 1)


def test_a_retry_after_goes_before_a_shorter_wait_of_the_strategy_only(send: Send) -> None:
    asked = Response(503, {"retry-after": "7"})
    for wait, waited in ((2, 7), (9, 9)):
        transport = ScriptedTransport([asked, OK])
        assert send(_client(transport, RetryPolicy(wait=wait_fixed(wait))), _request(Replay.ALWAYS)) is OK
        assert transport.waits == [waited]


@pytest.mark.parametrize(("most", "sent"), [(6.9, 1), (7, 2)])
def test_the_longest_retry_after_that_is_waited_for(send: Send, most: float, sent: int) -> None:
    transport = ScriptedTransport([Response(503, {"retry-after": "7"}), OK])
    send(_client(transport, RetryPolicy(max_retry_after=most)), _request(Replay.ALWAYS))
    assert len(transport.sent) == sent


def test_a_call_that_succeeds_does_not_load_tenacity() -> None:
    program = """
import sys
from govcomponents.core.http.client import HttpClient
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
client = HttpClient(Runtime(ScriptedTransport([Response(200)])), provider="P", base_url="https://p.example")
drive(client.send(Request("pay.get", "GET", "/", Replay.ALWAYS)))
sys.exit("tenacity" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
