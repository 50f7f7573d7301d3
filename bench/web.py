"""Measures the shells for web frameworks: `python -m bench.web`.

What the routes and the guard cost a request that is not theirs, what they add to the start of a process, and how
long it takes to end the sessions of one person beside 100,000 ends that are kept.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REQUESTS = 400
TURNS = 7
ENDS = 100_000
MOST_A_REQUEST = 0.1e-3
MOST_AT_START = 0.3
MOST_AN_END = 50e-3
SECRET = "a secret of the bench, of forty characters"

FLASK = """
from flask import Flask
app = Flask("service")
app.config["SECRET_KEY"] = SECRET
app.add_url_rule("/page", view_func=lambda: "here")
if OURS:
    from govcomponents import GovComponents
    from govcomponents.integrations.flask import GovComponentsFlask
    made = GovComponentsFlask(app, gov=GovComponents.from_settings(SETTINGS))
app.dispatch = app.wsgi_app
"""
FASTAPI = """
from fastapi import FastAPI
app = FastAPI()

async def page() -> str:
    return "here"
app.add_api_route("/page", page)
if OURS:
    from govcomponents import AsyncGovComponents
    from govcomponents.integrations.fastapi import FastAPIGov
    from govcomponents.integrations.starlette import PersonalPages
    web = FastAPIGov(SECRET, gov=AsyncGovComponents.from_settings(SETTINGS))
    app.include_router(web.router, prefix="/gov")
    app.add_middleware(PersonalPages)
app.openapi()
"""
DJANGO = """
import types, sys
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path
ours = ["govcomponents.integrations.django"] if OURS else []
apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", *ours]
middleware = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware"]
middleware += ["govcomponents.integrations.django.sessions.PersonMiddleware"] if OURS else []
urls = types.ModuleType("bench_urls")
sys.modules["bench_urls"] = urls
settings.configure(SECRET_KEY=SECRET, ROOT_URLCONF="bench_urls", INSTALLED_APPS=apps, MIDDLEWARE=middleware,
    ALLOWED_HOSTS=["*"], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    GOVCOMPONENTS=SETTINGS)
django.setup()
urls.urlpatterns = [path("page", lambda request: HttpResponse("here"))]
if OURS:
    urls.urlpatterns.append(path("gov/", include("govcomponents.integrations.django.urls")))
    from govcomponents.integrations.django import gov
    gov.components
from django.core.handlers.wsgi import WSGIHandler
app = WSGIHandler()
"""
SERVICES = {"flask": FLASK, "fastapi": FASTAPI, "django": DJANGO}
HEAD = """
SECRET = {secret!r}
SETTINGS = {{"environment": "test", "pay": {{"api_key": "api_test_only0in0the0bench"}}}}
if OURS:
    from govcomponents.settings import Settings
    SETTINGS = Settings(**SETTINGS)
"""


def source(name: str, *, ours: bool) -> str:
    """Return the program of a service with the shell, or without it."""
    return f"OURS = {ours}\n{HEAD.format(secret=SECRET)}\n{SERVICES[name]}"


def wsgi(app: Any) -> Callable[[], None]:
    """Return what sends one request to a WSGI application."""
    from wsgiref.util import setup_testing_defaults

    def ask() -> None:
        environ: dict[str, Any] = {"PATH_INFO": "/page"}
        setup_testing_defaults(environ)
        told: list[str] = []
        b"".join(app(environ, lambda status, _headers, _error=None: told.append(status)))
        assert told[0].startswith("200"), told

    return ask


def asgi(app: Any) -> Callable[[], None]:
    """Return what sends one request to an ASGI application, whose loop goes on."""
    loop = asyncio.new_event_loop()
    scope = {"type": "http", "method": "GET", "path": "/page", "raw_path": b"/page", "query_string": b"", "headers": []}
    scope |= {"http_version": "1.1", "scheme": "http", "root_path": "", "client": ("c", 1), "server": ("s", 80)}

    async def once() -> None:
        told: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message.get("status", 0))

        await app(dict(scope), receive, send)
        assert told[0] == 200, told

    return lambda: loop.run_until_complete(once())


def of_a_request(name: str, *, ours: bool) -> float:
    """Return the processor's seconds of one request, in a process of its own."""
    sends = "asgi" if name == "fastapi" else "wsgi"
    return told_by(f"{source(name, ours=ours)}\nfrom bench.web import asgi, wsgi, timed\nprint(timed({sends}(app)))")


