"""Stores that the processes of a service share, on its database: of sessions and sign-ins, and of what counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from govcomponents.durable.storage.engines import engine_argument
from govcomponents.durable.storage.faults import store_faults
from govcomponents.durable.storage.schema import CACHE, ENDED, ONCE, SIGNING_IN
from govcomponents.frames import shield
from govcomponents.identity.jose.shared_documents import SharedDocument
from govcomponents.identity.replay_stores import key_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

_INSERT: Final[Mapping[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@shield
class SqlEndedSessions:
    """A store of ends on the service's database. See `govcomponents.web.EndedSessions`. Only hashes of keys are kept.

    Its methods raise ConfigurationError if the tables are not there, Unavailable if the database is away.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine_argument(engine, "SqlEndedSessions")

    def end(self, key: str, at: float, until: float) -> None:
        """Keep that what the key names ended at a time; the latest end counts."""
        insert = _INSERT[self._engine.dialect.name](ENDED).values(key=key_hash(key), at=at, until=until)
        latest = {
            name: sa.case((insert.excluded[name] > ENDED.c[name], insert.excluded[name]), else_=ENDED.c[name])
            for name in ("at", "until")
        }
        with store_faults("web.end_session"), self._engine.begin() as connection:
            connection.execute(sa.delete(ENDED).where(ENDED.c.until <= at))
            connection.execute(insert.on_conflict_do_update(index_elements=[ENDED.c.key], set_=latest))

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        """Return the latest end of any of the keys, or None."""
        which = ENDED.c.key.in_([key_hash(key) for key in keys])
        with store_faults("web.person"), self._engine.connect() as connection:
            found: float | None = connection.scalar(sa.select(sa.func.max(ENDED.c.at)).where(which))
        return found


@shield
class SqlReplayStore:
    """A store of what was used once, on the service's database. See `govcomponents.identity.ReplayStore`.

    Only hashes of keys are kept. Times are in seconds since the epoch. Its methods raise ConfigurationError if the
    tables are not there, Unavailable if the database is away.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine_argument(engine, "SqlReplayStore")

    def has(self, key: str, now: float) -> bool:
        """Whether a key is kept now."""
        which = (ONCE.c.key == key_hash(key)) & (ONCE.c.until > now)
        with store_faults("identity.is_used"), self._engine.connect() as connection:
            return connection.scalar(sa.select(ONCE.c.until).where(which)) is not None

    def add(self, key: str, until: float, now: float) -> bool:
        """Keep a key until a time. Returns False if it is kept already: of two that come at once, one is first."""
        insert = _INSERT[self._engine.dialect.name](ONCE).values(key=key_hash(key), until=until)
        # What is kept and over is overwritten in the same statement.
        taken = insert.on_conflict_do_update(
            index_elements=[ONCE.c.key], set_={"until": insert.excluded.until}, where=ONCE.c.until <= now
        )
        with store_faults("identity.mark_used"), self._engine.begin() as connection:
            is_first: bool = connection.execute(taken.returning(ONCE.c.key)).first() is not None
            connection.execute(sa.delete(ONCE).where(ONCE.c.until <= now))
        return is_first


@shield
class SqlPendingStore:
    """A store of sign-ins that are under way, on the service's database. See `govcomponents.web.PendingStore`.

    Only hashes of keys are kept. Times are in seconds since the epoch. Its methods raise ConfigurationError if the
    tables are not there, Unavailable if the database is away.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine_argument(engine, "SqlPendingStore")

    def keep(self, browser: str, key: str, sealed: str, until: float, now: float, limit: int) -> None:
        """Keep a sign-in until a time, and let go of this browser's older ones beyond a limit, and of what is over."""
        whose = SIGNING_IN.c.browser == key_hash(browser)
        newest = sa.select(SIGNING_IN.c.key).where(whose).order_by(SIGNING_IN.c.began_at.desc()).limit(limit)
        row = {"browser": key_hash(browser), "sealed": sealed.encode(), "began_at": now, "until": until}
        with store_faults("web.sign_in"), self._engine.begin() as connection:
            connection.execute(sa.delete(SIGNING_IN).where(SIGNING_IN.c.until <= now))
            connection.execute(sa.insert(SIGNING_IN).values(key=key_hash(key), **row))
            connection.execute(sa.delete(SIGNING_IN).where(whose, SIGNING_IN.c.key.not_in(newest)))

    def find(self, key: str, now: float) -> str | None:
        """Return what is kept under a key now, or None."""
        which = (SIGNING_IN.c.key == key_hash(key)) & (SIGNING_IN.c.until > now)
        with store_faults("web.callback"), self._engine.connect() as connection:
            found: bytes | None = connection.scalar(sa.select(SIGNING_IN.c.sealed).where(which))
        return None if found is None else bytes(found).decode()

    def end(self, key: str) -> None:
        """Take out what is kept under a key, if it is there."""
        with store_faults("web.callback"), self._engine.begin() as connection:
            connection.execute(sa.delete(SIGNING_IN).where(SIGNING_IN.c.key == key_hash(key)))


@shield
class SqlDocumentStore:
    """A store of what providers publish, on the service's database. See `govcomponents.identity.DocumentStore`.

    Times are in seconds since the epoch. Its methods raise ConfigurationError if the tables are not there, Unavailable
    if the database is away: sign-ins go on without it then.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine_argument(engine, "SqlDocumentStore")

    def get(self, key: str, now: float) -> SharedDocument | None:
        """Return the newest document that is kept under a key now."""
        wanted = (CACHE.c.body, CACHE.c.fetched_at, CACHE.c.fresh_until)
        which = (CACHE.c.key == key_hash(key)) & CACHE.c.body.is_not(None) & (CACHE.c.until > now)
        with store_faults("identity.documents"), self._engine.connect() as connection:
            row = connection.execute(sa.select(*wanted).where(which)).first()
        return None if row is None else SharedDocument(bytes(row[0]), row[1], row[2])

    def put(self, key: str, document: SharedDocument, until: float) -> None:
        """Keep a document until a time, in the place of an older one."""
        values = {"body": document.body, "fetched_at": document.fetched_at, "fresh_until": document.fresh_until}
        values |= {"fetching_until": 0.0, "until": until}
        insert = _INSERT[self._engine.dialect.name](CACHE).values(key=key_hash(key), **values)
        newer = insert.excluded.fetched_at >= CACHE.c.fetched_at
        kept = insert.on_conflict_do_update(index_elements=[CACHE.c.key], set_=values, where=newer)
        with store_faults("identity.documents"), self._engine.begin() as connection:
            connection.execute(kept)
            connection.execute(sa.delete(CACHE).where(CACHE.c.until <= document.fetched_at))

    def begin(self, key: str, until: float, now: float) -> bool:
        """Take the turn to fetch until a time; False if another process has it."""
        fresh = {"body": None, "fetched_at": 0.0, "fresh_until": 0.0, "fetching_until": until, "until": until}
        insert = _INSERT[self._engine.dialect.name](CACHE).values(key=key_hash(key), **fresh)
        taken = insert.on_conflict_do_update(
            index_elements=[CACHE.c.key], set_={"fetching_until": until}, where=CACHE.c.fetching_until <= now
        )
        with store_faults("identity.documents"), self._engine.begin() as connection:
            return connection.execute(taken.returning(CACHE.c.key)).first() is not None
