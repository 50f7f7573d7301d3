"""The part of the blocking service object of payments that is about money that goes back: refunds and disputes.

Generated from async_refunds.py by `make format`: edit that file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.inputs import checked_input, optional_member
from govcomponents.core.ports.answers import Between
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import DisputeSearch, NewRefund, OnRefund, RefundSearch
from govcomponents.pay.operations.base import PayOperations
from govcomponents.pay.states import DisputeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from govcomponents.money import Money
    from govcomponents.pay.ids import PaymentId, RefundId
    from govcomponents.pay.models import Dispute, Refund


class Refunds(PayOperations):
    """Refunds and disputes: a part of `gov.pay`, for blocking callers."""

    def refund(
        self,
        payment_id: PaymentId,
        amount: Money,
        *,
        available: Money,
        idempotency_key: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Refund:
        """Refund a part or all of a payment to its card.

        If what is left has changed since `available` was read, nothing is refunded, so two people or a repeated call
        cannot refund twice.

        Args:
            payment_id: The provider's id of the payment.
            amount: What goes back.
            available: What was left to refund when the payment was last read (`payment.refundable_amount()`). Do not
                read it anew to repeat a call whose outcome is unknown.
            idempotency_key: At most one refund is made for each key, where the provider can do that.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            The refund, which may still fail.

        Raises:
            InvalidInput: An argument is wrong; nothing was sent.
            Conflict: Less is left than was said, or the payment cannot be refunded.
            NotFound: This account has no such payment.
            OutcomeUnknown: The answer was lost. Repeating it with the same `available` cannot refund twice.
        """
        self._port.require(Can.REFUND, operation="pay.refund")
        with checked_input("pay.refund", NewRefund):
            new = NewRefund(
                payment_id=payment_id, amount=amount, available=available, idempotency_key=idempotency_key, extra=extra
            )
        self._port.require(*new.needed, operation="pay.refund")
        self._check_limits("pay.refund", new)
        return drive(self._perform("pay.refund", self._port.refund(new), payment_id=new.payment_id, amount=new.amount))

    def get_refund(self, payment_id: PaymentId, refund_id: RefundId) -> Refund:
        """Read a refund's present state.

        Args:
            payment_id: The provider's id of the payment.
            refund_id: The provider's id of the refund.

        Returns:
            The refund as it is now.

        Raises:
            NotFound: This account has no such refund.
        """
        self._port.require(Can.REFUND, operation="pay.get_refund")
        with checked_input("pay.get_refund", OnRefund):
            wanted = OnRefund(payment_id=payment_id, refund_id=refund_id)
        return drive(
            self._perform("pay.get_refund", self._port.get_refund(wanted), id=refund_id, payment_id=payment_id)
        )

    def list_refunds(self, payment_id: PaymentId) -> tuple[Refund, ...]:
        """Read all refunds of a payment, oldest first; the newest may still be missing.

        Args:
            payment_id: The provider's id of the payment.

        Returns:
            The refunds.

        Raises:
            NotFound: This account has no such payment.
        """
        wanted = self._on_payment("pay.list_refunds", Can.LIST_REFUNDS, payment_id)
        return drive(self._perform("pay.list_refunds", self._port.list_refunds(wanted), payment_id=payment_id))

    def search_refunds(
        self,
        *,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        settled_from: date | None = None,
        settled_to: date | None = None,
        page_size: int = 500,
    ) -> Iterator[Refund]:
        """Find refunds, newest first. Pages are fetched as they are consumed.

        It promises what `search` does.

        Args:
            created_from: The earliest time of creation.
            created_before: The time before which it was created.
            settled_from: The first day on which the money was settled.
            settled_to: The last day on which the money was settled.
            page_size: How many are fetched with each request, at most 500.

        Yields:
            Each refund that fits.

        Raises:
            InvalidInput: A filter is wrong; raised at once, with nothing sent.
            UnreadableItems: Some of what was found cannot be read; raised after the last that can.
        """
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
        return drive_iterator(self._each(self._port.search_refunds(wanted), "pay.search_refunds", created_at=made))

    def search_disputes(
        self,
        *,
        status: DisputeStatus | str | None = None,
        created_from: datetime | None = None,
        created_before: datetime | None = None,
        settled_from: date | None = None,
        settled_to: date | None = None,
        page_size: int = 500,
    ) -> Iterator[Dispute]:
        """Find disputes, newest first. Pages are fetched as they are consumed.

        It promises what `search` does.

        Args:
            status: The status.
            created_from: The earliest time of creation.
            created_before: The time before which it was created.
            settled_from: The first day on which the money was settled.
            settled_to: The last day on which the money was settled.
            page_size: How many are fetched with each request, at most 500.

        Yields:
            Each dispute that fits.

        Raises:
            InvalidInput: A filter is wrong; raised at once, with nothing sent.
            UnreadableItems: Some of what was found cannot be read; raised after the last that can.
        """
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
        return drive_iterator(self._each(self._port.search_disputes(wanted), "pay.search_disputes", created_at=made))
