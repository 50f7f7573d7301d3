"""Where this service meets the government components: sign-in, payment, receipt, refund. All of the glue is here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govcomponents import AsyncGovComponents, Money
from govcomponents.durable import AsyncDurable, GaveUp, PaymentFound
from govcomponents.identity import Confidence, Identity
from govcomponents.integrations.fastapi import FastAPIGov
from govcomponents.pay import PayCapability, Payment, PaymentChanged, PaymentId
from govcomponents.web import Person
from renewal import records
from renewal.records import Renewal

FEE = Money.gbp("145.00")
# Seconds. Whoever is still making the payment then gives nobody its page, so that nobody can pay it.
GIVEN_UP_AFTER = 10.0
RECEIPT = {"en": "5ab1ec0d-0000-4000-8000-000000000101", "cy": "5ab1ec0d-0000-4000-8000-000000000105"}


class Components:
    """The government components of this service, and what it does when they report."""

    def __init__(
        self,
        secret_key: str,
        engine: AsyncEngine,
        gov: AsyncGovComponents | None,
        data_keys: Sequence[str],
        *,
        works: bool,
    ) -> None:
        self.engine = engine
        self.gov = gov or AsyncGovComponents.from_settings(require=("pay", "notify", "identity"))
        self.later = AsyncDurable(self.gov, engine, keys=data_keys)
        self.web = FastAPIGov(secret_key, later=self.later, works=works)
        self.web.signed_in(self.begin)
        self.later.when(PaymentChanged)(self.changed)
        self.later.when(PaymentFound)(self.found)
        self.later.when(GaveUp)(self.gave_up)

    async def begin(self, identity: Identity) -> None:
        """Begin the renewal of somebody who has just proved who they are, not of who has only signed in yet."""
        if identity.confidence < Confidence.MEDIUM:
            return
        name = identity.name.full.reveal().title() if identity.name else ""
        email = identity.email.reveal() if identity.email else ""
        with suppress(IntegrityError):
            async with self.engine.begin() as connection:
                await records.begin(connection, f"{identity.issuer} {identity.subject.reveal()}", name, email)

    async def pay(self, renewal: Renewal, return_url: str, language: Literal["en", "cy"]) -> Payment | None:
        """Make the payment of an attempt. If this process dies meanwhile, `found` hears of it.

        None if it took so long that the attempt was given up.
        """
        reference, words = renewal.payment_reference, {"en": "Renew a licence", "cy": "Adnewyddu trwydded"}
        pages = language if PayCapability.WELSH in self.gov.pay.capabilities else "en"  # not every provider has them
        payment = await self.later.pay.create(FEE, reference, words[language], return_url, language=pages)
        async with self.engine.begin() as connection:
            is_in_time = await records.keep_payment(connection, reference, payment.id)
        return payment if is_in_time else None

    async def ask(self, renewal: Renewal) -> Payment | None:
        """Ask how the payment of a renewal stands, and keep it.

        None if its making came to no end here, and the provider does not know it (yet): then they may try again.
        """
        payment_id = renewal.payment_id or await self.look_up(renewal)
        payment = await self.gov.pay.get(PaymentId(payment_id)) if payment_id else None
        async with self.engine.begin() as connection:
            if payment is not None:
                await records.keep_payment(connection, payment.reference, payment.id)
                await self.settle(payment, connection)
            elif time.time() - renewal.started_at > GIVEN_UP_AFTER:
                await records.let_try_again(connection, renewal)
        return payment

    async def look_up(self, renewal: Renewal) -> str | None:
        """Look for the payment of an attempt by its reference."""
        async for one in self.gov.pay.search(reference=renewal.payment_reference):
            return one.id
        return None

    async def changed(self, event: PaymentChanged, transaction: AsyncConnection) -> None:
        """A webhook says that a payment has changed; the event has it as it stands now."""
        if event.payment is not None:
            await self.settle(event.payment, transaction)

    async def found(self, event: PaymentFound, transaction: AsyncConnection) -> None:
        """A payment was made, and its making came to no end here."""
        if event.payment is not None:
            await records.keep_payment(transaction, event.reference, event.payment_id)
            await self.settle(event.payment, transaction)

    async def gave_up(self, event: GaveUp, transaction: AsyncConnection) -> None:
        """A receipt or a refund was refused, or tried for too long: caseworkers read of it on their page."""
        prefix, number, what = event.reference.split("-")[:3]
        reference = f"{prefix}-{number}"
        await records.keep_note(transaction, reference, f"{what.capitalize()} given up: {event.problem}"[:80])
        if what == "refund":
            await records.keep_unrefunded(transaction, reference)

    async def settle(self, payment: Payment, transaction: AsyncConnection) -> None:
        """Keep how a payment stands. A paid one is kept once, and its receipt goes into the same transaction."""
        renewal = await records.by_payment(transaction, payment.reference)
        if renewal is None:
            return
        if payment.is_paid and await records.mark_paid(transaction, renewal):
            await self.later.notify.send_email(
                renewal.email,
                RECEIPT[renewal.language],
                {"name": renewal.name, "amount": FEE, "reference": renewal.reference, "refund": False},
                reference=f"{renewal.reference}-receipt",
                on=transaction,
            )
        elif payment.is_finished and not payment.is_paid:
            await records.let_try_again(transaction, renewal)

    async def refund(self, renewal: Renewal) -> bool:
        """Refund a renewal, once; False if it is not paid, or refunded already."""
        payment = await self.gov.pay.get(PaymentId(renewal.payment_id or ""))
        async with self.engine.begin() as connection:
            is_given_back = (
                payment.refundable is not None and payment.refundable.status == "full"
            )  # by hand, in its pages
            if not await records.mark_refunded(connection, renewal) or is_given_back:
                return False
            amount = payment.refundable_amount()
            reference = f"{renewal.reference}-refund-{secrets.token_hex(4)}"  # new: one may be given up
            await self.later.pay.refund(payment.id, amount, available=amount, reference=reference, on=connection)
        return True


def owner_of(person: Person | None) -> str:
    """The person who is signed in, as records name them; an empty text if nobody is."""
    return f"{person.issuer} {person.subject.reveal()}" if person else ""
