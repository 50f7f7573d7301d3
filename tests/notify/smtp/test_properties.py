"""Whatever the values hold, an email is one email, with the headers that we gave it and no other."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcomponents import InvalidInput
from govcomponents.notify import attach
from govcomponents.notify.adapters.smtp.message import Headers, compose, set_apart
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


ENCODED = {
    "LF": "=?utf-8?q?x=0ABcc:_evil@example.com?=",
    "CR": "=?utf-8?q?x=0DBcc:_evil@example.com?=",
    "CRLF": "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
    "a body": "=?utf-8?q?x=0D=0A=0D=0AYour_refund:_https://evil.example?=",
    "NUL": "=?utf-8?q?x=00y?=",
    "base64": "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "plain": "=?utf-8?q?hidden?=",
    "another charset": "=?iso-8859-1?q?caf=E9?=",
    "not closed": "=?utf-8?q?=0D=0ABcc:_evil@example.com",
    "in a text": "Hello =?utf-8?q?=0D=0ABcc:_evil@example.com?= again",
    "quoted": '"=?utf-8?q?=0D=0ABcc:_evil@example.com?="',
    "nested": "=?utf-8?q?=3D=3Futf-8=3Fq=3F=0D=0ABcc:_e@e.example=3F=3D?=",
    "with a language": "=?utf-8*en?q?=0D=0ABcc:_evil@example.com?=",
}


def read_back(written: bytes) -> tuple[list[str], dict[str, str]]:
    """The head's names and its values, read by another parser than the one that the code reads back with."""
    message = message_from_bytes(written, policy=default)
    assert not message.defects
    return message.keys(), {name: str(value) for name, value in message.items()}


@pytest.mark.parametrize("value", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("place", ["subject", "reference", "sender_name"])
def test_an_encoded_word_that_somebody_typed_arrives_as_it_was_typed(place, value):
    subject = value if place == "subject" else "A subject"
    given = headers(value if place == "reference" else "R-1")
    if place == "sender_name":
        given = replace(given, sender_name=value)
    written = compose(given, EmailContent(subject, "text", "<p>text</p>"), "notify.send_email")
    names, values = read_back(written)
    assert names == GIVEN
    assert values["Subject"] == subject
    assert values["X-Reference"] == given.reference
    (sender,) = message_from_bytes(written, policy=default)["From"].addresses
    # This parser puts a space between two encoded words of a name (python/cpython#128110).
    assert sender.display_name.replace(" ", "") == given.sender_name.replace(" ", "")
    assert sender.addr_spec == "permits@example.gov.uk"


@pytest.mark.parametrize("value", ENCODED.values(), ids=ENCODED)
def test_an_encoded_word_is_no_part_of_an_address_nor_of_a_filename(value):
    assert ascii_address(f"{value}@example.com") is None
    assert ascii_address(f"a{value}@example.com") is None
    named = attach(b"x", "x.txt", as_link=False)
    with pytest.raises(InvalidInput):
        set_apart({"file": replace(named, filename=f"{value}.txt")}, "notify.send_email")


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("faß.example", "xn--fa-hia.example"),
        ("ς.example", "xn--3xa.example"),
        ("\u03c3.example", "xn--4xa.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("例え.example", "xn--r8jz45g.example"),
    ],
)
def test_a_domain_with_accents_is_written_as_it_is_registered(domain, written):
    assert ascii_address(f"jo@{domain}") == f"jo@{written}"


@pytest.mark.parametrize(
    "domain", ["a\u200bb.example", "😀.example", "ⓔxample.example", "a。example", "é_a.example", "-é.example"]
)
def test_a_domain_that_nobody_can_register_is_none(domain):
    assert ascii_address(f"jo@{domain}") is None


