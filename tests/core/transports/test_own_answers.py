"""No call is handed another call's answer, whatever a server does; the full number is in `make conformance`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.loopback import get, post
from govcomponents.contracts.modes import Mode
from govcomponents.core.driver import drive
from govcomponents.errors import GovComponentsError, OutcomeUnknown

from .misbehaving_server import KINDS, TOLD_APART_BY_READING
from .own_answers import LIMITS, bare_outcomes, misbehaving, outcomes
from .test_misbehaving_servers import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.loopback import Caller

    from .test_misbehaving_servers import Connection

    Make = Callable[..., Caller]

SEED = 20261123
CALLS = 1000


def test_no_call_is_handed_the_answer_of_another(gov_mode: Mode) -> None:
    with misbehaving(SEED) as base:
        found = outcomes(gov_mode, base, CALLS)
    assert found["ANOTHER'S"] == 0
    assert found.total() == CALLS
    assert found["own"] > CALLS * 2 // 3, found


def test_a_transport_alone_gives_no_connection_back_that_may_hold_more(gov_mode: Mode) -> None:
    kinds = KINDS.keys() - TOLD_APART_BY_READING - {"silent"}
    with misbehaving(SEED, 0.3, sorted(kinds)) as base:
        if gov_mode is Mode.BLOCKING:
            from govcomponents.core.transports.blocking import RequestsTransport

            found = drive(bare_outcomes(RequestsTransport(**LIMITS), base, 800))
        else:
            from govcomponents.core.transports.aio.sending import AiohttpTransport

            found = asyncio.run(bare_outcomes(AiohttpTransport(**LIMITS), base, 1500))
    assert found["ANOTHER'S"] == 0
    assert found["own"] > 400, found


@pytest.mark.parametrize("status", ["204 No Content", "302 Found", "404 Not Found", "429 No", "503 No"])
def test_a_connection_is_given_back_only_after_a_success_with_a_body(caller: Caller, status: str) -> None:
    """A refusal, or an answer without a body, tells not what it is about: a second one would be taken for the next."""
    carried: list[list[str]] = []

    def serve(connection: Connection) -> None:
        paths: list[str] = []
        carried.append(paths)
        while (path := connection.request()) is not None:
            paths.append(path)
            if path == "/other":
                connection.write(
                    f"HTTP/1.1 {status}\r\n" + ("\r\n" if "204" in status else "Content-Length: 0\r\n\r\n")
                )
            else:
                connection.answer(path)

    with serving(serve) as base:
        for path in ("/a", "/b", "/other", "/c"):
            caller.send(get(base + path))
    assert carried == [["/a", "/b", "/other"], ["/c"]]


def test_no_connection_of_before_is_used_after_renew(caller: Caller) -> None:
    connections: list[int] = []

    def serve(connection: Connection) -> None:
        connections.append(1)
        while (path := connection.request()) is not None:
            connection.answer(path)

    with serving(serve) as base:
        for count in (1, 1, 2, 2):
            if count == 2 and len(connections) == 1:
                caller.transport.renew()
            assert caller.send(get(base + "/a")).body == b"/a"
            assert len(connections) == count


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 201 Cre",
        "HTTP/1.1 201 Created\r\nX: y\r\n",
        "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nX: ",
        "HTTP/1.1 201 Created\r\nContent-Length: -1\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nContent-Length: 2, 3\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nContent-Length: +2\r\n\r\n{}",
        "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
def test_a_head_that_is_cut_or_contradicts_itself_is_a_lost_answer(caller: Caller, head: str) -> None:
    def serve(connection: Connection) -> None:
        connection.request()
        connection.write(head)

    with serving(serve) as base, pytest.raises(OutcomeUnknown):
        caller.send(post(base + "/a"))


def test_closing_ends_the_calls_that_are_under_way(make_caller: Make) -> None:
    """A worker that is stopped does not wait for a provider that does not answer."""
    caller = make_caller(read_timeout=30)
    asked, ended = threading.Event(), []

    def serve(connection: Connection) -> None:
        connection.request()
        asked.set()
        connection.wait(20)

    with serving(serve) as base:
        if caller.mode is Mode.ASYNCIO:

            async def both() -> None:
                call = asyncio.ensure_future(caller.transport.send(post(base + "/a")))
                await asyncio.to_thread(asked.wait, 5)
                await caller.transport.aclose()
                with pytest.raises(GovComponentsError):
                    await asyncio.wait_for(call, 2)

            caller._runner.run(both())  # the loop of this caller
            return

        def call() -> None:
            with pytest.raises(OutcomeUnknown):
                caller.send(post(base + "/a"))
            ended.append(True)

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        assert asked.wait(5)
        caller.close()
        thread.join(2)
        assert ended == [True]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts sockets as Linux shows them")
def test_f10_closing_leaves_no_socket_of_fifty_threads_open_after_errors() -> None:
    """urllib3 closes a pool only when it is collected, and an error's traceback can keep it."""
    from govcomponents.core.transports.blocking import RequestsTransport

    transport = RequestsTransport()
    kept: list[BaseException] = []
    barrier = threading.Barrier(50)

    def sockets() -> int:
        return sum(name.startswith("socket:") for name in _open_files())

    def serve(connection: Connection) -> None:
        while (path := connection.request()) is not None:
            if path == "/broken":
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n")
                return
            if path == "/b":
                connection.wait(0.5)  # so that all are under way at once, each on a connection of its own
            connection.answer(path)

    def work() -> None:
        for path in ("/a", "/broken", "/b"):
            if path == "/b":
                barrier.wait()
            try:
                drive(transport.send(get(base + path)))
            except GovComponentsError as error:
                kept.append(error)

    gc.disable()
    try:
        with serving(serve) as base:
            drive(transport.send(get(base + "/a")))
            before = sockets()
            with ThreadPoolExecutor(50) as pool:
                list(pool.map(lambda _: work(), range(50)))
            assert sockets() > before + 40
            drive(transport.aclose())
            deadline = time.monotonic() + 3  # the server's own ends, in this process, close as ours do
            while sockets() > before and time.monotonic() < deadline:
                time.sleep(0.01)
            assert sockets() <= before
            assert len(kept) == 50
    finally:
        gc.enable()


def _open_files() -> Iterator[str]:
    for entry in list(Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):  # closed meanwhile
            yield str(entry.readlink())
