"""Reads scenario files: TOML with a title, an explanation and steps."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from govcomponents.core.inputs import reason_of
from govcomponents.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(value: object) -> object:
    found = re.fullmatch(r"(\d{1,7})([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a time such as "90s", "15m", "2h" or "3d"')
    return float(found[1]) * _UNITS[found[2]]


Span = Annotated[float, BeforeValidator(_seconds)]


class _Part(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Arm(_Part):
    """Arms a fault at each of the providers that the world has: for how long or until when, and after how many calls.

    `until` is a time of day, such as "00:00", or the beginning of a day of the year, such as "04-01"; both UTC.
    """

    providers: tuple[str, ...] = Field(min_length=1)
    fault: str
    operation: str = "*"
    nth: int | None = Field(None, ge=1)
    times: int | None = Field(None, ge=1)
    skip: int = Field(0, ge=0)
    probability: float = Field(1.0, ge=0, le=1)
    lasts: Span | None = None
    until: str | None = Field(None, pattern=r"^(([01]\d|2[0-3]):[0-5]\d|(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8]))$")

    @model_validator(mode="after")
    def _ends_once(self) -> Arm:
        if self.lasts is not None and self.until is not None:
            raise ValueError("a fault lasts a time or until a moment, not both")
        return self


class Act(_Part):
    """Does an action of the pages of records to those that are there, or to each as it comes."""

    kind: str
    action: str
    status: str | None = None
    each: bool = False
    older_than: Span = 0.0


class Perturbs(_Part):
    """Perturbs callbacks from then on; without anything they are as usual again."""

    copies: int = Field(1, ge=1, le=10)
    delay: Span = 0.0
    shuffle: Span = 0.0
    paused: bool = False


class SignsIn(_Part):
    """Chooses who signs in from then on, and how it ends."""

    person: str | None = None
    outcome: Literal[
        "success", "not_proved", "left", "lost_session", "unavailable", "server_error", "in_person", "closed"
    ] = "success"


class Step(_Part):
    """One step: when it is due, after the beginning or at a time of day (UTC), and the one thing that it does."""

    after: Span = 0.0
    at: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    arm: Arm | None = None
    act: Act | None = None
    callbacks: Perturbs | None = None
    sign_in: SignsIn | None = None
    advance: Span | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Step:
        done = [self.arm, self.act, self.callbacks, self.sign_in, self.advance]
        if sum(one is not None for one in done) != 1:
            raise ValueError("a step does one thing: arm, act, callbacks, sign_in or advance")
        return self


class Scenario(_Part):
    """One scenario. `told` is what happens, `learn` what a service should do about it."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    told: str = Field(min_length=1)
    learn: str = ""
    steps: tuple[Step, ...] = Field(min_length=1)


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises ConfigurationError that names the place that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the scenario file {path} cannot be read: {reason_of(error)}", fix="check its path"
        ) from None
    return _parsed(path.stem, text)


def _parsed(name: str, text: str) -> Scenario:
    try:
        return Scenario.model_validate({"name": name, **tomllib.loads(text)})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the scenario {name} is not TOML: {error}", fix="mend it at that place") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "its top"
        raise ConfigurationError(
            f"the scenario {name} is wrong at {place}: {first['msg'].removeprefix('Value error, ')}",
            fix="mend the file there; the scenarios that come with the sandbox show the form",
        ) from None


def built_in() -> dict[str, Scenario]:
    """The scenarios that come with the sandbox, by name."""
    return {one.name: one for one in _shipped()}


def _shipped() -> Iterator[Scenario]:
    folder = files("govcomponents.sandbox.scenarios").joinpath("library")
    for found in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if found.name.endswith(".toml"):
            yield _parsed(found.name.removesuffix(".toml"), found.read_text("utf-8"))


def in_folder(folder: Path) -> dict[str, Scenario]:
    """The scenarios of a team's folder, by name. Raises ConfigurationError for one that is wrong."""
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}", fix="check the path given with --scenarios")
    found = [read_scenario(path) for path in sorted(folder.glob("*.toml"))]
    return {one.name: one for one in found}
