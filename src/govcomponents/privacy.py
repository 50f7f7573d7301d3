"""Values that cannot print themselves: `Secret` for credentials, `Personal` for what is known about a person.

Redaction goes by type and is always on. Neither class shows its value in `str`, `repr`, f-strings, logs, JSON or
pickles; `reveal()` is the one way to the value, so that every place where it leaves can be found by its name.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, SerializationInfo
    from pydantic_core import CoreSchema

T = TypeVar("T")


_LEFT_OUT: Any = object()


def _without_value(kind: type[Guarded[Any]]) -> Guarded[Any]:
    return kind(_LEFT_OUT)


class Guarded(Generic[T]):
    """Base of `Secret` and `Personal`, which hold a value, compare by it, never show it."""

    __slots__ = ("_value",)
    _shown = "[guarded]"

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value itself. Do this where it is used, and keep the result out of logs and errors.

        Raises LookupError if the value was left out, because this object comes out of a pickle.
        """
        if self._value is _LEFT_OUT:
            raise LookupError(
                f"this {type(self).__name__} value was left out when it was pickled; "
                "store what reveal() returns, on purpose and protected"
            )
        return self._value

    def __repr__(self) -> str:
        return self._shown

    def __str__(self) -> str:
        return self._shown

    def __format__(self, spec: str) -> str:
        return self._shown

    def __copy__(self) -> Guarded[T]:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Guarded[T]:
        return self

    def __reduce__(self) -> tuple[Callable[..., Guarded[Any]], tuple[type[Guarded[Any]]]]:
        """Leave the value out of the pickle: it is never stored by accident."""
        return _without_value, (type(self),)

    @classmethod
    def _from_input(cls, value: Any, inner: Callable[[Any], Any]) -> Guarded[Any]:
        return cls(inner(value.reveal() if isinstance(value, cls) else value))

    @staticmethod
    def _dumped(value: Any, info: SerializationInfo) -> Any:
        return str(value) if info.mode == "json" else value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        wrapped = (get_args(source) or (str,))[0]
        return core_schema.no_info_wrap_validator_function(
            cls._from_input,
            handler.generate_schema(wrapped),
            serialization=core_schema.plain_serializer_function_ser_schema(cls._dumped, info_arg=True),
        )


class Secret(Guarded[str]):
    """A credential: an API key, a signing key, a webhook secret, a token. Compared in constant time."""

    __slots__ = ()
    _shown = "[secret]"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if _LEFT_OUT in (self._value, other._value):
            return False
        ours, theirs = (value.encode("utf-8", "surrogatepass") for value in (self._value, other._value))
        return hmac.compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash(self._value)


class Personal(Guarded[T]):
    """Something about a person: a name, an address, a date of birth, a phone number. Equal when the values are."""

    __slots__ = ()
    _shown = "[personal]"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Personal):
            return NotImplemented
        return bool(self._value == other._value and self._value is not _LEFT_OUT)

    def __hash__(self) -> int:
        return hash(self._value)
