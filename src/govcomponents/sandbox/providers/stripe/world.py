"""The optional section `stripe` of a world file: one account, with its key and its webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from govcomponents.sandbox.plugins.world_section import WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section


class Endpoint(WorldPart):
    """A webhook endpoint: its URL, and the secret that signs. `events` are names of types, or "*" for all."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2048)
    secret: str = Field(pattern=r"^whsec_[A-Za-z0-9]+$")
    events: tuple[str, ...] = ("*",)


class StripeWorld(WorldPart):
    """One account. Everything has a default, so that an empty section is enough.

    `hold_days` is how long authorised money is held for capture; `minimum` the least amount of a payment in
    pence; in other currencies it is what Stripe states.
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


def read_world(section: Section, base_url: str) -> StripeWorld:
    """Read the section. Raises ConfigurationError, which names the place and never the value."""
    return read_section(StripeWorld, "stripe", section, base_url)
