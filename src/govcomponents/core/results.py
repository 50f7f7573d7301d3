"""The base of results and events: immutable, comparable, and safe to dump, pickle and return from a web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from pydantic import Field, PlainSerializer, SkipValidation

from govcomponents.core.inputs import flag_argument
from govcomponents.errors import DEFAULT_ACCOUNT
from govcomponents.frames import leaving_frames_behind
from govcomponents.privacy import Guarded, Personal

if TYPE_CHECKING:
    from typing import Self

Raw = Annotated[Mapping[str, object], SkipValidation, Field(exclude=True, repr=False)]
"""The provider's whole answer. It can hold personal data, so it is in no dump, pickle or comparison."""

T = TypeVar("T")
ValueT = TypeVar("ValueT")


class UncopiedMapping(dict[str, ValueT]):
    """A mapping as it can be looked into, and neither printed nor copied by whatever walks over a result."""

    __slots__ = ()

    def __init__(self, content: object = ()) -> None:
        # `dataclasses.asdict` makes a copy of a dict from an iterator of its items: that copy stays empty.
        super().__init__(content if isinstance(content, (dict, Mapping)) else ())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[()]]:
        """Leave what it holds behind, in copies and pickles."""
        return dict, ()


class RawAnswer(UncopiedMapping[object]):
    """A provider's answer."""

    __slots__ = ()


class Metadata(UncopiedMapping["str | int | float | bool"]):
    """The metadata that a service put with a payment: its own words, which may be about a person."""

    __slots__ = ()


def _masked(content: Mapping[str, object]) -> dict[str, str]:
    return dict.fromkeys(content, str(Personal("")))


GuardedMetadata = Annotated[Mapping[str, "str | int | float | bool"], PlainSerializer(_masked)]
"""What a service put with a payment, masked in dumps as personal data is, and in no copy or pickle."""

GuardedText = Annotated[str, PlainSerializer(lambda _: str(Personal("")))]
"""A text about a person that stays a text, because it is there to be used, and is masked in dumps."""


class PlainValues:
    """The base of results and of their parts, such as a payment's card: made into plain values with `to_dict`."""

    __slots__ = ()

    @leaving_frames_behind
    def to_dict(self, *, reveal: bool = False) -> dict[str, object]:
        """Return plain values that `json.dumps` takes: enums and times as text, money as minor units and currency.

        `raw` is left out. Personal data and secrets are masked unless `reveal` is True. Raises InvalidInput if it is
        neither True nor False: a text such as "no" would show them.
        """
        flag_argument(reveal, field="reveal", operation="to_dict")
        return _fields_of(self, reveal=reveal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(PlainValues):
    """The base of everything that an operation gives.

    `account` is the name of the account that the call was made with, or whose secret proved a callback. `raw` is the
    provider's whole answer, with personal data in it. Results go through pydantic's `TypeAdapter` and FastAPI's
    `response_model`; personal data and secrets are masked there, and left out of pickles.
    """

    account: str = DEFAULT_ACCOUNT
    raw: Raw = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.raw) is dict and self.raw:
            object.__setattr__(self, "raw", RawAnswer(self.raw))

    @leaving_frames_behind
    def of_account(self, account: str) -> Self:
        """Return the same result under the name of an account."""
        return replace(self, account=account)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), _state(self))

    def __getstate__(self) -> dict[str, object]:
        return _state(self)

    def __init_subclass__(cls) -> None:
        # Else `dataclass` gives each class with slots a state of its own, the provider's answer in it, for serialisers.
        cls.__getstate__ = Result.__getstate__  # type: ignore[method-assign]  # the same for all


def _state(result: Result) -> dict[str, object]:
    # By itself and not as a method: before Python 3.11.4 `dataclass` puts its own in that one's place.
    return {part.name: getattr(result, part.name) for part in fields(result) if part.name != "raw"}


def _rebuild(kind: type[Result], values: dict[str, object]) -> Result:
    result = object.__new__(kind)
    for name, value in (values | {"raw": {}}).items():
        object.__setattr__(result, name, value)
    return result


def of_account(given: T, account: str) -> T:
    """Stamp what an operation gave with an account's name: a result, or a tuple of results; anything else as it is."""
    if isinstance(given, Result):
        return given.of_account(account)
    if isinstance(given, tuple):
        return cast("T", tuple(of_account(one, account) for one in given))
    return given


def _fields_of(value: object, *, reveal: bool) -> dict[str, object]:
    names = [part.name for part in fields(value) if part.name != "raw"]  # type: ignore[arg-type]  # callers ask is_dataclass
    return {name: _plain(getattr(value, name), reveal=reveal) for name in names}


def _plain(value: object, *, reveal: bool) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Guarded):
        return _plain(value.reveal(), reveal=True) if reveal else str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value):
        return _fields_of(value, reveal=reveal)
    if isinstance(value, Metadata) and not reveal:
        return _masked(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(part, reveal=reveal) for name, part in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(part, reveal=reveal) for part in value]
    return str(value)
