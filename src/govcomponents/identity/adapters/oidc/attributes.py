"""Reads verified attributes: claims about a person that a provider has checked and signs apart from the ID token.

ScotAccount gives them so: its attributes endpoint takes the access token and a client assertion of its own, and
answers with a signed token whose entries each say how they were verified. That token names no audience and no end,
so it is believed only when it was fetched by ourselves, just now, for the person of the ID token. An entry counts
only if it was verified successfully. Source: ScotAccount/sg-identity-archdocs on GitHub, "Make requests with auth code
flow with PKCE"; OpenID Connect for Identity Assurance 1.0 for the form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from govcomponents.errors import SignInReason
from govcomponents.identity.adapters.oidc import wire
from govcomponents.identity.jose import tokens
from govcomponents.identity.jose.tokens import TokenRefused
from govcomponents.identity.levels import Confidence
from govcomponents.identity.models import Address
from govcomponents.identity.protocol import claims as read
from govcomponents.identity.protocol import error_mapping as standard_errors
from govcomponents.identity.protocol import flow
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.identity.adapters.oidc.settings import OpenIdConnectSettings
    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.identity.protocol.relying_party import RelyingParty, TokenResponse

_SUCCESS: Final = "VERIFIED_SUCCESSFULLY"
_CONFIDENCE: Final[Mapping[str, Confidence]] = {
    "low": Confidence.LOW,
    "medium": Confidence.MEDIUM,
    "high": Confidence.HIGH,
    "very_high": Confidence.HIGH,
}


@dataclass(frozen=True, slots=True)
class Verified:
    """Verified attributes: the level of confidence, and the claims of every entry that was verified."""

    confidence: Confidence
    claims: Mapping[str, Any]


NOTHING: Final = Verified(Confidence.NONE, {})


async def fetch(
    client: RelyingParty, settings: OpenIdConnectSettings, signed_in: TokenResponse, pending: PendingSignIn
) -> Verified:
    """Fetch and check the attributes, if anything was asked for that comes with them.

    Raises TokenRefused, and the errors of a userinfo endpoint; no attributes at all is nothing verified.
    """
    scopes = set(wire.scope(pending, settings.scopes, settings.confidence_scopes, settings.claim_scopes).split()) - {
        "openid"
    }
    if not scopes or settings.attributes_url is None or settings.attributes_issuer is None:
        return NOTHING
    assertion = await client.assertion(settings.attributes_url)
    request = flow.userinfo_request(
        settings.attributes_url, signed_in.given.access_token, {settings.attributes_header: assertion}
    )
    response = await client.http.send(request)
    try:
        token = flow.read_claims(response).get(settings.attributes_token)
    except flow.EndpointError as error:
        if error.status == 404:
            return NOTHING
        raise standard_errors.of_userinfo(error, settings.name) from None
    claims = await _verify(client, settings, signed_in, token)
    return _verified(claims.get("verified_claims"), settings, scopes)


async def _verify(
    client: RelyingParty, settings: OpenIdConnectSettings, signed_in: TokenResponse, token: object
) -> Mapping[str, Any]:
    rules = replace(
        client.rules(signed_in.metadata),
        name="attributes token",
        issuer=settings.attributes_issuer or "",
        optional=frozenset({"aud", "exp"}),
    )
    claims = await client.verify(token, rules)
    if "nonce" in claims or "events" in claims:
        raise TokenRefused(SignInReason.BAD_TYPE, "the attributes token is a token of another type")
    if not tokens.same(tokens.check_subject(claims, rules.name), signed_in.subject):
        raise TokenRefused(SignInReason.BAD_SUBJECT, "the attributes token is about another person")
    return claims


def _verified(entries: object, settings: OpenIdConnectSettings, scopes: set[str]) -> Verified:
    """Put together what the entries say: each for a scope that was asked for, verified successfully."""
    by_scope = {scope: Confidence(level) for level, scope in settings.confidence_scopes.items()}
    confidence, claims = Confidence.NONE, dict[str, Any]()
    for entry in _objects(entries):
        scope, verification, found = entry.get("scope"), entry.get("verification"), entry.get("claims")
        if not isinstance(scope, str) or scope not in scopes or not isinstance(verification, dict):
            continue
        if verification.get("outcome") != _SUCCESS or not isinstance(found, dict):
            continue
        claims |= {name: value for name, value in found.items() if name not in claims}
        if scope in by_scope:
            level = _CONFIDENCE.get(str(verification.get("confidence_level")), Confidence.NONE)
            confidence = max(confidence, level, key=lambda one: one.rank)
    # Standard names for what goes by another here, so that one reader serves both.
    for name, standard in (("birth_date", "birthdate"), ("mobile", "phone_number")):
        if name in claims:
            claims.setdefault(standard, claims[name])
    return Verified(confidence, claims)


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
    elif isinstance(value, dict):
        yield value


def addresses(claim: object) -> tuple[Address, ...]:
    """Read the addresses of verified attributes, in the Royal Mail's fields; members may be in either spelling."""
    return read.present(_address(entry) for entry in _objects(claim))


def _address(entry: Mapping[str, Any]) -> Address:
    def text(camel_case: str, snake_case: str) -> Personal[str] | None:
        return read.text(entry.get(camel_case)) or read.text(entry.get(snake_case))

    return Address(
        uprn=read.uprn(entry.get("uprn")),
        organisation=text("organisationName", "organisation_name"),
        department=text("departmentName", "department_name"),
        sub_building=text("subBuildingName", "sub_building_name"),
        building_number=text("buildingNumber", "building_number"),
        building_name=text("buildingName", "building_name"),
        dependent_street=text("dependentStreetName", "dependent_street_name"),
        street=text("streetName", "street_name"),
        double_dependent_locality=text("doubleDependentAddressLocality", "double_dependent_address_locality"),
        dependent_locality=text("dependentAddressLocality", "dependent_address_locality"),
        locality=text("addressLocality", "address_locality"),
        postcode=text("postalCode", "postal_code"),
        country=text("addressCountry", "address_country"),
    )
