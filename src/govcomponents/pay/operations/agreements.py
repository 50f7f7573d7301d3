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

        `description` is shown to the person; `user_identifier` is the service's own name for the person, without
        personal data. Record the person's consent first.

        Raises InvalidInput for a wrong argument; CredentialsRefused, PermissionRefused or RequestRefused as the
        provider answers; RateLimited; OutcomeUnknown if the answer was lost: what it says to look up comes first.
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
        """Read an agreement's present state. Raises NotFound."""
        wanted = self._on_agreement("pay.get_agreement", agreement_id)
        return drive(self._perform("pay.get_agreement", self._port.get_agreement(wanted), id=agreement_id))

    def cancel_agreement(self, agreement_id: AgreementId) -> None:
        """Cancel an active agreement. Raises Conflict if it is not active, NotFound, or OutcomeUnknown: get it then."""
        wanted = self._on_agreement("pay.cancel_agreement", agreement_id)
        drive(self._perform("pay.cancel_agreement", self._port.cancel_agreement(wanted)))

    def search_agreements(
        self, *, reference: str | None = None, status: AgreementStatus | str | None = None, page_size: int = 500
    ) -> Iterator[Agreement]:
        """Find agreements, newest first. Pages are fetched as they are consumed.

        What `search` promises holds for 500 of them. More are read again until nothing new is found, which is as
        certain as can be while others come and go: GOV.UK Pay has no time to go on from here. Raises InvalidInput at
        once, NotSupported where the provider has none, and while it is read what `search` raises.
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
