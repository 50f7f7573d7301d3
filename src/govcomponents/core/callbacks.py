"""Arguments of parse_callback, checked alike in all components: the request's raw body, and its headers."""

from __future__ import annotations

from collections.abc import Mapping

from govcomponents.errors import InvalidInput


def checked_callback(body: object, headers: object, *, operation: str) -> tuple[bytes, dict[str, str]]:
    """Return the body, and the headers with their names in lower case. Raises InvalidInput that says what to pass."""
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise InvalidInput(
            field="body",
            problem=f"it is not bytes, but of the type {type(body).__name__}",
            fix="give the raw bytes of the request's body, unparsed: what is signed is every byte of it",
            operation=operation,
        )
    if not isinstance(headers, Mapping) or not all(isinstance(text, str) for item in headers.items() for text in item):
        raise InvalidInput(
            field="headers",
            problem=f"they are not a mapping of texts to texts, but of the type {type(headers).__name__}",
            fix="give the request's headers as a mapping, such as dict(request.headers)",
            operation=operation,
        )
    return bytes(body), {name.lower(): value for name, value in headers.items()}
