"""The FastAPI shell, and with it Starlette's, keeps the contract of web shells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import pytest

pytest.importorskip("fastapi")

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from govcomponents import AsyncGovComponents, ConfigurationError
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.integrations.starlette import PersonalPages, StarletteGov
from govcomponents.pay import PaymentChanged
from govcomponents.testing import Reply, WebSuite
from govcomponents.web import Person
from govcomponents.web.pending_places import PendingIn

SECRET = "a secret of the tests, of forty characters"


class AsgiClient:
    """Sends one request to an ASGI application, as a server does."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        return asyncio.run(self.send_now(method, path, headers, body))

    async def send_now(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        given = {"Host": "service.example.gov.uk", "Content-Length": str(len(body))} | headers
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "server": ("service.example.gov.uk", 443),
            "client": ("127.0.0.1", 50000),
        }
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        pairs = tuple((name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"])
        return Reply(sent[0]["status"], pairs, b"".join(message.get("body", b"") for message in sent[1:]))


def service(gov: AsyncGovComponents, handled: list[str], *, pending: PendingIn = "cookie") -> FastAPI:
    ext = FastAPIGov(SECRET, gov=gov, pending=pending)
    app = FastAPI()
    app.add_middleware(PersonalPages)
    app.include_router(ext.router, prefix="/gov")
    ext.language(lambda request: request.cookies.get("language", "en"))
    needs_identity = ext.require_identity(confidence="medium")

    @app.get("/open")
    async def open_page(request: Request) -> PlainTextResponse:
        person = await ext.person(request)
        return PlainTextResponse(person.subject.reveal() if person else "nobody")

    @app.get("/protected")
    @app.get("/protected/{name:path}")
    async def protected(person: Person = Depends(needs_identity)) -> PlainTextResponse:  # noqa: B008  # FastAPI's form
        return PlainTextResponse(person.subject.reveal())

    @ext.when(PaymentChanged)
    async def paid(event: PaymentChanged) -> None:
        handled.append(event.key)

    return app


def serve(gov: AsyncGovComponents, handled: list[str]) -> AsgiClient:
    return AsgiClient(service(gov, handled))


class TestFastAPI(WebSuite):
    serve = staticmethod(serve)
    components = AsyncGovComponents


def test_the_openapi_document_holds_only_what_is_the_services() -> None:
    document = service(AsyncGovComponents.sandbox(), []).openapi()
    assert sorted(document["paths"]) == ["/open", "/protected", "/protected/{name}"]


def test_a_service_that_has_not_started_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="lifespan"):
        _ = FastAPIGov(SECRET).components


def test_the_lifespan_keeps_pages_about_a_person_out_of_caches() -> None:
    ext = StarletteGov(SECRET, gov=AsyncGovComponents.sandbox())

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await ext.person(request)))

    app = Starlette(routes=[Route("/", page)], lifespan=ext.lifespan)
    sent: list[str | None] = []

    async def run() -> None:
        async with app.router.lifespan_context(app):
            sent.append((await AsgiClient(app).send_now("GET", "/", {}, b"")).header("vary"))

    for _ in range(2):
        app.middleware_stack = app.middleware_stack or app.build_middleware_stack()  # as the first request does
        asyncio.run(run())
        ext._opened(AsyncGovComponents.sandbox())
    assert sent == ["Cookie", "Cookie"]


def test_a_second_start_takes_no_other_components_than_those_given() -> None:
    given = AsyncGovComponents.sandbox()
    ext = StarletteGov(SECRET, gov=given)

    async def start_twice() -> None:
        for _ in range(2):
            async with ext.lifespan(None):
                assert ext.components is given

    asyncio.run(start_twice())


def test_a_short_secret_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="32 characters"):
        FastAPIGov("short")


@pytest.mark.parametrize(
    "page", ["/protected/a%3Fb%23c?x=1", "/protected/50%25", "/protected/Si%C3%B4n?a=%C3%A9", "/protected/a%2Fb"]
)
def test_what_is_encoded_in_a_path_is_so_on_the_way_back(page: str) -> None:
    gov = AsyncGovComponents.sandbox()
    gov.simulator.one_login.sign_in_as("SAM")
    browser = Browser(serve(gov, []))
    assert path_of(TestFastAPI().signed_in(gov, browser, page).header("location")) == page


def starlette_service(gov: AsyncGovComponents) -> Starlette:
    return Starlette(routes=[Mount("/gov", routes=StarletteGov(SECRET, gov=gov).routes)])


@pytest.mark.parametrize(
    ("prefix", "wrap"),
    [
        ("", lambda app: app),
        ("/licences", lambda app: Starlette(routes=[Mount("/licences", app)])),
        ("/a/b", lambda app: Starlette(routes=[Mount("/a", Starlette(routes=[Mount("/b", app)]))])),
    ],
)
@pytest.mark.parametrize("make", [starlette_service, lambda gov: service(gov, [])])
def test_below_a_prefix_people_go_to_the_first_page_there(
    prefix: str, wrap: Callable[[Starlette], Starlette], make: Callable[[AsyncGovComponents], Starlette]
) -> None:
    gov = AsyncGovComponents.sandbox()
    gov.simulator.one_login.sign_in_as("SAM")
    browser = Browser(AsgiClient(wrap(make(gov))))
    begun = browser.get(f"{prefix}/gov/sign-in").header("location") or ""
    back = gov.simulator.visit(begun).headers["location"].partition("?")[2]
    assert browser.get(f"{prefix}/gov/callback?{back}").header("location") == f"{prefix}/"
    assert browser.get(f"{prefix}/gov/callback?{back}").header("location") == f"{prefix}/"
    assert Browser(AsgiClient(wrap(make(gov)))).post(f"{prefix}/gov/sign-out").header("location") == f"{prefix}/"
