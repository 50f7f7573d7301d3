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
        [
            {"uprn": True, "buildingNumber": 7, "validFrom": "2021", "postalCode": "", "streetName": "EXAMPLE ROAD"},
            {"validUntil": "odd", "streetName": "EXAMPLE ROAD"},
        ]
    )
    assert (address.uprn, address.building_number, address.postcode) == (None, None, None)
    assert address.valid_from.reveal() == date(2021, 1, 1)
    (passport,) = wire.passports([{"documentNumber": 7, "icaoIssuerCode": "D", "expiryDate": "2031-13-01", "more": 1}])
    assert (passport.number, passport.issuer.reveal(), passport.expires) == (None, "D", None)
    assert wire.return_codes([{"code": "A"}, {"code": ["B", "C"]}, {"code": 7}, {"code": ""}, {}]) == ("A", "B", "C")


@pytest.mark.parametrize("value", ["1970", "19840229", "+984", " 198", "1_98", "1984-W01-1", "", None, 1970])
def test_a_birth_date_is_a_whole_date_or_none(value):
    """W26, F12: an age that is worked out from a year is wrong by up to a year."""
    assert wire.birth_dates({"credentialSubject": {"birthDate": [{"value": value}]}}) == ()


@pytest.mark.parametrize("value", ["2030", "20300101", "2030-W01-1", "2030-01"])
def test_a_year_is_no_date_of_a_document_or_a_name(value):
    """W26: only people who tell their addresses are asked for years."""
    (passport,) = wire.passports([{"documentNumber": "123456789", "expiryDate": value}])
    (permit,) = wire.driving_permits([{"personalNumber": "A", "issueDate": value, "expiryDate": value}])
    (name,) = wire.names({"credentialSubject": {"name": [{"nameParts": [{"value": "SAM"}], "validFrom": value}]}})
    assert (passport.expires, permit.issued, permit.expires, name.valid_from) == (None, None, None, None)
    ended = {"nameParts": [{"value": "SAM"}], "validUntil": value}
    assert wire.names({"credentialSubject": {"name": [ended]}}) == ()


def test_a_year_is_enough_for_an_address():
    (home,) = wire.addresses([{"validFrom": "2019", "postalCode": "EX1 1AA"}])
    assert home.valid_from.reveal() == date(2019, 1, 1)
    assert wire.addresses([{"postalCode": "EX1 1AA", "validUntil": "+984"}]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"postalCode": "", "uprn": None},
        {"streetName": " \u200b\r\n"},
        {"validFrom": "2019", "validUntil": "2020-05-04"},
        {"uprn": 0},
        {"more": "EX1 1AA"},
    ],
    ids=str,
)
def test_an_entry_with_nothing_in_it_is_none(entry):
    """W27: of an address that nothing is known of, not even that it is a current one."""
    assert wire.addresses([entry]) == wire.passports([entry]) == wire.driving_permits([entry]) == ()
    home = {"postalCode": "EX1 1AA"}
    assert [found.postcode.reveal() for found in wire.addresses([entry, home])] == ["EX1 1AA"]


@pytest.mark.parametrize("uprn", [100120012077, "100120012077"])
def test_a_uprn_may_be_a_text(uprn):
    """S10: it was one until April 2026."""
    (home,) = wire.addresses([{"uprn": uprn}])
    assert home.uprn.reveal() == 100120012077


def test_no_control_character_of_a_proved_name_is_handed_on():
    parts = [{"type": "GivenName", "value": "SA\0M\r\n"}, {"type": "FamilyName", "value": "\u202eEXAMPLE\ud800"}]
    (name,) = wire.names({"credentialSubject": {"name": [{"nameParts": parts}]}})
    assert name.full.reveal() == "SA M EXAMPLE"
    assert wire.return_codes([{"code": "A\r\n"}, {"code": ["B\u2028C", "\0"]}]) == ("A", "B C")


def test_ends_of_lines_and_unseen_marks_are_not_handed_on_but_joiners_are():
    parts = [{"value": "\ufeffSAM\u2028ANN\u2029\u200b"}, {"value": "\u0631\u0636\u0627\u200c\u0632\u0627\u062f\u0647"}]
    (name,) = wire.names({"credentialSubject": {"name": [{"nameParts": parts}]}})
    assert name.full.reveal() == "SAM ANN \u0631\u0636\u0627\u200c\u0632\u0627\u062f\u0647"
