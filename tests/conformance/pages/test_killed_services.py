"""The example services on PostgreSQL and Redis, whose workers are killed while people renew: nobody is told falsely.

Flask and Django on gunicorn with a worker beside, and FastAPI on uvicorn, whose processes work beside their requests.
What Flask's and FastAPI's share they share in Redis, Django's in its database.

WEB_JOURNEYS says how many people, WEB_AT_ONCE how many of them at once: twenty each unless they say so.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from durable.servers.postgres import NoPostgres, remove, start
from durable.servers.redis_server import NoRedis
from durable.servers.redis_server import serving as serving_redis
from govcomponents.sandbox.browser import Page
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.sandbox.world import default_world
from govcomponents.testing import FormBrowser, pay_by_card, serving

pytestmark = pytest.mark.alone

SERVICES = Path(__file__).parents[3] / "examples" / "services"
TESTS = Path(__file__).parents[2]
APPLICATION = "conformance.pages.renewal_on_redis"
MADE = "the application is made in the process {}"  # as that module says it
JOURNEYS = int(os.environ.get("WEB_JOURNEYS", "20"))
AT_ONCE = int(os.environ.get("WEB_AT_ONCE", "20"))
BETWEEN_KILLS, TRIES, PATIENCE = 2.0, 900, 1200.0  # patience costs nothing where it is not needed


class Gone(Exception):
    """The connection ended without an answer: the process was killed. A person would reload the page."""


class Visitor:
    """A browser that keeps cookies, and repeats what it only reads."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}
        self.seen = []

    def get(self, path):
        for _ in range(TRIES):
            try:
                return self._ask("GET", path)
            except Gone:
                time.sleep(0.2)
        raise AssertionError(f"{path} was never answered")

    def send(self, page):
        """Send the last form of a page."""
        form = Page("", 200, page).forms[-1]
        return self._ask("POST", form.action, urlencode(form.values))

    def _ask(self, method, path, form=None):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            with closing(http.client.HTTPConnection("localhost", self.port, timeout=300)) as connection:
                connection.request(method, path, form, headers)
                answer = connection.getresponse()
                text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            raise Gone from None
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0" not in header:
                self.cookies[name] = value
        self.seen.append((method, path.partition("?")[0], answer.status))
        return answer.status, answer.headers.get("Location", ""), text


def renew(port, who):
    """Renew as a person does who reloads when a page does not come; return what they saw at the end."""
    visitor = Visitor(port)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        status, location, text = visitor.get("/renew")
        assert status in (200, 303, 302), (who, visitor.seen)
        if "/authorize" in location:
            page = FormBrowser.over_http().open(location)
            back = FormBrowser.over_http().send(page.form_with("person"), person=who, outcome="success").url
            parts = urlsplit(back)
            visitor.get(f"{parts.path}?{parts.query}")
        elif "/renewals/" in location:
            if (done := look(visitor, urlsplit(location).path)) is not None:
                return done
        elif "Check your details" in text:
            go_to_pay(visitor, text)
        else:  # the renewal is there no more to be paid
            return text
    raise AssertionError(f"{who} did not come to an end: {visitor.seen}")


def go_to_pay(visitor, page):
    try:
        _, location, _ = visitor.send(page)
    except Gone:
        return
    if "/renewals/" not in location and location.startswith("http"):
        pay(location)


def look(visitor, path):
    """Look at the page that tells how the payment stands, and go on where it says so."""
    status, _, text = visitor.get(path)
    assert status in (200, 303), visitor.seen  # no provider is away
    assert "Traceback" not in text
    if "Licence renewed" in text:
        return text
    if go_on := re.search(r'class="govuk-button" href="(http[^"]+)"', text):
        pay(unescape(go_on[1]))
    time.sleep(0.5)
    return None


def pay(url):
    try:
        pay_by_card(FormBrowser.over_http(), url)
    except LookupError:
        return  # it was paid already, and the page has no form


