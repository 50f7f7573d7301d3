"""The request log: every request to a provider, its answer, and why it was refused, with secrets and people masked."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from govcomponents.core.http.messages import Response
    from govcomponents.sandbox.http.messages import Call
    from govcomponents.sandbox.state.clock import SandboxClock

MAX_KEPT_BODY: Final = 4096
"""How much of each body is kept, in bytes."""

_LIMIT: Final = 10_000
_BUDGET: Final = 16 * 1024 * 1024
_MASK: Final = "(hidden)"
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization"})
_SCHEMES: Final = frozenset({"apikey-v1", "basic", "bearer", "digest"})

# Headers of the libraries and servers on the way, which hold neither a secret nor anybody's data.
_PLAIN_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "pragma",
        "stripe-version",
        "traceparent",
        "transfer-encoding",
        "upgrade-insecure-requests",
        "user-agent",
    }
)

# Words of providers, and ids of things: neither a secret nor anybody's data. All other texts are masked.
_PLAIN: Final = frozenset(
    {
        "amount",
        "api_version",
        "code",
        "created_at",
        "created_date",
        "currency",
        "error",
        "event_type",
        "field",
        "grant_type",
        "header",
        "id",
        "language",
        "method",
        "notification_id",
        "object",
        "page",
        "param",
        "payment_id",
        "reference",
        "refund_id",
        "resource_type",
        "response_type",
        "scope",
        "state",
        "status",
        "status_code",
        "template_id",
        "template_type",
        "token_type",
        "type",
        "version",
    }
)
# Of these a client sends texts of its own, or a browser what a person brought: plain in answers only.
_PLAIN_IN_ANSWERS: Final = frozenset({"code", "error", "field", "header", "object", "param", "state"})
_PATH_WORD: Final = re.compile(r"\.?[a-z][a-z_-]{0,31}(?:\.json)?|v[0-9]{1,2}")
_ID: Final = re.compile(r"(?=[A-Za-z_-]{0,63}[0-9])(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9_-]{12,64}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\[[a-z0-9_]{0,40}\])*")
_WORDS: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}(?: [a-z_:]{1,40})*")
_MANY_DIGITS: Final = re.compile(r"[0-9]{7}")
_BETWEEN_DIGITS: Final = str.maketrans("", "", " ().-")
_SECRET: Final = re.compile(r"(?:eyJ|api_|[sr]k_|whsec_|webhook_|gcntfy)", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^\s@<>\"']{1,320}@[^\s@<>\"']{1,320}")
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
        return _EMAIL.sub(_MASK, _reason_of(told)[:300])

    def shown_path(self, *, reveal: bool = False) -> str:
        """Return the path, with the parts masked that are neither words of a provider's paths nor ids."""
        if reveal:
            return self.path
        return "/".join(part if not part or _is_of_path(part) else _MASK for part in self.path.split("/"))

    @property
    def _is_text(self) -> bool:
        return self.answer_headers.get("content-type", "").startswith("text/plain")

    def shown_query(self, *, reveal: bool) -> str:
        """Return the query, with values masked that may be a secret or somebody's."""
        if reveal or not self.query:
            return self.query
        plain = self._plain_names
        return "&".join(
            urlencode([(_shown_name(name), value if _is_plain(name, value, plain) else _MASK)], safe="()[]")
            if name
            else _MASK
            for name, value in _pairs(self.query)
        )

    def shown_headers(self, *, reveal: bool) -> list[tuple[str, str]]:
        """Return the request's headers, with values masked that may be a secret or somebody's."""
        return [(name, value if reveal else _shown_header(name, value)) for name, value in self.headers.items()]

    def shown_body(self, *, reveal: bool) -> str:
        """Return the request's body for people to read, masked unless it is to be revealed."""
        return self._shown(self.body, self.headers, self._plain_names, reveal=reveal)

    def shown_answer(self, *, reveal: bool) -> str:
        """Return the answer's body for people to read, masked unless it is to be revealed."""
        plain = _PLAIN - {"state", "code"} if self.operation in _SECRET_STATE else _PLAIN
        return self._shown(self.answer, self.answer_headers, plain, reveal=reveal)

    @property
    def _plain_names(self) -> frozenset[str]:
        return _PLAIN - _PLAIN_IN_ANSWERS

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
                    f"{_shown_name(name)}={value if _is_plain(name, value, plain) else _MASK}" if name else _MASK
                    for name, value in _pairs(text)
                )
            return text if reveal else _MASK
        return json.dumps(parsed if reveal else _masked(parsed, plain), indent=2, ensure_ascii=False)


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


def _pairs(text: str) -> list[tuple[str, str]]:
    """Read a query or a form; a part that has no "=" has no name, as it may be a value that was sent by itself."""
    return [
        pair
        for part in text.split("&")
        if part
        for pair in (parse_qsl(part, keep_blank_values=True) if "=" in part else [("", "")])
    ]


def _shown_header(name: str, value: str) -> str:
    if name in _PLAIN_HEADERS:
        return value
    scheme, *credentials = value.split(None, 1)[:2] or [""]
    is_scheme = name in _CREDENTIALS and bool(credentials) and scheme.lower() in _SCHEMES
    return f"{scheme} {_MASK}" if is_scheme else _MASK


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


def _masked(value: object, plain: frozenset[str], name: str = "") -> object:
    if isinstance(value, dict):
        shown: dict[str, object] = {}
        for key, part in value.items():
            label = _shown_name(key)
            shown[label if label not in shown else f"{label} {len(shown)}"] = _masked(part, plain, key)
        return shown
    if isinstance(value, list):
        return [_masked(part, plain, name) for part in value]
    if value is None or isinstance(value, bool) or _is_plain(name, value, plain):
        return _EMAIL.sub(_MASK, value) if isinstance(value, str) else value
    return _MASK


def _is_of_path(part: str) -> bool:
    """Whether a part of a path is a word as providers write them, or an id: neither a secret nor anybody's data."""
    is_id = _ID.fullmatch(part) is not None and not _SECRET.match(part)
    return is_id or _PATH_WORD.fullmatch(part) is not None


def _shown_name(name: str) -> str:
    """Return a name as providers write theirs; what somebody put in a name's place is masked."""
    return name if _NAME.fullmatch(name) and not _MANY_DIGITS.search(name) else _MASK


def _is_plain(name: str, value: object, plain: frozenset[str]) -> bool:
    """Whether a value may be shown: its name is one of the plain ones, and it is words or an id as such names have."""
    if name not in plain:
        return False
    if not isinstance(value, str) or "error" in plain:
        return True
    is_number = _MANY_DIGITS.search(value.translate(_BETWEEN_DIGITS)) is not None and not any(map(str.isalpha, value))
    return _WORDS.fullmatch(value) is not None and not _SECRET.match(value) and not is_number
