from __future__ import annotations

import contextlib
import copy
import decimal
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from govcomponents import InvalidInput, Money

PLACES = {"GBP": 2, "EUR": 2, "JPY": 0, "KWD": 3}
currencies = st.sampled_from(sorted(PLACES))
minors = st.integers(-(10**15), 10**15)


@given(minors, currencies)
def test_what_is_written_in_major_units_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.major, currency) == money
    assert Money.of(f"{money.major:f}", currency) == money
    assert (-money).minor == -minor
    assert pickle.loads(pickle.dumps(money)) == money == copy.deepcopy(money)
    assert hash(money) == hash(Money(minor, currency))


@given(minors, minors, currencies)
def test_sums_and_orders_are_those_of_the_minor_units(one: int, other: int, currency: str) -> None:
    a, b = Money(one, currency), Money(other, currency)
    assert (a + b).minor == one + other
    assert (a - b).minor == one - other
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    )
    assert bool(a) is bool(one)


@given(minors, st.integers(1, 5))
def test_no_decimal_context_of_the_process_changes_an_amount(minor: int, precision: int) -> None:
    with decimal.localcontext(decimal.Context(prec=precision)):
        money = Money(minor)
        text = str(money.major)
        assert Money.of(money.major, "GBP") == money == Money.gbp(text)
        assert str(money).replace(",", "").replace("£", "") == text


@given(st.text())
def test_any_text_is_an_amount_or_an_invalid_input(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert Money.gbp(text).major == Decimal(text)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("145.00", "GBP", 14500),
        ("145", "GBP", 14500),
        ("145.5", "GBP", 14550),
        ("0.01", "GBP", 1),
        ("-0.01", "GBP", -1),
        ("-0", "GBP", 0),
        ("1.230", "GBP", 123),
        (Decimal("145.67"), "GBP", 14567),
        (Decimal("1E+2"), "GBP", 10000),
        (Decimal("0E-30"), "GBP", 0),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("99999999999999999999.99", "GBP", 9999999999999999999999),
    ],
)
def test_amounts_are_read_exactly(amount: str | Decimal, currency: str, minor: int) -> None:
    assert Money.of(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "amount",
    [
        "",
        " 1",
        "1 ",
        "1,000",
        "1_000",
        "1e3",
        "£1",
        "+1",
        ".5",
        "5.",
        "1.234",
        "NaN",
        "Infinity",
        "\u0661",
        "1" * 21,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1.234"),
        Decimal("1E+99"),
        Decimal("1E-99"),
        145,
        1.5,
        True,
        None,
    ],
)
def test_what_is_not_an_exact_amount_is_refused(amount: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Money.gbp(amount)
    assert caught.value.field == "amount"


def test_a_whole_number_of_pounds_or_pence_must_say_which_it_is() -> None:
    with pytest.raises(InvalidInput, match="pounds or pence") as caught:
        Money.gbp(14500)
    assert 'Money.gbp("145.00")' in caught.value.fix
    assert "Money.from_pence(14500)" in caught.value.fix
    assert Money.from_pence(14500) == Money.gbp("145.00")
    with pytest.raises(InvalidInput, match="whole number"):
        Money.from_pence(145.0)


@pytest.mark.parametrize("minor", [1.0, "1", True, None, Decimal(1)])
def test_minor_units_are_whole_numbers(minor: object) -> None:
    with pytest.raises(InvalidInput, match="whole number"):
        Money(minor)


@pytest.mark.parametrize("currency", ["", "gbp", "GB", "GBPX", "GB1", "\u00c9UR", "GBP\n", None, 826, ["GBP"]])
def test_a_currency_is_three_capital_letters(currency: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Money(1, currency)
    assert caught.value.field == "currency"
    with pytest.raises(InvalidInput):
        Money.of("1", currency)


@given(st.lists(minors), currencies)
def test_amounts_add_up(amounts: list[int], currency: str) -> None:
    total = sum((Money(minor, currency) for minor in amounts), Money(0, currency))
    assert total == Money(sum(amounts), currency)
    if amounts:
        assert sum(Money(minor, currency) for minor in amounts) == total


@given(minors, st.integers(-1000, 1000), currencies)
def test_an_amount_is_taken_a_whole_number_of_times(minor: int, times: int, currency: str) -> None:
    assert times * Money(minor, currency) == Money(minor, currency) * times == Money(minor * times, currency)


def test_currencies_do_not_mix() -> None:
    pounds, euros = Money(1, "GBP"), Money(1, "EUR")
    for operation in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(InvalidInput, match="do not mix"):
            getattr(pounds, operation)(euros)
    assert pounds != euros


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_money_and_numbers_do_not_mix(operation: str) -> None:
    assert getattr(Money(1), operation)(1) is NotImplemented
    with pytest.raises(TypeError):
        _ = Money(1) < 1
    assert Money(1) != 1


def test_only_a_whole_number_multiplies_and_only_nought_is_added_to() -> None:
    for times in (1.5, True, Decimal(2), "2", Money(2)):
        with pytest.raises(TypeError):
            _ = Money(1) * times
    for start in (1, 0.0, False, Decimal(0)):
        with pytest.raises(TypeError):
            _ = start + Money(1)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(14500), "£145.00"),
        (Money(-5), "-£0.05"),
        (Money(123456789, "EUR"), "€1,234,567.89"),
        (Money(1, "USD"), "$0.01"),
        (Money(1500, "JPY"), "1,500 JPY"),
        (Money(-1234, "KWD"), "-1.234 KWD"),
        (Money(100, "CAD"), "1.00 CAD"),
        (Money(0), "£0.00"),
    ],
)
def test_money_reads_as_people_write_it(money: Money, text: str) -> None:
    assert str(money) == f"{money}" == text