def world():
    one_login = default_world()["one_login"]
    sam = one_login["people"][0]
    people = [
        {**sam, "symbol": f"P{number}", "sub": f"{sam['sub']}{number}", "email": f"person{number}@example.com"}
        for number in range(JOURNEYS)
    ]
    return {**default_world(), "one_login": {**one_login, "people": people}}


@pytest.fixture
def postgres():
    try:
        server = start()
    except NoPostgres as error:
        pytest.skip(str(error))
    yield server
    remove(server)


@pytest.fixture
def redis(tmp_path):
    pytest.importorskip("redis")
    try:
        with serving_redis(tmp_path) as url:
            yield url
    except NoRedis as error:
        pytest.skip(str(error))


def free_port():
    with socket.create_server(("localhost", 0)) as free:
        return free.getsockname()[1]


class Served:
    """A service on a server of several processes: how it is started, and which of its processes may be killed."""

    def __init__(self, folder, variables, log):
        self.folder, self.variables, self.log = folder, variables, log

    def run(self, *command):
        return subprocess.Popen(
            [sys.executable, "-m", *command], cwd=self.folder, env=self.variables, stdout=self.log, stderr=self.log
        )

    def children(self):
        """Return the processes that have made the application."""
        started = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        told = set(Path(self.log.name).read_text(errors="replace").splitlines())
        return [int(child) for child in started if MADE.format(child) in told]

    def kill_one(self, chance):
        """Kill a process, and return whether there was one to spare.

        Where a start takes longer than two seconds, nobody would ever be answered else.
        """
        children = self.children()
        if len(children) < 2:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
        return True

    def sign_ins(self):
        """Return how many sign-ins were used, by what the processes share."""
        from redis import Redis

        with closing(Redis.from_url(self.variables["RENEWAL_REDIS"])) as client:
            return len(client.keys("govcomponents:replay:*"))

    def stop(self):
        self.server.terminate()
        self.server.wait()


class OnGunicorn(Served):
    """Four processes that answer, and one beside them that works."""

    def start(self, application, port, tmp_path):
        options = ("--bind", f"localhost:{port}", "--access-logfile", str(tmp_path / "access.log"))
        self.server = self.run("gunicorn", "-c", "gunicorn.conf.py", *options, application)
        self.worker = self.work()

    def kill_one(self, chance):
        if chance.random() < 0.7:
            return super().kill_one(chance)
        self.worker.kill()
        self.worker.wait()
        self.worker = self.work()
        return True

    def stop(self):
        super().stop()
        self.worker.terminate()
        self.worker.wait()


class FlaskOnGunicorn(OnGunicorn):
    """Its processes share in Redis."""

    def __init__(self, postgres, port, tmp_path, log, variables):
        super().__init__(SERVICES / "flask", {**variables, "RENEWAL_DATABASE": postgres.url}, log)
        assert self.work("--once").wait(timeout=600) == 0  # makes the tables
        self.start(f"{APPLICATION}:create_app()", port, tmp_path)

    def work(self, *more):
        return self.run("flask", "--app", APPLICATION, "gov", "work", *more)


class DjangoOnGunicorn(OnGunicorn):
    """Its processes share in Django's database."""

    def __init__(self, postgres, port, tmp_path, log, variables):
        self.database = postgres.dsn
        where = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "gov", "HOST": "127.0.0.1"}
        where["PORT"] = str(postgres.port)
        settings = {"DJANGO_SETTINGS_MODULE": "renewal.settings"}
        settings |= {f"RENEWAL_DATABASE_{name}": value for name, value in where.items()}
        super().__init__(SERVICES / "django", variables | settings, log)
        assert self.run("django", "migrate", "--verbosity", "0").wait(timeout=600) == 0
        self.start("conformance.pages.renewal_on_django", port, tmp_path)

    def work(self):
        return self.run("django", "govcomponents_work")

    def sign_ins(self):
        import psycopg

        with closing(psycopg.connect(self.database)) as connection:
            return connection.execute("SELECT count(*) FROM gov_used_once").fetchone()[0]


