"""Writes a request of the log as a test that passes as pasted: with what it rests on, its time and its fault."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.http.request_log import LoggedRequest

_ID: Final = re.compile(rb"(?=[A-Za-z_-]{0,79}[0-9])(?=[0-9_-]{0,79}[A-Za-z])[A-Za-z0-9_-]{12,80}")
_MOST: Final = 100
_LONGEST: Final = 120 * 1024

_BEGINNING: Final = """{imports}import pytest

from govcomponents import GovComponents
from govcomponents.testing import {names}


@pytest.mark.gov_sandbox(seed={seed}, now={now!r})
def test_{name}(gov_sandbox: GovComponents) -> None:
    sandbox = gov_sandbox.simulator
"""


def as_test(entry: LoggedRequest, log: Sequence[LoggedRequest], seed: int) -> str | None:
    """Write the test; None if it rests on more than a test can hold, or on what the log no longer has.

    It holds the secrets and people that the requests held.
    """
    earlier = _earlier(entry, log)
    if earlier is None:
        return None
    name = "".join(letter if letter.isalnum() else "_" for letter in entry.operation) or "what_has_no_route"
    is_cut = entry.status is None or any(one.status is None for one in earlier)
    written = _BEGINNING.format(
        imports="from contextlib import suppress\n\n" if any(one.status is None for one in earlier) else "",
        names="Call, ConnectionCut" if is_cut else "Call",
        seed=seed,
        now=_moment(earlier[0] if earlier else entry),
        name=name,
    )
    for one in earlier:
        written += _arranged(one)
        sent = f"sandbox.respond({_call(one, 4)})"
        written += f"    with suppress(ConnectionCut):\n        {sent}\n" if one.status is None else f"    {sent}\n"
    written += _arranged(entry)
    if entry.status is None:
        written += f"    with pytest.raises(ConnectionCut):\n        sandbox.respond({_call(entry, 8)})\n"
    else:
        written += f"    answer = sandbox.respond({_call(entry, 4)})\n    assert answer.status == {entry.status}\n"
    return written if len(written) <= _LONGEST else None


def _earlier(entry: LoggedRequest, log: Sequence[LoggedRequest]) -> list[LoggedRequest] | None:
    """Return the requests that made what it names: all that came before, as ids follow from their order."""
    before = [one for one in log if one.number < entry.number]
    named = set(_ID.findall(f"{entry.path} {entry.query} ".encode() + entry.body))
    made: set[bytes] = set()
    for one in before:
        made.update(_ID.findall(one.answer))
        made.update(_ID.findall(" ".join(one.answer_headers.values()).encode()))
    if not named & made:
        return []
    if len(before) > _MOST or before[0].number != 1 or not all(one.is_whole for one in before):
        return None
    return before


def _arranged(one: LoggedRequest) -> str:
    """Write the time at which it came, and the fault that struck it."""
    written = f"    sandbox.clock.stop_at({_moment(one)!r})\n"
    if one.fault is not None:
        written += f"    sandbox.faults.arm({one.section!r}, {one.fault!r}, operation={one.operation!r}, times=1)\n"
    return written


def _moment(one: LoggedRequest) -> str:
    return datetime.fromtimestamp(one.seconds, UTC).isoformat().replace("+00:00", "Z")


def _call(one: LoggedRequest, indent: int) -> str:
    space = " " * indent
    values = (one.method, one.path, one.query, dict(one.headers), one.body)
    lines = "".join(f"{space}        {value!r},\n" for value in values)
    return f"\n{space}    Call(\n{lines}{space}        sandbox.base_url,\n{space}    )\n{space}"
