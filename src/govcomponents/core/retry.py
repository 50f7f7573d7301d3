"""When a request is sent again: by its replay class, never because it would look better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from govcomponents.core.messages import Replay, Request, Response
from govcomponents.errors import NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import Future, RetryCallState

    from govcomponents.core.transport import Transport

# The statuses with which a server says that it failed, not that the request did.
_SERVER_FAILED = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently. `attempts` counts the first one; times are in seconds.

    The wait before attempt n is random between 0 and first_wait * 2**(n - 1), at most max_wait, or what the
    provider's Retry-After asks for if that is longer. A wait longer than max_wait is not waited for: the failure
    goes to the caller at once.
    """

    attempts: int = 3
    first_wait: float = 1.0
    max_wait: float = 20.0

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


def retry_after(response: Response) -> float | None:
    """The seconds that a Retry-After header asks for; None where there is none or it is a date."""
    value = (response.header("retry-after") or "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


async def repeat(
    attempt: Callable[[int], Awaitable[Response]],
    first: Response | Exception,
    *,
    policy: RetryPolicy,
    transport: Transport,
    again: Callable[[Response | Exception], bool],
) -> Response:
    """Go on after a first failure: wait, send again, until it succeeds or the policy ends. Raises the last failure.

    Only a call that failed gets here, so the happy path pays nothing for tenacity.
    """
    from tenacity import AsyncRetrying, stop_after_attempt
    from tenacity.wait import wait_random_exponential

    jitter = wait_random_exponential(multiplier=policy.first_wait, max=policy.max_wait)

    def asked(outcome: Response | Exception) -> float:
        return (retry_after(outcome) or 0.0) if isinstance(outcome, Response) else 0.0

    def outcome_of(state: RetryCallState) -> Response | Exception:
        future = cast("Future", state.outcome)  # tenacity sets it before it asks
        error = future.exception()
        if isinstance(error, Exception):
            return error
        answer: Response = future.result()  # raises a KeyboardInterrupt or the like, which is no outcome
        return answer

    def wait(state: RetryCallState) -> float:
        return max(jitter(state), asked(outcome_of(state)))

    def goes_on(state: RetryCallState) -> bool:
        outcome = outcome_of(state)
        return again(outcome) and asked(outcome) <= policy.max_wait

    def finish(state: RetryCallState) -> Response:
        outcome = outcome_of(state)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    retrying = AsyncRetrying(
        sleep=transport.sleep,
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=goes_on,
        retry_error_callback=finish,
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

    answer: Response = await retrying(numbered)
    return answer
