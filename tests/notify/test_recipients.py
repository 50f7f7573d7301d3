"""Email addresses, phone numbers and postal addresses get the provider's own verdicts."""

# ruff: noqa: RUF001  # what people type

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from govcomponents.notify.recipients import (
    BadRecipient,
    PostalAddress,
    RecipientFault,
    email_address,
    phone_number,
    postal_address,
)
from govcomponents.notify.recipients.countries import country, postage


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("A.B@Example.COM", "a.b@example.com"),
        (" a@b.co ", "a@b.co"),
        ("o'neil@c.com", "o'neil@c.com"),
        ("a+b@c.com", "a+b@c.com"),
        ("a/b@c.com", "a/b@c.com"),
        ("a@例え.テスト", "a@例え.テスト"),
        ("a@éxample.com", "a@éxample.com"),
        (".a@b.com", ".a@b.com"),
        ("a.@b.com", "a.@b.com"),
        ("a\u200b@b\u00a0.com", "a@b.com"),
    ],
)
def test_email_addresses_that_pass(typed, sent):
    assert email_address(typed) == sent


@pytest.mark.parametrize(
    "typed",
    [
        *("a@b", "a@b.c", "a@b.123", "a..b@c.com", "é@c.com", "o’neil@c.com", '"a b"@c.com', "a@[127.0.0.1]"),
        *("a@b_c.com", "a@c.com.", "Name <a@b.com>", "a@b.com,c@d.com", "a@-b.com", "a@" + "b" * 64 + ".com"),
        *("a" * 320 + "@b.com", "a@" + "é" * 64 + ".com", "x\\y@c.com"),
    ],
)
def test_email_addresses_that_do_not(typed):
    with pytest.raises(BadRecipient) as caught:
        email_address(typed)

    assert caught.value.fault is RecipientFault.EMAIL_INVALID
    assert caught.value.page_message.startswith("Enter an email address")
    assert typed not in str(caught.value)


def test_an_empty_address_is_asked_for():
    with pytest.raises(BadRecipient) as caught:
        email_address(" ")
    assert caught.value.page_message == "Enter an email address"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("07700900123", "447700900123"),
        ("+44 (0) 7700 900123", "447700900123"),
        ("0044 (0)7700 900-123", "447700900123"),
        ("7700900123", "447700900123"),
        ("447700900123", "447700900123"),
        ("0+447700900100", "447700900100"),
        ("000007700900100", "447700900100"),
        ("+07700900100", "447700900100"),
        ("+4407700900123", "447700900123"),
        ("020 7946 0123", "442079460123"),
        ("0300 123 4567", "443001234567"),
        ("070 1234 5678", "447012345678"),
        ("+1 613 253 2222", "16132532222"),
        ("16132532222", "16132532222"),
        ("+33 6 12 34 56 78", "33612345678"),
        ("0033612345678", "33612345678"),
        ("077009001234", "77009001234"),
        ("+44 7700 100", "447700100"),
        ("07700 900 12", "44770090012"),
        *[(f"07700{hyphen}900{hyphen}123", "447700900123") for hyphen in "\u2011\u2013\u2014\u2212"],
        ("1\u2011202\u2013555\u2014010\u22124", "12025550104"),
    ],
)
def test_numbers_that_pass(typed, digits):
    number = phone_number(typed, international=True, uk_landlines=True)

    assert number.digits == digits
    assert digits not in repr(number)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        *[(t, RecipientFault.PHONE_INVALID) for t in ("0800 123 4567", "08001111", "0909 879 0000", "06123456789")],
        ("01632 960001", RecipientFault.PHONE_INVALID),
        ("+", RecipientFault.PHONE_TOO_SHORT),
        ("++", RecipientFault.PHONE_TOO_SHORT),
        ("077009", RecipientFault.PHONE_TOO_SHORT),
        ("999", RecipientFault.PHONE_TOO_SHORT),
        ("", RecipientFault.PHONE_TOO_SHORT),
        ("+999 123456789", RecipientFault.PHONE_TOO_LONG),
        ("+870 773 111 632", RecipientFault.PHONE_COUNTRY),
        *[(t, RecipientFault.PHONE_COUNTRY) for t in ("+247 40123", "+29051234", "+688 901234", "+850 1921234567")],
        ("24741111", RecipientFault.PHONE_COUNTRY),
        ("07700.900.123", RecipientFault.PHONE_CHARACTERS),
        ("07700\u2043900123", RecipientFault.PHONE_CHARACTERS),
        ("07700900123;", RecipientFault.PHONE_CHARACTERS),
        ("٠٧٧٠٠٩٠٠١٢٣", RecipientFault.PHONE_CHARACTERS),
    ],
)
def test_numbers_that_do_not(typed, fault):
    with pytest.raises(BadRecipient) as caught:
        phone_number(typed, international=True, uk_landlines=True)
    assert caught.value.fault is fault


