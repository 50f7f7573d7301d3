"""When a request is sent again: by its replay class, never because it would look better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from govcomponents.core.messages import Replay, Request, Response
from govcomponents.errors import ConfigurationError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import Future, RetryCallState

    from govcomponents.core.transports.base import Transport

# The statuses with which a server says that it failed, not that the request did.
_SERVER_FAILED = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently. `attempts` counts the first one; times are in seconds.

    The wait after attempt n failed is random between 0 and first_wait * 2**(n - 1), at most max_wait, or what the
    provider's Retry-After asks for if that is longer. A Retry-After longer than max_wait is not waited for: the
    failure goes to the caller at once. Raises ConfigurationError unless attempts is at least 1 and no wait negative.
    """

    attempts: int = 3
    first_wait: float = 1.0
    max_wait: float = 20.0

    def __post_init__(self) -> None:
        waits = (self.first_wait, self.max_wait)
        if self.attempts < 1 or not all(math.isfinite(wait) and wait >= 0 for wait in waits):
            raise ConfigurationError(
                "a retry policy makes at least one attempt and waits no negative time",
                fix="use RetryPolicy.none() to send nothing twice",
            )

    @classmethod
    def none(cls) -> RetryPolicy:
        """Never send anything twice."""
        return cls(attempts=1)


def may_repeat(request: Request, outcome: Response | Exception, *, is_rate_limit: Callable[[Response], bool]) -> bool:
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


def _may_have_acted(request: Request, outcome: Response | Exception) -> bool:
    """Whether the provider may have done what the request asks, although this attempt brought no good answer."""
    if request.replay is not Replay.IDEMPOTENT:
        return False  # a read changes nothing, and the third class is not sent again after such an outcome
    return isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, Response) and outcome.status in _SERVER_FAILED)


def retry_after(response: Response) -> float | None:
    """The seconds that a Retry-After header asks for; None where there is none or it is a date."""
    value = (response.header("retry-after") or "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


async def repeat(
    attempt: Callable[[int], Awaitable[Response]],
    first: Response | Exception,
    *,
    request: Request,
    policy: RetryPolicy,
    transport: Transport,
    is_rate_limit: Callable[[Response], bool],
    rate_limit_wait: float = 0.0,
) -> Response:
    """Go on after a first failure: wait, send again, until it succeeds or the policy ends. Raises the last failure.

    A last attempt that was turned away does not undo an earlier one on which the provider may have acted: then the
    earlier failure is raised or returned. Only a call that failed gets here, so the happy path pays nothing for
    tenacity.
    """
    from tenacity import AsyncRetrying, stop_after_attempt
    from tenacity.wait import wait_random_exponential

    jitter = wait_random_exponential(multiplier=policy.first_wait, max=policy.max_wait)

    def asked(outcome: Response | Exception) -> float:
        if not isinstance(outcome, Response):
            return 0.0
        told = retry_after(outcome)
        return (rate_limit_wait if outcome.status == 429 else 0.0) if told is None else told

    def outcome_of(state: RetryCallState) -> Response | Exception:
        future = cast("Future", state.outcome)  # tenacity sets it before it asks
        error = future.exception()
        if isinstance(error, Exception):
            return error
        answer: Response = future.result()  # raises a KeyboardInterrupt or the like, which is no outcome
        return answer

    def wait(state: RetryCallState) -> float:
        return max(jitter(state), asked(outcome_of(state)))

    in_doubt: list[Response | Exception] = []

    def goes_on(state: RetryCallState) -> bool:
        outcome = outcome_of(state)
        if _may_have_acted(request, outcome):
            in_doubt.append(outcome)
        return may_repeat(request, outcome, is_rate_limit=is_rate_limit) and asked(outcome) <= policy.max_wait

    def finish(outcome: Response | Exception) -> Response:
        turned_away = isinstance(outcome, NotSent) or (isinstance(outcome, Response) and outcome.status == 429)
        last = in_doubt[-1] if in_doubt and turned_away else outcome
        if isinstance(last, Exception):
            raise last from None
        return last

    retrying = AsyncRetrying(
        sleep=transport.sleep,
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=goes_on,
        retry_error_callback=lambda state: finish(outcome_of(state)),
    )
    number = 0

    async def numbered() -> Response:
        nonlocal number
        number += 1
        if number == 1:  # the attempt that has failed already: tenacity counts and judges it like any other
            if isinstance(first, Exception):
                raise first
            return first
        return await attempt(number)

    try:
        answer: Response = await retrying(numbered)
    except NotSent as error:
        answer = finish(error)
    return finish(answer)
