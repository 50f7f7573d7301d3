"""The calls that are made later, for blocking callers: the methods of `gov.notify` and `gov.pay`, by their names.

Generated from async_later.py by `make format`: edit that file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from govcomponents.core.driver import drive
from govcomponents.durable.outbox.enqueue import Queue
from govcomponents.durable.outbox.order import Order
from govcomponents.frames import shield

if TYPE_CHECKING:
    from typing import Literal

    from govcomponents.durable.outbox.capturing import NotifyCalls, PayCalls
    from govcomponents.durable.outbox.enqueue import Ticket
    from govcomponents.durable.payments.recording import Recording
    from govcomponents.durable.storage.transactions import Transaction
    from govcomponents.money import Money
    from govcomponents.notify.inputs import Recipient
    from govcomponents.notify.policy import TemplateLike
    from govcomponents.notify.templates.personalisation import Personalisation
    from govcomponents.pay.ids import AgreementId, PaymentId
    from govcomponents.pay.inputs import AgreementPaymentType, CardholderDetails
    from govcomponents.pay.models import Payment


@shield
class LaterNotify:
    """Messages to be sent later, for blocking callers.

    Every method has the arguments of its twin on `gov.notify`, checked in the same way and at once, and:

    `reference` is required, and unique for the operation and the account: used again with the same content it gives the
    same ticket; with another content, or where that of the first was erased, it raises ReferenceReused. It must hold no
    personal data. `on` is the caller's own transaction, with which the call is committed or rolled back; without it, it
    is committed at once. `send_at` is when it is due, `give_up_after` how long after that it is still tried, `journey`
    what it belongs to.

    Raises InvalidInput, NotSupported or ConfigurationError; nothing is put down then.
    """

    def __init__(self, notify: NotifyCalls, queue: Queue, provider: str) -> None:
        self._notify = notify
        self._queue = queue
        self._provider = provider

    def send_email(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        *,
        reference: str,
        reply_to: str | None = None,
        one_click_unsubscribe_url: str | None = None,
        sanitise: Sequence[str] = (),
        extra: Mapping[str, object] | None = None,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Send one email from a template, later and once."""
        order = Order(
            "notify.send_email",
            reference=reference,
            on=on,
            give_up_after=give_up_after,
            send_at=send_at,
            journey=journey,
        )
        with order:
            drive(
                self._notify.send_email(
                    to,
                    template,
                    personalisation,
                    reference,
                    reply_to=reply_to,
                    one_click_unsubscribe_url=one_click_unsubscribe_url,
                    sanitise=sanitise,
                    extra=extra,
                )
            )
        return drive(self._queue.add(order, self._provider))

    def send_sms(
        self,
        to: Recipient,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        *,
        reference: str,
        sender: str | None = None,
        extra: Mapping[str, object] | None = None,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Send one text message from a template, later and once."""
        order = Order(
            "notify.send_sms", reference=reference, on=on, give_up_after=give_up_after, send_at=send_at, journey=journey
        )
        with order:
            drive(self._notify.send_sms(to, template, personalisation, reference, sender=sender, extra=extra))
        return drive(self._queue.add(order, self._provider))

    def send_letter(
        self,
        address: Sequence[str] | str,
        template: TemplateLike,
        personalisation: Personalisation | None = None,
        *,
        reference: str,
        extra: Mapping[str, object] | None = None,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Send one letter from a template, later and once."""
        order = Order(
            "notify.send_letter",
            reference=reference,
            on=on,
            give_up_after=give_up_after,
            send_at=send_at,
            journey=journey,
        )
        with order:
            drive(self._notify.send_letter(address, template, personalisation, reference, extra=extra))
        return drive(self._queue.add(order, self._provider))


@shield
class LaterPay:
    """Payments' refunds, captures and cancellations to be made later, for blocking callers.

    Every method has the arguments of its twin on `gov.pay`, checked in the same way and at once, and those that
    `later.notify` adds. `create` alone is made at once, with a record around it: its person waits for the page.
    """

    def __init__(self, pay: PayCalls, queue: Queue, provider: str, recording: Recording) -> None:
        self._pay = pay
        self._recording = recording
        self._queue = queue
        self._provider = provider

    def create(
        self,
        amount: Money,
        reference: str,
        description: str,
        return_url: str,
        *,
        email: str | None = None,
        language: Literal["en", "cy"] = "en",
        delayed_capture: bool = False,
        metadata: Mapping[str, str | int | float | bool] | None = None,
        prefilled: CardholderDetails | None = None,
        moto: bool = False,
        set_up_agreement: AgreementId | None = None,
        agreement_payment_type: AgreementPaymentType | None = None,
        extra: Mapping[str, object] | None = None,
        once: bool = False,
        journey: str | None = None,
    ) -> Payment:
        """Create a payment now, with a record around it: its person waits for the page to pay on.

        That it is about to be made is committed first, in a transaction of its own; then it is made; then its id is
        committed. If the process dies in between, or the answer is lost, `run_due` finds the payment by its reference
        and tells the handlers of `PaymentFound`. Raises what `gov.pay.create` raises, and Unavailable, with nothing
        sent, if it cannot be recorded.

        With `once`, a reference has one payment that is paid or may yet be: it is returned, and no second is made,
        whoever asks at the same time. Raises OutcomeUnknown as well while one is being made elsewhere, and if the
        one that was made could not be recorded; ReferenceReused if the one that is there has another amount.
        """
        pay = self._recording(journey, once=once)
        return drive(
            pay.create(
                amount,
                reference,
                description,
                return_url,
                email=email,
                language=language,
                delayed_capture=delayed_capture,
                metadata=metadata,
                prefilled=prefilled,
                moto=moto,
                set_up_agreement=set_up_agreement,
                agreement_payment_type=agreement_payment_type,
                extra=extra,
            )
        )

    def refund(
        self,
        payment_id: PaymentId,
        amount: Money,
        *,
        available: Money,
        reference: str,
        extra: Mapping[str, object] | None = None,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Refund a part or all of a payment, later and once.

        If what is left to refund is no longer `available` when its turn comes, it is refused, and nothing is refunded.
        """
        order = Order(
            "pay.refund", reference=reference, on=on, give_up_after=give_up_after, send_at=send_at, journey=journey
        )
        with order:
            drive(self._pay.refund(payment_id, amount, available=available, extra=extra))
        return drive(self._queue.add(order, self._provider))

    def capture(
        self,
        payment_id: PaymentId,
        *,
        reference: str,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Take the money of a payment made with `delayed_capture`, later and once."""
        order = Order(
            "pay.capture", reference=reference, on=on, give_up_after=give_up_after, send_at=send_at, journey=journey
        )
        with order:
            drive(self._pay.capture(payment_id))
        return drive(self._queue.add(order, self._provider))

    def cancel(
        self,
        payment_id: PaymentId,
        *,
        reference: str,
        on: Transaction | None = None,
        give_up_after: timedelta | None = None,
        send_at: datetime | None = None,
        journey: str | None = None,
    ) -> Ticket:
        """Cancel an unfinished payment, later."""
        order = Order(
            "pay.cancel", reference=reference, on=on, give_up_after=give_up_after, send_at=send_at, journey=journey
        )
        with order:
            drive(self._pay.cancel(payment_id))
        return drive(self._queue.add(order, self._provider))