def test_what_a_service_may_send_to_decides_the_rest():
    for typed, fault in (
        ("+33 6 12 34 56 78", RecipientFault.PHONE_INTERNATIONAL),
        ("077009001234", RecipientFault.PHONE_INTERNATIONAL),
        ("020 7946 0123", RecipientFault.PHONE_NOT_UK_MOBILE),
    ):
        with pytest.raises(BadRecipient) as caught:
            phone_number(typed)
        assert caught.value.fault is fault


@pytest.mark.parametrize("typed", ["07624 494000", "07797 712345", "07781 123456"])
def test_crown_dependencies_are_uk_numbers_that_count_as_abroad(typed):
    number = phone_number(typed)
    assert (number.is_uk, number.is_crown_dependency, number.is_international) == (True, True, True)


def test_a_uk_mobile_with_a_digit_too_many_is_told_as_a_surprise():
    assert phone_number("077009001234", international=True).is_surprising
    assert not phone_number("+33612345678", international=True).is_surprising


@given(st.text(alphabet="0123456789+-() ", max_size=20))
def test_every_number_gets_a_verdict(typed):
    try:
        digits = phone_number(typed, international=True, uk_landlines=True).digits
    except BadRecipient as error:
        digits = "0" if error.page_message else ""
    assert digits.isdigit()


@pytest.mark.parametrize(
    ("lines", "printed", "zone"),
    [
        ("A/B/France", ("A", "B", "France"), "europe"),
        ("A/B/Deutschland", ("A", "B", "Germany"), "europe"),
        ("A/B/USA", ("A", "B", "United States"), "rest-of-world"),
        ("A/B/the gambia", ("A", "B", "The Gambia"), "rest-of-world"),
        ("A/Regiment/BFPO 12", ("A", "Regiment", "BFPO 12"), None),
        ("A/bfpo c/o 12/sw1a1aa/UK", None, None),
        ("A/Regiment/BFPO 12/UK", ("A", "Regiment", "BFPO 12"), None),
        ("A/1 Street/JE2 3AB/Jersey", ("A", "1 Street", "JE2 3AB"), None),
        (" A ,//B  C , D/sw1a1aa/Cymru/England", ("A", "B C, D", "SW1A 1AA"), None),
        ("A/1 St/GY1 1AA/Channel Islands", ("A", "1 St", "GY1 1AA"), None),
        ("A/1 St/Adeje/Tenerife", ("A", "1 St", "Adeje", "Canary Islands"), "europe"),
        ("A/B/Dubai", ("A", "B", "Dubai"), "rest-of-world"),
        ("A/B/Republic of Moldova", ("A", "B", "Moldova"), "europe"),
        ("A/B/République française", ("A", "B", "France"), "europe"),
        ("A/B/Ascension Island", ("A", "B", "Ascension"), "rest-of-world"),
        ("A/B/NZ", ("A", "B", "New Zealand"), "rest-of-world"),
        ("A/B/Y Swistir", ("A", "B", "Switzerland"), "europe"),
        ("A/B/Swistir", ("A", "B", "Switzerland"), "europe"),
        ("A/B/България", ("A", "B", "Bulgaria"), "europe"),
    ],
)
def test_addresses_that_pass(lines, printed, zone):
    address = PostalAddress.read(lines.replace("c/o", "c|o").replace("/", "\n").replace("c|o", "c/o"))

    assert address.fault(international=True) is None
    assert address.lines == (printed or ("A", "SW1A 1AA", "BFPO 12"))
    assert address.postage == zone
    assert "SW1A" not in repr(address)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("A/SW1A 1AA/UK", RecipientFault.ADDRESS_TOO_SHORT),
        ("", RecipientFault.ADDRESS_TOO_SHORT),
        ("A/1 Street/Jersey", RecipientFault.ADDRESS_TOO_SHORT),
        ("1/2/3/4/5/6/7/SW1A 1AA", RecipientFault.ADDRESS_TOO_LONG),
        ("!/B/SW1A 1AA", RecipientFault.ADDRESS_NO_NAME),
        ("张三/B/SW1A 1AA", RecipientFault.ADDRESS_NO_NAME),
        # The provider counts the lines that name the UK, and takes as many off the end.
        ("A/1 St/UK/GY1 1AA/Guernsey", RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/BFPO " + "1" * 5000, RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/Yugoslavia", RecipientFault.ADDRESS_LAST_LINE),
        ("A/Regiment/BFPO 12/France", RecipientFault.ADDRESS_BFPO_COUNTRY),
        ("A/B/Narnia", RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/GIR 0AA", RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/ZZ1 1AA", RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/SW1A 1CC", RecipientFault.ADDRESS_LAST_LINE),
        ("A/B/France 2", RecipientFault.ADDRESS_LAST_LINE),
        ("~A/B/SW1A 1AA", RecipientFault.ADDRESS_CHARACTERS),
        ("NFA/B/SW1A 1AA", RecipientFault.ADDRESS_NO_FIXED_ABODE),
        ("A/no fixed address/SW1A 1AA", RecipientFault.ADDRESS_NO_FIXED_ABODE),
    ],
)
def test_addresses_that_do_not(lines, fault):
    with pytest.raises(BadRecipient) as caught:
        postal_address(lines.split("/"), international=True)
    assert caught.value.fault is fault


