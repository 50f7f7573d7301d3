"""Emails through a real mail server, for blocking and asyncio callers: what arrives is what was asked for."""

# ruff: noqa: RUF001  # typographic characters are what some tests are about

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest

from govcomponents import (
    ConfigurationError,
    InvalidInput,
    NotFound,
    NotSupported,
    RequestRefused,
)
from govcomponents.notify.models import Channel
from govcomponents.notify.templates.attachments import attach

from .conftest import EMAIL, PLAIN
from .servers import USERNAME, bad_server


def test_an_email_arrives_whole_over_starttls_with_a_login(mailbox, notify_at):
    sent = notify_at(mailbox.port).send_email(**EMAIL, reference="RENEW-7-receipt")

    [received] = mailbox.received
    assert (received.sender, received.recipients) == ("permits@example.gov.uk", ["sam@example.com"])
    assert received.was_private
    assert received.user == USERNAME
    message = received.message
    assert message["From"] == "Permits office <permits@example.gov.uk>"
    assert message["To"] == "sam@example.com"
    assert message["Subject"] == "Your licence RENEW-7 is renewed"
    assert message["X-Reference"] == "RENEW-7-receipt"
    assert message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    assert message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "Dear Sam," in plain.get_content()
    assert "We will refund you." in plain.get_content()
    assert '<html lang="en">' in html.get_content()
    assert "<title>Your licence RENEW-7 is renewed</title>" in html.get_content()
    assert "</li>" in html.get_content()

    assert sent.id == message["Message-ID"]
    assert sent.channel is Channel.EMAIL
    assert (sent.reference, sent.template_id, sent.sender) == ("RENEW-7-receipt", "renewed", "permits@example.gov.uk")
    assert sent.subject.reveal() == "Your licence RENEW-7 is renewed"
    assert sent.body.reveal().split() == plain.get_content().split()
    assert sent.raw == {"status": 250, "reply": "2.0.0 queued as 4D3F"}


def test_one_click_unsubscribe_and_reply_to_are_headers(mailbox, notify_at):
    url = "https://service.example.gov.uk/stop?token=" + "a1" * 150
    notify_at(mailbox.port).send_email(**EMAIL, one_click_unsubscribe_url=url, reply_to="office@example.gov.uk")

    [received] = mailbox.received
    assert received.message["List-Unsubscribe"] == f"<{url}>"
    assert received.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert received.message["Reply-To"] == "office@example.gov.uk"
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in received.body  # on one line, unencoded


def test_a_name_in_the_subject_stays_a_name_whatever_its_form(mailbox, notify_at):
    typed = "=?utf-8?q?=0D=0ABcc:_evil@example.com=0D=0A=0D=0AYour_refund?="
    values = {**EMAIL["personalisation"], "reference": typed}
    notify_at(mailbox.port).send_email("sam@example.com", "renewed", values, reference=typed)

    [received] = mailbox.received
    assert received.recipients == ["sam@example.com"]
    assert received.message["Bcc"] is None
    assert received.message["Subject"] == f"Your licence {typed} is renewed"
    assert received.message["X-Reference"] == typed
    assert "Dear Sam," in received.message.get_body(("plain",)).get_content()


def test_files_are_part_of_the_email(mailbox, notify_at):
    values = {
        **EMAIL["personalisation"],
        "receipt": attach(b"%PDF-1.7 \x00\xff", "Derbynneb – Siân.pdf", as_link=False),
        "table": attach(b"a,b\r\n.\r\n", "table.csv", as_link=False),
        "data": attach(b"{}", "x" * 96 + ".odt", as_link=False),
    }
    notify_at(mailbox.port).send_email("sam@example.com", "renewed", values)

    message = mailbox.received[0].message
    assert message.get_content_type() == "multipart/mixed"
    assert "Dear Sam," in message.get_body(("plain",)).get_content()
    files = list(message.iter_attachments())
    assert [file.get_filename() for file in files] == ["Derbynneb – Siân.pdf", "table.csv", "x" * 96 + ".odt"]
    assert files[0].get_content_type() == "application/pdf"
    assert files[0].get_content() == b"%PDF-1.7 \x00\xff"
    assert [file.get_content_type() for file in files[1:]] == ["text/csv", "application/vnd.oasis.opendocument.text"]
    assert files[1].get_payload(decode=True) == b"a,b\r\n.\r\n"
    assert max(len(line) for line in mailbox.received[0].body.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (attach(b"x", "a.pdf"), NotSupported),
        (attach(b"x", "a.pdf", as_link=False, retention_weeks=4), NotSupported),
        (attach(b"x", "a.pdf", as_link=False, confirm_email=False), NotSupported),
        (attach(b"x", as_link=False), InvalidInput),
        (attach(b"x", "a\r\nBcc: b.pdf", as_link=False), InvalidInput),
        (attach(b"x", "../a.pdf", as_link=False), InvalidInput),
    ],
)
def test_a_file_that_cannot_be_part_of_an_email_is_refused_unsent(notify_at, file, error):
    with bad_server() as server, pytest.raises(error) as caught:
        notify_at(server.port, **PLAIN).send_email(
            "sam@example.com", "renewed", {**EMAIL["personalisation"], "receipt": file}
        )

    assert caught.value.fix
    assert server.connections == 0


