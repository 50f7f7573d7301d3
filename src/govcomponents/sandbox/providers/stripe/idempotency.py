"""Idempotency keys: the first answer to each is kept and given again (Stripe docs: idempotent requests)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from govcomponents.core.http.messages import Response
from govcomponents.sandbox.providers.stripe.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

LONGEST: Final = 255
_KEPT: Final = 86_400.0


@dataclass(slots=True)
class _Entry:
    fingerprint: Hashable
    at: float
    response: Response | None = None


class IdempotencyKeys:
    """The keys of one account. Safe to share between threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def run(self, key: str, fingerprint: Hashable, act: Callable[[], tuple[Response, bool]]) -> Response:
        """Act once for a key. `act` gives an answer and whether it is kept. Raises a Problem for a key that clashes."""
        if len(key) > LONGEST:
            raise Problem(400, f"Idempotency keys have at most {LONGEST} characters.", kind="idempotency_error")
        kept = self._begin(key, fingerprint)
        if kept is not None:
            return Response(kept.status, {**kept.headers, "idempotent-replayed": "true"}, kept.body)
        is_kept = False
        try:
            response, is_kept = act()
        finally:
            if not is_kept:
                with self._lock:
                    self._entries.pop(key, None)
        if is_kept:
            with self._lock:
                self._entries[key].response = response
        return response

    def _begin(self, key: str, fingerprint: Hashable) -> Response | None:
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now - entry.at > _KEPT:
                self._entries[key] = _Entry(fingerprint, now)
                return None
            if entry.fingerprint != fingerprint:
                raise Problem(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters they were first used with.",
                    kind="idempotency_error",
                )
            if entry.response is None:
                raise Problem(
                    409,
                    "There is currently another in-progress request using this Idempotent Key.",
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            return entry.response
