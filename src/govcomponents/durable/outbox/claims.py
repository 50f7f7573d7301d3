"""The statements of a worker: put down how rows ended, and claim the next ones, in one transaction."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.audit.entries import Entry, note
from govcomponents.durable.inbox.events import GaveUp
from govcomponents.durable.inbox.store import insert_event
from govcomponents.durable.outbox.rows import Claimed
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.lanes import open_lanes
from govcomponents.durable.storage.schema import IS_OPEN, OUTBOX, PAUSE, State, database_time
from govcomponents.durable.storage.sealing import PayloadKeys
from govcomponents.durable.storage.transactions import driver_text
from govcomponents.durable.storage.writing import writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.durable.outbox.outcomes import Outcome
    from govcomponents.durable.storage.lanes import Lane


_DUE = (
    sa.select(OUTBOX.c.id)
    .where(
        IS_OPEN,
        OUTBOX.c.account == sa.bindparam("of_account"),
        OUTBOX.c.operation == sa.bindparam("of_operation"),
        OUTBOX.c.due_at <= database_time(),
    )
    .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True, of=OUTBOX)  # SQLite has one writer, and leaves this out
    .cte("picked")
)
_CLAIM: Final = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id.in_(sa.select(_DUE.c.id)))
    .values(
        # A row whose lease ran out is in doubt: it comes to be looked up, never to be sent.
        state=sa.case((OUTBOX.c.state == State.PENDING, State.SENDING), else_=State.IN_DOUBT),
        # Whoever had it may be at it for one lease from now at the most, even if the clock was set forward meanwhile.
        doubt_since=sa.case(
            (OUTBOX.c.state == State.SENDING, database_time() + sa.bindparam("lease", type_=sa.Double)),
            else_=OUTBOX.c.doubt_since,
        ),
        claims=OUTBOX.c.claims + 1,
        due_at=database_time() + sa.bindparam("lease", type_=sa.Double),
        owner=sa.bindparam("me"),
    )
    .returning(
        OUTBOX.c.id,
        OUTBOX.c.account,
        OUTBOX.c.operation,
        OUTBOX.c.reference,
        OUTBOX.c.journey,
        OUTBOX.c.payload,
        OUTBOX.c.state,
        OUTBOX.c.attempts,
        OUTBOX.c.claims,
        OUTBOX.c.doubt_since,
        OUTBOX.c.give_up_at,
        OUTBOX.c.created_at,
        OUTBOX.c.owner,
        database_time().label("now"),
    )
)
_NUMBER_OF_DONE: sa.ColumnElement[int] = sa.literal_column(str(int(State.DONE)))
_ZERO: sa.ColumnElement[int] = sa.literal_column("0")
_MINE = (OUTBOX.c.id == sa.bindparam("row"), OUTBOX.c.owner == sa.bindparam("me"))
_END: Final = (
    sa.update(OUTBOX)
    .where(*_MINE)
    .values(
        state=sa.bindparam("new_state"),
        provider_id=sa.bindparam("found_id"),
        problem=sa.bindparam("what"),
        # What reached the provider is not needed here any more; what did not can be tried again by an operator.
        payload=sa.case((sa.bindparam("new_state") == _NUMBER_OF_DONE, sa.null()), else_=OUTBOX.c.payload),
        ended_at=database_time(),
        owner=sa.null(),
        claims=_ZERO,
    )
)
# PostgreSQL takes all that is done in one statement: a statement for each row costs ten times as much.
_DONE_ROWS = (
    sa.func.unnest(
        sa.bindparam("rows", type_=postgresql.ARRAY(sa.BigInteger)),
        sa.bindparam("owners", type_=postgresql.ARRAY(sa.Text)),
        sa.bindparam("ids", type_=postgresql.ARRAY(sa.Text)),
    )
    .table_valued("row_id", "owner", "found_id", name="ended")
    .render_derived()
)
_DONE_AT_ONCE: Final = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == _DONE_ROWS.c.row_id, OUTBOX.c.owner == _DONE_ROWS.c.owner)
    .values(
        state=_NUMBER_OF_DONE,
        provider_id=_DONE_ROWS.c.found_id,
        problem=None,
        payload=None,
        ended_at=database_time(),
        owner=None,
        claims=0,
    )
)
_BACK: Final = (
    sa.update(OUTBOX)
    .where(*_MINE)
    .values(
        state=sa.bindparam("new_state"),
        due_at=database_time() + sa.bindparam("wait", type_=sa.Double),
        doubt_since=sa.case(
            (sa.bindparam("is_new_doubt", type_=sa.Integer) == 1, database_time()), else_=OUTBOX.c.doubt_since
        ),
        problem=sa.func.coalesce(sa.bindparam("what", type_=sa.String), OUTBOX.c.problem),
        attempts=OUTBOX.c.attempts + sa.bindparam("answered", type_=sa.Integer),
        claims=sa.bindparam("left_claims"),
        owner=None,
    )
)


def _pause(insert: Any) -> Any:
    made = insert(PAUSE).values(
        account=sa.bindparam("account"),
        scope=sa.bindparam("scope"),
        until=database_time() + sa.bindparam("wait", type_=sa.Double),
        problem=sa.bindparam("what"),
    )
    return made.on_conflict_do_update(
        index_elements=[PAUSE.c.account, PAUSE.c.scope],
        set_={"until": made.excluded.until, "problem": made.excluded.problem},
    )


_PAUSE: Final = {"postgresql": _pause(postgresql.insert), "sqlite": _pause(sqlite.insert)}


_NO_KEYS: Final = PayloadKeys()  # it holds nothing about people


_TOLD: Final = {
    State.DONE: "accepted",
    State.REFUSED: "refused",
    State.DEAD: "given up",
    State.IN_DOUBT: "in doubt",
}


def step_of(row: Claimed, outcome: Outcome) -> Entry | None:
    """Return the step of the row's journey that an outcome is; None if it is none, or the row belongs to no journey."""
    if row.journey is None or (told := _TOLD.get(outcome.state)) is None:
        return None
    item = f"outbox {row.id}"
    return Entry(
        journey=row.journey, account=row.account, what=row.operation, outcome=told, item=item, problem=outcome.problem
    )


