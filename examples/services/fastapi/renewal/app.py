"""The pages of the service, each for what is known of a renewal, and the application that they make."""

# FastAPI reads the annotations of the pages, which name what is local here: they are not put off.
import hmac
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.exceptions import HTTPException as StarletteHTTPException

from govcomponents import AsyncGovComponents, GovComponentsError, OutcomeUnknown
from govcomponents.web import NotSignedIn, Person, Problem
from renewal import records
from renewal.components import FEE, Components, owner_of
from renewal.words import WORDS

YEAR = 31_536_000
HERE = Path(__file__).parent
log = logging.getLogger(__name__)
templates = Jinja2Templates(HERE / "templates")


def create_app(
    gov: AsyncGovComponents | None = None,
    *,
    secret_key: str | None = None,
    database: str | None = None,
    casework_password: str | None = None,
    works: bool = True,
) -> FastAPI:
    """Make the application. What is not given is read from the environment; see README.md.

    `works` is whether this process makes what is due, beside its requests.
    """
    engine = create_async_engine(database or os.environ.get("RENEWAL_DATABASE", "sqlite+aiosqlite:///renewal.db"))
    data_keys = [key for key in os.environ.get("RENEWAL_DATA_KEYS", "").split(",") if key]
    components = Components(secret_key or os.environ.get("RENEWAL_SECRET_KEY", ""), engine, gov, data_keys, works=works)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await records.make_table(engine)
        await components.later.migrate()
        async with components.web.lifespan(app):
            yield
        await components.later.aclose()
        await engine.dispose()

    app = FastAPI(title="Renew a licence", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.components = components
    app.include_router(components.web.router, prefix="/gov")
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    add_pages(app, components, engine)
    add_casework(app, components, engine, casework_password or os.environ.get("RENEWAL_CASEWORK_PASSWORD"))
    add_problems(app, components)
    return app


def add_pages(app: FastAPI, components: Components, engine: AsyncEngine) -> None:
    """Add the pages of the person who renews."""
    proved = components.web.require_identity(confidence="medium")

    @app.get("/")
    async def start(request: Request) -> Response:
        return page(request, "start.html", owner=owner_of(await components.web.person(request)))

    @app.get("/renew")
    async def renew(request: Request, person: Annotated[Person, Depends(proved)]) -> Response:
        async with engine.connect() as connection:
            renewal = await records.present(connection, owner_of(person))
        if renewal is None:
            return message(request, "nothing", "nothing_text", owner=owner_of(person))
        if renewal.state != "new":
            return RedirectResponse(at(request, f"/renewals/{renewal.reference}"), 303)
        return page(request, "check.html", renewal=renewal, owner=owner_of(person))

    @app.post("/renewals/{reference}/pay")
    async def pay(request: Request, reference: str, person: Annotated[Person, Depends(proved)]) -> Response:
        async with engine.begin() as connection:
            found = await records.find(connection, reference, owner_of(person))
            renewal = await records.start_paying(connection, found, chosen(request)) if found else None
        if found is None:  # the form of somebody who was signed in before, in another tab
            owner = owner_of(person)
            return message(request, "other", "other_text", 409, action="check", to=at(request, "/renew"), owner=owner)
        back_at = at(request, f"/renewals/{found.reference}")
        if renewal is None:  # the second of two clicks, or nothing to pay
            return RedirectResponse(back_at, 303)
        try:
            payment = await components.pay(renewal, str(request.url.replace(path=back_at, query="")), chosen(request))
        except OutcomeUnknown:  # it may have been made; to ask at once would be to wait as long once more
            owner = owner_of(person)
            return message(request, "waiting", "waiting_text", 503, action="go_on", to=back_at, owner=owner)
        except GovComponentsError:
            async with engine.begin() as connection:
                await records.let_try_again(connection, renewal)
            raise
        return RedirectResponse(payment.redirect_url() if payment else back_at, 303)

    @app.get("/renewals/{reference}/pay")
    async def after_pay(request: Request) -> Response:
        """Answer whoever opens the address of the form, as by changing the language of what it answered."""
        return RedirectResponse(at(request, "/renew"), 303)

    @app.get("/renewals/{reference}")
    async def back(request: Request, reference: str, person: Annotated[Person, Depends(proved)]) -> Response:
        owner = owner_of(person)
        async with engine.connect() as connection:
            renewal = await records.find(connection, reference, owner)
        if renewal is None:
            raise HTTPException(404)
        try:
            payment = None if renewal.state in ("paid", "refunded") else await components.ask(renewal)
        except GovComponentsError as error:
            log.warning("it is not known how a payment stands: %s", error)
            return message(request, "unknown", "unknown_text", 503, renewal=renewal, owner=owner)
        if renewal.state == "refunded":
            return message(request, "refunded", "refunded_text", owner=owner)
        if renewal.state == "paid" or (payment is not None and payment.is_paid):
            return page(request, "paid.html", renewal=renewal, owner=owner)
        if payment is None and renewal.state == "paying":
            return message(request, "waiting", "waiting_text", renewal=renewal, owner=owner)
        if payment is None or payment.is_finished:
            return message(request, "unpaid", "unpaid_text", action="try_again", to=at(request, "/renew"), owner=owner)
        url = payment.redirect_url()
        return message(request, "waiting", "waiting_text", action="go_on", to=url, owner=owner)


def add_casework(app: FastAPI, components: Components, engine: AsyncEngine, password: str | None) -> None:
    """Add the pages of caseworkers. A department would put its own sign-on in the place of the password."""
    basic = HTTPBasic(realm="casework")

    async def caseworker(given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> None:
        if not password or not hmac.compare_digest(given.password.encode(), password.encode()):
            raise HTTPException(401, headers={"WWW-Authenticate": 'Basic realm="casework"'})

    @app.get("/casework", dependencies=[Depends(caseworker)])
    async def casework(request: Request) -> Response:
        async with engine.connect() as connection:
            return page(request, "casework.html", renewals=await records.newest(connection))

    @app.post("/casework/{reference}/refund", dependencies=[Depends(caseworker)])
    async def refund(request: Request, reference: str) -> Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise HTTPException(403)  # browsers send the password with another site's form too
        async with engine.connect() as connection:
            renewal = await records.of_anybody(connection, reference)
        if renewal is None:
            raise HTTPException(404)
        await components.refund(renewal)
        return RedirectResponse(at(request, "/casework"), 303)

    @app.get("/casework/{reference}/refund")
    async def after_refund(request: Request) -> Response:
        """Answer whoever opens the address of that form."""
        return RedirectResponse(at(request, "/casework"), 303)


def add_problems(app: FastAPI, components: Components) -> None:
    """Add what a person sees when something is not as it should be, and what every page has."""
    components.web.language(chosen)

    @components.web.refused
    async def refused(request: Request, ended: NotSignedIn) -> Response:
        text = "no_sign_in_text" if ended.answer.status == 503 else "unfinished_text"
        return message(request, "sorry", text, ended.answer.status, action="start", to=ended.return_to)

    @app.exception_handler(StarletteHTTPException)
    async def not_so(request: Request, error: StarletteHTTPException) -> Response:
        """Answer with a page, and with what a browser or a program is told beside it."""
        missing = ("missing", "missing_text")
        known = {
            401: ("caseworkers", "caseworkers_text"),
            403: ("caseworkers", "elsewhere_text"),
            404: missing,
            405: missing,
        }
        title, text = known.get(error.status_code, ("problem", "problem_text"))
        answer = message(request, title, text, error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @components.web.problem
    async def problem(request: Request, away: Problem) -> Response:
        return trouble(request, "unsure_text" if away.is_unknown else "problem_text", away.status)

    @app.exception_handler(500)
    async def broken(request: Request, _error: Exception) -> Response:
        answer = trouble(request, "problem_text", 500)
        answer.headers["Cache-Control"] = "no-store"  # it comes from outside what is below
        return answer

    @app.middleware("http")
    async def finished(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Keep pages with people's data out of caches, and a language that was just chosen."""
        answer = await call_next(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        if request.query_params.get("language") in WORDS:
            answer.set_cookie("language", chosen(request), max_age=YEAR, secure=True, httponly=True, samesite="lax")
        return answer


def page(request: Request, template: str, status: int = 200, *, owner: str = "", **values: object) -> Response:
    """Make a page in the person's language."""
    language = chosen(request)
    shown = {
        "at": partial(at, request),
        "words": WORDS[language],
        "language": language,
        "fee": FEE,
        "owner": owner,
        **values,
    }
    return templates.TemplateResponse(request, template, shown, status)


def message(
    request: Request, title: str, text: str = "", status: int = 200, *, owner: str = "", **values: object
) -> Response:
    """Make a page of one message."""
    return page(request, "message.html", status, owner=owner, title=title, text=text, **values)


def trouble(request: Request, text: str, status: int) -> Response:
    """Make the page for what did not work: a caseworker reads another one than a person who pays."""
    casework = at(request, "/casework")
    if request.url.path.startswith(casework):
        return message(request, "problem", "refund_text", status, action="list", to=casework)
    return message(request, "problem", text, status)


def at(request: Request, path: str) -> str:
    """Return a path of the service as browsers see it: below the prefix at which a proxy serves it, if there is one."""
    return f"{request.scope.get('root_path', '')}{path}"


def chosen(request: Request) -> Literal["en", "cy"]:
    """The language that the person has chosen, on this page or before."""
    return "cy" if request.query_params.get("language", request.cookies.get("language")) == "cy" else "en"
