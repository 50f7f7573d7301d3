"""Models of a world's section `one_login`: registered clients, people who sign in, and test keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from govcomponents.sandbox.plugins.world_section import WorldPart, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section


class Lifetimes(WorldPart):
    """Seconds for which things are good."""

    id_token: int = 120
    access_token: int = 180
    code: int = 300
    core_identity: int = 1800


class Client(WorldPart):
    """One service, as it is registered."""

    symbol: str
    client_id: str
    signs_in: str | None = None
    authorize_error: Literal["access_denied", "temporarily_unavailable", "server_error"] | None = None
    token_auth_method: Literal["private_key_jwt", "client_secret_post"] = "private_key_jwt"  # noqa: S105  # a method's name
    public_key_source: Literal["static", "jwks"] = "static"
    key: str | None = None
    jwks_url: str | None = None
    client_secret: str | None = Field(None, repr=False)
    client_secret_hash: str | None = Field(None, repr=False)
    id_token_signing_algorithm: Literal["ES256", "RS256"] = "ES256"  # noqa: S105  # an algorithm's name
    pkce_enforced: bool = False
    request_object_required: bool = False
    max_age_enabled: bool = False
    identity_verification_supported: bool = True
    levels_of_confidence: tuple[str, ...] = ("P0", "P2")
    scopes: tuple[str, ...] = ("openid", "email", "phone")
    claims: tuple[str, ...] = ()
    redirect_urls: tuple[str, ...] = Field(min_length=1)
    post_logout_redirect_urls: tuple[str, ...] = ()
    back_channel_logout_url: str | None = None
    landing_page_url: str | None = None


class Person(WorldPart):
    """One person who can sign in. All of them are invented."""

    symbol: str
    name: str | None = Field(None, description="what the sign-in page calls the person")
    sub: str
    email: str
    email_verified: bool = True
    phone_number: str | None = None
    phone_number_verified: bool = False
    wallet_subject_id: str | None = None
    level_of_confidence: Literal["P0", "P1", "P2", "P3"] = "P0"
    core_identity: Mapping[str, Any] | None = None
    address: list[Any] | None = None
    passport: list[Any] | None = None
    driving_permit: list[Any] | None = None
    return_codes: list[Any] = Field(default_factory=list)

    @property
    def label(self) -> str:
        """The person's name on the sign-in page."""
        return self.name or self.symbol.capitalize()


class Key(WorldPart):
    """A test key. `private_jwk` is for whoever plays the service; only `public_key` is registered.

    A key of which only the symbol is there is the one that the sandbox made at its first start.
    """

    symbol: str
    private_jwk: Mapping[str, Any] | None = Field(None, repr=False)
    shared_secret: str | None = Field(None, repr=False)
    public_key: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether the sandbox made it."""
        return self.private_jwk is None and self.shared_secret is None and self.public_key is None


class OneLoginWorld(WorldPart):
    """The section `one_login` of a world."""

    lifetimes: Lifetimes = Lifetimes()
    clients: tuple[Client, ...]
    people: tuple[Person, ...] = ()
    keys: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _names_exist(self) -> OneLoginWorld:
        people = {person.symbol for person in self.people}
        keys = {key.symbol for key in self.keys}
        for client in self.clients:
            if client.signs_in is not None and client.signs_in not in people:
                raise ValueError(f"the client {client.symbol} signs in {client.signs_in!r}, who is not in people")
            if client.key is not None and client.key not in keys:
                raise ValueError(f"the client {client.symbol} has the key {client.key!r}, which is not in keys")
        for name, symbols in (
            ("client_id", [client.client_id for client in self.clients]),
            ("person", [person.symbol for person in self.people]),
        ):
            if len(set(symbols)) != len(symbols):
                raise ValueError(f"a {name} is there twice")
        return self


def read_world(section: Section, base_url: str) -> OneLoginWorld:
    """Read a world's section; "<host>" in it is the sandbox's own address. Raises ConfigurationError."""
    return read_section(OneLoginWorld, "one_login", section, base_url)
