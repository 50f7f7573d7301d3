"""The transports under libraries that intercept requests, in many threads and tasks, and after a fork."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
import requests
import requests_mock
import responses

from core.loopback import get, post, reply
from govcomponents.core.driver import drive
from govcomponents.core.transports.aio.sending import AiohttpTransport
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.errors import ConfigurationError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from core.loopback import Caller, Loopback

    Make = Callable[..., Caller]


def test_responses_intercepts_the_blocking_transport() -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://api.example.gov.uk/v1/payments", json={"id": 1}, status=201, headers={"X-Request-Id": "r"})
        answer = drive(RequestsTransport().send(post("https://api.example.gov.uk/v1/payments", b'{"a": 1}')))
        assert (answer.status, answer.body, answer.header("x-request-id")) == (201, b'{"id": 1}', "r")
        assert mock.calls[0].request.body == b'{"a": 1}'


def test_the_head_and_the_body_of_a_request_leave_in_one_packet(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    send = HTTPConnection.send

    def watched(connection: HTTPConnection, data: bytes) -> None:
        sent.append(data)
        send(connection, data)

    monkeypatch.setattr(HTTPConnection, "send", watched)
    transport = RequestsTransport()
    for request in (post(server.url + "/x?a=b", b"first"), get(server.url + "/x"), post(server.url + "/y", b"second")):
        drive(transport.send(request))
    drive(transport.aclose())
    assert [(packet.split(b" HTTP")[0], packet.partition(b"\r\n\r\n")[2]) for packet in sent] == [
        (b"POST /x?a=b", b"first"),
        (b"GET /x", b""),
        (b"POST /y", b"second"),
    ]
    assert [seen.body for seen in server.seen] == [b"first", b"", b"second"]


def test_responses_can_lose_the_connection() -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://api.example.gov.uk/x", body=ConnectionResetError())
        with pytest.raises(OutcomeUnknown):
            drive(RequestsTransport().send(post("https://api.example.gov.uk/x")))


def test_an_error_that_is_its_own_reason_does_not_hold_the_caller() -> None:
    error = requests.ConnectionError()
    error.args = (error,)
    with responses.RequestsMock() as mock:
        mock.post("https://api.example.gov.uk/x", body=error)
        with pytest.raises(OutcomeUnknown):
            drive(RequestsTransport().send(post("https://api.example.gov.uk/x")))


def test_requests_mock_intercepts_the_blocking_transport() -> None:
    with requests_mock.Mocker() as mock:
        mock.post("https://api.example.gov.uk/v1/payments", json={"id": 1}, status_code=201)
        answer = drive(RequestsTransport().send(post("https://api.example.gov.uk/v1/payments", b'{"a": 1}')))
        assert (answer.status, answer.body) == (201, b'{"id": 1}')
        assert mock.last_request.json() == {"a": 1}


def test_many_threads_share_one_transport(server: Loopback) -> None:
    def echo(handler: BaseHTTPRequestHandler) -> None:
        reply(200, server_body(handler))(handler)

    def server_body(handler: BaseHTTPRequestHandler) -> bytes:
        return handler.path.encode()

    server.answer = echo
    transport = RequestsTransport(pool_size=8)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: drive(transport.send(get(f"{server.url}/{n}"))).body, range(200))
        assert list(answers) == [f"/{n}".encode() for n in range(200)]
    assert len({seen.client for seen in server.seen}) <= 8
    drive(transport.aclose())


def test_many_tasks_share_one_transport(server: Loopback) -> None:
    server.answer = lambda handler: reply(200, handler.path.encode())(handler)

    async def main() -> list[bytes]:
        transport = AiohttpTransport(pool_size=8)
        answers = await asyncio.gather(*[transport.send(get(f"{server.url}/{n}")) for n in range(100)])
        await transport.aclose()
        return [answer.body for answer in answers]

    assert asyncio.run(main()) == [f"/{n}".encode() for n in range(100)]
    assert len({seen.client for seen in server.seen}) <= 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_makes_its_own_connection(server: Loopback) -> None:
    transport = RequestsTransport()
    drive(transport.send(get(server.url + "/parent")))
    with transport._making:  # as if another thread of the parent were making the session at this moment
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if drive(transport.send(get(server.url + "/child"))).status == 200 else 1
            finally:
                os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    drive(transport.send(get(server.url + "/parent")))
    by_target: dict[str, set[tuple[str, int]]] = {}
    for seen in server.seen:
        by_target.setdefault(seen.target, set()).add(seen.client)
    assert len(by_target["/parent"]) == len(by_target["/child"]) == 1
    assert by_target["/parent"].isdisjoint(by_target["/child"])
    drive(transport.aclose())


def test_an_asyncio_transport_belongs_to_the_loop_that_first_used_it(server: Loopback) -> None:
    transport = AiohttpTransport()
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(transport.send(get(server.url + "/x")))
        with pytest.raises(ConfigurationError, match="another event loop"):
            second.run(transport.send(get(server.url + "/x")))
        first.run(transport.aclose())


def test_the_blocking_transport_works_inside_a_running_loop(server: Loopback) -> None:
    async def main() -> int:
        transport = RequestsTransport()
        status = drive(transport.send(get(server.url + "/x"))).status
        drive(transport.aclose())
        return status

    assert asyncio.run(main()) == 200
