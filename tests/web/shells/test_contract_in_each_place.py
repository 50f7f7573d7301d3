"""Every shell keeps the contract of web shells too where sign-ins wait in a session on the server, or in a database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("flask")
pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import sessions as starlette_sessions
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request as AsgiRequest
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from govcomponents import AsyncGovComponents, ConfigurationError, GovComponents
from govcomponents.contracts.web.browser import Browser, WebClient
from govcomponents.durable import Durable
from govcomponents.integrations.flask import GovComponentsFlask
from govcomponents.testing import WebSuite
from govcomponents.web import PendingStore
from web.on_django.test_django import DjangoClient, database, django_urls, empty, override_settings, project
from web.shells import test_fastapi, test_flask

COOKIE = "session={}; Path=/; Secure; HttpOnly; SameSite=Lax"
__all__ = ["database", "empty"]  # fixtures of Django's tests


class KeptSession(dict[str, Any], SessionMixin):
    name: str | None = None


class FlaskSessions(SessionInterface):
    """Sessions of Flask on the server, as Flask-Session has them."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def open_session(self, app: Flask, request: Request) -> KeptSession:
        found = KeptSession(self.kept.get(request.cookies.get("session", ""), {}))
        found.name = request.cookies.get("session")
        return found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, KeptSession)
        if session and session.name not in self.kept:
            session.name = secrets.token_urlsafe()
            response.headers.add("Set-Cookie", COOKIE.format(session.name))
        if session.name is not None:
            self.kept[session.name] = dict(session)

    def regenerate(self, session: KeptSession) -> None:
        self.kept.pop(session.name or "")
        session.name = None


