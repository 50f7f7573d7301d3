"""Tells keys that look like live ones from invented ones: a sandbox takes none that may be real."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

# A live key of GOV.UK Pay is its prefix, a random id and 32 letters of a checksum; invented ones are seldom so long
# (alphagov/pay-publicauth, TokenService). Notify's keys say nothing about their kind, and never go over the wire.
# Those of Stripe have at least 24 letters and digits after the prefix (Stripe docs: API keys).
_LIVE = re.compile(r"\bapi_live_[0-9a-z]{45,}|\b[sr]k_(?:[a-z]{1,20}_)?live_[0-9A-Za-z]{24,}")


def looks_live(text: str) -> bool:
    """Whether a text holds what looks like a real live key."""
    return "_live_" in text and _LIVE.search(text) is not None


def carries_live_key(authorization: str) -> bool:
    """Whether a header holds what looks like a real live key, also as the user name of Basic, as Stripe takes keys."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return looks_live(base64.b64decode(credentials, validate=True).decode("latin-1"))
        except ValueError:
            return False
    return looks_live(authorization)


def place_of_live_key(value: object, place: str = "") -> str | None:
    """Find the place of such a key in a world, as "pay.services.0.api_keys.1.key"; None if there is none."""
    if isinstance(value, str):
        return place if looks_live(value) else None
    if isinstance(value, Mapping):
        if any(isinstance(name, str) and looks_live(name) for name in value):
            return f"a name in {place}" if place else "a name"
        parts = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        parts = list(enumerate(value))
    else:
        return None
    found = (place_of_live_key(inner, f"{place}.{name}" if place else str(name)) for name, inner in parts)
    return next((one for one in found if one is not None), None)
