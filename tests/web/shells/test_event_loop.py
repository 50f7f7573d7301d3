"""An asyncio service never blocks its event loop: a whole journey, watched by Python's own audit of what waits.

The program below is one process, as a service is: what it imports late, it imports while people wait.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("aiosqlite")

import sqlalchemy as sa
from fastapi import Depends, FastAPI, Response
from sqlalchemy.ext.asyncio import create_async_engine

from govcomponents import AsyncGovComponents, Money
from govcomponents.durable import AsyncDurable
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.testing import Browser, FormBrowser, pay_by_card, serving
from web.shells.test_fastapi import AsgiClient

SITE = "https://service.example.gov.uk"
TESTS = Path(__file__).parents[2]
WAITS = {"open", "import", "time.sleep", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.listdir"}
"""What reads a disk, asks the net for a name, or sleeps. Connecting is no wait for sockets that do not block."""
FIRST = ("/checks.", ".checks'", "error_mapping", "refund_guard")
"""Small modules that are read once: what health needs, and what the first refusal of a provider needs."""


class Watchdog:
    """Watches a thread, and keeps what it waited for."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.thread = 0
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in WAITS and threading.get_ident() == self.thread and arguments[0] != __file__:  # FastAPI looks at it
            self.seen.append(f"{event} {arguments[0]!r}")

    def hear_statement(self, _connection, _cursor, statement: str, *_more: object) -> None:
        if threading.get_ident() == self.thread:
            self.seen.append(f"SQL {statement}")


class Person(Browser):
    """A browser whose client is asked on the loop that is watched."""

    async def asks(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> str:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        reply = await self.client.send_now(method, path, headers or cookies, body)
        for name, cookie in reply.headers:
            if name == "set-cookie":
                self._keep(cookie)
        assert reply.status in (200, 303), reply.text
        return reply.header("location") or reply.text


async def journey(folder: str, watchdog: Watchdog) -> None:
    """Sign in, be told a webhook, ask for health, and sign out."""
    with serving(redirect_to=f"{SITE}/gov/callback", callbacks_to=f"{SITE}/gov/events") as server:
        webhooks = []
        server.sandbox.callbacks.receive(lambda callback: webhooks.append(callback) or 200)
        gov = AsyncGovComponents.from_settings(server.sandbox.settings())
        later = AsyncDurable(gov, create_async_engine(f"sqlite+aiosqlite:///{folder}/service.db"))
        sa.event.listen(later.engine, "before_cursor_execute", watchdog.hear_statement)
        await later.migrate()
        web = FastAPIGov("a secret of the tests, of forty characters", later=later)
        app = service(web)
        async with web.lifespan(app):
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})  # what it prepares, when it starts
            payment = await gov.pay.create(Money.gbp("145.00"), "RENEW-7", "Renew a licence", f"{SITE}/renew")
            await asyncio.to_thread(pay_by_card, FormBrowser.over_http(), payment.redirect_url())
            person = Person(AsgiClient(app))
            watchdog.thread = threading.get_ident()
            provider = await person.asks("GET", "/protected")
            watchdog.thread = 0
            back = await asyncio.to_thread(signed_in, provider)
            watchdog.thread = threading.get_ident()
            assert await person.asks("GET", f"/gov/callback?{back.partition('?')[2]}") == "/protected"
            assert await person.asks("GET", "/protected") == "signed in"
            for one in webhooks:
                await person.asks("POST", f"/gov/events/{one.component}", dict(one.headers), one.body)
            await person.asks("GET", "/gov/health")
            await person.asks("POST", "/gov/sign-out")
            watchdog.thread = 0


def signed_in(provider: str) -> str:
    """Sign somebody in at the provider, and return where they come back to."""
    browser = FormBrowser.over_http()
    return browser.send(browser.open(provider).form_with("person"), person="SAM", outcome="success").url


def service(web: FastAPIGov) -> FastAPI:
    app = FastAPI()
    app.include_router(web.router, prefix="/gov")

    @app.get("/protected", dependencies=[Depends(web.require_identity(confidence="medium"))])
    async def protected() -> Response:
        return Response("signed in")

    return app


def test_no_request_of_a_journey_keeps_the_loop_waiting():
    done = subprocess.run(
        [sys.executable, "-m", "web.shells.test_event_loop"], cwd=TESTS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    waited = json.loads(done.stdout)
    assert [one for one in waited if not any(name in one for name in FIRST)] == []
    assert any("error_mapping" in one for one in waited)  # the watchdog hears what is read on the loop


if __name__ == "__main__":
    dog = Watchdog()
    with TemporaryDirectory() as folder:
        asyncio.run(journey(folder, dog))
    sys.stdout.write(json.dumps(dog.seen))
