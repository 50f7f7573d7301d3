"""The wire format of GOV.UK One Login: addresses, vectors of trust, the requests of a sign-in, claims about a person.

The sandbox reads what the adapter writes here, and writes what it reads. The addresses are constants, because
discovery names neither the DID nor the issuer of the core identity. Source: GOV.UK One Login technical documentation,
"Authenticate your user" and "Prove your user's identity"; govuk-one-login/data-vocab for the members of claims.

Members of claims may be missing, null or empty, and there may be more of them than are documented; what cannot be read
is left out, because one odd date must not turn a proved person away. Nothing is guessed: a name or an address whose end
cannot be read is not taken for a current one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from govcomponents.core.times import date_or_none
from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.models import Address, DrivingPermit, Name, NamePart, NamePartKind, Passport
from govcomponents.identity.protocol.claims import day, present, text, uprn
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.identity.pending import PendingSignIn
    from govcomponents.privacy import Secret

VOCABULARY: Final = "https://vocab.account.gov.uk/v1/"
CORE_IDENTITY: Final = f"{VOCABULARY}coreIdentityJWT"
ADDRESS: Final = f"{VOCABULARY}address"
PASSPORT: Final = f"{VOCABULARY}passport"
DRIVING_PERMIT: Final = f"{VOCABULARY}drivingPermit"
RETURN_CODE: Final = f"{VOCABULARY}returnCode"
IDENTITY_CLAIMS: Final = (CORE_IDENTITY, ADDRESS, PASSPORT, DRIVING_PERMIT, RETURN_CODE)

CLAIM_NAMES: Final[Mapping[Claim, str]] = {
    Claim.ADDRESS: ADDRESS,
    Claim.PASSPORT: PASSPORT,
    Claim.DRIVING_PERMIT: DRIVING_PERMIT,
    Claim.RETURN_CODES: RETURN_CODE,
}
SCOPE_NAMES: Final[Mapping[Claim, str]] = {Claim.PHONE: "phone", Claim.WALLET_SUBJECT: "wallet-subject-id"}

CREDENTIALS: Final[Mapping[Authentication, str]] = {
    Authentication.SINGLE_FACTOR: "Cl",
    Authentication.TWO_FACTOR: "Cl.Cm",
}
LEVELS: Final[Mapping[Confidence, str]] = {Confidence.LOW: "P1", Confidence.MEDIUM: "P2", Confidence.HIGH: "P3"}
CREDENTIAL_OF: Final = {text: level for level, text in CREDENTIALS.items()}
CONFIDENCE_OF: Final = {"P0": Confidence.NONE} | {text: level for level, text in LEVELS.items()}

CLIENT_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
ID_TOKEN_ALGORITHMS: Final = frozenset({"ES256", "RS256"})
IDENTITY_ALGORITHMS: Final = frozenset({"ES256"})
LOGOUT_ALGORITHMS: Final = frozenset({"ES256"})

MAX_AUTHORIZE_QUERY: Final = 4096
MAX_LOGOUT_QUERY: Final = 2048
REQUEST_OBJECT_LIFE: Final = 300

_KINDS: Final = {"GivenName": NamePartKind.GIVEN, "FamilyName": NamePartKind.FAMILY}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one environment. `issuer` ends in a slash, which is part of it."""

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


def endpoints_of(base: str) -> Endpoints:
    """The addresses of a sandbox or a simulator: all are below one, which `base` gives without a final slash.

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


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """Options that only a signed request can carry: as plain parameters the provider ignores it without a word.

    `claims_as_text` is for the official simulator, which reads the claims of a signed request as text only.
    """

    id_token_hint: Secret | None = None
    login_hint: Personal[str] | None = None
    claims_as_text: bool = False

    @property
    def need_signing(self) -> bool:
        """Whether a plain request would lose any of it."""
        return self.id_token_hint is not None or self.login_hint is not None


def vectors(pending: PendingSignIn) -> list[str]:
    """The vectors of trust of a sign-in, in canonical order: one for each level that will do, or one without any."""
    credential = CREDENTIALS[pending.authentication]
    return [f"{credential}.{LEVELS[level]}" for level in pending.confidence] or [credential]


def scope(pending: PendingSignIn) -> str:
    """The scopes of a sign-in: the subject and the email address, and what else comes by scope."""
    return " ".join(["openid", "email", *(SCOPE_NAMES[claim] for claim in pending.claims if claim in SCOPE_NAMES)])


def userinfo_claims(pending: PendingSignIn) -> dict[str, None]:
    """The identity claims of a sign-in: with proof of identity always the core identity, and those asked for."""
    if not pending.confidence:
        return {}
    return {CORE_IDENTITY: None} | {CLAIM_NAMES[claim]: None for claim in pending.claims if claim in CLAIM_NAMES}


def sign_in_parameters(pending: PendingSignIn, language: str) -> dict[str, str]:
    """The parameters of the authorization request that are this provider's own."""
    parameters = {"vtr": _json(vectors(pending)), "ui_locales": language}
    if pending.max_age is not None:
        parameters["max_age"] = str(pending.max_age)
    if claims := userinfo_claims(pending):
        parameters["claims"] = _json({"userinfo": claims})
    return parameters


