"""Both real transports against a real server: one body for each promise."""

from __future__ import annotations

import contextlib
import gzip
import socket
import zlib
from typing import TYPE_CHECKING

import pytest

from core.loopback import drop, get, post, reply
from govcomponents.core.driver import drive
from govcomponents.core.transports.blocking import RequestsTransport
from govcomponents.errors import ConfigurationError, GovComponentsError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from core.loopback import Caller, Loopback

    Make = Callable[..., Caller]


def test_a_request_arrives_whole_and_the_answer_comes_back_whole(server: Loopback, caller: Caller) -> None:
    server.answer = reply(201, b'{"id": 1}', X_Request_Id="abc", Content_Type="application/json")
    answer = caller.send(post(server.url + "/v1/payments?a=%20b", b'{"amount": 1}'))
    assert (answer.status, answer.body) == (201, b'{"id": 1}')
    assert answer.header("x-request-id") == "abc"
    assert answer.header("x-other") is None
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/v1/payments?a=%20b", b'{"amount": 1}')
    assert seen.headers["authorization"] == "Bearer canary-key"
    assert seen.headers["content-length"] == "13"
    assert "cookie" not in seen.headers


@pytest.mark.parametrize(
    ("rest", "target"),
    [("", "/"), ("/", "/"), ("?a=/b", "/?a=/b"), ("/a?b=/c", "/a?b=/c"), ("/a%2Fb//c", "/a%2Fb//c"), ("/a?", "/a?")],
)
def test_the_request_line_holds_the_path_as_it_was_written(
    server: Loopback, caller: Caller, rest: str, target: str
) -> None:
    caller.send(get(server.url + rest))
    assert server.seen[0].target in (target, target.rstrip("?"))


def test_a_post_without_a_body_says_that_it_has_none(server: Loopback, caller: Caller) -> None:
    caller.send(post(server.url + "/cancel", None))
    assert server.seen[0].headers["content-length"] == "0"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [200, 204, 400, 404, 429, 500, 503])
def test_every_status_is_an_answer(server: Loopback, caller: Caller, method: str, status: int) -> None:
    server.answer = reply(status, b"" if status == 204 else b"body")
    request = post(server.url + "/x") if method == "POST" else get(server.url + "/x")
    request = type(request)(request.operation, method, request.url, request.replay, request.headers, request.body)
    answer = caller.send(request)
    assert (answer.status, answer.body) == (status, b"" if status == 204 else b"body")


@pytest.mark.parametrize("body", [b"", b"x", b"y" * 300_000])
def test_connections_are_kept_and_used_again(server: Loopback, caller: Caller, body: bytes) -> None:
    server.answer = reply(200, body)
    for _ in range(5):
        assert caller.send(post(server.url + "/x")).body == body
    assert len({seen.client for seen in server.seen}) == 1


def _chunked(*chunks: bytes, encoding: str | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        if encoding is not None:
            handler.send_header("Content-Encoding", encoding)
        handler.end_headers()
        for chunk in (*chunks, b""):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    return answer


def test_a_chunked_answer_is_read_whole_and_its_connection_used_again(server: Loopback, caller: Caller) -> None:
    server.answer = _chunked(b"one", b"two" * 100_000)
    for _ in range(3):
        assert caller.send(get(server.url + "/x")).body == b"one" + b"two" * 100_000
    assert len({seen.client for seen in server.seen}) == 1


def test_a_gzip_answer_is_unpacked(server: Loopback, caller: Caller) -> None:
    plain = b"".join(b"%d," % number for number in range(100_000))
    server.answer = reply(200, gzip.compress(plain), Content_Encoding="gzip")
    for _ in range(2):
        assert caller.send(get(server.url + "/x")).body == plain


def test_a_gzip_answer_that_is_none_is_a_lost_answer(server: Loopback, caller: Caller) -> None:
    server.answer = reply(200, b"not gzip at all", Content_Encoding="gzip")
    with pytest.raises(OutcomeUnknown):
        caller.send(get(server.url + "/x"))


def _gzipped(plain: bytes) -> bytes:
    return gzip.compress(plain, mtime=0)


PACKED = _gzipped(b'{"id": "1"}')
DEFLATED = zlib.compress(b'{"id": "1"}')


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        *(("gzip", PACKED[:end]) for end in (1, 5, 10, 15, len(PACKED) - 9, len(PACKED) - 8, len(PACKED) - 4, -1)),
        ("gzip", PACKED[:-8] + b"\0" * 8),
        ("gzip", PACKED[:-4] + b"\0" * 4),
        ("gzip", PACKED + b"junk"),
        ("gzip", PACKED + b"\0"),
        ("gzip", PACKED + PACKED[:-1]),
        ("gzip", b'{"id": "1"}'),
        ("x-gzip", PACKED[:-1]),
        ("GZip", PACKED[:-1]),
        ("deflate", DEFLATED[:-1]),
        ("deflate", DEFLATED[:-4]),
        ("deflate", DEFLATED + b"junk"),
        ("deflate", b'{"id": "1"}'),
        ("gzip, gzip", _gzipped(PACKED)[:-1]),
        ("gzip, gzip", _gzipped(PACKED[:-1])),
        ("gzip", _gzipped(b"") * 100),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_compressed_answer_that_is_cut_off_or_goes_on_is_a_lost_answer(
    server: Loopback, caller: Caller, encoding: str, body: bytes
) -> None:
    server.answer = reply(201, body, Content_Encoding=encoding)
    with pytest.raises(OutcomeUnknown, match="cut off or damaged"):
        caller.send(post(server.url + "/x"))
    server.answer = _chunked(body, encoding=encoding)
    with pytest.raises(OutcomeUnknown, match="cut off or damaged"):
        caller.send(post(server.url + "/x"))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        *(
            ("gzip", PACKED),
            ("x-gzip", PACKED),
            (" GZIP ", PACKED),
            ("gzip", _gzipped(b'{"id"') + _gzipped(b': "1"}')),
        ),
        *(("deflate", DEFLATED), ("deflate", DEFLATED[2:-4]), ("gzip, deflate", zlib.compress(PACKED))),
        *(("identity", b'{"id": "1"}'), ("utf-8", b'{"id": "1"}'), ("br", b'{"id": "1"}'), ("", b'{"id": "1"}')),
    ],
    ids=repr,
)
def test_a_compressed_answer_that_is_whole_is_unpacked(
    server: Loopback, caller: Caller, encoding: str, body: bytes
) -> None:
    server.answer = reply(201, body, Content_Encoding=encoding)
    assert caller.send(post(server.url + "/x")).body == b'{"id": "1"}'
    server.answer = reply(201, b"", Content_Encoding=encoding)
    assert caller.send(post(server.url + "/x")).body == b""


