"""What identity gives back: a sign-in to send the person to, and the identity of the person who came back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from govcomponents.identity.levels import Authentication, Claim, Confidence
from govcomponents.identity.pending import PendingSignIn
from govcomponents.privacy import Personal, Secret

__all__ = [
    "Address",
    "Authentication",
    "Claim",
    "Confidence",
    "DrivingPermit",
    "Identity",
    "Name",
    "NamePart",
    "NamePartKind",
    "Passport",
    "PendingSignIn",
    "SignIn",
]

_MODEL = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True, arbitrary_types_allowed=True)


class SignIn(BaseModel):
    """Where to send the person, and what to keep until they come back.

    Redirect the browser to `url`. Keep `pending` with the person's session (`pending.dump()` gives text to store);
    it belongs to this one browser and may be used once.
    """

    model_config = _MODEL

    url: str = Field(repr=False)
    pending: PendingSignIn


class NamePartKind(StrEnum):
    """What a part of a name is; UNKNOWN for what a provider may add."""

    GIVEN = "given"
    FAMILY = "family"
    UNKNOWN = "unknown"


class NamePart(BaseModel):
    """One part of a name, as the person's documents have it: any characters, any length, often upper case."""

    model_config = _MODEL

    kind: NamePartKind
    value: Personal[str]


class Name(BaseModel):
    """A name, in the order in which it is written, and when it was used. No `valid_until`: it is in use."""

    model_config = _MODEL

    parts: tuple[NamePart, ...]
    valid_from: date | None = Field(None, repr=False)
    valid_until: date | None = Field(None, repr=False)

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
        """Whether the name is in use: it has no end."""
        return self.valid_until is None

    def _of(self, kind: NamePartKind) -> Personal[str]:
        return Personal(" ".join(part.value.reveal() for part in self.parts if part.kind is kind))


class Address(BaseModel):
    """An address, in the fields of the Royal Mail's address file. What is missing or empty is None.

    Do not map its fields to fixed lines: which of them are filled varies. Several addresses, or none, may be current.
    """

    model_config = _MODEL

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
    lines: Personal[str] | None = Field(None, description="the whole of it, where the provider gives only lines")
    valid_from: Personal[date] | None = None
    valid_until: Personal[date] | None = None

    @property
    def is_current(self) -> bool:
        """Whether the person lives there now: it has no end."""
        return self.valid_until is None


class Passport(BaseModel):
    """A passport that was used to prove identity. It may have expired within the provider's period of grace."""

    model_config = _MODEL

    number: Personal[str] | None = None
    issuer: Personal[str] | None = Field(None, description="the ICAO 9303 code of the issuer, such as GBR or D")
    expires: Personal[date] | None = None


class DrivingPermit(BaseModel):
    """A driving licence that was used to prove identity."""

    model_config = _MODEL

    number: Personal[str] | None = None
    issue_number: Personal[str] | None = None
    issuer: Personal[str] | None = None
    issued: Personal[date] | None = None
    expires: Personal[date] | None = None


class Identity(BaseModel):
    """A person who signed in, with everything that was asked for reached and checked.

    `subject` is the provider's own name for the person, at this service: compare it byte for byte, and do not use
    it as the primary key of your own records, because it changes when the account is deleted or the sector moves.
    An email address is no identifier. `confidence` is what the verified proof of identity states, never what was
    asked for; NONE where no proof was asked for. `names` has every name over time, `name` the one in use.
    `birth_dates` has the most trusted one first. `return_codes` may be there with a proved identity; their meaning
    is between the service and the provider. `id_token` is for signing out: keep it on the server, in no cookie.
    `raw` is what the provider said about the person, without its tokens.
    """

    model_config = _MODEL

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
    birth_dates: tuple[Personal[date], ...] = ()
    addresses: tuple[Address, ...] = ()
    passports: tuple[Passport, ...] = ()
    driving_permits: tuple[DrivingPermit, ...] = ()
    return_codes: tuple[str, ...] = Field((), repr=False)
    return_to: str | None = None
    id_token: Secret
    raw: Mapping[str, object] = Field(default_factory=dict, repr=False, exclude=True)

    def __getstate__(self) -> dict[str, object]:
        """Leave `raw` behind: a pickle would show what the guarded fields do not."""
        state = super().__getstate__()
        return {**state, "__dict__": {**state["__dict__"], "raw": {}}}

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
