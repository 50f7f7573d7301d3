"""The chain: entries are sealed a batch at a time, each seal over its entries and the seal before, and verified."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from govcomponents.core.http.single_attempt import steady_time
from govcomponents.durable.audit.entries import Entry, note
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import AUDIT, AUDIT_SEAL, database_time
from govcomponents.durable.storage.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from govcomponents.durable.storage.sealing import PayloadKeys

RETENTION: Final = "audit.retention"
"""The journey and the name of the entries that tell which seals were let go of."""
_AT_ONCE: Final = 1000
_SEALS_AT_ONCE: Final = 100
_HASHED: Final = ("seq", "at", "account", "journey", "what", "outcome", "item", "problem")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """The result of a verification: `problems` says what was changed, is missing, or cannot be verified.

    `last` is the newest seal. Kept elsewhere, it shows later whether the end of the audit was cut off. `unsealed` are
    entries so new that no seal is over them yet. `let_go` is how many of the first seals retention let go of, as an
    entry says: whoever can write to the tables can write one, so compare it with the age of the service.
    """

    entries: int
    seals: int
    unsealed: int
    let_go: int
    last: str | None
    problems: tuple[str, ...]


class _SealedMeanwhile(Exception):
    """Two workers want the same number: one of them fails on the key, and all that it did is undone."""


def seal_entries(engine: sa.Engine, keys: PayloadKeys, *, settled: float = 10.0) -> int:
    """Seal the entries that are older than so many seconds. Returns how many; another worker may be at it too."""
    unsealed = sa.select(AUDIT).where(AUDIT.c.seal.is_(None), AUDIT.c.at < database_time() - settled)
    last = sa.select(AUDIT_SEAL.c.number, AUDIT_SEAL.c.hash).order_by(AUDIT_SEAL.c.number.desc()).limit(1)
    try:
        with store_faults("run_due"), engine.begin() as connection:
            # The seal first: had another worker one more while the entries are read, both want the same number.
            before = connection.execute(last).first()
            rows = connection.execute(unsealed.order_by(AUDIT.c.seq).limit(_AT_ONCE)).all()
            if not rows:
                return 0
            number, previous = (before[0] + 1, before[1]) if before is not None else (1, "")
            seal = {
                "number": number,
                "entries": len(rows),
                "previous": previous,
                "hash": keys.chain(_text(previous, rows)),
            }
            try:
                connection.execute(sa.insert(AUDIT_SEAL).values(seal | {"at": database_time()}))
            except sa.exc.IntegrityError:
                raise _SealedMeanwhile from None
            mine = AUDIT.c.seq.in_([row.seq for row in rows])
            connection.execute(sa.update(AUDIT).where(mine).values(seal=number))
            reached(CommitPoint.AUDIT_SEALING)
    except _SealedMeanwhile:
        return 0
    reached(CommitPoint.AUDIT_SEALED)
    return len(rows)


def seal_all(engine: sa.Engine, keys: PayloadKeys, until: float | None = None) -> None:
    """Seal all entries that have settled, until a time of `steady_time`; a thousand of them even if it is over."""
    while seal_entries(engine, keys) == _AT_ONCE and (until is None or steady_time() < until):
        pass


def let_go_of_audit(engine: sa.Engine, keep: timedelta | None) -> int:
    """Delete the oldest seals that have been kept for long enough, and their entries. Returns how many seals.

    An entry of its own says so, with the hash of the last of them: the rest of the chain is verified on from there. The
    newest seal is always kept.
    """
    if keep is None:
        return 0
    newest = sa.select(sa.func.max(AUDIT_SEAL.c.number)).scalar_subquery()
    is_old = AUDIT_SEAL.c.at < database_time() - keep.total_seconds()
    first = sa.select(AUDIT_SEAL.c.number, is_old.label("is_old")).order_by(AUDIT_SEAL.c.number).limit(1)
    with writing(engine, "run_due") as connection:
        if (found := connection.execute(first).first()) is None or not found.is_old:
            return 0
        old = sa.select(AUDIT_SEAL).where(is_old, AUDIT_SEAL.c.number < newest).order_by(AUDIT_SEAL.c.number)
        rows = connection.execute(old.limit(_SEALS_AT_ONCE).with_for_update()).all()
        # Only what follows on the first without a gap: what is behind one is for an auditor to see.
        gone = [row for place, row in enumerate(rows) if row.number == found.number + place]
        if not gone:
            return 0
        numbers = (gone[0].number, gone[-1].number)
        connection.execute(sa.delete(AUDIT).where(AUDIT.c.seal.between(*numbers)))
        connection.execute(sa.delete(AUDIT_SEAL).where(AUDIT_SEAL.c.number.between(*numbers)))
        told = {"journey": RETENTION, "account": "default", "what": RETENTION, "outcome": "let go of"}
        note(connection, [Entry(**told, item=f"seal {numbers[1]}", problem=gone[-1].hash)])
        reached(CommitPoint.TIDYING)
    return len(gone)


def verify_audit(engine: sa.Engine, keys: PayloadKeys) -> AuditVerdict:
    """Compare every entry with the seal over it, and every seal with the one before.

    With keys a seal under none is a problem: to make it nobody needs one.
    """
    problems, entries, seals = [], 0, 0
    keyless: list[int] = []
    with store_faults(), engine.connect() as connection:
        previous, expected = _begin(connection)
        let_go = expected - 1
        for seal in connection.execute(sa.select(AUDIT_SEAL).order_by(AUDIT_SEAL.c.number)).all():
            if seal.number != expected:
                problems.append(f"seals {expected} to {seal.number - 1} are missing")
            if seal.previous != previous and seal.number == expected:
                problems.append(f"seal {seal.number} does not follow on the one before")
            rows = connection.execute(sa.select(AUDIT).where(AUDIT.c.seal == seal.number).order_by(AUDIT.c.seq)).all()
            if len(rows) != seal.entries:
                problems.append(f"seal {seal.number} is over {seal.entries} entries, and {len(rows)} are there")
            elif (is_same := keys.is_chain(_text(seal.previous, rows), seal.hash)) is None:
                problems.append(f"the key of seal {seal.number} is not among the data keys")
            elif not is_same:
                problems.append(f"an entry under seal {seal.number} was changed, or the seal was")
            if keys and seal.hash.startswith(":"):
                keyless.append(seal.number)
            seals += 1
            entries, previous, expected = entries + len(rows), seal.hash, seal.number + 1
        unsealed = connection.scalar(sa.select(sa.func.count()).where(AUDIT.c.seal.is_(None))) or 0
        is_there = sa.exists().where(AUDIT_SEAL.c.number == AUDIT.c.seal)
        strays = sa.select(sa.func.count()).select_from(AUDIT).where(AUDIT.c.seal.is_not(None), ~is_there)
        stray = connection.scalar(strays) or 0
    if keyless:
        first, count = keyless[0], len(keyless)
        problems.append(f"{count} seals, from {first} on, are under no key: whoever writes to the tables can make such")
    if stray:
        problems.append(f"{stray} entries are under seals that are not there")
    return AuditVerdict(
        entries=entries + unsealed + stray,
        seals=seals,
        unsealed=unsealed,
        let_go=let_go,
        last=previous or None,
        problems=tuple(problems),
    )


def _begin(connection: sa.Connection) -> tuple[str, int]:
    """Return what the first seal that is kept has to follow on, and its number: the audit itself says what is gone."""
    gone = sa.select(AUDIT.c.item, AUDIT.c.problem).where(AUDIT.c.journey == RETENTION, AUDIT.c.what == RETENTION)
    found = connection.execute(gone.order_by(AUDIT.c.seq.desc()).limit(1)).first()
    gone_until = None if found is None else re.fullmatch("seal ([0-9]+)", found.item or "")
    # One that was changed tells nothing: all that is gone is missing.
    return ("", 1) if gone_until is None or found is None else (found.problem, int(gone_until[1]) + 1)


def has_seal(engine: sa.Engine, held: str) -> bool:
    """Whether a seal that was the newest once is still there."""
    with store_faults(), engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.func.count()).where(AUDIT_SEAL.c.hash == held)))


def _text(previous: str, rows: Iterable[Any]) -> bytes:
    held = [[getattr(row, name) for name in _HASHED] for row in rows]
    return json.dumps([previous, held], separators=(",", ":")).encode()
