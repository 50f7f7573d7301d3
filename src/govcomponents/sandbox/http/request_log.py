"""The request log: every request to a provider, its answer, and why it was refused, with secrets and people masked."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

from govcomponents.sandbox.http.masking import (
    EMAIL,
    MASK,
    PLAIN,
    PLAIN_IN_ANSWERS,
    is_of_path,
    is_plain,
    masked,
    pairs,
    shown_header,
    shown_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.state.clock import SandboxClock

MAX_KEPT_BODY: Final = 4096
"""How much of each body is kept, in bytes."""

_LIMIT: Final = 10_000
_BUDGET: Final = 16 * 1024 * 1024
_SECRET_STATE: Final = frozenset({"authorize", "token", "sign_in", "sign_in_page", "userinfo", "logout"})
_REASONS: Final = ("description", "message", "error_description", "error")


@dataclass(slots=True)  # not frozen, which would make it four times as slow to make
class LoggedRequest:
    """One request and its answer. `status` is None where the connection was cut; bodies may be cut too.

    `seconds` is its time since the epoch, by the sandbox's clock. `section` is the provider's section of a world,
    `operation` the name that faults know, `fault` the one that struck.
    """

    number: int
    seconds: float
    section: str
    operation: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool
    status: int | None
    answer_headers: Mapping[str, str]
    answer: bytes
    fault: str | None

    @property
    def at(self) -> datetime:
        """The time by the sandbox's clock."""
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def is_refused(self) -> bool:
        """Whether the answer is a refusal, or none came."""
        return self.status is None or self.status >= 400

    @property
    def reason(self) -> str:
        """Why it was refused, in the provider's own words; an empty text if it was not, or no words came."""
        if self.status is None:
            return "the connection was cut before an answer came"
        if self.status < 400:
            return ""
        try:
            told = json.loads(self.answer)
        except ValueError:
            told = self.answer.decode("utf-8", "replace").strip().partition("\n")[0][:200] if self._is_text else ""
        return EMAIL.sub(MASK, _reason_of(told)[:300])

    def shown_path(self, *, reveal: bool = False) -> str:
        """Return the path, with the parts masked that are neither words of a provider's paths nor ids."""
        if reveal:
            return self.path
        return "/".join(part if not part or is_of_path(part) else MASK for part in self.path.split("/"))

    @property
    def _is_text(self) -> bool:
        return self.answer_headers.get("content-type", "").startswith("text/plain")

    def shown_query(self, *, reveal: bool) -> str:
        """Return the query, with values masked that may be a secret or somebody's."""
        if reveal or not self.query:
            return self.query
        plain = self._plain_names
        return "&".join(
            urlencode([(shown_name(name), value if is_plain(name, value, plain) else MASK)], safe="()[]")
            if name
            else MASK
            for name, value in pairs(self.query)
        )

    def shown_headers(self, *, reveal: bool) -> list[tuple[str, str]]:
        """Return the request's headers, with values masked that may be a secret or somebody's."""
        return [(name, value if reveal else shown_header(name, value)) for name, value in self.headers.items()]

    def shown_body(self, *, reveal: bool) -> str:
        """Return the request's body for people to read, masked unless it is to be revealed."""
        return self._shown(self.body, self.headers, self._plain_names, reveal=reveal)

    def shown_answer(self, *, reveal: bool) -> str:
        """Return the answer's body for people to read, masked unless it is to be revealed."""
        plain = PLAIN - {"state", "code"} if self.operation in _SECRET_STATE else PLAIN
        return self._shown(self.answer, self.answer_headers, plain, reveal=reveal)

    @property
    def _plain_names(self) -> frozenset[str]:
        return PLAIN - PLAIN_IN_ANSWERS

    def _shown(self, body: bytes, headers: Mapping[str, str], plain: frozenset[str], *, reveal: bool) -> str:
        if not body:
            return ""
        text = body.decode("utf-8", "replace")
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            if "form" in headers.get("content-type", ""):
                if reveal:
                    return "\n".join(f"{name}={value}" for name, value in parse_qsl(text, keep_blank_values=True))
                return "\n".join(
                    f"{shown_name(name)}={value if is_plain(name, value, plain) else MASK}" if name else MASK
                    for name, value in pairs(text)
                )
            return text if reveal else MASK
        return json.dumps(parsed if reveal else masked(parsed, plain), indent=2, ensure_ascii=False)


class RequestLog:
    """Keeps the newest requests, bounded in number and in bytes. Safe to share between threads."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._waiters = 0
        self._is_closed = False
        self._kept: deque[LoggedRequest] = deque()
        self._bytes = 0
        self._number = 0
        self.on_request: Callable[[LoggedRequest], None] | None = None
        """Called with each request when it has been answered, such as to print it."""

    def record(self, call: Call, section: str, operation: str, response: Response | None, fault: str | None) -> None:
        """Add a request, and forget the oldest if there are too many."""
        answer = b"" if response is None else response.body
        with self._lock:
            self._number += 1
            entry = LoggedRequest(
                number=self._number,
                seconds=self._clock.time(),
                section=section,
                operation=operation,
                method=call.method,
                path=call.path,
                query=call.query_string,
                headers=call.headers,
                body=call.body[:MAX_KEPT_BODY],
                is_whole=len(call.body) <= MAX_KEPT_BODY,
                status=None if response is None else response.status,
                answer_headers={} if response is None else response.headers,
                answer=answer[:MAX_KEPT_BODY],
                fault=fault,
            )
            self._kept.append(entry)
            self._bytes += _size(entry)
            while len(self._kept) > _LIMIT or self._bytes > _BUDGET:
                self._bytes -= _size(self._kept.popleft())
            if self._waiters:
                self._came.notify_all()
        if self.on_request is not None:
            self.on_request(entry)

    def requests(self) -> list[LoggedRequest]:
        """Return what is kept, oldest first."""
        with self._lock:
            return list(self._kept)

    def find(self, number: int) -> LoggedRequest | None:
        """Return the request of a number, or None if it is not kept."""
        with self._lock:
            return next((entry for entry in reversed(self._kept) if entry.number == number), None)

    def wait_for_newer(self, number: int, seconds: float) -> int:
        """Wait until a request with a higher number has come, or for so long; return the newest number."""
        with self._came:
            self._waiters += 1
            try:
                self._came.wait_for(lambda: self._is_closed or self._number > number, seconds)
            finally:
                self._waiters -= 1
            return self._number

    @property
    def newest(self) -> int:
        """The number of the newest request; 0 before the first."""
        return self._number

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._came:
            self._is_closed = True
            self._came.notify_all()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


def _size(entry: LoggedRequest) -> int:
    return 600 + len(entry.body) + len(entry.answer) + len(entry.path) + len(entry.query)


def _reason_of(told: object) -> str:
    """Find the words that say why, in any of the forms in which providers answer."""
    if isinstance(told, str):
        return told
    if isinstance(told, list):
        return "; ".join(filter(None, (_reason_of(one) for one in told)))
    if not isinstance(told, dict):
        return ""
    if isinstance(told.get("errors"), list):
        return _reason_of(told["errors"])
    for name in _REASONS:
        if found := _reason_of(told.get(name)):
            field = told.get("field")
            return f"{field}: {found}" if isinstance(field, str) and field not in found else found
    return ""