@pytest.mark.parametrize("value", [*ENCODED.values(), "a\x00b", "a\r\nBcc: b", "a b"])
@pytest.mark.parametrize("place", ["sender", "recipient", "reply_to", "message_id", "unsubscribe_url"])
def test_what_has_to_stand_exactly_is_plain_or_is_refused_by_its_name(place, value):
    whole = {"message_id": f"<{value}@example.com>", "unsubscribe_url": f"https://x.example/{value}"}
    given = replace(headers("R-1"), **{place: whole.get(place, f"{value}@example.com")})
    fields = {"sender": "sender_name", "recipient": "to", "unsubscribe_url": "one_click_unsubscribe_url"}
    with pytest.raises(InvalidInput) as caught:
        compose(given, EmailContent("A subject", "text", "<p>text</p>"), "notify.send_email")
    assert caught.value.field == fields.get(place, place)


HARD = ["=?", "?=", "=?utf-8?q?a?=", '"', "\\", "<a@b>", ";", ":", ",", "é", "Ŵyn", "李", "🎉", "e\u0301", "a" * 90]


def texts(seed: int) -> Iterator[str]:
    """Texts of words without end, of all planes, and of what the syntax of headers is made of."""
    chance = random.Random(seed)
    ranges = [(0x21, 0x7E), (0xA1, 0x17F), (0x370, 0x5FF), (0x4E00, 0x9FFF), (0x1F300, 0x1F6FF)]

    def word() -> str:
        if chance.random() < 0.3:
            return chance.choice(HARD)
        low, high = chance.choice(ranges)
        letters = (chr(chance.randint(low, high)) for _ in range(chance.randint(1, 12)))
        return "".join(letter for letter in letters if letter.isprintable() and not letter.isspace()) or "x"

    while True:
        yield " ".join(word() for _ in range(chance.randint(1, 9)))


def check_that_emails_are_read_back(seed: int, emails: int) -> None:
    """Read emails whose subject, reference and sender's name are such texts with Python's own parser."""
    texts_of_all_kinds = texts(seed)
    content = EmailContent("", "text", "<p>text</p>")
    for subject, reference, name in itertools.islice(
        zip(texts_of_all_kinds, texts_of_all_kinds, texts_of_all_kinds, strict=True), emails
    ):
        given = replace(headers(reference), sender_name=name)
        written = compose(given, replace(content, subject=subject), "notify.send_email")
        message = message_from_bytes(written.partition(b"\r\n\r\n")[0], policy=default)
        assert message.keys() == GIVEN
        assert (message["Subject"], message["X-Reference"]) == (subject, reference)
        (sender,) = message["From"].addresses
        # This parser puts a space between two encoded words of a name (python/cpython#128110).
        assert (sender.display_name.replace(" ", ""), sender.addr_spec) == (name.replace(" ", ""), given.sender)
        assert max(map(len, written.split(b"\r\n"))) <= 998


def test_a_thousand_subjects_references_and_names_are_read_back_as_they_were_given():
    """`tests/conformance/sweeps` has ten thousand."""
    check_that_emails_are_read_back(seed=7, emails=340)


@pytest.mark.parametrize("mark", ',;:()"@.<>\\')
def test_a_name_of_any_length_is_one_mailbox_to_every_reader(mark):
    for length in (1, 2, 30, *range(62, 80, 3), 120, 200):
        name = ("A very long display name " * 8)[: length - 1].strip()
        for given_name in {f"{mark}{name}", f"{name[: length // 2]}{mark}{name[length // 2 :]}", f"{name}{mark}"}:
            written = compose(
                replace(headers("R-1"), sender_name=given_name), EmailContent("s", "t", "<p>t</p>"), "notify.send_email"
            )
            written = written.partition(b"\r\n\r\n")[0]
            (sender,) = message_from_bytes(written, policy=default)["From"].addresses
            assert (sender.display_name, sender.addr_spec) == (given_name, "permits@example.gov.uk")
            ((older, address),) = getaddresses([message_from_bytes(written)["From"]])
            assert (str(make_header(decode_header(older))), address) == (given_name, "permits@example.gov.uk")


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
