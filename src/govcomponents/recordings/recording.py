"""A transport that records exchanges, or plays those that were recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from govcomponents.core.http.messages import Request, Response
from govcomponents.core.inputs import reason_of
from govcomponents.recordings.redaction import found_in, redacted
from govcomponents.recordings.sent import SentTexts

if TYPE_CHECKING:
    from govcomponents.core.http.transport import Transport

T = TypeVar("T")
_FORMAT: Final = 1
_KEPT_HEADERS: Final = ("content-type", "retry-after")


class _Exchange(TypedDict):
    operation: str
    method: str
    status: int
    headers: dict[str, str]
    body: Any


class _Written(TypedDict):
    format: int
    exchanges: list[_Exchange]


_WRITTEN: Final = TypeAdapter(_Written)


class UnsafeRecording(AssertionError):
    """A recording holds what may be a secret or about a person. It is not written, and not played."""


class Recording:
    """Recorded exchanges of a service with its providers, as a transport for `from_settings(transport=...)`.

    With `through`, what is sent goes through that transport, and `save` writes the exchanges to the file, redacted.
    Without, the file is played: each request must be the operation that comes next. Neither writes nor plays a file
    that holds what may be a secret or about a person, or one of `secrets`: raises UnsafeRecording, which names the kind
    and never the thing. A sign-in cannot be recorded, for its tokens are secrets, nor an email by SMTP.
    """

    is_http_only: Final = True

    def __init__(self, path: Path, *, through: Transport | None = None, secrets: frozenset[str] = frozenset()) -> None:
        self.path = path
        self._through = through
        self._secrets = secrets
        self._exchanges: list[_Exchange] = [] if through is not None else self._read()
        self._sent = SentTexts()
        self._played = 0

    @property
    def is_recording(self) -> bool:
        """Whether it records, and does not play."""
        return self._through is not None

    async def send(self, request: Request) -> Response:
        """Send and record, or play the exchange that comes next. Raises AssertionError if it is of another call."""
        if self._through is not None:
            if request.operation.startswith("identity."):
                raise UnsafeRecording(
                    f"{request.operation} cannot be recorded: its answers are secrets; use the sandbox"
                )
            response = await self._through.send(request)
            self._sent.note(request)
            self._exchanges.append(_written(request, response, self._sent))
            return response
        return self._next(request)

    async def sleep(self, seconds: float) -> None:
        """Wait where it records; what is played waits for nothing."""
        if self._through is not None:
            await self._through.sleep(seconds)

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """Run it; it is not recorded."""
        return work() if self._through is None else await self._through.run_blocking(work)

    async def aclose(self) -> None:
        """Close what it records through."""
        if self._through is not None:
            await self._through.aclose()

    def save(self) -> None:
        """Write what was recorded. Raises UnsafeRecording if something in it was not redacted."""
        text = json.dumps({"format": _FORMAT, "exchanges": self._exchanges}, indent=2, ensure_ascii=False) + "\n"
        self._refuse_unsafe(text)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text, "utf-8")

    def assert_all_played(self) -> None:
        """Raise AssertionError if exchanges are left that were not asked for."""
        left = [exchange["operation"] for exchange in self._exchanges[self._played :]]
        if left and self._through is None:
            raise AssertionError(f"{self.path.name} has more than was sent: {', '.join(left)} were not; {_AGAIN}")

    def _next(self, request: Request) -> Response:
        if self._played >= len(self._exchanges):
            raise AssertionError(f"{self.path.name} has no answer left for {request.operation}; {_AGAIN}")
        exchange = self._exchanges[self._played]
        wanted = (exchange["operation"], exchange["method"])
        if wanted != (request.operation, request.method):
            raise AssertionError(
                f"exchange {self._played + 1} of {self.path.name} is {wanted[0]} ({wanted[1]}), "
                f"and {request.operation} ({request.method}) was sent; {_AGAIN}"
            )
        self._played += 1
        self._sent.note(request)
        body = self._sent.filled(exchange["body"])
        return Response(exchange["status"], exchange["headers"], b"" if body is None else json.dumps(body).encode())

    def _read(self) -> list[_Exchange]:
        if not self.path.is_file():
            raise AssertionError(
                f"there is no recording {self.path.name}; record it with a test account: pytest --gov-record"
            )
        try:
            text = self.path.read_text("utf-8")
            self._refuse_unsafe(text)
            found = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise AssertionError(f"{self.path.name} cannot be read: {reason_of(error)}; {_AGAIN}") from None
        if isinstance(found, dict) and found.get("format", _FORMAT) != _FORMAT:
            raise AssertionError(f"{self.path.name} is no recording of this version; {_AGAIN}")
        try:
            return _WRITTEN.validate_python(found)["exchanges"]
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "its beginning"
            raise AssertionError(f"{self.path.name} is no recording: it is wrong at {place}; {_AGAIN}") from None

    def _refuse_unsafe(self, text: str) -> None:
        kinds = sorted(set(found_in(text, self._secrets)))
        if kinds:
            raise UnsafeRecording(f"{self.path.name} holds what may be {', '.join(kinds)}: it is not used; {_AGAIN}")


_AGAIN: Final = "record it again with a test account: pytest --gov-record"


def _written(request: Request, response: Response, sent: SentTexts) -> _Exchange:
    """An exchange as it is kept. Of the request only what it was: its URL, headers and body may hold anything."""
    try:
        body = redacted(json.loads(response.body), sent) if response.body else None
    except ValueError:
        body = None  # a PDF, or a page of somebody between: no test of a service reads them
    kept = {name: value for name in _KEPT_HEADERS if (value := response.header(name)) is not None}
    return {
        "operation": request.operation,
        "method": request.method,
        "status": response.status,
        "headers": kept,
        "body": body,
    }
