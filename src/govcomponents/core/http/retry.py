"""Retries of HTTP requests: which failures allow one, by the request's replay class, and how long to wait before it."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.times import http_date
from govcomponents.errors import ConfigurationError, NotSent, OutcomeUnknown
from govcomponents.frames import shield

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import RetryCallState
    from tenacity.stop import StopBaseT
    from tenacity.wait import WaitBaseT

Outcome: TypeAlias = Response | Exception

# The statuses with which a server says that it failed, not that the request did.
_SERVER_FAILED = frozenset({500, 502, 503, 504})


_LEAST = 0.001  # seconds that an attempt has at least, as no limit is 0


def _at_once(_state: RetryCallState) -> bool:
    return True


@shield
@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The policy of retries, as far as a request's replay class allows: when to stop, and how long to wait.

        RetryPolicy(stop=stop_after_attempt(5), wait=wait_random_exponential(multiplier=0.5, max=30))

    `stop` and `wait` are strategies of the library tenacity. Without them there are three attempts, and the wait before
    the next is random, between 0 and 1, 2, 4 ... seconds. Where a provider's Retry-After asks for a longer wait, that
    is waited; one of more than `max_retry_after` seconds is not, and the failure goes to the caller at once. Nor is
    a wait begun that the limit of the whole call (`time_limit` of the settings) would cut off.
    Raises ConfigurationError unless the strategies can be called and `max_retry_after` is a number from 0 up.
    """

    stop: StopBaseT | None = None
    wait: WaitBaseT | None = None
    max_retry_after: float = 20.0

    def __post_init__(self) -> None:
        strategies: dict[str, object] = {"stop": self.stop, "wait": self.wait}
        for name, strategy in strategies.items():
            if strategy is not None and not callable(strategy):
                raise ConfigurationError(
                    f"{name} of the retry policy is no strategy of tenacity",
                    fix="give one such as tenacity.stop_after_attempt(3) or tenacity.wait_random_exponential(max=20)",
                )
        if not _is_seconds(self.max_retry_after):
            raise ConfigurationError(
                "max_retry_after of the retry policy is not a number of seconds from 0 up",
                fix="give the longest wait that callers can bear, such as 20; RetryPolicy.none() never retries",
            )

    @classmethod
    def none(cls) -> RetryPolicy:
        """Return the policy that never sends anything twice."""
        return cls(stop=_at_once)

    def within(self, seconds: float) -> RetryPolicy:
        """Return this policy with an end: after so many seconds nothing is sent again."""
        from tenacity import stop_after_attempt, stop_after_delay

        if not _is_seconds(seconds):
            raise ConfigurationError("the end of a retry policy is not a number of seconds from 0 up", fix="give one")
        if self.is_none:
            return self
        own, late = self.stop or stop_after_attempt(3), stop_after_delay(seconds)
        return replace(self, stop=lambda state: own(state) or late(state))

    @property
    def is_none(self) -> bool:
        """Whether nothing is ever sent twice."""
        return self.stop is _at_once


