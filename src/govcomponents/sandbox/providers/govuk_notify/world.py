"""The section `notify` of a world file: the services, with their keys, templates, limits and senders."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import ConfigDict, Field

from govcomponents.sandbox.plugins.world_section import AccountName, WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section


class _Part(WorldPart):
    model_config: ClassVar[ConfigDict] = ConfigDict(ignored_types=(cached_property,))


class Platform(_Part):
    """Settings that hold for every service."""

    email_domain: str = "notifications.service.gov.uk"
    default_sms_sender: str = "GOVUK"
    list_page_size: int = Field(250, ge=1)
    token_lifetime_seconds: int = Field(30, ge=1)


class ApiKey(_Part):
    """A key of a service. `symbol` is what tests call it by."""

    symbol: str | None = None
    name: str
    kind: Literal["live", "team", "test"]
    secret: str = Field(min_length=36, max_length=36)
    revoked: bool = False


class Person(_Part):
    """A member of a service's team."""

    name: str
    email_address: str
    mobile_number: str | None = None


class GuestList(_Part):
    """Recipients that are allowed besides the team."""

    email_addresses: tuple[str, ...] = ()
    mobile_numbers: tuple[str, ...] = ()


class ReplyTo(_Part):
    """A reply-to address."""

    id: str
    email_address: str
    is_default: bool = False


class SmsSender(_Part):
    """A text message sender; one without an id is the platform's own."""

    id: str | None = None
    sms_sender: str
    is_default: bool = False


class ContactBlock(_Part):
    """The sender's address on letters."""

    id: str
    contact_block: str
    is_default: bool = False


class TemplateVersion(_Part):
    """One version of a template."""

    version: int
    subject: str | None = None
    content: str
    archived: bool = False


class Template(_Part):
    """A template with all its versions, oldest first."""

    id: str
    name: str
    type: Literal["email", "sms", "letter"]
    archived: bool = False
    postage: Literal["first", "second", "economy"] | None = None
    letter_contact_block_id: str | None = None
    created_by: str = "team@example.gov.uk"
    current_version: int | None = None
    versions: tuple[TemplateVersion, ...] = Field(min_length=1)

    @cached_property
    def current(self) -> TemplateVersion:
        """The version that is sent."""
        return self.versions[-1]

    def version(self, number: int) -> TemplateVersion | None:
        """One version; 0 is the current one."""
        if number == 0:
            return self.current
        return next((version for version in self.versions if version.version == number), None)


class InboundNumber(_Part):
    """A number on which the service receives texts."""

    id: str
    number: str


class ReceivedText(_Part):
    """A text message that somebody sent to the service."""

    id: str
    user_number: str
    notify_number: str
    content: str


class Callback(_Part):
    """A service's callback of one kind; without a `url` nothing is sent."""

    id: str | None = None
    kind: Literal["delivery_status", "inbound_sms", "complaint", "returned_letter"]
    bearer_token: str
    url: str | None = None


class Service(_Part):
    """One service and all that it has."""

    symbol: str | None = None
    id: str
    name: str
    account: AccountName | None = None
    email_sender_local_part: str
    active: bool = True
    restricted: bool = False
    organisation_type: str | None = None
    created_by: str | None = None
    permissions: frozenset[str] = frozenset({"email", "sms", "letter"})
    rate_limit_per_minute: int = Field(3000, ge=1)
    daily_limits: dict[str, int] = Field({"email": 250_000, "sms": 250_000, "letter": 20_000, "international_sms": 100})
    contact_link: str | None = None
    sms_prefix: bool = False
    api_keys: tuple[ApiKey, ...] = ()
    team_members: tuple[Person, ...] = ()
    guest_list: GuestList = GuestList()
    email_reply_to_addresses: tuple[ReplyTo, ...] = ()
    sms_senders: tuple[SmsSender, ...] = ()
    letter_contact_blocks: tuple[ContactBlock, ...] = ()
    templates: tuple[Template, ...] = ()
    inbound_numbers: tuple[InboundNumber, ...] = ()
    received_text_messages: tuple[ReceivedText, ...] = ()
    callbacks: tuple[Callback, ...] = ()

    @cached_property
    def by_template_id(self) -> dict[str, Template]:
        """The templates by their ids."""
        return {template.id: template for template in self.templates}

    def contact_block(self, template: Template) -> str:
        """The contact block of a letter template."""
        wanted = template.letter_contact_block_id
        return next((block.contact_block for block in self.letter_contact_blocks if block.id == wanted), "")


class NotifyWorld(_Part):
    """The whole section."""

    platform: Platform = Platform()
    services: tuple[Service, ...] = Field(min_length=1)


def read_world(section: Section, base_url: str) -> NotifyWorld:
    """Read the section. Raises ConfigurationError, which names the place that is wrong."""
    return read_section(NotifyWorld, "notify", section, base_url)
