"""Every write of every adapter that the sandbox stands in for, with the way to count what it did."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from govcomponents import AsyncGovComponents, GovComponents, Money
from govcomponents.sandbox import payer
from govcomponents.sandbox.browser import FormBrowser
from govcomponents.sandbox.world import default_world

Gov = GovComponents | AsyncGovComponents
RETURN = "https://service.example.gov.uk/return"
EMAIL = "5ab1ec0d-0000-4000-8000-000000000101"
SMS = "5ab1ec0d-0000-4000-8000-000000000102"
LETTER = "5ab1ec0d-0000-4000-8000-000000000103"
VALUES = {"name": "Sam", "reference": "R-1", "amount": "£30.00", "refund": "no"}
PDF = b"%PDF-1.4\n"
_DEFAULT_WORLD = default_world()
ADDRESS = ["Sam Example", "1 High Street", "Anytown", "SW1A 1AA"]


@dataclass
class Ready:
    """One write that is ready to be made: `act` makes it, `effects` counts what such writes did so far."""

    act: Callable[[], Any]
    effects: Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Write:
    """A write: its provider and operation as faults call them, and how to get ready for it."""

    provider: str
    operation: str
    ready: Callable[[Gov], Awaitable[Ready]]

    @property
    def world(self) -> dict[str, Any]:
        """A world with that provider and no other: the whole default world takes four times as long to make."""
        if self.provider == "stripe":
            return {"stripe": {"secret_key": "sk_test_promises0key0of0the0tests"}}
        return {self.provider: _DEFAULT_WORLD[self.provider]}

    def __str__(self) -> str:
        return f"{self.provider}-{self.ready.__name__}"


async def done(value: Any) -> Any:
    """What a call gave, whether it was awaited or not."""
    return await value if inspect.isawaitable(value) else value


async def found(items: Any) -> list[Any]:
    """All items of a search, of either kind of caller."""
    return [item async for item in items] if hasattr(items, "__aiter__") else list(items)


async def _payment(gov: Gov, **changed: Any) -> Any:
    return await done(gov.pay.create(Money(3000), "R-1", "Renew a licence", RETURN, **changed))


async def _paid(gov: Gov, **changed: Any) -> Any:
    payment = await _payment(gov, **changed)
    payer.pay_by_card(FormBrowser(gov.simulator.visit), payment.next_url.reveal())
    return payment


def _payments(gov: Gov, reference: str) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len([one for one in await found(gov.pay.search()) if one.reference == reference])

    return count


def _whether(gov: Gov, payment: Any, is_so: Callable[[Any], bool]) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return int(is_so(await done(gov.pay.get(payment.id))))

    return count


async def create(gov: Gov) -> Ready:
    return Ready(lambda: gov.pay.create(Money(3000), "R-2", "d", RETURN), _payments(gov, "R-2"))


async def capture(gov: Gov) -> Ready:
    payment = await _paid(gov, delayed_capture=True)
    return Ready(lambda: gov.pay.capture(payment.id), _whether(gov, payment, lambda one: one.status != "capturable"))


async def cancel(gov: Gov) -> Ready:
    payment = await _payment(gov)
    return Ready(lambda: gov.pay.cancel(payment.id), _whether(gov, payment, lambda one: one.is_finished))


async def cancel_authorised(gov: Gov) -> Ready:
    payment = await _paid(gov, delayed_capture=True)
    return Ready(lambda: gov.pay.cancel(payment.id), _whether(gov, payment, lambda one: one.is_finished))


async def refund(gov: Gov) -> Ready:
    payment = await _paid(gov)

    async def count() -> int:
        return len(await done(gov.pay.list_refunds(payment.id)))

    return Ready(lambda: gov.pay.refund(payment.id, Money(1000), available=Money(3000)), count)


async def create_by_telephone(gov: Gov) -> Ready:
    return Ready(lambda: gov.pay.create_by_telephone(Money(3000), "R-3", "d"), _payments(gov, "R-3"))


async def authorise(gov: Gov) -> Ready:
    payment = await done(gov.pay.create_by_telephone(Money(3000), "R-3", "d"))
    card = {"card_number": payer.GOOD_CARD, "cvc": "123", "expiry": "12/39", "cardholder_name": "Sam Example"}
    return Ready(
        lambda: gov.pay.authorise(payment.one_time_token, **card),
        _whether(gov, payment, lambda one: one.status != "created"),
    )


def _agreements(gov: Gov, is_so: Callable[[Any], bool]) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len([one for one in await found(gov.pay.search_agreements()) if is_so(one)])

    return count


async def _active_agreement(gov: Gov) -> Any:
    agreement = await done(gov.pay.create_agreement("A-1", "Monthly"))
    await _paid(gov, set_up_agreement=agreement.id)
    return agreement


async def create_agreement(gov: Gov) -> Ready:
    return Ready(lambda: gov.pay.create_agreement("A-2", "Monthly"), _agreements(gov, lambda one: True))


async def cancel_agreement(gov: Gov) -> Ready:
    agreement = await _active_agreement(gov)
    return Ready(
        lambda: gov.pay.cancel_agreement(agreement.id), _agreements(gov, lambda one: one.status == "cancelled")
    )


async def charge_agreement(gov: Gov) -> Ready:
    agreement = await _active_agreement(gov)
    return Ready(
        lambda: gov.pay.charge_agreement(agreement.id, Money(500), "R-4", "Instalment 1", idempotency_key="one"),
        _payments(gov, "R-4"),
    )


def _messages(gov: Gov) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(await found(gov.notify.search(reference="M-1")))

    return count


async def send_email(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_email("sam@example.com", EMAIL, VALUES, "M-1"), _messages(gov))


async def send_sms(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_sms("07700900001", SMS, VALUES, "M-1"), _messages(gov))


async def send_letter(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_letter(ADDRESS, LETTER, VALUES, "M-1"), _messages(gov))


async def send_precompiled_letter(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_precompiled_letter(PDF, "M-1"), _messages(gov))


async def send_email_once(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_email("sam@example.com", EMAIL, VALUES, "M-1", once=True), _messages(gov))


async def send_sms_once(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_sms("07700900001", SMS, VALUES, "M-1", once=True), _messages(gov))


async def send_letter_once(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_letter(ADDRESS, LETTER, VALUES, "M-1", once=True), _messages(gov))


async def send_precompiled_letter_once(gov: Gov) -> Ready:
    return Ready(lambda: gov.notify.send_precompiled_letter(PDF, "M-1", once=True), _messages(gov))


WRITES = [
    Write("pay", "pay.create", create),
    Write("pay", "pay.capture", capture),
    Write("pay", "pay.cancel", cancel),
    Write("pay", "pay.refund", refund),
    Write("pay", "pay.create", create_by_telephone),
    Write("pay", "pay.authorise", authorise),
    Write("pay", "pay.create_agreement", create_agreement),
    Write("pay", "pay.cancel_agreement", cancel_agreement),
    Write("pay", "pay.create", charge_agreement),
    Write("notify", "notify.send_email", send_email),
    Write("notify", "notify.send_sms", send_sms),
    Write("notify", "notify.send_letter", send_letter),
    Write("notify", "notify.send_letter", send_precompiled_letter),
    Write("stripe", "*", create),
    Write("stripe", "*", capture),
    Write("stripe", "*", cancel),
    Write("stripe", "*", cancel_authorised),
    Write("stripe", "*", refund),
]

OF_SEVERAL_STEPS = [
    *(write for write in WRITES if write.provider == "stripe"),
    *(
        Write("notify", "*", send)
        for send in (send_email_once, send_sms_once, send_letter_once, send_precompiled_letter_once)
    ),
]
"""The writes that take more than one request: what fails may be the one before or after that which acts."""
