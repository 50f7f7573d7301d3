"""Flask-Login's users are the people who are signed in: one session, which ends for both."""

from __future__ import annotations

import pytest

pytest.importorskip("flask")
pytest.importorskip("flask_login")

import flask_login

from govcomponents import GovComponents
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.integrations.flask import EXTENSION, GovComponentsFlask
from govcomponents.testing import WebSuite
from govcomponents.web import Person
from web.shells import test_flask

SUITE = WebSuite()


class User(flask_login.UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


@pytest.fixture
def gov() -> GovComponents:
    gov = GovComponents.sandbox()
    gov.simulator.one_login.sign_in_as("SAM")
    return gov


@pytest.fixture
def client(gov: GovComponents) -> test_flask.FlaskClient:
    client = test_flask.serve(gov, [])
    ext = GovComponentsFlask(gov=gov, prefix="/again")

    def find(person: Person) -> User | None:
        return User(person.subject.reveal()) if person.subject.reveal().endswith("NXdgU") else None

    ext.use_login(flask_login.LoginManager(client.app), find)

    @client.app.get("/mine")
    @flask_login.login_required
    def mine() -> str:
        return str(flask_login.current_user.id)

    return client


def test_the_user_is_the_person_and_ends_with_them(gov: GovComponents, client: test_flask.FlaskClient) -> None:
    browser = Browser(client)
    back = browser.get(SUITE.at_provider(gov, browser.get("/mine?page=2")))
    assert path_of(back.header("location")) == "/mine?page=2"
    page = browser.get("/mine")
    assert page.text == browser.get("/open").text
    assert (page.header("cache-control"), page.header("vary")) == ("private, no-store", "Cookie")
    copied = Browser(client, dict(browser.cookies))
    browser.post("/gov/sign-out")
    assert [one.get("/mine").status for one in (browser, copied)] == [303, 303]


def test_somebody_whom_the_service_does_not_know_is_no_user(gov: GovComponents, client: test_flask.FlaskClient) -> None:
    gov.simulator.one_login.sign_in_as("NIA")
    browser = Browser(client)
    SUITE.signed_in(gov, browser, "/gov/sign-in")
    assert (browser.get("/open").text != "nobody", browser.get("/mine").status) == (True, 303)


def test_a_store_that_is_away_makes_nobody_a_user(gov: GovComponents, client: test_flask.FlaskClient) -> None:
    browser = Browser(client)
    SUITE.signed_in(gov, browser)

    def away(_keys: tuple[str, ...]) -> float | None:
        raise OSError

    client.app.extensions[EXTENSION][1]._ended.ended_at = away
    assert browser.get("/mine").status == 303
