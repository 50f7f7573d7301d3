"""A person's browser for the contract of web shells: it keeps cookies as browsers do, and checks each that is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from govcomponents.sandbox.browser import Form, Page


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the service under test: status, headers with lower-case names, and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        return next((value for known, value in self.headers if known == name), None)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class WebClient(Protocol):
    """A way to send one request to the service under test, as its framework's own test client does."""

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Send a request as over https. Header names of the reply are in lower case."""
        ...


@dataclass(slots=True)
class Browser:
    """A browser that follows nothing by itself."""

    client: WebClient
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Reply:
        """GET a path."""
        return self.send("GET", path)

    def post(self, path: str) -> Reply:
        """POST an empty form to a path, from a page of the service itself."""
        return self.send("POST", path)

    def press(self, form: Form) -> Reply:
        """Press the button of a form as it stands, also one whose page the browser has left meanwhile."""
        return self.send("POST", path_of(form.action), urlencode(form.values).encode())

    def send(self, method: str, path: str, body: bytes = b"") -> Reply:
        """Send a request with the cookies, and keep those that the answer sets."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = self.client.send(method, path, headers, body)
        for name, cookie in reply.headers:
            if name == "set-cookie":
                self._keep(cookie)
        return reply

    def _keep(self, cookie: str) -> None:
        pair, *attributes = (part.strip() for part in cookie.split(";"))
        name, _, value = pair.partition("=")
        told = {part.partition("=")[0].lower(): part.partition("=")[2] for part in attributes}
        if name.startswith("__Host-gov-"):  # the framework's own cookies are the service's business
            assert {"secure", "httponly"} <= told.keys(), f"{name} is not Secure and HttpOnly"
            assert (told.get("samesite"), told.get("path")) == ("Lax", "/")
            assert "domain" not in told
        if told.get("max-age") == "0":
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def form_at(path: str, reply: Reply, action: str) -> Form:
    """Return the form of a page whose action begins so. Raises LookupError if there is none, or there are several."""
    forms = [one for one in Page(path, reply.status, reply.text).forms if path_of(one.action).startswith(action)]
    if len(forms) != 1:
        raise LookupError(f"the page at {path} has {len(forms)} forms that go to {action}: {reply.text}")
    return forms[0]


def path_of(url: str | None) -> str:
    """Return the path and query of a URL."""
    parts = urlsplit(url or "")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
