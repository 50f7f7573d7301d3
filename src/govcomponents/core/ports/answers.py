"""Whether an answer belongs to the call that asked for it: compared before anything is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from govcomponents.errors import UnexpectedReply, WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from govcomponents.core.http.runtime import Runtime

T = TypeVar("T")
_A_SECOND: Final = timedelta(seconds=1)


async def belonging(
    work: Awaitable[T], asked: Mapping[str, object], *, operation: str, provider: str, runtime: Runtime
) -> T:
    """Await an operation of a port, and return what it gave if that is what was asked for.

    `asked` are the values that the answer's fields of those names must have. Raises WrongAnswer. After that, and after
    an answer that cannot be read, no connection is used again.
    """
    try:
        given = await work
        check_belongs(given, asked, operation=operation, provider=provider)
    except UnexpectedReply:
        runtime.renew_connections()
        raise
    return given


def check_belongs(given: object, asked: Mapping[str, object], *, operation: str, provider: str) -> None:
    """Compare a result, or each of a tuple of results, with what was asked for. Raises WrongAnswer.

    What was not asked for, or is not told, is None and not compared. Neither value is in the error: one of them may
    be about somebody else.
    """
    for one in given if isinstance(given, tuple) else (given,):
        for name, wanted in asked.items():
            check_is(name, getattr(one, name), wanted, operation=operation, provider=provider)


def check_is(name: str, told: object, wanted: object, *, operation: str, provider: str) -> None:
    """Compare one value of an answer with what was asked for, as `check_belongs` does. Raises WrongAnswer."""
    if not _is_same(told, wanted):
        raise WrongAnswer(
            f"the answer is to another question: its {name} is not the one that was asked for",
            lookup=WrongAnswer.default_lookup,
            operation=operation,
            provider=provider,
        )


@dataclass(frozen=True, slots=True)
class Between:
    """The times that were asked for, as the value to compare a time with; None is without end.

    Whether a provider counts its boundaries in is not certain, nor how exactly: a second more is let pass.
    """

    earliest: datetime | None
    latest: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether a time is one of them."""
        return (self.earliest is None or moment >= self.earliest - _A_SECOND) and (
            self.latest is None or moment <= self.latest + _A_SECOND
        )


def _is_same(told: object, wanted: object) -> bool:
    if told is None or wanted is None or told == wanted:
        return True
    if isinstance(wanted, Between):
        return isinstance(told, datetime) and wanted.holds(told)
    # An id may be written in large and in small letters (RFC 9562, section 4).
    return isinstance(told, str) and isinstance(wanted, str) and told.casefold() == wanted.casefold()
