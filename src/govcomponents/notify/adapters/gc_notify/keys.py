"""API keys of GC Notify, which go whole into the header of each request.

A key is `gcntfy-{name}-{service id}-{secret}`, where the last two are UUIDs of 36 characters. The name is read from
neither side: only the whole key is accepted (GC Notify docs: "API keys", "Headers"; cds-snc/notification-api,
`app/dao/api_key_dao.py`). Nothing in a key's text says whether it is a live, a team or a test one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from govcomponents.privacy import Secret

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SHAPE: Final = re.compile(rf"gcntfy-[\x20-\x7e]*-{_UUID}-{_UUID}")


def header(key: Secret) -> Mapping[str, str]:
    """Return the header that carries the key. It is the credential itself: it must not be logged."""
    return {"Authorization": f"ApiKey-v1 {key.reveal()}"}
