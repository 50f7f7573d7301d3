"""What goes wrong between a service and its mail server: told exactly, and never sent twice unasked."""

from __future__ import annotations

import json
import logging
import pickle
import smtplib
import threading

import pytest
from tenacity import wait_none

from govcomponents import (
    ConfigurationError,
    CredentialsRefused,
    GovComponentsError,
    NotSent,
    OutcomeUnknown,
    PermissionRefused,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Replay, Request
from govcomponents.core.http.retry import RetryPolicy
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.notify.adapters.smtp.settings import MailServer, Security
from govcomponents.notify.adapters.smtp.transport import SmtpTransport

from .conftest import PLAIN
from .servers import DROP, PASSWORD, USERNAME, bad_server, mail_server

EMAIL = {
    "to": "canary@example.com",
    "template": "renewed",
    "personalisation": {"name": "Nightingale", "reference": "RENEW-7", "refund": True},
}
QUICK = RetryPolicy(wait=wait_none())
BEFORE = ["banner", "EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("step", BEFORE)
def test_a_connection_lost_before_the_email_went_out_is_not_sent_and_tried_again(notify_at, step):
    with bad_server(**{step: DROP}) as server, pytest.raises(NotSent) as caught:
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert type(caught.value) is NotSent
    assert (server.connections, server.whole) == (3, 0)


@pytest.mark.parametrize("step", BEFORE)
def test_one_that_then_succeeds_is_sent_once(notify_at, step):
    steps = iter([DROP])
    good = {"banner": b"220 ok\r\n", "EHLO": b"250 mail\r\n", "DATA": b"354 go\r\n"}

    with bad_server(**{step: lambda: next(steps, good.get(step, b"250 ok\r\n"))}) as server:
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert (server.connections, server.whole) == (2, 1)


def test_nobody_listening_is_not_sent(notify_at):
    with bad_server() as server:
        pass

    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        notify_at(server.port, **PLAIN).send_email(**EMAIL)


def test_an_answer_lost_after_the_final_dot_leaves_the_outcome_unknown_and_is_not_tried_again(notify_at):
    with bad_server(content=DROP) as server, pytest.raises(OutcomeUnknown) as caught:
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert (server.connections, server.whole) == (1, 1)
    assert "Message-ID <" in caught.value.lookup
    assert "@example.gov.uk>" in caught.value.lookup


def test_an_answer_too_long_to_be_one_leaves_the_outcome_unknown(notify_at):
    with bad_server(content=b"250 " + b"a" * 10_000 + b"\r\n") as server, pytest.raises(OutcomeUnknown):
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert server.connections == 1


def test_an_answer_that_is_no_reply_is_unexpected_and_says_how_to_look(notify_at):
    with bad_server(content=b"hello\r\n") as server, pytest.raises(UnexpectedReply) as caught:
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert server.connections == 1
    assert "Message-ID <" in caught.value.lookup


def test_an_acceptance_stands_even_if_the_server_then_hangs_up(notify_at):
    with bad_server(QUIT=DROP) as server:
        assert notify_at(server.port, **PLAIN).send_email(**EMAIL).id

    assert server.whole == 1


def envelope(body: bytes) -> Request:
    headers = {"mail-from": "permits@example.gov.uk", "rcpt-to": "canary@example.com"}
    return Request("notify.send_email", "MAIL", "", Replay.UNSENT, headers, body, lookup="look", provider="SMTP")


def at(port: int, **changes: object) -> MailServer:
    values = {"username": None, "password": None, "security": Security.NONE, **changes}
    return MailServer(host="127.0.0.1", port=port, hello_name="service.example.gov.uk", **values)


def test_an_email_cut_off_halfway_was_not_sent():
    with bad_server(halfway=b"") as server, pytest.raises(NotSent):
        drive(SmtpTransport(ScriptedTransport(), at(server.port)).send(envelope(b"line\r\n" * 4_000_000)))

    assert server.whole == 0


class FailsAtTheDot:
    """A socket that fails when the final dot is sent, before or after it really went out."""

    def __init__(self, real, error, *, after):
        self._real, self._error, self._after = real, error, after

    def __getattr__(self, name):
        return getattr(self._real, name)

    def sendall(self, data):
        if data.endswith(b"\r\n.\r\n"):
            if self._after:
                self._real.sendall(data)
            raise self._error
        self._real.sendall(data)


@pytest.mark.parametrize(
    ("failure", "after", "error"),
    [
        (BrokenPipeError(), False, NotSent),
        (ConnectionResetError(), False, NotSent),
        (TimeoutError("raised by a signal's handler"), True, OutcomeUnknown),
    ],
    ids=("broken pipe", "reset", "signal"),
)
def test_a_failure_at_the_final_dot_is_unsent_only_where_this_machine_says_so(monkeypatch, failure, after, error):
    connect = smtplib.SMTP._get_socket
    monkeypatch.setattr(
        smtplib.SMTP, "_get_socket", lambda *given: FailsAtTheDot(connect(*given), failure, after=after)
    )
    with bad_server() as server, pytest.raises(error) as caught:
        drive(SmtpTransport(ScriptedTransport(), at(server.port)).send(envelope(b"line\r\n")))

    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("step", "waits", "error"),
    [("RCPT", {"step": 0.2}, NotSent), ("content", {"final": 0.2}, OutcomeUnknown)],
    ids=("before", "after"),
)
def test_a_server_that_falls_silent_is_not_waited_for_for_ever(step, waits, error):
    ended = threading.Event()

    def say_nothing():
        ended.wait(10)
        return DROP

    with bad_server(**{step: say_nothing}) as server:
        transport = SmtpTransport(ScriptedTransport(), at(server.port), **waits)
        with pytest.raises(error, match="SMTPServerDisconnected"):
            drive(transport.send(envelope(b"line\r\n")))
        ended.set()


def test_the_transport_waits_and_works_in_the_way_of_the_one_inside():
    inner = ScriptedTransport()
    transport = SmtpTransport(inner, at(25))

    drive(transport.sleep(1.5))

    assert inner.waits == [1.5]
    assert drive(transport.run_blocking(lambda: 7)) == 7
    drive(transport.aclose())


CASES = [
    ("sender", "550 5.7.1 not yours", PermissionRefused, "SENDER"),
    ("sender", "530 5.7.0 login first", CredentialsRefused, "USERNAME"),
    ("sender", "452 4.3.1 full", Unavailable, "few minutes"),
    ("sender", "552 5.3.4 too big", RequestRefused, "smaller"),
    ("recipient", "550 5.1.1 <canary@example.com> unknown", RequestRefused, "address"),
    ("recipient", "550 no such user", RequestRefused, "address"),
    ("recipient", "552 5.2.2 mailbox full", RequestRefused, "another way"),
    ("recipient", "552 storage exceeded", RequestRefused, "another way"),
    ("recipient", "552 5.2.3 larger than this recipient takes", RequestRefused, "smaller"),
    ("content", "552 5.2.2 over quota", RequestRefused, "another way"),
    ("recipient", "554 5.7.1 relay access denied", PermissionRefused, "log in"),
    ("recipient", "450 4.2.0 greylisted", Unavailable, "once"),
    ("content", "554 5.6.0 looks like spam", RequestRefused, "rules"),
    ("content", "552 5.2.3 too big", RequestRefused, "smaller"),
    ("content", "451 4.3.0 try later", Unavailable, "few minutes"),
]


@pytest.mark.parametrize(("step", "reply", "expected", "says"), CASES)
def test_what_the_server_refuses_is_a_typed_error_with_how_to_mend_it(mailbox, notify_at, step, reply, expected, says):
    mailbox.replies[step] = reply
    events = []

    with pytest.raises(GovComponentsError) as caught:
        notify_at(mailbox.port, retry=QUICK, observers=(events.append,)).send_email(**EMAIL)

    assert type(caught.value) is expected
    assert says in caught.value.fix
    assert caught.value.status == int(reply[:3])
    assert caught.value.code == (reply.split()[1] if reply[4].isdigit() else None)
    assert mailbox.received == []
    assert [(event.outcome, event.status) for event in events] == [("answered", int(reply[:3]))]


def test_a_refused_recipient_names_the_field_and_not_the_address(mailbox, notify_at):
    mailbox.replies["recipient"] = "550 5.1.1 <canary@example.com> unknown"

    with pytest.raises(RequestRefused) as caught:
        notify_at(mailbox.port).send_email(**EMAIL)

    assert caught.value.field == "to"
    assert "canary" not in repr(caught.value)


def test_a_forwarded_recipient_is_accepted(mailbox, notify_at):
    mailbox.replies["recipient"] = "251 2.1.5 will forward"

    assert notify_at(mailbox.port).send_email(**EMAIL).id


@pytest.mark.parametrize("reply", [b"554 not today\r\n", b"421 4.3.2 busy\r\n", b"hello\r\n"])
def test_a_server_that_does_not_take_the_connection(notify_at, reply):
    with bad_server(banner=reply) as server, pytest.raises(NotSent):
        notify_at(server.port, retry=QUICK, **PLAIN).send_email(**EMAIL)

    assert server.connections == 3


def test_a_server_that_knows_neither_greeting(notify_at):
    with bad_server(EHLO=b"502 no\r\n", HELO=b"502 no\r\n") as server, pytest.raises(NotSent) as caught:
        notify_at(server.port, **PLAIN).send_email(**EMAIL)

    assert caught.value.status == 502


def test_an_old_server_that_knows_helo_only_is_good_enough(notify_at):
    with bad_server(EHLO=b"502 no\r\n") as server:
        notify_at(server.port, **PLAIN).send_email(**EMAIL)

    assert server.whole == 1


@pytest.mark.parametrize("reply", [b"502 no\r\n", b"454 4.7.0 not now\r\n"])
def test_data_can_be_refused(notify_at, reply):
    with bad_server(DATA=reply) as server, pytest.raises((RequestRefused, Unavailable)):
        notify_at(server.port, **PLAIN).send_email(**EMAIL)

    assert server.whole == 0


def test_a_server_without_starttls_gets_neither_login_nor_email(notify_at):
    with bad_server() as server, pytest.raises(ConfigurationError, match="STARTTLS"):
        notify_at(server.port).send_email(**EMAIL)

    assert "AUTH" not in server.commands
    assert "MAIL" not in server.commands


def test_starttls_can_be_refused(notify_at):
    replies = {"EHLO": b"250-mail\r\n250 STARTTLS\r\n", "STARTTLS": b"454 4.7.0 not now\r\n"}
    with bad_server(**replies) as server, pytest.raises(NotSent) as caught:
        notify_at(server.port).send_email(**EMAIL)

    assert caught.value.status == 454
    assert "AUTH" not in server.commands


def test_starttls_that_is_no_tls_gets_nothing(notify_at):
    replies = {"EHLO": b"250-mail\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go\r\n250 injected\r\n"}
    with bad_server(**replies) as server, pytest.raises(NotSent):
        notify_at(server.port).send_email(**EMAIL)

    assert "MAIL" not in server.commands


@pytest.mark.parametrize("offer", [b"250 mail\r\n", b"250-mail\r\n250 AUTH CRAM-MD5 XOAUTH2\r\n"])
def test_a_server_without_a_login_that_we_know(notify_at, offer):
    own = {**PLAIN, "username": USERNAME, "password": PASSWORD}
    with bad_server(EHLO=offer) as server, pytest.raises(ConfigurationError, match="login"):
        notify_at(server.port, **own).send_email(**EMAIL)

    assert "MAIL" not in server.commands


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"535 5.7.8 no\r\n", CredentialsRefused),
        (b"454 4.7.0 not now\r\n", Unavailable),
        (b"334 a\r\n", NotSent),  # a challenge that is not base64
    ],
)
def test_a_login_can_be_refused(notify_at, reply, expected):
    own = {**PLAIN, "username": USERNAME, "password": PASSWORD}
    with bad_server(EHLO=b"250-mail\r\n250 AUTH LOGIN\r\n", AUTH=reply) as server, pytest.raises(expected):
        notify_at(server.port, **own).send_email(**EMAIL)

    assert "MAIL" not in server.commands


