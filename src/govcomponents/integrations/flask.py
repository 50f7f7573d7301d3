"""The Flask shell: an extension with a blueprint for sign-in, callbacks and health, over `govcomponents.web`.

gov = GovComponentsFlask(app)           # or GovComponentsFlask(), and init_app(app) later

@app.get("/renew")
@gov.require_identity(confidence="medium")
def renew() -> str: ...
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, Protocol, TypeAlias, TypeVar

from govcomponents.components import GovComponents
from govcomponents.errors import ConfigurationError, GovComponentsError, Unavailable
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.checking import DEBUG, SHELLS, STRICT, checked, is_strict
from govcomponents.integrations.commands import required, work
from govcomponents.privacy import Secret
from govcomponents.web.access_logs import hide_callback_queries
from govcomponents.web.cookies import SIGNED_IN_FOR, SignInCookies
from govcomponents.web.events import EventHandlers
from govcomponents.web.handlers import WebHandlers
from govcomponents.web.messages import MAX_CALLBACK, Answer, WebRequest, is_too_long, root_below
from govcomponents.web.pages import Problem, is_mistake, problem
from govcomponents.web.pending_places import NO_SESSION, SESSION_FIX
from govcomponents.web.person import Person, Requirement
from govcomponents.web.results import SignedIn

try:
    import click
    from flask import Blueprint, Flask, Request, Response, current_app, g, request, session
    from flask.cli import AppGroup
    from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

    from govcomponents.integrations.flask_answers import (
        add_headers,
        as_response,
        english,
        mark_personal,
        renew_session,
        this_page,
    )
except ImportError:
    raise ConfigurationError("Flask is not installed", fix='pip install "govcomponents[flask]"') from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask.typing import ResponseReturnValue

    from govcomponents.durable import Durable
    from govcomponents.identity import Authentication, Claim, Confidence, Identity, ReplayStore
    from govcomponents.web.ended_sessions import EndedSessions
    from govcomponents.web.pending_places import PendingIn
    from govcomponents.web.results import NotSignedIn

    RefusedPage: TypeAlias = Callable[[NotSignedIn], ResponseReturnValue]
    ProblemPage: TypeAlias = Callable[[Problem], ResponseReturnValue]


class LoginManager(Protocol):
    """The part of Flask-Login's manager that is used: it has no types."""

    def request_loader(self, callback: Callable[[Request], object | None]) -> object:
        """Take what loads the user of a request."""
        ...

    def unauthorized_handler(self, callback: Callable[[], Response]) -> object:
        """Take what answers those who are not signed in."""
        ...


P = ParamSpec("P")
T = TypeVar("T")

EXTENSION: Final = "govcomponents"


