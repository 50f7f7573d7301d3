"""System checks: what would fail for the first person, or let anybody in, stops `manage.py` instead."""

from __future__ import annotations

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
from django.urls import NoReverseMatch, reverse

from govcomponents.core.validation import is_absolute_url
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.integrations.checking import STRICT, UNPROVED, of_access_logs, of_the_way_back, without_secret
from govcomponents.integrations.django import sessions
from govcomponents.integrations.django.service import (
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
_LIVE: Final = ("api_live_", "sk_live_", "rk_live_", "sk_org_live_")


@register(Tags.security)
def check_settings(**_asked: Any) -> list[CheckMessage]:
    """Check the settings of the components, the secret of the cookies, and the routes."""
    try:
        found = configured()
        SignInCookies(secrets())
        _ = gov.components
    except GovComponentsError as error:
        told = error if isinstance(error, ConfigurationError) else None
        return [Error(error.happened, hint=told.fix if told else None, id="govcomponents.E001")]
    return [
        *_callbacks(),
        *_sessions(),
        *_pending(),
        *_live_keys(found),
        *_redirects(found),
        *_signed_out(),
        *_durable(),
        *_users(),
        *(Error(problem, hint=fix, id="govcomponents.E014") for problem, fix in of_access_logs()),
    ]


def _callbacks() -> list[CheckMessage]:
    ids = {"pay": "govcomponents.E002", "notify": "govcomponents.E003"}
    return [Error(UNPROVED[one][0], hint=UNPROVED[one][1], id=ids[one]) for one in without_secret(gov.components)]


def _sessions() -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if settings.SESSION_COOKIE_SAMESITE == "Strict":
        errors.append(Error(STRICT[0], hint=STRICT[1], id="govcomponents.E004"))
    if not settings.DEBUG and _are_sessions_in_memory():
        errors.append(
            Error(
                "sessions are in the memory of each process: people who reach another one have lost theirs",
                hint='set SESSION_ENGINE = "django.contrib.sessions.backends.db", or a cache that all processes share',
                id="govcomponents.E012",
            )
        )
    return errors


def _pending() -> list[CheckMessage]:
    has_session = "django.contrib.sessions.middleware.SessionMiddleware" in settings.MIDDLEWARE
    is_cookie = issubclass(import_module(settings.SESSION_ENGINE).SessionStore, CookieSessions)
    if pending_setting() != "session" or (has_session and not is_cookie):
        return []
    return [Error(NO_SESSION, hint=SESSION_FIX, id="govcomponents.E015")]


def _are_sessions_in_memory() -> bool:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return issubclass(store, CachedSessions) and isinstance(
        caches[settings.SESSION_CACHE_ALIAS], (LocMemCache, DummyCache)
    )


def _live_keys(found: Settings) -> list[CheckMessage]:
    keys = [section.api_key for section in (found.pay, found.notify) if section is not None and section.api_key]
    if not settings.DEBUG or not any(key.reveal().startswith(_LIVE) for key in keys):
        return []
    return [
        Error(
            "a live key is used with DEBUG, whose error pages show what a request held",
            hint="set DEBUG = False, or use a test key",
            id="govcomponents.E005",
        )
    ]


def _redirects(found: Settings) -> list[CheckMessage]:
    try:
        ours, told = reverse("govcomponents:callback"), "govcomponents.E007"
    except NoReverseMatch:
        ours, told = None, "govcomponents.E006"
    registered = found.identity.redirect_url if found.identity else None
    return [
        Error(problem, hint=fix if ours else _ROUTES, id=told) for problem, fix in of_the_way_back(registered, ours)
    ]


def _signed_out() -> list[CheckMessage]:
    url = signed_out_url()
    if url is None or is_absolute_url(url):
        return []
    return [
        Error(
            f"{SIGNED_OUT} is not an absolute URL, so signing out would fail",
            hint="set it to the URL that is registered with the provider for people who have signed out",
            id="govcomponents.E010",
        )
    ]


def _users() -> list[CheckMessage]:
    if not sessions.backends() or f"{sessions.__name__}.PersonMiddleware" in settings.MIDDLEWARE:
        return []
    return [
        Error(
            "users would stay signed in to Django after they have signed out",
            hint=f'add "{sessions.__name__}.PersonMiddleware" to MIDDLEWARE, after Django\'s AuthenticationMiddleware',
            id="govcomponents.E011",
        )
    ]


def _durable() -> list[CheckMessage]:
    if durable_setting() is None:
        return []
    try:
        _ = gov.later
    except GovComponentsError as error:
        told = error if isinstance(error, ConfigurationError) else None
        return [Error(error.happened, hint=told.fix if told else None, id="govcomponents.E008")]
    return []


@register(Tags.security, deploy=True)
def check_deployment(**_asked: Any) -> list[CheckMessage]:
    """Check what only the settings of production can show: `python manage.py check --deploy`."""
    try:
        found = configured()
    except GovComponentsError:  # the other check tells it
        return []
    url = None if found.identity is None else found.identity.redirect_url
    if url is None or not url.startswith("https:") or settings.SECURE_PROXY_SSL_HEADER is not None:
        return []
    return [
        Error(
            "people come back by https, and SECURE_PROXY_SSL_HEADER is not set: behind a proxy that ends TLS Django "
            "takes each request for http, and makes addresses such as where a payment comes back to by http",
            hint='set it to what your proxy sets, such as ("HTTP_X_FORWARDED_PROTO", "https"), if it takes that header '
            "out of requests; where no proxy ends TLS, add govcomponents.E013 to SILENCED_SYSTEM_CHECKS",
            id="govcomponents.E013",
        )
    ]


@register(Tags.database)
def check_tables(databases: Sequence[str] | None = None, **_asked: Any) -> list[CheckMessage]:
    """Check that the tables of the durable layer are there: `python manage.py check --database default`."""
    given = durable_setting()
    if given is None or given.get("database", "default") not in (databases or ()) or _durable():
        return []
    if sys.argv[1:2] == ["migrate"]:  # it looks at the database before it makes the tables, and would never make them
        return []
    try:
        gov.later.check()
    except GovComponentsError as error:
        return [Error(error.happened, hint="python manage.py migrate", id="govcomponents.E009")]
    return []
