"""Access logs hold no code of a sign-in, as each server writes them."""

from __future__ import annotations

import logging
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from govcomponents.web.access_logs import ACCESS_LOGS, CallbackQueryFilter, hide_callback_queries, is_hidden

PATH = "/gov/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj&iss=https%3A%2F%2Foidc.example"
SECRETS = ("SplxlOBeZQQYbYS6WxSbIA", "af0ifjsldkj")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    found: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    keeping = Keeping()
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in ACCESS_LOGS}
    for name in ACCESS_LOGS:
        logging.getLogger(name).addHandler(keeping)
        logging.getLogger(name).setLevel(logging.INFO)
    yield found
    for name, (level, propagate) in before.items():
        logging.getLogger(name).removeHandler(keeping)
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = propagate


class Atoms(dict[str, str]):
    """The arguments of gunicorn's access log: a mapping that answers for any name."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name) if name in self else "-"


@pytest.mark.parametrize(
    ("logger", "message", "args"),
    [
        ("uvicorn.access", '%s - "%s %s HTTP/%s" %d', ("127.0.0.1:1", "GET", PATH, "1.1", 303)),
        (
            "gunicorn.access",
            '%(h)s "%(r)s" %(s)s %({x}i)s %(q)s',
            (Atoms(h="-", r=f"GET {PATH} HTTP/1.1", s="303", q=PATH.partition("?")[2]),),
        ),
        ("werkzeug", f'127.0.0.1 - - "GET {PATH} HTTP/1.1" 303 -', ()),
        ("django.server", '"%s" %s %s', (f"GET {PATH} HTTP/1.1", "303", "0")),
        ("hypercorn.access", f'"GET {PATH} 2" 303', ()),
        ("daphne.server", "%s", (PATH,)),
    ],
)
def test_the_log_of_a_server_holds_no_code(lines: list[str], logger: str, message: str, args: tuple[object]) -> None:
    hide_callback_queries()
    hide_callback_queries()
    assert is_hidden(logger)
    logging.getLogger(logger).info(message, *args)
    (line,) = lines
    assert not [secret for secret in SECRETS if secret in line]
    assert line.count("code=***&state=***") == 1 + message.count("%(q)s")
    assert "303" in line or logger == "daphne.server"


def test_other_queries_and_records_stay_as_they_are() -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "/a?page=2&postcode=ZZ1 %s", (7,), None)
    assert CallbackQueryFilter().filter(record)
    assert record.getMessage() == "/a?page=2&postcode=ZZ1 7"


def test_a_logger_of_ones_own_can_be_named() -> None:
    assert not is_hidden("a.log.of.this.test")
    hide_callback_queries("a.log.of.this.test")
    assert is_hidden("a.log.of.this.test")


def test_a_service_on_uvicorn_logs_no_code(lines: list[str]) -> None:
    uvicorn = pytest.importorskip("uvicorn")
    fastapi = pytest.importorskip("fastapi")
    from govcomponents import AsyncGovComponents
    from govcomponents.integrations.fastapi import FastAPIGov

    gov = FastAPIGov("a secret of the tests, of forty characters", gov=AsyncGovComponents.sandbox())
    app = fastapi.FastAPI()
    app.include_router(gov.router, prefix="/gov")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="info", lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}")
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
    told = [line for line in lines if "/gov/callback" in line]
    assert told
    assert not [secret for secret in SECRETS if secret in "".join(told)]
