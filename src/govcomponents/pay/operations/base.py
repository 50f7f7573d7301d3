"""The base of the service objects of payments: what all their operations check of their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.inputs import checked_input
from govcomponents.core.ports.service import Service
from govcomponents.pay.inputs import OnPayment
from govcomponents.pay.port import PayPort

if TYPE_CHECKING:
    from govcomponents.core.inputs import Input
    from govcomponents.pay.capabilities import PayCapability
    from govcomponents.pay.limits import PayLimits


class PayOperations(Service[PayPort]):
    """The base of each part of `gov.pay`."""

    @property
    def limits(self) -> PayLimits:
        """The provider's limits of amounts, texts and metadata. What is beyond one raises InvalidInput, unsent."""
        return self._port.limits

    def _check_limits(self, operation: str, given: Input) -> None:
        self._port.limits.check(given, operation=operation, provider=self._port.provider)

    def _on_payment(self, operation: str, capability: PayCapability, payment_id: str) -> OnPayment:
        self._port.require(capability, operation=operation)
        with checked_input(operation, OnPayment):
            return OnPayment(payment_id=payment_id)
        raise AssertionError("unreachable: the line above returns or raises")
