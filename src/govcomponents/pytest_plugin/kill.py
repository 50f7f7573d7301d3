"""Kills: a part of a service runs in a process of its own, which dies at one commit point of the durable layer."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.durable.storage.commit_points import CommitPoint, dying_at, watching

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST: Final = 120.0  # seconds; a process that takes longer hangs


class Kill:
    """The kill of one test, which runs once for each commit point: `gov_kill(work, "sqlite:///service.db")`."""

    def __init__(self, point: CommitPoint, nth: int = 1) -> None:
        self.point = point
        """The moment at which the process dies, such as `outbox.sent`."""
        self._nth = nth

    def __call__(self, call: Callable[..., object], *args: object) -> bool:
        """Run a function in a process of its own that dies (SIGKILL) at the point; return whether it came there.

        The process is a new one, which imports the function by its name and is given its arguments: a function of a
        module, and texts or numbers. It needs a sandbox that is served, as `gov_sandbox_url` gives. Fails the test if
        the function cannot be imported there, raises, or takes longer than two minutes.
        """
        try:
            pickle.dumps((call, args))
        except (AttributeError, TypeError, pickle.PicklingError):
            pytest.fail(
                "a new process imports the function by its name, and cannot: give one of a module, no lambda and none "
                "that is made inside the test, with texts and numbers as arguments",
                pytrace=False,
            )
        process = multiprocessing.get_context("spawn").Process(
            target=_until_killed, args=(self.point.value, self._nth, call, args)
        )
        process.start()
        process.join(_LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
            pytest.fail(f"it took longer than {_LONGEST:g} s and never came to {self.point}", pytrace=False)
        if process.exitcode not in (0, -signal.SIGKILL):
            pytest.fail(f"it raised before it came to {self.point}: see what it wrote to stderr", pytrace=False)
        return process.exitcode == -signal.SIGKILL


def points_of(mark: pytest.Mark | None) -> list[tuple[CommitPoint, int]]:
    """Return the commit points that a test's mark names, or all of them. Raises UsageError for one that is none."""
    given = dict(mark.kwargs) if mark else {}
    nth = given.pop("nth", 1)
    if given or type(nth) is not int or nth < 1:
        raise pytest.UsageError("the mark gov_kill takes names of commit points, and nth=1 or more")
    try:
        return [(CommitPoint(name), nth) for name in (mark.args if mark and mark.args else CommitPoint)]
    except ValueError as error:
        raise pytest.UsageError(f"{error}: the commit points are {', '.join(CommitPoint)}") from None


def _until_killed(point: str, nth: int, call: Callable[..., object], args: tuple[object, ...]) -> None:
    with watching(dying_at(point, nth)):
        call(*args)
