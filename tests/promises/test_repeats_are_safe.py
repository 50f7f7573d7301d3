"""What is documented as safe to repeat is: after any fault the same call again acts once, with every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from govcomponents import AsyncGovComponents, GovComponents, Money, errors
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser

from .enumeration import faults_of
from .writes import EMAIL, RETURN, SMS, VALUES, Gov, Ready, Write, capture, charge_agreement, done, found


async def create_with_a_key(gov: Gov) -> Ready:
    async def count() -> int:
        return len([one for one in await found(gov.pay.search()) if one.reference == "R-2"])

    return Ready(lambda: gov.pay.create(Money(3000), "R-2", "d", RETURN, idempotency_key="one"), count)


def _refund(**key: str) -> Callable[[Gov], Awaitable[Ready]]:
    async def refund(gov: Gov) -> Ready:
        payment = await done(gov.pay.create(Money(3000), "R-1", "Renew a licence", RETURN))
        payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.next_url.reveal())

        async def count() -> int:
            return len(await done(gov.pay.list_refunds(payment.id)))

        return Ready(lambda: gov.pay.refund(payment.id, Money(1000), available=Money(3000), **key), count)

    return refund


def _once(name: str, to: str, template: str) -> Callable[[Gov], Awaitable[Ready]]:
    async def send(gov: Gov) -> Ready:
        async def count() -> int:
            return len(await found(gov.notify.search(reference="M-1")))

        return Ready(lambda: getattr(gov.notify, name)(to, template, VALUES, "M-1", once=True), count)

    return send


REPEATED = {
    "pay-capture": Write("pay", "pay.capture", capture),
    "pay-charge_agreement": Write("pay", "pay.create", charge_agreement),
    "pay-refund-of-what-was-left": Write("pay", "pay.refund", _refund()),
    "stripe-create": Write("stripe", "*", create_with_a_key),
    "stripe-capture": Write("stripe", "*", capture),
    "stripe-refund": Write("stripe", "*", _refund(idempotency_key="one")),
    "notify-send_email-once": Write("notify", "notify.send_email", _once("send_email", "sam@example.com", EMAIL)),
    "notify-send_sms-once": Write("notify", "notify.send_sms", _once("send_sms", "07700900001", SMS)),
}


async def _effects(write: Write, faults: tuple[str, ...], *, in_asyncio: bool) -> int:
    gov = (AsyncGovComponents if in_asyncio else GovComponents).sandbox(write.world)
    ready = await write.ready(gov)
    before = await ready.effects()
    for fault in faults:
        gov.simulator.faults.arm(write.provider, fault, operation=write.operation, times=1)
    for _ in range(4):
        try:
            await done(ready.act())
        except errors.Conflict:  # the provider's guard: what was believed to be left to refund no longer is
            break
        except errors.GovComponentsError:
            gov.simulator.faults.clear()
    return await ready.effects() - before


@pytest.mark.parametrize("in_asyncio", [False, True], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("name", REPEATED)
def test_the_same_call_again_acts_once(name: str, in_asyncio: bool) -> None:
    write = REPEATED[name]
    kinds = faults_of(write)
    tried = [(), *((kind,) for kind in kinds), *((kind,) * 3 for kind in kinds)]
    found = [(faults, asyncio.run(_effects(write, faults, in_asyncio=in_asyncio))) for faults in tried]
    assert [(faults, effects) for faults, effects in found if effects != 1] == []
