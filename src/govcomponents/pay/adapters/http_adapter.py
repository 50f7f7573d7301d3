"""The base of adapters that ask over HTTP: sending, repeating under a key, reading answers and pages of searches."""

from __future__ import annotations

import re
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

from govcomponents.core.http.error_mapping import facts_of
from govcomponents.core.http.messages import Replay
from govcomponents.core.http.responses import LazyJson, read_as, read_part_as
from govcomponents.core.ports.answers import check_is
from govcomponents.core.validation import ID_PATTERN
from govcomponents.errors import GovComponentsError, InvalidInput, UnexpectedReply, UnreadableItems
from govcomponents.pay.port import PayPort

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from govcomponents.core.http.client import HttpClient
    from govcomponents.core.http.error_mapping import ErrorTable
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.inputs import Input
    from govcomponents.core.results import Raw

A = TypeVar("A")
T = TypeVar("T")
_WHEN_USED: Final = ConfigDict(defer_build=True)
_OBJECT: Final = TypeAdapter(dict[str, object], config=_WHEN_USED)
_OBJECTS: Final = TypeAdapter(list[dict[str, object]], config=_WHEN_USED)
_ID: Final = re.compile(ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Reader(Generic[A, T]):
    """Reader of one kind of thing: the `form` that it has in a provider's answers, and how to `convert` it.

    `convert` raises ValueError for what cannot be said with certainty, such as an unknown currency.
    """

    form: TypeAdapter[A]
    convert: Callable[[A, Raw], T]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search, as it was answered."""

    items: list[dict[str, object]]
    request: Request
    response: Response


class HttpPayAdapter(PayPort):
    """The base of a pay adapter that asks over HTTP, by the client `http`, which it sets when it is made.

    `errors` say what the provider's refusals mean. `rate_limit_wait` is how long, in seconds, to wait before something
    is asked once more that is still being worked on.
    """

    errors: ClassVar[ErrorTable]
    rate_limit_wait: ClassVar[float] = 1.0
    http: HttpClient

    def refusal(self, request: Request, response: Response) -> GovComponentsError:
        """Return the error that an answer other than success stands for."""
        return self.errors.error(request, response)

    def is_at_work(self, error: GovComponentsError) -> bool:  # noqa: ARG002  # a provider may say nothing of it
        """Whether a refusal says that an earlier request under the same idempotency key is still being worked on."""
        return False

    async def ask(self, request: Request, http: HttpClient | None = None) -> Response:
        """Return an answer that says success. Raises the error that any other stands for.

        While an earlier attempt under the same key is at work there is a pause, and then it is asked once more.
        """
        client = http or self.http
        response = await client.send(request)
        if not _is_success(response):
            error = self.refusal(request, response)
            if request.replay is not Replay.IDEMPOTENT or not self.is_at_work(error):
                raise error
            await client.transport.sleep(self.rate_limit_wait)
            response = await client.send(request)
        if not _is_success(response):
            raise self.refusal(request, response)
        return response

    async def done(self, request: Request, http: HttpClient | None = None, *, status: int = 204) -> None:
        """Ask for something to be done, which one status alone says that it is."""
        response = await self.ask(request, http)
        if response.status != status:
            raise self.unexpected(f"the answer is not the documented {status}", request, response)

    async def one(self, request: Request, reader: Reader[A, T]) -> T:
        """Ask for one thing, and say it in the port's words."""
        return self.read_one(request, await self.ask(request), reader)

    def read_one(self, request: Request, response: Response, reader: Reader[A, T]) -> T:
        """Say the one thing that an answer holds in the port's words."""
        answer = read_as(reader.form, response, request=request, provider=self.provider)
        return self._said(answer, LazyJson(response.body), reader, request, response)

    async def list_of(
        self, request: Request, place: tuple[str, ...], reader: Reader[A, T], **asked: object
    ) -> tuple[T, ...]:
        """Ask for a list, which stands in its answer at `place`, and say its items in the port's words.

        `asked` are the values that the answer itself must have. Raises WrongAnswer.
        """
        response = await self.ask(request)
        whole = read_as(_OBJECT, response, request=request, provider=self.provider)
        for name, wanted in asked.items():
            check_is(name, whole.get(name), wanted, operation=request.operation, provider=self.provider)
        found: object = whole
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        parts = read_part_as(_OBJECTS, found, response, request=request, provider=self.provider)
        return tuple(self._many(parts, reader, request, response))

    def _many(
        self, parts: list[dict[str, object]], reader: Reader[A, T], request: Request, response: Response
    ) -> Iterator[T]:
        """Say each part of an answer in the port's words."""
        for part in parts:
            answer = read_part_as(reader.form, part, response, request=request, provider=self.provider)
            yield self._said(answer, part, reader, request, response)

    def _said(self, answer: A, raw: Raw, reader: Reader[A, T], request: Request, response: Response) -> T:
        """Say an answer in the port's words. What cannot be said, such as an unknown currency, is not guessed."""
        try:
            return reader.convert(answer, raw)
        except ValueError as error:
            raise self.unexpected(f"the answer cannot be read with certainty: {error}", request, response) from None

    def unexpected(self, happened: str, request: Request, response: Response) -> UnexpectedReply:
        """Return the error for an answer that is not of the documented form."""
        facts = facts_of(request, response, provider=self.provider)
        return UnexpectedReply(happened, lookup=request.lookup, **facts)

    async def found(
        self,
        pages: AsyncGenerator[Page, None],
        reader: Reader[A, T],
        *,
        fits: Callable[[T], bool] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Yield the items of a search that fit, holding one page at a time.

        An item that cannot be read hides none of those behind it: UnreadableItems is raised after the last.
        """
        unreadable: list[dict[str, object]] = []
        last: Page | None = None
        async with aclosing(pages):
            async for page in pages:
                last = page
                for item in page.items:
                    try:
                        (result,) = self._many([item], reader, page.request, page.response)
                    except UnexpectedReply:
                        unreadable.append(item)
                    else:
                        if fits is None or fits(result):
                            yield result
        if unreadable and last is not None:
            raise self._unreadable(unreadable, last)

    def _unreadable(self, items: list[dict[str, object]], page: Page) -> UnreadableItems:
        named = [value for item in items for name, value in item.items() if name == "id" or name.endswith("_id")]
        return UnreadableItems(
            f"{len(items)} of the items that were found cannot be read with certainty; all others were given",
            ids=tuple(value for value in named if isinstance(value, str) and _ID.fullmatch(value)),
            **facts_of(page.request, page.response, provider=self.provider),
        )

    def refuse_filters(self, operation: str, wanted: Input, *names: str) -> None:
        """Refuse filters that the provider does not know. Raises InvalidInput."""
        for name in names:
            if getattr(wanted, name) is not None:
                fix = "leave it out, and search by created_from"
                raise self.invalid(operation, name, f"{self.provider} does not tell that", fix)

    def invalid(self, operation: str, field: str, problem: str, fix: str) -> InvalidInput:
        """Return the error for an argument that the provider does not take."""
        return InvalidInput(field=field, problem=problem, fix=fix, operation=operation, provider=self.provider)


def _is_success(response: Response) -> bool:
    return 200 <= response.status < 300


@contextmanager
def carrying(key: str | None) -> Iterator[None]:
    """Context manager that puts the idempotency key on every error, so that the caller can repeat the call with it."""
    try:
        yield
    except GovComponentsError as error:
        error.idempotency_key = key
        raise
