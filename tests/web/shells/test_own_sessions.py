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
