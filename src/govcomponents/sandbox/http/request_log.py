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
_BUDGET: Final = 28 * 1024 * 1024
# What Python keeps beside the text of a request and of each of its headers, in bytes.
_AROUND: Final = 900
_AROUND_HEADER: Final = 128
_SECRET_STATE: Final = frozenset({"authorize", "token", "sign_in", "sign_in_page", "userinfo", "logout"})
_NO_HEADERS: Final[Mapping[str, str]] = {}
_REASONS: Final = ("description", "message", "error_description", "error")


@dataclass(slots=True)  # not frozen, which would make it four times as slow to make
class LoggedRequest:
    """One request and its answer. `status` is None where the connection was cut; bodies may be cut too.

    `seconds` is its time since the epoch, by the sandbox's clock. `section` is the provider's section of a world,
    `operation` the name that faults know, `fault` the one that struck, `size` about what it takes in memory, in bytes.
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
    size: int

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
        """The reason why it was refused, in the provider's own words; an empty text if it was not, or no words came."""
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


# The fields of a LoggedRequest. A bare tuple is made in a fraction of its time, and the garbage collector, which would
# visit 10,000 objects again and again, takes it off its list: what is kept holds no other containers than texts.
_Kept = tuple[
    int,
    float,
    str,
    str,
    str,
    str,
    str,
    "Mapping[str, str]",
    bytes,
    bool,
    int | None,
    "Mapping[str, str]",
    bytes,
    str | None,
    int,
]


class RequestLog:
    """Keeps the newest requests, bounded in number and in bytes. Safe to share between threads.

    Taking one down costs a call as little as can be: nothing is copied, parsed or masked before somebody looks.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._waiters = 0
        self._is_closed = False
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._number = 0
        self.on_request: Callable[[LoggedRequest], None] | None = None
        """Called with each request when it has been answered, such as to print it."""

    def record(self, call: Call, section: str, operation: str, response: Response | None, fault: str | None) -> None:
        """Add a request, and forget the oldest if there are too many."""
        headers, body = call.headers, call.body
        if response is None:
            status, answer_headers, answer = None, _NO_HEADERS, b""
        else:
            status, answer_headers, answer = response.status, response.headers, response.body
        is_whole = len(body) <= MAX_KEPT_BODY
        if not is_whole:
            body = body[:MAX_KEPT_BODY]
        if len(answer) > MAX_KEPT_BODY:
            answer = answer[:MAX_KEPT_BODY]
        texts = "".join((call.path, call.query_string, *headers, *headers.values(), *answer_headers.values()))
        size = _AROUND + _AROUND_HEADER * len(headers) + len(texts) + len(body) + len(answer)
        seconds = self._clock.time()
        with self._lock:
            self._number = number = self._number + 1
            kept = (
                number,
                seconds,
                section,
                operation,
                call.method,
                call.path,
                call.query_string,
                headers,
                body,
                is_whole,
                status,
                answer_headers,
                answer,
                fault,
                size,
            )
            self._kept.append(kept)
            self._bytes += size
            while len(self._kept) > _LIMIT or self._bytes > _BUDGET:
                self._bytes -= self._kept.popleft()[-1]
            if self._waiters:
                self._came.notify_all()
        if self.on_request is not None:
            self.on_request(LoggedRequest(*kept))

    def requests(self) -> list[LoggedRequest]:
        """Return what is kept, oldest first."""
        with self._lock:
            kept = list(self._kept)
        return [LoggedRequest(*one) for one in kept]

    def find(self, number: int) -> LoggedRequest | None:
        """Return the request of a number, or None if it is not kept."""
        with self._lock:
            kept = next((one for one in reversed(self._kept) if one[0] == number), None)
        return None if kept is None else LoggedRequest(*kept)

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
