"""The limits of each adapter: what is at one is sent, what is beyond is refused by name, and what all of them take."""

from dataclasses import fields

import pytest

from govcomponents.accounts import portable_limits
from govcomponents.components import AsyncGovComponents, GovComponents
from govcomponents.core.driver import drive
from govcomponents.core.http.messages import Response
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import GovComponentsError, InvalidInput
from govcomponents.money import Money
from govcomponents.pay.adapters import BUILT_IN
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.inputs import BillingAddress, CardholderDetails
from govcomponents.pay.limits import AmountLimits, PayLimits
from govcomponents.pay.port import PayPort
from govcomponents.pay.service import PayService
from govcomponents.privacy import Personal, Secret
from govcomponents.settings import Settings

KEYS = {"govuk_pay": "api_test_key", "stripe": "sk_test_key"}
URL = "https://service.example.gov.uk/"
CREATE = {"amount": Money(4250), "reference": "R-1", "description": "A thing", "return_url": URL}


def entries(count):
    return {f"name{number}": number for number in range(count)}


def address(**parts):
    return CardholderDetails(billing_address=BillingAddress(**{name: Personal(text) for name, text in parts.items()}))


# Of each adapter the arguments of `create` that are at a limit, those just beyond it, and the name that is told.
LIMITS = {
    "govuk_pay": [
        ("amount", {"amount": Money(1)}, {"amount": Money(0)}),
        ("amount", {"amount": Money(10_000_000)}, {"amount": Money(10_000_001)}),
        ("amount", {"amount": Money(100, "GBP")}, {"amount": Money(100, "EUR")}),
        ("reference", {"reference": "x" * 255}, {"reference": "x" * 256}),
        ("reference", {"reference": "x[1]"}, {"reference": "x<1"}),
        ("description", {"description": "x" * 255}, {"description": "x" * 256}),
        ("description", {"description": 'x\\ "y"'}, {"description": "x|"}),
        ("return_url", {"return_url": URL + "x" * 1969}, {"return_url": URL + "x" * 1970}),
        ("email", {"email": "x" * 254}, {"email": "x" * 255}),
        ("metadata", {"metadata": entries(15)}, {"metadata": entries(16)}),
        ("metadata", {"metadata": {"x" * 30: 1}}, {"metadata": {"x" * 31: 1}}),
        ("metadata", {"metadata": {"x": "x" * 100}}, {"metadata": {"x": "x" * 101}}),
        ("metadata", {"metadata": {"x[1]": 1}}, {"metadata": {"x": 1, "X": 1}}),
        (
            "prefilled.name",
            {"prefilled": CardholderDetails(name=Personal("x" * 255))},
            {"prefilled": CardholderDetails(name=Personal("x" * 256))},
        ),
        *(
            (
                f"prefilled.billing_address.{part}",
                {"prefilled": address(**{part: "x" * most})},
                {"prefilled": address(**{part: "x" * (most + 1)})},
            )
            for part, most in (("line1", 255), ("line2", 255), ("city", 255), ("postcode", 25))
        ),
    ],
    "stripe": [
        ("amount", {"amount": Money(30)}, {"amount": Money(29)}),
        ("amount", {"amount": Money(99_999_999)}, {"amount": Money(100_000_000)}),
        ("amount", {"amount": Money(1, "EUR")}, {"amount": Money(0, "EUR")}),
        ("reference", {"reference": "<" * 200}, {"reference": "x" * 201}),
        ("description", {"description": "<" * 500}, {"description": "x" * 501}),
        ("metadata", {"metadata": entries(46)}, {"metadata": entries(47)}),
        ("metadata", {"metadata": {"x" * 40: 1}}, {"metadata": {"x" * 41: 1}}),
        ("metadata", {"metadata": {"x": "x" * 500}}, {"metadata": {"x": "x" * 501}}),
        ("metadata", {"metadata": {"x": 1, "X": 1}}, {"metadata": {"x[1]": 1}}),
    ],
}
CASES = [(adapter, *case) for adapter, cases in LIMITS.items() for case in cases]
# Of what is at a limit of one of the two, what the other does not take.
PORTABLE = portable_limits()
NOT_PORTABLE = [
    ("govuk_pay", {"amount": Money(29)}),
    ("govuk_pay", {"reference": "x" * 201}),
    ("govuk_pay", {"metadata": {"x[1]": 1}}),
    ("stripe", {"amount": Money(10_000_001)}),
    ("stripe", {"amount": Money(4250, "EUR")}),
    ("stripe", {"reference": "x|"}),
    ("stripe", {"description": "x" * 256}),
    ("stripe", {"metadata": entries(16)}),
    ("stripe", {"metadata": {"x" * 31: 1}}),
    ("stripe", {"metadata": {"x": "x" * 101}}),
    ("stripe", {"metadata": {"x": 1, "X": 1}}),
    ("stripe", {"email": "x" * 255}),
    ("stripe", {"return_url": URL + "x" * 1970}),
]


def sent(adapter, *, kind=GovComponents, portable=False, operation="create", **arguments):
    """How often a call sends a request that is refused; raises InvalidInput if the call sends none."""
    wire = ScriptedTransport([Response(401)])
    settings = Settings(pay={"adapter": adapter, "api_key": KEYS[adapter], "portable": portable})
    call = getattr(kind.from_settings(settings, transport=wire).pay, operation)
    try:
        result = call(**arguments)
        if kind is AsyncGovComponents:
            drive(result)
        elif operation.startswith("search"):
            list(result)
    except InvalidInput:
        assert wire.sent == []
        raise
    except GovComponentsError:
        pass
    return len(wire.sent)


