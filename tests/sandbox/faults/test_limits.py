"""A served sandbox can be left running: connections, requests and their time are bounded, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from govcomponents import ConfigurationError
from govcomponents.sandbox.http import handler, listener
from govcomponents.sandbox.http.incoming import MAX_HEAD
from govcomponents.sandbox.world import load_world

ASK = b"GET /toy/things/first HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def connect(served):
    return socket.create_connection(("127.0.0.1", served.listener.server_port), timeout=20)


def until_closed(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def connection_threads():
    return [one for one in threading.enumerate() if one.name == "sandbox-connection"]


def test_half_open_requests_hold_no_more_threads_than_there_may_be(served, monkeypatch):
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 20)
    opened = []
    for _ in range(100):
        opened.append(connect(served))
        opened[-1].sendall(b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        assert len(connection_threads()) <= 21
    start = time.monotonic()
    assert served.raw(ASK).startswith(b"HTTP/1.1 200 OK")  # whoever comes with a whole request is answered
    assert time.monotonic() - start < 2
    assert len(connection_threads()) <= 20
    assert opened[0].recv(100) == b""  # the one that waited longest had to go
    for one in opened:
        one.close()


def test_connections_that_are_being_answered_stay_and_others_are_told(served, monkeypatch):
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 3)
    silent = [connect(served) for _ in range(3)]
    for one in silent:
        one.sendall(b"GET /toy/cut?silent=600 HTTP/1.1\r\nHost: x\r\n\r\n")
    for _ in range(200):
        if all(its.waits_since is None for its in served.listener._open.values()):
            break
        time.sleep(0.02)
    with connect(served) as late:
        assert until_closed(late).startswith(b"HTTP/1.1 503 ")
    for one in silent:
        one.close()


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        *((b"", b"G"), (b"GET /toy HTTP/1.1\r\n", b"X: y\r\n"), (b"GET /toy HTTP/1.1\r\nX: ", b"y")),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", b"b"),
        *((CHUNKED, b"1\r\na\r\n"), (CHUNKED + b"0\r\n", b"X: y\r\n"), (CHUNKED + b"1;", b"a")),
    ],
)
def test_a_request_that_drips_ends(served, monkeypatch, first, drip):
    monkeypatch.setattr(handler, "REQUEST_SECONDS", 0.5)
    start = time.monotonic()
    with connect(served) as connection:
        connection.sendall(first)
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - start < 10:
                connection.sendall(drip)
                time.sleep(0.05)
    assert time.monotonic() - start < 5
    assert served.toy.count == 0


def test_an_answer_that_nobody_fetches_is_dropped(served, monkeypatch):
    monkeypatch.setattr(handler, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(served.listener, "respond", lambda call: handler.text_response(200, "x" * 20_000_000))
    with connect(served) as connection:
        connection.sendall(ASK)
        for _ in range(200):
            if connection_threads():
                break
            time.sleep(0.01)
        for _ in range(1000):
            if not connection_threads():
                break
            time.sleep(0.01)
        assert connection_threads() == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /toy HTTP/1.1\r\n" + b"X: %s\r\n" % (b"y" * 60_000) * 20, 431),
        (CHUNKED + b"1;%s\r\na\r\n" % (b"e" * 300), 400),
        (CHUNKED + b"1\r\na\r\n" * 3_500_000, 413),
        *(
            (CHUNKED + size + b"\r\nab\r\n0\r\n\r\n", 400)
            for size in (b"0x2", b"0_2", b"+2", b"-2", b"2 2", b"", b"\xb2")
        ),
        (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", 400),
    ],
)
def test_what_is_too_much_or_is_no_chunk_is_refused(served, sent, status):
    assert len(sent) > MAX_HEAD or status == 400
    with connect(served) as connection:
        sender = threading.Thread(target=send_quietly, args=(connection, sent))
        sender.start()
        answer = connection.recv(65536)
        with contextlib.suppress(OSError):  # the sandbox may have ended it already
            connection.shutdown(socket.SHUT_RDWR)
        sender.join()
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def send_quietly(connection, sent):
    with contextlib.suppress(OSError):
        connection.sendall(sent)


def test_a_client_that_waits_to_continue_is_told_at_once(served):
    with connect(served) as connection:
        connection.sendall(b"POST /toy HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"hi")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "key", ["api_live_" + "a" * 60, "sk_live_" + "a" * 30, "rk_live_" + "b" * 30, "sk_org_live_" + "a" * 30]
)
def test_a_live_key_is_refused_as_a_value_and_as_a_name(key):
    for world in ({"pay": {"services": [{"name": key}]}}, {"pay": {key: 1}}, {"pay": {"services": [{key: "x"}]}}):
        with pytest.raises(ConfigurationError, match="live key"):
            load_world(world)
