"""The sandbox, in process and over HTTP, beside a bare WSGI application that answers a fixed body."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

from bench.variants.measuring import choose
from govcomponents.core.http.messages import Replay, Request, Response

COUNT = 2000
RECEIPT = "5ab1ec0d-0000-4000-8000-000000000101"
WORDS = {"name": "Sam", "amount": "£145.00", "reference": "RENEW-7", "refund": True}
BACK = "https://service.example.gov.uk/back"


def rate_of(call: Callable[[], object], count: int = COUNT) -> None:
    """Print how many calls a second are made, by the CPU that they take."""
    for _ in range(50):
        call()
    started = time.process_time()
    for _ in range(count):
        call()
    print(json.dumps({"rate": count / (time.process_time() - started)}))


def wall_rate_of(call: Callable[[], object], count: int = 600) -> None:
    """Print how many calls a second are made, by the clock: the server is another process."""
    for _ in range(50):
        call()
    started = time.perf_counter()
    for _ in range(count):
        call()
    print(json.dumps({"rate": count / (time.perf_counter() - started)}))


class BareWsgi:
    """The application that a team would write by hand: it reads the request and answers the same bytes each time."""

    def __init__(self, status: int, body: bytes) -> None:
        self._status = f"{status} Fixed"
        self._body = body

    def application(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        source = environ["wsgi.input"]
        assert isinstance(source, io.BytesIO)
        source.read(int(str(environ["CONTENT_LENGTH"])))
        start_response(self._status, [("content-type", "application/json"), ("content-length", str(len(self._body)))])
        return [self._body]

    def handle(self, request: Request) -> Response:
        """Call it as a WSGI server does, and give what a transport gives."""
        body = request.body or b""
        path, _, query = request.url.partition("?")
        environ: dict[str, object] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()},
        }
        told: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.application(environ, lambda status, headers: told.append((status, headers))))
        status, headers = told[0]
        return Response(int(status.partition(" ")[0]), dict(headers), body)


def _clients(operation: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """The same call of the SDK on the sandbox, and on the bare application that answers as the sandbox did once."""
    from govcomponents import GovComponents, Money
    from govcomponents.core.transports.in_process import InProcessTransport

    gov = GovComponents.sandbox()
    seen: list[Response] = []
    handle = gov.simulator.handle

    def keep(request: Request) -> Response:
        seen.append(handle(request))
        return seen[-1]

    def call_on(target: GovComponents) -> Callable[[], object]:
        fee, numbers = Money.gbp("145.00"), itertools.count()
        if operation == "create":
            return lambda: target.pay.create(fee, "RENEW-7", "Renew a licence", BACK)

        def email() -> object:
            if target is gov and next(numbers) % 800 == 799:
                gov.simulator.clock.advance(30)  # or the provider's limit of messages a minute is reached
            return target.notify.send_email("sam@example.com", RECEIPT, WORDS, "RENEW-7-receipt")

        return email

    first = GovComponents.from_settings(gov.simulator.settings(), transport=InProcessTransport(keep, lambda _: None))
    call_on(first)()
    bare = BareWsgi(seen[0].status, seen[0].body)
    transport = InProcessTransport(bare.handle, lambda _: None)
    return call_on(gov), call_on(GovComponents.from_settings(gov.simulator.settings(), transport=transport))


def _without_log(operation: str) -> Callable[[], object]:
    """The same call of the SDK on a sandbox that puts no request down in its log."""
    from unittest.mock import patch

    from govcomponents.sandbox.http.request_log import RequestLog

    patch.object(RequestLog, "record", lambda *_: None).start()
    return _clients(operation)[0]


def create_payment_without_log() -> None:
    rate_of(_without_log("create"))


def send_email_without_log() -> None:
    rate_of(_without_log("email"))


def create_payment() -> None:
    rate_of(_clients("create")[0])


def create_payment_bare() -> None:
    rate_of(_clients("create")[1])


def send_email() -> None:
    rate_of(_clients("email")[0])


def send_email_bare() -> None:
    rate_of(_clients("email")[1])


def _token_requests(count: int) -> tuple[Callable[[Request], Response], list[Callable[[], Request]]]:
    """A sandbox, and for each of `count` sign-ins what signs an assertion and makes the token request."""
    from urllib.parse import parse_qs, urlencode, urlsplit

    from govcomponents.identity.jose.signing import client_assertion, load_signer
    from govcomponents.sandbox.app import Sandbox

    sandbox = Sandbox(sign_in="at_once")
    settings = sandbox.settings().identity
    assert settings is not None
    assert settings.private_key is not None
    signer = load_signer(settings.private_key, algorithm="RS256", allowed=frozenset({"RS256"}), setting="the key")
    client, back, token = str(settings.client_id), str(settings.redirect_url), f"{sandbox.base_url}/token"
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": client, "redirect_uri": back, "scope": "openid", "vtr": '["Cl.Cm"]'}
    asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    made = []
    for number in range(count):
        query = urlencode({**asked, "state": f"state-{number}", "nonce": f"nonce-{number}"})
        location = sandbox.visit(f"{sandbox.base_url}/authorize?{query}").headers["location"]
        code = parse_qs(urlsplit(location).query)["code"][0]

        def request(code: str = code) -> Request:
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": verifier,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": client_assertion(
                    signer, client_id=client, audience=token, now=sandbox.clock.time()
                ),
            }
            headers = {"User-Agent": "bench", "Content-Type": "application/x-www-form-urlencoded"}
            return Request("token", "POST", token, Replay.UNSENT, headers, urlencode(form).encode())

        made.append(request)
    return sandbox.handle, made


def _exchange_tokens(*, bare: bool) -> None:
    count = 400
    handle, requests = _token_requests(count + 51)
    first = handle(requests.pop()())
    assert first.status == 200, first.body
    answer = BareWsgi(200, first.body).handle if bare else handle
    rate_of(lambda: json.loads(answer(requests.pop()()).body)["id_token"], count)


def exchange_token() -> None:
    _exchange_tokens(bare=False)


def exchange_token_bare() -> None:
    _exchange_tokens(bare=True)


def start_up() -> None:
    """Serve and stop: what the command does before the first request."""
    from govcomponents.sandbox.server import SandboxServer

    SandboxServer(port=0).close()


def import_dependencies() -> None:
    """Import what the sandbox's own code stands on, and nothing of it."""
    import http.server
    import sqlite3
    from concurrent import futures

    import cryptography.hazmat.primitives.asymmetric.rsa
    import jinja2
    import jwt
    import phonenumbers
    import pydantic

    _ = (http.server, sqlite3, futures, cryptography, jinja2, jwt, phonenumbers, pydantic)


