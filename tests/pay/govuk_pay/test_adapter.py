"""How the adapter is built, what it declares, and that both service objects are one."""

import asyncio
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.ports.port import Port
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import CallbackRefused, ConfigurationError, CredentialsRefused, InvalidInput, NotSupported
from govcomponents.money import Money
from govcomponents.pay import inputs
from govcomponents.pay.adapters import BUILT_IN
from govcomponents.pay.adapters.govuk_pay.adapter import GovUkPay
from govcomponents.pay.async_service import AsyncPayService
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.mop_up import Unfinished
from govcomponents.pay.port import PayPort
from govcomponents.pay.service import PayService
from govcomponents.privacy import Secret
from govcomponents.settings import PaySettings

from .calls import CALLS, ID, answer, pay_on


def build(**settings):
    return GovUkPay.from_settings(
        PaySettings(**{"api_key": "api_test_key", **settings}),
        Runtime(ScriptedTransport()),
    )


def public(kind):
    return {name: member for name, member in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def test_the_adapter_is_found_by_its_name():
    assert BUILT_IN["govuk_pay"] == "govcomponents.pay.adapters.govuk_pay.adapter:GovUkPay"


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": None},
        {"api_key": ""},
        {"api_key": "api_test_a b"},
        {"api_key": "api_test_a\n"},
        {"api_key": "api_test_é"},
        {"api_key": "sk_test_a"},
        {"api_key": "api_test_"},
        {"base_url": "http://publicapi.example"},
        {"base_url": "nowhere"},
        {"colour": "green"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_and_never_shown(settings):
    with pytest.raises(ConfigurationError) as caught:
        build(**settings)
    assert caught.value.fix
    assert "api_test_a" not in str(caught.value)


def test_the_key_says_whether_the_money_is_real():
    assert build(api_key="api_live_key").is_live
    assert not build().is_live


def test_everything_but_keys_for_new_payments_is_declared():
    assert set(PayCapability) - GovUkPay.capabilities == {PayCapability.IDEMPOTENCY_KEYS, PayCapability.CONFIRM}


def test_every_operation_of_the_port_is_refused_where_an_adapter_has_none():
    class Nothing(PayPort):
        provider = "Nothing"

    port = Nothing()
    operations = {name: member for name, member in public(PayPort).items() if name not in public(Port)}
    assert len(operations) == 20
    for operation, member in operations.items():
        arguments = [None] * (len(inspect.signature(member).parameters) - 1)

        async def ask(operation=operation, arguments=arguments):
            return await getattr(port, operation)(*arguments)

        with pytest.raises(NotSupported) as caught:
            asyncio.run(ask())
        asked = "get" if operation == "complete" else operation  # without confirming, to complete is to get
        assert caught.value.operation == f"pay.{asked}"
    with pytest.raises(NotSupported):
        PayService(port, Runtime(ScriptedTransport([]))).mop_up([], print)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (inputs.BillingAddress, {"country": "gb"}),
        (inputs.BillingAddress, {"postcode": "\ud800"}),
        (inputs.CardholderDetails, {"name": 7}),
    ],
    ids=str,
)
def test_details_given_beforehand_keep_to_their_form(model, fields):
    with pytest.raises(InvalidInput) as caught:
        model(**fields)
    assert caught.value.field == next(iter(fields))
    assert caught.value.operation == model.__name__


def test_what_the_caller_does_to_a_mapping_later_changes_nothing():
    metadata = {"a": 1}
    new = inputs.NewPayment(
        amount=Money(1), reference="R", description="x", return_url="https://a.example/", metadata=dict(metadata)
    )
    metadata["a"] = 2
    assert new.metadata == {"a": 1}


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(401, None, "CredentialsRefused"), (403, "P0941", "PermissionRefused"), (429, "P0900", "RateLimited")],
)
def test_mopping_up_stops_where_no_further_call_can_succeed(status, code, reason):
    pay, wire = pay_on(answer(status, {"code": code}), clock=lambda: 1e9)
    old = datetime(2000, 1, 1, tzinfo=UTC)
    report = pay.mop_up([Unfinished(ID, old), Unfinished("other", old)], print)
    assert report.stopped == reason
    assert len(wire.sent) == 1
    assert f"stopped by {reason}" in str(report)


def test_mopping_up_goes_on_after_a_payment_that_is_not_there():
    pay, wire = pay_on(*[answer(404, {"code": "P0200"})] * 2, clock=lambda: 1e9)
    old = datetime(2000, 1, 1, tzinfo=UTC)
    report = pay.mop_up([Unfinished(ID, old), Unfinished("other", old)], print)
    assert report.failed == ((ID, "NotFound"), ("other", "NotFound"))
    assert report.stopped is None
    assert len(wire.sent) == 2


@pytest.mark.parametrize(("age", "asked"), [(89 * 60 + 59, 0), (90 * 60, 1), (90 * 60 + 1, 1)])
def test_mopping_up_asks_about_payments_as_old_as_it_was_told_or_older(age, asked):
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    pay, wire = pay_on(answer(404, {"code": "P0200"}), clock=now.timestamp)
    made = now - timedelta(seconds=age)
    report = pay.mop_up([Unfinished(ID, made)], print, older_than=timedelta(minutes=90))
    assert len(wire.sent) == asked
    assert report.too_recent == (() if asked else (ID,))


def test_mopping_up_needs_times_with_a_zone():
    pay, _ = pay_on(clock=lambda: 1e9)
    with pytest.raises(InvalidInput):
        pay.mop_up([Unfinished(ID, datetime(2000, 1, 1))], print)  # noqa: DTZ001  # without a zone on purpose


def test_mopping_up_takes_asynchronous_payments_and_handlers():
    body = {"payment_id": ID, "amount": 1, "reference": "R", "description": "x", "state": {"status": "success"}}
    wire = ScriptedTransport([answer(200, body)])
    runtime = Runtime(wire, clock=lambda: 1e9)
    pay = AsyncPayService(GovUkPay(Secret("api_test_key"), runtime), runtime)
    handed = []

    async def unfinished():
        yield Unfinished(ID, datetime(2000, 1, 1, tzinfo=UTC))

    async def on_change(change):
        await asyncio.sleep(0)
        handed.append(change.payment.id)

    report = asyncio.run(pay.mop_up(unfinished(), on_change))
    assert (handed, report.changed) == ([ID], (ID,))
    assert str(report) == "1 changed, 0 known already, 0 unchanged, 0 too recent, 0 failed"


def test_a_refused_key_is_named_as_such_everywhere():
    for name, call in CALLS.items():
        with pytest.raises(CredentialsRefused) as caught:
            call(pay_on(answer(401, b"Credentials are required to access this resource."))[0])
        assert caught.value.fix, name


def test_searches_are_iterators():
    assert isinstance(pay_on()[0].search(), Iterator)


def test_webhooks_need_a_secret():
    pay, _ = pay_on()
    with pytest.raises(CallbackRefused) as caught:
        pay.parse_callback(b"{}", {"Pay-Signature": "x"})
    assert "WEBHOOK_SECRETS" in caught.value.fix
