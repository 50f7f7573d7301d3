"""Parts of the requests of every adapter: paths, the fields that were given, and the argument `extra`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from govcomponents.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V")


def path_of(template: str, **ids: str) -> str:
    """Make the path of a thing, such as a payment's events, of the template that observers see and of its ids."""
    return template.format(**{name: quote(identifier, safe="") for name, identifier in ids.items()})


def given(**fields: object) -> dict[str, object]:
    """Leave out the fields that are None, False or without content."""
    return {name: value for name, value in fields.items() if value is not None and value is not False and value != {}}


def with_extra(
    own: Mapping[str, V], extra: Mapping[str, V] | None, *, operation: str, provider: str
) -> Mapping[str, V]:
    """Lay the provider's own fields beside those that the adapter sends. Raises InvalidInput for one that is both."""
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
    """Return the error for what the form of the request's body cannot hold in `extra`."""
    return InvalidInput(
        field="extra",
        problem=problem,
        fix=f"pass text, {numbers}, booleans, lists and mappings only",
        operation=operation,
        provider=provider,
    )
