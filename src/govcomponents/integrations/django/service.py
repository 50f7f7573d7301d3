"""The components of a Django project: made when first used, with its signed-in person and its handlers of events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, Literal, ParamSpec, TypeAlias, TypeVar, cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import get_language

from govcomponents.components import GovComponents
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.frames import leaving_own_frames_behind
from govcomponents.integrations.django.database import engine_of, handled_in
from govcomponents.privacy import Secret
from govcomponents.settings import Settings
from govcomponents.web.cookies import SIGNED_IN_FOR, SignInCookies
from govcomponents.web.events import EventHandlers
from govcomponents.web.handlers import WebHandlers
from govcomponents.web.messages import PRIVATE, Answer, WebRequest, page_asked_for, root_below
from govcomponents.web.pages import Problem, is_mistake, problem
from govcomponents.web.person import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcomponents.durable import Durable
    from govcomponents.identity import Authentication, Claim, Confidence, Identity
    from govcomponents.web.person import Person
    from govcomponents.web.results import NotSignedIn

P = ParamSpec("P")
E = TypeVar("E")
R = TypeVar("R")
KeepIdentity: TypeAlias = Callable[[HttpRequest, "Identity"], None]
RefusedPage: TypeAlias = Callable[[HttpRequest, "NotSignedIn"], HttpResponse]
ProblemPage: TypeAlias = Callable[[HttpRequest, Problem], HttpResponse]
View: TypeAlias = Callable[Concatenate[HttpRequest, P], R]

ASKED: Final = "_govcomponents_person"
"""Where a request holds the person, once it was asked for."""
SETTING: Final = "GOVCOMPONENTS"
DURABLE: Final = "GOVCOMPONENTS_DURABLE"
PENDING: Final = "GOVCOMPONENTS_PENDING"
SIGNED_OUT: Final = "GOVCOMPONENTS_SIGNED_OUT_URL"


class DjangoGov(EventHandlers[None]):
    """The components of this project, its signed-in person, and what is to be done with events.

    The setting GOVCOMPONENTS holds what `Settings` takes; without it the environment is read. The cookies are sealed
    under SECRET_KEY and SECRET_KEY_FALLBACKS. Ended sessions and used sign-ins are in the project's database.
    GOVCOMPONENTS_PENDING is where sign-ins that are under way wait: "cookie", "session" or "database".
    GOVCOMPONENTS_SIGNED_OUT_URL is the registered URL to which people come after signing out.

    The setting GOVCOMPONENTS_DURABLE, if it is there, gives the project a durable layer in its own database: a
    dictionary with `keys`, the data keys, and `database`, the alias. Then callbacks are stored before they are
    answered, and handled by `@gov.when_stored`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._later: Durable | None = None
        self._stored: list[tuple[type, Callable[..., None]]] = []
        self._open: tuple[GovComponents, WebHandlers] | None = None
        self.on_signed_in: KeepIdentity | None = None
        self.refused_page: RefusedPage | None = None
        self.problem_page: ProblemPage | None = None

    @property
    def components(self) -> GovComponents:
        """The components: `gov.components.pay.create(...)`. Raises ConfigurationError if a setting is wrong."""
        return self._parts()[0]

    @property
    def handlers(self) -> WebHandlers:
        """The web handlers under the routes."""
        return self._parts()[1]

    @property
    def later(self) -> Durable:
        """The durable layer: `gov.later.notify.send_email(..., on=connection)` inside `transaction.atomic()`.

        Raises ConfigurationError if the setting GOVCOMPONENTS_DURABLE is missing, or its database will not do.
        """
        given: object = durable_setting()
        if not isinstance(given, dict):
            raise ConfigurationError(
                "this project has no durable layer" if given is None else f"the setting {DURABLE} is no dictionary",
                fix=f'set {DURABLE} = {{"keys": [...]}}, with data keys from your secrets, and migrate',
            )
        unknown = sorted(str(name) for name in given if name not in ("keys", "database"))
        if unknown:  # a misspelt "keys" would leave what is known about people unsealed
            raise ConfigurationError(
                f"the setting {DURABLE} has names that it does not know: {', '.join(unknown)}",
                fix='give it "keys" and "database" only',
            )
        with self._lock:
            if self._later is None:
                from govcomponents.durable import Durable

                alias = given.get("database", "default")
                self._later = Durable(
                    self.components, engine_of(alias), keys=given.get("keys", ()), handle_in=partial(handled_in, alias)
                )
                for kind, handler in self._stored:
                    self._later.when(kind)(handler)
            return self._later

    def when_stored(self, kind: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
        """Register a handler of events that the durable layer has stored: `@gov.when_stored(PaymentChanged)`.

        It runs in the worker, in a transaction of the project's database in which the event is marked as handled too:
        if it raises, both are undone, and it is called again later. What it sends with `on=connection` goes with it.
        The event has the payment, or the receipt's status, as it stands now.
        """

        def register(handler: Callable[[E], None]) -> Callable[[E], None]:
            def on_event(event: E, _transaction: object) -> None:
                handler(event)

            self._stored.append((kind, on_event))
            if self._later is not None:
                self._later.when(kind)(on_event)
            return handler

        return register

    def prepare(self) -> None:
        """Import what the first requests need: call it where a server's process starts, such as in `wsgi.py`.

        Raises ConfigurationError if a setting is wrong.
        """
        self.handlers.prepare()

    def use(self, components: GovComponents | None) -> None:
        """Take these components, such as a sandbox in tests; None to make them anew from the settings."""
        with self._lock:
            self._open = None if components is None else self._made(components)
            self._later = None

    @leaving_own_frames_behind
    def person(self, request: HttpRequest) -> Person | None:
        """Return the person who is signed in, or None. It is looked up once for each request.

        Raises Unavailable if the database of ended sessions is away, once: the page that tells so may ask as well.
        """
        known = vars(request)
        if ASKED not in known:
            known["_cache_update_cache"] = False  # or Django's cache would give the page to the next person
            known[ASKED] = None
            known[ASKED] = self.handlers.person(web_request(request))
        person: Person | None = known[ASKED]
        return person

    def signed_in(self, keep: KeepIdentity) -> KeepIdentity:
        """Register what to do with the identity of a person who has just signed in, such as finding their record."""
        self.on_signed_in = keep
        return keep

    def refused(self, page: RefusedPage) -> RefusedPage:
        """Register the page for a sign-in that did not end well; without one the person reads a plain page."""
        self.refused_page = page
        return page

    def problem(self, page: ProblemPage) -> ProblemPage:
        """Register the page for an error of a provider or of a store that a page raises, or that keeps from signing in.

        Without one the person reads a plain page that says what is known. A page of the service that catches the error
        itself comes first.
        """
        self.problem_page = page
        return page

    def shown(self, request: HttpRequest, answer: Answer) -> HttpResponse:
        """Return an answer of the web handlers as Django's, and of a problem the project's own page, if it has one."""
        if self.problem_page is None or not isinstance(answer, Problem):
            return response(answer)
        page = self.problem_page(request, answer)
        add_headers(page, answer, but=("Content-Type",))
        return page

    def require_identity(
        self,
        *,
        confidence: Confidence | str | Iterable[Confidence | str] = (),
        authentication: Authentication | str = "two_factor",
        claims: Iterable[Claim | str] = (),
        max_age: int | None = None,
        return_to: str | None = None,
    ) -> Callable[[View[P, R]], View[P, R]]:
        """Make a decorator of views that only a person who meets a requirement reaches; others are sent to sign in.

        They come back to `return_to`, or to the page that they asked for if they asked by GET.
        """
        requirement = Requirement.of(
            confidence=confidence, authentication=authentication, claims=claims, max_age=max_age
        )

        def decorate(view: View[P, R]) -> View[P, R]:
            def refusal(request: HttpRequest) -> HttpResponse | None:
                known = vars(request)
                back = return_to or _this_page(request)
                found = self.handlers.require(web_request(request), requirement, back, language=language())
                if isinstance(found, Answer):
                    return self.shown(request, found)
                known["_cache_update_cache"] = False
                known[ASKED] = found
                return None

            if iscoroutinefunction(view):

                @wraps(view)
                @leaving_own_frames_behind
                async def awaited(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
                    refused = await sync_to_async(refusal)(request)
                    return refused or _kept_private(await view(request, *args, **kwargs))

                return cast("View[P, R]", awaited)

            @wraps(view)
            @leaving_own_frames_behind
            def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
                made = refusal(request) or view(request, *args, **kwargs)
                return _kept_private(cast("HttpResponseBase", made))

            return cast("View[P, R]", guarded)

        return decorate

    _STORED_FIX = "register it with @gov.when_stored"

    def _stores_events(self) -> bool:
        return durable_setting() is not None

    def _parts(self) -> tuple[GovComponents, WebHandlers]:
        with self._lock:
            if self._open is None:
                self._open = self._made(GovComponents.from_settings(configured()))
            return self._open

    @staticmethod
    def _made(components: GovComponents) -> tuple[GovComponents, WebHandlers]:
        from govcomponents.integrations.django import stores

        cookies = SignInCookies(secrets(), life=SIGNED_IN_FOR, clock=components.runtime.clock)
        ended, used, place = stores.DatabaseEndedSessions(), stores.DatabaseReplayStore(), pending_setting()
        pending = stores.DatabasePendingStore() if place == "database" else place
        return components, WebHandlers(components, cookies, ended=ended, used=used, pending=pending)


gov: Final = DjangoGov()
"""The components of this project."""


class ProblemMiddleware(MiddlewareMixin):
    """Middleware that answers a person whose page raised an error of a provider or of a store: see `gov.problem`.

    What the page did in a transaction of `ATOMIC_REQUESTS` is undone before. A mistake of the project's own is left to
    Django.
    """

    @leaving_own_frames_behind
    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for an error, or None for what is no error of the components."""
        if not isinstance(error, GovComponentsError) or is_mistake(error):
            return None
        return gov.shown(request, problem(error, language()))


def configured() -> Settings:
    """Return what the project configures. Raises ConfigurationError if it is wrong."""
    given: dict[str, Any] | Settings | None = getattr(settings, SETTING, None)
    if given is None:
        return Settings.from_environment()
    if isinstance(given, Settings):
        return given
    try:
        return Settings(**given)
    except TypeError:
        raise ConfigurationError(
            f"the setting {SETTING} is no dictionary, or has a part that there is not",
            fix="give it the parts that the project uses: environment, time_limit, pay, notify and identity",
        ) from None


def durable_setting() -> dict[str, Any] | None:
    """Return what the project configures of the durable layer, or None if it has none."""
    given: dict[str, Any] | None = getattr(settings, DURABLE, None)
    return given


def pending_setting() -> Literal["cookie", "session", "database"]:
    """Return where the project lets sign-ins wait that are under way; the web handlers refuse what is no such place."""
    given: Literal["cookie", "session", "database"] = getattr(settings, PENDING, "cookie")
    return given


def signed_out_url() -> str | None:
    """Return the registered URL to which people come after signing out, or None if the project configures none."""
    given: str | None = getattr(settings, SIGNED_OUT, None)
    return given


def secrets() -> list[Secret]:
    """Return the secrets that seal cookies: the present one, then those before it."""
    return [Secret(str(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def language() -> str:
    """Return the language that Django has found for this request, of the two in which providers have pages."""
    return "cy" if (get_language() or "").startswith("cy") else "en"


def web_request(request: HttpRequest) -> WebRequest:
    """Return a request as the web handlers take it."""
    root = root_below(request.META.get("SCRIPT_NAME", ""))
    return WebRequest(request.META.get("QUERY_STRING", ""), request.COOKIES, root, getattr(request, "session", None))


def response(answer: Answer) -> HttpResponse:
    """Return an answer of the web handlers as Django's."""
    made = HttpResponse(answer.body, status=answer.status)
    del made["Content-Type"]
    add_headers(made, answer)
    return made


def add_headers(made: HttpResponse, answer: Answer, *, but: tuple[str, ...] = ()) -> None:
    """Add the headers of an answer, and its cookies."""
    for name, value in answer.headers:
        if name == "Set-Cookie":
            made.cookies.load(value)
        elif name not in but:
            made[name] = value


def _kept_private(made: HttpResponseBase) -> HttpResponseBase:
    """Keep a page that requires an identity out of every cache."""
    patch_vary_headers(made, ("Cookie",))
    if not made.has_header("Cache-Control"):
        made["Cache-Control"] = PRIVATE
    return made


def _this_page(request: HttpRequest) -> str:
    raw = request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or ""
    if isinstance(request, ASGIRequest):
        raw = (request.scope.get("raw_path") or b"").decode("latin-1")
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    return page_asked_for(request.method, request.path, query, raw)