def test_a_429_with_an_encoding_that_does_not_exist_is_read(server: Loopback, caller: Caller) -> None:
    server.answer = reply(429, b"Too many requests", Content_Encoding="utf-8", Retry_After="7")
    answer = caller.send(get(server.url + "/x"))
    assert (answer.status, answer.body, answer.header("retry-after")) == (429, b"Too many requests", "7")


def test_what_is_not_asked_for_is_not_compressed(server: Loopback, caller: Caller) -> None:
    caller.send(get(server.url + "/x"))
    assert "gzip" not in server.seen[0].headers.get("accept-encoding", "")


@pytest.mark.parametrize("form", ["announced", "chunked", "packed", "redirect"])
def test_a_body_over_the_limit_is_refused(server: Loopback, make_caller: Make, form: str) -> None:
    server.answer = {
        "announced": reply(200, b"x" * 2000),
        "chunked": _chunked(*[b"x" * 100] * 20),
        "packed": reply(200, gzip.compress(b"x" * 2000), Content_Encoding="gzip"),
        "redirect": reply(302, b"x" * 2000, Location="/elsewhere"),
    }[form]
    with pytest.raises(OutcomeUnknown, match="larger than 1000 bytes"):
        make_caller(max_body=1000).send(post(server.url + "/x"))
    server.answer = reply(200, b"x" * 1000)
    assert len(make_caller(max_body=1000).send(post(server.url + "/x")).body) == 1000


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b"x" * 4096)


def test_an_endless_body_is_stopped(server: Loopback, make_caller: Make) -> None:
    server.answer = _endless
    with pytest.raises(OutcomeUnknown, match="larger than"):
        make_caller(max_body=100_000).send(get(server.url + "/x"))


def test_a_body_that_drips_is_stopped(server: Loopback, make_caller: Make) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not server.let_go.wait(0.02):
                handler.wfile.write(b"x")

    server.answer = drip
    with pytest.raises(OutcomeUnknown):
        make_caller(read_timeout=0.5, connect_timeout=0.7, total_timeout=0.7).send(get(server.url + "/x"))


def test_silence_ends_at_the_read_timeout_and_at_a_request_s_own(server: Loopback, make_caller: Make) -> None:
    server.answer = lambda handler: server.let_go.wait(30)
    with pytest.raises(OutcomeUnknown) as caught:
        make_caller(read_timeout=0.05).send(post(server.url + "/x"))
    assert caught.value.lookup == "search by reference"
    with pytest.raises(OutcomeUnknown):
        make_caller().send(post(server.url + "/x", timeout=0.05))


def test_a_connection_dropped_without_an_answer_leaves_the_outcome_unknown(server: Loopback, caller: Caller) -> None:
    server.answer = drop
    with pytest.raises(OutcomeUnknown) as caught:
        caller.send(post(server.url + "/x"))
    assert len(server.seen) == 1
    assert caught.value.fix == "search by reference"
    assert caught.value.__suppress_context__
    assert "canary" not in repr(caught.value)


def test_an_answer_cut_short_is_never_a_short_answer(server: Loopback, caller: Caller) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"x" * 50)
        handler.close_connection = True

    server.answer = half
    with pytest.raises(OutcomeUnknown):
        caller.send(post(server.url + "/x"))


