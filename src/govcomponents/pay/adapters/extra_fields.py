"""The argument `extra`: the provider's own fields, laid beside those that the adapter sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V")


def with_extra(
    own: Mapping[str, V], extra: Mapping[str, V] | None, *, operation: str, provider: str
) -> Mapping[str, V]:
    """Return the fields of both. Raises InvalidInput for one that the adapter sends already."""
    if not extra:
        return own
    if clash := sorted(own.keys() & extra.keys()):
        raise InvalidInput(
            field="extra",
            problem=f"{', '.join(clash)} would be sent twice",
            fix="pass that by the argument that it has, and only provider's fields without one in extra",
            operation=operation,
            provider=provider,
        )
    return {**own, **extra}


def unsendable(*, problem: str, operation: str, provider: str, numbers: str = "numbers") -> InvalidInput:
    """Return the error for what the form of the request's body cannot hold."""
    return InvalidInput(
        field="extra",
        problem=problem,
        fix=f"pass text, {numbers}, booleans, lists and mappings only",
        operation=operation,
        provider=provider,
    )