def request_object(
    parameters: Mapping[str, str], options: RequestOptions, *, issuer: str, authorize_url: str, now: float
) -> dict[str, object]:
    """The claims of a signed request (RFC 9101), which holds all parameters of the authorization request.

    Its audience is the authorize URL, and it has no `sub`, so that it can never serve as a client assertion.
    """
    import uuid

    claims: dict[str, object] = {
        **parameters,
        "iss": issuer,
        "aud": authorize_url,
        "iat": int(now),
        "exp": int(now) + REQUEST_OBJECT_LIFE,
        "jti": str(uuid.uuid4()),
        "vtr": json.loads(parameters["vtr"]),
    }
    if "claims" in parameters and not options.claims_as_text:
        claims["claims"] = json.loads(parameters["claims"])
    if "max_age" in parameters:
        claims["max_age"] = int(parameters["max_age"])
    if options.id_token_hint is not None:
        claims |= {"prompt": "login", "id_token_hint": options.id_token_hint.reveal()}
    if options.login_hint is not None:
        claims["login_hint"] = options.login_hint.reveal()
    return claims


def outer_parameters(parameters: Mapping[str, str], signed: str) -> dict[str, str]:
    """The parameters that stay outside of a signed request: those that the protocol wants twice, and the request."""
    return {name: parameters[name] for name in ("response_type", "client_id", "scope")} | {"request": signed}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def names(credential: Mapping[str, Any]) -> tuple[Name, ...]:
    """The names over time of a core identity, in the order in which it gives them."""
    return tuple(_names(_subject(credential).get("name")))


def birth_dates(credential: Mapping[str, Any]) -> tuple[Personal[date], ...]:
    """The birth dates of a core identity, the most trusted one first."""
    found = (day(entry.get("value")) for entry in _objects(_subject(credential).get("birthDate")))
    return tuple(born for born in found if born is not None)


def _subject(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = credential.get("credentialSubject")
    return subject if isinstance(subject, dict) else {}


def _names(entries: object) -> Iterator[Name]:
    for entry in _objects(entries):
        end = date_or_none(entry.get("validUntil"))
        if end is None and entry.get("validUntil"):
            continue
        parts = tuple(_name_parts(entry.get("nameParts"), is_current=end is None))
        if parts:
            yield Name(parts=parts, valid_from=date_or_none(entry.get("validFrom")), valid_until=end)


def _name_parts(entries: object, *, is_current: bool) -> Iterator[NamePart]:
    for entry in _objects(entries):
        value = text(entry.get("value"))
        if value is not None and not (is_current and entry.get("validUntil")):
            kind = entry.get("type")
            yield NamePart(
                kind=_KINDS.get(kind, NamePartKind.UNKNOWN) if isinstance(kind, str) else NamePartKind.UNKNOWN,
                value=value,
            )


def addresses(claim: object) -> tuple[Address, ...]:
    """Read the addresses of the address claim, in its order, which means nothing."""
    return present(_addresses(claim))


def _addresses(claim: object) -> Iterator[Address]:
    for entry in _objects(claim):
        end = _day_or_year(entry.get("validUntil"))
        if end is None and entry.get("validUntil"):
            continue
        begin = _day_or_year(entry.get("validFrom"))
        yield Address(
            uprn=uprn(entry.get("uprn")),
            organisation=text(entry.get("organisationName")),
            department=text(entry.get("departmentName")),
            sub_building=text(entry.get("subBuildingName")),
            building_number=text(entry.get("buildingNumber")),
            building_name=text(entry.get("buildingName")),
            dependent_street=text(entry.get("dependentStreetName")),
            street=text(entry.get("streetName")),
            double_dependent_locality=text(entry.get("doubleDependentAddressLocality")),
            dependent_locality=text(entry.get("dependentAddressLocality")),
            locality=text(entry.get("addressLocality")),
            region=text(entry.get("addressRegion")),
            postcode=text(entry.get("postalCode")),
            country=text(entry.get("addressCountry")),
            po_box=text(entry.get("poBoxNumber")),
            valid_from=None if begin is None else Personal(begin),
            valid_until=None if end is None else Personal(end),
        )


def passports(claim: object) -> tuple[Passport, ...]:
    """The passports of the passport claim."""
    return present(
        Passport(
            number=text(entry.get("documentNumber")),
            issuer=text(entry.get("icaoIssuerCode")),
            expires=day(entry.get("expiryDate")),
        )
        for entry in _objects(claim)
    )


def driving_permits(claim: object) -> tuple[DrivingPermit, ...]:
    """The licences of the driving permit claim."""
    return present(
        DrivingPermit(
            number=text(entry.get("personalNumber")),
            issue_number=text(entry.get("issueNumber")),
            issuer=text(entry.get("issuedBy")),
            issued=day(entry.get("issueDate")),
            expires=day(entry.get("expiryDate")),
        )
        for entry in _objects(claim)
    )


def return_codes(claim: object) -> tuple[str, ...]:
    """The letters of the return code claim, unknown ones too. Each entry holds one letter, or a list of them."""
    found: list[str] = []
    for entry in _objects(claim):
        code = entry.get("code")
        read = [text(item) for item in (code if isinstance(code, list) else [code])]
        found += [letter.reveal() for letter in read if letter is not None]
    return tuple(found)


def _day_or_year(value: object) -> date | None:
    """The day on which an address begins or ends. Of a year alone, all that people are asked for, it is the first."""
    return date_or_none(f"{value}-01-01" if isinstance(value, str) and len(value) == 4 else value)


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
