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


@pytest.mark.parametrize("value", ["1970", "19840229", "+984", " 198", "1_98", "1984-W01-1", "", None, 1970])
def test_a_birth_date_is_a_whole_date_or_none(value):
    """W26, F12: an age that is worked out from a year is wrong by up to a year."""
    assert wire.birth_dates({"credentialSubject": {"birthDate": [{"value": value}]}}) == ()


def test_a_year_is_enough_for_an_address():
    (home,) = wire.addresses([{"validFrom": "2019", "postalCode": "EX1 1AA"}])
    assert home.valid_from.reveal() == date(2019, 1, 1)
    assert wire.addresses([{"postalCode": "EX1 1AA", "validUntil": "+984"}]) == ()


def test_an_empty_address_is_none():
    """W27."""
    assert wire.addresses([{}, {"postalCode": "", "uprn": None}]) == ()


@pytest.mark.parametrize("uprn", [100120012077, "100120012077"])
def test_a_uprn_may_be_a_text(uprn):
    """S10: it was one until April 2026."""
    (home,) = wire.addresses([{"uprn": uprn}])
    assert home.uprn.reveal() == 100120012077


def test_no_control_character_of_a_proved_name_is_handed_on():
    parts = [{"type": "GivenName", "value": "SA\0M\r\n"}, {"type": "FamilyName", "value": "\u202eEXAMPLE\ud800"}]
    (name,) = wire.names({"credentialSubject": {"name": [{"nameParts": parts}]}})
    assert name.full.reveal() == "SA M EXAMPLE"
