"""A person at the sandbox's pages, without a browser: opens pages, fills in forms, follows redirects.

For demos and tests. It works in process (`FormBrowser(sandbox.visit)`) and over HTTP (`FormBrowser.over_http()`), runs
no script because no page needs one, and stops at the first redirect that leaves the sandbox: that is the person coming
back to the service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from govcomponents.core.http.messages import Response

Visit = Callable[[str, Mapping[str, str] | None], Response]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10


@dataclass
class Form:
    """One form of a page: where it goes, the values it would send as it stands, and the buttons it has."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """The page that a person is on. `left` is true when the URL is not the sandbox's: the service must answer it."""

    url: str
    status: int
    text: str
    left: bool = False

    @property
    def forms(self) -> list[Form]:
        """The page's forms, in order."""
        reader = _FormReader(self.url)
        reader.feed(self.text)
        return reader.forms

    def form_with(self, name: str) -> Form:
        """The first form that has a field or a button of that name. Raises LookupError if there is none."""
        for form in self.forms:
            if name in form.values or name in form.choices or any(name == button for button, _ in form.buttons):
                return form
        path = urlsplit(self.url).path
        told = f"(status {self.status}{self.heading})"
        raise LookupError(f"no form of the page at {path} {told} has a field called {name!r}")

    @property
    def heading(self) -> str:
        """Its first heading, as a person reads it, to be told behind a comma; nothing if it has none."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return f", {_read(found[1])}" if found else ""

    @property
    def problems(self) -> list[str]:
        """The problems that it tells of what was entered, field by field."""
        return [_read(one) for one in re.findall(r'<p class="error"[^>]*>(.*?)</p>', self.text, re.DOTALL)]


def _read(html: str) -> str:
    """What a person reads of a part of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


class FormBrowser:
    """Opens pages and sends forms through `visit`, which fetches one page and follows nothing."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @classmethod
    def over_http(cls) -> FormBrowser:
        """A browser that reaches a sandbox over HTTP."""
        import requests

        session = requests.Session()
        session.trust_env = False

        def visit(url: str, form: Mapping[str, str] | None) -> Response:
            method = "GET" if form is None else "POST"
            response = session.request(method, url, data=form, allow_redirects=False, timeout=30)
            return Response(response.status_code, response.headers, response.content)

        return cls(visit)

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """Open a URL, or send a form to it, and follow redirects for as long as they stay with the same host."""
        home = urlsplit(url).netloc
        for _ in range(_MOST_REDIRECTS):
            response = self._visit(url, form)
            location = response.header("location")
            if response.status not in _REDIRECTS or location is None:
                return Page(url, response.status, response.body.decode("utf-8", "replace"))
            url, form = urljoin(url, location), None
            if urlsplit(url).netloc != home:
                return Page(url, response.status, "", left=True)
        raise LookupError(f"the sandbox redirects more than {_MOST_REDIRECTS} times")

    def send(self, form: Form, button: str | None = None, **values: str) -> Page:
        """Fill in a form with `values` over what it holds, press `button` (its value), and see what comes."""
        filled = {**form.values, **values}
        if button is not None:
            pressed = [(name, value) for name, value in form.buttons if value == button]
            if not pressed:
                raise LookupError(f"the form has no button {button!r}; it has {[value for _, value in form.buttons]}")
            filled[pressed[0][0]] = button
        if form.method == "get":
            from urllib.parse import urlencode

            return self.open(f"{form.action}?{urlencode(filled)}")
        return self.open(form.action, filled)


class _FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._open: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(urljoin(self._url, given.get("action", "")), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "input":
            self._input(self._open, given, checked=any(name == "checked" for name, _ in attrs))
        elif tag == "button" and "name" in given:
            self._open.buttons.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select is not None:
            self._offer(self._open, self._select, given.get("value", ""), chosen="selected" in given)
        elif tag == "textarea":
            self._textarea = given.get("name")
            if self._textarea is not None:
                self._open.values[self._textarea] = ""

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._textarea is not None:
            self._open.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def _input(self, form: Form, given: dict[str, str], *, checked: bool) -> None:
        name, kind = given.get("name"), given.get("type", "text").lower()
        if name is None:
            return
        if kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if checked:
                form.values[name] = given.get("value", "on")
        else:
            form.values[name] = given.get("value", "")

    def _offer(self, form: Form, name: str, value: str, *, chosen: bool) -> None:
        form.choices.setdefault(name, []).append(value)
        if chosen or name not in form.values:
            form.values[name] = value