def test_letters_of_every_language_arrive(mailbox, notify_at):
    values = {"name": "Siân Ŵyn 李", "reference": "Adnewyddu’r drwydded – £145", "refund": "no"}
    notify_at(mailbox.port, sender_name="Swyddfa’r Trwyddedau").send_email(
        "sian@exämple.com", "renewed", values, reference="ŷ" * 300
    )

    [received] = mailbox.received
    message = received.message
    assert received.recipients == ["sian@xn--exmple-cua.com"]
    assert received.body.isascii()
    assert max(len(line) for line in received.body.split(b"\r\n")) <= 998
    assert message["Subject"] == "Your licence Adnewyddu’r drwydded – £145 is renewed"
    assert "Siân Ŵyn 李" in message.get_body(("plain",)).get_content()
    assert message["X-Reference"] == "ŷ" * 300
    assert "We will refund you." not in message.get_body(("plain",)).get_content()


def test_a_template_says_its_language(mailbox, notify_at, templates):
    (templates / "adnewyddu.md").write_text("Subject: Trwydded\nlanguage: cy\n\nAnnwyl ((name))\n", encoding="utf-8")

    notify_at(mailbox.port).send_email("sam@example.com", "adnewyddu", {"name": "Sam"})

    assert '<html lang="cy">' in mailbox.received[0].message.get_body(("html",)).get_content()


def test_what_people_typed_can_be_made_safe(mailbox, notify_at):
    values = {"name": "[Sam](https://bad.example.com)", "reference": "RENEW-7", "refund": False}
    sent = notify_at(mailbox.port).send_email("sam@example.com", "renewed", values, sanitise=["name"])

    assert sent.sanitised == ("name",)
    assert "href" not in mailbox.received[0].message.get_body(("html",)).get_content()


def test_values_cannot_break_out_of_html(mailbox, notify_at):
    values = {"name": "<script>alert(1)</script>", "reference": "</title><b>", "refund": False}
    notify_at(mailbox.port).send_email("sam@example.com", "renewed", values)

    html = mailbox.received[0].message.get_body(("html",)).get_content()
    assert "<script" not in html
    assert html.count("</title>") == 1


