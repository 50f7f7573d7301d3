"""Arguments of parse_callback, checked alike in all components: the request's raw body, and its headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol, runtime_checkable

from govcomponents.errors import InvalidInput

NOT_CONFIGURED: Final = "not_configured"
"""The code of a CallbackRefused where nothing is set to prove callbacks by: the provider is to send it again."""


@runtime_checkable
class Headers(Protocol):
    """The headers of a request: a mapping, or what a framework or a server has in its place.

    Flask's and werkzeug's headers, multidict's, and the messages of `http.client` and `email` are no mappings, but all
    of them have `items()`.
    """

    def items(self) -> Iterable[tuple[str, str]]:
        """Give each header's name and value."""
        ...


def checked_callback(body: object, headers: object, *, operation: str) -> tuple[bytes, dict[str, str]]:
    """Return the body, and the headers with their names in lower case. Raises InvalidInput that says what to pass.

    A header that came twice has both values, with a comma between them, as HTTP reads it: no second signature can
    stand in for the first.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise InvalidInput(
            field="body",
            problem=f"it is not bytes, but of the type {type(body).__name__}",
            fix="give the raw bytes of the request's body, unparsed: what is signed is every byte of it",
            operation=operation,
        )
    found: dict[str, str] = {}
    for name, value in _pairs(headers, operation):
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return bytes(body), found


def _pairs(headers: object, operation: str) -> list[tuple[str, str]]:
    try:
        if isinstance(headers, Headers):
            pairs: list[tuple[object, object]] = [*headers.items()]
            texts = [(name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str)]
            if len(texts) == len(pairs):
                return texts
    except (TypeError, ValueError):
        pass  # `items` is another thing here, such as a class's
    raise InvalidInput(
        field="headers",
        problem=f"they are not a mapping of texts to texts, but of the type {type(headers).__name__}",
        fix="give the request's headers as the framework has them, or as a mapping of names to texts",
        operation=operation,
    )