class AsgiSessions:
    """Sessions of an ASGI application on the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = AsgiRequest(scope).cookies.get("session", "") if scope["type"] == "http" else ""
        scope["session"] = self.kept.get(name, {})

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["session"] and name not in self.kept:
                new = secrets.token_urlsafe()
                self.kept[new] = scope["session"]
                MutableHeaders(scope=message).append("Set-Cookie", COOKIE.format(new))
            await send(message)

        await self.app(scope, receive, keep)


class OnTheServer(WebSuite):
    """The contract, with sign-ins that wait on the server."""

    is_kept_by_browser = False

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[PendingStore]:
        """The store of a durable layer."""
        with GovComponents.sandbox() as gov:
            later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
            later.migrate()
            yield later.sign_ins_under_way
            later.engine.dispose()


class TestFlaskInSession(OnTheServer):
    @staticmethod
    def serve(gov: GovComponents, handled: list[str]) -> WebClient:
        return test_flask.serve(gov, handled, pending="session", sessions=FlaskSessions())


class TestFlaskInStore(OnTheServer):
    serve = staticmethod(test_flask.serve)

    @pytest.fixture
    def client(self, gov: GovComponents, handled: list[str], store: PendingStore) -> WebClient:
        return test_flask.serve(gov, handled, pending=store)


@pytest.mark.skipif(
    not hasattr(starlette_sessions, "Session"),
    reason="this Starlette tells no session on the server from a cookie: the shell refuses both but for starsessions'",
)
class TestFastAPIInSession(OnTheServer):
    components = AsyncGovComponents

    @staticmethod
    def serve(gov: AsyncGovComponents, handled: list[str]) -> WebClient:
        app = test_fastapi.service(gov, handled, pending="session")
        app.add_middleware(AsgiSessions)
        return test_fastapi.AsgiClient(app)


class TestFastAPIInStore(OnTheServer):
    components = AsyncGovComponents
    serve = staticmethod(test_fastapi.serve)

    @pytest.fixture
    def client(self, gov: AsyncGovComponents, handled: list[str], store: PendingStore) -> WebClient:
        return test_fastapi.AsgiClient(test_fastapi.service(gov, handled, pending=store))


class OnDjango(OnTheServer):
    place: ClassVar[str]

    @classmethod
    def serve(cls, gov: GovComponents, handled: list[str]) -> WebClient:
        with override_settings(GOVCOMPONENTS_PENDING=cls.place):
            project.use(gov)
        django_urls.handled = handled
        return DjangoClient()


class TestDjangoInSession(OnDjango):
    place = "session"


class TestDjangoInDatabase(OnDjango):
    place = "database"


def test_a_session_on_the_server_gets_a_new_id_at_sign_in() -> None:
    gov, sessions = GovComponents.sandbox(), FlaskSessions()
    browser = Browser(test_flask.serve(gov, [], pending="session", sessions=sessions))
    gov.simulator.one_login.sign_in_as("SAM")
    back = WebSuite.at_provider(gov, browser.get("/protected"))
    before = browser.cookies["session"]
    assert (before in sessions.kept, browser.get(back).status) == (True, 303)
    assert (before in sessions.kept, before == browser.cookies["session"], len(sessions.kept)) == (False, False, 1)


def test_the_database_is_that_of_the_durable_layer(tmp_path: Path) -> None:
    with GovComponents.sandbox() as gov:
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        app = Flask("service")
        app.config["SECRET_KEY"] = "a secret of the tests, of forty characters"
        GovComponentsFlask(app, later=later, pending="database")
        assert list(Browser(test_flask.FlaskClient(app)).get("/gov/sign-in").headers)
        with later.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM gov_signing_in").scalar() == 1
        later.engine.dispose()


def test_while_the_database_is_away_a_person_is_told_so(tmp_path: Path) -> None:
    with GovComponents.sandbox() as gov:
        gov.simulator.one_login.sign_in_as("SAM")
        later = Durable(gov, f"sqlite:///{tmp_path / 'store.db'}")
        later.migrate()
        browser = Browser(test_flask.serve(gov, [], pending=later.sign_ins_under_way))
        back = OnTheServer.at_provider(gov, browser.get("/protected"))
        for away, here in (("gov_signing_in", "away"), ("away", "gov_signing_in")):
            with later.engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER TABLE {away} RENAME TO {here}")
            if here == "away":
                for page in ("/protected", back):
                    told = browser.get(page)
                    assert (told.status, "Traceback" in told.text) == (503, False)
        assert browser.get(back).status == 303  # it was not used up
        later.engine.dispose()


@pytest.mark.parametrize("shell", ["flask", "starlette", "mounted", "wrapped"])
def test_a_session_that_is_a_cookie_keeps_no_sign_in(shell: str) -> None:
    if shell == "flask":
        client: WebClient = test_flask.serve(GovComponents.sandbox(), [], pending="session")
    else:
        app: Starlette = test_fastapi.service(AsyncGovComponents.sandbox(), [], pending="session")
        if shell == "mounted":
            app = Starlette(routes=[Mount("/", app=app)])
        if shell != "wrapped":
            app.add_middleware(SessionMiddleware, secret_key=test_fastapi.SECRET)
        is_around = shell == "wrapped"
        client = test_fastapi.AsgiClient(SessionMiddleware(app, test_fastapi.SECRET) if is_around else app)
    if shell == "flask":
        client.app.testing = True  # it lets errors through
    with pytest.raises(ConfigurationError, match="on the server"):
        client.send("GET", "/gov/sign-in", {}, b"")


def test_a_place_that_there_is_not_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="durable layer"):
        test_flask.serve(GovComponents.sandbox(), [], pending="database")


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({"GOVCOMPONENTS_PENDING": "session"}, False),
        ({"GOVCOMPONENTS_PENDING": "database"}, False),
        ({"GOVCOMPONENTS_PENDING": "cookie", "MIDDLEWARE": []}, False),
        ({"GOVCOMPONENTS_PENDING": "session", "MIDDLEWARE": []}, True),
        (
            {
                "GOVCOMPONENTS_PENDING": "session",
                "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
            },
            True,
        ),
    ],
)
def test_a_django_project_without_a_session_on_the_server_is_stopped(
    changed: dict[str, object], *, is_told: bool
) -> None:
    from django.core.checks import run_checks

    with override_settings(**{"GOVCOMPONENTS": {}} | changed):
        project.use(None)
        assert ("govcomponents.E015" in [one.id for one in run_checks()]) is is_told


def test_a_django_project_that_names_no_place_is_stopped() -> None:
    from django.core.checks import run_checks

    with override_settings(GOVCOMPONENTS={}, GOVCOMPONENTS_PENDING="redis"):
        project.use(None)
        assert "govcomponents.E001" in [one.id for one in run_checks()]