class FastAPIOnUvicorn(Served):
    """Two processes, each of which answers and works."""

    def __init__(self, postgres, port, _tmp_path, log, variables):
        url = postgres.url.replace("postgresql+psycopg:", "postgresql+psycopg_async:")
        super().__init__(SERVICES / "fastapi", {**variables, "RENEWAL_DATABASE": url}, log)
        options = ("--host", "localhost", "--port", str(port), "--workers", "2", "--no-access-log")
        self.server = self.run("uvicorn", "--factory", f"{APPLICATION}:create_app", *options)


class Killer(threading.Thread):
    """Kills a process of a service, again and again."""

    def __init__(self, service):
        super().__init__()
        self.service = service
        self.kills = 0
        self.is_over = threading.Event()

    def run(self):
        chance = random.Random(7)
        while not self.is_over.wait(BETWEEN_KILLS if self.kills else 0.2):
            self.kills += self.service.kill_one(chance)


@pytest.mark.parametrize(
    ("served", "needs"),
    [
        (DjangoOnGunicorn, ("gunicorn", "django", "whitenoise", "psycopg")),
        (FlaskOnGunicorn, ("gunicorn", "flask")),
        (FastAPIOnUvicorn, ("uvicorn", "fastapi")),
    ],
)
def test_while_workers_are_killed_every_payment_is_recorded_and_every_receipt_sent_once(
    served, needs, postgres, redis, tmp_path
):
    for package in needs:
        pytest.importorskip(package)
    port = free_port()
    site = f"http://localhost:{port}"
    with (
        serving(world(), redirect_to=f"{site}/gov/callback", callbacks_to=f"{site}/gov/events") as server,
        (tmp_path / "service.log").open("ab") as log,
    ):
        variables = os.environ | dict(environment(server.sandbox.settings()))
        variables |= {"RENEWAL_SECRET_KEY": "a secret of the tests, of forty characters"}
        variables |= {"RENEWAL_REDIS": redis, "PYTHONPATH": str(TESTS)}
        service = served(postgres, port, tmp_path, log, variables)
        killer = Killer(service)
        try:
            Visitor(port).get("/")
            killer.start()
            with ThreadPoolExecutor(AT_ONCE) as pool:
                ends = list(pool.map(lambda number: renew(port, f"P{number}"), range(JOURNEYS)))
            killer.is_over.set()
            killer.join()
            # What a killed process had taken is in doubt until its lease is over: it is late then, and not lost.
            until = time.monotonic() + PATIENCE
            while len(server.sandbox.messages()) < JOURNEYS and time.monotonic() < until:
                time.sleep(0.5)
        finally:
            killer.is_over.set()
            if killer.is_alive():
                killer.join()
            service.stop()
        print(f"{JOURNEYS} journeys, {AT_ONCE} at once, {killer.kills} kills")  # noqa: T201  # what was done: pytest -rP shows it
        assert killer.kills > 0
        assert all("renew" in text.lower() for text in ends)
        told = (tmp_path / "service.log").read_text(errors="replace")
        assert "Traceback" not in told, told[-3000:]
        errors = [line for line in told.splitlines() if "did not end well" in line or "could not be given" in line]
        assert not errors  # what a person was shown in the place of a page, and why
        paid = [one for one in server.sandbox.pay.charges() if one.status == "success"]
        receipts = [one.to for one in server.sandbox.messages()]
        assert sorted(receipts) == sorted(f"person{number}@example.com" for number in range(JOURNEYS))
        assert len(paid) == JOURNEYS
        assert service.sign_ins() >= JOURNEYS  # each used a sign-in at least
        if (tmp_path / "access.log").exists():
            assert "code=" not in (tmp_path / "access.log").read_text(errors="replace")