def test_an_email_larger_than_the_server_takes_is_not_offered(notify_at):
    with mail_server(data_size_limit=500) as box, pytest.raises(RequestRefused, match="too big"):
        notify_at(box.port, **PLAIN).send_email(**EMAIL)

    assert box.received == []


@pytest.mark.parametrize("step", [None, "MAIL", "RCPT", "content"])
def test_nothing_personal_or_secret_is_seen(notify_at, caplog, step):
    caplog.set_level(logging.DEBUG)
    events = []
    own = {**PLAIN, "username": USERNAME, "password": PASSWORD}
    replies = {"EHLO": b"250-mail\r\n250 AUTH PLAIN\r\n", "AUTH": b"235 ok\r\n"}
    seen = []
    with bad_server(**replies, **({step: DROP} if step else {})) as server:
        notify = notify_at(server.port, retry=QUICK, observers=(events.append,), **own)
        try:
            sent = notify.send_email(**EMAIL)
            seen += [repr(sent), json.dumps(sent.to_dict())]
        except GovComponentsError as error:
            seen += [repr(error), repr(pickle.loads(pickle.dumps(error))), repr(error.__dict__), repr(error.__cause__)]

    seen += [repr(events), caplog.text]
    assert events
    for canary in ("canary", "Nightingale", PASSWORD):
        assert canary not in " ".join(seen)


def test_smtplib_does_not_print(capsys, mailbox, notify_at):
    notify_at(mailbox.port).send_email(**EMAIL)

    assert smtplib.SMTP.debuglevel == 0
    assert capsys.readouterr() == ("", "")
