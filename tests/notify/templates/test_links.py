"""Links in emails: only to where an email should link, in attributes that nothing can leave."""

import re
from html.parser import HTMLParser

import pytest

from govcomponents.notify import Channel, Template
from govcomponents.notify.rendering.html import EmailHtml, EmailText


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs))


def links(source):
    body = Template(
        id="1", name="n", channel=Channel.EMAIL, version=1, subject="s", body="((x))", placeholders=("x",)
    ).render({"x": source})
    return Links(body.html.reveal()).found


@pytest.mark.parametrize(
    ("link", "href"),
    [
        ("www.example.gov.uk/x", "http://www.example.gov.uk/x"),
        ("example.gov.uk:8080/x", "http://example.gov.uk:8080/x"),
        ("HTTPS://example.gov.uk", "HTTPS://example.gov.uk"),
        ("mailto:a@example.gov.uk", "mailto:a%40example.gov.uk"),
        ("tel:01632960001", "tel:01632960001"),
        ("https://x.uk/a%20b?c=d&e=f#g", "https://x.uk/a%20b?c=d&e=f#g"),
        ("https://x.uk/a b", "https://x.uk/a%20b"),
        ('https://x.uk" onmouseover="alert(1', "https://x.uk%22%20onmouseover=%22alert%281"),
        ("https://gŵyr.cymru", "https://g%C5%B5yr.cymru"),
    ],
)
def test_a_link_goes_where_the_provider_sends_it(link, href):
    (found,) = links(f"[t]({link})")
    assert found["href"] == href
    assert set(found) == {"href", "style"}


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)"),
        *("\x01javascript:alert(1)", "javascript&colon;alert(1)", "java&Tab;script:alert(1)", "&#x6A;avascript&#58;x"),
        *(
            "data:text/html,<script>alert(1)</script>",
            "vbscript:msgbox(1)",
            "ftp://x.uk/a",
            "file:///etc/passwd",
            "x:y",
        ),
    ],
)
def test_other_schemes_are_no_links(link):
    assert links(f"[t]({link})") == []
    assert "t</p>" in EmailHtml().render("[t](javascript:x)")


@pytest.mark.parametrize(
    ("source", "hrefs"),
    [
        # The provider escapes the text first, and its pattern of a web address then takes in the bracket.
        ("<https://example.com>", ["https://example.com&gt;"]),
        ("see <http://a.uk/x?y=1&z=2> ok", ["http://a.uk/x?y=1&amp;z=2&gt;"]),
        ("(https://example.com).", ["https://example.com"]),
        ("<a@b.com>", []),
        ("<mailto:a@b.com>", []),
    ],
)
def test_an_address_in_brackets_is_linked_in_html_as_the_provider_links_it(source, hrefs):
    text = source.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert re.findall(r'href="([^"]*)"', EmailHtml().render(text)) == hrefs


def test_a_title_stays_in_its_attribute():
    (found,) = links("[x](https://a.example 'b\" onclick=\"alert(1)')")
    assert found["title"] == 'b" onclick="alert(1)'
    assert set(found) == {"href", "style", "title"}


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("&lt;https://example.com&gt;", "https://example.com"),
        ("&lt;a@b.com&gt;", "a@b.com"),
        ("&lt;not a link: x&gt;", "&lt;not a link: x&gt;"),
        ("a &lt; b", "a &lt; b"),
        ("[[a](http://b)](http://c)", "a: http://b: http://c"),
        ("[a](http://b 't') [c](d)", "a (t): http://b c: d"),
        ("[a](b [c](d)", "a: b [c](d"),
    ],
)
def test_links_of_the_plain_text(source, plain):
    assert EmailText().render(source).strip() == plain
