"""Whether the mail server answers and takes the login: asked for, and never raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from govcomponents import GovComponents
from govcomponents.core.http.retry import RetryPolicy

from .conftest import PLAIN
from .servers import PASSWORD, Mailbox, mail_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcomponents import Settings
    from govcomponents.core.ports.checks import CheckResult


def check(settings: Settings) -> CheckResult:
    with GovComponents.from_settings(settings, retry=RetryPolicy.none()) as gov:
        return gov.check()[0]


def test_a_server_that_takes_the_login_works_and_gets_no_email(
    mailbox: Mailbox, settings_for: Callable[..., Settings]
) -> None:
    found = check(settings_for(mailbox.port))
    assert (found.component, found.ok, found.problem) == ("notify", True, None)
    assert mailbox.received == []


def test_a_login_that_is_refused_is_told(mailbox: Mailbox, settings_for: Callable[..., Settings]) -> None:
    found = check(settings_for(mailbox.port, password=f"not-{PASSWORD}"))
    assert found.ok is False
    assert "USERNAME and PASSWORD" in str(found.problem)
    assert PASSWORD not in str(found.problem)


def test_a_server_that_wants_no_login_works(settings_for: Callable[..., Settings]) -> None:
    with mail_server() as box:
        assert check(settings_for(box.port, **PLAIN)).ok is True


def test_a_server_that_is_away_is_told(settings_for: Callable[..., Settings]) -> None:
    with mail_server() as box:
        port = box.port
    found = check(settings_for(port, **PLAIN))
    assert found.ok is False
    assert "the mail server did not answer" in str(found.problem)


@pytest.mark.usefixtures("trusted")
def test_a_server_without_tls_is_told(settings_for: Callable[..., Settings]) -> None:
    with mail_server() as box:
        found = check(settings_for(box.port))
    assert found.ok is False
    assert "STARTTLS" in str(found.problem)
