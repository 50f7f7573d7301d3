"""Setting up the adapter: keys, and what it declares."""

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money
from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.scripted import ScriptedTransport
from govcomponents.errors import (
    ConfigurationError,
    NotSupported,
)
from govcomponents.pay.adapters.stripe.adapter import Stripe
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.states import PaymentStatus
from govcomponents.settings import PaySettings, Settings

from .context import KEY, NOW, world


def from_settings(**settings):
    return Stripe.from_settings(PaySettings(**settings), Runtime(ScriptedTransport()))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "is not set"),
        ({"api_key": "sk_test_a b"}, "not a whole Stripe API key"),
        ({"api_key": "sk_test_a\n"}, "white space"),
        ({"api_key": "pk_test_a"}, "publishable"),
        ({"api_key": KEY, "base_url": "http://stripe.example.com"}, "must be https"),
        ({"api_key": KEY, "acount": "acct_1"}, "no such setting"),
    ],
)
def test_a_wrong_setup_is_refused(settings, told):
    with pytest.raises(ConfigurationError, match=told) as caught:
        from_settings(**settings)
    assert caught.value.fix
    assert "sk_" not in caught.value.happened


@pytest.mark.parametrize(("key", "live"), [("sk_live_a", True), ("rk_live_a", True), ("rk_test_a", False)])
def test_the_key_says_whether_the_money_is_real(key, live):
    assert from_settings(api_key=key).is_live is live
    assert from_settings(api_key=key).is_test is not live


def test_it_is_found_by_its_name():
    settings = Settings(environment="test", pay={"adapter": "stripe", "api_key": KEY})
    with GovComponents.from_settings(settings) as gov:
        assert gov.pay._port.provider == "Stripe"


def test_what_it_cannot_do_it_does_not_declare():
    declared = Stripe.capabilities
    assert declared == frozenset(PayCapability) - {
        PayCapability.CONFIRM,
        PayCapability.LIST_EVENTS,
        PayCapability.AGREEMENTS,
        PayCapability.SEARCH_AGREEMENTS,
        PayCapability.TELEPHONE,
        PayCapability.MOTO,
        PayCapability.WELSH,
        PayCapability.PREFILLED_DETAILS,
    }


def test_a_language_that_stripe_has_not_is_refused_unsent(desk):
    with pytest.raises(NotSupported):
        desk.new(language="cy")
    assert desk.stripe.sessions() == []


def test_the_sandbox_gives_pay_by_stripe_where_its_world_has_only_that():
    with GovComponents.sandbox(world(), now=NOW) as gov:
        payment = gov.pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
        assert payment.id.startswith("cs_test_")
        assert gov.simulator.stripe.sessions()[0].id == payment.id


async def _asyncio_side():
    async with AsyncGovComponents.sandbox(world(), now=NOW) as gov:
        payment = await gov.pay.create(Money(4250), "R-1", "Permit", "https://permits.example.gov.uk/return")
        await gov.pay.cancel(payment.id)
        return [found.status async for found in gov.pay.search(reference="R-1")]


def test_asyncio_callers_have_the_same():
    import asyncio

    with asyncio.Runner() as runner:
        assert runner.run(_asyncio_side()) == [PaymentStatus.CANCELLED]
