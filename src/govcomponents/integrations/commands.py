"""The commands that frameworks offer: check the components, and work in the foreground until a signal comes."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from govcomponents.core.callbacks import NOT_CONFIGURED
from govcomponents.errors import CallbackRefused, ConfigurationError, GovComponentsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from govcomponents.components import GovComponents
    from govcomponents.core.ports.checks import CheckResult
    from govcomponents.durable import Durable, WorkReport

TURN: Final = 5.0
"""Seconds of one turn of a worker, after which it looks whether it is to stop."""
IDLE: Final = 1.0
"""Seconds before it looks again, where nothing was due."""
AWAY: Final = 5.0
"""Seconds before it tries again, where the database was away."""


UNPROVED: Final = {
    "pay": (
        "no webhook secret is set, so every webhook of payments is answered with 503",
        "set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS, or webhook_secrets in the settings of pay",
    ),
    "notify": (
        "no callback token is set, so every delivery receipt is answered with 503",
        "set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS, or callback_tokens in the settings of notify",
    ),
}
"""By component what is wrong where nothing is set to prove its callbacks by, and how to mend it."""


def checked(gov: GovComponents) -> tuple[list[str], bool]:
    """Return what a check tells, line by line, and whether all is well.

    Each provider is asked whether it answers and takes the credential, and each component whether it could prove what
    its provider sends here.
    """
    results = gov.check()
    lines = check_lines(results)
    missing = without_secret(gov)
    for component in missing:
        problem, fix = UNPROVED[component]
        lines.append(f"{component} default: {problem}\n    {fix}")
    return lines, not missing and all(one.ok is not False for one in results)


def without_secret(gov: GovComponents) -> list[str]:
    """Return the components in use whose provider sends callbacks that nothing is set to prove by."""
    found = []
    for component in UNPROVED:
        try:
            (gov.pay if component == "pay" else gov.notify).parse_callback(b"", {})
        except CallbackRefused as error:
            if error.code == NOT_CONFIGURED:
                found.append(component)
        except GovComponentsError:  # it is not in use, or its provider sends none
            continue
    return found


def check_lines(results: Sequence[CheckResult]) -> list[str]:
    """Return a line for each component and account, and one more for what is wrong."""
    words = {True: "ok", False: "FAILED", None: "cannot be asked"}
    lines: list[str] = []
    for one in results:
        lines.append(f"{one.component} {one.account}: {one.provider}: {words[one.ok]}")
        if one.problem and one.ok is False:
            lines.append(f"    {one.problem}")
    return lines


def required(later: Durable | None, fix: str) -> Durable:
    """Return the durable layer of a service. Raises ConfigurationError with how to give it, if it has none."""
    if later is None:
        raise ConfigurationError("this service has no durable layer, so there is nothing for a worker to do", fix=fix)
    return later


def work(later: Durable, tell: Callable[[str], None], *, is_once: bool = False) -> None:
    """Make what is due and handle what came, until nothing is left (`is_once`), or SIGTERM or Ctrl-C comes.

    What is under way then is brought to its end. While the database is away it is asked for again.
    """
    is_stopped = threading.Event()
    before = {name: signal.signal(name, lambda *_: is_stopped.set()) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not is_stopped.is_set():
            try:
                report = later.run_due(seconds=None if is_once else TURN)
            except Unavailable as error:
                if is_once:
                    raise
                tell(f"the database is away: {error.happened}")
                is_stopped.wait(AWAY)
                continue
            if text := told(report):
                tell(text)
            elif is_once:
                return
            else:
                is_stopped.wait(IDLE)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def told(report: WorkReport) -> str:
    """Return what became of a turn, in words: only counts, nobody's data."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in asdict(report).items() if count)
