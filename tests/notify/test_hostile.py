"""No value changes what an output is made of: tags, attributes, links, characters."""

from html.parser import HTMLParser

import pytest

from as_browsers_read import Read
from govcomponents.errors import InvalidInput
from govcomponents.notify import Channel, Template
from govcomponents.notify.rendering import sms
from govcomponents.notify.templates.sanitising import sanitise

from .hostile import VALUES

TAGS = {
    *(["p", "a", "h2", "h3", "br", "div", "blockquote", "table", "tr", "td", "ul", "ol", "li", "hr", "span", "strong"])
}
ATTRIBUTES = {"style", "href", "title", "role", "class", "data-original-protocol"}


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]

    def handle_comment(self, data):
        self.tags.add("comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


def render(channel, value):
    body = "Dear ((x)),\n\n((x))\n\n[Pay now](((x)))\n\n[Pay](https://pay.example '((x))')"
    subject = None if channel is Channel.SMS else "To ((x))"
    template = Template(id="1", name="t", channel=channel, version=1, subject=subject, body=body, placeholders=("x",))
    try:
        return template.render({"x": value})
    except InvalidInput:
        return None


def test_the_corpus_is_large():
    assert len(VALUES) >= 400


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.LETTER])
def test_no_value_leaves_its_place_in_html(channel):
    for value in VALUES:
        for typed in (value, sanitise(value)):
            if (rendered := render(channel, typed)) is None:
                continue
            html = rendered.html.reveal()
            for found in (Reader(html), Read(html, is_page=False)):
                assert found.tags <= TAGS | {"tbody"}, value
                assert found.attributes <= ATTRIBUTES, value
                for link in found.links:
                    assert link.lower().startswith(("http:", "https:", "mailto:", "tel:")), value
                    assert not {'"', " ", "\n"} & set(link), value


def test_no_value_breaks_out_of_a_text_message_or_a_subject():
    for value in VALUES:
        if text := render(Channel.SMS, value):
            final = text.text.reveal()
            assert sms.encode(final) == final, value
        if email := render(Channel.EMAIL, value):
            assert not {"\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"} & set(email.subject.reveal()), value
            assert email.text.reveal().endswith("\n")


def test_no_placeholder_comes_from_a_value():
    template = Template(
        id="1", name="t", channel=Channel.EMAIL, version=1, subject="s", body="((x))", placeholders=("x",)
    )
    for value in VALUES:
        try:
            rendered = template.render({"x": value, "other": "LEAKED"})
        except InvalidInput:
            continue
        assert "LEAKED" not in rendered.html.reveal() + rendered.text.reveal() + rendered.body.reveal(), value
