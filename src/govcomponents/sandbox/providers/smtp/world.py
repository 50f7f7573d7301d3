"""Model of a world's section `smtp`: the login and sender of a service, and who cannot be reached."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from govcomponents.sandbox.plugins.world_section import WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section


def _own_templates() -> str:
    return str(files("govcomponents.sandbox.providers.smtp").joinpath("mail_templates"))


class SmtpWorld(WorldPart):
    """The section `smtp` of a world; an empty one takes every email of one service.

    `replies` are the answers to recipients, by the part of the address before the @: such as "550 5.1.1 no such user".
    `security` is how its connections are encrypted; with STARTTLS or TLS it makes a certificate when it begins.
    """

    port: int = Field(0, ge=0, le=65535, description="0 takes a free one")
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = "sandbox-service"
    password: str | None = Field("sandbox-mail-password", repr=False)
    sender: str = "permits@example.gov.uk"
    sender_name: str = "Permits"
    templates_folder: str = Field(default_factory=_own_templates)
    max_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    replies: dict[str, str] = Field(
        {
            "nobody": "550 5.1.1 There is no such mailbox",
            "full": "452 4.2.2 The mailbox is full",
            "busy": "451 4.7.1 Please try again later",
        }
    )


def read_world(section: Section, base_url: str) -> SmtpWorld:
    """Read the section. Raises ConfigurationError, which names the place that is wrong."""
    return read_section(SmtpWorld, "smtp", section, base_url)
