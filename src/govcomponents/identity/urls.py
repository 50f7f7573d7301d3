"""Checks of URLs to which people are sent: absolute ones after signing out, paths of this site after signing in."""

from __future__ import annotations

from urllib.parse import urlsplit

from govcomponents.errors import InvalidInput

MAX_URL = 2048


def is_absolute(url: object) -> bool:
    """Whether it is a whole http or https URL without fragment, user name, white space or control signs."""
    if not isinstance(url, str) or not 0 < len(url) <= MAX_URL or not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = "\\" not in url and " " not in url and not parts.username and not parts.password and not parts.fragment
    return parts.scheme in ("https", "http") and bool(parts.hostname) and port_fits and plain


def check_absolute(url: object, *, field: str, operation: str) -> None:
    """Raise InvalidInput unless it is a whole URL."""
    if not is_absolute(url):
        raise InvalidInput(
            field=field,
            problem="it is not an absolute URL",
            fix="give a URL that is registered for the client, such as https://service.example.gov.uk/signed-out",
            operation=operation,
        )
