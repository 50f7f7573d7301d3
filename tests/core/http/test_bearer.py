from __future__ import annotations

import asyncio
import threading

import pytest

from govcomponents import CredentialsRefused, Secret, Unavailable
from govcomponents.core.driver import drive
from govcomponents.core.http.bearer import BearerKey, CachedToken
from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport

REQUEST = Request("pay.get", "GET", "/payments/1", Replay.ALWAYS)


class Tokens:
    """An endpoint that gives token-1, token-2, ... for ten minutes each, or fails."""

    def __init__(self) -> None:
        self.time = 0.0
        self.given = 0
        self.failure: Exception | None = None

    def clock(self) -> float:
        return self.time

    async def fetch(self) -> tuple[Secret, float]:
        if self.failure is not None:
            raise self.failure
        self.given += 1
        return Secret(f"token-{self.given}"), 600.0

    def cached(self) -> CachedToken:
        return CachedToken(self.fetch, self.clock, provider="Example Pay")


def _header(token: CachedToken) -> str:
    return drive(token(REQUEST))["Authorization"]


def test_a_fixed_key_goes_with_every_request() -> None:
    assert drive(BearerKey(Secret("k"))(REQUEST)) == {"Authorization": "Bearer k"}


def test_a_token_is_fetched_once_and_renewed_a_minute_before_it_expires() -> None:
    tokens = Tokens()
    token = tokens.cached()
    assert [_header(token) for _ in range(3)] == ["Bearer token-1"] * 3
    tokens.time = 539
    assert _header(token) == "Bearer token-1"
    tokens.time = 541
    assert _header(token) == "Bearer token-2"
    assert tokens.given == 2


def test_an_old_token_serves_while_it_lasts_when_no_new_one_can_be_had() -> None:
    tokens = Tokens()
    token = tokens.cached()
    assert _header(token) == "Bearer token-1"
    tokens.failure = Unavailable("down", provider="Example Pay")
    tokens.time = 560
    assert _header(token) == "Bearer token-1"
    tokens.time = 571
    with pytest.raises(Unavailable, match="no access token could be fetched"):
        _header(token)


def test_a_refused_client_is_told_as_such() -> None:
    tokens = Tokens()
    tokens.failure = CredentialsRefused("the client was refused", provider="Example Pay")
    with pytest.raises(CredentialsRefused, match="the client was refused"):
        _header(tokens.cached())


def test_many_tasks_fetch_one_token() -> None:
    tokens = Tokens()
    started = asyncio.Event()

    async def slow() -> tuple[Secret, float]:
        await started.wait()
        return await tokens.fetch()

    async def main() -> set[str]:
        token = CachedToken(slow, tokens.clock, provider="Example Pay")
        calls = [asyncio.create_task(token(REQUEST)) for _ in range(20)]
        await asyncio.sleep(0)
        started.set()
        return {headers["Authorization"] for headers in await asyncio.gather(*calls)}

    assert asyncio.run(main()) == {"Bearer token-1"}
    assert tokens.given == 1


def test_many_threads_fetch_one_token() -> None:
    tokens = Tokens()
    token = tokens.cached()
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(_header(token))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {"Bearer token-1"}
    assert tokens.given == 1


def test_a_client_sends_with_a_token_that_it_fetched() -> None:
    transport = ScriptedTransport([Response(200)])
    client = HttpClient(
        Runtime(transport), provider="Example Pay", base_url="https://pay.example.com", credential=Tokens().cached()
    )
    drive(client.send(REQUEST))
    assert transport.sent[0].headers["Authorization"] == "Bearer token-1"
