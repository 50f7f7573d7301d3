from __future__ import annotations

import asyncio
import logging
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from tenacity import wait_none

from govcomponents.core.driver import drive
from govcomponents.core.http.client import HttpClient, request_id
from govcomponents.core.http.messages import Replay, Request, Response
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.http.runtime import VERSION, Runtime
from govcomponents.core.observe import CallEvent, as_observer
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import ConfigurationError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcomponents.core.http.client import Credential

BASE = "https://api.example.gov.uk"


def _request(url: str = "/v1/payments", **headers: str) -> Request:
    return Request("pay.create", "POST", url, Replay.ALWAYS, headers, b"{}", 3.0, "look it up", idempotency_key="key-1")


def _bearer(values: str | Iterator[str]) -> Credential:
    async def credential(_request: Request) -> dict[str, str]:
        return {"Authorization": values if isinstance(values, str) else next(values)}

    return credential


def _client(
    transport: ScriptedTransport,
    observers: tuple[Callable[[CallEvent], None], ...] = (),
    credential: Credential | None = None,
) -> HttpClient:
    runtime = Runtime(
        transport, observers=tuple(as_observer(observer) for observer in observers), retry=RetryPolicy(wait=wait_none())
    )
    return HttpClient(runtime, provider="Provider", base_url=BASE, credential=credential)


def test_what_goes_out_is_the_request_with_base_url_credential_and_user_agent() -> None:
    transport = ScriptedTransport([Response(200)])
    drive(_client(transport, credential=_bearer("Bearer key")).send(_request(X_Extra="1")))
    (sent,) = transport.sent
    assert sent.url == f"{BASE}/v1/payments"
    assert sent.headers == {
        "User-Agent": f"govcomponents/{VERSION}",
        "Accept": "application/json",
        "X_Extra": "1",
        "Authorization": "Bearer key",
    }
    assert (sent.method, sent.body, sent.timeout, sent.lookup) == ("POST", b"{}", 3.0, "look it up")
    assert (sent.provider, sent.idempotency_key, sent.replay) == ("Provider", "key-1", Replay.ALWAYS)


def test_a_request_s_own_headers_win_over_the_fixed_ones() -> None:
    transport = ScriptedTransport([Response(200)])
    drive(_client(transport).send(_request(Accept="application/jwt")))
    assert transport.sent[0].headers["Accept"] == "application/jwt"


def test_the_credential_is_made_anew_for_each_attempt() -> None:
    tokens = iter(["first", "second", "third"])
    transport = ScriptedTransport([NotSent("no"), Response(503), Response(200)])
    drive(_client(transport, credential=_bearer(tokens)).send(_request()))
    assert [sent.headers["Authorization"] for sent in transport.sent] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("url", "given"),
    [
        (f"{BASE}/v1/next", True),
        ("https://evil.example.com/v1/next", False),
        (f"{BASE}.evil.example.com/v1", False),
        (f"{BASE}@evil.example.com/", False),
        ("http://api.example.gov.uk/v1", False),
    ],
)
def test_the_credential_goes_nowhere_but_below_the_base_url(url: str, *, given: bool) -> None:
    transport = ScriptedTransport([Response(200)])
    drive(_client(transport, credential=_bearer("key")).send(_request(url)))
    assert transport.sent[0].url == url
    assert ("Authorization" in transport.sent[0].headers) is given


def test_observers_are_told_of_every_attempt_and_of_nothing_private() -> None:
    events: list[CallEvent] = []
    answer = Response(201, {"x-request-id": "req-1"})
    transport = ScriptedTransport([NotSent("no"), OutcomeUnknown("lost"), answer])
    drive(_client(transport, (events.append,)).send(_request("/v1/payments?email=canary@example.com")))
    assert [(event.attempt, event.outcome, event.status) for event in events] == [
        (1, "not_sent", None),
        (2, "outcome_unknown", None),
        (3, "answered", 201),
    ]
    assert events[2].request_id == "req-1"
    assert {(event.operation, event.provider, event.method) for event in events} == {("pay.create", "Provider", "POST")}
    assert all(event.seconds >= 0 for event in events)
    assert "canary" not in repr(events)
    with pytest.raises(AttributeError):
        setattr(events[0], fields(events[0])[0].name, "changed")


def test_an_observer_cannot_break_the_call_nor_the_others(caplog: pytest.LogCaptureFixture) -> None:
    events: list[CallEvent] = []

    def broken(event: CallEvent) -> None:
        raise ValueError("canary")

    with caplog.at_level(logging.DEBUG):
        transport = ScriptedTransport([Response(200)])
        assert drive(_client(transport, (broken, events.append)).send(_request())).status == 200
    assert len(events) == 1
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_an_error_before_sending_is_told_as_not_sent() -> None:
    events: list[CallEvent] = []
    transport = ScriptedTransport([ConfigurationError("another loop")])
    with pytest.raises(ConfigurationError):
        drive(_client(transport, (events.append,)).send(_request()))
    assert [event.outcome for event in events] == ["not_sent"]


def test_a_cancelled_attempt_is_told_as_unknown() -> None:
    events: list[CallEvent] = []

    def cancelled(_request: Request) -> Response:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        drive(_client(ScriptedTransport([cancelled]), (events.append,)).send(_request()))
    assert [event.outcome for event in events] == ["outcome_unknown"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-request-id": ""}, None),
        ({"x-request-id": "a", "x-amzn-requestid": "b"}, "a"),
        ({"x-b3-traceid": "t"}, "t"),
        ({"x-amzn-requestid": "z" * 500}, "z" * 128),
    ],
)
def test_the_request_id_is_the_provider_s(headers: dict[str, str], expected: str | None) -> None:
    assert request_id(Response(200, headers)) == expected


def test_messages_never_show_their_url_headers_or_body() -> None:
    request = Request("pay.create", "POST", "/canary", Replay.UNSENT, {"A": "canary"}, b"canary")
    response = Response(200, {"a": "canary"}, b"canary")
    assert "canary" not in repr(request) + repr(response) + str(request) + str(response)
    assert "pay.create" in repr(request)
    with pytest.raises(AttributeError):
        request.url = "/other"
