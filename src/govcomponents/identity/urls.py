"""Checks of the paths of this site to which people are sent after signing in."""

from __future__ import annotations

import re
from urllib.parse import unquote

from govcomponents.core.inputs import text_argument
from govcomponents.core.validation import MAX_URL
from govcomponents.frames import leaving_frames_behind

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@leaving_frames_behind
def safe_return_path(path: object, default: str = "/") -> str:
    """Return a path of this site to send the person to after signing in, or `default` if it could lead elsewhere.

    A path comes from the query of a page, so anybody can put anything there. What browsers read as another site, or
    what two readers could read differently, is not taken: only "/" and what follows, no second "/" or backslash after
    it, encoded or not; no backslash, control character, or "@" in the first part of the path; at most 2 KiB. What is
    encoded in the query is the page's own business. Raises InvalidInput for a default that is no text.
    """
    text_argument(default, field="default", fix='give a path of this site, such as "/"', operation="safe_return_path")
    return path if isinstance(path, str) and is_safe_return_path(path) else default


def is_safe_return_path(path: object) -> bool:
    """Whether a path leads to a page of this site, however it is read."""
    if not isinstance(path, str) or not 0 < len(path) <= MAX_URL or not path.isascii() or not path.isprintable():
        return False
    if path[0] != "/" or "\\" in path or " " in path:
        return False
    decoded = re.split(r"[?#]", path, maxsplit=1)[0]
    for _ in range(3):  # what is encoded may be decoded on the way, and more than once
        before, decoded = decoded, unquote(decoded)
        if not _is_safe_decoded(decoded):
            return False
        if before == decoded:
            return True
    return False


def _is_safe_decoded(path: str) -> bool:
    first, *others = path[1:].split("/")
    leads_back = "" in others[:-1] and any(part in (".", "..") for part in (first, *others))
    leads_out = (not first and bool(others)) or "@" in first or leads_back
    return not _CONTROL.search(path) and "\\" not in path and not leads_out
