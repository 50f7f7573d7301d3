"""Parsing of responses: wire models ignore unknown fields, and an unreadable answer is an `UnexpectedReply`.

A member that comes twice makes an answer unreadable: two readers of it could each see another amount.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from govcomponents.core.canonical_json import NotCanonical, parse
from govcomponents.core.http.client import request_id
from govcomponents.errors import UnexpectedReply

if TYPE_CHECKING:
    from govcomponents.core.http.messages import Request, Response


class Wire(BaseModel):
    """The base of wire models: frozen, unknown fields ignored."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True
    )

    def __repr_args__(self) -> list[tuple[str, object]]:
        """Show no value: what a provider answers can hold personal data."""
        return []


class LazyJson(Mapping[str, object]):
    """A JSON object that is parsed when it is first looked into: most callers never do."""

    __slots__ = ("_body", "_parsed")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._parsed: dict[str, object] | None = None

    def _content(self) -> dict[str, object]:
        if self._parsed is None:
            self._parsed = json.loads(self._body)
        return self._parsed

    def __getitem__(self, key: str) -> object:
        return self._content()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content())

    def __len__(self) -> int:
        return len(self._content())

    def __repr__(self) -> str:
        return "LazyJson(...)"

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[()]]:
        """Leave what it holds behind: a pickle would show what guarded fields do not."""
        return dict, ()


T = TypeVar("T")
W = TypeVar("W", bound=BaseModel)


def read(model: type[W], response: Response, *, request: Request, provider: str) -> W:
    """Parse an answer's body. Raises UnexpectedReply, which names the part that is wrong and never its value."""
    return read_part(model, _parsed(response, request, provider), response, request=request, provider=provider)


def read_as(kind: TypeAdapter[T], response: Response, *, request: Request, provider: str) -> T:
    """Parse an answer's body as `read` does, where it is not a model but another type, such as a typed dictionary."""
    return read_part_as(kind, _parsed(response, request, provider), response, request=request, provider=provider)


def _parsed(response: Response, request: Request, provider: str) -> object:
    try:
        return parse(response.body)
    except NotCanonical as error:
        raise _unexpected(f"the body: {error}", response, request, provider) from None


def read_part_as(kind: TypeAdapter[T], part: object, response: Response, *, request: Request, provider: str) -> T:
    """Parse a part of an answer that is parsed already, as `read_as` does."""
    try:
        return kind.validate_python(part)
    except ValidationError as error:
        raise _unreadable(error, response, request, provider) from None


def read_part(model: type[W], part: object, response: Response, *, request: Request, provider: str) -> W:
    """Read a part of an answer that is parsed already, such as one item of a page. Raises as `read` does."""
    try:
        return model.model_validate(part)
    except ValidationError as error:
        raise _unreadable(error, response, request, provider) from None


def _unreadable(error: ValidationError, response: Response, request: Request, provider: str) -> UnexpectedReply:
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in found["loc"]) or "the body"
    return _unexpected(f"{where}: {found['msg']}", response, request, provider)


def _unexpected(why: str, response: Response, request: Request, provider: str) -> UnexpectedReply:
    return UnexpectedReply(
        f"the answer is not of the documented form: {why}",
        lookup=request.lookup,
        operation=request.operation,
        provider=provider,
        status=response.status,
        request_id=request_id(response),
    )
