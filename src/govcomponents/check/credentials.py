"""Credentials of real providers in texts, told from examples that only look like them."""

from __future__ import annotations

import re
from typing import Final

_LIVE: Final = re.compile(r"\b(?:api|sk|rk|sk_org)_live_([A-Za-z0-9]{12,})")
_UUID: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_NOTIFY: Final = re.compile(rf"(?<=[\w-])-({_UUID})-({_UUID})\b")
_PRIVATE: Final = re.compile(r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]{64,})")
_MADE_UP: Final = re.compile(r"example|xxxx|0000|1234|abcd|test|dummy|fake|placeholder|your", re.IGNORECASE)
_LEAST_LETTERS: Final = 8


def credential_in(text: str) -> str:
    """Say which credential a text holds, if one that could be real; nothing for an example."""
    for match in _LIVE.finditer(text):
        if _is_random(match.group(1)):
            return "a live API key"
    for match in _NOTIFY.finditer(text):
        if match.group(1) != match.group(2) and all(_is_random(part.replace("-", "")) for part in match.groups()):
            return "an API key of GOV.UK Notify"
    return "a private key" if _PRIVATE.search(text) else ""


def _is_random(text: str) -> bool:
    """Whether a text could be one that a provider made: of many letters, and without words of examples."""
    return len(set(text)) >= _LEAST_LETTERS and not _MADE_UP.search(text)
