"""The argument `extra`: the provider's own fields, laid beside those that an adapter sends and never over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from govcomponents.errors import InvalidInput

V = TypeVar("V")


def with_extra(
    own: Mapping[str, V], extra: Mapping[str, V] | None, *, operation: str, provider: str
) -> Mapping[str, V]:
    """Lay the provider's own fields beside the adapter's. Raises InvalidInput for one that the adapter sends itself."""
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
