"""Mail servers, template files and callers of both modes."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from govcomponents import AsyncGovComponents, GovComponents
from govcomponents.contracts.modes import BlockingView, Mode
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.settings import NotifySettings, Settings

from .servers import PASSWORD, USERNAME, Mailbox, mail_server, make_certificate

if TYPE_CHECKING:
    import asyncio
    import ssl

TEMPLATES = Path(__file__).parent / "templates"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture(autouse=True)
def quiet_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the server's own log, which shows every command, out of what the tests look at."""
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)


@pytest.fixture
def trusted(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of TLS, whose authority the client trusts."""
    authority, context = certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    return context


@pytest.fixture
def mailbox(trusted: ssl.SSLContext) -> Iterator[Mailbox]:
    """A real server that wants STARTTLS and a login."""
    with mail_server(tls=trusted, require_starttls=True, auth_required=True) as box:
        yield box


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    shutil.copy(TEMPLATES / "renewed.md", folder)
    return folder


@pytest.fixture
def settings_for(templates: Path) -> Callable[..., Settings]:
    """Make settings for a server's port."""

    def make(port: int, **changes: object) -> Settings:
        values: dict[str, object] = {
            "adapter": "smtp",
            "host": "127.0.0.1",
            "port": port,
            "username": USERNAME,
            "password": PASSWORD,
            "sender": "permits@example.gov.uk",
            "sender_name": "Permits office",
            "templates_folder": str(templates),
            **changes,
        }
        kept = {name: value for name, value in values.items() if value is not None}
        return Settings(notify=NotifySettings.model_validate(kept))

    return make


@pytest.fixture
def notify_at(
    settings_for: Callable[..., Settings], gov_mode: Mode, gov_runner: asyncio.Runner
) -> Iterator[Callable[..., Any]]:
    """Make a service object of the test's mode, on the real transport of that mode."""
    with contextlib.ExitStack() as stack:

        def make(port: int, *, retry: RetryPolicy | None = None, observers: Any = (), **changes: object) -> Any:
            settings = settings_for(port, **changes)
            policy = retry or RetryPolicy.none()
            if gov_mode is Mode.BLOCKING:
                gov = GovComponents.from_settings(settings, retry=policy, observers=observers)
                stack.callback(gov.close)
                return gov.notify
            agov = AsyncGovComponents.from_settings(settings, retry=policy, observers=observers)
            stack.callback(lambda: gov_runner.run(agov.aclose()))
            return BlockingView(agov.notify, gov_runner)

        yield make


EMAIL = {
    "to": "sam@example.com",
    "template": "renewed",
    "personalisation": {"name": "Sam", "reference": "RENEW-7", "refund": True},
}
PLAIN: dict[str, object] = {"security": "none", "username": None, "password": None}
"""What to change in the settings for a server without TLS and login."""