def _gave_up(row: Claimed, outcome: Outcome) -> GaveUp:
    return GaveUp(
        key=f"{row.id} {row.attempts} {row.now}",
        operation=row.operation,
        account=row.account,
        reference=row.reference,
        journey=row.journey,
        is_refused=outcome.state is State.REFUSED,
        problem=outcome.problem or "",
    )


_LEAST_SHARE: Final = 16
"""Rows of one lane that are claimed together: each lane costs a statement, and there may be hundreds of accounts."""

_STATES: Final = {state.value: state for state in State}


def _end_done(connection: sa.Connection, ends: list[dict[str, Any]]) -> None:
    """Put down what was accepted: on PostgreSQL by one statement, on SQLite by one text for all rows."""
    if connection.dialect.name == "postgresql":
        columns = {"rows": "row", "owners": "me", "ids": "found_id"}
        connection.execute(_DONE_AT_ONCE, {name: [end[part] for end in ends] for name, part in columns.items()})
    else:
        connection.exec_driver_sql(driver_text(_END, "sqlite", "named"), ends)


def turn(
    engine: sa.Engine,
    ended: Sequence[tuple[Claimed, Outcome]],
    *,
    most: int,
    lease: float,
    me: str,
    without: Sequence[Lane] = (),
) -> list[Claimed]:
    """Put down how rows ended, and claim at most so many others until `lease` seconds from now. Commits.

    A row that another worker has claimed meanwhile is left as it is. Rows of the accounts and scopes of `without`
    are not claimed. Raises Unavailable or ConfigurationError.
    """
    ends, given_up, backs, pauses = [], [], [], {}
    for row, outcome in ended:
        common = {"row": row.id, "me": row.owner, "new_state": int(outcome.state), "what": outcome.problem}
        if outcome.state is State.DONE:
            ends.append(common | {"found_id": outcome.provider_id})
        elif outcome.state > State.IN_DOUBT:
            given_up.append((row, outcome, common | {"found_id": None}))
        else:
            backs.append(
                common
                | {"wait": outcome.wait, "is_new_doubt": int(outcome.is_new_doubt)}
                | {"answered": int(outcome.answered), "left_claims": outcome.claims}
            )
        if outcome.pauses is not None:
            pauses[row.account, outcome.pauses] = outcome
    with writing(engine, "run_due") as connection:
        steps = _steps(connection, ended)
        if ends:
            _end_done(connection, ends)
        for row, outcome, values in given_up:
            if connection.execute(_END, values).rowcount == 1:
                insert_event(connection, _gave_up(row, outcome), "outbox", _NO_KEYS)
        if backs:
            connection.execute(_BACK, backs)
        for (account, scope), outcome in pauses.items():
            values = {"account": account, "scope": scope, "wait": outcome.wait, "what": outcome.problem}
            connection.execute(_PAUSE[connection.dialect.name], values)
        note(connection, steps)
        if ended:
            reached(CommitPoint.OUTBOX_ENDING)
        found = _claimed_rows(connection, most, lease, me, without) if most else []
    if ended:
        reached(CommitPoint.OUTBOX_ENDED)
    if found:
        reached(CommitPoint.OUTBOX_CLAIMED)
    return found


def _steps(connection: sa.Connection, ended: Sequence[tuple[Claimed, Outcome]]) -> list[Entry]:
    """Return the steps of rows that are this worker's still: of another's its own worker tells."""
    steps = {row: step for row, outcome in ended if (step := step_of(row, outcome)) is not None}
    if not steps:
        return []
    mine = (OUTBOX.c.id.in_([row.id for row in steps]), OUTBOX.c.owner.in_({row.owner for row in steps}))
    held = set(connection.scalars(sa.select(OUTBOX.c.id).where(*mine).with_for_update()))
    return [step for row, step in steps.items() if row.id in held]


def _claimed_rows(
    connection: sa.Connection, most: int, lease: float, me: str, without: Sequence[Lane]
) -> list[Claimed]:
    """Claim from each lane its share, and what other lanes leave of theirs: a long one keeps no other waiting."""
    lanes = [lane for lane in open_lanes(connection) if not any(_is_within(lane, scope) for scope in without)]
    random.shuffle(lanes)
    found: list[Claimed] = []
    while lanes and len(found) < most:
        going_on = []
        for number, lane in enumerate(lanes):
            room = most - len(found)
            share = min(room, max(_LEAST_SHARE, room // (len(lanes) - number)))
            values = {"of_account": lane[0], "of_operation": lane[1], "most": share, "lease": lease, "me": me}
            rows = connection.execute(_CLAIM, values).all()
            found += [_claimed(row) for row in rows]
            if len(found) >= most:
                break
            if len(rows) == share:
                going_on.append(lane)
        lanes = going_on
    if found:
        reached(CommitPoint.OUTBOX_CLAIMING)
    return found


def _is_within(lane: Lane, scope: Lane) -> bool:
    return lane[0] == scope[0] and lane[1].startswith(scope[1])


def _claimed(row: sa.Row[Any]) -> Claimed:
    made = Claimed._make(row)
    return made._replace(state=_STATES[made.state])
