"""Arguments of an operation as bytes, and back: what `gov.*` took and checked is what will be called again later."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from govcomponents.errors import InvalidInput
from govcomponents.money import Money
from govcomponents.notify.templates.attachments import Attachment
from govcomponents.privacy import Guarded

if TYPE_CHECKING:
    from govcomponents.core.inputs import Input

_MONEY = "$money"
_FILE = "$file"
_MAPPING = "$mapping"
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def written(given: Input, operation: str, leave_out: frozenset[str] = frozenset()) -> bytes:
    """Write a validated input: the same input gives the same bytes. Fields that are None are left out.

    Raises InvalidInput for an `extra` that is not JSON: of it alone a validated input knows nothing.
    """
    fields = sorted(vars(given).items())
    try:
        return to_json({name: _plain(value) for name, value in fields if value is not None and name not in leave_out})
    except (TypeError, ValueError, RecursionError):
        fix = "give texts (without lone surrogates), numbers, lists and mappings only"
        raise InvalidInput(
            field="extra", problem="it cannot be written as JSON", fix=fix, operation=operation
        ) from None


def read(payload: bytes) -> dict[str, Any]:
    """Read the arguments with which the operation is called: they have the names of its parameters."""
    fields: dict[str, Any] = json.loads(payload)
    return {name: _value(part) for name, part in fields.items()}


def _plain(value: object) -> object:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Guarded):
        return _plain(value.reveal())
    if isinstance(value, Money):
        return {_MONEY: [value.minor, value.currency]}
    if isinstance(value, Attachment):
        return {_FILE: dataclasses.asdict(value)}
    if isinstance(value, dict):
        plain, is_marked = {}, False
        for name, part in value.items():
            if not isinstance(name, str):
                raise TypeError(type(name).__name__)
            plain[name] = part if type(part) is str else _plain(part)
            is_marked = is_marked or name.startswith("$")
        return {_MAPPING: plain} if is_marked else plain
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise TypeError(type(value).__name__)


def _value(part: Any) -> Any:
    if isinstance(part, list):
        return [_value(one) for one in part]
    if not isinstance(part, dict):
        return part
    if _MONEY in part:
        return Money(*part[_MONEY])
    if _FILE in part:
        return Attachment(**part[_FILE])
    return {name: _value(one) for name, one in part.get(_MAPPING, part).items()}
