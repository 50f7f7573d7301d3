"""A check that is given a deadline asks all providers at once, and names those that did not answer within it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from govcomponents import AsyncGovComponents, GovComponents, InvalidInput, Settings
from govcomponents.core.ports.checks import CheckResult
from govcomponents.privacy import Secret
from govcomponents.sandbox.control.client_environment import environment
from govcomponents.testing import serving
from govcomponents.web.cookies import SignInCookies
from govcomponents.web.handlers import WebHandlers

URLS = ("GOVCOMPONENTS_PAY__BASE_URL", "GOVCOMPONENTS_NOTIFY__BASE_URL", "GOVCOMPONENTS_IDENTITY__ISSUER")

Check = Callable[[Settings, float | None], tuple[CheckResult, ...]]


@pytest.fixture
def silent() -> Iterator[str]:
    """Where somebody takes connections and requests, and answers none."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Settings]]:
    """Settings of a sandbox over HTTP, with the addresses of some components in the place of its own."""
    with serving() as server:

        def settings(url: str, *names: str) -> Settings:
            for name, value in environment(server.sandbox.settings()):
                monkeypatch.setenv(name, url if name in names else value)
            return Settings.from_environment()

        yield settings


def blocking(settings: Settings, within: float | None) -> tuple[CheckResult, ...]:
    with GovComponents.from_settings(settings) as gov:
        return gov.check(within=within)


def awaited(settings: Settings, within: float | None) -> tuple[CheckResult, ...]:
    async def ask() -> tuple[CheckResult, ...]:
        async with AsyncGovComponents.from_settings(settings) as gov:
            return await gov.check(within=within)

    return asyncio.run(ask())


@pytest.mark.parametrize("check", [blocking, awaited])
@pytest.mark.parametrize("which", [URLS[:1], URLS[1:2], URLS[2:], URLS])
def test_who_does_not_answer_in_time_is_named_and_the_others_are_told_as_they_are(
    check: Check, which: tuple[str, ...], silent: str, settings_of: Callable[..., Settings]
) -> None:
    settings = settings_of(silent, *which)
    began = time.monotonic()
    found = check(settings, 1.0)
    assert time.monotonic() - began < 3.0
    names = {next(name for name in URLS if one.component.upper() in name): one for one in found}
    assert set(names) == set(URLS)
    for name, one in names.items():
        assert one.ok is (name not in which), one
        assert (one.problem or "").endswith("it did not answer within 1 s") is (name in which)


@pytest.mark.parametrize("check", [blocking, awaited])
def test_all_are_told_as_without_a_deadline(check: Check, settings_of: Callable[..., Settings]) -> None:
    settings = settings_of("")
    assert check(settings, 5.0) == check(settings, None)
    with pytest.raises(InvalidInput, match="within"):
        check(settings, "soon")


def test_health_is_told_in_time(
    silent: str, settings_of: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("govcomponents.web.handlers.HEALTH_WITHIN", 1.0)  # the same, and a test that waits less
    with GovComponents.from_settings(settings_of(silent, *URLS)) as gov:
        began = time.monotonic()
        answer = WebHandlers(gov, SignInCookies([Secret("a secret of the tests, of forty characters")])).health()
    assert (answer.status, time.monotonic() - began < 3.0) == (503, True)
    assert b"did not answer" not in answer.body  # anybody may read it
    assert "pay.check (GOV.UK Pay): it did not answer within 1 s" in caplog.text