INJECTIONS = [
    "a\r\nBcc: mallory@example.com",
    "a\nBcc: mallory@example.com",
    "a\rBcc: b",
    "a\x0bBcc: b",
    "a\u2028Bcc: b",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_cannot_add_a_header(mailbox, notify_at, text):
    values = {"name": "Sam", "reference": text, "refund": False}
    notify_at(mailbox.port).send_email("sam@example.com", "renewed", values, reference=text)

    [received] = mailbox.received
    assert received.message["Bcc"] is None
    assert received.recipients == ["sam@example.com"]
    assert received.message["X-Reference"].startswith("a Bcc")


@pytest.mark.parametrize(
    "smuggled", ["\r\n.\r\nMAIL FROM:<x@example.com>\r\n", "\n.\nMAIL FROM:<x@example.com>\n", "\r.\rDATA\r", "\n.\r\n"]
)
def test_a_value_cannot_smuggle_a_second_email(mailbox, notify_at, smuggled):
    values = {"name": f"Sam{smuggled}", "reference": "R", "refund": False}
    notify_at(mailbox.port).send_email("sam@example.com", "renewed", values)

    [received] = mailbox.received
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", received.body)
    assert received.sender == "permits@example.gov.uk"


def test_lines_that_start_with_a_dot_arrive_as_they_were(mailbox, notify_at, templates):
    (templates / "dots.md").write_text("subject: Dots\n\n.one\n\n..two\n\n.\n\nend\n", encoding="utf-8")

    notify_at(mailbox.port).send_email("sam@example.com", "dots")

    lines = mailbox.received[0].message.get_body(("plain",)).get_content().split()
    assert lines == [".one", "..two", ".", "end"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"to": "sam"}, "to"),
        ({"to": "sam@localhost"}, "to"),
        ({"to": "a@example.com, b@example.com"}, "to"),
        ({"to": "sam@example.com\r\nRCPT TO:<b@example.com>"}, "to"),
        ({"to": '"a b"@example.com'}, "to"),
        ({"to": "sïan@example.com"}, "to"),
        ({"to": f"{'a' * 65}@example.com"}, "to"),
        ({"to": f"a@{'b' * 64}.com"}, "to"),
        ({"to": f"a@{'ü' * 70}.com"}, "to"),
        ({"reply_to": "the office"}, "reply_to"),
        ({"template": "../secrets"}, "template"),
        ({"template": "a/b"}, "template"),
        ({"template": "a..b"}, "template"),
        ({"extra": {"priority": 1}}, "extra"),
        ({"reference": "a\x00b"}, "reference"),
        ({"personalisation": {**EMAIL["personalisation"], "reference": "a\x7fb"}}, "personalisation"),
        ({"personalisation": {**EMAIL["personalisation"], "name": "\ud800"}}, "personalisation"),
        ({"one_click_unsubscribe_url": "https://example.gov.uk/a b"}, "one_click_unsubscribe_url"),
        ({"one_click_unsubscribe_url": "https://example.gov.uk/>\r\nBcc: b"}, "one_click_unsubscribe_url"),
        ({"one_click_unsubscribe_url": "https://example.gov.uk/" + "a" * 900}, "one_click_unsubscribe_url"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anybody_is_spoken_to(notify_at, arguments, field):
    with bad_server() as server, pytest.raises(InvalidInput) as caught:
        notify_at(server.port, **PLAIN).send_email(**{**EMAIL, **arguments})

    assert caught.value.field == field
    assert caught.value.fix
    assert server.connections == 0


def test_a_missing_value_and_a_missing_template_are_the_errors_that_providers_give(notify_at):
    with bad_server() as server:
        notify = notify_at(server.port, **PLAIN)
        with pytest.raises(RequestRefused, match=r"not given: reference, refund"):
            notify.send_email("sam@example.com", "renewed", {"name": "Sam"})
        with pytest.raises(NotFound, match="TEMPLATES"):
            notify.send_email("sam@example.com", "unknown")

    assert server.connections == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"no heading\n\nbody", b"subject:\n\nbody", b"subject: a\nbody", b"subject: a\n\n \n", b"\xff\xfe",
     b"subject: a\nfrom: b\n\nbody", b"subject: a\nlanguage: not one\n\nbody", b"language: cy\n\nbody"],
)  # fmt: skip
def test_a_file_that_is_no_template_says_how_to_write_it(notify_at, templates, content):
    (templates / "bad.md").write_bytes(content)
    with bad_server() as server, pytest.raises(ConfigurationError, match="subject: "):
        notify_at(server.port, **PLAIN).send_email("sam@example.com", "bad")

    assert server.connections == 0


def test_a_folder_is_no_template_and_a_byte_order_mark_is_not_seen(mailbox, notify_at, templates):
    (templates / "folder.md").mkdir()
    (templates / "marked.md").write_bytes(b"\xef\xbb\xbfsubject: Marked\r\n\r\nHello\r\n")
    notify = notify_at(mailbox.port)

    with pytest.raises(ConfigurationError, match="cannot be read"):
        notify.send_email("sam@example.com", "folder")
    notify.send_email("sam@example.com", "marked")

    assert mailbox.received[0].message["Subject"] == "Marked"


def test_what_a_mail_server_cannot_do_is_refused_unsent(notify_at):
    with bad_server() as server:
        notify = notify_at(server.port, **PLAIN)
        with pytest.raises(NotSupported):
            notify.send_sms("07700900123", "renewed")
        with pytest.raises(NotSupported):
            notify.get("<a@example.gov.uk>")

    assert server.connections == 0


def test_many_are_sent_and_each_once(mailbox, notify_at, tmp_path):
    rows = [{"to": f"person{number}@example.com", "name": f"Person {number}", "reference": "R"} for number in range(20)]
    notify = notify_at(mailbox.port)

    for _ in range(2):
        result = notify.send_many(
            [{**row, "refund": False} for row in rows],
            "renewed",
            channel="email",
            batch="MARCH",
            checkpoint=tmp_path / "checkpoint",
            concurrency=4,
        )

    assert result.is_complete
    assert result.progress.earlier == 20
    assert sorted(received.recipients[0] for received in mailbox.received) == sorted(row["to"] for row in rows)
    assert {received.message["X-Reference"] for received in mailbox.received} == {
        f"MARCH-{number}" for number in range(1, 21)
    }
