"""What a world says about a plain OpenID provider, or about Login.gov: the clients registered there, and the people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from govcomponents.errors import ConfigurationError

Proved = Literal["none", "verified", "facial_match"]


def _uncommented(value: Any) -> Any:
    """Leave out what is only there for people who read the file."""
    if isinstance(value, dict):
        return {name: _uncommented(item) for name, item in value.items() if not name.startswith("$comment")}
    if isinstance(value, list):
        return [_uncommented(item) for item in value]
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Client(_Part):
    """One service, as it is registered. A client with `private_key_jwt` registers its `public_jwk`."""

    client_id: str = "urn:example:sandbox-service"
    authentication: Literal["private_key_jwt", "client_secret_basic", "client_secret_post", "none"] = "none"
    client_secret: str | None = Field(None, repr=False)
    public_jwk: Mapping[str, Any] | None = None
    redirect_urls: tuple[str, ...] = Field(("https://service.example.gov.uk/signed-in",), min_length=1)
    post_logout_redirect_urls: tuple[str, ...] = ("https://service.example.gov.uk/signed-out",)
    signs_in: str | None = Field(None, description="who signs in at once; without it there is a page")


class Person(_Part):
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
        """What the sign-in page calls the person."""
        return self.symbol.capitalize()


class OpenIdWorld(_Part):
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


def read_world(section: object, name: str, people: tuple[Person, ...]) -> OpenIdWorld:
    """Read a world's section; without people it has the usual ones. Raises ConfigurationError."""
    given = _uncommented(section)
    try:
        if isinstance(given, dict) and "people" not in given:
            given = {**given, "people": people}
        return OpenIdWorld.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join([name, *(str(part) for part in found["loc"])])
        raise ConfigurationError(f"the world is wrong at {where}: {found['msg']}", fix="mend the world file") from None
