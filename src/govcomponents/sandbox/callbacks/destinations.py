"""Keeps what a sandbox sends to the addresses that were named at its start, whatever a request names later.

Anybody who can reach a sandbox can give it another world. Without this, such a world could make it send to addresses
that only this machine can reach (server-side request forgery).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, unquote

from govcomponents.core.validation import MAX_URL, url_parts

REFUSED = "not named at the start"
_HOST = "<host>"


class Destinations:
    """Addresses to which one sandbox may send: those that its first world names, and all below some others.

    A world names an address by a member called `url`, or one whose name ends in `_url`.
    """

    def __init__(self) -> None:
        self._exact: set[str] = set()
        self._below: list[tuple[tuple[str, str, int | None], str]] = []

    def permit_world(self, sections: object, base_url: str) -> None:
        """Permit every address that a world names, exactly as it stands there; "<host>" is the sandbox's own."""
        self._exact.update(url.replace(_HOST, base_url) for url in _urls(sections))

    def permit_below(self, url: str) -> None:
        """Permit an address and every path below it."""
        if (parts := _split(url.rstrip("/"))) is not None:
            self._below.append((_origin(parts), parts.path))

    def permits(self, url: str) -> bool:
        """Whether the sandbox may send there."""
        if url in self._exact:
            return True
        parts = _split(url)
        if parts is None or not {"\\", "@"}.isdisjoint(unquote(url)) or _climbs(parts.path):
            return False
        return any(
            _origin(parts) == origin and (parts.path == path or parts.path.startswith(f"{path}/"))
            for origin, path in self._below
        )


def _urls(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, str):
                if name == "url" or str(name).endswith("_url"):
                    yield inner
            else:
                yield from _urls(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _urls(inner)


def _climbs(path: str) -> bool:
    """Whether a path may lead out of itself for whoever reads it: dots, however often their letters are escaped."""
    while (read := unquote(path)) != path:
        path = read
    return not {".", ".."}.isdisjoint(path.split("/"))


def _split(url: str) -> SplitResult | None:
    return url_parts(url) if len(url) <= MAX_URL else None


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
