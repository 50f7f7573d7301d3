"""Builds input models, turning pydantic's complaint into an `InvalidInput` that never shows the value."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from govcomponents.errors import InvalidInput


class Input(BaseModel):
    """The base of what callers pass: frozen, unknown fields refused, no coercion of types.

    Each field's `description` is shown to the caller as the way to mend it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        defer_build=True,
        arbitrary_types_allowed=True,
    )


M = TypeVar("M", bound=Input)


def build(model: type[M], operation: str, **fields: Any) -> M:
    """Make an input model. Raises InvalidInput for the first field that is wrong; nothing has been sent by then."""
    try:
        return model(**fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = [str(part) for part in found["loc"]]
        name = path[0] if path else "arguments"
        described = model.model_fields[name].description if name in model.model_fields else None
        raise InvalidInput(
            field=".".join(path) or name,
            problem=found["msg"].removeprefix("Value error, "),
            fix=described or "see the operation's documentation",
            operation=operation,
        ) from None
