"""What a service keeps in its own session is gone when the person signs out, or somebody else signs in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("flask")
pytest.importorskip("fastapi")

from flask import session
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.contracts.web.browser import Browser, WebClient
from govcomponents.testing import WebSuite
from web.shells import test_fastapi, test_flask

SUITE = WebSuite()


def on_flask() -> tuple[GovComponents, WebClient]:
    gov = GovComponents.sandbox()
    client = test_flask.serve(gov, [])

    @client.app.get("/basket")
    def basket() -> str:
        session["pages"] = session.get("pages", 0) + 1
        return str(session["pages"])

    return gov, client


def on_starlette() -> tuple[AsyncGovComponents, WebClient]:
    pytest.importorskip("itsdangerous")
    from starlette.middleware.sessions import SessionMiddleware

    gov = AsyncGovComponents.sandbox()
    app = test_fastapi.service(gov, [])
    app.add_middleware(SessionMiddleware, secret_key=test_fastapi.SECRET)

    async def basket(request: Request) -> PlainTextResponse:
        request.session["pages"] = request.session.get("pages", 0) + 1
        return PlainTextResponse(str(request.session["pages"]))

    app.add_route("/basket", basket)
    return gov, test_fastapi.AsgiClient(app)


@pytest.mark.parametrize("make", [on_flask, on_starlette])
def test_a_services_own_session_belongs_to_one_person(make: Callable[[], tuple[Any, WebClient]]) -> None:
    gov, client = make()
    browser = Browser(client)
    gov.simulator.one_login.sign_in_as("SAM")
    assert browser.get("/basket").text == "1"
    SUITE.signed_in(gov, browser)
    assert browser.get("/basket").text == "2"  # what somebody put there before signing in is theirs
    gov.simulator.one_login.sign_in_as("NIA")
    SUITE.signed_in(gov, browser, "/gov/sign-in")
    assert browser.get("/basket").text == "1"
    browser.post("/gov/sign-out")
    assert browser.get("/basket").text == "1"


def kept_on_the_server(*, is_loaded: bool) -> tuple[AsyncGovComponents, WebClient, Any]:
    """A service whose sessions starsessions keeps, loaded for each request or by those that ask."""
    starsessions = pytest.importorskip("starsessions")
    gov, store = AsyncGovComponents.sandbox(), starsessions.InMemoryStore()
    app = test_fastapi.service(gov, [])
    if is_loaded:
        app.add_middleware(starsessions.SessionAutoloadMiddleware)
    app.add_middleware(starsessions.SessionMiddleware, store=store, lifetime=3600)

    async def basket(request: Request) -> PlainTextResponse:
        await starsessions.load_session(request)
        request.session["pages"] = request.session.get("pages", 0) + 1
        return PlainTextResponse(str(request.session["pages"]))

    app.add_route("/basket", basket)
    return gov, test_fastapi.AsgiClient(app), store


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_session_on_the_server_has_a_new_id_from_sign_in_on(is_loaded: bool) -> None:
    gov, client, store = kept_on_the_server(is_loaded=is_loaded)
    browser = Browser(client)
    gov.simulator.one_login.sign_in_as("SAM")
    assert browser.get("/basket").text == "1"
    before = browser.cookies["session"]
    SUITE.signed_in(gov, browser)
    after = browser.cookies["session"]
    assert after != before
    assert list(store.data) == [after]  # whoever knew the id before knows none that is good
    assert browser.get("/basket").text == "2"
    gov.simulator.one_login.sign_in_as("NIA")
    SUITE.signed_in(gov, browser, "/gov/sign-in")
    assert browser.get("/basket").text == "1"
    browser.post("/gov/sign-out")
    assert after not in store.data
    assert browser.get("/basket").text == "1"
