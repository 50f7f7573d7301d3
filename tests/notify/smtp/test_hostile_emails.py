"""No value of the corpus changes what an email is: its headers, its parts and where its links lead."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default

import pytest

from as_browsers_read import Read
from govcomponents import InvalidInput
from govcomponents.notify import Channel, Template
from govcomponents.notify.adapters.smtp.message import compose
from govcomponents.notify.templates.files import EmailContent
from notify.hostile import VALUES

from .test_properties import ENCODED, GIVEN, _lines, headers

TEMPLATE = Template(
    id="1", name="t", channel=Channel.EMAIL, version=1, subject="To ((x))", body="Dear ((x)),\n\n[Pay](((x)))",
    placeholders=("x",),
)  # fmt: skip
CORPUS = (*VALUES, *ENCODED.values())


def written(value, place):
    """An email with the value in one place, and the texts of its subject, reference and body; None if it is refused."""
    try:
        if place == "template":
            rendered = TEMPLATE.render({"x": value})
            content = EmailContent(*(part.reveal() for part in (rendered.subject, rendered.text, rendered.html)))
        else:
            content = EmailContent(value if place == "subject" else "A subject", value, f"<p>{place}</p>")
        given = headers(value if place == "reference" else "R-1")
        return compose(given, content, "notify.send_email"), content, given
    except InvalidInput:
        return None


@pytest.mark.parametrize("place", ["template", "subject", "reference"])
def test_no_value_changes_an_email(place):
    sent = 0
    for value in CORPUS:
        if (made := written(value, place)) is None:
            continue
        sent += 1
        raw, content, given = made
        message, older = message_from_bytes(raw, policy=default), message_from_bytes(raw, policy=compat32)
        assert message.keys() == older.keys() == GIVEN, repr(value)
        assert not message.defects, repr(value)
        for name, text in (("Subject", content.subject), ("X-Reference", given.reference)):
            assert message[name].split() == text.split(), repr(value)
            assert str(make_header(decode_header(older[name]))).split() == text.split(), repr(value)
        plain, rich = message.iter_parts()
        assert _lines(plain.get_content()) == _lines(content.text), repr(value)
        for link in Read(rich.get_content(), is_page=False).links:
            assert link.lower().startswith(("http:", "https:", "mailto:", "tel:")), repr(value)
    assert sent > 300