def _is_seconds(value: object) -> bool:
    """Whether it is a number from 0 up, not infinite, that a clock can be compared with."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max


def may_repeat(request: Request, outcome: Outcome, *, is_rate_limit: Callable[[Response], bool]) -> bool:
    """Whether this request may be sent again after this outcome."""
    if isinstance(outcome, NotSent):
        return True
    if isinstance(outcome, OutcomeUnknown):
        return request.replay is not Replay.UNSENT
    if isinstance(outcome, Response):
        if outcome.status == 429:
            return is_rate_limit(outcome)
        return outcome.status in _SERVER_FAILED and request.replay is not Replay.UNSENT
    return False


def _may_have_acted(request: Request, outcome: Outcome) -> bool:
    """Whether the provider may have done what the request asks, although this attempt brought no good answer."""
    if request.replay is not Replay.IDEMPOTENT:
        return False  # a read changes nothing, and the third class is not sent again after such an outcome
    return isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, Response) and outcome.status in _SERVER_FAILED)


def _ends_doubt(outcome: Outcome) -> bool:
    """Whether this is the answer to the effect itself: a success, or the provider's stored answer to the same key.

    Any other answer is about the attempt that brought it, and says nothing of an earlier one.
    """
    if not isinstance(outcome, Response):
        return False
    return outcome.status < 300 or outcome.header("idempotent-replayed") == "true"


def _still_unknown(request: Request, provider: str, outcome: Outcome) -> OutcomeUnknown:
    last = f"status {outcome.status}" if isinstance(outcome, Response) else type(outcome).__name__
    return OutcomeUnknown(
        f"the answer to an attempt was lost, and the last attempt ended with {last}",
        lookup=request.lookup,
        idempotency_key=request.idempotency_key,
        operation=request.operation,
        provider=provider,
        status=outcome.status if isinstance(outcome, Response) else None,
    )


_SECONDS: Final = re.compile(r"\+?[0-9]+(\.[0-9]+)?")


def retry_after(response: Response) -> float | None:
    """The seconds that a Retry-After header asks for; None where there is none, or it says nothing.

    A date (RFC 9110 section 5.6.7) is compared with the answer's own, which is by the same clock. "1.5" and "+5" are
    against the standard, but what they ask for is certain.
    """
    value = (response.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = http_date(value)
    if until is None:
        return None
    now = http_date(response.header("date") or "")
    return max(0.0, until - (time.time() if now is None else now))


async def retry(
    attempt: Callable[[int, float | None], Awaitable[Response]],
    outcome: Outcome,
    *,
    request: Request,
    provider: str,
    policy: RetryPolicy,
    started: float,
    ends: float | None,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    is_rate_limit: Callable[[Response], bool],
    rate_limit_wait: float = 0.0,
) -> Response:
    """Repeat a request whose first attempt ended with `outcome`, until it succeeds or may not be repeated any more.

    `ends`, by `time.monotonic`, is when all attempts and the waits between them must have ended: each attempt is given
    the seconds that are left.

    Returns or raises the last outcome. But after an attempt on which the provider may have acted, only an answer to
    that very effect ends the doubt: a rejection of a later attempt does not undo it, and OutcomeUnknown is raised.
    """
    from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_random_exponential

    stop = policy.stop or stop_after_attempt(3)
    wait = policy.wait or wait_random_exponential(max=20)
    state = RetryCallState(Retrying(stop=stop, wait=wait), fn=None, args=(), kwargs={})
    state.start_time = started
    in_doubt = False
    while may_repeat(request, outcome, is_rate_limit=is_rate_limit):
        asked = _asked_for(outcome, rate_limit_wait)
        if asked > policy.max_retry_after:
            break
        _note(state, outcome, clock())
        state.upcoming_sleep = max(wait(state), asked)
        if stop(state) or (ends is not None and time.monotonic() + state.upcoming_sleep >= ends):
            break
        await sleep(state.upcoming_sleep)
        state.idle_for += state.upcoming_sleep
        state.prepare_for_next_attempt()
        in_doubt = in_doubt or _may_have_acted(request, outcome)
        try:
            outcome = await attempt(
                state.attempt_number, None if ends is None else max(ends - time.monotonic(), _LEAST)
            )
        except (NotSent, OutcomeUnknown) as error:
            outcome = error
    if in_doubt and not _ends_doubt(outcome):
        raise _still_unknown(request, provider, outcome)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _asked_for(outcome: Outcome, rate_limit_wait: float) -> float:
    """The wait in seconds that the provider asks for, or is known to need."""
    if not isinstance(outcome, Response):
        return 0.0
    asked = retry_after(outcome)
    if asked is None:
        return rate_limit_wait if outcome.status == 429 else 0.0
    return asked


def _note(state: RetryCallState, outcome: Outcome, now: float) -> None:
    """Put an attempt's outcome where tenacity's strategies look for it."""
    if isinstance(outcome, Exception):
        state.set_exception((type(outcome), outcome, outcome.__traceback__))
    else:
        state.set_result(outcome)
    state.outcome_timestamp = now
