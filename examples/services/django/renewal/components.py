"""Where this service meets the government components: payment, receipt, refund. What they report is in handlers.py."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from govcomponents import Money
from govcomponents.integrations.django import gov
from govcomponents.pay import PayCapability, Payment, PaymentId
from renewal.models import Renewal

FEE = Money.gbp("145.00")
# Whoever is still making the payment then gives nobody its page, so that nobody can pay it.
GIVEN_UP_AFTER = timedelta(seconds=10)
RECEIPT = {"en": "5ab1ec0d-0000-4000-8000-000000000101", "cy": "5ab1ec0d-0000-4000-8000-000000000105"}


def pay(renewal: Renewal, return_url: str, language: Literal["en", "cy"]) -> Payment | None:
    """Make the payment of an attempt. If this process dies meanwhile, a handler hears of it.

    None if it took so long that the attempt was given up.
    """
    reference, words = renewal.payment_reference, {"en": "Renew a licence", "cy": "Adnewyddu trwydded"}
    pages = language if PayCapability.WELSH in gov.components.pay.capabilities else "en"  # not every provider has them
    payment = gov.later.pay.create(FEE, reference, words[language], return_url, language=pages)
    return payment if renewal.keep_payment(payment.id) else None


def ask(renewal: Renewal) -> Payment | None:
    """Ask how the payment of a renewal stands, and keep it.

    None if its making came to no end here, and the provider does not know it (yet): then they may try again.
    """
    payment_id = renewal.payment_id or look_up(renewal)
    payment = gov.components.pay.get(PaymentId(payment_id)) if payment_id else None
    with transaction.atomic():
        if payment is not None:
            renewal.keep_payment(payment.id)
            settle(payment)
        elif renewal.started_at and timezone.now() - renewal.started_at > GIVEN_UP_AFTER:
            renewal.let_try_again()
    return payment


def look_up(renewal: Renewal) -> str | None:
    """Look for the payment of an attempt by its reference."""
    return next((one.id for one in gov.components.pay.search(reference=renewal.payment_reference)), None)


def settle(payment: Payment) -> None:
    """Keep how a payment stands, in a transaction. A paid one is kept once, and its receipt goes into the same."""
    renewal = Renewal.of_payment(payment.reference)
    if renewal is None:
        return
    if payment.is_paid and renewal.mark_paid():
        gov.later.notify.send_email(
            renewal.email,
            RECEIPT[renewal.language],
            {"name": renewal.name, "amount": FEE, "reference": renewal.reference, "refund": False},
            reference=f"{renewal.reference}-receipt",
            on=connection,
        )
        transaction.on_commit(nudge)
    elif payment.is_finished and not payment.is_paid:
        renewal.let_try_again()


def refund(renewal: Renewal) -> bool:
    """Refund a renewal, once; False if it is not paid, or refunded already."""
    payment = gov.components.pay.get(PaymentId(renewal.payment_id))
    with transaction.atomic():
        is_given_back = payment.refundable is not None and payment.refundable.status == "full"  # by hand, in its pages
        if not renewal.mark_refunded() or is_given_back:
            return False
        amount = payment.refundable_amount()
        reference = f"{renewal.reference}-refund-{secrets.token_hex(4)}"  # new: one may be given up
        gov.later.pay.refund(payment.id, amount, available=amount, reference=reference, on=connection)
        transaction.on_commit(nudge)
    return True


def nudge() -> None:
    """Tell Django's tasks that there is something to do, where they are the clock."""
    if settings.HAS_TASKS:
        from govcomponents.integrations.clocks import django_clock  # needs tasks

        django_clock()()