@pytest.mark.parametrize("kind", [GovComponents, AsyncGovComponents])
@pytest.mark.parametrize(("adapter", "name", "at", "beyond"), CASES)
def test_what_is_at_a_limit_is_sent_and_what_is_beyond_is_named(kind, adapter, name, at, beyond):
    assert sent(adapter, kind=kind, **{**CREATE, **at}) == 1
    with pytest.raises(InvalidInput) as caught:
        sent(adapter, kind=kind, **{**CREATE, **beyond})
    assert caught.value.field == name
    assert caught.value.fix
    assert caught.value.operation == "pay.create"


@pytest.mark.parametrize(
    ("operation", "beyond", "field"),
    [
        ("create_agreement", {"reference": "x" * 256, "description": "x"}, "reference"),
        ("create_agreement", {"reference": "x", "description": "x" * 256}, "description"),
        ("create_agreement", {"reference": "x", "description": "x", "user_identifier": "x" * 256}, "user_identifier"),
        ("create_agreement", {"reference": "x", "description": "x", "user_identifier": "x|"}, "user_identifier"),
        ("charge_agreement", {"agreement_id": "a", **CREATE, "amount": Money(10_000_001)}, "amount"),
        ("create_by_telephone", {**CREATE, "amount": Money(10_000_001)}, "amount"),
        ("refund", {"payment_id": "p", "amount": Money(10_000_001), "available": Money(10_000_300)}, "amount"),
        ("refund", {"payment_id": "p", "amount": Money(1, "EUR"), "available": Money(1, "EUR")}, "amount"),
        ("search", {"reference": "x" * 256}, "reference"),
        ("search", {"email": "x" * 255}, "email"),
        ("search", {"cardholder_name": "x" * 256}, "cardholder_name"),
        ("search", {"card_brand": "x" * 21}, "card_brand"),
        ("search_agreements", {"reference": "x" * 256}, "reference"),
    ],
)
def test_every_operation_keeps_to_the_limits(operation, beyond, field):
    if operation in ("charge_agreement", "create_by_telephone"):
        del beyond["return_url"]
    with pytest.raises(InvalidInput) as caught:
        sent("govuk_pay", operation=operation, **beyond)
    assert caught.value.field == field


@pytest.mark.parametrize("adapter", sorted(KEYS))
def test_a_refund_may_be_smaller_than_a_payment_and_what_is_left_larger(adapter):
    assert sent(adapter, operation="refund", payment_id="p", amount=Money(1), available=Money(10_000_300)) == 1


@pytest.mark.parametrize(("adapter", "arguments"), NOT_PORTABLE)
def test_what_another_adapter_refuses_is_refused_where_calls_are_to_be_portable(adapter, arguments):
    assert sent(adapter, **{**CREATE, **arguments}) == 1
    with pytest.raises(InvalidInput) as caught:
        sent(adapter, portable=True, **{**CREATE, **arguments})
    assert caught.value.field in arguments
    assert sent(adapter, portable=True, **CREATE) == 1


def test_every_built_in_adapter_is_within_what_is_portable():
    assert {"govuk_pay", "stripe"} == set(BUILT_IN) == set(KEYS)
    assert PORTABLE == PORTABLE & GovUkPay.limits == PORTABLE & Stripe.limits
    assert Stripe.limits & GovUkPay.limits == PORTABLE


def test_portable_is_set_for_each_account():
    accounts = {"trade": {"api_key": "api_test_b"}, "wide": {"api_key": "api_test_c", "portable": False}}
    settings = Settings(pay={"api_key": "api_test_a", "portable": True, "accounts": accounts})
    gov = GovComponents.from_settings(settings, transport=ScriptedTransport())
    assert gov.pay.limits == gov.account("trade").pay.limits == GovUkPay.limits & PORTABLE
    assert (
        gov.account("wide").pay.limits == GovUkPay.limits == GovUkPay(Secret("k"), Runtime(ScriptedTransport())).limits
    )
    assert not Settings(pay={"api_key": "api_test_a"}).pay.portable


def test_an_adapter_without_limits_of_its_own_takes_any():
    class Nothing(PayPort):
        provider = "Nothing"

    class Short(Nothing):
        limits = PayLimits(reference=3, amounts={"EUR": AmountLimits(most=9)}, only_these_currencies=True)

    assert PayService(Nothing(), Runtime(ScriptedTransport())).limits == PayLimits()
    assert PayLimits().of("EUR") == AmountLimits()
    assert (Short.limits & PayLimits()) == (PayLimits() & Short.limits) == Short.limits
    assert (Short.limits & GovUkPay.limits).amounts == {}
    assert (Short.limits & Stripe.limits).of("GBP") is None
    assert (Short.limits & Stripe.limits).of("EUR") == AmountLimits(most=9)


@pytest.mark.parametrize("name", [one.name for one in fields(PayLimits)])
def test_both_limits_of_a_pair_are_kept(name):
    some = {one.name: getattr(GovUkPay.limits & Stripe.limits, one.name) for one in fields(PayLimits)}
    assert some[name] != getattr(PayLimits(), name)
    limits = PayLimits(**{name: some[name]})
    assert limits & PayLimits() == PayLimits() & limits == limits
