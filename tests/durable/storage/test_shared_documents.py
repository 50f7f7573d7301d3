"""Keys and documents that processes share: of all one fetches, the others take it, and no store keeps anybody out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from govcomponents import ConfigurationError, GovComponents, Settings, Unavailable
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Response
from govcomponents.core.refreshed_value import NothingToUse
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.durable import RedisDocumentStore, SqlDocumentStore
from govcomponents.durable.storage.migrating import migrate
from govcomponents.identity import DocumentStore, SharedDocument
from govcomponents.identity.adapters.one_login.settings import OneLoginSettings
from govcomponents.identity.jose.keys import EARLY_WINDOW, STALE_LIMIT, KeyCache, read_jwks
from govcomponents.identity.jose.shared_documents import Shared
from govcomponents.identity.jose.tokens import TokenRefused

KEY = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}
KEY |= {"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}


def key_set(kids: list[str]) -> bytes:
    """The key set of RFC 7517, under any ids."""
    return json.dumps({"keys": [KEY | {"kid": kid} for kid in kids]}).encode()


@pytest.fixture(params=["sqlite", "postgresql", "redis", "redis, decoded"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DocumentStore]:
    if request.param.startswith("redis"):
        url, is_decoded = request.getfixturevalue("redis_url"), request.param != "redis"
        client = pytest.importorskip("redis").Redis.from_url(url, decode_responses=is_decoded)
        client.flushall()
        yield RedisDocumentStore(client)
        client.close()
        return
    url = f"sqlite:///{tmp_path / 'store.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url)
    migrate(engine)
    yield SqlDocumentStore(engine)
    engine.dispose()


class Provider:
    """A provider's key set that rotates, or is away, and the processes of a service that ask for it."""

    def __init__(self, store: DocumentStore) -> None:
        self.now, self.fetches, self.kids, self.is_away = 1000.0, 0, ["a"], False
        self.store = store

    async def fetch(self) -> Response:
        self.fetches += 1
        if self.is_away:
            raise Unavailable("the provider is away")
        return Response(200, {"cache-control": "max-age=600"}, key_set(self.kids))

    def clock(self) -> float:
        return self.now

    def let_pass(self, seconds: float) -> None:
        self.now += seconds

    def process(self) -> KeyCache:
        transport = InProcessTransport(lambda _: Response(500), self.let_pass)
        shared = Shared(self.store, transport, "keys https://issuer.example")
        return KeyCache(self.fetch, read_jwks, self.clock, name="key set", shared=shared)


def test_a_document_is_kept_until_its_time_and_one_has_the_turn(store: DocumentStore) -> None:
    assert isinstance(store, DocumentStore)
    assert store.get("k", 10.0) is None
    assert [store.begin("k", 20.0, 10.0), store.begin("k", 21.0, 11.0), store.begin("other", 21.0, 11.0)] == [1, 0, 1]
    assert store.get("k", 12.0) is None
    first, second = SharedDocument(b"{}\n{}", 12.0, 50.0), SharedDocument(b"\x00\xff", 13.0, 60.0)
    store.put("k", first, 100.0)
    assert (store.get("k", 12.0), store.get("other", 12.0)) == (first, None)
    assert store.begin("k", 30.0, 13.0)
    store.put("k", second, 200.0)
    assert (store.get("k", 199.0), store.get("k", 200.0)) == (second, None)


def test_forty_processes_and_one_rotation_make_two_fetches(store: DocumentStore) -> None:
    provider = Provider(store)
    processes = [provider.process() for _ in range(40)]
    for one in processes:
        drive(one.find("a", "ES256"))
    assert provider.fetches == 1
    provider.let_pass(120.0)
    provider.kids = ["b", "a"]
    for one in processes:
        assert drive(one.find("b", "ES256", from_anybody=False))
        provider.let_pass(1.0)
    assert provider.fetches == 2


def test_a_key_newer_than_what_others_fetched_is_found(store: DocumentStore) -> None:
    provider = Provider(store)
    one, other = provider.process(), provider.process()
    drive(one.find("a", "ES256"))
    drive(other.find("a", "ES256"))
    provider.let_pass(100.0)
    provider.kids = ["b", "a"]
    drive(one.find("b", "ES256"))
    provider.let_pass(EARLY_WINDOW + 1.0)
    provider.kids = ["c", "b"]
    assert drive(other.find("c", "ES256"))  # the shared copy is newer than its own, and has not got it either
    with pytest.raises(TokenRefused):
        drive(other.find("made up", "ES256"))


def test_a_new_process_starts_while_the_provider_is_away(store: DocumentStore) -> None:
    provider = Provider(store)
    drive(provider.process().find("a", "ES256"))
    provider.is_away = True
    provider.let_pass(3600.0)  # stale by now
    assert drive(provider.process().find("a", "ES256"))
    provider.let_pass(STALE_LIMIT)
    with pytest.raises(NothingToUse):
        drive(provider.process().find("a", "ES256"))


def test_a_check_asks_the_provider_itself(store: DocumentStore) -> None:
    provider = Provider(store)
    drive(provider.process().find("a", "ES256"))
    provider.is_away = True
    with pytest.raises(NothingToUse):
        drive(provider.process().renewed())


def test_a_process_that_dies_while_it_fetches_keeps_nobody_waiting(store: DocumentStore) -> None:
    provider = Provider(store)
    assert store.begin("keys https://issuer.example", provider.now + 10.0, provider.now)
    assert drive(provider.process().find("a", "ES256"))


@pytest.mark.parametrize("body", [b"no JSON", b"{}", b'{"keys": []}'])
def test_a_copy_that_is_no_good_is_fetched_again(store: DocumentStore, body: bytes) -> None:
    provider = Provider(store)
    store.put("keys https://issuer.example", SharedDocument(body, 999.0, 5000.0), 9000.0)
    assert drive(provider.process().find("a", "ES256"))
    found = store.get("keys https://issuer.example", provider.now)
    assert found is not None
    assert found.body == key_set(["a"])


def test_a_store_that_fails_is_as_good_as_none() -> None:
    engine = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    provider = Provider(SqlDocumentStore(engine))
    one = provider.process()
    assert drive(one.find("a", "ES256"))
    with pytest.raises(Unavailable):
        SqlDocumentStore(engine).get("k", 1.0)
    empty = sa.create_engine("sqlite://")
    with pytest.raises(ConfigurationError, match="durable migrate"):
        SqlDocumentStore(empty).get("k", 1.0)
    empty.dispose()


def test_the_settings_take_a_store(store: DocumentStore) -> None:
    with GovComponents.sandbox() as gov:
        identity: Any = gov.simulator.settings().identity
        given = {name: getattr(identity, name) for name in identity.model_fields_set & identity.declared()}
        given |= identity.own_settings(OneLoginSettings.model_fields)
        with pytest.raises(ConfigurationError, match="DOCUMENT_STORE is no DocumentStore"):
            GovComponents.from_settings(Settings(identity=given | {"document_store": "redis://cache"}))
        for _ in range(2):
            settings = Settings(identity=given | {"document_store": store})
            transport = InProcessTransport(gov.simulator.handle, gov.simulator.clock.advance)
            with GovComponents.from_settings(settings, transport=transport) as made:
                made.identity.check()
    held = store.get(f"keys {identity.issuer.rstrip('/')}", 0.0)
    assert held is not None
    assert b'"keys"' in held.body