def of_the_start(name: str, *, ours: bool) -> float:
    """Return the processor's seconds from the start of a process until its application is made."""
    return told_by(f"{source(name, ours=ours)}\nimport time; print(time.process_time())")


def told_by(code: str) -> float:
    """Return the number that a program prints last."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def above(measure: Callable[..., float], name: str) -> float:
    """Return what the shell costs above the framework: of each the lowest of several turns, which take turns."""
    turns = [(measure(name, ours=True), measure(name, ours=False)) for _ in range(TURNS)]
    ours, bare = (min(figures) for figures in zip(*turns, strict=True))
    return ours - bare


def timed(ask: Callable[[], None]) -> float:
    """Return the processor's seconds of one call, the lowest of several batches."""
    found = []
    for _ in range(TURNS):
        started = time.process_time()
        for _ in range(REQUESTS):
            ask()
        found.append((time.process_time() - started) / REQUESTS)
    return min(found)


def of_an_end(folder: Path) -> dict[str, float]:
    """Return the seconds in which one person's sessions end, and are asked for, beside many ends, by kind of store."""
    import sqlite3

    import sqlalchemy as sa

    from govcomponents import GovComponents
    from govcomponents.durable import Durable
    from govcomponents.durable.storage.schema import ENDED
    from govcomponents.identity.replay_stores import key_hash
    from govcomponents.web import FileEndedSessions, MemoryEndedSessions

    memory, file = MemoryEndedSessions(), FileEndedSessions(folder / "ends.db")
    file.end("first", 1, 1e9)
    for number in range(ENDS):
        memory.end(f"person {number}", 1, 1e9)
    with sqlite3.connect(folder / "ends.db") as connection:
        rows = [(key_hash(f"person {number}"), 1.0, 1e9) for number in range(ENDS)]
        connection.executemany("INSERT INTO ends VALUES (?, ?, ?)", rows)
    later = Durable(GovComponents.sandbox(), f"sqlite:///{folder / 'durable.db'}")
    later.migrate()
    database = later.ended_sessions
    with later.engine.begin() as transaction:
        transaction.execute(sa.insert(ENDED), [dict(zip(("key", "at", "until"), one, strict=True)) for one in rows])
    found = {}
    for name, store in (("memory", memory), ("file", file), ("durable, SQLite", database)):
        times = []
        for number in range(TURNS):
            started = time.perf_counter()
            store.end(f"person {number}", 2, 1e9)
            assert store.ended_at((f"person {number}",)) == 2
            times.append(time.perf_counter() - started)
        found[name] = min(times)
    later.engine.dispose()
    return found


def row(what: str, value: float, limit: float) -> None:
    """Print a row of the table."""
    print(f"| {what} | {value * 1000:,.3f} ms | <= {limit * 1000:,.1f} ms | {'yes' if value <= limit else 'no'} |")


def main() -> None:
    """Measure, and print the table."""
    argparse.ArgumentParser(description="Measure the shells for web frameworks.").parse_args()
    print("| measure | ours | must be | met |\n| --- | ---: | ---: | --- |")
    for name in SERVICES:
        row(f"a request that is not ours, {name}, above the framework's own", above(of_a_request, name), MOST_A_REQUEST)
    for name in SERVICES:
        row(f"start of a process, {name}, above the framework's own", above(of_the_start, name), MOST_AT_START)
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in of_an_end(Path(folder)).items():
            row(f"one person's sessions end beside {ENDS:,} ends, {name}", seconds, MOST_AN_END)


if __name__ == "__main__":
    main()
