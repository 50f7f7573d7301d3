"""The outcome of a try or a look-up: the row has ended, waits, is in doubt, or its account is paused."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from govcomponents.durable.storage.schema import State
from govcomponents.errors import (
    ConfigurationError,
    Conflict,
    CredentialsRefused,
    DailyLimitReached,
    GovComponentsError,
    InvalidInput,
    NotSent,
    NotSupported,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
)

if TYPE_CHECKING:
    from govcomponents.core.ports.doubt import Doubt
    from govcomponents.durable.outbox.rows import Claimed

_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 3600.0
_CREDENTIAL_PAUSE: Final = 300.0
_RATE_PAUSE: Final = 1.0

ALONE_AFTER: Final = 3
"""A row that workers came to no end with so often is tried alone, so that it takes no other down with it."""
DEAD_AFTER: Final = 10
"""A row that workers came to no end with so often, the last times alone, is given up.

A worker that dies counts against all rows that it had in hand, so only deaths over a row that was alone tell much:
there have to be several, as a machine may be restarted again and again for reasons of its own.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The next state of a row. `wait` is in seconds, for rows that go on; `pauses` is what nothing more is tried of.

    `claims` is how often it was claimed without an end to it, from now on; `answered` lets the back-off grow.
    """

    state: State
    problem: str | None = None
    provider_id: str | None = None
    wait: float = 0.0
    claims: int = 0
    answered: bool = False
    is_new_doubt: bool = False
    pauses: str | None = None


def done(provider_id: str | None) -> Outcome:
    """The outcome of a row that the provider has accepted."""
    return Outcome(state=State.DONE, provider_id=provider_id)


def dead(problem: str) -> Outcome:
    """The outcome of a row that is given up."""
    return Outcome(state=State.DEAD, problem=problem)


def given_back(row: Claimed) -> Outcome:
    """The outcome of a row with which nothing was done; that it was claimed does not count."""
    return Outcome(state=State.PENDING if row.state is State.SENDING else State.IN_DOUBT, claims=row.claims - 1)


def left_to_another(row: Claimed, lacks: str) -> Outcome:
    """The outcome of a row for which this process lacks something: others may have it, such as those started later.

    As after a refused key of the provider, it is looked at again within five minutes, until its time is over.
    """
    if row.give_up_at <= row.now:
        return dead(lacks)
    wait = min(back_off(row.attempts), _CREDENTIAL_PAUSE)
    return replace(given_back(row), problem=lacks, wait=wait, answered=True)


def after_sending(error: Exception, row: Claimed, doubt: Doubt) -> Outcome:
    """The outcome of an error of the call itself. Whatever is not known to be harmless is in doubt."""
    problem = told(error)
    if isinstance(error, (NotSent, Unavailable, ConfigurationError)):
        return _later(problem, back_off(row.attempts))
    if isinstance(error, CredentialsRefused):
        component = row.operation.partition(".")[0]
        return Outcome(state=State.PENDING, problem=problem, wait=_CREDENTIAL_PAUSE, pauses=f"{component}.")
    if isinstance(error, RateLimited):
        return _limited(error, row, problem)
    if isinstance(error, Conflict) and row.doubt_since is not None:
        # It was in doubt before: the refusal may mean that the first request had worked after all.
        return _doubtful(problem, doubt)
    if isinstance(error, (Refused, InvalidInput, NotSupported)):
        return Outcome(state=State.REFUSED, problem=problem)
    if isinstance(error, GovComponentsError) and not isinstance(error, OutcomeUnknown):
        return Outcome(state=State.REFUSED, problem=problem)
    return _doubtful(problem, doubt)


def after_looking(error: Exception, row: Claimed) -> Outcome:
    """The outcome when the provider could not be asked: the row stays in doubt."""
    component = row.operation.partition(".")[0]
    is_refused = isinstance(error, CredentialsRefused)
    return Outcome(
        state=State.IN_DOUBT,
        problem=told(error),
        wait=_CREDENTIAL_PAUSE if is_refused else _asked_wait(error, back_off(row.attempts)),
        claims=row.claims - 1,
        answered=True,
        pauses=f"{component}." if is_refused else None,
    )


def back_off(attempts: int) -> float:
    """Return a random wait in seconds, from 0 to a bound that doubles up to an hour: not all come back at once."""
    bound = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempts, 20))
    return random.uniform(0.0, bound)  # noqa: S311  # spreads load, and keeps no secret


def told(error: BaseException) -> str:
    """Return what an operator sees of an error: its class and the provider's code; never a text."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code}"[:120] if code else type(error).__name__


def _doubtful(problem: str, doubt: Doubt) -> Outcome:
    return Outcome(state=State.IN_DOUBT, problem=problem, wait=doubt.visible_after, answered=True, is_new_doubt=True)


def _limited(error: RateLimited, row: Claimed, problem: str) -> Outcome:
    if isinstance(error, DailyLimitReached):
        wait, scope = error.retry_after or _LONGEST_WAIT, row.operation
    else:
        wait, scope = error.retry_after or _RATE_PAUSE, f"{row.operation.partition('.')[0]}."
    return Outcome(state=State.PENDING, problem=problem, wait=wait, pauses=scope)


def _later(problem: str, wait: float) -> Outcome:
    return Outcome(state=State.PENDING, problem=problem, wait=wait, answered=True)


def _asked_wait(error: Exception, wait: float) -> float:
    return max(wait, error.retry_after or 0.0) if isinstance(error, RateLimited) else wait
