"""The section `pay` of a world file: services with their accounts, keys, webhooks and what they hold already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from pydantic import Field, model_validator

from govcomponents.sandbox.plugins.world_section import AccountName, WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section

EventKind: TypeAlias = Literal[
    "card_payment_succeeded",
    "card_payment_captured",
    "card_payment_refunded",
    "card_payment_failed",
    "card_payment_expired",
]
"""The kinds of the webhooks' messages."""


class ApiKey(WorldPart):
    """An API key of a service. A revoked one is refused."""

    key: str = Field(pattern=r"^api_(test|live)_[A-Za-z0-9]+$")
    description: str = ""
    revoked: bool = False


class Webhook(WorldPart):
    """A service's webhook: its URL, and the secret that signs its messages. Loopback may be http here."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2048)
    secret: str = Field(pattern=r"^webhook_(test|live)_[A-Za-z0-9]+$")
    events: tuple[EventKind, ...] = get_args(EventKind)
    active: bool = True


class ExistingPayment(WorldPart):
    """A payment that the service has already; times count back from the start of the sandbox."""

    reference: str = Field(min_length=1, max_length=255)
    description: str = Field(default="Made before the sandbox began", min_length=1, max_length=255)
    amount: int = Field(ge=1, le=10_000_000)
    status: Literal["created", "success", "failed", "cancelled", "error"] = "success"
    email: str | None = None
    metadata: dict[str, str | bool | int | float] | None = None
    card_number: str = "4242424242424242"
    minutes_ago: int = Field(default=0, ge=0)


class Service(WorldPart):
    """One service with one gateway account. The keys say whether it is test or live: all must be of one kind."""

    name: str = Field(min_length=1)
    account: AccountName | None = None
    gateway_account_id: str = "1"
    payment_provider: Literal["sandbox", "stripe", "worldpay"] = "sandbox"
    api_keys: tuple[ApiKey, ...] = Field(min_length=1)
    webhooks: tuple[Webhook, ...] = ()
    allow_moto: bool = True
    allow_authorisation_api: bool = True
    allow_recurring: bool = True
    allow_zero_amount: bool = False
    disabled: bool = False
    configured: bool = True
    collect_billing_address: bool = True
    corporate_surcharge: int = Field(default=0, ge=0)
    capture_after_seconds: float | None = Field(default=None, ge=0)
    refund_after_seconds: float | None = Field(default=None, ge=0)
    settle_after_days: int = Field(default=2, ge=0)
    payments: tuple[ExistingPayment, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether its keys are live."""
        return self.api_keys[0].key.startswith("api_live_")

    @property
    def capture_delay(self) -> float:
        """Seconds from the person's confirmation to the capture: none with the provider "sandbox", as at Pay."""
        if self.capture_after_seconds is not None:
            return self.capture_after_seconds
        return 0.0 if self.payment_provider == "sandbox" else 1200.0

    @property
    def refund_delay(self) -> float:
        """Seconds from a refund to its end: none with the provider "sandbox", as at Pay."""
        if self.refund_after_seconds is not None:
            return self.refund_after_seconds
        return 0.0 if self.payment_provider == "sandbox" else 1800.0

    @model_validator(mode="after")
    def _keys_of_one_kind(self) -> Service:
        if len({key.key.startswith("api_live_") for key in self.api_keys}) > 1:
            raise ValueError("api_keys: all keys of a service are test keys, or all are live keys")
        return self


class PayWorld(WorldPart):
    """All services of the section."""

    services: tuple[Service, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_differ(self) -> PayWorld:
        keys = [key.key for service in self.services for key in service.api_keys]
        if len(set(keys)) < len(keys):
            raise ValueError("services: two of them have the same API key")
        return self


def read_world(section: Section, base_url: str) -> PayWorld:
    """Read the section. Raises ConfigurationError, which names the place and never the value."""
    return read_section(PayWorld, "pay", section, base_url)
