"""Which API versions Stripe can know: a date, and since the end of September 2024 the name of its release.

Source: Stripe docs, API versioning and its changelog. A later version than the newest that is known here is taken, so
that a service can try tomorrow's client today; it is answered as the others are, in the form of the pinned version.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

# The day of each release's first version, oldest first; their names go by the alphabet.
_RELEASES: Final = {
    "acacia": date(2024, 9, 30),
    "basil": date(2025, 3, 31),
    "clover": date(2025, 9, 30),
    "dahlia": date(2026, 3, 25),
    "endive": date(2026, 9, 30),
}
_NEWEST: Final = max(_RELEASES)
_FORM: Final = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})(?:\.([a-z]{1,30}))?")


def may_be_version(text: str) -> bool:
    """Whether Stripe may have a version: "2020-08-27" and "2026-06-24.dahlia", but no "2025-09-30.acacia"."""
    found = _FORM.fullmatch(text)
    if found is None:
        return False
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return False
    name = found[2]
    if day < _RELEASES["acacia"]:
        return name is None
    in_force = max(release for release, first in _RELEASES.items() if first <= day)
    return name in (in_force, "preview") or (name is not None and name > in_force == _NEWEST)
