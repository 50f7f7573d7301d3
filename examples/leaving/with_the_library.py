"""A payment and its receipt, with govcomponents: what a service has before it leaves."""

from __future__ import annotations

from collections.abc import Mapping

from govcomponents import GovComponents, Money, OutcomeUnknown
from govcomponents.pay import PaymentChanged, PaymentId

gov = GovComponents.from_settings(require=["pay", "notify"])


def begin(reference: str, pounds: str, back: str) -> tuple[str, str]:
    """Begin a payment: its id, and the page to send the person to."""
    try:
        payment = gov.pay.create(Money.gbp(pounds), reference, "Renew a licence", back)
    except OutcomeUnknown:
        found = next(gov.pay.search(reference=reference), None)
        if found is None:
            raise
        payment = gov.pay.get(found.id)
    return payment.id, payment.redirect_url()


def is_paid(payment_id: str) -> bool:
    """Whether the person has paid."""
    return gov.pay.get(PaymentId(payment_id)).is_paid


def paid_now(body: bytes, headers: Mapping[str, str]) -> str | None:
    """The id of the payment that a webhook tells of, if it is paid. Raises if it is not proved."""
    event = gov.pay.parse_callback(body, headers)
    if not isinstance(event, PaymentChanged) or event.payment_id is None:
        return None
    return event.payment_id if is_paid(event.payment_id) else None


def send_receipt(to: str, template: str, values: Mapping[str, str], reference: str) -> str:
    """Send a receipt, once: the message's id."""
    return gov.notify.send_email(to, template, values, reference, once=True).id
