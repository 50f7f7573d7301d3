"""The blocking service object of payments: `gov.pay` of a `GovComponents`.

Generated from async_service.py by `make format`: edit that file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from govcomponents.core.callbacks import Headers, checked_callback
from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.inputs import callback_parameters, checked_input, optional_member, personal
from govcomponents.core.journeys import with_journey
from govcomponents.core.ports.answers import Between
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import NewPayment, PaymentSearch
from govcomponents.pay.operations.agreements import Agreements
from govcomponents.pay.operations.refunds import Refunds
from govcomponents.pay.operations.telephone import Telephone
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime
    from typing import Literal

    from govcomponents.money import Money
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.ids import AgreementId, PaymentId
    from govcomponents.pay.inputs import AgreementPaymentType, CardholderDetails
    from govcomponents.pay.models import Payment, PaymentEvent
    from govcomponents.pay.mop_up import MopUpReport, OnChange, Unfinished


class PayService(Telephone, Agreements, Refunds):
    """Payments, for blocking callers. Safe to share between threads."""

    _without_limit = frozenset({"pay.mop_up"})

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
        idempotency_key: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Payment:
        """Create a payment that the person makes on the provider's pages: send them to its `redirect_url()`.

        The person comes back to `return_url`, whatever became of the payment, and nothing is added to it: `get` the
        payment then.

        Args:
            amount: What the person pays.
            reference: The service's own, which ties the payment to its records. It need not be unique.
            description: What the person pays for, as they read it.
            return_url: The page of the service to which the person comes back.
            email: The person's address, filled in beforehand.
            language: The language of the provider's page.
            delayed_capture: Hold the money until `capture`.
            metadata: What is kept with the payment for the service.
            prefilled: The cardholder's name and address, filled in beforehand.
            moto: An agent types the card in, for a person on the telephone.
            set_up_agreement: The agreement to which the card is saved.
            agreement_payment_type: The kind of charges that the agreement is for.
            idempotency_key: At most one payment is made for each key, where the provider can do that. To repeat a call,
                pass the key that its error carries.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            The payment, with `redirect_url()` for the person.

        Raises:
            InvalidInput: An argument is wrong, or beyond one of `limits`; nothing was sent.
            RequestRefused: The provider finds the request wrong; nothing was made.
            OutcomeUnknown: The answer was lost. Look the payment up as `lookup` says before another is made.
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
                metadata=with_journey(metadata),
                prefilled=prefilled,
                moto=moto,
                set_up_agreement=set_up_agreement,
                agreement_payment_type=agreement_payment_type,
                idempotency_key=idempotency_key,
                extra=extra,
            )
        self._port.require(*new.needed, operation="pay.create")
        self._check_limits("pay.create", new)
        return drive(
            self._perform(
                "pay.create",
                self._port.create(new),
                amount=new.amount,
                reference=new.reference,
                agreement_id=new.set_up_agreement,
            )
        )

    def get(self, payment_id: PaymentId) -> Payment:
        """Read a payment's present state: the one source to decide from.

        Each read of an unfinished payment gives a fresh `next_url`, which works once.

        Args:
            payment_id: The provider's id of the payment.

        Returns:
            The payment as it is now.

        Raises:
            NotFound: This account has no such payment.
        """
        wanted = self._on_payment("pay.get", Can.GET, payment_id)
        return drive(self._perform("pay.get", self._port.get(wanted), id=payment_id))

    def complete(self, payment_id: PaymentId, callback: Mapping[str, str] | str | None = None) -> Payment:
        """Read a payment whose person has come back to `return_url`, and take the money where that is still to be done.

        Some providers hold what the person approved until the service confirms it; this does so, once, and is the same
        as `get` for all others. Calling it twice is harmless.

        Args:
            payment_id: The provider's id of the payment.
            callback: The URL at which the person came back, or its parameters: some providers add to it.

        Returns:
            The payment as it is now.

        Raises:
            NotFound: This account has no such payment.
            CardDeclined: The approved payment could not be taken.
            OutcomeUnknown: It is not known whether the approved payment was taken: call it again.
        """
        wanted = self._on_payment("pay.complete", Can.GET, payment_id)
        return drive(
            self._perform(
                "pay.complete",
                self._port.complete(wanted, callback_parameters(callback, "pay.complete")),
                id=payment_id,
            )
        )

    def list_events(self, payment_id: PaymentId) -> tuple[PaymentEvent, ...]:
        """Read a payment's history, oldest first. It may hold refunds too: decide from `get`.

        Args:
            payment_id: The provider's id of the payment.

        Returns:
            Each change of the payment that the provider tells of.

        Raises:
            NotFound: This account has no such payment.
        """
        wanted = self._on_payment("pay.list_events", Can.LIST_EVENTS, payment_id)
        return drive(self._perform("pay.list_events", self._port.list_events(wanted), payment_id=payment_id))

    def cancel(self, payment_id: PaymentId) -> None:
        """Cancel an unfinished payment, and release the money if it is held.

        Args:
            payment_id: The provider's id of the payment.

        Raises:
            Conflict: It can no longer be cancelled.
            NotFound: This account has no such payment.
            OutcomeUnknown: The answer was lost: `get` the payment.
        """
        wanted = self._on_payment("pay.cancel", Can.CANCEL, payment_id)
        drive(self._perform("pay.cancel", self._port.cancel(wanted)))

    def capture(self, payment_id: PaymentId) -> None:
        """Take the money of a payment made with `delayed_capture`, once the person has confirmed; always all of it.

        Repeating it is safe.

        Args:
            payment_id: The provider's id of the payment.

        Raises:
            Conflict: It is not capturable.
            NotFound: This account has no such payment.
            OutcomeUnknown: The answer was lost: `get` the payment.
        """
        wanted = self._on_payment("pay.capture", Can.DELAYED_CAPTURE, payment_id)
        drive(self._perform("pay.capture", self._port.capture(wanted)))

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
    ) -> Iterator[Payment]:
        """Find payments, newest first; every filter that is given must fit. Pages are fetched as they are consumed.

        Nothing that was there when the search began, and still fits, is skipped, and nothing comes twice, whatever
        enters and leaves the filter meanwhile. What enters it meanwhile may be found or not. What is found lags behind
        `get`, so the newest may be missing, and has no `next_url`. Whether the boundaries of dates belong to what is
        found is not certain with GOV.UK Pay: ask for a little more, and look at the dates of what comes.

        Args:
            reference: The service's own.
            email: The person's address.
            status: The status. FAILED also finds what expired or was cancelled by the person.
            card_brand: The brand of the card, in the provider's word.
            cardholder_name: The name on the card.
            first_digits: The first six digits of the card.
            last_digits: The last four digits of the card.
            agreement_id: The agreement that was charged.
            created_from: The earliest time of creation.
            created_before: The time before which it was created.
            settled_from: The first day on which the money was settled.
            settled_to: The last day on which the money was settled.
            page_size: How many are fetched with each request, at most 500.

        Yields:
            Each payment that fits.

        Raises:
            InvalidInput: A filter is wrong; raised at once, with nothing sent.
            UnreadableItems: Some of what was found cannot be read; raised after the last that can.
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
        return drive_iterator(self._each(found, "pay.search", **asked))

    def mop_up(
        self,
        unfinished: Iterable[Unfinished],
        on_change: OnChange,
        *,
        older_than: timedelta = timedelta(hours=3),
        dry_run: bool = False,
    ) -> MopUpReport:
        """Settle what the service still waits for: get each payment's true state and hand over what changed.

        Run it about every 30 minutes with the payments that the service believes to be unfinished. For each whose
        status differs from the one in `unfinished` (without one there: that is finished) `on_change` gets the change,
        and applies it to the service's records only if they still say the old status; it returns False if they did not.
        So it is safe to run twice, or in two processes at once. What `on_change` raises ends the run.

        Args:
            unfinished: The payments that the service believes to be unfinished.
            on_change: Called with each change that was found.
            older_than: Younger payments are left alone: their person may still be paying.
            dry_run: Find out, and do not call `on_change`.

        Returns:
            What became of each payment, those that could not be read among them.

        Raises:
            InvalidInput: An argument is wrong; nothing was read.
        """
        from govcomponents.pay.mop_up import mop_up

        self._port.require(Can.GET, operation="pay.mop_up")
        work = mop_up(
            lambda one: self._perform("pay.get", self._port.get(one), id=one.payment_id),
            self._runtime.clock,
            unfinished,
            on_change,
            older_than=older_than,
            dry_run=dry_run,
        )
        return drive(self._perform("pay.mop_up", work))

    def parse_callback(self, body: bytes, headers: Headers) -> PayEvent:
        """Prove that a webhook is the provider's, then read it as an event.

        The event is a hint to `get` the payment again. Answer the provider at once with 200, also for a payment that
        you do not know. Any of the configured secrets may have signed it; without a name for the account, those of
        every account are tried, and `event.account` says which it was.

        Args:
            body: The raw bytes of the request.
            headers: Its headers, whatever their case.

        Returns:
            The event; one that this version does not know is an `UnknownEvent`.

        Raises:
            CallbackRefused: It is not proved: answer with an error status and do nothing.
            InvalidInput: What was passed is not what a request has.
        """
        self._port.require(Can.CALLBACKS, operation="pay.parse_callback")
        raw, named = checked_callback(body, headers, operation="pay.parse_callback")
        return drive(self._first_to_accept(lambda port: port.parse_callback(raw, named)))

    def check(self) -> None:
        """Ask the provider whether it answers and takes the key, by a read that costs and shows nothing.

        Raises:
            CredentialsRefused: The key is refused.
        """
        drive(self._perform("pay.check", self._port.check()))
