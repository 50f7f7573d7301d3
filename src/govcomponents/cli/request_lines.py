"""Prints the requests that come to a sandbox, one line each: coloured on a terminal, without secrets and people."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.control.pages.explanation import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from govcomponents.sandbox.app import Sandbox
    from govcomponents.sandbox.control.pages.explanation import Explanation
    from govcomponents.sandbox.http.request_log import LoggedRequest

_RED: Final = "31"
_GREEN: Final = "32"
_YELLOW: Final = "33"


def printer(sandbox: Sandbox, *, as_json: bool, stream: TextIO | None = None) -> Callable[[LoggedRequest], None]:
    """Return what prints a request to a stream, standard output if none is given.

    Lines have colours where the stream is a terminal and NO_COLOR is not set.
    """
    out = sys.stdout if stream is None else stream
    has_colours = out.isatty() and not os.environ.get("NO_COLOR")

    def show(entry: LoggedRequest) -> None:
        spec = next((one.spec for one in sandbox.providers if one.spec.section == entry.section), None)
        fault = sandbox.faults.definitions.get(entry.section, {}).get(entry.fault or "")
        explanation = explain(spec, entry, fault)
        line = json.dumps(_facts(entry, explanation)) if as_json else _line(entry, explanation, has_colours=has_colours)
        with suppress(OSError, ValueError):  # whoever read it is gone, or the disk is full: requests are answered
            print(line, file=out, flush=True)

    return show


def _facts(entry: LoggedRequest, explanation: Explanation | None) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "provider": entry.section,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.shown_path(),
        "query": entry.shown_query(reveal=False),
        "status": entry.status,
        "error": None if explanation is None else explanation.name,
        "reason": None if explanation is None else explanation.text,
        "fault": entry.fault,
    }


def _line(entry: LoggedRequest, explanation: Explanation | None, *, has_colours: bool) -> str:
    status = "cut" if entry.status is None else str(entry.status)
    if has_colours:
        colour = _RED if entry.is_refused else _YELLOW if entry.fault else _GREEN
        status = f"\x1b[{colour}m{status}\x1b[0m"
    query = entry.shown_query(reveal=False)
    path = "".join(sign if sign.isprintable() else "?" for sign in f"{entry.shown_path()}{'?' if query else ''}{query}")
    told = f"{entry.at:%H:%M:%S} {status} {entry.method} {path}"
    if entry.operation:
        told += f" ({entry.operation})"
    if explanation is not None:
        told += f" - {explanation.name}: {explanation.text}"
    return f"{told} [fault {entry.fault}]" if entry.fault else told
