"""Reads what GOV.UK One Login says about a person: names and birth dates, addresses, documents, return codes.

Members may be missing, null or empty, and there may be more of them than are documented; what cannot be read is left
out, because one odd date must not turn a proved person away. Nothing is guessed: a name or an address whose end
cannot be read is not taken for a current one. Source: GOV.UK One Login technical documentation, "Prove your user's
identity"; govuk-one-login/data-vocab for the members.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from govcomponents.identity.models import Address, DrivingPermit, Name, NamePart, NamePartKind, Passport
from govcomponents.identity.protocol.claims import text
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: Final = {"GivenName": NamePartKind.GIVEN, "FamilyName": NamePartKind.FAMILY}


def names(credential: Mapping[str, Any]) -> tuple[Name, ...]:
    """The names over time of a core identity, in the order in which it gives them."""
    return tuple(_names(_subject(credential).get("name")))


def birth_dates(credential: Mapping[str, Any]) -> tuple[Personal[date], ...]:
    """The birth dates of a core identity, the most trusted one first."""
    found = (_date(entry.get("value")) for entry in _objects(_subject(credential).get("birthDate")))
    return tuple(Personal(day) for day in found if day is not None)


def _subject(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    subject = credential.get("credentialSubject")
    return subject if isinstance(subject, dict) else {}


def _names(entries: object) -> Iterator[Name]:
    for entry in _objects(entries):
        end = _date(entry.get("validUntil"))
        if end is None and entry.get("validUntil"):
            continue
        parts = tuple(_name_parts(entry.get("nameParts"), is_current=end is None))
        if parts:
            yield Name(parts=parts, valid_from=_date(entry.get("validFrom")), valid_until=end)


def _name_parts(entries: object, *, is_current: bool) -> Iterator[NamePart]:
    for entry in _objects(entries):
        value = entry.get("value")
        if isinstance(value, str) and value and not (is_current and entry.get("validUntil")):
            kind = entry.get("type")
            yield NamePart(
                kind=_KINDS.get(kind, NamePartKind.UNKNOWN) if isinstance(kind, str) else NamePartKind.UNKNOWN,
                value=Personal(value),
            )


def addresses(claim: object) -> tuple[Address, ...]:
    """Read the addresses of the address claim, in its order, which means nothing."""
    return tuple(_addresses(claim))


def _addresses(claim: object) -> Iterator[Address]:
    for entry in _objects(claim):
        end = _date(entry.get("validUntil"))
        if end is None and entry.get("validUntil"):
            continue
        uprn = entry.get("uprn")
        yield Address(
            uprn=Personal(uprn) if isinstance(uprn, int) and not isinstance(uprn, bool) else None,
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
            valid_from=_personal_date(entry.get("validFrom")),
            valid_until=None if end is None else Personal(end),
        )


def passports(claim: object) -> tuple[Passport, ...]:
    """The passports of the passport claim."""
    return tuple(
        Passport(
            number=text(entry.get("documentNumber")),
            issuer=text(entry.get("icaoIssuerCode")),
            expires=_personal_date(entry.get("expiryDate")),
        )
        for entry in _objects(claim)
    )


def driving_permits(claim: object) -> tuple[DrivingPermit, ...]:
    """The licences of the driving permit claim."""
    return tuple(
        DrivingPermit(
            number=text(entry.get("personalNumber")),
            issue_number=text(entry.get("issueNumber")),
            issuer=text(entry.get("issuedBy")),
            issued=_personal_date(entry.get("issueDate")),
            expires=_personal_date(entry.get("expiryDate")),
        )
        for entry in _objects(claim)
    )


def return_codes(claim: object) -> tuple[str, ...]:
    """The letters of the return code claim, unknown ones too. Each entry holds one letter, or a list of them."""
    found: list[str] = []
    for entry in _objects(claim):
        code = entry.get("code")
        found += [item for item in (code if isinstance(code, list) else [code]) if isinstance(item, str) and item]
    return tuple(found)


def _personal_date(value: object) -> Personal[date] | None:
    found = _date(value)
    return None if found is None else Personal(found)


def _date(value: object) -> date | None:
    if not isinstance(value, str) or not value.isascii():
        return None
    try:
        return date(int(value), 1, 1) if len(value) == 4 else date.fromisoformat(value)
    except ValueError:
        return None


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
