"""The part of the blocking service object of payments that is about agreements: saved cards, and charges to them.

Generated from async_agreements.py by `make format`: edit that file.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from govcomponents.core.driver import drive, drive_iterator
from govcomponents.core.inputs import checked_input, optional_member
from govcomponents.errors import WrongAnswer
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import AgreementCharge, AgreementSearch, NewAgreement, OnAgreement
from govcomponents.pay.operations.base import PayOperations
from govcomponents.pay.states import AgreementStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from govcomponents.money import Money
    from govcomponents.pay.ids import AgreementId
    from govcomponents.pay.inputs import AgreementPaymentType
    from govcomponents.pay.models import Agreement, Payment


class Agreements(PayOperations):
    """Agreements to charge a card without the person: a part of `gov.pay`, for blocking callers."""

    def create_agreement(
        self,
        reference: str,
        description: str,
        *,
        user_identifier: str | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Agreement:
        """Create an agreement to charge a card without the person. `create(set_up_agreement=...)` saves the card to it.

        Record the person's consent first.

        Args:
            reference: The service's own, which ties the agreement to its records.
            description: What the person agrees to, as they read it.
            user_identifier: The service's own name for the person, without personal data.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            The agreement, which has no card yet.

        Raises:
            InvalidInput: An argument is wrong, or beyond one of `limits`; nothing was sent.
            RequestRefused: The provider finds the request wrong; nothing was made.
            OutcomeUnknown: The answer was lost. Look the agreement up as `lookup` says before another is made.
        """
        self._port.require(Can.AGREEMENTS, operation="pay.create_agreement")
        with checked_input("pay.create_agreement", NewAgreement):
            new = NewAgreement(
                reference=reference, description=description, user_identifier=user_identifier, extra=extra
            )
        self._check_limits("pay.create_agreement", new)
        return drive(self._perform("pay.create_agreement", self._port.create_agreement(new), reference=new.reference))

    def charge_agreement(
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

        The outcome comes later: `get` the payment, or wait for the webhook. After a failure look at `can_retry`.

        Args:
            agreement_id: The provider's id of the agreement.
            amount: What is taken.
            reference: The service's own, which ties the payment to its records.
            description: What is paid for.
            idempotency_key: A name of this one charge, such as a reference and a month, so that a repeated run of a job
                charges once. Without one a key is made for this call; every error carries it.
            agreement_payment_type: The kind of charge.
            metadata: What is kept with the payment for the service.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            The payment, which is not finished yet.

        Raises:
            InvalidInput: An argument is wrong, or beyond one of `limits`; nothing was sent.
            RequestRefused: The provider finds the request wrong; nothing was taken.
            OutcomeUnknown: The answer was lost. Look the payment up as `lookup` says, or call again with the same key.
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
            return drive(
                self._perform(
                    "pay.charge_agreement",
                    work,
                    amount=charge.amount,
                    reference=charge.reference,
                    agreement_id=charge.agreement_id,
                )
            )
        except WrongAnswer as error:
            error.idempotency_key = charge.idempotency_key
            raise

    def get_agreement(self, agreement_id: AgreementId) -> Agreement:
        """Read an agreement's present state.

        Args:
            agreement_id: The provider's id of the agreement.

        Returns:
            The agreement as it is now.

        Raises:
            NotFound: This account has no such agreement.
        """
        wanted = self._on_agreement("pay.get_agreement", agreement_id)
        return drive(self._perform("pay.get_agreement", self._port.get_agreement(wanted), id=agreement_id))

    def cancel_agreement(self, agreement_id: AgreementId) -> None:
        """Cancel an active agreement.

        Args:
            agreement_id: The provider's id of the agreement.

        Raises:
            Conflict: It is not active.
            NotFound: This account has no such agreement.
            OutcomeUnknown: The answer was lost: get the agreement.
        """
        wanted = self._on_agreement("pay.cancel_agreement", agreement_id)
        drive(self._perform("pay.cancel_agreement", self._port.cancel_agreement(wanted)))

    def search_agreements(
        self, *, reference: str | None = None, status: AgreementStatus | str | None = None, page_size: int = 500
    ) -> Iterator[Agreement]:
        """Find agreements, newest first. Pages are fetched as they are consumed.

        What `search` promises holds for 500 of them. More are read again until nothing new is found, which is as
        certain as can be while others come and go: GOV.UK Pay has no time to go on from here.

        Args:
            reference: The service's own.
            status: The status.
            page_size: How many are fetched with each request, at most 500.

        Yields:
            Each agreement that fits.

        Raises:
            InvalidInput: A filter is wrong; raised at once, with nothing sent.
            UnreadableItems: Some of what was found cannot be read; raised after the last that can.
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
        return drive_iterator(self._each(found, "pay.search_agreements", reference=wanted.reference))

    def _on_agreement(self, operation: str, agreement_id: str) -> OnAgreement:
        self._port.require(Can.AGREEMENTS, operation=operation)
        with checked_input(operation, OnAgreement):
            return OnAgreement(agreement_id=agreement_id)
        raise AssertionError("unreachable: the line above returns or raises")
