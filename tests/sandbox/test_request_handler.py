"""The sandbox's HTTP, over real sockets: keep-alive, bodies, bad requests, cut connections."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govcomponents.sandbox.http.handler import RequestHandler
from govcomponents.sandbox.http.listener import Listener
from govcomponents.sandbox.http.messages import MAX_REQUEST_BODY, Call


def connect(served):
    return http.client.HTTPConnection("127.0.0.1", served.listener.server_port, timeout=10)


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def test_one_connection_carries_many_requests(served):
    connection = connect(served)
    ask(connection, "GET", "/toy")
    first = connection.sock
    for _ in range(5):
        answer, _body = ask(connection, "POST", "/toy", body=b"x" * 1000)
        assert answer.status == 200
    assert connection.sock is first
    connection.close()


def test_a_call_is_seen_as_it_was_sent(served):
    connection = connect(served)
    headers = {"X-Thing": "one", "Content-Type": "application/x-www-form-urlencoded"}
    answer, body = ask(connection, "POST", "/toy?a=1&a=2&b=", body=b"name=J%C3%B4&empty=", headers=headers)
    seen = json.loads(body)
    assert answer.headers["Content-Type"] == "application/json"
    assert seen["query"] == [["a", "1"], ["a", "2"], ["b", ""]]
    assert seen["form"] == [["name", "Jô"], ["empty", ""]]
    assert seen["headers"]["x-thing"] == "one"
    assert seen["url"] == f"{served.base_url}/toy?a=1&a=2&b="
    connection.close()


def test_an_escaped_path_is_decoded(served):
    connection = connect(served)
    _answer, body = ask(connection, "GET", "/toy/things/caf%C3%A9%20x")
    assert json.loads(body)["params"] == {"thing": "café x"}
    connection.close()


def test_head_has_the_length_and_no_body(served):
    connection = connect(served)
    get, body = ask(connection, "GET", "/toy/things/first")
    head, nothing = ask(connection, "HEAD", "/toy/things/first")
    assert (head.status, nothing) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(body))
    connection.close()


def test_an_answer_without_content_has_no_length(served):
    connection = connect(served)
    answer, body = ask(connection, "GET", "/toy/nothing")
    assert (answer.status, body, answer.headers["Content-Length"]) == (204, b"", None)
    assert ask(connection, "GET", "/toy")[0].status == 200
    connection.close()


def test_any_method_is_answered_and_a_wrong_one_refused(served):
    connection = connect(served)
    for method in ("DELETE", "PATCH", "PUT", "OPTIONS", "TRACE", "PURGE"):
        answer, body = ask(connection, method, "/toy")
        assert (answer.status, json.loads(body)) == (405, {"allowed": ["GET", "POST"]})
    connection.close()


def test_a_chunked_body_is_read(served):
    sent = b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent += b"5;a=b\r\nhello\r\n3\r\nyou\r\n0\r\nX: y\r\n\r\n"
    again = b"GET /toy HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = served.raw(sent + again)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b'"size":8' in answer


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST_BODY + 1), 413),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", 400),
        (b"POST /toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /toy HTTP/1.1 extra words\r\n\r\n", 400),
        (b"GET /toy HTTP/9.9\r\n\r\n", 505),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /toy HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET /toy HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_and_ends_the_connection(served, sent, status):
    answer = served.raw(sent)
    head = answer.partition(b"\r\n\r\n")[0].decode()
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "Connection: close" in head
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_body_that_breaks_off_is_no_request(served):
    assert served.raw(b"POST /toy/count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf") == b""
    chunked = b"POST /toy/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"
    assert served.raw(chunked) == b""
    assert served.toy.count == 0


def test_the_largest_body_is_read(served):
    connection = connect(served)
    _answer, body = ask(connection, "POST", "/toy", body=b"x" * MAX_REQUEST_BODY)
    assert json.loads(body)["size"] == MAX_REQUEST_BODY
    connection.close()


def test_a_whole_url_as_to_a_proxy_is_understood(served):
    answer = served.raw(b"GET http://elsewhere.example.com/toy?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b'"path":"/toy"' in answer


def test_expecting_to_continue_is_answered(served):
    answer = served.raw(b"POST /toy HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_an_old_client_is_answered_and_let_go(served):
    answer = served.raw(b"GET /toy HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer


def test_a_header_cannot_be_split(served):
    answer = served.raw(b"GET /toy/odd HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 599 Status\r\n")
    assert b"\r\nevil" not in answer


def test_a_fault_of_the_sandbox_is_told_without_data(served, capfd):
    connection = connect(served)
    answer, body = ask(connection, "GET", "/toy/fails")
    assert answer.status == 500
    printed = capfd.readouterr()
    assert "RuntimeError at " in printed.err
    for text in (body.decode(), printed.err, printed.out):
        assert "canary" not in text
    connection.close()


def test_a_cut_connection_gives_no_answer(served):
    assert served.raw(b"GET /toy/cut HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_a_silent_connection_ends_when_the_server_stops(served):
    connection = socket.create_connection(("127.0.0.1", served.listener.server_port), timeout=10)
    connection.sendall(b"GET /toy/cut?silent=600 HTTP/1.1\r\nHost: x\r\n\r\n")
    stopper = threading.Thread(target=served.listener.end_connections)
    stopper.start()
    assert connection.recv(100) == b""
    stopper.join()
    connection.close()


def test_nothing_is_logged(served, capfd, caplog):
    caplog.set_level("DEBUG")
    connection = connect(served)
    ask(connection, "GET", "/toy?email=canary-jo@example.com")
    ask(connection, "GET", "/canary-other")
    connection.close()
    served.raw(b"canary\r\n\r\n")
    printed = capfd.readouterr()
    assert "canary" not in printed.out + printed.err + caplog.text


def test_threads_lose_no_update(served):
    def work():
        connection = connect(served)
        for _ in range(20):
            assert ask(connection, "POST", "/toy/count")[0].status == 200
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert served.toy.count == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_bring_the_server_down(served, sent):
    served.raw(sent)
    answer = served.raw(b"GET /toy/things/first HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_goes_away_is_no_error(served, capfd):
    for _ in range(5):
        connection = socket.create_connection(("127.0.0.1", served.listener.server_port), timeout=10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"GET /toy HTTP/1.1\r\nHost: x\r\n\r\n" * 300)
        connection.close()  # with a reset: what the server still writes is refused
    assert served.raw(b"GET /toy/things/first HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    assert capfd.readouterr().err == ""


def test_before_it_is_ready_a_listener_says_so():
    listener = Listener("127.0.0.1", 0)
    assert listener.respond(Call("GET", "/", "", {}, b"", "")).status == 503
    listener.server_close()


def test_only_methods_of_http_are_made_up():
    assert not hasattr(RequestHandler.__new__(RequestHandler), "undo_GET")
