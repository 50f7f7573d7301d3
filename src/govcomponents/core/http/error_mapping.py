"""The map from a status and a provider's error code to a typed error: one table for each HTTP adapter.

    ERRORS = ErrorTable(
        "PalPay",
        codes={"ORDER_NOT_APPROVED": Meaning(Conflict, "the order is not approved", "send the person to approve it")},
        body=json_error(code="details.0.issue", field="details.0.field"),
    )

    async def _ask(self, request: Request) -> Response:
        response = await self._http.send(request)
        if response.status >= 300:
            raise ERRORS.error(request, response)
        return response

The code decides, then the status. What the table does not know is sorted by its status alone: 401, 403, 404, 409, 412
and 429 have their classes, other statuses below 500 are RequestRefused, and a server's failure is Unavailable after a
read and OutcomeUnknown after anything that may have acted. An answer that is not the provider's own, such as a
proxy's page, is an UnexpectedReply. The provider's own texts never go into an error: they may repeat what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from govcomponents.core.canonical_json import NotCanonical, parse
from govcomponents.core.http.client import request_id
from govcomponents.core.http.messages import Replay
from govcomponents.core.http.retry import retry_after
from govcomponents.errors import (
    AnswerFacts,
    Conflict,
    CredentialsRefused,
    GovComponentsError,
    NotFound,
    OutcomeUnknown,
    PermissionRefused,
    RateLimited,
    Refused,
    RequestRefused,
    Unavailable,
    UnexpectedReply,
)

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response

_SAFE: Final = r"[A-Za-z0-9_.\[\]-]{1,120}"
_BY_STATUS: Final[Mapping[int, type[GovComponentsError]]] = {
    401: CredentialsRefused,
    403: PermissionRefused,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    429: RateLimited,
}
# A server checks these before it acts, so they hold whatever status comes with them.
_BEFORE_ACTING: Final = (CredentialsRefused, PermissionRefused)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The error that a code or a status stands for.

    `field` is the argument to name, where the provider names none. An Unavailable becomes an OutcomeUnknown where
    the request may have acted, unless `is_unprocessed` says that the provider never acts before it gives this answer.
    """

    kind: type[GovComponentsError]
    happened: str
    fix: str = ""
    field: str | None = None
    is_unprocessed: bool = False


def meanings(kind: type[GovComponentsError], told: Mapping[str, tuple[str, str]]) -> dict[str, Meaning]:
    """Return the meanings of several codes of one class of error: of each what happened, and the fix."""
    return {code: Meaning(kind, happened, fix) for code, (happened, fix) in told.items()}


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The parts of an error's body that are safe to show. `is_own` says whether the provider itself answered."""

    code: str | None = None
    field: str | None = None
    is_own: bool = True


NOT_OWN: Final = ErrorBody(is_own=False)
"""The body of an answer that somebody else gave."""

BodyReader: TypeAlias = Callable[[bytes], ErrorBody]


def json_error(*, code: str, field: str = "", form: str = _SAFE) -> BodyReader:
    """Make the reader of a JSON error body. `code` and `field` are paths, such as "error.code" or "errors.0.field".

    A body is the provider's own if it holds the object that the code stands in. A code that is not of the `form`
    (a regular expression), or a field that could hold a person's data, is not shown.
    """
    *parents, name = code.split(".")
    shown = re.compile(form)

    def read(body: bytes) -> ErrorBody:
        found = parsed(body)
        holder = _at(found, parents)
        if not isinstance(holder, dict):
            return NOT_OWN
        return ErrorBody(
            code=_text(holder.get(name), shown),
            field=_text(_at(found, field.split(".")), re.compile(_SAFE)) if field else None,
        )

    return read


def parsed(body: bytes) -> object:
    """Parse an error's body, whatever it is. None if it is not JSON, or could be read in two ways."""
    try:
        return parse(body)
    except NotCanonical:
        return None


def facts_of(request: Request, response: Response, *, provider: str, code: str | None = None) -> AnswerFacts:
    """Return the facts of an answer, for an error that an adapter makes by itself."""
    return {
        "operation": request.operation,
        "provider": provider,
        "status": response.status,
        "code": code,
        "request_id": request_id(response),
    }


