"""The base of adapters with one API key: built from settings, asking over HTTP, reading answers and pages."""

from __future__ import annotations

import re
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from pydantic import TypeAdapter

from govcomponents.core.http.bearer import BearerKey
from govcomponents.core.http.client import HttpClient
from govcomponents.core.http.error_mapping import facts_of
from govcomponents.core.http.messages import Replay
from govcomponents.core.http.responses import LazyJson, read_as, read_part_as
from govcomponents.core.ports.answers import check_is
from govcomponents.core.ports.port import SecretForm
from govcomponents.core.validation import ID_PATTERN, checked_base_url
from govcomponents.errors import GovComponentsError, InvalidInput, UnexpectedReply, UnreadableItems
from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks
from govcomponents.pay.port import PayPort

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
    from typing import Self

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Request, Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.core.inputs import Input
    from govcomponents.core.results import Raw
    from govcomponents.pay.inputs import NewPayment
    from govcomponents.privacy import Secret
    from govcomponents.settings import PaySettings

A = TypeVar("A")
T = TypeVar("T")
_OBJECT: Final = TypeAdapter(dict[str, object])
_OBJECTS: Final = TypeAdapter(list[dict[str, object]])
_ID: Final = re.compile(ID_PATTERN)


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form of a provider's API keys: how those for tests and those for real money begin, and a whole one's shape.

    `told` is the form in words, and `source` says how to get a key.
    """

    test: tuple[str, ...]
    live: tuple[str, ...]
    shape: re.Pattern[str]
    told: str
    source: str


def webhook_secrets(form: str, fix: str) -> Mapping[str, SecretForm]:
    """Say what the secrets of a provider's webhooks look like, as a regular expression, and where they are had."""
    return MappingProxyType({"webhook_secrets": SecretForm(re.compile(form), fix)})


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


class ApiKeyAdapter(PayPort):
    """The base of a pay adapter whose provider has one API key and signs its webhooks.

    `is_live` tells by the key whether the money is real, `is_test` whether it is certainly not.
    """

    key_form: ClassVar[KeyForm]
    default_base_url: ClassVar[str]
    signature_header: ClassVar[str]
    rate_limit_wait: ClassVar[float]

    @staticmethod
    def is_rate_limit(response: Response) -> bool:
        """Whether an answer with status 429 means that waiting helps."""
        return response.status == 429

    def __init__(
        self,
        api_key: Secret,
        runtime: Runtime,
        *,
        base_url: str | None = None,
        webhook_secrets: tuple[Secret, ...] = (),
    ) -> None:
        key = api_key.reveal()
        self.is_test: bool = key.startswith(self.key_form.test)
        self.is_live: bool = key.startswith(self.key_form.live)
        self._clock = runtime.clock
        self._repeats = not runtime.retry.is_none
        self._callbacks = SignedCallbacks(self.provider, self.signature_header, webhook_secrets)
        url = base_url or self.default_base_url
        self._http = self._client(runtime, url, BearerKey(api_key))
        self._keyless = self._client(runtime, url, None)

    @classmethod
    def from_settings(cls, settings: PaySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no I/O. Raises ConfigurationError."""
        settings.own_settings()
        form = cls.key_form
        api_key = settings.checked_key(cls.provider, form.shape, form=form.told, where=form.source)
        base_url = checked_base_url(settings.base_url or cls.default_base_url, setting=settings.variable("base_url"))
        return cls(api_key, runtime, base_url=base_url, webhook_secrets=settings.webhook_secrets)

    def _client(self, runtime: Runtime, base_url: str, credential: Credential | None) -> HttpClient:
        return HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url,
            credential=credential,
            is_rate_limit=self.is_rate_limit,
            rate_limit_wait=self.rate_limit_wait,
        )

    def _refusal(self, request: Request, response: Response) -> GovComponentsError:
        """Return the error that an answer other than success stands for."""
        raise NotImplementedError(f"{type(self).__name__} does not say what refusals mean")

    def _is_at_work(self, error: GovComponentsError) -> bool:  # noqa: ARG002  # a provider may say nothing of it
        """Whether a refusal says that an earlier request under the same idempotency key is still being worked on."""
        return False

    async def _ask(self, request: Request, http: HttpClient | None = None) -> Response:
        """Return an answer that says success. Raises the error that any other stands for.

        While an earlier attempt under the same key is at work there is a pause, and then it is asked once more.
        """
        client = http or self._http
        response = await client.send(request)
        if not _is_success(response):
            error = self._refusal(request, response)
            if request.replay is not Replay.IDEMPOTENT or not self._is_at_work(error):
                raise error
            await client.transport.sleep(self.rate_limit_wait)
            response = await client.send(request)
        if not _is_success(response):
            raise self._refusal(request, response)
        return response

    async def _done(self, request: Request, http: HttpClient | None = None, *, status: int = 204) -> None:
        """Ask for something to be done, which one status alone says that it is."""
        response = await self._ask(request, http)
        if response.status != status:
            raise self._unexpected(f"the answer is not the documented {status}", request, response)

    async def _one(self, request: Request, reader: Reader[A, T]) -> T:
        """Ask for one thing, and say it in the port's words."""
        return self._read(request, await self._ask(request), reader)

    def _read(self, request: Request, response: Response, reader: Reader[A, T]) -> T:
        """Say the one thing that an answer holds in the port's words."""
        answer = read_as(reader.form, response, request=request, provider=self.provider)
        return self._said(answer, LazyJson(response.body), reader, request, response)

    async def _list(
        self, request: Request, place: tuple[str, ...], reader: Reader[A, T], **asked: object
    ) -> tuple[T, ...]:
        """Ask for a list, which stands in its answer at `place`, and say its items in the port's words.

        `asked` are the values that the answer itself must have. Raises WrongAnswer.
        """
        response = await self._ask(request)
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
            raise self._unexpected(f"the answer cannot be read with certainty: {error}", request, response) from None

    def _unexpected(self, happened: str, request: Request, response: Response) -> UnexpectedReply:
        facts = facts_of(request, response, provider=self.provider)
        return UnexpectedReply(happened, lookup=request.lookup, **facts)

    async def _found(
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

    def _check_return_url(self, new: NewPayment) -> None:
        """Refuse http for a key that may take real money. Raises InvalidInput."""
        if not new.return_url.startswith("https:") and not self.is_test:
            raise self._invalid(
                "pay.create",
                "return_url",
                "must be https, because the key is not a test key",
                f"pass an https URL; http is for keys that start with {' or '.join(self.key_form.test)}",
            )

    def _refuse_filters(self, operation: str, wanted: Input, *names: str) -> None:
        """Refuse filters that the provider does not know. Raises InvalidInput."""
        for name in names:
            if getattr(wanted, name) is not None:
                fix = "leave it out, and search by created_from"
                raise self._invalid(operation, name, f"{self.provider} does not tell that", fix)

    def _invalid(self, operation: str, field: str, problem: str, fix: str) -> InvalidInput:
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