class GovComponentsFlask(EventHandlers[None]):
    """The Flask extension: the components of this service, its signed-in person, and the routes that providers need.

    `gov` are the components; without it the environment is read. `ended` and `used` are stores that several processes
    share: see `WebHandlers`. `pending` is where sign-ins that are under way wait: "cookie", "session" (Flask's, if
    it is kept on the server), "database" (that of `later`) or a store. The cookies are sealed under Flask's SECRET_KEY
    and SECRET_KEY_FALLBACKS. `prefix` is where the blueprint is mounted, `signed_out_url` the registered URL to which
    people come after signing out.

    `later` is the durable layer, if the service has one: then its components are taken, and callbacks are
    stored before they are answered, and handled by `@later.when`, and `ended` and `used` are in its database.

    It begins a sign-in at `sign-in`, takes the way back at `callback`, ends sessions by POST at `sign-out`, takes what
    providers send by POST at `events/pay`, `events/notify` and `events/identity`, and tells of health at `health`. The
    commands are `flask gov check` and `flask gov work`.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        gov: GovComponents | None = None,
        later: Durable | None = None,
        ended: EndedSessions | None = None,
        used: ReplayStore | None = None,
        pending: PendingIn = "cookie",
        life: int = SIGNED_IN_FOR,
        prefix: str = "/gov",
        signed_out_url: str | None = None,
    ) -> None:
        super().__init__(is_stored=later is not None)
        self._given = gov
        self._later = later
        self._stores = (ended, used)
        self._pending = pending
        self._life = life
        self._prefix = prefix
        self._signed_in: Callable[[Identity], None] | None = None
        self._refused: RefusedPage | None = None
        self._problem: ProblemPage | None = None
        self._language: Callable[[], str] = english
        self._signed_out_url = signed_out_url
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Add the blueprint to an application. Raises ConfigurationError if its SECRET_KEY is missing or short."""
        gov = self._later.components if self._later else self._given or GovComponents.from_settings()
        keys = [app.config.get("SECRET_KEY") or "", *(app.config.get("SECRET_KEY_FALLBACKS") or ())]
        texts = [key.decode("latin-1") if isinstance(key, bytes) else str(key) for key in keys]
        cookies = SignInCookies([Secret(text) for text in texts], life=self._life, clock=gov.runtime.clock)
        (ended, used), pending = self._stores, self._pending
        if self._later is not None:
            ended, used = ended or self._later.ended_sessions, used or self._later.used_once
            pending = self._later.sign_ins_under_way if pending == "database" else pending
        app.extensions[EXTENSION] = (gov, WebHandlers(gov, cookies, ended=ended, used=used, pending=pending))
        hide_callback_queries()
        app.register_blueprint(self._blueprint())
        app.after_request(mark_personal)
        if GovComponentsError not in app.error_handler_spec[None][None]:  # the service's own is left as it is
            app.register_error_handler(GovComponentsError, self._failed)
        app.cli.add_command(self._commands())
        SHELLS.add(self)

    def checked(self, app: object, root: str = "") -> tuple[list[str], bool]:
        """Return what a check of an application tells, line by line, and whether all is well.

        `root` is where it is mounted, if its APPLICATION_ROOT does not say so.
        """
        if not isinstance(app, Flask) or EXTENSION not in app.extensions:
            raise ConfigurationError("this is no Flask application of the components", fix="name the Flask object")
        gov: GovComponents = app.extensions[EXTENSION][0]
        wrong = [STRICT] if is_strict(app.config["SESSION_COOKIE_SAMESITE"]) else []
        if app.debug and gov.runtime.is_production:
            wrong.append(DEBUG)
        if self._pending == "session" and type(app.session_interface) is SecureCookieSessionInterface:
            wrong.append((NO_SESSION, SESSION_FIX))
        routes = app.url_map.bind("", script_name=root or app.config["APPLICATION_ROOT"])
        mounted = "where the application is mounted below {prefix}, set APPLICATION_ROOT to that"
        return checked(gov, routes.build(f"{EXTENSION}.callback"), wrong, mounted)

    def prepare(self, app: Flask) -> None:
        """Import what the first requests of an application need: call it where a server's process starts.

        Raises ConfigurationError before `init_app`.
        """
        handlers = _parts_of(app)[1]
        handlers.prepare()

    @property
    def components(self) -> GovComponents:
        """The components of the present application: `gov.components.pay.create(...)`."""
        return _parts_of(current_app)[0]

    @property
    def person(self) -> Person | None:
        """The person who is signed in, or None. It is looked up once for each request.

        Raises Unavailable if the store of ended sessions is away, once: the page that tells so may ask as well.
        """
        if "gov_person" not in g:
            g.gov_person = None
            g.gov_person = self._handlers.person(self._request())
        person: Person | None = g.gov_person
        return person

    def signed_in(self, keep: Callable[[Identity], None]) -> Callable[[Identity], None]:
        """Register what to do with the identity of a person who has just signed in, such as finding their record."""
        self._signed_in = keep
        return keep

    def refused(
        self, page: Callable[[NotSignedIn], ResponseReturnValue]
    ) -> Callable[[NotSignedIn], ResponseReturnValue]:
        """Register the page for a sign-in that did not end well; without one the person reads a plain page."""
        self._refused = page
        return page

    def problem(self, page: Callable[[Problem], ResponseReturnValue]) -> Callable[[Problem], ResponseReturnValue]:
        """Register the page for an error of a provider or of a store that a page raises, or that keeps from signing in.

        Without one the person reads a plain page that says what is known. A page of the service that catches the error
        itself, or a handler of the framework's for it, comes first.
        """
        self._problem = page
        return page

    def language(self, tell: Callable[[], str]) -> Callable[[], str]:
        """Register what tells the language of the person, "en" or "cy", in which the provider's pages are then."""
        self._language = tell
        return tell

    def require_identity(
        self,
        *,
        confidence: Confidence | str | Iterable[Confidence | str] = (),
        authentication: Authentication | str = "two_factor",
        claims: Iterable[Claim | str] = (),
        max_age: int | None = None,
        return_to: str | None = None,
    ) -> Callable[[Callable[P, T]], Callable[P, T | Response]]:
        """Make a decorator of views that only a person who meets a requirement reaches; others are sent to sign in.

        They come back to `return_to`, or to the page that they asked for if they asked by GET.
        """
        requirement = Requirement.of(
            confidence=confidence, authentication=authentication, claims=claims, max_age=max_age
        )

        def decorate(view: Callable[P, T]) -> Callable[P, T | Response]:
            @wraps(view)
            @leaving_own_frames_behind
            def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
                back = return_to or this_page()
                found = self._handlers.require(self._request(), requirement, back, language=self._language())
                if isinstance(found, Answer):
                    return self._shown(found)
                g.gov_person = found
                g.gov_required = True
                made: T = current_app.ensure_sync(view)(*args, **kwargs)
                return made

            return guarded

        return decorate

    def use_login(self, manager: LoginManager, find_user: Callable[[Person], object | None]) -> None:
        """Give Flask-Login the users of people who are signed in; its `login_required` sends others to sign in.

        `find_user` takes the person, and returns the service's user or None. There is no second session: the user ends
        with the person, wherever they sign out. Leave out Flask-Login's own `login_user` and `logout_user`.
        """

        @leaving_own_frames_behind
        def load(_request: Request) -> object | None:
            try:
                person = self.person
            except Unavailable:  # it cannot be known now: they sign in, and are told so
                return None
            user = None if person is None else find_user(person)
            if user is not None:
                g.gov_required = True
            return user

        @leaving_own_frames_behind
        def sign_in_first() -> Response:
            back, language = this_page(), self._language()
            return self._shown(self._handlers.sign_in(self._request(), Requirement(), back, language=language))

        manager.request_loader(load)
        manager.unauthorized_handler(sign_in_first)

    def _request(self) -> WebRequest:
        """Return the present request, with the session if sign-ins wait there: one that is a cookie keeps no secret."""
        root = root_below(request.script_root)
        is_kept = self._pending == "session" and not isinstance(session, SecureCookieSession)
        kept = session if is_kept else None
        return WebRequest(request.query_string.decode("latin-1"), request.cookies, root, kept)

    @property
    def _handlers(self) -> WebHandlers:
        return _parts_of(current_app)[1]

    def _blueprint(self) -> Blueprint:
        blueprint = Blueprint(EXTENSION, __name__, url_prefix=self._prefix)
        blueprint.add_url_rule("/sign-in", view_func=self._sign_in, endpoint="sign_in")
        blueprint.add_url_rule("/callback", view_func=self._callback, endpoint="callback")
        blueprint.add_url_rule("/sign-out", view_func=self._sign_out, endpoint="sign_out", methods=["POST"])
        blueprint.add_url_rule("/events/<component>", view_func=self._event, endpoint="event", methods=["POST"])
        blueprint.add_url_rule("/health", view_func=self._health, endpoint="health")
        return blueprint

    def _commands(self) -> AppGroup:
        group = AppGroup("gov", help="Check the government components, and make what they are to do later.")

        @group.command()
        def check() -> None:
            """Ask each provider whether it answers and takes the credential, and tell what the service lacks."""
            lines, is_well = self.checked(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's own way
            click.echo("\n".join(lines))
            if not is_well:
                raise SystemExit(1)

        @group.command("work")
        @click.option("--once", is_flag=True, help="End when nothing is due any more, for cron.")
        def worker(*, once: bool) -> None:
            """Make the calls that are due and handle what came, until it is stopped."""
            later = required(self._later, "give it: GovComponentsFlask(app, later=Durable(gov, engine))")
            work(later, click.echo, is_once=once)

        return group

    @leaving_own_frames_behind
    def _sign_in(self) -> Response:
        return_to = request.args.get("next", "")
        language = self._language()
        return self._shown(self._handlers.sign_in(self._request(), Requirement(), return_to, language=language))

    @leaving_own_frames_behind
    def _callback(self) -> ResponseReturnValue:
        if request.method != "GET":  # Flask takes HEAD as well, which must not use a sign-in up
            return Response(status=405, headers={"Allow": "GET"})
        ended = self._handlers.callback(self._request(), language=self._language())
        if isinstance(ended, SignedIn):
            if ended.is_another:
                session.clear()  # it is of somebody else
            renew_session()
            if self._signed_in is not None:
                self._signed_in(ended.identity)
            return as_response(ended.answer)
        if not ended.is_known:
            return self._shown(ended.answer)
        if self._refused is None or ended.answer.status == 303:
            return as_response(ended.answer)
        response = current_app.make_response(self._refused(ended))
        add_headers(response, ended.answer)
        return response

    def _shown(self, answer: Answer) -> Response:
        """Return an answer, and of a problem the service's own page, if it has one."""
        if self._problem is None or not isinstance(answer, Problem):
            return as_response(answer)
        response = current_app.make_response(self._problem(answer))
        add_headers(response, answer)
        return response

    @leaving_own_frames_behind
    def _failed(self, error: GovComponentsError) -> Response:
        """Answer a person whose page raised an error; a mistake of the service's own is left to Flask."""
        if is_mistake(error):
            raise error
        return self._shown(problem(error, self._language()))

    @leaving_own_frames_behind
    def _sign_out(self) -> Response:
        answer = self._handlers.sign_out(self._request(), self._signed_out_url)
        if session:  # clearing an empty one would end the cookie that another site's page could not show
            session.clear()
        return as_response(answer)

    @leaving_own_frames_behind
    def _event(self, component: str) -> Response:
        if is_too_long(request.headers.get("Content-Length") or "0"):
            return as_response(Answer.too_large())
        body = request.stream.read(MAX_CALLBACK + 1)
        receive = None if self._later is None else self._later.receive
        return as_response(self._handlers.take(component, body, request.headers, self, receive))

    @leaving_own_frames_behind
    def _health(self) -> Response:
        check_store = None if self._later is None else self._later.check
        return as_response(self._handlers.health(check_store))


def _parts_of(app: Flask) -> tuple[GovComponents, WebHandlers]:
    """Return what `init_app` has given to an application. Raises ConfigurationError before it."""
    parts: tuple[GovComponents, WebHandlers] | None = app.extensions.get(EXTENSION)
    if parts is None:
        raise ConfigurationError(
            f"the application {app.name!r} has no components yet",
            fix="call init_app(app) of the GovComponentsFlask first, or make it with GovComponentsFlask(app)",
        )
    return parts
