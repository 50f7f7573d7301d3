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

        Only for a service that may handle card numbers (PCI DSS).

        Args:
            amount: What the person pays.
            reference: The service's own, which ties the payment to its records. It need not be unique.
            description: What the person pays for.
            email: The person's address.
            language: The language of the provider's messages.
            delayed_capture: Hold the money until `capture`.
            metadata: What is kept with the payment for the service.
            prefilled: The cardholder's name and address.
            extra: The provider's own fields, put on the wire untouched; not portable.

        Returns:
            The payment, with `one_time_token` for `authorise`.

        Raises:
            InvalidInput: An argument is wrong, or beyond one of `limits`; nothing was sent.
            RequestRefused: The provider finds the request wrong; nothing was made.
            OutcomeUnknown: The answer was lost. Look the payment up as `lookup` says before another is made.
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
        """Send a card for a payment made by `create_by_telephone`. It is never sent twice.

        One try burns the token: a refused card fails the payment, so the number, the security code and the month are
        checked here first.

        Args:
            one_time_token: That of the payment.
            card_number: The long number on the card.
            cvc: The security code, of three or four digits.
            expiry: The month until which the card is good, as "MM/YY".
            cardholder_name: The name on the card.

        Raises:
            InvalidInput: A part of the card cannot be right; nothing was sent, and the token is still good.
            CardDeclined: The card was refused, and the payment has failed.
            Conflict: The token was used already.
            OutcomeUnknown: It is not known what happened: `get` the payment before telling the person anything.
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
