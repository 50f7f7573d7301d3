"""The same renewal as `renew_a_licence.py`, under asyncio: the same operations, awaited."""

import asyncio

from renew_a_licence import EMAIL_RECEIPT, FEE, GOOD_CARD, PHONE, RETURN_URL, TEXT_RECEIPT, TOO_MUCH, Person

from govcomponents import AsyncGovComponents
from govcomponents.identity import Confidence
from govcomponents.testing import serving


async def renew(gov: AsyncGovComponents, person: Person, reference: str) -> str:
    sign_in = await gov.identity.start(confidence=Confidence.MEDIUM)
    identity = await gov.identity.complete(sign_in.pending, await asyncio.to_thread(person.sign_in, sign_in.url))
    payment = await gov.pay.create(FEE, reference, "Renew a licence", RETURN_URL)
    if not (identity.email and identity.name):
        raise SystemExit("the providers gave too little to go on with")
    await asyncio.to_thread(person.pay, payment.redirect_url(), GOOD_CARD)
    payment = await gov.pay.get(payment.id)
    values = {"name": identity.name.full.reveal(), "amount": str(FEE), "reference": reference}
    await asyncio.gather(
        gov.notify.send_email(identity.email, EMAIL_RECEIPT, {**values, "refund": True}, f"{reference}-email"),
        gov.notify.send_sms(PHONE, TEXT_RECEIPT, values, f"{reference}-text"),
    )
    refund = await gov.pay.refund(payment.id, TOO_MUCH, available=payment.refundable_amount())
    return f"{reference}: {identity.confidence.value} confidence, {payment.amount} paid, {refund.amount} refunded"


async def main() -> None:
    with serving() as server:
        async with AsyncGovComponents.from_settings(server.sandbox.settings()) as gov:
            print(await renew(gov, Person(), "RENEW-8"))


if __name__ == "__main__":
    asyncio.run(main())
