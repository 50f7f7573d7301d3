"""System checks: what would fail for the first person, or let anybody in, stops `manage.py` instead."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.sessions.backends.cache import SessionStore as CachedSessions
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieSessions
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Advice
from django.urls import NoReverseMatch, reverse

from govcomponents.core.validation import is_absolute_url
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.integrations.checking import (
    DEBUG,
    NOTHING,
    STRICT,
    UNPROVED,
    is_strict,
    of_access_logs,
    of_the_way_back,
    without_secret,
)
from govcomponents.integrations.django import sessions
from govcomponents.integrations.django.service import (
    SETTING,
    SIGNED_OUT,
    configured,
    durable_setting,
    gov,
    pending_setting,
    secrets,
    signed_out_url,
)
from govcomponents.settings import Settings
from govcomponents.web.cookies import SignInCookies
from govcomponents.web.pending_places import NO_SESSION, SESSION_FIX

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUTES: Final = 'add path("gov/", include("govcomponents.integrations.django.urls"))'
_PROBLEMS: Final = "govcomponents.integrations.django.ProblemMiddleware"
_WHOLE: Final = ("GOVCOMPONENTS_ENVIRONMENT", "GOVCOMPONENTS_TIME_LIMIT")
_PARTS: Final = ("GOVCOMPONENTS_PAY__", "GOVCOMPONENTS_NOTIFY__", "GOVCOMPONENTS_IDENTITY__")
_UNPROVED: Final = {"pay": "E002", "notify": "E003"}


@register(Tags.security)
def check_settings(**_asked: Any) -> list[CheckMessage]:
    """Check the settings of the components, the secret of the cookies, and the routes."""
    try:
        found = configured()
        SignInCookies(secrets())
        _ = gov.components
    except GovComponentsError as error:
        return [_raised(error, "E001")]
    errors = [_error(_UNPROVED[one], *UNPROVED[one]) for one in without_secret(gov.components)]
    errors += _sessions()
    if settings.DEBUG and gov.components.runtime.is_production:  # a live key is refused elsewhere
        errors.append(_error("E005", *DEBUG))
    errors += _redirects(found)
    url = signed_out_url()
    if url is not None and not is_absolute_url(url):
        fix = "set it to the URL that is registered with the provider for people who have signed out"
        errors.append(_error("E010", f"{SIGNED_OUT} is not an absolute URL, so signing out would fail", fix))
    errors += _durable()
    if sessions.backends() and f"{sessions.__name__}.PersonMiddleware" not in settings.MIDDLEWARE:
        fix = f'add "{sessions.__name__}.PersonMiddleware" to MIDDLEWARE, after Django\'s AuthenticationMiddleware'
        errors.append(_error("E011", "users would stay signed in to Django after they have signed out", fix))
    errors += _not_read()
    if _PROBLEMS not in settings.MIDDLEWARE:
        fix = f'add "{_PROBLEMS}" to MIDDLEWARE'
        errors.append(_error("E016", "a person whose page needs a provider that is away would see a bare error", fix))
    return errors + [_error("E014", *wrong) for wrong in of_access_logs()]


def _error(number: str, problem: str, fix: str | None) -> CheckMessage:
    return Error(problem, hint=fix, id=f"govcomponents.{number}")


def _raised(error: GovComponentsError, number: str) -> CheckMessage:
    return _error(number, error.happened, error.fix if isinstance(error, ConfigurationError) else None)


def _sessions() -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if is_strict(settings.SESSION_COOKIE_SAMESITE):
        errors.append(_error("E004", *STRICT))
    if not settings.DEBUG and issubclass(store, CachedSessions) and _is_of_one_process(settings.SESSION_CACHE_ALIAS):
        problem = "sessions are in the memory of each process: people who reach another one have lost theirs"
        fix = 'set SESSION_ENGINE = "django.contrib.sessions.backends.db", or a cache that all processes share'
        errors.append(_error("E012", problem, fix))
    is_kept = "django.contrib.sessions.middleware.SessionMiddleware" in settings.MIDDLEWARE
    if pending_setting() == "session" and (not is_kept or issubclass(store, CookieSessions)):
        errors.append(_error("E015", NO_SESSION, SESSION_FIX))
    return errors


def _is_of_one_process(cache: str) -> bool:
    return isinstance(caches[cache], (LocMemCache, DummyCache))


def _redirects(found: Settings) -> list[CheckMessage]:
    registered = found.identity.redirect_url if found.identity else None
    try:
        ours = reverse("govcomponents:callback")
    except NoReverseMatch:
        return [_error("E006", problem, _ROUTES) for problem, _ in of_the_way_back(registered, None)]
    return [_error("E007", *wrong) for wrong in of_the_way_back(registered, ours)]


def _not_read() -> list[CheckMessage]:
    """Warn of variables of the environment in the place of which the project's setting is taken, the whole of it."""
    names = sorted(name for name in os.environ if name.upper() in _WHOLE or name.upper().startswith(_PARTS))
    if not names or getattr(settings, SETTING, None) is None:
        return []
    problem = f"the project has the setting {SETTING}, so these variables are not read: {', '.join(names)}"
    fix = "leave the setting out, and they are read; or put what they hold into it, and unset them"
    return [Advice(problem, hint=fix, id="govcomponents.W017")]


def _durable() -> list[CheckMessage]:
    if durable_setting() is None:
        return []
    try:
        _ = gov.later
    except GovComponentsError as error:
        return [_raised(error, "E008")]
    return []


@register(Tags.security, deploy=True)
def check_deployment(**_asked: Any) -> list[CheckMessage]:
    """Check what only the settings of production can show: `python manage.py check --deploy`."""
    try:
        found = configured()
    except GovComponentsError:  # the other check tells it
        return []
    if not any((found.pay, found.notify, found.identity)):
        return [Advice(NOTHING[0], hint=NOTHING[1], id="govcomponents.W018")]
    url = None if found.identity is None else found.identity.redirect_url
    if url is None or not url.startswith("https:") or settings.SECURE_PROXY_SSL_HEADER is not None:
        return []
    problem = (
        "people come back by https, and SECURE_PROXY_SSL_HEADER is not set: behind a proxy that ends TLS Django "
        "takes each request for http, and makes addresses such as where a payment comes back to by http"
    )
    fix = (
        'set it to what your proxy sets, such as ("HTTP_X_FORWARDED_PROTO", "https"), if it takes that header '
        "out of requests; where no proxy ends TLS, add govcomponents.E013 to SILENCED_SYSTEM_CHECKS"
    )
    return [_error("E013", problem, fix)]


@register(Tags.database)
def check_tables(databases: Sequence[str] | None = None, **_asked: Any) -> list[CheckMessage]:
    """Check that the tables of the durable layer are there: `python manage.py check --database default`."""
    given = durable_setting()
    if given is None or _durable() or given.get("database", "default") not in (databases or ()):
        return []
    if sys.argv[1:2] == ["migrate"]:  # it looks at the database before it makes the tables, and would never make them
        return []
    try:
        gov.later.check()
    except GovComponentsError as error:
        return [_error("E009", error.happened, "python manage.py migrate")]
    return []
