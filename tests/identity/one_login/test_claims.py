"""What is read of claims about a person that have odd members, or another form."""

from datetime import date

import pytest

from govcomponents.identity.adapters.one_login import wire
from govcomponents.identity.models import NamePartKind


def test_names_in_any_order_with_odd_members():
    found = wire.names(
        {
            "credentialSubject": {
                "name": [
                    {"validUntil": "2019-05-04", "nameParts": [{"type": "FamilyName", "value": "FORMER"}]},
                    {"validUntil": "someday", "nameParts": [{"type": "FamilyName", "value": "UNREADABLE END"}]},
                    {"nameParts": []},
                    {"nameParts": "all"},
                    "no object",
                    {
                        "validUntil": None,
                        "validFrom": "odd",
                        "nameParts": [
                            {"type": "FamilyName", "value": "O\u2019EXAMPLE-SMITH"},
                            {"type": "GivenName", "value": "ZOË"},
                            {"type": "GivenName", "value": "GONE", "validUntil": "2001-01-01"},
                            {"type": "Title", "value": "DR"},
                            {"type": 7, "value": "ODD"},
                            {"type": "GivenName", "value": ""},
                            {"type": "GivenName"},
                        ],
                    },
                ]
            }
        }
    )
    assert [name.full.reveal() for name in found] == ["FORMER", "O\u2019EXAMPLE-SMITH ZOË DR ODD"]
    assert [part.kind for part in found[1].parts][2] is NamePartKind.UNKNOWN
    assert wire.names({}) == wire.names({"credentialSubject": {"name": "Sam"}}) == ()


@pytest.mark.parametrize(
    "claim",
    [None, "text", 7, [], {}, [None], [7], [[]], ["x"]],
    ids=lambda value: str(value).partition(" object at")[0],
)
def test_claims_of_another_form_say_nothing(claim):
    assert wire.addresses(claim) == wire.passports(claim) == wire.driving_permits(claim) == ()
    assert wire.return_codes(claim) == ()
    assert wire.birth_dates({"credentialSubject": {"birthDate": claim}}) == ()


def test_odd_members_of_evidence():
    (address,) = wire.addresses(
        [{"uprn": True, "buildingNumber": 7, "validFrom": "2021", "postalCode": ""}, {"validUntil": "odd"}]
    )
    assert (address.uprn, address.building_number, address.postcode) == (None, None, None)
    assert address.valid_from.reveal() == date(2021, 1, 1)
    (passport,) = wire.passports([{"documentNumber": 7, "expiryDate": "2031-13-01", "more": 1}])
    assert (passport.number, passport.expires) == (None, None)
    assert wire.return_codes([{"code": "A"}, {"code": ["B", "C"]}, {"code": 7}, {"code": ""}, {}]) == ("A", "B", "C")
