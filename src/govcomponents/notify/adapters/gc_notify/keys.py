"""API keys of GC Notify, which go whole into the header of each request.

A key is `gcntfy-{name}-{service id}-{secret}`, where the last two are UUIDs of 36 characters. The name is read from
neither side: only the whole key is accepted (GC Notify docs: "API keys", "Headers"; cds-snc/notification-api,
`app/dao/api_key_dao.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_KEY: Final = re.compile(rf"gcntfy-[\x20-\x7e]*-{_UUID}-{_UUID}")


class WholeKey:
    """One API key, which cannot print itself. Nothing in its text says whether it is a live, team or test one."""

    __slots__ = ("_key",)

    def __init__(self, key: Secret) -> None:
        self._key = key

    @classmethod
    def parse(cls, text: str, *, setting: str) -> WholeKey:
        """Check a key. Raises ConfigurationError, which never shows it, if it is not whole."""
        if text != text.strip():
            raise ConfigurationError(
                f"{setting} has white space before or after the key", fix="remove spaces and line ends round the key"
            )
        if not _KEY.fullmatch(text):
            raise ConfigurationError(
                f"{setting} is not a whole GC Notify API key",
                fix='copy the key again: it starts with "gcntfy-" and ends with the service\'s id and a secret',
            )
        return cls(Secret(text))

    def header(self) -> Mapping[str, str]:
        """The header that carries the key. It is the credential itself: it must not be logged."""
        return {"Authorization": f"ApiKey-v1 {self._key.reveal()}"}
