"""What fails in a shell leaves nothing of the request in the shell's own frames, where an error tracker would read it.

The service's own functions fail: at the way back, on an event, on a page behind a sign-in and on the page of a refused
one. Each error is taken as the framework lets it go, and every frame of ours on its way is searched.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

pytest.importorskip("flask")
pytest.importorskip("django")
pytest.importorskip("fastapi")

import govcomponents
from canary.telling import chain, walked
from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.contracts.web.browser import Browser
from govcomponents.contracts.web.suite import WebSuite, _world
from govcomponents.integrations.django import gov as project
from spellings import leaked
from web.on_django import test_django
from web.on_django.test_django import database  # noqa: F401  # the tables of its project
from web.shells import test_fastapi, test_flask

PACKAGE = f"{Path(govcomponents.__file__).parent}{os.sep}"
SUITES = f"{PACKAGE}contracts{os.sep}"  # whose browser sends what it sends
SECRET = test_fastapi.SECRET


class Broken(Exception):
    """The service's own function failed."""


def broken() -> Any:
    try:
        return {}["none"]
    except LookupError as error:
        raise Broken from error


class Service:
    """A service whose functions fail, but where it lets people in."""

    lets_in = False

    @classmethod
    def keep(cls, *_given: object) -> None:
        if not cls.lets_in:
            broken()

    @classmethod
    async def keep_async(cls, *given: object) -> None:
        cls.keep(*given)

    @staticmethod
    def show(*_given: object) -> Any:
        return broken()

    @staticmethod
    async def show_async(*_given: object) -> Any:
        return broken()


class Failing(list[str]):
    """What the handler of an event adds to: it fails there."""

    append = Service.show  # it takes the same


def keeping(kind: type[Any], made: list[Any]) -> type[Any]:
    """A shell's class that keeps what is made of it."""

    class Kept(kind):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    return Kept


def flask(gov: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    made: list[Any] = []
    monkeypatch.setattr(test_flask, "GovComponentsFlask", keeping(test_flask.GovComponentsFlask, made))
    client = test_flask.serve(gov, Failing())
    client.app.testing = True
    made[0].signed_in(Service.keep)
    made[0].refused(Service.show)
    client.app.add_url_rule("/fails", "fails", made[0].require_identity()(Service.show))
    return client


def fastapi(gov: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    made: list[Any] = []
    monkeypatch.setattr(test_fastapi, "FastAPIGov", keeping(test_fastapi.FastAPIGov, made))
    client = test_fastapi.serve(gov, Failing())
    made[0].signed_in(Service.keep_async)
    made[0].refused(Service.show_async)
    return client


def django(gov: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(project, "on_signed_in", Service.keep)
    monkeypatch.setattr(project, "refused_page", Service.show)
    monkeypatch.setattr(test_django.django_urls, "open_page", Service.show)
    return test_django.serve(gov, Failing())


def caught(call: Callable[[], object]) -> Broken:
    with pytest.raises(Broken) as found:
        call()
    return found.value


def told_by_our_frames(error: BaseException, below: str = PACKAGE) -> str:
    """All that the frames of our code on the way of an error hold."""
    texts: list[str] = []
    for one in chain(error):
        trace = one.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if file.startswith(below) and not file.startswith(SUITES):
                texts += walked(trace.tb_frame.f_locals)
            trace = trace.tb_next
    return "\n".join(texts)


@pytest.mark.parametrize(("serve", "page"), [(flask, "/fails"), (fastapi, None), (django, "/protected")])
def test_the_frames_of_a_shell_hold_nothing_of_what_came(
    serve: Callable[..., Any], page: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gov = (AsyncGovComponents if serve is fastapi else GovComponents).sandbox(_world())
    gov.simulator.one_login.sign_in_as("SAM")
    client = serve(gov, monkeypatch)
    browser, errors, canaries = (
        Browser(client),
        [],
        {SECRET, "canary-code-7d1f", "canary-state-7d1f", "canary-reference"},
    )

    def at_the_way_back() -> str:
        back = WebSuite.at_provider(gov, browser.get("/protected"))
        canaries.update(value for name, value in parse_qsl(back.partition("?")[2]) if name in ("code", "state"))
        canaries.update(browser.cookies.values())
        return back

    errors.append(caught(lambda: browser.get(at_the_way_back())))
    errors.append(caught(lambda: Browser(client).get("/gov/callback?code=canary-code-7d1f&state=canary-state-7d1f")))
    body = WebSuite.paid_event().replace(b"RENEW-7", b"canary-reference")
    errors.append(caught(lambda: client.send("POST", "/gov/events/pay", WebSuite.signed(body), body)))
    if page is not None:
        monkeypatch.setattr(Service, "lets_in", True)
        assert browser.get(at_the_way_back()).status == 303
        canaries.update(browser.cookies.values())
        errors.append(caught(lambda: browser.get(f"{page}?q=canary-code-7d1f")))
    for error in errors:
        assert any(trace.name == "broken" for trace in traceback.extract_tb(error.__traceback__))  # theirs stay
        # Not the cause: Sentry's part for ASGI, once it was on in a process, takes that from all that comes through.
        assert isinstance(error.__context__, LookupError)
        assert leaked(canaries, told_by_our_frames(error)) == set()


def test_a_canary_in_a_frame_of_ours_is_found() -> None:
    error = caught(lambda: Service.show("canary-code-7d1f"))
    assert leaked({"canary-code-7d1f"}, told_by_our_frames(error, __file__)) == {"canary-code-7d1f"}
