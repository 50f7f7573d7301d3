"""A plain OpenID provider as its profile: standard in everything, with two invented people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from govcomponents.sandbox.identity_provider.profile import AuthorizationRequest, ProviderProfile
from govcomponents.sandbox.identity_provider.world import Person

TWO_FACTOR: Final = "urn:example:two-factor"
PROVED: Final = "urn:example:proved"


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
        """The issuer: without a final slash."""
        return self.place

    def published(self) -> dict[str, object]:
        """Everything that it can do."""
        return {
            "scopes_supported": ["openid", *self._by_scope],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post", "none",
            ],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "HS256"],
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def check(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """Take any level: an essential one is not known here."""
        return tuple(query.get("acr_values", "").split())

    def about(self, request: AuthorizationRequest, person: Person) -> dict[str, Any]:
        """The claims that the scopes allow."""
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
        """Its adapter and address, the worth of its levels, and its claims."""
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
