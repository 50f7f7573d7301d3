"""Profile of an OpenID provider: its paths, what it publishes and takes, and what it says about a person."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from govcomponents.sandbox.identity_provider.world import Client, Person


@dataclass(frozen=True)
class AuthorizationRequest:
    """A checked authorization request."""

    client: Client
    redirect_url: str
    state: str
    nonce: str | None
    scopes: tuple[str, ...]
    levels: tuple[str, ...]
    challenge: str | None


class BadRequest(Exception):
    """An authorization request is wrong: an OAuth error that the person takes back."""

    def __init__(self, description: str, error: str = "invalid_request") -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class ProviderProfile(ABC):
    """One provider's ways.

    `is_standard`: it names its issuer in the callback, compares the redirect URL at the token endpoint, answers with
    OAuth's statuses, takes the issuer as the audience of assertions, and is told by an ID token who signs out.
    """

    section: ClassVar[str]
    name: ClassVar[str]
    prefix: ClassVar[str]
    paths: ClassVar[Mapping[str, str]]
    is_standard: ClassVar[bool]
    reports_accounts: ClassVar[bool] = False
    people: ClassVar[tuple[Person, ...]]

    def __init__(self, base_url: str) -> None:
        self.place = base_url + self.prefix

    def url(self, name: str) -> str:
        """The address of an endpoint."""
        return self.place + self.paths[name]

    @property
    @abstractmethod
    def issuer(self) -> str:
        """The issuer."""

    @abstractmethod
    def published(self) -> dict[str, object]:
        """Members of the discovery document besides the addresses."""

    @abstractmethod
    def check(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """Check what is asked for, and return the levels. Raises BadRequest."""

    @abstractmethod
    def about(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """Claims of the userinfo response."""

    @abstractmethod
    def in_id_token(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """Claims of the ID token besides those of every ID token."""

    @abstractmethod
    def refusal(self, error: str, sentence: str) -> dict[str, str]:
        """The body of a refusal by the token endpoint."""

    @abstractmethod
    def settings(self) -> dict[str, object]:
        """The settings of a client that are this provider's own."""

    def discovery(self) -> dict[str, object]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.url("authorize"),
            "token_endpoint": self.url("token"),
            "userinfo_endpoint": self.url("userinfo"),
            "jwks_uri": self.url("certs"),
            "end_session_endpoint": self.url("logout"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.published(),
        }
