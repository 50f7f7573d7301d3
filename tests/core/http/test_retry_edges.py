"""The edges of retries that no other test of them saw when each line was changed in turn (`make mutate`)."""

from __future__ import annotations

import sys
import time

import pytest
from tenacity import stop_after_attempt

from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.retry import RetryPolicy, retry
from govcomponents.errors import ConfigurationError, OutcomeUnknown

BUSY = Response(429)
LOST = OutcomeUnknown("lost", lookup="look it up")
READ = Request("pay.get", "GET", "/x", Replay.ALWAYS)
KEYED = Request("pay.create", "POST", "/x", Replay.IDEMPOTENT, lookup="ask by its key", idempotency_key="key-1")


class Attempts:
    """Plays the outcomes of later attempts, and notes what each was given and how long was waited."""

    def __init__(self, *outcomes):
        self.outcomes, self.given, self.waits = list(outcomes), [], []

    async def __call__(self, number, left):
        self.given.append((number, left))
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def sleep(self, seconds):
        self.waits.append(seconds)


def run(attempts, outcome, *, policy=None, request=READ, ends=None, is_rate_limit=lambda _answer: True, **options):
    policy = policy or RetryPolicy(wait=lambda _state: 0.25)
    return drive(
        retry(
            attempts, outcome, request=request, provider="Example", policy=policy, started=time.time(), ends=ends,
            clock=time.time, sleep=attempts.sleep, is_rate_limit=is_rate_limit, **options,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "wait", "waited"),
    [(BUSY, 7.0, [7.0]), (BUSY, None, [0.25]), (Response(503), 7.0, [0.25]), (LOST, 7.0, [0.25])],
)
def test_the_wait_of_a_rate_limit_is_for_429_alone(outcome, wait, waited):
    attempts = Attempts(Response(200))
    options = {} if wait is None else {"rate_limit_wait": wait}
    assert run(attempts, outcome, **options).status == 200
    assert attempts.waits == waited


def test_a_doubt_that_stays_tells_what_was_done_and_how_to_look_it_up():
    attempts = Attempts(Response(400))
    with pytest.raises(OutcomeUnknown) as caught:
        run(attempts, LOST, request=KEYED)
    error = caught.value
    assert (error.operation, error.lookup, error.status) == ("pay.create", "ask by its key", 400)
    attempts = Attempts(LOST, OutcomeUnknown("lost again", lookup="x"))
    with pytest.raises(OutcomeUnknown) as caught:
        run(attempts, LOST, request=KEYED)
    assert caught.value.status is None


@pytest.mark.parametrize(("status", "is_known"), [(200, True), (299, True), (300, False), (301, False)])
def test_only_a_success_ends_a_doubt(status, is_known):
    if is_known:
        assert run(Attempts(Response(status)), LOST, request=KEYED).status == status
    else:
        with pytest.raises(OutcomeUnknown):
            run(Attempts(Response(status)), LOST, request=KEYED)


def test_a_refusal_after_one_that_acted_on_nothing_is_itself():
    assert run(Attempts(Response(400)), BUSY, request=KEYED).status == 400


def test_each_attempt_is_given_the_time_that_is_left():
    attempts = Attempts(Response(503), Response(200))
    run(attempts, Response(503), ends=time.monotonic() + 60)
    assert [number for number, _ in attempts.given] == [2, 3]
    assert all(0 < left <= 60 for _, left in attempts.given)
    attempts = Attempts(Response(200))
    run(attempts, Response(503))
    assert attempts.given == [(2, None)]


def test_strategies_see_all_the_waits_before():
    seen = []

    def stop(state):
        seen.append(state.idle_for)
        return False

    run(Attempts(BUSY, BUSY, Response(200)), BUSY, policy=RetryPolicy(stop=stop, wait=lambda _state: 2.0))
    assert seen == [0, 2.0, 4.0]


def test_a_policy_within_a_time_stops_at_its_end_and_by_its_own_rule():
    two = RetryPolicy(stop=stop_after_attempt(2), wait=lambda _state: 0.0)
    attempts = Attempts(BUSY, BUSY)
    assert run(attempts, BUSY, policy=two.within(1000)).status == 429
    assert len(attempts.given) == 1
    attempts = Attempts(BUSY)
    assert run(attempts, BUSY, policy=two.within(0)).status == 429
    assert attempts.given == []
    attempts = Attempts(BUSY, BUSY, BUSY)
    run(attempts, BUSY, policy=RetryPolicy(wait=lambda _state: 0.0).within(1000))
    assert len(attempts.given) == 2
    assert RetryPolicy.none().within(5).is_none
    assert two.within(5).wait is two.wait
    with pytest.raises(ConfigurationError) as caught:
        two.within(-1)
    assert caught.value.happened == "the end of a retry policy is not a number of seconds from 0 up"
    assert caught.value.fix == "give one"


def test_a_strategy_sees_what_one_of_tenacity_sees():
    """tenacity's own strategies read no more than times, but those of others may look at all that a state has."""
    seen = []

    def stop(state):
        seen.append((state.retry_object, state.outcome.exception(), state.fn, state.args, state.kwargs))
        return False

    policy = RetryPolicy(stop=stop, wait=lambda _state: 0.5)
    run(Attempts(Response(200)), LOST, policy=policy)
    ((retrying, *rest),) = seen
    assert (retrying.stop, retrying.wait) == (policy.stop, policy.wait)
    assert rest == [LOST, None, (), {}]


def test_without_a_strategy_the_longest_waits_double_up_to_twenty_seconds(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    attempts = Attempts(*[BUSY] * 6, Response(200))
    run(attempts, BUSY, policy=RetryPolicy(stop=lambda _state: False))
    assert attempts.waits == [1, 2, 4, 8, 16, 20, 20]


def test_the_answer_itself_is_asked_whether_waiting_helps():
    asked = []

    def is_rate_limit(response):
        asked.append(response)
        return False

    assert run(Attempts(), BUSY, is_rate_limit=is_rate_limit) is BUSY
    assert asked == [BUSY]


def test_what_is_no_policy_is_named_with_the_way_to_mend_it():
    assert RetryPolicy(max_retry_after=0).max_retry_after == 0
    assert RetryPolicy(max_retry_after=0.5).max_retry_after == 0.5
    assert RetryPolicy(max_retry_after=sys.float_info.max).max_retry_after == sys.float_info.max
    for name in ("stop", "wait"):
        with pytest.raises(ConfigurationError) as caught:
            RetryPolicy(**{name: 3})
        assert caught.value.happened.startswith(f"{name} of the retry policy")
        fix = "give one such as tenacity.stop_after_attempt(3) or tenacity.wait_random_exponential(max=20)"
        assert caught.value.fix == fix
    with pytest.raises(ConfigurationError) as caught:
        RetryPolicy(max_retry_after=-1)
    assert caught.value.happened == "max_retry_after of the retry policy is not a number of seconds from 0 up"
    assert (
        caught.value.fix == "give the longest wait that callers can bear, such as 20; RetryPolicy.none() never retries"
    )
