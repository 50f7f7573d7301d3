"""Login.gov as its profile: its levels, scopes and sentences, with three invented people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from govcomponents.identity.adapters.login_gov import wire as login_gov
from govcomponents.sandbox.identity_provider.profile import AuthorizationRequest, BadRequest, ProviderProfile
from govcomponents.sandbox.identity_provider.world import Person


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
    reports_accounts = True
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
        """The issuer: with a final slash, as the service has it."""
        return f"{self.place}/"

    def published(self) -> dict[str, object]:
        """The service's discovery metadata, which does not say that it supports PKCE."""
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
        """The claims that the scopes allow; those that need proof only with proof."""
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
        """Its adapter and address."""
        return {
            "adapter": "login_gov",
            "issuer": self.place,
            "signed_out_url": "https://service.example.gov.uk/signed-out",
        }
