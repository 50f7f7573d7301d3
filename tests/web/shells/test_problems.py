"""Each shell has a page for a provider that is away while a page needs it, and the service need not think of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Protocol

import pytest

pytest.importorskip("flask")
pytest.importorskip("fastapi")

from fastapi import Depends, FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from govcomponents import (
    AsyncGovComponents,
    GovComponents,
    GovComponentsError,
    InvalidInput,
    Money,
    Personal,
    Secret,
)
from govcomponents.identity import Authentication, Confidence
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.integrations.flask import GovComponentsFlask
from govcomponents.integrations.starlette import StarletteGov
from govcomponents.web import NotSignedIn, Person, Problem, Requirement, SignInCookies

SECRET = "a secret of the tests, of forty characters"
SITE = "https://service.example.gov.uk"
FEE = (Money.gbp("145.00"), "R-1", "Renew a licence", f"{SITE}/back")
OWN = "<h1>A page of our own</h1>"


NOT_SIGNED_IN = "<h1>You are not signed in, by a page of our own</h1>"


def of_sam(simulator: Any) -> str:
    """The cookie of somebody who has signed in."""
    signed_in_at = int(simulator.clock.now().timestamp())
    sam = Person(
        provider="GOV.UK One Login",
        issuer="https://oidc.account.gov.uk/",
        subject=Personal("urn:fdc:gov.uk:2022:sam"),
        confidence=Confidence.MEDIUM,
        authentication=Authentication.TWO_FACTOR,
        signed_in_at=signed_in_at,
        session=Secret("a-session"),
    )
    (cookie,) = SignInCookies([Secret(SECRET)], clock=lambda: signed_in_at).keep_person(sam)
    return cookie.partition(";")[0]


class Answered(Protocol):
    status_code: int
    text: str


class Away:
    """A store, of sign-ins that are under way and of sessions that have ended, whose database is away."""

    def keep(self, *_given: object) -> Any:
        raise OSError("no such host")

    find = end = ended_at = keep


Get = Callable[..., Answered]


def of_a_test_client(client: TestClient) -> Get:
    return lambda path, **headers: client.get(path, headers=headers, follow_redirects=False)


@contextmanager
def on_flask(*, is_own: str = "") -> Iterator[tuple[Any, Get]]:
    gov = GovComponents.sandbox()
    app = Flask("service")
    app.config["SECRET_KEY"] = SECRET
    if is_own == "handler":
        app.register_error_handler(GovComponentsError, lambda _error: (OWN, 503))
    web = GovComponentsFlask(app, gov=gov, pending=Away(), ended=Away())
    if is_own == "later":
        app.register_error_handler(GovComponentsError, lambda _error: (OWN, 503))
    if is_own == "problem":
        web.problem(lambda told: (OWN if isinstance(told, Problem) else "", told.status))
    if is_own == "asking":
        web.problem(lambda told: (f"{OWN}{web.person}", told.status))
    if is_own == "refused":
        web.refused(lambda ended: (NOT_SIGNED_IN, ended.answer.status))
    app.get("/renew")(web.require_identity()(lambda: "renew"))
    app.get("/mine", endpoint="mine")(lambda: str(web.person))
    app.get("/pay", endpoint="pay")(lambda: gov.pay.create(*FEE).id)
    app.get("/look", endpoint="look")(lambda: str(list(gov.pay.search())))
    app.get("/mistake", endpoint="mistake")(lambda: gov.pay.create(Money.gbp("-1"), *FEE[1:]).id)

    @web.language
    def language() -> str:
        from flask import request

        return request.headers.get("Language", "en")

    client = app.test_client(use_cookies=False)
    yield gov.simulator, lambda path, **headers: client.get(path, base_url=SITE, headers=headers)


def pages_of(app: Any, gov: AsyncGovComponents) -> None:
    async def pay(_request: Request) -> PlainTextResponse:
        return PlainTextResponse((await gov.pay.create(*FEE)).id)

    async def look(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(str([one async for one in gov.pay.search()]))

    async def mistake(_request: Request) -> PlainTextResponse:
        return PlainTextResponse((await gov.pay.create(Money.gbp("-1"), *FEE[1:])).id)

    app.router.routes += [Route(f"/{page.__name__}", page) for page in (pay, look, mistake)]


def own(app: Any, web: StarletteGov, is_own: str) -> None:
    async def page(_request: Request, told: Any) -> HTMLResponse:
        return HTMLResponse(OWN, getattr(told, "status", None) or 503)

    async def asking(request: Request, told: Problem) -> HTMLResponse:
        return HTMLResponse(f"{OWN}{await web.person(request)}", told.status)

    async def refused(_request: Request, ended: NotSignedIn) -> HTMLResponse:
        return HTMLResponse(NOT_SIGNED_IN, ended.answer.status)

    if is_own in ("handler", "later"):
        app.add_exception_handler(GovComponentsError, page)
    if is_own == "problem":
        web.problem(page)
    if is_own == "asking":
        web.problem(asking)
    if is_own == "refused":
        web.refused(refused)
    web.language(lambda request: request.headers.get("Language", "en"))


@contextmanager
def on_fastapi(*, is_own: str = "") -> Iterator[tuple[Any, Get]]:
    gov = AsyncGovComponents.sandbox()
    web = FastAPIGov(SECRET, gov=gov, pending=Away(), ended=Away())
    app = FastAPI(lifespan=web.lifespan)
    app.include_router(web.router, prefix="/gov")
    app.get("/renew", dependencies=[Depends(web.require_identity())])(lambda: "renew")
    pages_of(app, gov)

    async def mine(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await web.person(request)))

    app.router.routes.append(Route("/mine", mine))
    own(app, web, is_own)
    with TestClient(app, base_url=SITE) as client:
        yield gov.simulator, of_a_test_client(client)


@contextmanager
def on_starlette(*, is_own: str = "") -> Iterator[tuple[Any, Get]]:
    gov = AsyncGovComponents.sandbox()
    web = StarletteGov(SECRET, gov=gov, pending=Away(), ended=Away())

    async def renew(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await web.require(request, Requirement())).issuer)

    app = Starlette(routes=[Mount("/gov", routes=web.routes), Route("/renew", renew)], lifespan=web.lifespan)
    pages_of(app, gov)

    async def mine(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await web.person(request)))

    app.router.routes.append(Route("/mine", mine))
    own(app, web, is_own)
    with TestClient(app, base_url=SITE) as client:
        yield gov.simulator, of_a_test_client(client)


SHELLS = pytest.mark.parametrize("shell", [on_flask, on_fastapi, on_starlette])


@SHELLS
@pytest.mark.parametrize(
    ("page", "fault", "told"),
    [
        ("/look", "unavailable", "This page cannot be shown at the moment"),
        ("/look", "key_revoked", "If you have paid, do not pay again"),
        (
            "/pay",
            "unavailable",
            "nothing was taken for it. If you have paid already, do not pay again",
        ),
        ("/pay", "time_out_after_acceptance", "We do not know yet whether what you asked for was done"),
    ],
)
def test_a_page_that_needs_a_provider_that_is_away_says_what_is_known(
    shell: Any, page: str, fault: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    with shell() as (simulator, get), caplog.at_level(logging.ERROR):
        simulator.control.arm("pay", fault, times=99)
        answer = get(page)
        in_welsh = get(page, Language="cy")
    assert (answer.status_code, told in answer.text) == (503, True), answer.text
    assert "<h1>Sorry, there is a problem with the service</h1>" in answer.text
    assert '<html lang="cy">' in in_welsh.text
    assert "<h1>Mae'n ddrwg gennym, mae problem gyda'r gwasanaeth</h1>" in in_welsh.text
    assert "a page could not be given: pay." in caplog.text


@SHELLS
@pytest.mark.parametrize("page", ["/renew", "/gov/sign-in?next=/renew"])
def test_a_sign_in_that_cannot_begin_is_told_on_a_page(shell: Any, page: str) -> None:
    with shell() as (_, get):
        answer = get(page)
    assert (answer.status_code, "<p>Sign-in does not work at the moment." in answer.text) == (503, True), answer.text


@SHELLS
def test_who_has_signed_in_is_not_told_otherwise_while_the_database_is_away(shell: Any) -> None:
    with shell() as (simulator, get):
        answer = get("/renew", Cookie=of_sam(simulator))
    assert (answer.status_code, "If you have paid, do not pay again" in answer.text) == (503, True), answer.text
    assert "not signed in" not in answer.text


@SHELLS
@pytest.mark.parametrize("is_own", ["", "refused", "problem"])
def test_who_has_signed_in_and_loads_the_way_back_again_is_not_told_otherwise_while_the_database_is_away(
    shell: Any, is_own: str
) -> None:
    with shell(is_own=is_own) as (simulator, get):
        answer = get("/gov/callback?code=a&state=b", Cookie=of_sam(simulator))
        stranger = get("/gov/callback?code=a&state=b", Cookie=f"__Host-gov-browser={'a' * 43}")
    told = OWN if is_own == "problem" else "This page cannot be shown at the moment. Try again later"
    assert (answer.status_code, told in answer.text) == (503, True), answer.text
    told = NOT_SIGNED_IN if is_own == "refused" else "Sign-in does not work at the moment. Try again later"
    assert (stranger.status_code, told in stranger.text) == (503, True), stranger.text


@SHELLS
@pytest.mark.parametrize("is_own", ["problem", "handler", "later"])
def test_a_service_has_a_page_of_its_own_in_the_place_of_it(shell: Any, is_own: str) -> None:
    with shell(is_own=is_own) as (simulator, get):
        simulator.control.arm("pay", "unavailable", times=99)
        assert (get("/pay").text, get("/look").status_code) == (OWN, 503)
        if is_own == "problem":
            assert (get("/renew").text, get("/gov/sign-in").text) == (OWN, OWN)


@SHELLS
def test_a_page_for_problems_may_ask_for_the_person_whom_nobody_could_tell(shell: Any) -> None:
    """As what all pages of a service have on top does; raised again, the person would read a bare error."""
    with shell(is_own="asking") as (simulator, get):
        for page in ("/mine", "/renew"):
            answer = get(page, Cookie=of_sam(simulator))
            assert (answer.status_code, answer.text) == (503, f"{OWN}None"), page


@SHELLS
def test_a_mistake_of_the_services_own_is_left_to_the_framework(shell: Any) -> None:
    with shell() as (_, get), suppress(InvalidInput):  # as which Starlette's test client shows it
        assert get("/mistake").status_code == 500


def test_an_error_after_the_answer_has_begun_is_not_answered_again() -> None:
    gov = AsyncGovComponents.sandbox()
    web = StarletteGov(SECRET, gov=gov)
    app = Starlette(lifespan=web.lifespan)

    async def begins(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await gov.pay.get("missing-0000")

    app.mount("/begins", begins)
    with TestClient(app, base_url=SITE) as client, pytest.raises((GovComponentsError, HTTPException)):
        client.get("/begins/")


def made_without_a_lifespan(*, is_mounted: bool) -> tuple[FastAPIGov, AsyncGovComponents, FastAPI, TestClient]:
    """An application whose lifespan nobody runs, and a client of it that shows what a person sees."""
    gov = AsyncGovComponents.sandbox()
    web = FastAPIGov(SECRET, gov=gov)
    app = FastAPI(lifespan=web.lifespan)
    app.include_router(web.router, prefix="/gov")

    @app.get("/mine")
    async def mine(request: Request) -> PlainTextResponse:
        await web.person(request)
        return PlainTextResponse(str([one async for one in gov.pay.search()]))

    pages_of(app, gov)
    outer = FastAPI(lifespan=web.lifespan) if is_mounted else app
    if is_mounted:
        outer.mount("/licences", app)
    return web, gov, app, TestClient(outer, base_url=SITE, raise_server_exceptions=False)


@pytest.mark.parametrize("is_mounted", [True, False])
@pytest.mark.parametrize("is_told", [True, False])
def test_an_application_whose_lifespan_is_not_run_has_the_pages_and_says_once_that_it_was_not(
    caplog: pytest.LogCaptureFixture, *, is_mounted: bool, is_told: bool
) -> None:
    web, gov, app, client = made_without_a_lifespan(is_mounted=is_mounted)
    if is_told:
        web.add_pages_to(app)
        web.add_pages_to(app)
    at = "/licences" if is_mounted else ""
    with caplog.at_level(logging.WARNING), client if is_mounted else nullcontext():
        first = client.get(f"{at}/mine")
        gov.simulator.control.arm("pay", "unavailable", times=99)
        for page in ("/mine", "/look", "/mine"):
            told = client.get(f"{at}{page}")
            assert (told.status_code, "If you have paid, do not pay again" in told.text) == (503, True), told.text
        assert client.get(f"{at}/mistake").status_code == 500
    assert (first.headers.get("vary") == "Cookie", told.headers.get("vary")) == (is_told or is_mounted, "Cookie")
    logged = [one.getMessage() for one in caplog.records if one.name == "govcomponents.starlette"]
    assert (len(logged), all("add_pages_to(app)" in one for one in logged)) == (0 if is_told else 1, True)
