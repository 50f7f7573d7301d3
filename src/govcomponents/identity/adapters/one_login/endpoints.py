"""Where GOV.UK One Login is: its two environments, and any other place that speaks its protocol.

The values are the published ones (GOV.UK One Login technical documentation: "Authenticate your user", "Prove your
user's identity"). They are constants because discovery names neither the DID nor the issuer of the core identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One environment. `issuer` ends in a slash, which is part of it."""

    issuer: str
    discovery: str
    authorize: str
    token: str
    userinfo: str
    jwks: str
    logout: str
    trustmark: str
    did: str
    did_document: str
    identity_issuer: str


def _environment(name: str) -> Endpoints:
    """Integration or production: the OpenID provider is on one host, the proof of identity on another."""
    domain = f"{name}.account.gov.uk" if name else "account.gov.uk"
    base = f"https://oidc.{domain}"
    return Endpoints(
        **_below(base),
        did=f"did:web:identity.{domain}",
        did_document=f"https://identity.{domain}/.well-known/did.json",
        identity_issuer=f"https://identity.{domain}/",
    )


def of_issuer(base: str) -> Endpoints:
    """A sandbox or a simulator: everything is below one address, which `base` gives without a final slash.

    Its DID is of that host and port, with the colon encoded (the did:web method specification).
    """
    parts = urlsplit(base)
    path = "".join(f":{quote(part, safe='')}" for part in parts.path.split("/") if part)
    return Endpoints(
        **_below(base),
        did=f"did:web:{parts.netloc.replace(':', '%3A')}{path}",
        did_document=f"{base}/.well-known/did.json",
        identity_issuer=f"{base}/",
    )


def _below(base: str) -> Mapping[str, str]:
    return {
        "issuer": f"{base}/",
        "discovery": f"{base}/.well-known/openid-configuration",
        "authorize": f"{base}/authorize",
        "token": f"{base}/token",
        "userinfo": f"{base}/userinfo",
        "jwks": f"{base}/.well-known/jwks.json",
        "logout": f"{base}/logout",
        "trustmark": f"{base}/trustmark",
    }


ENVIRONMENTS: Final[Mapping[str, Endpoints]] = {
    "integration": _environment("integration"),
    "production": _environment(""),
}
