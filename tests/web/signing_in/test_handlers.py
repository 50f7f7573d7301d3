"""The handlers of both kinds without a framework: what a page asks of the provider, and what ends a session."""

from __future__ import annotations

import asyncio
import inspect
import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Personal, Secret, Unavailable
from govcomponents.identity import AccountChange, AccountEvent, Claim, LogoutNotice
from govcomponents.web import (
    AsyncWebHandlers,
    NotSignedIn,
    Requirement,
    SignedIn,
    SignInCookies,
    WebHandlers,
    WebRequest,
)
from govcomponents.web.ended_sessions import MemoryEndedSessions

WORDS = "a secret of the tests, of forty characters"


class Away(MemoryEndedSessions):
    """A store of ended sessions that can be away."""

    is_away = False

    def ended_at(self, keys: tuple[str, ...]) -> float | None:
        if self.is_away:
            raise Unavailable("the store is away", fix="try again", operation="web.person")
        return super().ended_at(keys)


class Service:
    """Handlers of either kind, seen as blocking ones, and a browser at them."""

    def __init__(self, kind: type[WebHandlers | AsyncWebHandlers]) -> None:
        self.gov: Any = (GovComponents if kind is WebHandlers else AsyncGovComponents).sandbox()
        self.gov.simulator.one_login.sign_in_as("SAM")
        self.store = Away()
        keep = SignInCookies([Secret(WORDS)], clock=self.gov.runtime.clock)
        self._handlers: Any = kind(self.gov, keep, ended=self.store)
        self.cookies: dict[str, str] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._handlers, name)

        def call(*given: Any, **more: Any) -> Any:
            found = method(*given, **more)
            return asyncio.run(_awaited(found)) if inspect.isawaitable(found) else found

        return call

    def request(self, query: str = "") -> WebRequest:
        return WebRequest(query=query, cookies=dict(self.cookies))

    def take_cookies(self, headers: tuple[tuple[str, str], ...]) -> None:
        for name, value in headers:
            if name == "Set-Cookie":
                for one in SimpleCookie(value).values():
                    self.cookies[one.key] = one.value
                    if one["max-age"] == "0":
                        del self.cookies[one.key]

    def go(self, requirement: Requirement, to: str = "/renew") -> tuple[str, Mapping[str, list[str]]]:
        """Begin a sign-in: where the browser is sent, and what the provider is asked for."""
        answer = self.require(self.request(), requirement, to)
        self.take_cookies(answer.headers)
        url = dict(answer.headers)["Location"]
        return url, parse_qs(urlsplit(url).query)

    def come_back(self, url: str) -> Any:
        """Let the person sign in there, and come back."""
        back = self.gov.simulator.visit(url).headers["location"]
        done = self.callback(self.request(urlsplit(back).query))
        self.take_cookies(done.answer.headers)
        return done

    def sign_in_as(self, who: str = "SAM", **more: Any) -> SignedIn:
        self.gov.simulator.one_login.sign_in_as(who)
        done = self.come_back(self.go(Requirement.of(**more))[0])
        assert isinstance(done, SignedIn)
        return done


async def _awaited(found: Any) -> Any:
    return await found


@pytest.fixture(params=[WebHandlers, AsyncWebHandlers], ids=["blocking", "asyncio"])
def service(request: pytest.FixtureRequest) -> Service:
    return Service(request.param)


def claims_of(jwt: str) -> dict[str, Any]:
    part = jwt.split(".")[1]
    found: dict[str, Any] = json.loads(b64decode(part + "=" * (-len(part) % 4), altchars="-_"))
    return found


def test_what_a_page_requires_is_asked_of_the_provider(service: Service) -> None:
    _, query = service.go(Requirement.of(confidence="medium", claims=[Claim.ADDRESS]))
    assert query["vtr"] == ['["Cl.Cm.P2"]']
    assert "address" in query["claims"][0]
    _, query = service.go(Requirement.of(authentication="single_factor"))
    assert query["vtr"] == ['["Cl"]']


