"""Connections to a mail server: TLS, the login, threads and the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from govcomponents import (
    AsyncGovComponents,
    CredentialsRefused,
    GovComponents,
    NotSent,
)

from .conftest import EMAIL, PLAIN
from .servers import USERNAME, bad_server, mail_server


def test_an_email_arrives_over_tls_at_once(trusted, notify_at):
    with mail_server(tls=trusted, at_once=True, auth_require_tls=False) as box:
        notify_at(box.port, security="tls").send_email(**EMAIL)

    assert len(box.received) == 1


def test_an_email_arrives_without_tls_on_this_machine_only(notify_at):
    with mail_server() as box:
        notify_at(box.port, **PLAIN).send_email(**EMAIL)

    assert not box.received[0].was_private


@pytest.mark.parametrize("excluded", [["PLAIN"], ["LOGIN"]])
def test_a_login_works_by_either_mechanism(trusted, notify_at, excluded):
    with mail_server(tls=trusted, require_starttls=True, auth_exclude_mechanism=excluded) as box:
        notify_at(box.port).send_email(**EMAIL)

    assert box.received[0].user == USERNAME


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(certificate, notify_at, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    for at_once in (False, True):
        with mail_server(tls=certificate[1], at_once=at_once, auth_require_tls=False) as box:
            notify = notify_at(box.port, security="tls" if at_once else "starttls")
            with pytest.raises(NotSent, match="SSLCertVerificationError"):
                notify.send_email(**EMAIL)
        assert box.received == []


def test_a_server_by_another_name_gets_nothing(trusted, notify_at):
    with mail_server(tls=trusted) as box, pytest.raises(NotSent, match="SSLCertVerificationError"):
        notify_at(box.port, host="localhost").send_email(**EMAIL)

    assert box.received == []


def test_a_wrong_password_is_told_and_not_shown(mailbox, notify_at):
    with pytest.raises(CredentialsRefused) as caught:
        notify_at(mailbox.port, password="another-canary").send_email(**EMAIL)

    assert caught.value.status == 535
    assert "another-canary" not in repr(caught.value)
    assert mailbox.received == []


def test_threads_share_one_service_object(mailbox, settings_for):
    with GovComponents.from_settings(settings_for(mailbox.port)) as gov:
        ids: list[str] = []
        threads = [
            threading.Thread(target=lambda: ids.append(gov.notify.send_email(**EMAIL).id), daemon=True)
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert len(set(ids)) == len(mailbox.received) == 12


def test_an_event_loop_goes_on_while_the_server_thinks(settings_for):
    released = threading.Event()

    def think():
        return b"250 taken\r\n" if released.wait(10) else b"451 the loop stood still\r\n"

    async def send(port: int) -> None:
        async with AsyncGovComponents.from_settings(settings_for(port, **PLAIN)) as gov:
            sending = asyncio.ensure_future(gov.notify.send_email(**EMAIL))
            await asyncio.sleep(0)
            released.set()
            await sending

    with bad_server(content=think) as server:
        asyncio.run(send(server.port))

    assert server.whole == 1
