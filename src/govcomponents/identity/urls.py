"""Checks of the paths of this site to which people are sent after signing in."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from govcomponents.core.validation import MAX_URL


def safe_return_path(path: object, default: str = "/") -> str:
    """Return a path of this site to send the person to after signing in, or `default` if it could lead elsewhere.

    A path comes from the query of a page, so anybody can put anything there. What browsers read as another site, or
    what two readers could read differently, is not taken: only "/" and what follows, never "//" or a backslash, no
    white space or control signs, encoded or not, no "@" before the query, at most 2 KiB.
    """
    return path if isinstance(path, str) and is_safe_return_path(path) else default


def is_safe_return_path(path: object) -> bool:
    """Whether a path leads to a page of this site, however it is read."""
    if not isinstance(path, str) or not 0 < len(path) <= MAX_URL or not path.isascii() or not path.isprintable():
        return False
    if path[0] != "/" or path[1:2] in ("/", "\\") or "\\" in path or " " in path:
        return False
    decoded = path
    for _ in range(3):  # what is encoded may be decoded on the way, and more than once
        before, decoded = decoded, unquote(decoded)
        if not decoded.isprintable() or "\\" in decoded or decoded[1:2] == "/" or " " in decoded.partition("?")[0]:
            return False
        if before == decoded:
            break
    where = decoded.partition("?")[0].partition("#")[0]
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and "@" not in where and "//" not in where
