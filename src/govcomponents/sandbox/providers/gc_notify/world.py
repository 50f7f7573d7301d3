"""The section `gc_notify` of a world file: the services, with their keys, templates, limits and callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from govcomponents.sandbox.plugins.world_section import WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section


class ApiKey(WorldPart):
    """A key of a service. What clients use is `gcntfy-NAME-SERVICE-SECRET`."""

    name: str
    kind: Literal["live", "team", "test"]
    secret: str = Field(min_length=36, max_length=36)
    revoked: bool = False


class Version(WorldPart):
    """An earlier version of a template."""

    version: int = Field(ge=1)
    subject: str | None = None
    content: str


class Template(WorldPart):
    """A template in its present version, with those before it."""

    id: str
    name: str
    type: Literal["email", "sms"]
    version: int = Field(1, ge=1)
    subject: str | None = None
    content: str
    archived: bool = False
    earlier: tuple[Version, ...] = ()

    def in_version(self, number: str | None) -> Template | None:
        """The template as it was in a version, written as in a path; None stands for the present one."""
        if number in (None, str(self.version)):
            return self
        was = next((one for one in self.earlier if str(one.version) == number), None)
        if was is None:
            return None
        return self.model_copy(update={"version": was.version, "subject": was.subject, "content": was.content})


_KEYS = (
    ApiKey(name="test", kind="test", secret="6c0de5ec-2e57-4000-8000-000000000001"),  # noqa: S106  # invented
    ApiKey(name="live", kind="live", secret="6c0de5ec-2e57-4000-8000-000000000002"),  # noqa: S106  # invented
    ApiKey(name="team", kind="team", secret="6c0de5ec-2e57-4000-8000-000000000003"),  # noqa: S106  # invented
)
_RENEWED = (
    "# Renewed | Renouvelé\n\nDear ((name)), your permit ((reference)) is renewed.((refund?? We will refund you.))"
)
_TEMPLATES = (
    Template(
        id="6c0de5ec-0000-4000-8000-000000000101",
        name="Permit renewed (email)",
        type="email",
        subject="Your permit ((reference))",
        content=_RENEWED,
    ),
    Template(
        id="6c0de5ec-0000-4000-8000-000000000102",
        name="Permit renewed (text message)",
        type="sms",
        content="Dear ((name)), your permit ((reference)) is renewed.",
    ),
)


class Service(WorldPart):
    """One service and all that it has."""

    id: str = "6c0de5ec-0000-4000-8000-000000000001"
    name: str = "Renew a permit"
    email_sender: str = "renew-a-permit@notification.canada.ca"
    active: bool = True
    suspended: bool = False
    restricted: bool = Field(default=False, description="in trial mode: sends to its team and safelist only")
    safelist: tuple[str, ...] = ()
    permissions: frozenset[str] = frozenset({"email", "sms", "upload_document", "international_sms"})
    sms_prefix: bool = True
    rate_limit_per_minute: int = Field(1000, ge=1)
    daily_limits: dict[str, int] = Field({"email": 10_000, "sms": 1_500})
    annual_limits: dict[str, int] = Field({"email": 20_000_000, "sms": 100_000})
    api_keys: tuple[ApiKey, ...] = _KEYS
    templates: tuple[Template, ...] = _TEMPLATES
    reply_to_ids: tuple[str, ...] = ()
    sms_sender_ids: tuple[str, ...] = ()
    callback_url: str | None = None
    callback_token: str = Field("sandbox-gc-callback-token", min_length=10)

    def key_text(self, key: ApiKey) -> str:
        """The whole key, as the service hands it out."""
        return f"gcntfy-{key.name}-{self.id}-{key.secret}"


class GcNotifyWorld(WorldPart):
    """The whole section; an empty one has one service.

    `saved_after_seconds` is how long a message that was accepted cannot be found yet, as the real service stores it
    some time later.
    """

    services: tuple[Service, ...] = Field((Service(),), min_length=1)
    saved_after_seconds: float = Field(0.0, ge=0)


def read_world(section: Section, base_url: str) -> GcNotifyWorld:
    """Read the section. Raises ConfigurationError, which names the place that is wrong."""
    return read_section(GcNotifyWorld, "gc_notify", section, base_url)
