"""The documents of providers that processes share, such as the keys that prove sign-ins: how old each copy is."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from govcomponents.core.canonical_json import NotCanonical, parse_object
from govcomponents.durable.storage.schema import CACHE, database_time
from govcomponents.identity.replay_stores import key_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDocument:
    """A copy of a provider's "jwks", "did" or "discovery" document; `age` is in seconds.

    `is_stale` says that it should have been fetched again by now: it serves on until it is too old. `name` is what the
    document says of itself; a key set says nothing, so where nothing else tells, it is the beginning of a hash.
    """

    kind: str
    name: str
    age: float
    is_stale: bool


def provider_documents(connection: sa.Connection) -> list[ProviderDocument]:
    """Return the copies that are in the store, which are there only where processes share them (`document_store`)."""
    now = database_time()
    kept = sa.select(CACHE.c.key, CACHE.c.body, now - CACHE.c.fetched_at, CACHE.c.fresh_until < now)
    rows = connection.execute(kept.where(CACHE.c.body.is_not(None))).all()
    described = [(bytes(key), *_described(bytes(body)), age, is_stale) for key, body, age, is_stale in rows]
    issuers = [name for _, kind, name, *_ in described if kind == "discovery"]
    of_keys = {key_hash(f"keys {issuer.rstrip('/')}"): issuer for issuer in issuers}
    found = [
        ProviderDocument(
            kind=kind, name=name or of_keys.get(key) or key.hex()[:8], age=max(0.0, age), is_stale=bool(is_stale)
        )
        for key, kind, name, age, is_stale in described
    ]
    return sorted(found, key=lambda one: (one.name, one.kind))


def _described(body: bytes) -> tuple[str, str]:
    """Return what kind of document it is, and what it says of itself."""
    try:
        document = parse_object(body)
    except NotCanonical:
        return "unreadable", ""
    for kind, member in (("discovery", "issuer"), ("did", "id")):
        if isinstance(said := document.get(member), str):
            return kind, said
    return "jwks", ""
