"""The part of the asyncio service object of payments that is about cards that the service sends itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.core.inputs import checked_input, personal
from govcomponents.errors import InvalidInput
from govcomponents.pay.capabilities import PayCapability as Can
from govcomponents.pay.inputs import CardDetails, NewTelephonePayment
from govcomponents.pay.operations.base import PayOperations
from govcomponents.privacy import Personal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from govcomponents.money import Money
    from govcomponents.pay.inputs import CardholderDetails
    from govcomponents.pay.models import Payment
    from govcomponents.privacy import Secret


class AsyncTelephone(PayOperations):
    """Payments whose card is told on the telephone: a part of `gov.pay`, for asyncio callers."""

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
