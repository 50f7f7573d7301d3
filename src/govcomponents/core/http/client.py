"""The HTTP client of adapters: adds the credential and the User-Agent, lets observers watch, retries as allowed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from govcomponents.core.deadline import seconds_left
from govcomponents.core.http.messages import Request, Response
from govcomponents.core.http.retry import RetryPolicy, retry
from govcomponents.core.http.single_attempt import check_deadline, is_single
from govcomponents.core.journeys import current_journey
from govcomponents.core.observe import (
    Attempt,
    AttemptWatch,
    Happening,
    Operation,
    OperationWatch,
    current_operation,
    tell,
    watchers_of_attempts,
    watchers_of_calls,
)
from govcomponents.errors import GovComponentsError, NotSent, OutcomeUnknown

if TYPE_CHECKING:
    from govcomponents.core.http.runtime import Runtime

Credential: TypeAlias = Callable[[Request], Awaitable[Mapping[str, str]]]
"""Makes the headers that prove who sends, anew for each attempt. It may fetch: see `core/http/bearer.py`."""
_AT_THE_START = 0.05  # seconds; a request that begins no later is given no limit of its own, which costs
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-b3-traceid", "x-amzn-requestid")


def request_id(response: Response) -> str | None:
    """The provider's own id of the exchange, for its support desk; None where it gives none."""
    for name in _REQUEST_ID_HEADERS:
        if value := response.headers.get(name):
            return value[:128]
    return None


class HttpClient:
    """HTTP client of one adapter. Safe to share between threads and tasks.

    `rate_limit_wait` is the least time in seconds to wait after a 429 that does not say how long.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        provider: str,
        base_url: str,
        credential: Credential | None = None,
        is_rate_limit: Callable[[Response], bool] = lambda _response: True,
        rate_limit_wait: float = 0.0,
    ) -> None:
        self.provider = provider
        self.transport = runtime.transport
        self._base_url = base_url
        self._below = f"{base_url}/"
        self._server = _server(base_url)
        self._credential = credential
        self._is_rate_limit = is_rate_limit
        self._rate_limit_wait = rate_limit_wait
        self._observers = runtime.observers
        self._watchers = watchers_of_calls(runtime.observers)
        self._watchers_of_attempts = watchers_of_attempts(runtime.observers)
        self._account = runtime.account
        self._policy = runtime.retry
        self._time_limit: float | None = getattr(runtime.transport, "total_timeout", None)
        self._clock = runtime.clock
        self._fixed = {"User-Agent": runtime.user_agent, "Accept": "application/json"}

    async def send(self, request: Request) -> Response:
        """Send, and send again as the request's replay class allows. Returns the last answer, whatever its status.

        All attempts and the waits between them end within the transport's `total_timeout`, if it has one.

        Raises NotSent or OutcomeUnknown, from the transport.
        """
        if self._watchers and not _is_observed(request.operation):
            with OperationWatch(
                self._watchers, Operation(request.operation, self.provider, self._account, current_journey())
            ):
                return await self.send(request)
        outcome: Response | Exception
        started, began = self._clock(), time.monotonic()
        request = self._within_call(request)
        try:
            outgoing = await self._addressed(request)
            if self._watchers:
                response = await self._watched(outgoing, 1)
            else:
                check_deadline(request.operation, self.provider)
                response = await self.transport.send(outgoing)
        except (NotSent, OutcomeUnknown) as error:
            outcome = error
        else:
            if response.status < 429:
                return response
            outcome = response

        limit = self._time_limit if request.time_limit is None else request.time_limit
        return await retry(
            partial(self._attempt, request),
            outcome,
            request=request,
            provider=self.provider,
            policy=self._policy_for(request),
            started=started,
            ends=None if limit is None else began + limit,
            clock=self._clock,
            sleep=partial(self._wait, request.operation),
            is_rate_limit=self._is_rate_limit,
            rate_limit_wait=self._rate_limit_wait,
        )

    def _policy_for(self, request: Request) -> RetryPolicy:
        if is_single():
            return RetryPolicy.none()
        return self._policy if request.time_limit is None else self._policy.within(request.time_limit)

    def _within_call(self, request: Request) -> Request:
        """Limit a request to what the whole call has left. Raises NotSent if that is nothing."""
        left = seconds_left()
        if left is None:
            return request
        own = self._time_limit if request.time_limit is None else request.time_limit
        if own is not None and left > own - _AT_THE_START:
            return request  # it begins with the call, whose limit is its own
        if left <= 0:
            raise NotSent(
                "the time of the whole call is used up; the request was not sent",
                operation=request.operation,
                provider=self.provider,
            )
        return request.within(left)

    async def _attempt(self, request: Request, number: int, left: float | None) -> Response:
        if left is not None:
            request = request.within(left)
        return await self._watched(await self._addressed(request), number)

    async def _addressed(self, request: Request) -> Request:
        """Return a request as it leaves: with a whole URL, the headers of all requests and the credential."""
        url = request.url
        is_whole = url.startswith("http")
        if not is_whole:
            url = self._base_url + url
        headers = {**self._fixed, **request.headers}
        # A whole URL may come from an answer: the credential goes nowhere but below the base URL.
        if self._credential is not None and (not is_whole or url.startswith(self._below)):
            headers.update(await self._credential(request))
        return request.going_to(url, headers, self.provider)

    async def _watched(self, request: Request, number: int) -> Response:
        operation = current_operation() or Operation(request.operation, self.provider, self._account)
        operation.attempts += 1
        watchers = self._watchers_of_attempts if operation.watchers is None else operation.watchers
        if not watchers:
            check_deadline(request.operation, self.provider)
            return await self.transport.send(request)
        scheme, server, port = self._server if request.url.startswith(self._below) else _server(request.url)
        attempt = Attempt(operation, number, request.method, server, port, request.template, scheme=scheme)
        with AttemptWatch(watchers, attempt):
            if attempt.headers:
                own = {name.lower() for name in request.headers}
                added = {name: value for name, value in attempt.headers.items() if name.lower() not in own}
                request = request.going_to(request.url, {**request.headers, **added}, request.provider)
            try:
                check_deadline(request.operation, self.provider)
                response = await self.transport.send(request)
            except GovComponentsError as error:
                # Only our own errors say that nothing was sent; a task that is cancelled, for one, cannot know.
                attempt.outcome = "outcome_unknown" if isinstance(error, OutcomeUnknown) else "not_sent"
                raise
            attempt.outcome = "answered"
            attempt.status = response.status
            attempt.request_id = request_id(response)
            return response

    async def _wait(self, operation: str, seconds: float) -> None:
        if self._observers:
            labels = {"operation": operation}
            tell(self._observers, Happening("retry.waited", self.provider, self._account, labels, seconds))
        await self.transport.sleep(seconds)


def _is_observed(operation: str) -> bool:
    """Whether the observers are watching this operation already: the service, or an earlier page, began it."""
    current = current_operation()
    return current is not None and current.name == operation


def _server(url: str) -> tuple[str, str, int]:
    """Return the scheme, the host and the port of a URL, which is the scheme's own where none is written."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