def _stored(count: int) -> None:
    from govcomponents import GovComponents

    gov = GovComponents.sandbox()
    for number in range(count):
        if number % 800 == 799:
            gov.simulator.clock.advance(30)
        gov.notify.send_email("sam@example.com", RECEIPT, WORDS, f"RENEW-{number}")
    assert len(gov.simulator.notify.messages.all()) == count


def hundred_thousand_notifications() -> None:
    _stored(100_000)


def hundred_and_fifty_mebibytes() -> None:
    """The same sandbox with one notification, and 150 MiB of nothing."""
    _stored(1)
    filled = bytearray(b"x") * (150 * 1024 * 1024)
    assert filled[-1]


def _serve(command: list[str]) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, line.split()[-1]


def _over_http(*, bare: bool, operation: str) -> None:
    from govcomponents import GovComponents, Money, Settings
    from govcomponents.sandbox.app import Sandbox

    command = ["-m", "bench.variants.sandbox", "serve_bare", operation] if bare else ["-m", "govcomponents.sandbox"]
    process, url = _serve(command if bare else [*command, "--port", "0"])
    try:
        known = Sandbox(base_url=url).settings()
        gov = GovComponents.from_settings(Settings(environment="test", pay=known.pay, notify=known.notify))
        fee = Money.gbp("145.00")
        if operation == "create":
            wall_rate_of(lambda: gov.pay.create(fee, "RENEW-7", "Renew a licence", BACK))
        else:
            wall_rate_of(lambda: gov.notify.send_email("sam@example.com", RECEIPT, WORDS, "RENEW-7-receipt"))
        gov.close()
    finally:
        process.terminate()
        process.communicate()


def serve_bare() -> None:
    """Serve the bare application with the standard library's threading server, which keeps connections as ours does."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from govcomponents import GovComponents, Money
    from govcomponents.core.transports.in_process import InProcessTransport

    gov = GovComponents.sandbox()
    seen: list[Response] = []

    def keep(request: Request) -> Response:
        seen.append(gov.simulator.handle(request))
        return seen[-1]

    client = GovComponents.from_settings(gov.simulator.settings(), transport=InProcessTransport(keep, lambda _: None))
    if sys.argv[2] == "create":
        client.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", BACK)
    else:
        client.notify.send_email("sam@example.com", RECEIPT, WORDS, "RENEW-7-receipt")
    fixed = seen[0]
    application = BareWsgi(fixed.status, fixed.body)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = application.handle(Request("", "POST", self.path, Replay.UNSENT, dict(self.headers), body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def create_payment_over_http() -> None:
    _over_http(bare=False, operation="create")


def create_payment_over_http_bare() -> None:
    _over_http(bare=True, operation="create")


def send_email_over_http() -> None:
    _over_http(bare=False, operation="email")


def send_email_over_http_bare() -> None:
    _over_http(bare=True, operation="email")


if __name__ == "__main__":
    choose(globals())
