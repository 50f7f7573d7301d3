"""Kills: a part of a service runs in a process of its own, which dies at one commit point of the durable layer."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import signal
from typing import TYPE_CHECKING, Final

import pytest

from govcomponents.durable.storage.commit_points import CommitPoint, dying_at, watching
from govcomponents.pytest_plugin.network import stay_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents.pytest_plugin.network import NoNetwork

_LONGEST: Final = 120.0  # seconds; a process that takes longer hangs
_LONGEST_HOST: Final = 255  # octets of a name (RFC 1035, section 2.3.4)


class Kill:
    """The kill of one test, which runs once for each commit point: `gov_kill(work, "sqlite:///service.db")`."""

    def __init__(self, point: CommitPoint, nth: int = 1, *, guard: NoNetwork | None = None) -> None:
        self.point = point
        """The moment at which the process dies, such as `outbox.sent`."""
        self._nth = nth
        self._guard = guard  # the test has gov_no_network, and so has the process

    def __call__(self, call: Callable[..., object], *args: object) -> bool:
        """Run a function in a process of its own that dies (SIGKILL) at the point; return whether it came there.

        The process is a new one, which imports the function by its name and is given its arguments: a function of a
        module, and texts or numbers. It needs a sandbox that is served, as `gov_sandbox_url` gives. Fails the test if
        the function cannot be imported there, raises, or takes longer than two minutes.
        """
        if not _can_be_sent((call, args)):
            pytest.fail(
                "a new process imports the function by its name, and cannot: give one of a module, no lambda and none "
                "that is made inside the test, with texts and numbers as arguments",
                pytrace=False,
            )
        spawn = multiprocessing.get_context("spawn")
        refused = None if self._guard is None else spawn.RawArray(ctypes.c_char, _LONGEST_HOST)
        process = spawn.Process(target=_until_killed, args=(self.point.value, self._nth, refused, call, args))
        process.start()
        process.join(_LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
            pytest.fail(f"it took longer than {_LONGEST:g} s and never came to {self.point}", pytrace=False)
        if process.exitcode not in (0, -signal.SIGKILL):
            pytest.fail(f"it raised before it came to {self.point}: see what it wrote to stderr", pytrace=False)
        if self._guard is not None and refused is not None and refused.value:
            self._guard.refused.append(refused.value.decode())
        return process.exitcode == -signal.SIGKILL


def points_of(mark: pytest.Mark | None, test: str) -> list[tuple[CommitPoint, int]]:
    """Return the commit points that the mark of a test of that name has, or all of them. Fails it for one that is none.

    What fails is the collection of its file, so that the name has to be told.
    """
    given = dict(mark.kwargs) if mark else {}
    nth = given.pop("nth", 1)
    if given or type(nth) is not int or nth < 1:
        pytest.fail(f"{test}: the mark gov_kill takes names of commit points, and nth=1 or more", pytrace=False)
    names = mark.args if mark else ()
    unknown = [name for name in names if name not in set(CommitPoint)]
    if unknown:
        pytest.fail(
            f"{test}: the mark gov_kill: there is no commit point {unknown[0]!r}; they are {', '.join(CommitPoint)}",
            pytrace=False,
        )
    return [(CommitPoint(name), nth) for name in names or CommitPoint]


def _can_be_sent(work: object) -> bool:
    try:
        pickle.dumps(work)
    except (AttributeError, TypeError, pickle.PicklingError):
        return False
    return True


def _until_killed(
    point: str,
    nth: int,
    refused: ctypes.Array[ctypes.c_char] | None,
    call: Callable[..., object],
    args: tuple[object, ...],
) -> None:
    with pytest.MonkeyPatch.context() as patch, watching(dying_at(point, nth)):
        if refused is not None:
            stay_here(patch, lambda host: setattr(refused, "value", host.encode()[:_LONGEST_HOST]))
        call(*args)
