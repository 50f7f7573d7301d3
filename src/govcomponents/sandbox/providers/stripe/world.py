"""The optional section `stripe` of a world file: one account, with its key and its webhook endpoints."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from govcomponents.errors import ConfigurationError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_comments(cls, value: object) -> object:
        if isinstance(value, dict):
            return {name: part for name, part in value.items() if not str(name).startswith("$comment")}
        return value


class Endpoint(_Part):
    """Where events are sent, and the secret that signs them. `events` are names of types, or "*" for all."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2048)
    secret: str = Field(pattern=r"^whsec_[A-Za-z0-9]+$")
    events: tuple[str, ...] = ("*",)


class StripeWorld(_Part):
    """One account. Everything has a default, so that an empty section is enough.

    `hold_days` is how long authorised money is held for capture; `minimum` the least amount of a payment, in the units
    of its currency.
    """

    name: str = Field(default="Sandbox account", min_length=1)
    secret_key: str = Field(default="sk_test_sandbox0key", pattern=r"^(sk|rk)_(test|live)_[A-Za-z0-9]+$")
    webhooks: tuple[Endpoint, ...] = ()
    hold_days: int = Field(default=7, ge=1)
    minimum: int = Field(default=30, ge=1)

    @property
    def is_live(self) -> bool:
        """Whether the key says that the money is real."""
        return "_live_" in self.secret_key


def read_world(section: object) -> StripeWorld:
    """Read the section. Raises ConfigurationError, which names the place and never the value."""
    try:
        return StripeWorld.model_validate(section)
    except ValidationError as error:
        found: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in ("stripe", *found["loc"]))
        raise ConfigurationError(
            f"the world is wrong at {place}: {found['msg'].removeprefix('Value error, ')}",
            fix="mend the world file there; an empty section is enough",
        ) from None
