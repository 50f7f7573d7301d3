"""Models of a world's section of an OpenID provider: its registered clients, and the people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from govcomponents.sandbox.plugins.world_section import WorldPart, on_each, read_section

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import Section

Proved = Literal["none", "verified", "facial_match"]


class Client(WorldPart):
    """One service, as it is registered. A client with `private_key_jwt` registers its `public_jwk`."""

    client_id: str = "urn:example:sandbox-service"
    authentication: Literal[
        "private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post", "none"
    ] = "none"
    client_secret: str | None = Field(None, repr=False)
    public_jwk: Mapping[str, Any] | None = None
    redirect_urls: tuple[str, ...] = Field(("https://service.example.gov.uk/signed-in",), min_length=1)
    post_logout_redirect_urls: tuple[str, ...] = ("https://service.example.gov.uk/signed-out",)
    pkce: Literal["required", "optional"] = Field("required", description="real providers often do not demand it")
    nonce: Literal["required", "optional"] = Field("required", description="optional in OpenID Connect Core")
    events_url: str | None = Field(None, description="where Login.gov reports changes of accounts")
    signs_in: str | None = Field(None, description="who signs in at once; without it there is a page")


class Person(WorldPart):
    """One person who can sign in. All of them are invented.

    `acr` are the levels that a plain provider can name for the person; `proved` is how far Login.gov proved them;
    `claims` are in the provider's own words.
    """

    symbol: str
    sub: str
    acr: tuple[str, ...] = ()
    proved: Proved = "none"
    claims: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """The person's name on the sign-in page."""
        return self.symbol.capitalize()


class OpenIdWorld(WorldPart):
    """The section `openid` or `login_gov` of a world; an empty one has a client and two people."""

    clients: tuple[Client, ...] = Field((Client(),), min_length=1)
    people: tuple[Person, ...] = ()

    @model_validator(mode="after")
    def _names_exist(self) -> OpenIdWorld:
        symbols = [person.symbol for person in self.people]
        ids = [client.client_id for client in self.clients]
        if len(set(symbols)) != len(symbols) or len(set(ids)) != len(ids):
            raise ValueError("a person or a client_id is there twice")
        for client in self.clients:
            if client.signs_in is not None and client.signs_in not in symbols:
                raise ValueError(f"the client {client.client_id} signs in somebody who is not in people")
            if client.authentication.startswith("client_secret") != (client.client_secret is not None):
                raise ValueError(f"the client {client.client_id} has a secret and does not use it, or the reverse")
            if (client.authentication == "private_key_jwt") != (client.public_jwk is not None):
                raise ValueError(f"the client {client.client_id} has a key and does not use it, or the reverse")
        return self


def read_world(section: Section, name: str, people: tuple[Person, ...], base_url: str) -> OpenIdWorld:
    """Read the section `name` of a world; one without people has `people`. Raises ConfigurationError."""
    given = section if "people" in section else {**section, "people": people}
    return read_section(OpenIdWorld, name, given, base_url)


def with_redirect_url(section: Section, url: str) -> Section:
    """Return a section in which every client may come back to `url`, and does so before all others."""
    usual = Client.model_fields["redirect_urls"].default

    def register(client: Mapping[str, Any]) -> Mapping[str, Any]:
        listed = client.get("redirect_urls", usual)
        if not isinstance(listed, (list, tuple)):
            return client  # to be refused later
        return {**client, "redirect_urls": [url, *(one for one in listed if one != url)]}

    return on_each({"clients": [{}], **section}, "clients", register)
