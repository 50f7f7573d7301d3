"""The asyncio service object of payments: `gov.pay` of an `AsyncGovComponents`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from govcomponents.core.callbacks import Headers, checked_callback
from govcomponents.core.inputs import callback_parameters, checked_input, optional_member, personal
from govcomponents.core.journeys import with_journey
from govcomponents.core.ports.answers import Between
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import (
    NewPayment,
    PaymentSearch,
)
from govcomponents.pay.mop_up import mop_up
from govcomponents.pay.operations.async_agreements import AsyncAgreements
from govcomponents.pay.operations.async_refunds import AsyncRefunds
from govcomponents.pay.operations.async_telephone import AsyncTelephone
from govcomponents.pay.states import PaymentStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
    from datetime import date, datetime
    from typing import Literal

    from govcomponents.money import Money
    from govcomponents.pay.events import PayEvent
    from govcomponents.pay.ids import AgreementId, PaymentId
    from govcomponents.pay.inputs import AgreementPaymentType, CardholderDetails
    from govcomponents.pay.models import Payment, PaymentEvent
    from govcomponents.pay.mop_up import MopUpReport, OnChange, Unfinished


class AsyncPayService(AsyncTelephone, AsyncAgreements, AsyncRefunds):
    """Payments, for asyncio callers. Belongs to one event loop."""

    _without_limit = frozenset({"pay.mop_up"})

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
        return await self._perform(
            "pay.create",
            self._port.create(new),
            amount=new.amount,
            reference=new.reference,
            agreement_id=new.set_up_agreement,
        )

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
        run twice, or in two processes at once. With `dry_run`, `on_change` is not called. A payment that cannot be
        read is in the report. Raises InvalidInput for wrong arguments, and what `on_change` raises.
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
