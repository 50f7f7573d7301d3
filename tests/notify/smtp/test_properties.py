"""Whatever the values hold, an email is one email, with the headers that we gave it and no other."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from govcomponents import InvalidInput
from govcomponents.notify.adapters.smtp.message import Headers, compose
from govcomponents.notify.adapters.smtp.settings import ascii_address
from govcomponents.notify.templates.files import EmailContent

HOSTILE = st.text(
    alphabet=st.sampled_from("ab \t\r\n\x0b\x0c\x1c\x85\u2028\u2029.:<>\"'=?éŵ李🎉-_") | st.characters(), max_size=80
)
GIVEN = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Reference", "MIME-Version", "Content-Type"]


def headers(reference: str) -> Headers:
    return Headers(
        sender="permits@example.gov.uk",
        sender_name="Permits office",
        recipient="sam@example.com",
        message_id="<0@example.gov.uk>",
        sent_at=1_700_000_000.0,
        reference=reference,
    )


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@given(subject=HOSTILE, text=HOSTILE, html=HOSTILE, reference=HOSTILE)
def test_no_value_adds_a_header_or_ends_the_email(subject, text, html, reference):
    try:
        written = compose(headers(reference), EmailContent(subject, text, html), "notify.send_email")
    except InvalidInput:
        return

    assert written.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", written)
    assert max(map(len, written.split(b"\r\n"))) <= 998
    message = message_from_bytes(written, policy=default)
    assert message.keys() == GIVEN
    assert message["Subject"].split() == subject.split()
    assert message["X-Reference"].split() == reference.split()
    assert message["To"] == "sam@example.com"
    plain, rich = message.iter_parts()
    assert _lines(plain.get_content()) == _lines(text)
    assert _lines(rich.get_content()) == _lines(html)


@given(text=st.text(max_size=40) | st.from_regex(r"[a-z.]{1,8}@[a-z.\-é]{1,12}"))
def test_an_address_is_written_safely_or_is_none(text):
    address = ascii_address(text)

    if address is not None:
        assert address.isascii()
        assert re.fullmatch(r"[^\s<>,;:\"()\[\]\\@]+@[A-Za-z0-9.-]+", address)
        assert ascii_address(address) == address
