"""System checks: what would fail for the first person, or let anybody in, stops `manage.py` instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import NoReverseMatch, reverse

from govcomponents.core.validation import is_absolute_url
from govcomponents.errors import ConfigurationError, GovComponentsError
from govcomponents.integrations.django import sessions
from govcomponents.integrations.django.service import (
    SIGNED_OUT,
    configured,
    durable_setting,
    gov,
    secrets,
    signed_out_url,
)
from govcomponents.settings import Settings
from govcomponents.web.cookies import SignInCookies

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        *_callbacks(found),
        *_sessions(),
        *_live_keys(found),
        *_redirects(found),
        *_signed_out(),
        *_durable(),
        *_users(),
    ]


def _callbacks(found: Settings) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if found.pay is not None and not found.pay.webhook_secrets:
        errors.append(
            Error(
                "no webhook secret is set, so every webhook of payments is answered with 503",
                hint="set GOVCOMPONENTS_PAY__WEBHOOK_SECRETS, or pay.webhook_secrets in GOVCOMPONENTS",
                id="govcomponents.E002",
            )
        )
    if found.notify is not None and not found.notify.callback_tokens:
        errors.append(
            Error(
                "no callback token is set, so every delivery receipt is answered with 503",
                hint="set GOVCOMPONENTS_NOTIFY__CALLBACK_TOKENS, or notify.callback_tokens in GOVCOMPONENTS",
                id="govcomponents.E003",
            )
        )
    return errors


def _sessions() -> list[CheckMessage]:
    if settings.SESSION_COOKIE_SAMESITE != "Strict":
        return []
    return [
        Error(
            'SESSION_COOKIE_SAMESITE is "Strict": people who come back from signing in would have lost their session',
            hint='set it to "Lax"',
            id="govcomponents.E004",
        )
    ]


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
    if found.identity is None or found.identity.redirect_url is None:
        return []
    try:
        ours = reverse("govcomponents:callback")
    except NoReverseMatch:
        return [
            Error(
                "the routes of the components are in no urlpatterns",
                hint='add path("gov/", include("govcomponents.integrations.django.urls"))',
                id="govcomponents.E006",
            )
        ]
    registered = urlsplit(found.identity.redirect_url)
    if registered.path == ours:
        return []
    return [
        Error(
            f"people come back from signing in to {registered.path}, and the callback is at {ours}",
            hint="set GOVCOMPONENTS_IDENTITY__REDIRECT_URL to the callback's URL, and register it with the provider",
            id="govcomponents.E007",
        )
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
