"""Ports that keep what they are given: `later.*` checks its arguments by calling the very services that will send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from govcomponents.durable.outbox.order import UNDER_WAY
from govcomponents.notify.port import NotifyPort
from govcomponents.pay.port import PayPort

if TYPE_CHECKING:
    from govcomponents.accounts import Services
    from govcomponents.core.inputs import Input
    from govcomponents.core.ports.port import AnyPort
    from govcomponents.identity.async_service import AsyncIdentityService
    from govcomponents.notify.async_service import AsyncNotifyService
    from govcomponents.notify.inputs import EmailInput, LetterInput, PrecompiledInput, SmsInput
    from govcomponents.pay.async_service import AsyncPayService
    from govcomponents.pay.inputs import AgreementCharge, NewRefund, OnAgreement, OnPayment


Calls: TypeAlias = "Services[AsyncPayService, AsyncNotifyService, AsyncIdentityService]"
"""Service objects whose operations are coroutines, for whoever runs them: a blocking caller drives them."""
NotifyCalls: TypeAlias = "AsyncNotifyService"
"""Notify of one account, as coroutines."""
PayCalls: TypeAlias = "AsyncPayService"
"""Pay of one account, as coroutines."""


def _keep(given: Input) -> Any:
    """Keep what would be sent, and answer no result, of which there is nothing to check.

    Not by an error that ends the call here: on its way out it costs a quarter of the call.
    """
    UNDER_WAY.get().given = given
    return ()


def capturing_port(port: AnyPort) -> AnyPort:
    """Return a port that takes what this one takes, and sends nothing."""
    return CapturingPayPort(port) if isinstance(port, PayPort) else CapturingNotifyPort(port)


class CapturingNotifyPort(NotifyPort):
    """Takes what another notify adapter takes, and sends nothing."""

    def __init__(self, port: AnyPort) -> None:
        self.provider = port.provider
        self.capabilities = port.capabilities

    async def send_email(self, email: EmailInput) -> Any:
        """Keep one email."""
        return _keep(email)

    async def send_sms(self, message: SmsInput) -> Any:
        """Keep one text message."""
        return _keep(message)

    async def send_letter(self, letter: LetterInput) -> Any:
        """Keep one letter."""
        return _keep(letter)

    async def send_precompiled_letter(self, letter: PrecompiledInput) -> Any:
        """Keep one letter that is a PDF already."""
        return _keep(letter)


class CapturingPayPort(PayPort):
    """Takes what another pay adapter takes, and sends nothing."""

    def __init__(self, port: PayPort) -> None:
        self.provider = port.provider
        self.capabilities = port.capabilities
        self.limits = port.limits

    async def refund(self, new: NewRefund) -> Any:
        """Keep one refund."""
        return _keep(new)

    async def capture(self, wanted: OnPayment) -> Any:
        """Keep one capture."""
        return _keep(wanted)

    async def cancel(self, wanted: OnPayment) -> Any:
        """Keep one cancellation."""
        return _keep(wanted)

    async def charge_agreement(self, charge: AgreementCharge) -> Any:
        """Keep one charge of a saved card."""
        return _keep(charge)

    async def cancel_agreement(self, wanted: OnAgreement) -> Any:
        """Keep one cancellation of an agreement."""
        return _keep(wanted)