def test_an_answer_that_is_not_http_leaves_the_outcome_unknown(server: Loopback, caller: Caller) -> None:
    def gibberish(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"Tunnel connection failed: no such thing\r\n\r\n")
        handler.close_connection = True

    server.answer = gibberish
    with pytest.raises(OutcomeUnknown):
        caller.send(post(server.url + "/x"))


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server: Loopback, caller: Caller) -> None:
    server.answer = reply(200, b"ok", Connection="close")
    for _ in range(3):
        assert caller.send(post(server.url + "/x")).status == 200
    assert len({seen.client for seen in server.seen}) == 3


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/x", "http://api.nowhere.invalid/x"])
def test_no_connection_means_that_nothing_was_sent(caller: Caller, url: str) -> None:
    with pytest.raises(NotSent) as caught:
        caller.send(post(url.format(port=_closed_port())))
    assert "nowhere" not in str(caught.value)


def test_what_the_caller_was_handling_does_not_make_a_lost_answer_unsent(server: Loopback, caller: Caller) -> None:
    server.answer = drop
    try:
        caller.send(post(f"http://127.0.0.1:{_closed_port()}/x"))
    except NotSent:
        with pytest.raises(OutcomeUnknown):
            caller.send(post(server.url + "/x"))


def test_redirects_are_not_followed(server: Loopback, caller: Caller) -> None:
    server.answer = reply(302, b"moved", Location=server.url + "/elsewhere")
    for _ in range(2):
        answer = caller.send(get(server.url + "/x"))
        assert (answer.status, answer.body) == (302, b"moved")
        assert answer.header("location") == server.url + "/elsewhere"
    assert [seen.target for seen in server.seen] == ["/x", "/x"]
    assert len({seen.client for seen in server.seen}) == 2, (
        "nothing of ours redirects: more may come on that connection"
    )


@pytest.mark.parametrize("location", ["http://[", "//", "https://user:pass@host:x/"])
def test_a_malformed_redirect_is_still_an_answer(server: Loopback, caller: Caller, location: str) -> None:
    server.answer = reply(302, b"", Location=location)
    assert caller.send(get(server.url + "/x")).status == 302


def test_cookies_are_not_kept(server: Loopback, caller: Caller) -> None:
    server.answer = reply(200, b"", Set_Cookie="session=1; Path=/")
    for _ in range(3):
        caller.send(get(server.url + "/x"))
    assert all("cookie" not in seen.headers for seen in server.seen)


def test_netrc_is_not_read(
    server: Loopback, make_caller: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\ndefault login someone password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    caller = make_caller()
    caller.send(get(server.url + "/x"))
    caller.send(post(server.url + "/x"))
    assert "authorization" not in server.seen[0].headers
    assert server.seen[1].headers["authorization"] == "Bearer canary-key"


@pytest.mark.parametrize("value", ["Bearer canary-key\n", "Bearer canary\r\nX: y"])
def test_a_header_that_cannot_be_sent_is_named_and_not_shown(server: Loopback, caller: Caller, value: str) -> None:
    request = post(server.url + "/x")
    request = type(request)(request.operation, "POST", request.url, request.replay, {"Authorization": value}, b"")
    with pytest.raises(ConfigurationError, match="Authorization") as caught:
        caller.send(request)
    assert "canary" not in str(caught.value)
    assert server.seen == []


def test_a_blocking_header_outside_latin_1_is_named_and_not_shown(server: Loopback) -> None:
    request = post(server.url + "/x")
    request = type(request)(request.operation, "POST", request.url, request.replay, {"X-Key": "canary-\u2013-key"}, b"")
    with pytest.raises(ConfigurationError, match="X-Key") as caught:
        drive(RequestsTransport().send(request))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "total_timeout", "pool_size", "max_body"])
@pytest.mark.parametrize("value", [None, 0, -1, float("inf"), float("nan"), True, "5"])
def test_no_limit_can_be_switched_off(make_caller: Make, name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        make_caller(**{name: value})


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "total_timeout"])
@pytest.mark.parametrize("value", [3601, 1e9, 1e300])
def test_no_limit_is_so_long_that_it_is_none(make_caller: Make, name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=name):
        make_caller(**{name: value})


def test_a_zero_timeout_of_a_request_is_the_default(server: Loopback, caller: Caller) -> None:
    assert caller.send(post(server.url + "/x", timeout=0)).status == 200


def test_closing_twice_does_nothing_and_use_after_it_is_a_clear_error(server: Loopback, caller: Caller) -> None:
    caller.send(get(server.url + "/x"))
    caller.close()
    caller.close()
    with pytest.raises(ConfigurationError, match="were closed"):
        caller.send(get(server.url + "/x"))
    assert len(server.seen) == 1


def test_errors_of_a_transport_are_ours(server: Loopback, caller: Caller) -> None:
    for url in ("http://127.0.0.1:99999/x", "nonsense://host/x", "http:///x"):
        with pytest.raises(GovComponentsError):
            caller.send(get(url))


def test_the_blocking_transport_sleeps(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("asyncio.sleep", note)
    if isinstance(caller.transport, RequestsTransport):
        with pytest.raises(StopIteration):
            caller.transport.sleep(1.5).send(None)
    else:
        caller._runner.run(caller.transport.sleep(1.5))
    assert slept == [1.5]
