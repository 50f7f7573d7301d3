"""Input models of operations, and the one way from a wrong argument to an `InvalidInput` that never shows the value."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar, overload
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, ConfigDict, ValidationError

from govcomponents.core.validation import is_plain_name, is_text
from govcomponents.errors import InvalidInput
from govcomponents.privacy import Personal
from govcomponents.refusing import Refusing

if TYPE_CHECKING:
    from types import TracebackType

    from pydantic_core import ErrorDetails


class Input(Refusing):
    """The base of input models: frozen, unknown fields refused, no coercion of types. Raises InvalidInput.

    Each field's `description` is shown to the caller as the way to mend it.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        defer_build=True,
        arbitrary_types_allowed=True,
    )

    @classmethod
    def _refusal(cls, error: ValidationError) -> InvalidInput:
        return _invalid(error, cls)


E = TypeVar("E", bound=Enum)
T = TypeVar("T")

_EXPECTED = {
    "bool_type": "True or False",
    "bytes_type": "bytes",
    "date_type": "a date",
    "datetime_type": "a datetime",
    "dict_type": "a dict",
    "float_type": "a number",
    "int_type": "a whole number",
    "iterable_type": "a list",
    "list_type": "a list",
    "mapping_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
}
_BROKEN = {
    "literal_error": "it is not one of {expected}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than_equal": "it must be {le} or less",
    "string_pattern_mismatch": "it has characters, or a form, that it cannot have",
    "string_too_long": "it must have at most {max_length:,} characters",
    "string_too_short": "it must have at least {min_length:,} characters",
    "string_unicode": "it holds half of a surrogate pair, which is no character",
    "too_long": "it must have at most {max_length:,} characters or parts",
    "too_short": "it must have at least {min_length:,} characters or parts",
}
UNSHOWN = "(a name that is not shown)"
"""Stands for the name of a field, or of a part of a mapping, that looks like a person's text."""
_TOO_MUCH = 1e15
"""More seconds, or of anything else that is counted, than there can be."""
_NOT_FITTING = "it is not what this argument takes"


class checked_input:  # noqa: N801  # used as a statement: `with checked_input(...):`
    """Context manager around the making of an input model: the error of a wrong argument names the operation.

    with checked_input("pay.create", NewPayment):
        new = NewPayment(amount=amount, reference=reference)
    """

    __slots__ = ("_model", "_operation")

    def __init__(self, operation: str, model: type[Input]) -> None:
        self._operation = operation
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, InvalidInput) and error.operation == self._model.__name__:
            error.operation = self._operation


def _invalid(error: ValidationError, model: type[Input]) -> InvalidInput:
    found = error.errors(include_url=False)[0]
    path = [str(part) for part in found["loc"] if not str(part).startswith("function-")]
    name = path[0] if path else "arguments"
    described = model.model_fields[name].description if name in model.model_fields else None
    shown = [part if part.isdecimal() or is_plain_name(part.strip("_[]")) else UNSHOWN for part in path]
    return InvalidInput(
        field=".".join(shown) or name,
        problem=_problem(found),
        fix=described or "see the operation's documentation",
        operation=model.__name__,
    )


def _problem(found: ErrorDetails) -> str:
    """The problem, in our words; of the value itself no more than its type."""
    kind, given = found["type"], type(found["input"]).__name__
    if kind in _EXPECTED:
        return f"it is not {_EXPECTED[kind]}, but of the type {given}"
    if kind in ("is_instance_of", "dataclass_exact_type", "model_type"):
        wanted = found.get("ctx", {}).get("class") or found.get("ctx", {}).get("class_name")
        return f"it is not of the type {wanted}, but of the type {given}"
    if kind == "missing":
        return "it is missing"
    if kind == "extra_forbidden":
        return "there is no such field"
    if kind in ("string_too_short", "too_short") and not found["input"]:
        return "it is empty"
    if kind in _BROKEN:
        return _BROKEN[kind].format_map(found.get("ctx", {}))
    # Other words of pydantic name its own inner things; a validator of ours says what is wrong.
    return found["msg"].removeprefix("Value error, ") if kind == "value_error" else _NOT_FITTING


def member(kind: type[E], value: object, *, field: str, operation: str) -> E:
    """Read a member of an enumeration, given as itself or as its text. Raises InvalidInput, which lists them all."""
    try:
        return _member(kind, value)
    except ValueError as error:
        raise InvalidInput(
            field=field,
            problem=f"it is not a member of {kind.__name__}",
            fix=str(error),
            operation=operation,
        ) from None


def members(kind: type[E], given: object, *, field: str, operation: str) -> tuple[E, ...]:
    """Read members of an enumeration: one, or several, each as itself or as its text. Raises InvalidInput."""
    if isinstance(given, (kind, str)) or not isinstance(given, Iterable):
        given = (given,)
    return tuple(member(kind, one, field=field, operation=operation) for one in given)


def optional_member(kind: type[E], value: object, *, field: str, operation: str) -> E | None:
    """Read a member as `member` does, or None."""
    return None if value is None else member(kind, value, field=field, operation=operation)


def member_or_text(kind: type[E]) -> BeforeValidator:
    """Make the validator of a field of an input model that takes a member of an enumeration or its text."""
    return BeforeValidator(lambda value: _member(kind, value))


def _member(kind: type[E], value: object) -> E:
    """Open enumerations take any text as UNKNOWN; what a caller passes must be one of the others."""
    if isinstance(value, kind) and value.name != "UNKNOWN":
        return value
    known = {one.value: one for one in kind if one.name != "UNKNOWN"}
    if isinstance(value, str) and value in known:
        return known[value]
    raise ValueError(f"give one of {', '.join(str(name) for name in known)}, as text or as a member of {kind.__name__}")