class ErrorTable:
    """A provider's errors: `codes` and `statuses` with their meanings, and the reader of an error's `body`.

    `rate_limit_wait` is the time in seconds that the provider is known to need after a rate limit where its answer does
    not say it; without it nobody is told a time. `later` is the fix for a failure
    of the provider, `unknown` the fix for a code that is not in the table.
    """

    def __init__(
        self,
        provider: str,
        *,
        codes: Mapping[str, Meaning] | None = None,
        statuses: Mapping[int, Meaning] | None = None,
        body: BodyReader | None = None,
        rate_limit_wait: float | None = None,
        later: str = "",
        unknown: str = "",
    ) -> None:
        self.provider = provider
        self.codes = codes or {}
        self.statuses = statuses or {}
        self._read = body or json_error(code="code")
        self._wait = rate_limit_wait
        self._later = later
        self._unknown = unknown

    def error(
        self,
        request: Request,
        response: Response,
        *,
        body: ErrorBody | None = None,
        meaning: Meaning | None = None,
    ) -> GovComponentsError:
        """Return the error that an answer other than success stands for.

        An adapter that has read the `body`, or knows a `meaning` better than its code tells, passes it.
        """
        body = body or self._read(response.body)
        facts = facts_of(request, response, provider=self.provider, code=body.code)
        meaning = meaning or self.codes.get(body.code or "")
        if response.status >= 500:
            meaning = self._failure(response.status, meaning)
        elif meaning is None:
            if response.status < 400 or (not body.is_own and response.status != 429):
                return self._not_own(request, facts)
            meaning = self._by_status(response.status)
        return self._made(meaning, request, response, body, facts)

    def _failure(self, status: int, known: Meaning | None) -> Meaning:
        """A failure of the server, whatever else a code says: only what is checked before acting is believed."""
        known = known or self.statuses.get(status)
        if known is None:
            return Meaning(Unavailable, f"the server failed with status {status}", self._later)
        if known.kind is Unavailable or issubclass(known.kind, _BEFORE_ACTING):
            return known
        return Meaning(Unavailable, known.happened, known.fix)

    def _by_status(self, status: int) -> Meaning:
        kind = _BY_STATUS.get(status, RequestRefused)
        refused = "too many requests" if kind is RateLimited else f"{self.provider} refused the request"
        return self.statuses.get(status) or Meaning(kind, refused, self._unknown)

    def _not_own(self, request: Request, facts: AnswerFacts) -> UnexpectedReply:
        return UnexpectedReply(
            f"the answer has status {facts['status']} and is not {self.provider}'s own",
            lookup=(f"{request.lookup}; " if request.lookup else "")
            + "check the base URL, and what a firewall or proxy on the way answers",
            **facts,
        )

    def _made(
        self, meaning: Meaning, request: Request, response: Response, body: ErrorBody, facts: AnswerFacts
    ) -> GovComponentsError:
        kind, happened, fix = meaning.kind, meaning.happened, meaning.fix
        may_have_acted = kind is Unavailable and request.replay is not Replay.ALWAYS and not meaning.is_unprocessed
        if issubclass(kind, UnexpectedReply):
            return kind(happened, lookup=request.lookup, **facts)
        if may_have_acted or issubclass(kind, OutcomeUnknown):
            return OutcomeUnknown(happened, lookup=request.lookup, idempotency_key=request.idempotency_key, **facts)
        if kind is RateLimited:
            told = retry_after(response)
            return RateLimited(happened, retry_after=self._wait if told is None else told, fix=fix, **facts)
        if issubclass(kind, RequestRefused):
            named = f": {body.field}" if body.field else ""
            return kind(f"{happened}{named}", field=body.field or meaning.field, fix=fix, **facts)
        if issubclass(kind, Refused):
            return kind(happened, field=meaning.field, fix=fix, **facts)
        return kind(happened, fix=fix, **facts)


def _at(found: object, path: list[str]) -> object:
    for part in path:
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _text(value: object, form: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None
