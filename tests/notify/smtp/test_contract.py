"""The SMTP adapter fulfils the contract of the notify port, against a real mail server."""

from __future__ import annotations

import pytest

from govcomponents import NotSent, OutcomeUnknown, Unavailable
from govcomponents.contracts.notify.suite import NotifyDouble, NotifySubject, NotifySuite
from govcomponents.core.retry import RetryPolicy
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.smtp.adapter import Smtp

from .conftest import PLAIN
from .servers import DROP, PASSWORD, bad_server, mail_server

FAULTS = {
    "connection dropped": ({"banner": DROP}, NotSent, 3, 0),
    "dropped before acceptance": ({"DATA": DROP}, NotSent, 3, 0),
    "dropped after acceptance": ({"content": DROP}, OutcomeUnknown, 1, 1),
    "too many connections": ({"RCPT": b"421 4.3.2 too many\r\n"}, Unavailable, 1, 0),
    "server error": ({"content": b"451 4.3.0 error\r\n"}, Unavailable, 1, 1),
}


class TestOverSmtp(NotifySuite):
    @pytest.fixture
    def subject(self, settings_for):
        with mail_server() as mailbox:
            settings = settings_for(mailbox.port, **PLAIN).notify

            def connect():
                mailbox.received.clear()
                return NotifyDouble(ScriptedTransport(), lambda: 1_700_000_000.0, lambda: len(mailbox.received))

            yield NotifySubject(
                build=lambda runtime: Smtp.from_settings(settings, runtime),
                connect=connect,
                answers_reads=True,
                canaries=("canary@example.com", "Nightingale", PASSWORD),
                email={
                    "to": "canary@example.com",
                    "template": "renewed",
                    "personalisation": {"name": "Canary Nightingale", "reference": "RENEW-7", "refund": False},
                    "reference": "RENEW-7-receipt",
                },
            )

    # The contract's faults are those of HTTP, put into its transport; a mail server fails in its own ways.

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_gives_its_error_and_nothing_is_sent_twice(self, subject, notify_at, fault):
        replies, error, connections, whole = FAULTS[fault]
        with bad_server(**replies) as server, pytest.raises(error) as caught:
            notify_at(server.port, retry=RetryPolicy(first_wait=0.001), **PLAIN).send_email(**subject.email)

        assert type(caught.value) is error
        assert (server.connections, server.whole) == (connections, whole)

    def test_what_was_certainly_not_accepted_is_sent_again(self, subject, notify_at):
        answers = iter([DROP])
        with bad_server(banner=lambda: next(answers, b"220 ready\r\n")) as server:
            policy = RetryPolicy(first_wait=0.001)
            assert notify_at(server.port, retry=policy, **PLAIN).send_email(**subject.email).id

        assert (server.connections, server.whole) == (2, 1)
