"""Results of identity: a sign-in to send the person to, and the identity of the person who came back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from govcomponents.core.results import PlainValues, Result
from govcomponents.frames import leaving_frames_behind
from govcomponents.identity.levels import Authentication, Confidence
from govcomponents.identity.pending import PendingSignIn
from govcomponents.privacy import Personal, Secret

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Result):
    """A sign-in that was started: the page to send the person to, and what to keep until they come back.

    Redirect the browser to `url`. Keep `pending` with the person's session (`pending.dump()` gives text to store);
    it belongs to this one browser and may be used once.
    """

    url: str = field(repr=False)
    pending: PendingSignIn

    @leaving_frames_behind
    def of_account(self, account: str) -> Self:
        """Return the same sign-in, and what is kept of it, under the name of an account."""
        return replace(self, account=account, pending=self.pending.of_account(account))


class NamePartKind(StrEnum):
    """The kind of a part of a name; UNKNOWN for one that a provider may add."""

    GIVEN = "given"
    FAMILY = "family"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePart(PlainValues):
    """One part of a name, as the person's documents have it: any characters, any length, often upper case."""

    kind: NamePartKind
    value: Personal[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(PlainValues):
    """A name, in the order in which it is written, and when it was used. No `valid_until`: it is in use."""

    parts: tuple[NamePart, ...]
    valid_from: date | None = field(default=None, repr=False)
    valid_until: date | None = field(default=None, repr=False)

    @property
    def full(self) -> Personal[str]:
        """All parts in order, with a space between them."""
        return Personal(" ".join(part.value.reveal() for part in self.parts))

    @property
    def given(self) -> Personal[str]:
        """The given names in order, or an empty text: some people have none."""
        return self._of(NamePartKind.GIVEN)

    @property
    def family(self) -> Personal[str]:
        """The family names in order, or an empty text: some people have none."""
        return self._of(NamePartKind.FAMILY)

    @property
    def is_current(self) -> bool:
        """Whether the name is in use now, because it has no end."""
        return self.valid_until is None

    def _of(self, kind: NamePartKind) -> Personal[str]:
        return Personal(" ".join(part.value.reveal() for part in self.parts if part.kind is kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(PlainValues):
    """An address, in the fields of the Royal Mail's address file. What is missing or empty is None.

    Do not map its fields to fixed lines: which of them are filled varies. Several addresses, or none, may be current.
    `lines` is the whole address, where the provider gives only that. `uprn` is the unique property reference number.
    """

    uprn: Personal[int] | None = None
    organisation: Personal[str] | None = None
    department: Personal[str] | None = None
    sub_building: Personal[str] | None = None
    building_number: Personal[str] | None = None
    building_name: Personal[str] | None = None
    dependent_street: Personal[str] | None = None
    street: Personal[str] | None = None
    double_dependent_locality: Personal[str] | None = None
    dependent_locality: Personal[str] | None = None
    locality: Personal[str] | None = None
    region: Personal[str] | None = None
    postcode: Personal[str] | None = None
    country: Personal[str] | None = None
    po_box: Personal[str] | None = None
    lines: Personal[str] | None = None
    valid_from: Personal[date] | None = None
    valid_until: Personal[date] | None = None

    @property
    def is_current(self) -> bool:
        """Whether the person lives there now, because the address has no end."""
        return self.valid_until is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport(PlainValues):
    """A passport that was used to prove identity. It may have expired within the provider's period of grace.

    `issuer` is the ICAO 9303 code of the issuer, such as GBR or D.
    """

    number: Personal[str] | None = None
    issuer: Personal[str] | None = None
    expires: Personal[date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivingPermit(PlainValues):
    """A driving licence that was used to prove identity."""

    number: Personal[str] | None = None
    issue_number: Personal[str] | None = None
    issuer: Personal[str] | None = None
    issued: Personal[date] | None = None
    expires: Personal[date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Result):
    """A person who signed in: everything that was asked for was reached and checked.

    `subject` is the provider's own name for the person, at this service: compare it byte for byte, and do not use
    it as the primary key of your own records, because it changes when the account is deleted or the sector moves.
    An email address is no identifier. `confidence` is what the verified proof of identity states, never what was
    asked for; NONE where no proof was asked for. `names` has every proved name over time, `name` the one in use;
    `self_asserted_names` are what a plain provider calls the person, which nobody checked: to greet them by.
    `birth_dates` has the most trusted one first. `return_codes` may be there with a proved identity; their meaning
    is between the service and the provider. `id_token` is for signing out: keep it on the server, in no cookie.
    `return_to` is what was given to `start`, `journey` the journey in which that was. `raw` is what the provider said
    about the person, without its tokens.
    """

    provider: str
    issuer: str
    subject: Personal[str]
    authentication: Authentication
    authenticated_at: datetime | None = None
    confidence: Confidence
    email: Personal[str] | None = None
    email_verified: bool = False
    phone: Personal[str] | None = None
    phone_verified: bool = False
    wallet_subject: Personal[str] | None = None
    names: tuple[Name, ...] = ()
    self_asserted_names: tuple[Name, ...] = ()
    birth_dates: tuple[Personal[date], ...] = ()
    addresses: tuple[Address, ...] = ()
    passports: tuple[Passport, ...] = ()
    driving_permits: tuple[DrivingPermit, ...] = ()
    return_codes: tuple[str, ...] = field(default=(), repr=False)
    return_to: str | None = None
    journey: str | None = None
    id_token: Secret

    @property
    def name(self) -> Name | None:
        """The name in use: the first that has no end. None where the provider gave no name, or none in use."""
        return next((name for name in self.names if name.is_current), None)

    @property
    def birth_date(self) -> Personal[date] | None:
        """The most trusted birth date, or None."""
        return self.birth_dates[0] if self.birth_dates else None

    @property
    def current_addresses(self) -> tuple[Address, ...]:
        """The addresses that have no end: usually one, but there may be several or none."""
        return tuple(address for address in self.addresses if address.is_current)
