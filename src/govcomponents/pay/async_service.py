"""The asyncio service object of payments: `gov.pay` of an `AsyncGovComponents`."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from govcomponents.core.callbacks import Headers, checked_callback
from govcomponents.core.inputs import (
    callback_parameters,
    checked_input,
    optional_member,
    personal,
)
from govcomponents.core.ports.answers import Between
from govcomponents.core.ports.service import Service
from govcomponents.errors import InvalidInput, WrongAnswer
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import (
    AgreementCharge,
    AgreementSearch,
    CardDetails,
    DisputeSearch,
    NewAgreement,
    NewPayment,
    NewRefund,
    NewTelephonePayment,
    OnAgreement,
    OnPayment,
    OnRefund,
    PaymentSearch,
    RefundSearch,
)
from govcomponents.pay.mop_up import mop_up
from govcomponents.pay.port import PayPort
from govcomponents.pay.states import AgreementStatus, DisputeStatus, PaymentStatus
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
    from datetime import date, datetime
    from typing import Literal

    from govcomponents.core.inputs import Input
    from govcomponents.money import Money
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.ids import AgreementId, PaymentId, RefundId
    from govcomponents.pay.inputs import AgreementPaymentType, CardholderDetails
    from govcomponents.pay.limits import PayLimits
    from govcomponents.pay.models import Agreement, Dispute, Payment, PaymentEvent, Refund
    from govcomponents.pay.mop_up import MopUpReport, OnChange, Unfinished
    from govcomponents.privacy import Secret


class AsyncPayService(Service[PayPort]):
    """Payments, for asyncio callers. Belongs to one event loop."""

    _without_limit = frozenset({"pay.mop_up"})

    @property
    def limits(self) -> PayLimits:
        """The provider's limits of amounts, texts and metadata. What is beyond one raises InvalidInput, unsent."""
        return self._port.limits

    async def create(
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
        idempotency_key: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Payment:
        """Create a payment that the person makes on the provider's pages: redirect to `next_url.reveal()`.

        `amount` is what the person pays. `reference` is the service's own, need not be unique, and ties the payment to
        its records; `description` is shown to the person. The person comes back to `return_url`, whatever became of
        the payment, and nothing is added to it: `get` the payment then. `email` and `prefilled` fill the page
        beforehand; `language` is that of the page. With `delayed_capture` the money is held until `capture`.
        `metadata` is kept with the payment. `moto` is for an agent who types the card in for a person on the
        telephone. `set_up_agreement` saves the card to an agreement, for charges of `agreement_payment_type`.
        With `idempotency_key` a payment is made at most once for each key, where the provider can do that; to repeat
        a call, pass the key that its error carries.
        `extra` puts the provider's own fields on the wire untouched; it is not portable.

        Raises InvalidInput for a wrong argument; CredentialsRefused, PermissionRefused or RequestRefused as the
        provider answers; RateLimited; OutcomeUnknown if the answer was lost: what it says to look up comes first.
        """
        self._port.require(Can.CREATE, operation="pay.create")
        with checked_input("pay.create", NewPayment):
            new = NewPayment(
                amount=amount,
                reference=reference,
                description=description,
                return_url=return_url,
                email=personal(email),
                language=language,
                delayed_capture=delayed_capture,
                metadata=metadata,
                prefilled=prefilled,
                moto=moto,
                set_up_agreement=set_up_agreement,
                agreement_payment_type=agreement_payment_type,
                idempotency_key=idempotency_key,
                extra=extra,
            )
        self._port.require(*new.needed, operation="pay.create")
        self._check_limits("pay.create", new)
        return await self._perform(
            "pay.create",
            self._port.create(new),
            amount=new.amount,
            reference=new.reference,
            agreement_id=new.set_up_agreement,
        )

    async def create_by_telephone(
        self,
        amount: Money,
        reference: str,
        description: str,
        *,
        email: str | None = None,
        language: Literal["en", "cy"] = "en",
        delayed_capture: bool = False,
        metadata: Mapping[str, str | int | float | bool] | None = None,
        prefilled: CardholderDetails | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Payment:
        """Create a payment whose card details the service sends itself, by `authorise` with its `one_time_token`.

        Only for a service that may handle card numbers (PCI DSS). The arguments are those of `create`.

        Raises InvalidInput for a wrong argument; CredentialsRefused, PermissionRefused or RequestRefused as the
        provider answers; RateLimited; OutcomeUnknown if the answer was lost: what it says to look up comes first.
        """
        self._port.require(Can.TELEPHONE, operation="pay.create_by_telephone")
        with checked_input("pay.create_by_telephone", NewTelephonePayment):
            new = NewTelephonePayment(
                amount=amount,
                reference=reference,
                description=description,
                email=personal(email),
                language=language,
                delayed_capture=delayed_capture,
                metadata=metadata,
                prefilled=prefilled,
                extra=extra,
            )
        self._port.require(*new.needed, operation="pay.create_by_telephone")
        self._check_limits("pay.create_by_telephone", new)
        return await self._perform(
            "pay.create_by_telephone", self._port.create_by_telephone(new), amount=new.amount, reference=new.reference
        )

    async def authorise(
        self,
        one_time_token: Secret | None,
        *,
        card_number: str,
        cvc: str,
        expiry: str,
        cardholder_name: str,
    ) -> None:
        """Send a card for a payment made by `create_by_telephone`; `expiry` is as "MM/YY". It is never sent twice.

        One try burns the token: a refused card fails the payment, so the number, the security code and the month are
        checked here first. Raises InvalidInput; CardDeclined; Conflict if the token was used already;
        OutcomeUnknown if it is not known what happened: `get` the payment before telling the person anything.
        """
        self._port.require(Can.TELEPHONE, operation="pay.authorise")
        if one_time_token is None:
            raise InvalidInput(
                field="one_time_token",
                problem="the payment has none",
                fix="pass `payment.one_time_token` of a payment made by `create_by_telephone`",
                operation="pay.authorise",
            )
        with checked_input("pay.authorise", CardDetails):
            card = CardDetails(
                one_time_token=one_time_token,
                card_number=Personal(card_number),
                cvc=Personal(cvc),
                expiry=Personal(expiry),
                cardholder_name=Personal(cardholder_name),
            )
        self._check_limits("pay.authorise", card)
        await self._perform("pay.authorise", self._port.authorise(card))

    async def charge_agreement(
        self,
        agreement_id: AgreementId,
        amount: Money,
        reference: str,
        description: str,
        *,
        idempotency_key: str | None = None,
        agreement_payment_type: AgreementPaymentType | None = None,
        metadata: Mapping[str, str | int | float | bool] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Payment:
        """Take a payment from a saved card, at most once for each `idempotency_key`. The person is not there.

        Pass a key that names this one charge, such as a reference and a month, so that a repeated run of a job
        charges once; without one a key is made for this call. The outcome comes later: `get` the payment, or wait for
        the webhook. After a failure look at `can_retry`. Every error carries the key as `idempotency_key`.

        Raises InvalidInput for a wrong argument; CredentialsRefused, PermissionRefused or RequestRefused as the
        provider answers; RateLimited; OutcomeUnknown if the answer was lost: what it says to look up comes first.
        """
        self._port.require(Can.AGREEMENTS, operation="pay.charge_agreement")
        with checked_input("pay.charge_agreement", AgreementCharge):
            charge = AgreementCharge(
                agreement_id=agreement_id,
                amount=amount,
                reference=reference,
                description=description,
                idempotency_key=secrets.token_hex(16) if idempotency_key is None else idempotency_key,
                agreement_payment_type=agreement_payment_type,
                metadata=metadata,
                extra=extra,
            )
        self._check_limits("pay.charge_agreement", charge)
        work = self._port.charge_agreement(charge)
        try:
            return await self._perform(
                "pay.charge_agreement",
                work,
                amount=charge.amount,
                reference=charge.reference,
                agreement_id=charge.agreement_id,
            )
        except WrongAnswer as error:
            error.idempotency_key = charge.idempotency_key
            raise

    async def get(self, payment_id: PaymentId) -> Payment:
        """Read a payment's present state: the one source to decide from.

        Each read of an unfinished payment gives a fresh `next_url`, which works once. Raises NotFound.
        """
        wanted = self._on_payment("pay.get", Can.GET, payment_id)
        return await self._perform("pay.get", self._port.get(wanted), id=payment_id)

    async def complete(self, payment_id: PaymentId, callback: Mapping[str, str] | str | None = None) -> Payment:
        """Read a payment whose person has come back to `return_url`, and take the money where that is still to be done.

        Some providers hold what the person approved until the service confirms it; this does so, once, and is the same
        as `get` for all others. `callback` is the URL at which the person came back, or its parameters: some
        providers add to it. Calling it twice is harmless. Raises NotFound; CardDeclined if the approved payment could
        not be taken; OutcomeUnknown if it is not known whether it was: call it again.
        """
        wanted = self._on_payment("pay.complete", Can.GET, payment_id)
        return await self._perform(
            "pay.complete", self._port.complete(wanted, callback_parameters(callback, "pay.complete")), id=payment_id
        )

    async def list_events(self, payment_id: PaymentId) -> tuple[PaymentEvent, ...]:
        """Read a payment's history, oldest first. It may hold refunds too: decide from `get`. Raises NotFound."""
        wanted = self._on_payment("pay.list_events", Can.LIST_EVENTS, payment_id)
        return await self._perform("pay.list_events", self._port.list_events(wanted), payment_id=payment_id)

    async def cancel(self, payment_id: PaymentId) -> None:
        """Cancel an unfinished payment, and release the money if it is held.

        Raises Conflict if it can no longer be cancelled, NotFound, or OutcomeUnknown: `get` it then.
        """
        wanted = self._on_payment("pay.cancel", Can.CANCEL, payment_id)
        await self._perform("pay.cancel", self._port.cancel(wanted))

    async def capture(self, payment_id: PaymentId) -> None:
        """Take the money of a payment made with `delayed_capture`, once the person has confirmed; always all of it.

        Repeating it is safe. Raises Conflict if it is not capturable, NotFound, or OutcomeUnknown: `get` it then.
        """
        wanted = self._on_payment("pay.capture", Can.DELAYED_CAPTURE, payment_id)
        await self._perform("pay.capture", self._port.capture(wanted))

    def search(
        self,
        *,
        reference: str | None = None,
        email: str | None = None,
        status: PaymentStatus | str | None = None,
        card_brand: str | None = None,
        cardholder_name: str | None = None,
        first_digits: str | None = None,
        last_digits: str | None = None,
        agreement_id: AgreementId | None = None,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        settled_from: date | None = None,
        settled_to: date | None = None,
        page_size: int = 500,
    ) -> AsyncGenerator[Payment, None]:
        """Find payments, newest first; every filter that is given must fit. Pages are fetched as they are consumed.

        Nothing that was there when the search began, and still fits, is skipped, and nothing comes twice, whatever
        enters and leaves the filter meanwhile. What enters it meanwhile may be found or not. What is found lags behind
        `get`, so the newest may be missing, and has no `next_url`. `status=FAILED` also finds what expired or was
        cancelled by the person. Whether the boundaries of dates belong to what is found is not certain with GOV.UK
        Pay: ask for a little more, and look at the dates of what comes.
        Raises UnreadableItems after the last, if some of what was found cannot be read.
        Raises InvalidInput at once, and the provider's errors while iterating.
        """
        self._port.require(Can.SEARCH, operation="pay.search")
        with checked_input("pay.search", PaymentSearch):
            wanted = PaymentSearch(
                reference=reference,
                email=personal(email),
                status=optional_member(PaymentStatus, status, field="status", operation="pay.search"),
                card_brand=card_brand,
                cardholder_name=personal(cardholder_name),
                first_digits=first_digits,
                last_digits=last_digits,
                agreement_id=agreement_id,
                created_from=created_from,
                created_before=created_before,
                settled_from=settled_from,
                settled_to=settled_to,
                page_size=page_size,
            )
        self._check_limits("pay.search", wanted)
        found = self._port.search(wanted)
        made = Between(wanted.created_from, wanted.created_before)
        asked = {"reference": wanted.reference, "agreement_id": wanted.agreement_id, "created_at": made}
        return self._each(found, "pay.search", **asked)

    async def refund(
        self,
        payment_id: PaymentId,
        amount: Money,
        *,
        available: Money,
        idempotency_key: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Refund:
        """Refund a part or all of a payment to its card.

        `available` is what was left to refund when the payment was last read (`payment.refundable.available`). If
        that has changed since, nothing is refunded, so two people or a repeated call cannot refund twice; do not read
        it anew to repeat a call whose outcome is unknown. `idempotency_key` is as for `create`. Raises InvalidInput;
        Conflict if less is left, or the payment cannot be refunded; NotFound; OutcomeUnknown if the answer was lost.
        """
        self._port.require(Can.REFUND, operation="pay.refund")
        with checked_input("pay.refund", NewRefund):
            new = NewRefund(
                payment_id=payment_id,
                amount=amount,
                available=available,
                idempotency_key=idempotency_key,
                extra=extra,
            )
        self._port.require(*new.needed, operation="pay.refund")
        self._check_limits("pay.refund", new)
        return await self._perform("pay.refund", self._port.refund(new), payment_id=new.payment_id, amount=new.amount)

    async def get_refund(self, payment_id: PaymentId, refund_id: RefundId) -> Refund:
        """Read a refund's present state. Raises NotFound."""
        self._port.require(Can.REFUND, operation="pay.get_refund")
        with checked_input("pay.get_refund", OnRefund):
            wanted = OnRefund(payment_id=payment_id, refund_id=refund_id)
        return await self._perform("pay.get_refund", self._port.get_refund(wanted), id=refund_id, payment_id=payment_id)

    async def list_refunds(self, payment_id: PaymentId) -> tuple[Refund, ...]:
        """Read all refunds of a payment, oldest first; the newest may still be missing. Raises NotFound."""
        wanted = self._on_payment("pay.list_refunds", Can.LIST_REFUNDS, payment_id)
        return await self._perform("pay.list_refunds", self._port.list_refunds(wanted), payment_id=payment_id)

    def search_refunds(
        self,
        *,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        settled_from: date | None = None,
        settled_to: date | None = None,
        page_size: int = 500,
    ) -> AsyncGenerator[Refund, None]:
        """Find refunds, newest first. Pages are fetched as they are consumed. `search` says what is promised."""
        self._port.require(Can.SEARCH_REFUNDS, operation="pay.search_refunds")
        with checked_input("pay.search_refunds", RefundSearch):
            wanted = RefundSearch(
                created_from=created_from,
                created_before=created_before,
                settled_from=settled_from,
                settled_to=settled_to,
                page_size=page_size,
            )
        self._check_limits("pay.search_refunds", wanted)
        made = Between(wanted.created_from, wanted.created_before)
        return self._each(self._port.search_refunds(wanted), "pay.search_refunds", created_at=made)

    async def create_agreement(
        self,
        reference: str,
        description: str,
        *,
        user_identifier: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Agreement:
        """Create an agreement to charge a card without the person. `create(set_up_agreement=...)` saves the card to it.

        `description` is shown to the person; `user_identifier` is the service's own name for the person, without
        personal data. Record the person's consent first.

        Raises InvalidInput for a wrong argument; CredentialsRefused, PermissionRefused or RequestRefused as the
        provider answers; RateLimited; OutcomeUnknown if the answer was lost: what it says to look up comes first.
        """
        self._port.require(Can.AGREEMENTS, operation="pay.create_agreement")
        with checked_input("pay.create_agreement", NewAgreement):
            new = NewAgreement(
                reference=reference,
                description=description,
                user_identifier=user_identifier,
                extra=extra,
            )
        self._check_limits("pay.create_agreement", new)
        return await self._perform("pay.create_agreement", self._port.create_agreement(new), reference=new.reference)

    async def get_agreement(self, agreement_id: AgreementId) -> Agreement:
        """Read an agreement's present state. Raises NotFound."""
        wanted = self._on_agreement("pay.get_agreement", agreement_id)
        return await self._perform("pay.get_agreement", self._port.get_agreement(wanted), id=agreement_id)

    async def cancel_agreement(self, agreement_id: AgreementId) -> None:
        """Cancel an active agreement. Raises Conflict if it is not active, NotFound, or OutcomeUnknown: get it then."""
        wanted = self._on_agreement("pay.cancel_agreement", agreement_id)
        await self._perform("pay.cancel_agreement", self._port.cancel_agreement(wanted))

    def search_agreements(
        self,
        *,
        reference: str | None = None,
        status: AgreementStatus | str | None = None,
        page_size: int = 500,
    ) -> AsyncGenerator[Agreement, None]:
        """Find agreements, newest first. Pages are fetched as they are consumed.

        What `search` promises holds for 500 of them. More are read again until nothing new is found, which is as
        certain as can be while others come and go: GOV.UK Pay has no time to go on from here.
        """
        self._port.require(Can.SEARCH_AGREEMENTS, operation="pay.search_agreements")
        with checked_input("pay.search_agreements", AgreementSearch):
            wanted = AgreementSearch(
                reference=reference,
                status=optional_member(AgreementStatus, status, field="status", operation="pay.search_agreements"),
                page_size=page_size,
            )
        self._check_limits("pay.search_agreements", wanted)
        found = self._port.search_agreements(wanted)
        return self._each(found, "pay.search_agreements", reference=wanted.reference)

    def search_disputes(
        self,
        *,
        status: DisputeStatus | str | None = None,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        settled_from: date | None = None,
        settled_to: date | None = None,
        page_size: int = 500,
    ) -> AsyncGenerator[Dispute, None]:
        """Find disputes, newest first. Pages are fetched as they are consumed. `search` says what is promised."""
        self._port.require(Can.DISPUTES, operation="pay.search_disputes")
        with checked_input("pay.search_disputes", DisputeSearch):
            wanted = DisputeSearch(
                status=optional_member(DisputeStatus, status, field="status", operation="pay.search_disputes"),
                created_from=created_from,
                created_before=created_before,
                settled_from=settled_from,
                settled_to=settled_to,
                page_size=page_size,
            )
        self._check_limits("pay.search_disputes", wanted)
        made = Between(wanted.created_from, wanted.created_before)
        return self._each(self._port.search_disputes(wanted), "pay.search_disputes", created_at=made)

    async def mop_up(
        self,
        unfinished: Iterable[Unfinished] | AsyncIterable[Unfinished],
        on_change: OnChange,
        *,
        older_than: timedelta = timedelta(hours=3),
        dry_run: bool = False,
    ) -> MopUpReport:
        """Settle what the service still waits for: get each payment's true state and hand over what changed.

        Run it about every 30 minutes with the payments that the service believes to be unfinished. Those younger than
        `older_than` are left alone: their person may still be paying. For each whose status differs from the one in
        `unfinished` (without one there: that is finished) `on_change` gets the change, and applies it to the
        service's records only if they still say the old status; it returns False if they did not. So it is safe to
        run twice, or in two processes at once. With `dry_run`, `on_change` is not called.
        """
        self._port.require(Can.GET, operation="pay.mop_up")
        work = mop_up(
            lambda one: self._perform("pay.get", self._port.get(one), id=one.payment_id),
            self._runtime.clock,
            unfinished,
            on_change,
            older_than=older_than,
            dry_run=dry_run,
        )
        return await self._perform("pay.mop_up", work)

    async def parse_callback(self, body: bytes, headers: Headers) -> PayEvent:
        """Prove that a webhook is the provider's, then read it as an event.

        `body` is the raw bytes of the request, `headers` its headers, whatever their case. The event is a hint to
        `get` the payment again. Answer the provider at once with 200, also for a payment that you do not know. Any of
        the configured secrets may have signed it; without a name for the account, those of every account are tried,
        and `event.account` says which it was.

        Raises CallbackRefused if it is not proved: answer with an error status and do nothing. Raises InvalidInput if
        `body` or `headers` are not what a request has.
        """
        self._port.require(Can.CALLBACKS, operation="pay.parse_callback")
        raw, named = checked_callback(body, headers, operation="pay.parse_callback")
        return await self._first_to_accept(lambda port: port.parse_callback(raw, named))

    async def check(self) -> None:
        """Ask the provider whether it answers and takes the key, by a read that costs and shows nothing.

        Raises CredentialsRefused if the key is refused, and what any call raises if the provider cannot be reached.
        """
        await self._perform("pay.check", self._port.check())

    def _on_payment(self, operation: str, capability: Can, payment_id: str) -> OnPayment:
        self._port.require(capability, operation=operation)
        with checked_input(operation, OnPayment):
            return OnPayment(payment_id=payment_id)
        raise AssertionError("unreachable: the line above returns or raises")

    def _on_agreement(self, operation: str, agreement_id: str) -> OnAgreement:
        self._port.require(Can.AGREEMENTS, operation=operation)
        with checked_input(operation, OnAgreement):
            return OnAgreement(agreement_id=agreement_id)
        raise AssertionError("unreachable: the line above returns or raises")

    def _check_limits(self, operation: str, given: Input) -> None:
        self._port.limits.check(given, operation=operation, provider=self._port.provider)
