"""Faults: what can go wrong between a service and its provider, and a transport that injects it where a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from govcomponents.core.http.messages import Request, Response
from govcomponents.errors import (
    GovComponentsError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from govcomponents.core.http.transport import Transport

T = TypeVar("T")


class Fault(StrEnum):
    """One way in which an exchange goes wrong. `acted` says whether the provider had acted on the request."""

    NOT_CONNECTED = "not_connected"
    TIME_OUT_BEFORE = "time_out_before_acceptance"
    TIME_OUT_AFTER = "time_out_after_acceptance"
    DROPPED_BEFORE = "connection_dropped_before_acceptance"
    DROPPED_AFTER = "connection_dropped_after_acceptance"
    TOO_MANY_REQUESTS = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502_with_html"
    MALFORMED = "malformed_response"

    @property
    def acted(self) -> bool:
        """Whether the provider acted before it went wrong."""
        return self in (Fault.TIME_OUT_AFTER, Fault.DROPPED_AFTER, Fault.MALFORMED)


ON_A_WRITE: Mapping[Fault, type[GovComponentsError]] = {
    Fault.NOT_CONNECTED: NotSent,
    Fault.TIME_OUT_BEFORE: OutcomeUnknown,
    Fault.TIME_OUT_AFTER: OutcomeUnknown,
    Fault.DROPPED_BEFORE: OutcomeUnknown,
    Fault.DROPPED_AFTER: OutcomeUnknown,
    Fault.TOO_MANY_REQUESTS: RateLimited,
    Fault.SERVER_ERROR: OutcomeUnknown,
    Fault.BAD_GATEWAY: OutcomeUnknown,
    Fault.MALFORMED: UnexpectedReply,
}
"""The error that a write over HTTP gives for each fault that stays."""
ON_A_READ: Mapping[Fault, type[GovComponentsError]] = {
    **ON_A_WRITE,
    Fault.SERVER_ERROR: Unavailable,
    Fault.BAD_GATEWAY: Unavailable,
}
"""The same for a read: an answer that says that the server failed leaves nothing in doubt."""
RETRY_AFTER = 7
"""The seconds that an injected 429 asks to wait."""
EVERY = -1
"""In a plan: every request that no other entry names."""


class FaultyTransport:
    """Sends through `inner`, with faults at the requests that `plan` names: {0: the first, 1: the second, EVERY: all}.

    `sent` holds every request, also those that never arrived; `waits` the seconds slept; `blocking_calls` counts what
    was run by `run_blocking`. It never really sleeps.
    """

    def __init__(self, inner: Transport, plan: Mapping[int, Fault | None] | None = None) -> None:
        self._inner = inner
        self.plan: dict[int, Fault | None] = dict(plan or {})
        self.sent: list[Request] = []
        self.waits: list[float] = []
        self.blocking_calls = 0
        self.rewrite: Callable[[bytes], bytes] = bytes
        """Changes the bodies of answers, as a provider may from one day to the next."""

    async def send(self, request: Request) -> Response:
        """Send, or go wrong as planned."""
        fault = self.plan.get(len(self.sent), self.plan.get(EVERY))
        self.sent.append(request)
        if fault is None:
            answer = await self._inner.send(request)
            return answer if self.rewrite is bytes else _rewritten(answer, self.rewrite)
        if fault.acted:
            answer = await self._inner.send(request)
            if fault is Fault.MALFORMED:
                return Response(answer.status if answer.status != 204 else 200, answer.headers, b'{"half": ')
        if fault is Fault.NOT_CONNECTED:
            raise NotSent("no connection could be made", operation=request.operation, provider=request.provider)
        answers = {
            Fault.TOO_MANY_REQUESTS: Response(
                429, {"content-type": "text/plain", "retry-after": str(RETRY_AFTER)}, b""
            ),
            Fault.SERVER_ERROR: Response(500, {"content-type": "application/json"}, b"{}"),
            Fault.BAD_GATEWAY: Response(502, {"content-type": "text/html"}, b"<html>Bad gateway</html>"),
        }
        if fault in answers:
            return answers[fault]
        raise OutcomeUnknown(
            "the answer was lost",
            lookup=request.lookup,
            idempotency_key=request.idempotency_key,
            operation=request.operation,
            provider=request.provider,
        )

    async def sleep(self, seconds: float) -> None:
        """Note the wait."""
        self.waits.append(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it in the inner transport's way, without a fault: only a double knows how its work can go wrong."""
        self.blocking_calls += 1
        return await self._inner.run_blocking(work)

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inner.aclose()


def _rewritten(answer: Response, rewrite: Callable[[bytes], bytes]) -> Response:
    return Response(answer.status, answer.headers, rewrite(answer.body))