@overload
def personal(value: str | Personal[str]) -> Personal[str]: ...
@overload
def personal(value: str | Personal[str] | None) -> Personal[str] | None: ...
def personal(value: str | Personal[str] | None) -> Personal[str] | None:
    """Guard a person's datum that a caller passed as plain text."""
    return Personal(value) if isinstance(value, str) else value


def text_argument(value: object, *, field: str, fix: str, operation: str) -> str:
    """Return an argument that must be text that can be sent. Raises InvalidInput."""
    if not isinstance(value, str):
        problem = f"it is not text, but of the type {type(value).__name__}"
    elif not is_text(value):
        problem = _BROKEN["string_unicode"]
    else:
        return value
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def instance_argument(value: object, kind: type[T], *, field: str, fix: str, operation: str) -> T:
    """Return an argument that must be of a class. Raises InvalidInput."""
    if isinstance(value, kind):
        return value
    problem = f"it is not of the type {kind.__name__}, but of the type {type(value).__name__}"
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def callable_argument(value: T, *, field: str, fix: str, operation: str) -> T:
    """Return an argument that must be a function. Raises InvalidInput."""
    if callable(value):
        return value
    problem = f"it is not a function, but of the type {type(value).__name__}"
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def method_argument(value: T, *methods: str, field: str, fix: str, operation: str) -> T:
    """Return an argument that must have these methods, of whatever class it is. Raises InvalidInput."""
    if all(callable(getattr(value, method, None)) for method in methods):
        return value
    problem = f"it is of the type {type(value).__name__}, which has no {' and '.join(methods)}"
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def flag_argument(value: object, *, field: str, operation: str) -> bool:
    """Return an argument that must be True or False. Raises InvalidInput."""
    if isinstance(value, bool):
        return value
    problem = f"it is neither True nor False, but of the type {type(value).__name__}"
    raise InvalidInput(field=field, problem=problem, fix="give True or False", operation=operation)


def number_argument(value: object, *, field: str, fix: str, operation: str, least: float = 0.0) -> float:
    """Return an argument that must be a finite number, and no less than the least. Raises InvalidInput."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        problem = f"it is not a number, but of the type {type(value).__name__}"
    elif not least <= value < _TOO_MUCH:
        problem = f"it is not from {least:g} to {_TOO_MUCH:g}"
    else:
        return value
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def path_argument(value: object, *, field: str, fix: str, operation: str) -> Path:
    """Return an argument that must be a file's path; whether there is such a file is not looked at.

    Raises InvalidInput.
    """
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        if isinstance(path, str) and path and "\0" not in path:
            try:
                os.fsencode(path)
            except UnicodeEncodeError:
                pass
            else:
                return Path(path)
    problem = "it is not a path" if isinstance(value, str) else f"it is not a path, but a {type(value).__name__}"
    raise InvalidInput(field=field, problem=problem, fix=fix, operation=operation)


def reason_of(error: Exception) -> str:
    """Return why a file that was given cannot be used: the system's reason, or the place at which its form is wrong.

    Nothing of what is in it is shown.
    """
    import tomllib  # slow to import, and only a file that is wrong needs it

    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnicodeError):
        return f"it is not in {getattr(error, 'encoding', 'utf-8').upper()}"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)  # of the text no more than one sign
    return "it is nested too deep" if isinstance(error, RecursionError) else type(error).__name__


def optional_path(value: object, *, field: str, operation: str) -> Path | None:
    """Return a file's path as `path_argument` does, or None."""
    if value is None:
        return None
    return path_argument(value, field=field, fix="give the path of a file, or leave it out", operation=operation)


def callback_parameters(callback: object, operation: str) -> dict[str, str]:
    """Return the parameters with which a person came back: of a URL, of a mapping, or none. Raises InvalidInput."""
    if callback is None:
        return {}
    pairs: list[tuple[str, str]] | None = None
    problem = f"it is neither a URL nor a mapping from names to texts, but of the type {type(callback).__name__}"
    if isinstance(callback, str):
        problem = "it is not a URL"
        with suppress(ValueError):
            pairs = parse_qsl(urlsplit(callback).query, keep_blank_values=True)
    elif isinstance(callback, Mapping):
        pairs = mapping_pairs(callback)
    if pairs is not None and len(parameters := dict(pairs)) == len(pairs):
        return parameters
    raise InvalidInput(
        field="callback",
        problem=problem if pairs is None else "it carries a parameter twice, and which of them counts nobody can tell",
        fix="pass the URL at which the person came back as the browser sent it, its parameters, or None",
        operation=operation,
    )


def mapping_pairs(parameters: Mapping[str, object]) -> list[tuple[str, str]] | None:
    """Return the names and values of a mapping of a query's parameters, all of them; None if any is no text.

    The multi-dicts of frameworks give one of several values where they are read like a mapping, and all of them by
    getlist (Django, Werkzeug, Starlette) or getall (aiohttp, WebOb).
    """
    values_of: Callable[[str], object] = parameters.__getitem__
    for method in ("getlist", "getall"):
        found: object = getattr(parameters, method, None)
        if callable(found):
            values_of = found
            break
    pairs: list[tuple[str, str]] = []
    names: list[object] = list(dict.fromkeys(parameters))
    for name in names:
        value = values_of(name) if isinstance(name, str) else None
        values = [value] if isinstance(value, str) else value
        if not isinstance(name, str) or not isinstance(values, Sequence):
            return None
        for item in values:
            if not isinstance(item, str) or not is_text(item):
                return None
            pairs.append((name, item))
    return pairs