def test_who_signed_in_too_long_ago_is_asked_to_sign_in_again(service: Service) -> None:
    asked = Requirement.of(max_age=60)
    assert "max_age" in json.dumps(service.go(asked)[1])
    id_token = service.sign_in_as().person.id_token
    assert service.require(service.request(), asked, "/renew").subject
    service.gov.simulator.clock.advance(61)
    _, query = service.go(asked)
    anew = claims_of(query["request"][0])
    assert (anew["max_age"], anew["prompt"], anew["id_token_hint"]) == (60, "login", id_token.reveal())


def test_who_signs_out_is_sent_to_the_provider_and_from_there_back(service: Service) -> None:
    token = service.sign_in_as().person.id_token
    out = service.sign_out(service.request(), "https://service.example.gov.uk/out")
    where = urlsplit(dict(out.headers)["Location"])
    query = parse_qs(where.query)
    assert where.path == "/logout"
    assert (query["id_token_hint"], query["post_logout_redirect_uri"]) == (
        [token.reveal()],
        ["https://service.example.gov.uk/out"],
    )
    service.take_cookies(out.headers)
    assert service.person(service.request()) is None


def test_who_is_not_signed_in_signs_out_to_the_first_page(service: Service) -> None:
    out = service.sign_out(replace(service.request(), root="/licences/"))
    assert dict(out.headers)["Location"] == "/licences/"


def test_while_the_store_is_away_nobody_is_told_that_they_are_not_signed_in(service: Service) -> None:
    url, _ = service.go(Requirement.of())
    signed_in = service.come_back(url)
    assert isinstance(signed_in, SignedIn)
    service.store.is_away = True
    told = service.require(service.request(), Requirement.of(), "/renew")
    assert (told.status, b"signed in" in told.body) == (503, False)
    back = service.gov.simulator.visit(url).headers["location"]
    again = service.callback(service.request(urlsplit(back).query))
    assert isinstance(again, NotSignedIn)
    assert (again.answer.status, again.is_known, type(again.error)) == (503, False, Unavailable)


def test_a_session_that_ends_at_the_provider_ends_here_and_no_other(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a provider that names sessions and no person in its notices."""
    here = service.sign_in_as().person
    assert here.provider_session is not None
    says(service, monkeypatch, LogoutNotice, subject=None, session=Personal("another"))
    assert service.person(service.request()) == here
    says(service, monkeypatch, LogoutNotice, subject=None, session=Personal(here.provider_session.reveal()))
    assert service.person(service.request()) is None


@pytest.mark.parametrize("change", AccountChange)
def test_an_account_that_is_over_ends_its_sessions(
    service: Service, monkeypatch: pytest.MonkeyPatch, change: AccountChange
) -> None:
    here = service.sign_in_as().person
    says(service, monkeypatch, AccountEvent, change=change, raw_type="x", subject=Personal("somebody else"))
    assert service.person(service.request()) == here
    says(service, monkeypatch, AccountEvent, change=change, raw_type="x", subject=here.subject)
    assert (service.person(service.request()) is None) == (change in ("purged", "disabled", "locked"))


def says(service: Service, monkeypatch: pytest.MonkeyPatch, kind: type[Any], **facts: Any) -> None:
    """Let the provider send an event of which its signature and form are proved elsewhere."""
    person = service.person(service.request())
    at = datetime.fromtimestamp(person.signed_in_at + 1, UTC)
    event = kind(key="e-1", provider=person.provider, issuer=person.issuer, occurred_at=at, raw={}, **facts)

    async def awaited(*_: object) -> Any:
        return event

    read = awaited if isinstance(service.gov, AsyncGovComponents) else lambda *_: event
    monkeypatch.setattr(service.gov.identity, "parse_callback", read)
    service.event("identity", b"", {})