def test_without_letters_abroad_only_a_postcode_will_do():
    with pytest.raises(BadRecipient) as caught:
        postal_address("A\nB\nFrance")
    assert caught.value.fault is RecipientFault.ADDRESS_POSTCODE
    assert postal_address("A\nB\nSW1A 1AA").has_postcode


def test_the_postcode_counts_only_without_a_seventh_line():
    values = {"address_line_1": "A", "address_line_2": "B", "postcode": "SW1A 1AA"}
    assert PostalAddress.from_personalisation(values).has_postcode
    assert not PostalAddress.from_personalisation({**values, "address_line_7": ""}).has_postcode


def test_every_name_of_the_register_is_known():
    data = json.loads(files("govcomponents.notify.recipients").joinpath("countries.json").read_text("utf-8"))
    names = {other: name for name, others in data["names"].items() for other in (name, *others)}

    assert len(data["names"]) > 270
    assert len(names) > 1700
    assert set(data["europe"]) <= set(data["names"])
    assert {other: country(other) for other in names} == names


@pytest.mark.parametrize(
    "name", ["Côte d’Ivoire", "cote divoire", "Trinidad & Tobago", "Bosnia + Herzegovina", "Ffrainc"]
)
def test_countries_are_known_by_many_names(name):
    assert country(name)
    assert postage(country(name)) in ("europe", "rest-of-world")


def test_the_uk_is_not_abroad():
    assert postage(country("Yr Alban")) is None


@pytest.mark.parametrize(
    ("found", "hidden"),
    [(phone_number("07700 900 123"), "7700900123"), (postal_address("Sam\n1 Example Street\nSW1A 1AA"), "Example")],
    ids=["a number", "an address"],
)
def test_what_is_found_is_masked_where_it_is_dumped_and_kept_where_it_is_used(found, hidden):
    adapter = TypeAdapter(type(found))
    told = [adapter.dump_json(found).decode(), str(adapter.dump_python(found)), repr(found)]
    assert [text for text in told if hidden in text] == []
    assert "[personal]" in told[0]
    assert hidden in found.digits if hasattr(found, "digits") else hidden in found.lines[1]
