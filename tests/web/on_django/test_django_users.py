"""Django's users and sessions begin and end with the person's, and no cache mixes people up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("django")

from web.on_django import test_django
from web.on_django.test_django import DjangoClient, database, empty, serve  # configures Django, makes its tables

pytest.importorskip("django.contrib.auth")

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings

from govcomponents import GovComponents
from govcomponents.contracts.web.browser import Browser, path_of
from govcomponents.integrations.django import gov as project
from govcomponents.integrations.django import stores
from govcomponents.web import Problem

__all__ = ["database", "empty"]

SUITE = test_django.TestDjango()
BACKEND = "govcomponents.integrations.django.auth.Backend"
FETCHES = "django.middleware.cache.FetchFromCacheMiddleware"
UPDATES = "django.middleware.cache.UpdateCacheMiddleware"


@pytest.fixture
def gov() -> Iterator[GovComponents]:
    with GovComponents.sandbox() as made:
        made.simulator.one_login.sign_in_as("SAM")
        serve(made, [])
        yield made


@pytest.fixture
def users() -> Iterator[None]:
    with override_settings(AUTHENTICATION_BACKENDS=[BACKEND, "django.contrib.auth.backends.ModelBackend"]):
        yield
    User.objects.all().delete()
    Session.objects.all().delete()


def user_of(browser: Browser) -> str:
    return browser.get("/user").text


@pytest.mark.usefixtures("users")
def test_a_person_who_signs_in_is_a_user_whose_name_tells_nothing(gov: GovComponents) -> None:
    browser = Browser(DjangoClient())
    assert user_of(browser) == ""
    SUITE.signed_in(gov, browser)
    name = user_of(browser)
    subject = browser.get("/open").text
    assert (name.startswith("gov-"), subject in name, User.objects.count()) == (True, False, 1)
    assert not User.objects.get().has_usable_password()
    again = Browser(DjangoClient())
    SUITE.signed_in(gov, again)
    assert user_of(again) == name


@pytest.mark.usefixtures("users")
def test_a_user_ends_with_the_person_here_and_at_the_provider(gov: GovComponents) -> None:
    browser, other = Browser(DjangoClient()), Browser(DjangoClient())
    for one in (browser, other):
        SUITE.signed_in(gov, one)
    copied = Browser(DjangoClient(), dict(browser.cookies))
    browser.post("/gov/sign-out")
    assert [user_of(one) for one in (browser, copied)] == ["", ""]
    assert user_of(other) != ""
    project.handlers._ended.end(_person_key(other), gov.runtime.clock() + 1, gov.runtime.clock() + 99)
    assert user_of(other) == ""


def _person_key(browser: Browser) -> str:
    person = project.handlers._cookies.person(browser.cookies)
    assert person is not None
    return f"person {person.issuer} {person.subject.reveal()}"


@pytest.mark.usefixtures("users")
def test_a_session_made_for_somebody_beforehand_is_not_theirs(gov: GovComponents) -> None:
    attacker = Client(headers={"host": "service.example.gov.uk"})
    attacker.session["basket"] = 1
    planted = attacker.session
    planted["basket"] = 1
    planted.save()
    browser = Browser(DjangoClient(), {"sessionid": str(planted.session_key)})
    SUITE.signed_in(gov, browser)
    assert browser.cookies["sessionid"] != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()
    assert user_of(browser) != ""


@pytest.mark.usefixtures("users")
def test_the_session_of_another_person_is_no_session_of_this_one(gov: GovComponents) -> None:
    sam, nia = Browser(DjangoClient()), Browser(DjangoClient())
    SUITE.signed_in(gov, sam)
    gov.simulator.one_login.sign_in_as("NIA")
    SUITE.signed_in(gov, nia, "/gov/sign-in")
    mixed = Browser(DjangoClient(), {**nia.cookies, "sessionid": sam.cookies["sessionid"]})
    assert user_of(mixed) == ""


@pytest.mark.usefixtures("users")
def test_a_user_who_is_not_active_does_not_get_in(gov: GovComponents) -> None:
    browser = Browser(DjangoClient())
    SUITE.signed_in(gov, browser)
    User.objects.update(is_active=False)
    browser = Browser(DjangoClient())
    back = SUITE.signed_in(gov, browser)
    assert (back.status, "cannot use this service" in back.text) == (403, True)
    assert (browser.get("/open").text, user_of(browser)) == ("nobody", "")


@pytest.mark.usefixtures("users")
def test_no_password_signs_a_user_of_the_backend_in(gov: GovComponents) -> None:
    SUITE.signed_in(gov, Browser(DjangoClient()))
    with override_settings(AUTHENTICATION_BACKENDS=[BACKEND]):
        User.objects.create_user("clerk", password="a password of a clerk")
        assert not Client().login(username="clerk", password="a password of a clerk")


def test_a_backend_without_its_middleware_stops_the_project() -> None:
    def found() -> bool:
        return "govcomponents.E011" in [message.id for message in run_checks()]

    with override_settings(GOVCOMPONENTS={}, AUTHENTICATION_BACKENDS=[BACKEND]):
        project.use(None)
        assert not found()
        with override_settings(MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"]):
            assert found()


@pytest.mark.parametrize("with_middleware", [True, False])
def test_djangos_cache_gives_nobody_the_page_of_another_person(gov: GovComponents, with_middleware: bool) -> None:
    ours = ["govcomponents.integrations.django.sessions.PersonMiddleware"] if with_middleware else []
    with override_settings(MIDDLEWARE=[UPDATES, *ours, FETCHES]):
        browser = Browser(DjangoClient())
        SUITE.signed_in(gov, browser)
        assert browser.get("/protected").text == browser.get("/open").text != "nobody"
        stranger = Browser(DjangoClient())
        assert (stranger.get("/protected").status, stranger.get("/open").text) == (303, "nobody")


def test_an_asyncio_view_is_guarded_too(gov: GovComponents) -> None:
    client = AsyncClient(headers={"host": "service.example.gov.uk"})

    async def ask() -> Any:
        return await client.get("/protected-async", secure=True)

    browser = Browser(DjangoClient())
    assert path_of(asyncio.run(ask()).headers["location"]).startswith("/authorize")
    assert browser.get("/protected-async").status == 303
    SUITE.signed_in(gov, browser)
    assert browser.get("/protected-async").text == "here"
    for name, value in browser.cookies.items():
        client.cookies[name] = value
    made = asyncio.run(ask())
    assert (made.content, made.headers["cache-control"]) == (b"here", "private, no-store")


def test_a_database_that_is_away_is_told_in_words(gov: GovComponents, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, begun = Browser(DjangoClient()), Browser(DjangoClient())
    SUITE.signed_in(gov, browser)
    back = SUITE.at_provider(gov, begun.get("/protected"))

    def away(*_asked: object) -> None:
        raise OperationalError("the database is away")

    def asking(request: HttpRequest, told: Problem) -> HttpResponse:  # as what all pages have on top does
        return HttpResponse(f"{told.body.decode()} {project.person(request)}", status=told.status)

    monkeypatch.setattr(project, "problem_page", asking)
    for name in ("end", "ended_at"):
        monkeypatch.setattr(stores.DatabaseEndedSessions, name, away)
    monkeypatch.setattr(stores.DatabaseReplayStore, "add", away)
    for one, path, told in (
        (browser, "/protected", "If you have paid, do not pay again"),
        (browser, "/open", "If you have paid, do not pay again"),
        (begun, back, "does not work"),
        (browser, "/gov/callback?state=unknown", "If you have paid, do not pay again"),
    ):
        reply = one.get(path)
        assert (reply.status, "away" in reply.text, told in reply.text) == (503, False, True), path
    reply = browser.post("/gov/sign-out")
    assert (reply.status, [name for name in browser.cookies if "signed-in" in name]) == (303, [])


def test_the_callback_holds_no_transaction_while_the_provider_is_asked(
    gov: GovComponents, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    add = stores.DatabaseReplayStore.add

    def seen(self: stores.DatabaseReplayStore, key: str, until: float, now: float) -> bool:
        held.append(connection.in_atomic_block)
        return add(self, key, until, now)

    monkeypatch.setattr(stores.DatabaseReplayStore, "add", seen)
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    browser = Browser(DjangoClient())
    assert SUITE.signed_in(gov, browser).status == 303
    assert held == [False]
