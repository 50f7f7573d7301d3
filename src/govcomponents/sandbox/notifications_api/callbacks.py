"""Callbacks as the notifications-api sends them: with a bearer token, and five times again where none is taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from govcomponents.sandbox.callbacks.posting import Callback, DeliveryRule

if TYPE_CHECKING:
    from collections.abc import Mapping

RULE: Final = DeliveryRule(
    timeout=5.0,
    waits=(300.0,) * 5,
    is_taken=lambda status: status < 400,
    is_repeated=lambda status: status is None or status >= 500 or status == 429,
)


def callback(kind: str, url: str, token: str, body: Mapping[str, object], reference: str | None) -> Callback:
    """Make a callback of a kind, about the message with a reference."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Callback("notify", kind, url, headers, json.dumps(body).encode(), RULE, reference)
