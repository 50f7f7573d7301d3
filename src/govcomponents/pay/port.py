"""The port of payments: what every pay adapter implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.ports.port import Port
from govcomponents.pay.capabilities import PayCapability
from govcomponents.pay.limits import PayLimits
from govcomponents.settings import PaySettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from govcomponents.pay.events import PayEvent
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
    from govcomponents.pay.models import Agreement, Dispute, Payment, PaymentEvent, Refund


class PayPort(Port[PaySettings]):
    """The base of every pay adapter. What an adapter does not override raises NotSupported, and sends nothing.

    `limits` are the provider's, checked before an operation is called. What is not limited there, the provider refuses.
    `is_test` says that the credential is for tests and takes no money of anybody's; None where that cannot be told.
    """

    limits: PayLimits = PayLimits()
    is_test: bool | None = None

    async def create(self, new: NewPayment) -> Payment:
        """Create a payment that the person makes on the provider's pages."""
        raise self.unsupported(PayCapability.CREATE, operation="pay.create")

    async def create_by_telephone(self, new: NewTelephonePayment) -> Payment:
        """Create a payment whose card details the service sends itself."""
        raise self.unsupported(PayCapability.TELEPHONE, operation="pay.create_by_telephone")

    async def authorise(self, card: CardDetails) -> None:
        """Send a card for a payment made by `create_by_telephone`. Must never be sent twice."""
        raise self.unsupported(PayCapability.TELEPHONE, operation="pay.authorise")

    async def charge_agreement(self, charge: AgreementCharge) -> Payment:
        """Take a payment from a saved card, at most once for each idempotency key."""
        raise self.unsupported(PayCapability.AGREEMENTS, operation="pay.charge_agreement")

    async def get(self, wanted: OnPayment) -> Payment:
        """Read a payment's present state."""
        raise self.unsupported(PayCapability.GET, operation="pay.get")

    async def complete(self, wanted: OnPayment, callback: Mapping[str, str]) -> Payment:
        """Read a payment whose person has come back, and take the money where the provider waits for that.

        `callback` are the parameters that the provider added to the URL. An adapter that declares CONFIRM overrides
        this; confirming a payment twice must be harmless.
        """
        return await self.get(wanted)

    async def list_events(self, wanted: OnPayment) -> tuple[PaymentEvent, ...]:
        """Read a payment's history, oldest first."""
        raise self.unsupported(PayCapability.LIST_EVENTS, operation="pay.list_events")

    async def cancel(self, wanted: OnPayment) -> None:
        """Cancel an unfinished payment."""
        raise self.unsupported(PayCapability.CANCEL, operation="pay.cancel")

    async def capture(self, wanted: OnPayment) -> None:
        """Take the money of a capturable payment."""
        raise self.unsupported(PayCapability.DELAYED_CAPTURE, operation="pay.capture")

    def search(self, wanted: PaymentSearch) -> AsyncGenerator[Payment, None]:
        """Yield the payments that fit, newest first, page by page as they are consumed."""
        raise self.unsupported(PayCapability.SEARCH, operation="pay.search")

    async def refund(self, new: NewRefund) -> Refund:
        """Refund a part or all of a payment."""
        raise self.unsupported(PayCapability.REFUND, operation="pay.refund")

    async def get_refund(self, wanted: OnRefund) -> Refund:
        """Read a refund's present state."""
        raise self.unsupported(PayCapability.REFUND, operation="pay.get_refund")

    async def list_refunds(self, wanted: OnPayment) -> tuple[Refund, ...]:
        """Read all refunds of a payment, oldest first."""
        raise self.unsupported(PayCapability.LIST_REFUNDS, operation="pay.list_refunds")

    def search_refunds(self, wanted: RefundSearch) -> AsyncGenerator[Refund, None]:
        """Yield the refunds that fit, newest first, page by page as they are consumed."""
        raise self.unsupported(PayCapability.SEARCH_REFUNDS, operation="pay.search_refunds")

    async def create_agreement(self, new: NewAgreement) -> Agreement:
        """Create an agreement, to which a later payment saves a card."""
        raise self.unsupported(PayCapability.AGREEMENTS, operation="pay.create_agreement")

    async def get_agreement(self, wanted: OnAgreement) -> Agreement:
        """Read an agreement's present state."""
        raise self.unsupported(PayCapability.AGREEMENTS, operation="pay.get_agreement")

    async def cancel_agreement(self, wanted: OnAgreement) -> None:
        """Cancel an active agreement."""
        raise self.unsupported(PayCapability.AGREEMENTS, operation="pay.cancel_agreement")

    def search_agreements(self, wanted: AgreementSearch) -> AsyncGenerator[Agreement, None]:
        """Yield the agreements that fit, newest first, page by page as they are consumed."""
        raise self.unsupported(PayCapability.SEARCH_AGREEMENTS, operation="pay.search_agreements")

    def search_disputes(self, wanted: DisputeSearch) -> AsyncGenerator[Dispute, None]:
        """Yield the disputes that fit, newest first, page by page as they are consumed."""
        raise self.unsupported(PayCapability.DISPUTES, operation="pay.search_disputes")

    async def parse_callback(self, body: bytes, headers: Mapping[str, str]) -> PayEvent:
        """Prove that a webhook is the provider's, then read it. Header names are in lower case."""
        raise self.unsupported(PayCapability.CALLBACKS, operation="pay.parse_callback")