@pytest.mark.parametrize(
    ("spec", "text"), [("", "£1,234.50"), (">12", "   £1,234.50"), (".2f", "1234.50"), (",.2f", "1,234.50")]
)
def test_money_is_laid_out_as_text_or_as_a_bare_number(spec: str, text: str) -> None:
    assert format(Money(123450), spec) == text


def test_money_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Money(1).minor = 2


def test_money_is_the_same_in_json_and_back() -> None:
    adapter = TypeAdapter(dict[str, Money])
    written = adapter.dump_json({"fee": Money(14500, "EUR")})
    assert written == b'{"fee":{"minor":14500,"currency":"EUR"}}'
    assert adapter.validate_json(written) == {"fee": Money(14500, "EUR")}
    assert adapter.validate_python({"fee": {"minor": 14500, "currency": "EUR"}}) == {"fee": Money(14500, "EUR")}
    assert adapter.dump_python({"fee": Money(1)}) == {"fee": {"minor": 1, "currency": "GBP"}}
    for mode in ("validation", "serialization"):
        described = adapter.json_schema(mode=mode)
        assert described["additionalProperties"]["properties"].keys() == {"minor", "currency"}


@pytest.mark.parametrize(
    "wrong",
    [
        "1.00",
        1,
        1.5,
        {"minor": 1.0, "currency": "GBP"},
        {"minor": 1},
        {"minor": 1, "currency": "pounds"},
        {"minor": "1"},
    ],
)
def test_a_model_takes_no_amount_that_could_be_misread(wrong: object) -> None:
    class Model(BaseModel):
        amount: Money

    assert Model(amount=Money(1)).amount == Money(1)
    with pytest.raises(ValidationError):
        Model.model_validate({"amount": wrong})


def test_a_strict_model_takes_money_alone() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(strict=True)
        amount: Money

    assert Model(amount=Money(1)).model_dump(mode="json") == {"amount": {"minor": 1, "currency": "GBP"}}
    with pytest.raises(ValidationError):
        Model.model_validate({"amount": {"minor": 1, "currency": "GBP"}})
