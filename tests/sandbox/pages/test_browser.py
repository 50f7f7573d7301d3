"""The visitor: what it reads from a page, what it sends, and where it stops."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.browser import FormBrowser

PAGE = """
<form action="/ask" method="get"><input name="q" value="a b"><input type="submit" name="go" value="now"></form>
<form action="next" method="post">
  <input type="hidden" name="token" value="t&amp;1">
  <input type="radio" name="who" value="sam"><input type="radio" name="who" value="pat" checked>
  <input type="checkbox" name="terms"><input type="text">
  <select name="outcome"><option value="ok"></option><option value="no" selected>No</option></select>
  <select name="first"><option value="1">1</option><option value="2">2</option></select>
  <textarea name="note">Dear &lt;you&gt;</textarea>
  <button name="action" value="confirm">Confirm</button><button name="action" value="cancel">Cancel</button>
  <button>Plain</button>
</form>
<input name="outside">
"""


class Site:
    """Answers from a table, and keeps what was asked."""

    def __init__(self, answers: Mapping[str, Response]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, str] | None]] = []

    def __call__(self, url: str, form: Mapping[str, str] | None) -> Response:
        self.asked.append((url, form))
        return self.answers[url]


def test_reads_every_kind_of_field() -> None:
    page = FormBrowser(Site({"http://box/a/": Response(200, {}, PAGE.encode())})).open("http://box/a/")
    asked, form = page.forms
    assert (asked.action, asked.method, asked.values, asked.buttons) == (
        "http://box/ask",
        "get",
        {"q": "a b"},
        [("go", "now")],
    )
    assert form.action == "http://box/a/next"
    assert form.values == {"token": "t&1", "who": "pat", "outcome": "no", "first": "1", "note": "Dear <you>"}
    assert form.choices == {
        "who": ["sam", "pat"],
        "terms": ["on"],
        "outcome": ["ok", "no"],
        "first": ["1", "2"],
    }
    assert form.buttons == [("action", "confirm"), ("action", "cancel")]


def test_sends_what_the_form_holds_with_the_values_given_and_the_button() -> None:
    site = Site({"http://box/a/": Response(200, {}, PAGE.encode()), "http://box/a/next": Response(200, {}, b"done")})
    browser = FormBrowser(site)
    form = browser.open("http://box/a/").form_with("who")
    page = browser.send(form, "cancel", who="sam")
    assert page.text == "done"
    assert not page.left
    assert site.asked[1][1] == {
        "token": "t&1",
        "who": "sam",
        "outcome": "no",
        "first": "1",
        "note": "Dear <you>",
        "action": "cancel",
    }


def test_sends_a_get_form_in_the_query() -> None:
    site = Site({"http://box/a/": Response(200, {}, PAGE.encode()), "http://box/ask?q=x+y": Response(200, {}, b"")})
    browser = FormBrowser(site)
    browser.send(browser.open("http://box/a/").forms[0], q="x y")
    assert site.asked[1] == ("http://box/ask?q=x+y", None)


def test_follows_redirects_at_home_and_stops_when_they_leave() -> None:
    site = Site(
        {
            "http://box/a": Response(302, {"location": "/b"}),
            "http://box/b": Response(303, {"location": "https://service.example.gov.uk/back?x=1"}),
        }
    )
    page = FormBrowser(site).open("http://box/a", {"x": "1"})
    assert page.left
    assert page.url == "https://service.example.gov.uk/back?x=1"
    assert site.asked == [("http://box/a", {"x": "1"}), ("http://box/b", None)]


def test_says_what_is_missing() -> None:
    browser = FormBrowser(Site({"http://box/a/": Response(200, {}, PAGE.encode())}))
    page = browser.open("http://box/a/")
    with pytest.raises(LookupError, match=r"no form of the page at /a/ \(status 200\) has a field called 'nothing'"):
        page.form_with("nothing")
    with pytest.raises(LookupError, match=r"no button 'other'; it has \['confirm', 'cancel'\]"):
        browser.send(page.form_with("action"), "other")


def test_gives_up_on_endless_redirects() -> None:
    browser = FormBrowser(Site({"http://box/a": Response(302, {"location": "/a"})}))
    with pytest.raises(LookupError, match="redirects more than 10 times"):
        browser.open("http://box/a")
