"""Reads a provider's section of a world: the base of its models, and the refusal of one that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class WorldPart(BaseModel):
    """Base of every part of a section: nothing unknown is taken, and errors never repeat a value."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


AccountName = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$")]
"""Under which name of an account `Sandbox.settings()` reaches a service that is not the world's first."""

PartT = TypeVar("PartT", bound=WorldPart)
_HOST = "<host>"


def read_section(model: type[PartT], name: str, section: object, base_url: str = _HOST) -> PartT:
    """Read the section `name` of a world. Keys that begin with "$comment" are for people; "<host>" is the sandbox.

    Raises ConfigurationError, which names the place that is wrong and never the value.
    """
    try:
        return model.model_validate(_plain(section, base_url))
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        # A key that is there and is none says more than the right one, which is missed because of it.
        found = next((one for one in told if one["type"] == "extra_forbidden"), told[0])
        place = ".".join(str(part) for part in (name, *found["loc"]))
        known = list(model.model_fields) if len(found["loc"]) == 1 else []
        raise ConfigurationError(
            f"the world is wrong at {place}: {_problem(found, told, known)}",
            fix="mend the world there: `govcomponents sandbox world` prints one of the right form",
        ) from None


def _problem(found: ErrorDetails, told: Sequence[ErrorDetails], known: Sequence[str]) -> str:
    if found["type"] == "missing":
        return "it is missing"
    if found["type"] != "extra_forbidden":
        return found["msg"].removeprefix("Value error, ")
    missing = [str(one["loc"][-1]) for one in told if one["type"] == "missing" and one["loc"][:-1] == found["loc"][:-1]]
    close = get_close_matches(str(found["loc"][-1]), missing or known, n=1, cutoff=0.5)
    return "there is no such key" + (f" (is {close[0]} meant?)" if close else "")


def _plain(value: Any, base_url: str) -> Any:
    """Leave out comments, and put the sandbox's address in its place."""
    if isinstance(value, dict):
        return {name: _plain(item, base_url) for name, item in value.items() if not str(name).startswith("$comment")}
    if isinstance(value, list):
        return [_plain(item, base_url) for item in value]
    return value.replace(_HOST, base_url) if isinstance(value, str) else value


def load_default(package: str) -> Mapping[str, object]:
    """The section of a default world that a provider's package keeps in `default_world.json`."""
    section: Mapping[str, object] = json.loads(files(package).joinpath("default_world.json").read_text("utf-8"))
    return section


def on_each(
    section: Mapping[str, object], name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Mapping[str, object]:
    """Change each of the objects in a section's list `name`; what has another form stays, to be refused later."""
    found = section.get(name)
    if not isinstance(found, list):
        return section
    return {**section, name: [change(thing) if isinstance(thing, Mapping) else thing for thing in found]}
