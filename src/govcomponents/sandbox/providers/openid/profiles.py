"""How the two providers differ: where they are, what they publish, what they take, and what they say about a person."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from govcomponents.identity.adapters.login_gov import wire as login_gov
from govcomponents.sandbox.providers.openid.world import Person

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.openid.world import Client

TWO_FACTOR: Final = "urn:example:two-factor"
PROVED: Final = "urn:example:proved"


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a sign-in asked for, checked."""

    client: Client
    redirect_url: str
    state: str
    nonce: str
    scopes: tuple[str, ...]
    levels: tuple[str, ...]
    challenge: str


class BadRequest(Exception):
    """What is asked for is wrong: an OAuth error that the person takes back."""

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
        """What the discovery document says besides the addresses."""

    @abstractmethod
    def check(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """Check what is asked for, and return the levels. Raises BadRequest."""

    @abstractmethod
    def about(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """What userinfo says."""

    @abstractmethod
    def in_id_token(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """What the ID token says besides what every ID token does."""

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


class PlainOpenId(ProviderProfile):
    """A plain OpenID provider: it names itself in the callback, and names the level that was reached in `acr`."""

    section = "openid"
    name = "OpenID provider"
    prefix = "/openid"
    paths: ClassVar[Mapping[str, str]] = {
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/authorize",
        "token": "/token",
        "userinfo": "/userinfo",
        "certs": "/keys",
        "logout": "/logout",
    }
    is_standard = True
    people = (
        Person(
            symbol="SAM",
            sub="sandbox-person-sam",
            acr=(TWO_FACTOR, PROVED),
            claims={
                "email": "sam@example.com",
                "email_verified": True,
                "given_name": "Sam",
                "family_name": "Example",
                "birthdate": "1984-02-29",
                "phone_number": "+447700900123",
                "phone_number_verified": True,
                "address": {"formatted": "7 Example Road\nExampletown\nEX1 1AA", "postal_code": "EX1 1AA"},
            },
        ),
        Person(
            symbol="ALEX",
            sub="sandbox-person-alex",
            acr=(TWO_FACTOR,),
            claims={"email": "alex@example.com", "email_verified": False},
        ),
    )
    _by_scope: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "email": ("email", "email_verified"),
        "phone": ("phone_number", "phone_number_verified"),
        "address": ("address",),
        "profile": ("name", "given_name", "middle_name", "family_name", "birthdate"),
    }

    @property
    def issuer(self) -> str:
        """Without a final slash."""
        return self.place

    def published(self) -> dict[str, object]:
        """Everything that it can do."""
        return {
            "scopes_supported": ["openid", *self._by_scope],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "private_key_jwt", "client_secret_basic", "client_secret_post", "none",
            ],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def check(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """Take any level: an essential one is not known here."""
        return tuple(query.get("acr_values", "").split())

    def about(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """What the scopes let be told."""
        names = {name for scope in request.scopes for name in self._by_scope.get(scope, ())}
        return {"sub": person.sub} | {name: value for name, value in person.claims.items() if name in names}

    def in_id_token(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """The first level of those asked for that the person can reach, or the first that they can."""
        reached = [level for level in request.levels if level in person.acr] or list(person.acr)
        return {"acr": reached[0]} if reached else {}

    def refusal(self, error: str, sentence: str) -> dict[str, str]:
        """An OAuth error."""
        return {"error": error, "error_description": sentence}

    def settings(self) -> dict[str, object]:
        """What its levels are worth, and its claims."""
        return {
            "adapter": "oidc",
            "issuer": self.issuer,
            "scopes": ("openid", "email", "profile"),
            "claim_scopes": {"phone": "phone", "address": "address"},
            "levels": {
                TWO_FACTOR: {"authentication": "two_factor"},
                PROVED: {"authentication": "two_factor", "confidence": "medium"},
            },
        }


class LoginGov(ProviderProfile):
    """Login.gov: its own levels and scopes, claims in the ID token too, and sentences where OAuth has codes."""

    section = "login_gov"
    name = "Login.gov"
    prefix = "/login-gov"
    paths: ClassVar[Mapping[str, str]] = {
        "discovery": "/.well-known/openid-configuration",
        "authorize": "/openid_connect/authorize",
        "token": login_gov.TOKEN_PATH,
        "userinfo": "/api/openid_connect/userinfo",
        "certs": "/api/openid_connect/certs",
        "logout": "/openid_connect/logout",
    }
    is_standard = False
    people = (
        Person(
            symbol="SAM",
            sub="3c1b2f1e-9d3e-4c6a-8b51-6b0f1f2d9a77",
            proved="facial_match",
            claims={
                "email": "sam@example.com",
                "email_verified": True,
                "given_name": "SAM",
                "family_name": "EXAMPLE",
                "birthdate": "1984-02-29",
                "phone": "+12025550123",
                "phone_verified": True,
                "address": {
                    "formatted": "7 Example Road\nSpringvale, ZZ 00001",
                    "street_address": "7 Example Road",
                    "locality": "Springvale",
                    "region": "ZZ",
                    "postal_code": "00001",
                },
                "verified_at": 1767000000,
            },
        ),
        Person(
            symbol="ALEX",
            sub="8a6f3a52-10c3-4f5e-9d07-52b4f4f6c1de",
            proved="verified",
            claims={
                "email": "alex@example.com",
                "email_verified": True,
                "given_name": "ALEX",
                "family_name": "SAMPLE",
                "birthdate": "1990-01-31",
            },
        ),
        Person(
            symbol="PAT",
            sub="f0a9a2a1-6d0e-4a43-9f0a-7f0f5d6d2b11",
            claims={"email": "pat@example.com", "email_verified": True},
        ),
    )
    _always: ClassVar[Mapping[str, tuple[str, ...]]] = {"email": ("email", "email_verified"), "locale": ("locale",)}
    _proved: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "profile": ("given_name", "family_name", "birthdate", "verified_at"),
        "profile:name": ("given_name", "family_name"),
        "profile:birthdate": ("birthdate",),
        "phone": ("phone", "phone_verified"),
        "address": ("address",),
    }
    _reached: ClassVar[Mapping[str, str]] = {
        "none": login_gov.AUTH_ONLY,
        "verified": login_gov.VERIFIED,
        "facial_match": login_gov.FACIAL_MATCH_REQUIRED,
    }

    @property
    def issuer(self) -> str:
        """With a final slash, as the service has it."""
        return f"{self.place}/"

    def published(self) -> dict[str, object]:
        """What the service publishes: not that it supports PKCE."""
        return {
            "scopes_supported": ["openid", *self._always, *self._proved],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        }

    def check(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """Refuse what the service refuses, in its words."""
        levels = tuple(query.get("acr_values", "").split())
        if not any(level.startswith("urn:acr.login.gov:") for level in levels):
            raise BadRequest("Acr values No acceptable acr_values found.")
        if query.get("prompt", "select_account") != "select_account":
            raise BadRequest("Prompt No valid prompt values found.")
        for name in ("state", "nonce"):
            if len(query.get(name, "")) < 22:
                raise BadRequest(f"{name.capitalize()} is too short (minimum is 22 characters)")
        return levels

    def _level(self, request: AuthorizationRequest, person: Person) -> str:
        return login_gov.AUTH_ONLY if login_gov.AUTH_ONLY in request.levels else self._reached[person.proved]

    def about(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """What the scopes let be told; what needs proof only with proof."""
        level = self._level(request, person)
        by_scope = dict(self._always) if level == login_gov.AUTH_ONLY else {**self._always, **self._proved}
        names = {name for scope in request.scopes for name in by_scope.get(scope, ())}
        strength = [name for name in request.levels if not name.startswith("urn:acr.login.gov:")]
        told = {name: value for name, value in person.claims.items() if name in names}
        return {
            "sub": person.sub,
            "iss": self.issuer,
            **told,
            "ial": level,
            "aal": strength[0] if strength else login_gov.DEFAULT_AAL,
        }

    def in_id_token(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """Everything that userinfo says, too."""
        return {**self.about(request, person), "acr": self._level(request, person)}

    def refusal(self, error: str, sentence: str) -> dict[str, str]:
        """A sentence where OAuth has a code."""
        return {"error": sentence}

    def settings(self) -> dict[str, object]:
        """Where it is."""
        return {
            "adapter": "login_gov",
            "issuer": self.place,
            "signed_out_url": "https://service.example.gov.uk/signed-out",
        }


PROFILES: Final[Mapping[str, type[ProviderProfile]]] = {profile.section: profile for profile in (PlainOpenId, LoginGov)}
